/** Takes away what a plan names. Changes the account; one thing that will not go does not hold up the rest. */
import { deleteStack, describeStack, type StackEvent, stackEvents } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { deleteRule } from '../aws/events.ts';
import { followStack, type FollowOptions } from '../aws/follow-stack.ts';
import { deleteLogGroup, detachIotPolicy } from '../aws/leftovers.ts';
import { deleteRole } from '../aws/roles.ts';
import { deleteStateMachine, describeStateMachine, stopExecution } from '../aws/states.ts';
import type { Removal } from './plan.ts';

export type SweepEvent =
  | { kind: 'started'; removal: Removal }
  | { kind: 'news'; removal: Removal; event: StackEvent }
  | { kind: 'gone'; removal: Removal }
  | { kind: 'kept'; removal: Removal; reason: string };

export async function* sweep(
  connection: Connection,
  removals: Removal[],
  options: FollowOptions,
): AsyncGenerator<SweepEvent> {
  const stacks = removals.filter((removal) => removal.kind === 'stack');
  // What rules, roles and executions hold goes first; log groups last, since a function that still runs makes them anew.
  for (const removal of removals.filter(({ kind }) => kind !== 'stack' && kind !== 'log group'))
    yield* one(connection, removal, options);
  const waves = [stacks.filter(({ after }) => after.length === 0), stacks.filter(({ after }) => after.length > 0)];
  for (const wave of waves) yield* merge(wave.map((removal) => one(connection, removal, options)));
  for (const removal of removals.filter(({ kind }) => kind === 'log group')) yield* one(connection, removal, options);
}

async function* one(connection: Connection, removal: Removal, options: FollowOptions): AsyncGenerator<SweepEvent> {
  if (options.signal.aborted) return;
  yield { kind: 'started', removal };
  try {
    const reason =
      removal.kind === 'stack'
        ? yield* removeStack(connection, removal, options)
        : await remove(connection, removal, options);
    yield reason === undefined ? { kind: 'gone', removal } : { kind: 'kept', removal, reason };
  } catch (error) {
    yield { kind: 'kept', removal, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function* removeStack(
  connection: Connection,
  removal: Extract<Removal, { kind: 'stack' }>,
  options: FollowOptions,
): AsyncGenerator<SweepEvent, string | undefined> {
  const stack = await describeStack(connection, removal.id);
  if (!stack) return undefined;
  await deleteStack(connection, removal.id);
  const seen: StackEvent[] = [];
  const ended = await followStack(connection, stack.id, options, {
    event: (event) => seen.push(event),
    signedOut: () => {},
  });
  for (const event of seen) yield { kind: 'news', removal, event };
  if (options.signal.aborted) return 'presso stopped watching; its deletion goes on';
  if (!ended || ended.status === 'DELETE_COMPLETE') return undefined;
  const failed = (await stackEvents(connection, stack.id)).find(
    ({ status, reason }) => status === 'DELETE_FAILED' && reason,
  );
  return `${ended.status}: ${failed ? `${failed.logicalId}: ${failed.reason}` : (ended.reason ?? 'no reason given')}`;
}

async function remove(
  connection: Connection,
  removal: Exclude<Removal, { kind: 'stack' }>,
  { pause }: FollowOptions,
): Promise<undefined> {
  switch (removal.kind) {
    case 'execution':
      await stopExecution(connection, removal.id, 'presso teardown');
      return;
    case 'rule':
      await deleteRule(connection, removal.bus, removal.id);
      return;
    case 'role':
      await deleteRole(connection, removal.id);
      return;
    case 'IoT policy attachment':
      await detachIotPolicy(connection, removal.policy, removal.target);
      return;
    case 'log group':
      await deleteLogGroup(connection, removal.id);
      return;
    case 'state machine':
      await deleteStateMachine(connection, removal.arn);
      for (let tries = 0; tries < 60; tries++) {
        if (!(await describeStateMachine(connection, removal.arn))) return;
        await pause(Math.min(50 * 2 ** tries, 2_000));
      }
      throw new Error('it is still being deleted');
  }
}

/** Yields from several generators as each has something. */
async function* merge<T>(sources: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = new Map(sources.map((source) => [source, source.next().then((result) => ({ source, result }))]));
  while (next.size > 0) {
    const { source, result } = await Promise.race(next.values());
    if (result.done) next.delete(source);
    else {
      next.set(
        source,
        source.next().then((following) => ({ source, result: following })),
      );
      yield result.value;
    }
  }
}
