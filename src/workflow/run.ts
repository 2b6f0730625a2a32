/** One execution, followed state by state until it waits for somebody or ends. Reads the account. */
import type { Connection } from '../aws/connection.ts';
import { describeExecution, type ExecutionDetail, executionHistory, type HistoryEntry } from '../aws/states.ts';
import { type Graph, graphOf, type Node } from './graph.ts';

export type RunStep =
  /** `after` is milliseconds since the execution began. */
  | { kind: 'entered'; state: string; after: number }
  /** It sleeps until a token comes back, a time is over, or `limit` (in words) is reached; `event` is what it sent before. */
  | { kind: 'waits'; state: string; forToken: boolean; limit?: string; event?: string }
  | { kind: 'ended'; status: string; state: string; took: number; error?: string; cause?: string; output?: string };

/** Named as in the API Reference, "HistoryEvent": what stands last in the history of an execution that sleeps. */
const SLEEPS = new Set(['TaskSubmitted', 'WaitStateEntered', 'ActivityScheduled']);

/** The state in which an execution sleeps, by its history and its definition; undefined while it works. Pure. */
export function sleepingIn(history: readonly HistoryEntry[], graph: Graph): Node | undefined {
  const last = history.at(-1);
  if (!last || !SLEEPS.has(last.type)) return undefined;
  const state = history.findLast(({ type }) => type.endsWith('StateEntered'))?.state;
  const node = [...everyNode(graph)].find(({ name }) => name === state);
  // A task that is only run to its end (`.sync`) is submitted, too.
  return node && (node.waits || node.type === 'Wait' || last.type === 'ActivityScheduled') ? node : undefined;
}

function* everyNode({ nodes }: Graph): Generator<Node> {
  for (const node of nodes) {
    yield node;
    for (const inner of node.inside) yield* everyNode(inner);
  }
}

export interface RunTime {
  sleep(ms: number): Promise<void>;
}

/** Every state as it is entered; the last step says where it waits or how it ended. Ends without one when `signal` stops it. */
export async function* followExecution(
  connection: Connection,
  arn: string,
  definition: string,
  time: RunTime,
  signal: AbortSignal,
): AsyncGenerator<RunStep> {
  const graph = graphOf(JSON.parse(definition));
  let seen = 0;
  let asleep: { name: string; for: number } | undefined;
  for (let pause = 150; !signal.aborted; pause = Math.min(1_000, pause * 1.5)) {
    const execution = await describeExecution(connection, arn);
    const history = await executionHistory(connection, arn);
    for (const entry of history) {
      if (entry.id <= seen) continue;
      seen = entry.id;
      if (entry.type.endsWith('StateEntered') && entry.state !== undefined)
        yield { kind: 'entered', state: entry.state, after: entry.at - execution.started };
    }
    if (execution.status !== 'RUNNING' && execution.status !== 'PENDING_REDRIVE') {
      yield ended(execution, history);
      return;
    }
    const node = sleepingIn(history, graph);
    // Seen twice, so that a task that is answered at once is not taken for one that waits; a Wait of seconds is waited for.
    if (node && asleep?.name === node.name && asleep.for >= (node.waits ? 1 : 5_000)) {
      const event = /^sends (.+)$/.exec(node.does)?.[1];
      yield {
        kind: 'waits',
        state: node.name,
        forToken: node.waits,
        ...(node.limit === undefined ? {} : { limit: node.limit }),
        ...(event === undefined ? {} : { event }),
      };
      return;
    }
    asleep = node && { name: node.name, for: (asleep?.name === node.name ? asleep.for : 0) + pause };
    await time.sleep(pause);
  }
}

function ended(execution: ExecutionDetail, history: readonly HistoryEntry[]): RunStep {
  const { status, started, stopped = started, error, cause, output } = execution;
  return {
    kind: 'ended',
    status,
    state: history.findLast(({ type }) => type.endsWith('StateEntered'))?.state ?? '',
    took: stopped - started,
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    ...(output === undefined ? {} : { output }),
  };
}
