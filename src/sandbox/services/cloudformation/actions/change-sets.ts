/** Change sets: what a request would change, kept until somebody executes or deletes it. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { begin } from '../engine/operation.ts';
import { type Plan, type PlannedChange, planChanges, showChange } from '../engine/plan.ts';
import { actingPrincipal } from '../engine/run.ts';
import {
  type ChangeSetRecord,
  changeSets,
  patchStack,
  type StackRecord,
  setStackStatus,
  stacks,
  wishes,
} from '../records.ts';
import { invalid } from '../template/model.ts';
import {
  action,
  checkStackName,
  checkToken,
  deploymentRollback,
  findStack,
  flag,
  needStack,
  page,
  passRole,
  refuse,
  refuseTriggers,
  required,
  shownTags,
  text,
} from './input.ts';
import { checkPolicy } from './stack-policy.ts';
import { beginUpdate, needUpdatable, newStack } from './stacks.ts';
import { readWish } from './wish.ts';

const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** The change set that a request means, by ARN or by name and stack. */
export function findChangeSet(input: Input, context: Context): ChangeSetRecord {
  const name = required(input, 'ChangeSetName');
  const missing = (): ServiceError => new ServiceError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
  if (name.startsWith('arn:')) {
    const found = changeSets(context).get(name);
    if (!found) throw missing();
    return found;
  }
  const stackName = text(input, 'StackName');
  if (stackName === undefined)
    throw invalid('StackName must be specified if ChangeSetName is not specified as an ARN.');
  const stack = findStack(context, stackName);
  if (!stack) throw invalid(`Stack [${stackName}] does not exist`);
  for (const change of changeSets(context).values())
    if (change.stackId === stack.stackId && change.name === name) return change;
  throw missing();
}

const createChangeSet: Action = action(
  'StackName TemplateBody TemplateURL UsePreviousTemplate Parameters Capabilities ResourceTypes RoleARN RollbackConfiguration NotificationARNs Tags ChangeSetName ClientToken Description ChangeSetType ResourcesToImport IncludeNestedStacks OnStackFailure ImportExistingResources DeploymentMode DeploymentConfig DisableValidation',
  (input, context) => [
    {
      action: 'cloudformation:CreateChangeSet',
      resource:
        findStack(context, text(input, 'StackName') ?? '')?.stackId ??
        context.arn(`stack/${text(input, 'StackName')}/*`),
    },
    ...passRole(input),
  ],
  async (input, context) => {
    const stackName = required(input, 'StackName');
    const name = required(input, 'ChangeSetName');
    if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name))
      throw invalid(
        `1 validation error detected: Value '${name}' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
      );
    refuse(input, 'NotificationARNs', 'ResourceTypes', 'ResourcesToImport', 'DeploymentMode');
    refuseTriggers(input);
    for (const member of ['IncludeNestedStacks', 'ImportExistingResources'])
      if (flag(input, member)) throw invalid(`The sandbox does not carry ${member}.`);
    const type = text(input, 'ChangeSetType') ?? 'UPDATE';
    if (type === 'IMPORT') throw invalid('The sandbox does not carry change sets of type IMPORT.');
    if (type !== 'CREATE' && type !== 'UPDATE')
      throw invalid(
        `1 validation error detected: Value '${type}' at 'changeSetType' failed to satisfy constraint: Member must satisfy enum value set: [IMPORT, UPDATE, CREATE]`,
      );
    const there = findStack(context, stackName);
    const live = there && there.status !== 'DELETE_COMPLETE' ? there : undefined;
    if (type === 'CREATE') {
      checkStackName(stackName);
      if (live && live.status !== 'REVIEW_IN_PROGRESS')
        throw invalid(`Stack [${live.name}] already exists and cannot be created again with the changeSet [${name}].`);
    } else if (!live || live.status === 'REVIEW_IN_PROGRESS') {
      throw invalid(`Stack [${stackName}] does not exist`);
    } else needUpdatable(live);
    if (live)
      for (const other of changeSets(context).values())
        if (other.stackId === live.stackId && other.name === name)
          throw new ServiceError('AlreadyExistsException', `ChangeSet ${name} already exists for the stack`, 400);
    const token = checkToken(input);
    const deployed = live ? wishes(context, live.stackId).get('deployed') : undefined;
    const { wish, template, given } = await readWish(input, context, deployed);
    const roleArn = text(input, 'RoleARN');
    const as = await actingPrincipal(context, roleArn ?? live?.roleArn, context.caller);
    const stack = live ?? reviewed(context, stackName, template.description);
    const id = context.arn(`changeSet/${name}/${context.world.uuid()}`);
    let plan: Plan = { changes: [], besides: false };
    let fault: string | undefined;
    try {
      plan = await planChanges(context, stack, template, wish, deployed, as);
      if (plan.changes.length === 0 && !plan.besides) fault = NO_CHANGES;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      fault = error.message;
    }
    changeSets(context).put(id, {
      id,
      name,
      stackId: stack.stackId,
      type,
      description: text(input, 'Description'),
      status: 'CREATE_PENDING',
      statusReason: fault,
      executionStatus: 'UNAVAILABLE',
      created: context.now(),
      given,
      wish,
      changes: plan.changes,
      roleArn,
      onFailure: text(input, 'OnStackFailure') ?? (deploymentRollback(input) ? 'DO_NOTHING' : undefined),
      token,
    });
    prepare(context, id);
    return { Id: id, StackId: stack.stackId };
  },
);

function reviewed(context: Context, name: string, description: string | undefined): StackRecord {
  const stack = newStack(context, name, { description });
  return setStackStatus(context, stack.stackId, 'REVIEW_IN_PROGRESS', 'User Initiated');
}

/** What is left to do after the answer: the change set becomes ready, or says why there is nothing to execute. */
export function prepare(context: Context, id: string): void {
  const fault = changeSets(context).get(id)?.statusReason;
  const change = (fields: Partial<ChangeSetRecord>): void => {
    const now = changeSets(context).get(id);
    if (now) changeSets(context).put(id, { ...now, ...fields });
  };
  context.world.background(`cloudformation ${id}`, async () => {
    await context.world.pause();
    change({ status: 'CREATE_IN_PROGRESS' });
    await context.world.pause();
    change(
      fault !== undefined
        ? { status: 'FAILED', executionStatus: 'UNAVAILABLE' }
        : { status: 'CREATE_COMPLETE', executionStatus: 'AVAILABLE' },
    );
  });
}

const describeChangeSet: Action = action(
  'ChangeSetName StackName NextToken IncludePropertyValues',
  'DescribeChangeSet',
  (input, context) => {
    const change = findChangeSet(input, context);
    const stack = stacks(context).get(change.stackId);
    const { items, NextToken } = page(change.changes as PlannedChange[], input, 100, (item) => item.logicalId);
    const values = flag(input, 'IncludePropertyValues') ?? false;
    return {
      ChangeSetName: change.name,
      ChangeSetId: change.id,
      StackId: change.stackId,
      StackName: stack?.name,
      Description: change.description,
      Parameters: Object.entries(change.wish.parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
        ResolvedValue: change.wish.stored[ParameterValue],
      })),
      CreationTime: new Date(change.created),
      ExecutionStatus: change.executionStatus,
      Status: change.status,
      StatusReason: change.statusReason,
      NotificationARNs: [],
      RollbackConfiguration: {},
      Capabilities: change.wish.capabilities,
      Tags: shownTags(change.wish.tags),
      Changes: change.status === 'CREATE_COMPLETE' ? items.map((item) => showChange(item, values)) : [],
      NextToken,
      IncludeNestedStacks: false,
      OnStackFailure: change.onFailure,
    };
  },
);

const executeChangeSet: Action = action(
  'ChangeSetName StackName ClientRequestToken DisableRollback RetainExceptOnCreate',
  'ExecuteChangeSet',
  async (input, context) => {
    if (flag(input, 'RetainExceptOnCreate')) throw invalid('The sandbox does not carry RetainExceptOnCreate.');
    const change = findChangeSet(input, context);
    if (change.executionStatus !== 'AVAILABLE')
      throw new ServiceError(
        'InvalidChangeSetStatus',
        `ChangeSet [${change.id}] cannot be executed in its current status of [${change.status}]`,
        400,
      );
    const stack = needStack(context, change.stackId);
    const token = checkToken(input);
    await actingPrincipal(context, change.roleArn ?? stack.roleArn, context.caller);
    if (changeSets(context).get(change.id)?.executionStatus !== 'AVAILABLE')
      throw invalid(`ChangeSet [${change.id}] is being executed already.`);
    const disableRollback = flag(input, 'DisableRollback') ?? change.onFailure === 'DO_NOTHING';
    if (change.type === 'CREATE') {
      if (stack.status !== 'REVIEW_IN_PROGRESS')
        throw invalid(
          `Stack [${stack.name}] already exists and cannot be created again with the changeSet [${change.name}].`,
        );
      wishes(context, stack.stackId).put('wanted', change.wish);
      patchStack(context, stack.stackId, {
        changeSetId: change.id,
        roleArn: change.roleArn,
        disableRollback,
        onFailure: (change.onFailure as StackRecord['onFailure'] | undefined) ?? 'ROLLBACK',
      });
      begin(context, stack.stackId, { status: 'CREATE_IN_PROGRESS', caller: context.caller, token });
    } else {
      needUpdatable(stack);
      checkPolicy(stack, change.changes as PlannedChange[]);
      patchStack(context, stack.stackId, { changeSetId: change.id });
      beginUpdate(context, { ...stack, changeSetId: change.id }, change.wish, {
        token,
        disableRollback,
        roleArn: change.roleArn,
      });
    }
    // Executed: the others were made for a stack that is no more, and this one has done its work.
    for (const other of [...changeSets(context).values()]) {
      if (other.stackId !== change.stackId) continue;
      if (other.id === change.id) changeSets(context).put(other.id, { ...other, executionStatus: 'EXECUTE_COMPLETE' });
      else changeSets(context).put(other.id, { ...other, executionStatus: 'OBSOLETE' });
    }
    return {};
  },
);

const deleteChangeSet: Action = action('ChangeSetName StackName', 'DeleteChangeSet', (input, context) => {
  let change: ChangeSetRecord;
  try {
    change = findChangeSet(input, context);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ChangeSetNotFound') return {};
    throw error;
  }
  changeSets(context).delete(change.id);
  return {};
});

const listChangeSets: Action = action('StackName NextToken', 'ListChangeSets', (input, context) => {
  const stack = needStack(context, required(input, 'StackName'));
  const all = [...changeSets(context).values()].filter((change) => change.stackId === stack.stackId);
  const { items, NextToken } = page(all, input, 100, (change) => change.id);
  return {
    Summaries: items.map((change) => ({
      StackId: change.stackId,
      StackName: stack.name,
      ChangeSetId: change.id,
      ChangeSetName: change.name,
      ExecutionStatus: change.executionStatus,
      Status: change.status,
      StatusReason: change.statusReason,
      CreationTime: new Date(change.created),
      Description: change.description,
      IncludeNestedStacks: false,
    })),
    NextToken,
  };
});

export const changeSetActions: Record<string, Action> = {
  CreateChangeSet: createChangeSet,
  DescribeChangeSet: describeChangeSet,
  ExecuteChangeSet: executeChangeSet,
  DeleteChangeSet: deleteChangeSet,
  ListChangeSets: listChangeSets,
};
