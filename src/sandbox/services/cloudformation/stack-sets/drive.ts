/**
 * An operation on a stack set, from its targets to its results. Every step is a record first: an operation that the end of
 * the process cut short goes on by calling `resumeSet` again, and the stacks are asked for under the operation's id, so that
 * nothing is made twice.
 */
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { Context, Input } from '../../../service.ts';
import { Stopped } from '../engine/run.ts';
import { events, operations, stacks } from '../records.ts';
import { enter, NoEntry } from './enter.ts';
import {
  type InstanceRecord,
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

interface Ending {
  done: boolean;
  reason?: string;
  change: Partial<InstanceRecord>;
  /** The instance is gone. */
  removed?: boolean;
}

async function driveInstance(
  context: Context,
  set: StackSetRecord,
  operation: SetOperationRecord,
  result: ResultRecord,
): Promise<void> {
  const { account, region } = result;
  const place = placeOf(account, region);
  const table = results(context, set.id, operation.id);
  const instance = instances(context, set.id).get(place);
  if (!instance) {
    table.put(place, { ...result, status: 'SUCCEEDED' });
    return;
  }
  table.put(place, { ...result, status: 'RUNNING' });
  patchInstance(context, set.id, place, { detailed: 'RUNNING', reason: undefined });
  const gateFunction = `arn:aws:lambda:${region}:${account}:function:AWSCloudFormationStackSetAccountGate`;
  let gate: ResultRecord['gate'] = { status: 'SKIPPED', reason: `Function not found: ${gateFunction}` };
  let ending: Ending;
  try {
    if (operation.action === 'DELETE' && operation.retainStacks) ending = { done: true, change: {}, removed: true };
    else {
      const as = await enter(context, set, operation, account);
      ending = await work(context, set, operation, instance, as);
    }
  } catch (error) {
    if (error instanceof Stopped) throw error;
    if (!(error instanceof Error)) throw error;
    // One account's trouble (damaged data, a defect of ours) never holds up the others.
    if (!(error instanceof ServiceError) && !(error instanceof NoEntry))
      context.world.log('sandbox', `cloudformation: stack instance ${place}: ${error.stack ?? error.message}`);
    if (error instanceof NoEntry) gate = { status: 'SKIPPED', reason: error.message };
    const lost = operation.action === 'DELETE' || isGone(error);
    ending = { done: false, reason: error.message, change: lost ? { status: 'INOPERABLE' } : {} };
  }
  const fresh = table.get(place) ?? result;
  table.put(place, {
    ...fresh,
    status: ending.done ? 'SUCCEEDED' : 'FAILED',
    reason: ending.reason,
    gate,
  });
  if (ending.removed) {
    instances(context, set.id).delete(place);
    return;
  }
  patchInstance(context, set.id, place, {
    status: ending.done ? 'CURRENT' : 'OUTDATED',
    reason: ending.reason,
    ...ending.change,
    detailed: ending.done ? 'SUCCEEDED' : ending.change.status === 'INOPERABLE' ? 'INOPERABLE' : 'FAILED',
  });
}

const isGone = (error: Error): boolean => /^Stack \[.*\] does not exist$/.test(error.message);

/** The stack in the target account, as whoever `enter` let in. */
async function work(
  context: Context,
  set: StackSetRecord,
  operation: SetOperationRecord,
  instance: InstanceRecord,
  as: Principal,
): Promise<Ending> {
  const { world } = context;
  const { account, region } = instance;
  const place = placeOf(account, region);
  const service = world.services.get('cloudformation');
  if (!service) throw new Error('no CloudFormation in this world');
  const target = world.context(service, await world.open(account), region, as);
  const call = (action: string, input: Input): Promise<Input> =>
    world.call('cloudformation', action, input, { account, region, as });

  if (operation.action === 'DELETE') {
    const { stackId } = instance;
    if (stackId !== undefined) {
      if (stacks(target).get(stackId)?.status === 'DELETE_COMPLETE') return { done: true, change: {}, removed: true };
      await call('DeleteStack', { StackName: stackId, ClientRequestToken: operation.id });
      await atRest(target, stackId);
      const stack = stacks(target).get(stackId);
      if (stack && stack.status !== 'DELETE_COMPLETE')
        return {
          done: false,
          reason: firstFailure(target, stackId, operation.id) ?? stack.statusReason ?? stack.status,
          change: { status: 'INOPERABLE' },
        };
    }
    return { done: true, change: {}, removed: true };
  }

  const wish = {
    TemplateBody: set.templateBody,
    Parameters: Object.entries({ ...set.parameters, ...instance.overrides }).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Capabilities: set.capabilities,
    Tags: Object.entries(set.tags).map(([Key, Value]) => ({ Key, Value })),
    ClientRequestToken: operation.id,
  };
  if (instance.stackId === undefined) {
    const name = instance.stackName ?? `StackSet-${set.name}-${world.uuid()}`;
    patchInstance(context, set.id, place, { stackName: name });
    // A creation that failed leaves no stack behind (guide, "Troubleshooting StackSets": its stack is DELETED).
    const { StackId } = await call('CreateStack', { StackName: name, OnFailure: 'DELETE', ...wish });
    const stackId = String(StackId);
    await atRest(target, stackId);
    const stack = stacks(target).get(stackId);
    if (stack?.status === 'CREATE_COMPLETE') return { done: true, change: { stackId } };
    const reason = firstFailure(target, stackId, operation.id) ?? stack?.statusReason ?? 'The stack is gone';
    return { done: false, reason, change: { stackId: undefined, stackName: undefined } };
  }
  const { stackId } = instance;
  try {
    await call('UpdateStack', { StackName: stackId, ...wish });
  } catch (error) {
    if (error instanceof ServiceError && /^No updates are to be performed/.test(error.message))
      return { done: true, change: {} };
    throw error;
  }
  await atRest(target, stackId);
  const stack = stacks(target).get(stackId);
  if (stack?.status === 'UPDATE_COMPLETE') return { done: true, change: {} };
  return {
    done: false,
    reason: firstFailure(target, stackId, operation.id) ?? stack?.statusReason ?? 'The stack is gone',
    change: {},
  };
}

/** Until the stack has no operation any more. @throws Stopped when the sandbox stops first */
async function atRest(target: Context, stackId: string): Promise<void> {
  while (operations(target).has(stackId)) {
    if (target.world.stopping) throw new Stopped();
    await new Promise<void>((done) => {
      const unlisten = target.world.listen(`cloudformation:${stackId}`, () => {
        unlisten();
        done();
      });
    });
  }
}

/** What went wrong first in the stack's operation of that token, in the words of a stack instance's status reason. */
function firstFailure(target: Context, stackId: string, token: string): string | undefined {
  const found = [...events(target, stackId).values()].find(
    (event) =>
      event.ClientRequestToken === token &&
      /_FAILED$/.test(event.ResourceStatus) &&
      event.ResourceType !== 'AWS::CloudFormation::Stack' &&
      !/cancelled$/.test(event.ResourceStatusReason ?? ''),
  );
  return (
    found &&
    `ResourceLogicalId:${found.LogicalResourceId}, ResourceType:${found.ResourceType}, ResourceStatusReason:${found.ResourceStatusReason ?? ''}.`
  );
}
