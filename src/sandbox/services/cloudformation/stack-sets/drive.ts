/**
 * An operation on a stack set, from its targets to its results. Every step is a record first: an operation that the end of
 * the process cut short goes on by calling `resumeSet` again, and the stacks are asked for under the operation's id, so that
 * nothing is made twice.
 */
import type { Context } from '../../../service.ts';
import { Stopped } from '../engine/run.ts';
import { driveInstance } from './instance.ts';
import {
  instances,
  patchInstance,
  placeOf,
  type ResultRecord,
  results,
  type SetOperationRecord,
  setOperations,
  type StackSetRecord,
  stackSets,
  underWay,
} from './records.ts';

const driven = new WeakMap<object, Set<string>>();

/** Goes on with the set's operation, in the background. */
export function resumeSet(context: Context, setId: string): void {
  const running = driven.get(context.store) ?? new Set<string>();
  driven.set(context.store, running);
  const key = `${context.region} ${setId}`;
  if (running.has(key)) return;
  running.add(key);
  context.world.background(`cloudformation stack set ${setId}`, async () => {
    try {
      await drive(context, setId);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    } finally {
      running.delete(key);
    }
    if (underWay(context).has(setId) && !context.world.stopping) resumeSet(context, setId);
  });
}

async function drive(context: Context, setId: string): Promise<void> {
  await context.world.pause();
  const set = stackSets(context).get(setId);
  const operationId = underWay(context).get(setId);
  const operation = operationId === undefined ? undefined : setOperations(context, setId).get(operationId);
  if (!set || !operation) {
    underWay(context).delete(setId);
    return;
  }
  if (operation.status === 'QUEUED') patchOperation(context, operation, { status: 'RUNNING' });
  const { regionOrder, regionConcurrency } = operation.preferences;
  const found = [...new Set([...results(context, setId, operation.id).values()].map(({ region }) => region))];
  const order = [
    ...regionOrder.filter((region) => found.includes(region)),
    ...found.filter((region) => !regionOrder.includes(region)),
  ];
  const inRegion = (region: string): Promise<boolean> => driveRegion(context, set, operation, region);
  if (regionConcurrency === 'PARALLEL') await Promise.all(order.map(inRegion));
  else
    for (const region of order)
      if (!(await inRegion(region))) {
        for (const result of pending(context, operation))
          cancel(context, operation, result, 'Cancelled since failure tolerance has exceeded');
        break;
      }
  end(context, operation);
}

function end(context: Context, operation: SetOperationRecord): void {
  const { stackSetId } = operation;
  const now = setOperations(context, stackSetId).get(operation.id);
  const all = [...results(context, stackSetId, operation.id).values()];
  const regions = [...new Set(all.map(({ region }) => region))];
  const exceeded = regions.some((region) => {
    const here = all.filter((result) => result.region === region);
    return here.filter(({ status }) => status === 'FAILED').length > toleranceOf(operation, here.length);
  });
  patchOperation(context, operation, {
    status: now?.status === 'STOPPING' ? 'STOPPED' : exceeded ? 'FAILED' : 'SUCCEEDED',
    ended: context.now(),
  });
  const next = [...setOperations(context, stackSetId).values()].find(({ status }) => status === 'QUEUED');
  if (next) underWay(context).put(stackSetId, next.id);
  else underWay(context).delete(stackSetId);
}

export function patchOperation(
  context: Context,
  operation: SetOperationRecord,
  change: Partial<SetOperationRecord>,
): void {
  const table = setOperations(context, operation.stackSetId);
  table.put(operation.id, { ...(table.get(operation.id) ?? operation), ...change });
}

const pending = (context: Context, operation: SetOperationRecord): ResultRecord[] =>
  [...results(context, operation.stackSetId, operation.id).values()].filter(({ status }) => status === 'PENDING');

function cancel(context: Context, operation: SetOperationRecord, result: ResultRecord, reason: string): void {
  const place = placeOf(result.account, result.region);
  results(context, operation.stackSetId, operation.id).put(place, { ...result, status: 'CANCELLED', reason });
  if (instances(context, operation.stackSetId).has(place))
    patchInstance(context, operation.stackSetId, place, { detailed: 'CANCELLED', reason });
}

/** Accounts of a Region that may fail (StackSetOperationPreferences: percentages are rounded down). */
function toleranceOf({ preferences }: SetOperationRecord, accounts: number): number {
  if (preferences.tolerancePercentage !== undefined)
    return Math.floor((accounts * preferences.tolerancePercentage) / 100);
  return preferences.toleranceCount ?? 0;
}

function concurrencyOf({ preferences }: SetOperationRecord, accounts: number): number {
  if (preferences.maxPercentage !== undefined)
    return Math.max(1, Math.floor((accounts * preferences.maxPercentage) / 100));
  return preferences.maxCount ?? 1;
}

/** All of one Region; false when more failed there than may. */
async function driveRegion(
  context: Context,
  set: StackSetRecord,
  operation: SetOperationRecord,
  region: string,
): Promise<boolean> {
  const table = results(context, set.id, operation.id);
  const here = (): ResultRecord[] => [...table.values()].filter((result) => result.region === region);
  const total = here().length;
  const tolerance = toleranceOf(operation, total);
  const most = concurrencyOf(operation, total);
  const strict = operation.preferences.mode !== 'SOFT_FAILURE_TOLERANCE';
  const running = new Set<Promise<void>>();
  let failure: unknown;
  const begin = (result: ResultRecord): void => {
    const work: Promise<void> = driveInstance(context, set, operation, result)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(work));
    running.add(work);
  };
  // What a restart found under way goes on first.
  for (const result of here()) if (result.status === 'RUNNING') begin(result);
  for (;;) {
    if (failure !== undefined || context.world.stopping) {
      await Promise.allSettled(running);
      throw failure ?? new Stopped();
    }
    const failed = here().filter(({ status }) => status === 'FAILED').length;
    const stopping = setOperations(context, set.id).get(operation.id)?.status === 'STOPPING';
    const waiting = here().filter(({ status }) => status === 'PENDING');
    if (failed > tolerance || stopping)
      for (const result of waiting)
        cancel(
          context,
          operation,
          result,
          stopping ? 'Cancelled since the operation was stopped' : 'Cancelled since failure tolerance has exceeded',
        );
    else {
      const limit = strict ? Math.min(most, tolerance + 1 - failed) : most;
      for (const result of waiting.slice(0, Math.max(0, limit - running.size))) begin(result);
    }
    if (running.size === 0) return failed <= tolerance;
    await Promise.race(running);
  }
}
