/**
 * Actions that change stacks: one file, because each reads as which states it starts from and which one it sets.
 */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { begin, clearSteps } from '../engine/operation.ts';
import { planChanges } from '../engine/plan.ts';
import { actingPrincipal } from '../engine/run.ts';
import { names, operations, patchStack, resources, type StackRecord, stacks, type Wish, wishes } from '../records.ts';
import { invalid } from '../template/model.ts';
import {
  action,
  answeredBefore,
  checkStackName,
  checkToken,
  deploymentRollback,
  findStack,
  flag,
  liveStack,
  passRole,
  refuse,
  refuseTriggers,
  required,
  text,
  texts,
} from './input.ts';
import { checkPolicy, stackPolicy } from './stack-policy.ts';
import { readWish } from './wish.ts';

const STACK_RIGHTS = (name: string) => (input: Input, context: Context) => [
  {
    action: `cloudformation:${name}`,
    resource:
      findStack(context, text(input, 'StackName') ?? '')?.stackId ??
      context.arn(`stack/${text(input, 'StackName') ?? '*'}/*`),
    ...(text(input, 'RoleARN') ? { context: { 'cloudformation:RoleArn': text(input, 'RoleARN') ?? '' } } : {}),
  },
  ...passRole(input),
];

const UNUSED = [
  'NotificationARNs',
  'ResourceTypes',
  'StackPolicyURL',
  'StackPolicyDuringUpdateBody',
  'StackPolicyDuringUpdateURL',
];

/** A new stack's record, with its name taken. */
export function newStack(context: Context, name: string, change: Partial<StackRecord>): StackRecord {
  const stackId = context.arn(`stack/${name}/${context.world.uuid()}`);
  const stack: StackRecord = {
    stackId,
    name,
    status: 'REVIEW_IN_PROGRESS',
    created: context.now(),
    outputs: [],
    imports: [],
    disableRollback: false,
    onFailure: 'ROLLBACK',
    terminationProtection: false,
    tokens: {},
    ...change,
  };
  stacks(context).put(stackId, stack);
  names(context).put(name, stackId);
  return stack;
}

const createStack: Action = action(
  'StackName TemplateBody TemplateURL Parameters DisableRollback RollbackConfiguration TimeoutInMinutes NotificationARNs Capabilities ResourceTypes RoleARN OnFailure StackPolicyBody StackPolicyURL Tags ClientRequestToken EnableTerminationProtection RetainExceptOnCreate DeploymentConfig DisableValidation',
  STACK_RIGHTS('CreateStack'),
  async (input, context) => {
    const name = checkStackName(required(input, 'StackName'));
    refuse(input, ...UNUSED);
    refuseTriggers(input);
    if (flag(input, 'RetainExceptOnCreate')) throw invalid('The sandbox does not carry RetainExceptOnCreate.');
    const token = checkToken(input);
    const there = findStack(context, name);
    const fingerprint = `CreateStack ${text(input, 'TemplateBody')?.length ?? 0}`;
    if (there && answeredBefore(there, token, fingerprint)) return { StackId: there.stackId };
    if (there && there.status !== 'REVIEW_IN_PROGRESS')
      throw new ServiceError('AlreadyExistsException', `Stack [${name}] already exists`, 400);
    if (there)
      throw new ServiceError(
        'AlreadyExistsException',
        `Stack [${name}] already exists and is in REVIEW_IN_PROGRESS state`,
        400,
      );
    const onFailure = text(input, 'OnFailure');
    if (onFailure !== undefined && input['DisableRollback'] !== undefined)
      throw invalid('You must specify only one of the OnFailure and DisableRollback parameters.');
    if (onFailure !== undefined && !['DO_NOTHING', 'ROLLBACK', 'DELETE'].includes(onFailure))
      throw invalid(
        `1 validation error detected: Value '${onFailure}' at 'onFailure' failed to satisfy constraint: Member must satisfy enum value set: [ROLLBACK, DELETE, DO_NOTHING]`,
      );
    const timeout = text(input, 'TimeoutInMinutes');
    if (timeout !== undefined && !(Number(timeout) >= 1))
      throw invalid(
        `1 validation error detected: Value '${timeout}' at 'timeoutInMinutes' failed to satisfy constraint: Member must have value greater than or equal to 1`,
      );
    const { wish, template } = await readWish(input, context, undefined);
    const roleArn = text(input, 'RoleARN');
    await actingPrincipal(context, roleArn, context.caller);
    // Somebody else may have taken the name while this request was being checked.
    if (findStack(context, name))
      throw new ServiceError('AlreadyExistsException', `Stack [${name}] already exists`, 400);
    const stack = newStack(context, name, {
      description: template.description,
      roleArn,
      disableRollback: flag(input, 'DisableRollback') ?? deploymentRollback(input) ?? false,
      onFailure: (onFailure as StackRecord['onFailure'] | undefined) ?? 'ROLLBACK',
      timeoutMinutes: timeout === undefined ? undefined : Number(timeout),
      terminationProtection: flag(input, 'EnableTerminationProtection') ?? false,
      policy: stackPolicy(input),
      tokens: token === undefined ? {} : { [token]: fingerprint },
    });
    wishes(context, stack.stackId).put('wanted', wish);
    begin(context, stack.stackId, { status: 'CREATE_IN_PROGRESS', caller: context.caller, token });
    return { StackId: stack.stackId };
  },
);

/** From these an update may start. */
const UPDATABLE = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'CREATE_FAILED',
  'UPDATE_FAILED',
  'IMPORT_COMPLETE',
];

export function needUpdatable(stack: StackRecord): void {
  if (!UPDATABLE.includes(stack.status))
    throw invalid(`Stack:${stack.stackId} is in ${stack.status} state and can not be updated.`);
}

/** Starts an update towards `wish`; the stack has been looked at before. */
export function beginUpdate(
  context: Context,
  stack: StackRecord,
  wish: Wish,
  options: { token?: string | undefined; disableRollback?: boolean | undefined; roleArn?: string | undefined },
): void {
  clearSteps(context, stack.stackId, stack.status === 'UPDATE_FAILED');
  wishes(context, stack.stackId).put('wanted', wish);
  patchStack(context, stack.stackId, {
    updated: context.now(),
    disableRollback: options.disableRollback ?? stack.disableRollback,
    ...(options.roleArn === undefined ? {} : { roleArn: options.roleArn }),
  });
  begin(context, stack.stackId, { status: 'UPDATE_IN_PROGRESS', caller: context.caller, token: options.token });
}

const updateStack: Action = action(
  'StackName TemplateBody TemplateURL UsePreviousTemplate StackPolicyDuringUpdateBody StackPolicyDuringUpdateURL Parameters Capabilities ResourceTypes RoleARN RollbackConfiguration StackPolicyBody StackPolicyURL NotificationARNs Tags DisableRollback ClientRequestToken RetainExceptOnCreate DeploymentConfig DisableValidation',
  STACK_RIGHTS('UpdateStack'),
  async (input, context) => {
    const name = required(input, 'StackName');
    refuse(input, ...UNUSED);
    refuseTriggers(input);
    if (flag(input, 'RetainExceptOnCreate')) throw invalid('The sandbox does not carry RetainExceptOnCreate.');
    const stack = liveStack(context, name);
    const token = checkToken(input);
    const fingerprint = `UpdateStack ${text(input, 'TemplateBody')?.length ?? 0}`;
    if (answeredBefore(stack, token, fingerprint)) return { StackId: stack.stackId };
    needUpdatable(stack);
    const deployed = wishes(context, stack.stackId).get('deployed');
    const { wish, template } = await readWish(input, context, deployed ?? wishes(context, stack.stackId).get('wanted'));
    const roleArn = text(input, 'RoleARN') ?? stack.roleArn;
    const as = await actingPrincipal(context, roleArn, context.caller);
    const plan = await planChanges(context, stack, template, wish, deployed, as, 'later');
    if (plan.changes.length === 0 && !plan.besides && !/FAILED/.test(stack.status))
      throw invalid('No updates are to be performed.');
    checkPolicy(stack, plan.changes);
    needUpdatable(liveStack(context, stack.stackId));
    const now = patchStack(context, stack.stackId, {
      ...(text(input, 'StackPolicyBody') === undefined ? {} : { policy: stackPolicy(input) }),
      ...(token === undefined ? {} : { tokens: { ...stack.tokens, [token]: fingerprint } }),
    });
    beginUpdate(context, now, wish, {
      token,
      roleArn,
      disableRollback: flag(input, 'DisableRollback') ?? deploymentRollback(input) ?? false,
    });
    return { StackId: stack.stackId };
  },
);

const deleteStack: Action = action(
  'StackName RetainResources RoleARN ClientRequestToken DeletionMode DeploymentConfig',
  STACK_RIGHTS('DeleteStack'),
  async (input, context) => {
    const name = required(input, 'StackName');
    const stack = findStack(context, name);
    // Deleting what is not there, or was deleted, is no error.
    if (!stack || stack.status === 'DELETE_COMPLETE') return undefined;
    const token = checkToken(input);
    if (answeredBefore(stack, token, 'DeleteStack')) return undefined;
    const retain = texts(input, 'RetainResources');
    const mode = text(input, 'DeletionMode');
    if (mode !== undefined && mode !== 'STANDARD' && mode !== 'FORCE_DELETE_STACK')
      throw invalid(
        `1 validation error detected: Value '${mode}' at 'deletionMode' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, FORCE_DELETE_STACK]`,
      );
    const force = mode === 'FORCE_DELETE_STACK';
    if (stack.terminationProtection)
      throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    if (stack.status === 'DELETE_IN_PROGRESS') return undefined;
    if (operations(context).has(stack.stackId) && !/^(CREATE|ROLLBACK)_IN_PROGRESS$/.test(stack.status))
      throw invalid(`Stack [${stack.name}] cannot be deleted while in status ${stack.status}`);
    if ((retain.length > 0 || force) && stack.status !== 'DELETE_FAILED')
      throw invalid(
        force
          ? `Invalid operation on stack [${stack.stackId}]. Force delete is only allowed when the stack is in DELETE_FAILED state.`
          : `Invalid operation on stack [${stack.stackId}]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state.`,
      );
    const failed = new Set(
      [...resources(context, stack.stackId).values()]
        .filter((record) => record.status === 'DELETE_FAILED')
        .map((record) => record.logicalId),
    );
    const wrong = retain.find((id) => !failed.has(id));
    if (wrong !== undefined)
      throw invalid(`The specified resources to retain must be in a valid state: [${wrong}] is not in DELETE_FAILED.`);
    const roleArn = text(input, 'RoleARN');
    await actingPrincipal(context, roleArn ?? stack.roleArn, context.caller);
    patchStack(context, stack.stackId, {
      ...(roleArn === undefined ? {} : { roleArn }),
      ...(token === undefined ? {} : { tokens: { ...stack.tokens, [token]: 'DeleteStack' } }),
    });
    begin(context, stack.stackId, { status: 'DELETE_IN_PROGRESS', caller: context.caller, token, retain, force });
    return undefined;
  },
);

const cancelUpdateStack: Action = action(
  'StackName ClientRequestToken',
  STACK_RIGHTS('CancelUpdateStack'),
  (input, context) => {
    const stack = liveStack(context, required(input, 'StackName'));
    const operation = operations(context).get(stack.stackId);
    if (stack.status !== 'UPDATE_IN_PROGRESS' || !operation)
      throw invalid(`CancelUpdateStack cannot be called from current stack status`);
    operations(context).put(stack.stackId, { ...operation, cancelled: true });
    return undefined;
  },
);

const continueUpdateRollback: Action = action(
  'StackName RoleARN ResourcesToSkip ClientRequestToken ForceRollback',
  STACK_RIGHTS('ContinueUpdateRollback'),
  async (input, context) => {
    const stack = liveStack(context, required(input, 'StackName'));
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED')
      throw invalid(`Stack:${stack.stackId} is in ${stack.status} state and can not continue update rollback.`);
    const skip = texts(input, 'ResourcesToSkip');
    const wrong = skip.find((id) => resources(context, stack.stackId).get(id)?.status !== 'UPDATE_FAILED');
    if (wrong !== undefined) throw invalid(`Resources to skip: [${wrong}] must be in the UPDATE_FAILED state.`);
    const roleArn = text(input, 'RoleARN');
    await actingPrincipal(context, roleArn ?? stack.roleArn, context.caller);
    if (roleArn !== undefined) patchStack(context, stack.stackId, { roleArn });
    begin(context, stack.stackId, {
      status: 'UPDATE_ROLLBACK_IN_PROGRESS',
      caller: context.caller,
      token: checkToken(input),
      skip,
    });
    return {};
  },
);

const rollbackStack: Action = action(
  'StackName RoleARN ClientRequestToken RetainExceptOnCreate DeploymentConfig',
  STACK_RIGHTS('RollbackStack'),
  async (input, context) => {
    const stack = liveStack(context, required(input, 'StackName'));
    if (flag(input, 'RetainExceptOnCreate')) throw invalid('The sandbox does not carry RetainExceptOnCreate.');
    const next: Record<string, string> = {
      CREATE_FAILED: 'ROLLBACK_IN_PROGRESS',
      UPDATE_FAILED: 'UPDATE_ROLLBACK_IN_PROGRESS',
    };
    const status = next[stack.status];
    if (status === undefined)
      throw invalid(`Stack:${stack.stackId} is in ${stack.status} state and can not be rolled back.`);
    const roleArn = text(input, 'RoleARN');
    await actingPrincipal(context, roleArn ?? stack.roleArn, context.caller);
    if (roleArn !== undefined) patchStack(context, stack.stackId, { roleArn });
    begin(context, stack.stackId, { status, caller: context.caller, token: checkToken(input) });
    return { StackId: stack.stackId };
  },
);

export const stackActions: Record<string, Action> = {
  CreateStack: createStack,
  UpdateStack: updateStack,
  DeleteStack: deleteStack,
  CancelUpdateStack: cancelUpdateStack,
  ContinueUpdateRollback: continueUpdateRollback,
  RollbackStack: rollbackStack,
};
