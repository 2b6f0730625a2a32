/** Finds the execution of the workflow that serves an order: the one whose input carries the order's id. */
import type { Connection } from '../aws/connection.ts';
import { listStateMachines } from '../aws/find.ts';
import { describeExecution, type ExecutionDetail, type ExecutionSummary, listExecutions } from '../aws/states.ts';
import { WORKFLOW_NAME } from '../workshop.ts';

/** How many of the newest executions are looked at: describing each is a call of its own. */
const DEPTH = 200;
const AT_ONCE = 8;

export interface ExecutionFinder {
  /** Undefined when there is no workflow, or none of its newest executions is about this order. */
  find(orderId: string, near?: number): Promise<ExecutionDetail | undefined>;
  /** ARN of the workflow; undefined when there is none. */
  workflow(): Promise<string | undefined>;
}

/** The learner's workflow by its name, else the only one whose name contains it. */
export async function workflowArn(connection: Connection): Promise<string | undefined> {
  const machines = await listStateMachines(connection);
  const exact = machines.find(({ name }) => name === WORKFLOW_NAME);
  if (exact) return exact.arn;
  const alike = machines.filter(({ name }) => name.includes(WORKFLOW_NAME));
  return alike.length === 1 ? alike[0]?.arn : undefined;
}

export function orderOf(input: string): string | undefined {
  try {
    const { detail } = JSON.parse(input) as { detail?: { orderId?: unknown } };
    return typeof detail?.orderId === 'string' ? detail.orderId : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers which execution is about which order, so that asking again costs only what is new. */
export function executionFinder(connection: Connection): ExecutionFinder {
  let arn: Promise<string | undefined> | undefined;
  const about = new Map<string, string | undefined>();
  const workflow = () => {
    arn ??= workflowArn(connection);
    return arn;
  };
  const known = (orderId: string): string | undefined =>
    [...about.entries()].find(([, order]) => order === orderId)?.[0];
  const look = async (execution: ExecutionSummary): Promise<void> => {
    if (!about.has(execution.arn))
      about.set(execution.arn, orderOf((await describeExecution(connection, execution.arn)).input));
  };
  return {
    workflow,
    async find(orderId, near) {
      let found = known(orderId);
      const machine = await workflow();
      if (!machine) return undefined;
      if (!found) {
        const candidates = (await listExecutions(connection, machine, DEPTH)).filter((one) => !about.has(one.arn));
        if (near !== undefined) candidates.sort((a, b) => Math.abs(a.started - near) - Math.abs(b.started - near));
        for (let i = 0; i < candidates.length && !found; i += AT_ONCE) {
          await Promise.all(candidates.slice(i, i + AT_ONCE).map(look));
          found = known(orderId);
        }
      }
      return found === undefined ? undefined : describeExecution(connection, found);
    },
  };
}
