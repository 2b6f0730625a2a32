/** One instance of an operation: into the account, and its stack made, changed or deleted there. */
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
  type StackSetRecord,
} from './records.ts';

interface Ending {
  done: boolean;
  reason?: string;
  change: Partial<InstanceRecord>;
  /** The instance is gone. */
  removed?: boolean;
}

/** From PENDING (or RUNNING, after a restart) to its result. @throws Stopped when the sandbox stops first */
export async function driveInstance(
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
