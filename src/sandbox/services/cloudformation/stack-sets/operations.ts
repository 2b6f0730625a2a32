/** DescribeStackSetOperation, ListStackSetOperations, ListStackSetOperationResults, StopStackSetOperation. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { action, page, text } from '../actions/input.ts';
import { patchOperation } from './drive.ts';
import { constraint, filtersOf, needSet, pageSize, setRights, shownPreferences } from './input.ts';
import { placeOf, results, type SetOperationRecord, setOperations, type StackSetRecord } from './records.ts';
import { checkCaller } from './sets.ts';

function needOperation(input: Input, context: Context, set: StackSetRecord): SetOperationRecord {
  const id = text(input, 'OperationId');
  if (id === undefined) throw constraint(null, 'operationId', 'Member must not be null');
  const found = setOperations(context, set.id).get(id);
  if (!found) throw new ServiceError('OperationNotFoundException', `Operation ${id} not found`, 404);
  return found;
}

function shown(context: Context, operation: SetOperationRecord): Record<string, unknown> {
  const failed = [...results(context, operation.stackSetId, operation.id).values()].filter(
    ({ status }) => status === 'FAILED',
  );
  return {
    OperationId: operation.id,
    Action: operation.action,
    Status: operation.status,
    OperationPreferences: shownPreferences(operation.preferences),
    CreationTimestamp: new Date(operation.created),
    EndTimestamp: operation.ended === undefined ? undefined : new Date(operation.ended),
    StatusDetails: { FailedStackInstancesCount: failed.length },
  };
}

const describeStackSetOperation: Action = action(
  'StackSetName OperationId CallAs',
  setRights('DescribeStackSetOperation'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const operation = needOperation(input, context, set);
    const { targets } = operation;
    return {
      StackSetOperation: {
        ...shown(context, operation),
        StackSetId: set.id,
        RetainStacks: operation.retainStacks,
        AdministrationRoleARN: operation.administrationRoleArn,
        ExecutionRoleName: operation.executionRoleName,
        DeploymentTargets: targets && {
          OrganizationalUnitIds: targets.units,
          Accounts: targets.accounts,
          AccountFilterType: targets.filter,
        },
      },
    };
  },
);

const listStackSetOperations: Action = action(
  'StackSetName NextToken MaxResults CallAs',
  setRights('ListStackSetOperations'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const newest = [...setOperations(context, set.id).values()].reverse();
    const { items, NextToken } = page(newest, input, pageSize(input), ({ id }) => id);
    return { Summaries: items.map((one) => shown(context, one)), NextToken };
  },
);

const listStackSetOperationResults: Action = action(
  'StackSetName OperationId NextToken MaxResults CallAs Filters',
  setRights('ListStackSetOperationResults'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const operation = needOperation(input, context, set);
    const [filter] = filtersOf(input, ['OPERATION_RESULT_STATUS']);
    const all = [...results(context, set.id, operation.id).values()].filter(
      ({ status }) => filter === undefined || status === filter.value,
    );
    const { items, NextToken } = page(all, input, pageSize(input), (one) => placeOf(one.account, one.region));
    return {
      Summaries: items.map((one) => ({
        Account: one.account,
        Region: one.region,
        Status: one.status,
        StatusReason: one.reason,
        AccountGateResult: one.gate && { Status: one.gate.status, StatusReason: one.gate.reason },
        OrganizationalUnitId: one.unit ?? '',
      })),
      NextToken,
    };
  },
);

const stopStackSetOperation: Action = action(
  'StackSetName OperationId CallAs',
  setRights('StopStackSetOperation'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const operation = needOperation(input, context, set);
    if (operation.status === 'STOPPING' || operation.status === 'STOPPED') return undefined;
    if (operation.status === 'QUEUED') {
      for (const result of [...results(context, set.id, operation.id).values()])
        results(context, set.id, operation.id).put(placeOf(result.account, result.region), {
          ...result,
          status: 'CANCELLED',
          reason: 'Cancelled since the operation was stopped',
        });
      patchOperation(context, operation, { status: 'STOPPED', ended: context.now() });
      return undefined;
    }
    if (operation.status !== 'RUNNING')
      throw new ServiceError(
        'InvalidOperationException',
        `Operation ${operation.id} cannot be stopped because it is in ${operation.status} status`,
        400,
      );
    patchOperation(context, operation, { status: 'STOPPING' });
    return undefined;
  },
);

export const operationActions: Record<string, Action> = {
  DescribeStackSetOperation: describeStackSetOperation,
  ListStackSetOperations: listStackSetOperations,
  ListStackSetOperationResults: listStackSetOperationResults,
  StopStackSetOperation: stopStackSetOperation,
};
