/**
 * Making a stack what its template says: new resources, changed ones in place or beside the old, each when what it needs
 * is there. Every step is a record first, so that a run that was killed goes on where it was.
 * One file: creating, changing and replacing share what counts as done, failed or cut short.
 */
import type { ResourceRecord, Wish } from '../records.ts';
import { patchStack, resources, wishes } from '../records.ts';
import type { Template } from '../template/model.ts';
import { invalid, sameValue } from '../template/model.ts';
import { dependenciesOf } from '../template/validate.ts';
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
import {
  activeResources,
  exportsOf,
  importerOf,
  lookIn,
  makeScope,
  outputsOf,
  propertiesOf,
  readTemplate,
  type Seen,
} from './scope.ts';
import { tryStack } from './trial.ts';

export type Ending = { done: true } | { done: false; reason: string; cancelled: boolean };

interface Forward extends Run {
  template: Template;
  wish: Wish;
  seen: Seen;
  failed: Map<string, 'create' | 'update'>;
  /** Another operation (a deletion) has taken the stack over. */
  superseded(): boolean;
}

/** Runs until the stack is as wanted, or something failed and all that was running has come to an end. */
export async function goForward(run: Run): Promise<Ending> {
  const { context, stackId } = run;
  const table = wishes(context, stackId);
  const wish = table.get('wanted') ?? table.get('deployed');
  if (!wish) throw new Error(`stack ${stackId} has nothing to become`);
  const template = readTemplate(wish.templateBody);
  let seen: Seen;
  try {
    seen = makeScope(
      context,
      currentStack(run),
      template,
      wish,
      lookIn((id) => recordOf(run, id)),
    );
    tryStack(context, currentStack(run), template, wish, true);
  } catch (error) {
    return { done: false, reason: message(error), cancelled: false };
  }
  const begun = operationOf(run)?.id;
  const forward: Forward = {
    ...run,
    superseded: () => operationOf(run)?.id !== begun,
    template,
    wish,
    seen,
    failed: new Map(),
  };
  const active = activeResources(template, seen.scope.conditions);
  const late = (): boolean => {
    const { timeoutMinutes, status } = currentStack(run);
    const started = operationOf(run)?.started ?? 0;
    return (
      status === 'CREATE_IN_PROGRESS' &&
      timeoutMinutes !== undefined &&
      context.now() > started + timeoutMinutes * 60_000
    );
  };
  const halted = (): boolean =>
    forward.superseded() ||
    forward.failed.size > 0 ||
    Boolean(operationOf(run)?.cancelled) ||
    context.world.stopping ||
    late();
  await inOrder(
    active,
    (id) => dependenciesOf(template, id, seen.scope.conditions),
    (id) => one(forward, id),
    halted,
  );
  if (context.world.stopping) throw new Stopped();
  if (forward.superseded()) return { done: false, reason: '', cancelled: true };
  if (forward.failed.size > 0) return { done: false, reason: failures(forward.failed), cancelled: false };
  if (operationOf(run)?.cancelled) return { done: false, reason: '', cancelled: true };
  if (late()) return { done: false, reason: 'Stack creation time exceeded the specified timeout.', cancelled: false };
  try {
    const outputs = outputsOf(template, seen.scope);
    const taken = exportsOf(context);
    for (const { ExportName, OutputValue } of currentStack(run).outputs) {
      const user = ExportName === undefined ? undefined : importerOf(context, ExportName);
      const kept = outputs.find((output) => output.ExportName === ExportName);
      if (user && kept?.OutputValue !== OutputValue)
        throw invalid(
          `${kept ? 'Update' : 'Delete'} canceled. Cannot ${kept ? 'update' : 'delete'} export ${ExportName} as it is in use by ${user.name}.`,
        );
    }
    for (const { ExportName } of outputs) {
      const other = ExportName === undefined ? undefined : taken.get(ExportName);
      if (other && other.ExportingStackId !== stackId)
        throw invalid(
          `Export with name ${ExportName} is already exported by stack ${other.ExportingStackId.split('/')[1]}`,
        );
    }
    patchStack(context, stackId, { outputs, imports: [...seen.imports], description: template.description });
  } catch (error) {
    return { done: false, reason: message(error), cancelled: false };
  }
  // What the template no longer has, and what was replaced, is left to the clean-up.
  for (const record of [...resources(context, stackId).values()]) {
    const { before } = record;
    if (before?.made && before.physicalId !== record.physicalId) doom(run, before);
    if (!active.includes(record.logicalId)) {
      if (record.made) doom(run, record);
      resources(context, stackId).delete(record.logicalId);
    } else if (before !== undefined || record.step !== undefined)
      putRecord(run, { ...record, before: undefined, step: undefined });
  }
  wishes(context, stackId).put('deployed', wish);
  wishes(context, stackId).delete('wanted');
  return { done: true };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failures(failed: Map<string, 'create' | 'update'>): string {
  return (['create', 'update'] as const)
    .map((kind) => {
      const ids = [...failed].filter(([, how]) => how === kind).map(([id]) => id);
      return ids.length > 0 ? `The following resource(s) failed to ${kind}: [${ids.join(', ')}]. ` : '';
    })
    .join('');
}

async function one(run: Forward, logicalId: string): Promise<boolean> {
  const old = recordOf(run, logicalId);
  if (old?.step === 'done') return true;
  const definition = run.template.resources[logicalId];
  if (!definition) return false;
  const policies = {
    dependsOn: dependenciesOf(run.template, logicalId, run.seen.scope.conditions),
    deletionPolicy: definition.DeletionPolicy,
    updateReplacePolicy: definition.UpdateReplacePolicy,
    metadata: definition.Metadata,
  };
  // What was there before this update: what a rollback goes back to. `null` when this operation brought the resource.
  const before = old?.before === undefined ? (old?.made ? stripped(old) : null) : old.before;
  let properties: Record<string, unknown>;
  try {
    const found = await propertiesOf(run.context, run.template, logicalId, run.seen.scope, run.wish.tags, run.as);
    if (found.faults.length > 0)
      throw invalid(`Properties validation failed for resource ${logicalId} with message:\n${found.faults.join('\n')}`);
    properties = found.properties;
  } catch (error) {
    const record = old?.made || before ? old : undefined;
    return fail(run, { ...(record ?? fresh(run, logicalId, definition.Type, {})), before }, before !== null, error);
  }
  const begun = { ...fresh(run, logicalId, definition.Type, properties), ...policies };
  const complete = old?.made && old.step === undefined && !/FAILED|IN_PROGRESS/.test(old.status);
  if (complete && sameValue(old.properties, properties) && old.type === definition.Type) {
    putRecord(run, { ...old, ...policies, before, step: 'done' });
    return true;
  }
  // Brought by this operation: an attempt that failed or was cut short is cleared away, a whole one is changed in place.
  if (before === null && !complete) return create(run, begun, old);
  if (!old) return false;
  return change(run, { ...old, ...policies, before }, before ?? stripped(old), definition.Type, properties);
}

function fresh(run: Run, logicalId: string, type: string, properties: Record<string, unknown>): ResourceRecord {
  return {
    logicalId,
    type,
    made: false,
    token: run.context.world.uuid(),
    status: 'CREATE_IN_PROGRESS',
    updated: run.context.now(),
    properties,
    attributes: {},
    dependsOn: [],
    deletionPolicy: 'Delete',
    updateReplacePolicy: 'Delete',
    before: null,
  };
}

function stripped(record: ResourceRecord): Omit<ResourceRecord, 'before'> {
  const { before: _before, ...rest } = record;
  return { ...rest, step: undefined };
}

/** `left`: what an attempt that was cut short may have made. */
async function create(run: Forward, begun: ResourceRecord, left: ResourceRecord | undefined): Promise<boolean> {
  if (left?.begun || left?.made) await removeResource(run, left).catch(() => {});
  const record = { ...begun, token: left?.token ?? begun.token, generatedName: left?.generatedName };
  if (left?.status !== 'CREATE_IN_PROGRESS') show(run, { ...record, status: 'CREATE_IN_PROGRESS', reason: undefined });
  else putRecord(run, record);
  return make(run, record, 'CREATE');
}

/** Calls the provider's create for `record`; `kind` is how the events call it (a replacement is an update). */
async function make(run: Forward, record: ResourceRecord, kind: 'CREATE' | 'UPDATE'): Promise<boolean> {
  const { logicalId } = record;
  const now = (): ResourceRecord => recordOf(run, logicalId) ?? record;
  await run.context.world.pause();
  const work = makeWork(run, record, {
    keep: (change) => putRecord(run, { ...now(), ...change }),
    initiated: () => show(run, { ...now(), status: `${kind}_IN_PROGRESS` }, 'Resource creation Initiated'),
  });
  try {
    const result = await typeOf(record.type).create(record.properties, work);
    if (!now().made) work.made(result.id);
    if (run.context.world.stopping) return false;
    putRecord(run, { ...now(), physicalId: result.id, attributes: result.attributes ?? {} });
    await run.context.world.pause();
  } catch (error) {
    if (error instanceof Stopped || run.context.world.stopping) return false;
    return fail(run, now(), kind === 'UPDATE', error, true);
  }
  return finish(run, now(), kind);
}

function finish(run: Forward, record: ResourceRecord, kind: 'CREATE' | 'UPDATE'): boolean {
  const operation = operationOf(run);
  if (run.failed.size > 0 || operation?.cancelled || run.superseded()) {
    run.failed.set(record.logicalId, kind === 'CREATE' ? 'create' : 'update');
    const reason = kind === 'CREATE' ? 'Resource creation cancelled' : 'Resource update cancelled';
    show(run, { ...record, status: `${kind}_FAILED`, reason, step: 'failed' });
    return false;
  }
  show(run, { ...record, status: `${kind}_COMPLETE`, reason: undefined, step: 'done' });
  return true;
}

function fail(run: Forward, record: ResourceRecord, update: boolean, error: unknown, creating = false): false {
  const type = typeOf(record.type);
  const wanted = type.nameProperty === undefined ? undefined : record.properties[type.nameProperty];
  const reason = reasonOf(error, run.context, {
    stack: currentStack(run),
    typeName: record.type,
    type,
    id: typeof wanted === 'string' ? wanted : record.physicalId,
    creating,
  });
  // A name that was only intended is no resource: a rollback must not touch what somebody else has made.
  const physicalId = record.made ? record.physicalId : undefined;
  run.failed.set(record.logicalId, update ? 'update' : 'create');
  show(run, {
    ...record,
    physicalId,
    begun: record.made,
    status: update ? 'UPDATE_FAILED' : 'CREATE_FAILED',
    reason,
    step: 'failed',
  });
  return false;
}

/** `origin`: what the resource was before this operation. */
async function change(
  run: Forward,
  record: ResourceRecord,
  origin: Omit<ResourceRecord, 'before'>,
  typeName: string,
  properties: Record<string, unknown>,
): Promise<boolean> {
  const { logicalId } = record;
  const type = typeOf(origin.type);
  // After a failed attempt the resource may be half of each: then everything that differs from either is applied.
  const from = !record.made || sameValue(record.properties, properties) ? origin.properties : record.properties;
  const changed = changedProperties(from, properties);
  const replaces =
    typeName !== origin.type ||
    record.step === 'replacing' ||
    changed.some((name) => type.replaces.includes(name)) ||
    (type.replacesWhen?.(from, properties) ?? []).length > 0 ||
    (changed.length > 0 && !type.update);
  if (!replaces) {
    if (changed.length === 0) {
      putRecord(run, { ...record, status: origin.status, reason: undefined, step: 'done' });
      return true;
    }
    const updated: ResourceRecord = {
      ...record,
      properties,
      status: 'UPDATE_IN_PROGRESS',
      reason: undefined,
      step: 'in-place',
    };
    show(run, updated);
    return updateInPlace(run, updated, from);
  }
  // What an earlier attempt of this update has made beside the old one goes first.
  if (record.begun && record.physicalId !== origin.physicalId) await removeResource(run, record).catch(() => {});
  const nameProperty = typeOf(typeName).nameProperty;
  const name = nameProperty === undefined ? undefined : properties[nameProperty];
  if (
    typeName === origin.type &&
    nameProperty !== undefined &&
    name !== undefined &&
    name === origin.properties[nameProperty]
  )
    return fail(
      run,
      record,
      true,
      invalid(
        `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${String(name)} and update the stack again.`,
      ),
    );
  const replacement: ResourceRecord = {
    ...record,
    ...fresh(run, logicalId, typeName, properties),
    dependsOn: record.dependsOn,
    deletionPolicy: record.deletionPolicy,
    updateReplacePolicy: record.updateReplacePolicy,
    before: record.before,
    begun: false,
    generatedName: undefined,
    reason: undefined,
    status: 'UPDATE_IN_PROGRESS',
    step: 'replacing',
  };
  show(
    run,
    { ...replacement, physicalId: origin.physicalId },
    'Requested update requires the creation of a new physical resource; hence creating one.',
  );
  const ready = { ...(recordOf(run, logicalId) ?? replacement), physicalId: undefined };
  putRecord(run, ready);
  return make(run, ready, 'UPDATE');
}

async function updateInPlace(run: Forward, record: ResourceRecord, from: Record<string, unknown>): Promise<boolean> {
  const now = (): ResourceRecord => recordOf(run, record.logicalId) ?? record;
  await run.context.world.pause();
  const work = makeWork(run, record, { keep: (change) => putRecord(run, { ...now(), ...change }) });
  try {
    const result = await typeOf(record.type).update?.(record.physicalId ?? '', record.properties, from, work);
    if (run.context.world.stopping) return false;
    if (result)
      putRecord(run, { ...now(), physicalId: result.id, attributes: { ...now().attributes, ...result.attributes } });
  } catch (error) {
    if (error instanceof Stopped || run.context.world.stopping) return false;
    return fail(run, now(), true, error);
  }
  return finish(run, now(), 'UPDATE');
}

export function changedProperties(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !sameValue(before[name], after[name]),
  );
}
