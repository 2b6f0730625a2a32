/** Takes away what a plan names. Changes the account; one thing that will not go does not hold up the rest. */
import {
  deleteBus,
  deleteByType,
  deleteIdentityPool,
  deleteParameter,
  deleteTable,
  deleteUserPool,
} from '../aws/by-hand.ts';
import { deleteStack, describeStack, stackEvents, stackResources } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { deleteRule } from '../aws/events.ts';
import { errorName } from '../aws/failure.ts';
import { followStack, type FollowOptions } from '../aws/follow-stack.ts';
import { deleteFunction, removePermission } from '../aws/functions.ts';
import { deletePolicy } from '../aws/hand-made-roles.ts';
import { deleteHttpApi } from '../aws/http-apis.ts';
import {
  deleteIotPolicy,
  deleteLogGroup,
  deleteLogPolicy,
  deleteLogStream,
  detachIotPolicy,
} from '../aws/leftovers.ts';
import { deleteKeys } from '../aws/left-data.ts';
import { deleteQueue } from '../aws/queues.ts';
import { deleteRole } from '../aws/roles.ts';
import { deleteDashboard } from '../aws/sales.ts';
import { deleteStateMachine, describeStateMachine, listExecutions, stopExecution } from '../aws/states.ts';
import { deleteGroup, deleteUser } from '../aws/user-pools.ts';
import { abreast, SIDE_BY_SIDE } from './abreast.ts';
import type { Removal } from './plan.ts';

export type SweepEvent =
  | { kind: 'started'; removal: Removal }
  | { kind: 'news'; removal: Removal; text: string }
  | { kind: 'gone'; removal: Removal }
  | { kind: 'kept'; removal: Removal; reason: string };

export interface SweepOptions extends FollowOptions {
  /** epoch milliseconds */
  now: () => number;
}

/** What must be gone before the next kind is tried; kinds of one line go side by side. */
const WAVES: Removal['kind'][][] = [
  ['rule'],
  ['executions'],
  ['state machine', 'function', 'permission', 'IoT policy attachment', 'items', 'user', 'group'],
  ['role'],
  ['policy'],
];
/** Last: a function that still runs makes its log group anew. */
const LAST: Removal['kind'][][] = [
  ['event bus', 'table', 'parameter', 'log policy', 'user pool', 'identity pool', 'HTTP API', 'queue', 'dashboard'],
  ['log group', 'log streams'],
];

/** `at` gives the connection of a Region. Ends when everything was tried, or soon after the signal. */
export async function* sweep(
  at: (region: string) => Connection,
  removals: Removal[],
  options: SweepOptions,
): AsyncGenerator<SweepEvent> {
  const begin = (removal: Removal): AsyncGenerator<SweepEvent> => one(at(removal.region), removal, options);
  const ofKinds = (kinds: Removal['kind'][]): Removal[] => removals.filter(({ kind }) => kinds.includes(kind));
  for (const kinds of WAVES) yield* abreast(ofKinds(kinds).map((removal) => () => begin(removal)));
  const heavy = ofKinds(['stack', 'IoT policy']);
  yield* inOrder(heavy, begin);
  for (const kinds of LAST) yield* abreast(ofKinds(kinds).map((removal) => () => begin(removal)));
}

/** Stacks and what takes minutes, each begun as soon as what it waits for has ended. */
async function* inOrder(
  removals: Removal[],
  begin: (removal: Removal) => AsyncGenerator<SweepEvent>,
): AsyncGenerator<SweepEvent> {
  const keyOf = ({ region, id }: Pick<Removal, 'region' | 'id'>): string => `${region} ${id}`;
  const ended = new Map<string, Promise<void>>();
  const starts: (() => AsyncGenerator<SweepEvent>)[] = [];
  const policies = removals.filter(({ kind }) => kind === 'IoT policy');
  const waits = (removal: Removal): string[] => {
    if (removal.kind !== 'stack') return [];
    const below = removal.after.map((id) => keyOf({ region: removal.region, id }));
    // A stack cannot delete a policy that was detached minutes ago, and would fail.
    const own = policies.filter(({ id, region }) => region === removal.region && id.startsWith(`${removal.id}-`));
    return [...below, ...own.map(keyOf)];
  };
  const opened = new Map<string, () => void>();
  for (const removal of removals)
    ended.set(keyOf(removal), new Promise<void>((done) => opened.set(keyOf(removal), done)));
  for (const removal of removals)
    starts.push(async function* () {
      await Promise.all(waits(removal).map((key) => ended.get(key)));
      try {
        yield* begin(removal);
      } finally {
        opened.get(keyOf(removal))?.();
      }
    });
  yield* abreast(starts, Number.POSITIVE_INFINITY);
}

async function* one(connection: Connection, removal: Removal, options: SweepOptions): AsyncGenerator<SweepEvent> {
  if (options.signal.aborted) return;
  yield { kind: 'started', removal };
  try {
    const reason =
      removal.kind === 'stack'
        ? yield* removeStack(connection, removal, options)
        : removal.kind === 'IoT policy'
          ? yield* removeIotPolicy(connection, removal, options)
          : await removeSurely(connection, removal, options);
    yield reason === undefined ? { kind: 'gone', removal } : { kind: 'kept', removal, reason };
  } catch (error) {
    yield { kind: 'kept', removal, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** AWS IoT refuses to delete a policy for up to five minutes after a detachment; half a minute more for clocks. */
const DETACHED_MS = 330_000;
const IOT_PAUSE_MS = 5_000;

async function* removeIotPolicy(
  connection: Connection,
  removal: Removal,
  { signal, pause, now }: SweepOptions,
): AsyncGenerator<SweepEvent, string | undefined> {
  const begun = now();
  for (let tries = 0; ; tries++) {
    try {
      await deleteIotPolicy(connection, removal.id);
      return undefined;
    } catch (error) {
      const waited = Math.max(now() - begun, tries * IOT_PAUSE_MS);
      if (errorName(error) !== 'DeleteConflictException' || waited >= DETACHED_MS) throw error;
      if (signal.aborted) return 'presso stopped waiting for AWS IoT';
      const left = Math.ceil((DETACHED_MS - waited) / 1_000);
      yield {
        kind: 'news',
        removal,
        text: `AWS IoT keeps a detached policy for some minutes; trying for ${left} s more`,
      };
      await pause(IOT_PAUSE_MS);
    }
  }
}

async function* removeStack(
  connection: Connection,
  removal: Removal,
  options: SweepOptions,
): AsyncGenerator<SweepEvent, string | undefined> {
  const stack = await describeStack(connection, removal.id);
  if (!stack) return undefined;
  const news: SweepEvent[] = [];
  const remove = async (retain: string[]) => {
    await deleteStack(connection, removal.id, retain);
    return followStack(connection, stack.id, options, {
      event: ({ logicalId, status }) => news.push({ kind: 'news', removal, text: `${logicalId} ${status}` }),
      signedOut: () => news.push({ kind: 'news', removal, text: 'the sign-in has expired' }),
    });
  };
  // One that something is still going on with is waited for: CloudFormation refuses a second operation.
  if (/_IN_PROGRESS$/.test(stack.status) && stack.status !== 'DELETE_IN_PROGRESS')
    await followStack(connection, stack.id, options, { event: () => {}, signedOut: () => {} });
  let ended = await remove([]);
  yield* news.splice(0);
  const left = [];
  if (ended?.status === 'DELETE_FAILED' && !options.signal.aborted) {
    // Retain what will not go, so that the stack goes, and take it away by hand (workshop page "CloudFormation, what bites").
    const failed = (await stackResources(connection, stack.id)).filter(({ status }) => status === 'DELETE_FAILED');
    if (failed.length > 0) {
      yield {
        kind: 'news',
        removal,
        text: `keeps ${failed.map(({ logicalId }) => logicalId).join(', ')}; retrying without`,
      };
      ended = await remove(failed.map(({ logicalId }) => logicalId));
      yield* news.splice(0);
      for (const { logicalId, type, physicalId, reason } of failed)
        try {
          if (!(await deleteByType(connection, type, physicalId))) left.push(`${logicalId}: ${reason ?? type}`);
        } catch (error) {
          left.push(`${logicalId}: ${error instanceof Error ? error.message : String(error)}`);
        }
    }
  }
  if (options.signal.aborted) return 'presso stopped watching; its deletion goes on';
  if (left.length > 0) return `what it held would not go: ${left.join('; ')}`;
  if (!ended || ended.status === 'DELETE_COMPLETE') return undefined;
  const failed = (await stackEvents(connection, stack.id)).find(
    ({ status, reason }) => status === 'DELETE_FAILED' && reason,
  );
  return `${ended.status}: ${failed ? `${failed.logicalId}: ${failed.reason}` : (ended.reason ?? 'no reason given')}`;
}

/**
 * A deletion whose answer was lost on the way is asked for again by the SDK, and then finds nothing: that is no failure.
 * Once more from the start, since a role or a rule goes in several calls. What is there all the same, the next look finds.
 */
async function removeSurely(
  connection: Connection,
  removal: Removal,
  options: SweepOptions,
): Promise<string | undefined> {
  const isGone = (error: unknown): boolean => /NoSuchEntity|NotFound|DoesNotExist/.test(errorName(error));
  try {
    return await remove(connection, removal, options);
  } catch (error) {
    if (!isGone(error)) throw error;
    return remove(connection, removal, options).catch((again: unknown) => {
      if (!isGone(again)) throw again;
      return undefined;
    });
  }
}

async function remove(connection: Connection, removal: Removal, { pause }: SweepOptions): Promise<string | undefined> {
  const { id } = removal;
  switch (removal.kind) {
    case 'executions':
      await stopAll(connection, removal.arn);
      return;
    case 'rule':
      await deleteRule(connection, removal.bus, id);
      return;
    case 'role':
      await deleteRole(connection, id);
      return;
    case 'policy':
      return (await deletePolicy(connection, removal.arn)) ? undefined : 'it is still attached to something else';
    case 'function':
      await deleteFunction(connection, id);
      return;
    case 'permission':
      await removePermission(connection, removal.function, removal.statementId);
      return;
    case 'IoT policy attachment':
      await detachIotPolicy(connection, removal.policy, removal.target);
      return;
    case 'items':
      await deleteKeys(connection, removal.table, removal.keys, pause);
      return;
    case 'group':
      await deleteGroup(connection, removal.pool, id);
      return;
    case 'user':
      await deleteUser(connection, removal.pool, id);
      return;
    case 'log streams':
      for (const name of removal.names) await deleteLogStream(connection, id, name);
      return;
    case 'log group':
      await deleteLogGroup(connection, id);
      return;
    case 'log policy':
      await deleteLogPolicy(connection, id);
      return;
    case 'event bus':
      await deleteBus(connection, id);
      return;
    case 'table':
      await deleteTable(connection, id);
      return;
    case 'parameter':
      await deleteParameter(connection, id);
      return;
    case 'user pool':
      await deleteUserPool(connection, id);
      return;
    case 'identity pool':
      await deleteIdentityPool(connection, id);
      return;
    case 'HTTP API':
      await deleteHttpApi(connection, id);
      return;
    case 'queue':
      await deleteQueue(connection, id);
      return;
    case 'dashboard':
      await deleteDashboard(connection, id);
      return;
    case 'state machine':
      await deleteStateMachine(connection, removal.arn);
      for (let tries = 0; tries < 60; tries++) {
        if (!(await describeStateMachine(connection, removal.arn))) return;
        // One that began while the rules went keeps the workflow alive.
        await stopAll(connection, removal.arn).catch(() => {});
        await pause(Math.min(50 * 2 ** tries, 2_000));
      }
      return 'it is still being deleted';
    default:
      return undefined;
  }
}

async function stopAll(connection: Connection, arn: string): Promise<void> {
  const running = await listExecutions(connection, arn, 10_000, 'RUNNING');
  for (let at = 0; at < running.length; at += SIDE_BY_SIDE)
    await Promise.all(
      running.slice(at, at + SIDE_BY_SIDE).map(async (execution) => {
        try {
          await stopExecution(connection, execution.arn, 'presso puts the workshop back');
        } catch (error) {
          if (errorName(error) !== 'ExecutionDoesNotExist') throw error;
        }
      }),
    );
}
