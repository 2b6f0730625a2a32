import { startExecution } from '../index.ts';
import { isObject } from '../json.ts';
import type { TaskEffect } from '../simulate.ts';
import type { Effect, Execution, ExecutionOptions, InspectStage, Json, JsonObject } from '../types.ts';
import type { Test } from './request.ts';

/** What the outside says to a task without a mock; `request` and `response` are shown at TRACE (HTTP tasks). */
export type TaskAnswer = ({ output: Json } | { error: string; cause?: string }) & {
  request?: JsonObject;
  response?: JsonObject;
};

export interface TestStateOptions {
  /** epoch milliseconds */
  now: number;
  /** Task tokens and UUIDs are derived from it. */
  seed: string;
  /** ARNs of the execution and state machine that the context object tells of. */
  execution: { arn: string; name: string };
  stateMachine: { arn: string; name: string };
  /** Makes a task's call under the request's role. Asked at most once. */
  task: (effect: TaskEffect) => TaskAnswer | Promise<TaskAnswer>;
}

export type Outcome = { output: Json; next: string | undefined } | Failed;
export type Failed = { error: string | undefined; cause: string | undefined };

export interface Setting {
  test: Test;
  options: TestStateOptions;
  roleArn: string;
  context: JsonObject;
}

/** TestState runs for five minutes at most. */
const LIMIT = 300_000;

/** Every place of a state that names another state. */
function transitions(state: JsonObject): JsonObject[] {
  const lists = [state.Choices, state.Catch].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  return [state, ...lists];
}

/** Other states are stood in for by ends, under names that cannot be the tested state's own. */
const standIn = (name: string): string => `→${name}`;

/** Plays one state to its end. */
export async function play(
  { test, options, roleArn, context }: Setting,
  state: JsonObject,
  onInspect: (stage: InspectStage, value: Json) => void,
  task: (effect: TaskEffect) => TaskAnswer | Failed | Promise<TaskAnswer | Failed>,
): Promise<Outcome> {
  const copy = structuredClone(state);
  const states: JsonObject = { [test.name]: copy };
  for (const holder of transitions(copy))
    for (const field of ['Next', 'Default'])
      if (typeof holder[field] === 'string') {
        const target = standIn(holder[field]);
        holder[field] = target;
        states[target] = { Type: 'Succeed' };
      }
  let next: string | undefined;
  const settings: ExecutionOptions = {
    type: 'STANDARD',
    input: test.input,
    now: options.now,
    seed: options.seed,
    execution: { ...options.execution, roleArn },
    stateMachine: options.stateMachine,
    variables: test.variables,
    context,
    onInspect: (name, stage, value) => {
      if (name !== test.name) return;
      if (stage === 'nextState') next = String(value).slice(1);
      else onInspect(stage, value);
    },
  };
  const { execution, effects } = startExecution(
    { StartAt: test.name, QueryLanguage: test.language, States: states },
    settings,
  );
  await drive(execution, effects, options.now, task);
  if (execution.status === 'SUCCEEDED') return { output: execution.output ?? null, next };
  return { error: execution.error, cause: plain(execution.cause) };
}

async function drive(
  execution: Execution,
  first: Effect[],
  start: number,
  task: (effect: TaskEffect) => TaskAnswer | Failed | Promise<TaskAnswer | Failed>,
): Promise<void> {
  const queue = [...first];
  for (let effect = queue.shift(); effect && execution.status === 'RUNNING'; effect = queue.shift()) {
    if (effect.kind === 'timer') {
      // Nobody waits here; a wait that AWS would cut off is cut off.
      if (effect.at - start > LIMIT) {
        execution.deliver({ kind: 'stop', now: start + LIMIT, error: 'States.Timeout' });
        return;
      }
      queue.push(...execution.deliver({ kind: 'timer', id: effect.id, now: effect.at }));
    } else if (effect.kind === 'task') {
      const { id } = effect;
      const told = await task(effect);
      queue.push(
        ...execution.deliver(
          'output' in told
            ? { kind: 'task-succeeded', id, now: start, output: told.output }
            : {
                kind: 'task-failed',
                id,
                now: start,
                error: told.error ?? '',
                ...(told.cause !== undefined && { cause: told.cause }),
              },
        ),
      );
    }
  }
}

/** An execution says in which state it failed; TestState has only one and does not. */
const plain = (cause: string | undefined): string | undefined =>
  cause?.replace(/^An error occurred while executing the state '[\s\S]*?' \(entered at the event id #\d+\)\. /, '');
