/** Carries out a set-up's plan: independent stacks side by side, followed event by event. Changes the account. */
import {
  continueUpdateRollback,
  createStack,
  deleteStack,
  describeStack,
  type StackEvent,
  type StackState,
  stackEvents,
  updateStack,
} from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { followStack } from '../aws/follow-stack.ts';
import { MARKER } from '../workshop.ts';
import { type Cause, diagnose } from './diagnose.ts';
import { type PlanStep, type StackWanted, stackName } from './plan.ts';

export type DeployEvent =
  | {
      kind: 'stack';
      stack: string;
      state: 'waiting' | 'deleting' | 'repairing' | 'deploying' | 'done' | 'kept' | 'skipped' /** epoch ms */;
      at: number;
      why?: string;
    }
  | { kind: 'resource'; stack: string; event: StackEvent }
  | { kind: 'failed'; stack: string; at: number; cause: Cause }
  | { kind: 'signed-out'; stack: string; at: number }
  | { kind: 'outputs'; stack: string; outputs: Record<string, string> };

export interface DeployOptions {
  /** Stops watching; what CloudFormation has begun goes on by itself. */
  signal: AbortSignal;
  /** epoch milliseconds */
  now: () => number;
  /** Resolves after that many milliseconds, or at once when the signal fires. */
  pause: (ms: number) => Promise<void>;
}

/** Yields what happens until every stack is done, failed or skipped. Never throws for a stack's failure. */
export async function* deploy(
  connection: Connection,
  wanted: StackWanted[],
  steps: PlanStep[],
  options: DeployOptions,
): AsyncGenerator<DeployEvent> {
  const queue: DeployEvent[] = [];
  let wake = (): void => {};
  const emit = (event: DeployEvent): void => {
    queue.push(event);
    wake();
  };
  const results = new Map<string, Promise<boolean>>();
  let failure: unknown;
  for (const step of steps) {
    const stack = wanted.find(({ name }) => name === step.stack);
    if (!stack) continue;
    const before = step.after.map((name) => results.get(name) ?? Promise.resolve(true));
    const work = Promise.all(before).then(async (fine) => {
      if (options.signal.aborted) return false;
      if (fine.includes(false)) {
        emit({
          kind: 'stack',
          stack: step.stack,
          state: 'skipped',
          at: options.now(),
          why: 'a stack it needs is not there',
        });
        return false;
      }
      return deployOne(connection, stack, step, options, emit);
    });
    results.set(
      step.stack,
      work.catch((error: unknown) => {
        failure ??= error;
        return false;
      }),
    );
  }
  let finished = false;
  void Promise.all(results.values()).then(() => {
    finished = true;
    wake();
  });
  for (;;) {
    for (let event = queue.shift(); event; event = queue.shift()) yield event;
    if (finished) break;
    await new Promise<void>((done) => {
      wake = done;
    });
  }
  if (failure) throw failure;
}

async function deployOne(
  connection: Connection,
  wanted: StackWanted,
  step: PlanStep,
  options: DeployOptions,
  emit: (event: DeployEvent) => void,
): Promise<boolean> {
  const name = stackName(wanted.name);
  const state = (now: Extract<DeployEvent, { kind: 'stack' }>['state'], why?: string): void =>
    emit({ kind: 'stack', stack: wanted.name, state: now, at: options.now(), ...(why ? { why } : {}) });
  if (step.action === 'keep') {
    const kept = await describeStack(connection, step.ofASet ?? name);
    emit({ kind: 'outputs', stack: wanted.name, outputs: kept?.outputs ?? {} });
    state('kept');
    return true;
  }
  const follow = (id: string): Promise<StackState | undefined> =>
    followStack(connection, id, options, {
      event: (event) => emit({ kind: 'resource', stack: wanted.name, event }),
      signedOut: () => emit({ kind: 'signed-out', stack: wanted.name, at: options.now() }),
    });

  if (step.action === 'wait') {
    state('waiting', step.why);
    const ended = await follow(name);
    if (!ended || options.signal.aborted) return false;
    if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(ended.status))
      return deployOne(connection, wanted, { ...step, action: 'recreate' }, options, emit);
    return deployOne(connection, wanted, { ...step, action: 'update' }, options, emit);
  }
  if (step.action === 'recreate') {
    state('deleting', step.why);
    const old = await describeStack(connection, name);
    if (old) {
      await deleteStack(connection, name);
      const gone = await follow(old.id);
      if (options.signal.aborted) return false;
      if (gone && gone.status !== 'DELETE_COMPLETE') return fail(connection, wanted, old.id, gone, options, emit);
    }
  }
  if (step.action === 'repair') {
    state('repairing', step.why);
    await continueUpdateRollback(connection, name);
    await follow(name);
    if (options.signal.aborted) return false;
  }
  state('deploying');
  const input = { name, body: wanted.body, parameters: wanted.parameters, tags: { [MARKER.key]: MARKER.value } };
  let id = name;
  if (step.action === 'create' || step.action === 'recreate') id = await createStack(connection, input);
  else if (!(await updateStack(connection, input))) {
    emit({ kind: 'outputs', stack: wanted.name, outputs: (await describeStack(connection, name))?.outputs ?? {} });
    state('kept');
    return true;
  }
  const ended = await follow(id);
  if (options.signal.aborted) return false;
  if (!ended || !/^(CREATE|UPDATE)_COMPLETE$/.test(ended.status))
    return fail(connection, wanted, id, ended, options, emit);
  emit({ kind: 'outputs', stack: wanted.name, outputs: ended.outputs });
  state('done');
  return true;
}

async function fail(
  connection: Connection,
  wanted: StackWanted,
  id: string,
  ended: StackState | undefined,
  options: DeployOptions,
  emit: (event: DeployEvent) => void,
): Promise<boolean> {
  const cause = diagnose(await stackEvents(connection, id), ended?.status ?? 'DELETE_COMPLETE');
  emit({ kind: 'failed', stack: wanted.name, at: options.now(), cause });
  return false;
}
