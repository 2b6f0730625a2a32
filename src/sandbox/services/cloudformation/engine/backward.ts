/** Taking things away and going back: deletion, the clean-up after an update, and the rollback of an update. */
import { doomed, patchStack, type ResourceRecord, resources, setResource, wishes, writeEvent } from '../records.ts';
import { changedProperties } from './forward.ts';
import { reasonOf } from './fault.ts';
import { inOrder } from './graph.ts';
import {
  currentStack,
  doom,
  makeWork,
  operationOf,
  putRecord,
  type Run,
  recordOf,
  removeResource,
  Stopped,
  show,
  typeOf,
} from './run.ts';

/** Deletes every resource of the stack, dependents first. Gives the logical ids that would not go. */
export async function deleteResources(run: Run, rollback: boolean): Promise<string[]> {
  const { context, stackId } = run;
  // An update that never came to its end has left the old one of a replacement beside the new one.
  for (const { before, physicalId } of [...resources(context, stackId).values()])
    if (before?.made && before.physicalId !== physicalId) doom(run, before);
  await deleteDoomed(run);
  const records = [...resources(context, stackId).values()].filter((record) => record.status !== 'DELETE_COMPLETE');
  const failed: string[] = [];
  const operation = operationOf(run);
  const needs = (id: string): string[] =>
    records.filter((record) => record.dependsOn.includes(id)).map((record) => record.logicalId);
  await inOrder(
    records.map((record) => record.logicalId),
    needs,
    async (id) => {
      const record = recordOf(run, id);
      if (!record || /^DELETE_(COMPLETE|SKIPPED)$/.test(record.status)) return true;
      const kept =
        operation?.retain.includes(id) ||
        record.deletionPolicy === 'Retain' ||
        (record.deletionPolicy === 'RetainExceptOnCreate' && !rollback);
      if (kept && record.made) {
        show(run, { ...record, status: 'DELETE_SKIPPED', reason: undefined });
        return true;
      }
      if (!record.made && !record.begun) {
        show(run, { ...record, status: 'DELETE_COMPLETE', reason: undefined });
        return true;
      }
      const gone = await removeShown(run, record, (next) => void setResource(context, currentStack(run), next));
      if (gone) return true;
      if (operation?.force) {
        show(run, { ...(recordOf(run, id) ?? record), status: 'DELETE_SKIPPED' });
        return true;
      }
      failed.push(id);
      return false;
    },
    () => context.world.stopping,
  );
  if (context.world.stopping) throw new Stopped();
  return failed;
}

async function removeShown(run: Run, record: ResourceRecord, put: (record: ResourceRecord) => void): Promise<boolean> {
  const { context } = run;
  if (record.status !== 'DELETE_IN_PROGRESS') put({ ...record, status: 'DELETE_IN_PROGRESS', reason: undefined });
  await context.world.pause();
  try {
    await removeResource(run, record);
  } catch (error) {
    if (error instanceof Stopped || context.world.stopping) return false;
    const reason = reasonOf(error, context, {
      stack: currentStack(run),
      typeName: record.type,
      type: typeOf(record.type),
      id: record.physicalId,
      creating: false,
    });
    put({ ...record, status: 'DELETE_FAILED', reason });
    return false;
  }
  if (context.world.stopping) return false;
  put({ ...record, made: false, begun: false, status: 'DELETE_COMPLETE', reason: undefined });
  return true;
}

/** The clean-up after an update. AWS gives up on what will not go, and says so. */
export async function deleteDoomed(run: Run): Promise<string[]> {
  const { context, stackId } = run;
  const table = doomed(context, stackId);
  const left = [...table.entries()];
  const failed: string[] = [];
  await inOrder(
    left.map(([key]) => key),
    (key) => {
      const mine = table.get(key);
      return left.filter(([, other]) => mine && other.dependsOn.includes(mine.logicalId)).map(([other]) => other);
    },
    async (key) => {
      const record = table.get(key);
      if (!record) return true;
      const replaced = recordOf(run, record.logicalId) !== undefined;
      if ((replaced ? record.updateReplacePolicy : record.deletionPolicy) !== 'Delete') {
        writeEvent(context, currentStack(run), { ...record, status: 'DELETE_SKIPPED', reason: undefined });
        table.delete(key);
        return true;
      }
      const put = (next: ResourceRecord): void => {
        table.put(key, next);
        writeEvent(context, currentStack(run), next);
      };
      for (let attempt = 1; attempt <= 3; attempt++) {
        if (await removeShown(run, table.get(key) ?? record, put)) {
          table.delete(key);
          return true;
        }
        if (context.world.stopping) return false;
      }
      failed.push(record.logicalId);
      table.delete(key);
      return true;
    },
    () => context.world.stopping,
  );
  if (context.world.stopping) throw new Stopped();
  return failed;
}

/** Back to what was before the update. Gives the logical ids that could not go back. */
export async function restore(run: Run): Promise<string[]> {
  const { context, stackId } = run;
  const failed: string[] = [];
  const skip = operationOf(run)?.skip ?? [];
  const records = [...resources(context, stackId).values()].filter((record) => record.before);
  await inOrder(
    records.map((record) => record.logicalId),
    (id) => recordOf(run, id)?.before?.dependsOn ?? [],
    async (id) => {
      const record = recordOf(run, id);
      const before = record?.before;
      if (!record || !before) return true;
      const back: ResourceRecord = { ...before, before: undefined, step: undefined };
      if (record.physicalId !== before.physicalId || record.type !== before.type) {
        if (record.made) doom(run, { ...record, updateReplacePolicy: 'Delete' });
        show(run, { ...back, status: 'UPDATE_COMPLETE', reason: undefined });
        return true;
      }
      const changed = changedProperties(record.properties, before.properties);
      if (skip.includes(id)) {
        show(run, { ...back, status: 'UPDATE_COMPLETE', reason: undefined });
        return true;
      }
      if (changed.length === 0) {
        putRecord(run, back);
        return true;
      }
      if (record.status !== 'UPDATE_IN_PROGRESS' || record.step !== 'replacing')
        show(run, { ...record, status: 'UPDATE_IN_PROGRESS', reason: undefined });
      await context.world.pause();
      try {
        const work = makeWork(run, back, { keep: () => {} });
        const result = await typeOf(before.type).update?.(
          before.physicalId ?? '',
          before.properties,
          record.properties,
          work,
        );
        if (context.world.stopping) return false;
        show(run, {
          ...back,
          status: 'UPDATE_COMPLETE',
          reason: undefined,
          attributes: { ...before.attributes, ...result?.attributes },
        });
        return true;
      } catch (error) {
        if (error instanceof Stopped || context.world.stopping) return false;
        const reason = reasonOf(error, context, {
          stack: currentStack(run),
          typeName: record.type,
          type: typeOf(record.type),
          id: record.physicalId,
          creating: false,
        });
        show(run, { ...(recordOf(run, id) ?? record), status: 'UPDATE_FAILED', reason });
        failed.push(id);
        return false;
      }
    },
    () => context.world.stopping,
  );
  if (context.world.stopping) throw new Stopped();
  if (failed.length > 0) return failed;
  // What the update had brought is no part of the stack any more.
  for (const record of [...resources(context, stackId).values()]) {
    if (record.before !== null) continue;
    if (record.made) doom(run, { ...record, deletionPolicy: 'Delete' });
    resources(context, stackId).delete(record.logicalId);
  }
  wishes(context, stackId).delete('wanted');
  patchStack(context, stackId, {});
  return [];
}
