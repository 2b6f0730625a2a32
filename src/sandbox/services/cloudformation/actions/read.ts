/** Actions that show stacks, their resources and what happened. */
import type { Action, Context, Input, Permission } from '../../../service.ts';
import {
  type EventRecord,
  events,
  type ResourceRecord,
  resources,
  type StackRecord,
  stacks,
  wishes,
} from '../records.ts';
import { readTemplate } from '../engine/scope.ts';
import { invalid } from '../template/model.ts';
import { action, findStack, flag, list, needStack, page, refuse, required, shownTags, text } from './input.ts';

const ANY = (name: string) => (): Permission[] => [{ action: `cloudformation:${name}`, resource: '*' }];

function showStack(context: Context, stack: StackRecord): Record<string, unknown> {
  const wish = wishes(context, stack.stackId).get('wanted') ?? wishes(context, stack.stackId).get('deployed');
  const definitions = wish ? readTemplate(wish.templateBody).parameters : {};
  return {
    StackId: stack.stackId,
    StackName: stack.name,
    ChangeSetId: stack.changeSetId,
    Description: stack.description,
    Parameters: Object.entries(wish?.parameters ?? {}).map(([ParameterKey, value]) => {
      const stored = definitions[ParameterKey]?.Type.startsWith('AWS::SSM::Parameter::Value<')
        ? wish?.stored[value]
        : undefined;
      return {
        ParameterKey,
        ParameterValue: definitions[ParameterKey]?.NoEcho ? '****' : value,
        ResolvedValue: stored,
      };
    }),
    CreationTime: new Date(stack.created),
    DeletionTime: date(stack.deleted),
    LastUpdatedTime: date(stack.updated),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: [],
    TimeoutInMinutes: stack.timeoutMinutes,
    Capabilities: wish?.capabilities ?? [],
    Outputs: stack.outputs,
    RoleARN: stack.roleArn,
    Tags: shownTags(wish?.tags ?? {}),
    EnableTerminationProtection: stack.terminationProtection,
    DriftInformation: driftOf(stack),
  };
}

function driftOf(stack: StackRecord): Record<string, unknown> {
  return {
    StackDriftStatus: stack.drift?.status ?? 'NOT_CHECKED',
    LastCheckTimestamp: date(stack.drift?.checked),
  };
}

function date(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}

const describeStacks: Action = action(
  'StackName NextToken',
  (input, context) => [
    {
      action: 'cloudformation:DescribeStacks',
      resource: text(input, 'StackName')
        ? (findStack(context, text(input, 'StackName') ?? '')?.stackId ??
          context.arn(`stack/${text(input, 'StackName')}/*`))
        : '*',
    },
  ],
  (input, context) => {
    const name = text(input, 'StackName');
    if (name !== undefined) return { Stacks: [showStack(context, needStack(context, name))] };
    const all = [...stacks(context).values()].filter((stack) => stack.status !== 'DELETE_COMPLETE').reverse();
    const { items, NextToken } = page(all, input, 100, (stack) => stack.stackId);
    return { Stacks: items.map((stack) => showStack(context, stack)), NextToken };
  },
);

const STATUSES =
  'CREATE_IN_PROGRESS CREATE_FAILED CREATE_COMPLETE ROLLBACK_IN_PROGRESS ROLLBACK_FAILED ROLLBACK_COMPLETE DELETE_IN_PROGRESS DELETE_FAILED DELETE_COMPLETE UPDATE_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE UPDATE_FAILED UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE REVIEW_IN_PROGRESS IMPORT_IN_PROGRESS IMPORT_COMPLETE IMPORT_ROLLBACK_IN_PROGRESS IMPORT_ROLLBACK_FAILED IMPORT_ROLLBACK_COMPLETE'.split(
    ' ',
  );

const listStacks: Action = action('NextToken StackStatusFilter', ANY('ListStacks'), (input, context) => {
  const filter = list(input, 'StackStatusFilter').map(String);
  const wrong = filter.find((status) => !STATUSES.includes(status));
  if (wrong !== undefined)
    throw invalid(
      `1 validation error detected: Value '[${filter.join(', ')}]' at 'stackStatusFilter' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [${STATUSES.join(', ')}]]`,
    );
  const ninetyDaysAgo = context.now() - 90 * 86_400_000;
  const all = [...stacks(context).values()]
    .filter((stack) => stack.deleted === undefined || stack.deleted > ninetyDaysAgo)
    .filter((stack) => filter.length === 0 || filter.includes(stack.status))
    .reverse();
  const { items, NextToken } = page(all, input, 100, (stack) => stack.stackId);
  return {
    StackSummaries: items.map((stack) => ({
      StackId: stack.stackId,
      StackName: stack.name,
      TemplateDescription: stack.description,
      CreationTime: new Date(stack.created),
      LastUpdatedTime: date(stack.updated),
      DeletionTime: date(stack.deleted),
      StackStatus: stack.status,
      StackStatusReason: stack.statusReason,
      DriftInformation: driftOf(stack),
    })),
    NextToken,
  };
});

async function showEvent(context: Context, { properties, ...event }: EventRecord): Promise<Record<string, unknown>> {
  return {
    ...event,
    Timestamp: new Date(event.Timestamp),
    ResourceProperties: properties === undefined ? undefined : await context.unarchive(properties),
  };
}

const describeStackEvents: Action = action('StackName NextToken', 'DescribeStackEvents', async (input, context) => {
  const name = required(input, 'StackName');
  const stack = needStack(context, name, `Stack [${name}] does not exist`);
  const newest = [...events(context, stack.stackId).values()].reverse();
  const { items, NextToken } = page(newest, input, 100, (event) => event.EventId);
  return { StackEvents: await Promise.all(items.map((event) => showEvent(context, event))), NextToken };
});

/** DescribeEvents: the same events by operation, the failed ones alone on request. */
const describeEvents: Action = action(
  'StackName ChangeSetName OperationId Filters NextToken',
  'DescribeEvents',
  async (input, context) => {
    refuse(input, 'ChangeSetName');
    const filters = (typeof input['Filters'] === 'object' ? input['Filters'] : {}) as Input;
    const operation = text(input, 'OperationId');
    const name = text(input, 'StackName');
    if (name === undefined && operation === undefined)
      throw invalid('Either StackName or OperationId must be specified.');
    const chosen = name === undefined ? [...stacks(context).values()] : [needStack(context, name)];
    const newest = chosen
      .flatMap((stack) => [...events(context, stack.stackId).values()])
      .filter((event) => operation === undefined || event.OperationId === operation)
      .filter((event) => !flag(filters, 'FailedEvents') || /_FAILED$/.test(event.ResourceStatus))
      .reverse();
    const { items, NextToken } = page(newest, input, 100, (event) => event.EventId);
    const shown = await Promise.all(items.map((event) => showEvent(context, event)));
    return {
      OperationEvents: shown.map(({ StackName: _name, ...event }) => ({
        ...event,
        EventType: /_FAILED$/.test(String(event['ResourceStatus'])) ? 'PROVISIONING_ERROR' : 'STACK_EVENT',
      })),
      NextToken,
    };
  },
);

function showResource(stack: StackRecord, record: ResourceRecord): Record<string, unknown> {
  return {
    StackName: stack.name,
    StackId: stack.stackId,
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId,
    ResourceType: record.type,
    Timestamp: new Date(record.updated),
    ResourceStatus: record.status,
    ResourceStatusReason: record.reason,
    DriftInformation: resourceDrift(record),
  };
}

function resourceDrift(record: ResourceRecord): Record<string, unknown> {
  return {
    StackResourceDriftStatus: record.drift?.status ?? 'NOT_CHECKED',
    LastCheckTimestamp: date(record.drift?.checked),
  };
}

const describeStackResource: Action = action(
  'StackName LogicalResourceId',
  'DescribeStackResource',
  (input, context) => {
    const name = required(input, 'StackName');
    const stack = needStack(context, name, `Stack '${name}' does not exist`);
    const logicalId = required(input, 'LogicalResourceId');
    const record = resources(context, stack.stackId).get(logicalId);
    if (!record) throw invalid(`Resource ${logicalId} does not exist for stack ${stack.name}`);
    const { Timestamp, ...rest } = showResource(stack, record);
    return {
      StackResourceDetail: {
        ...rest,
        LastUpdatedTimestamp: Timestamp,
        Metadata: record.metadata === undefined ? undefined : JSON.stringify(record.metadata),
      },
    };
  },
);

const describeStackResources: Action = action(
  'StackName LogicalResourceId PhysicalResourceId',
  'DescribeStackResources',
  (input, context) => {
    const name = text(input, 'StackName');
    const physicalId = text(input, 'PhysicalResourceId');
    if ((name === undefined) === (physicalId === undefined))
      throw invalid('You must specify either a StackName or a PhysicalResourceId, and not both.');
    const stack =
      name !== undefined
        ? needStack(context, name, `Stack with id ${name} does not exist`)
        : [...stacks(context).values()].find(
            (candidate) =>
              candidate.status !== 'DELETE_COMPLETE' &&
              [...resources(context, candidate.stackId).values()].some((item) => item.physicalId === physicalId),
          );
    if (!stack) throw invalid(`Stack for ${physicalId} does not exist`);
    const logicalId = text(input, 'LogicalResourceId');
    return {
      StackResources: [...resources(context, stack.stackId).values()]
        .filter((record) => logicalId === undefined || record.logicalId === logicalId)
        .slice(0, 100)
        .map((record) => showResource(stack, record)),
    };
  },
);

const listStackResources: Action = action('StackName NextToken', 'ListStackResources', (input: Input, context) => {
  const name = required(input, 'StackName');
  const stack = needStack(context, name, `Stack with id ${name} does not exist`);
  const all = [...resources(context, stack.stackId).values()];
  const { items, NextToken } = page(all, input, 100, (record) => record.logicalId);
  return {
    StackResourceSummaries: items.map((record) => ({
      LogicalResourceId: record.logicalId,
      PhysicalResourceId: record.physicalId,
      ResourceType: record.type,
      LastUpdatedTimestamp: new Date(record.updated),
      ResourceStatus: record.status,
      ResourceStatusReason: record.reason,
      DriftInformation: resourceDrift(record),
    })),
    NextToken,
  };
});

export const readActions: Record<string, Action> = {
  DescribeStacks: describeStacks,
  ListStacks: listStacks,
  DescribeStackEvents: describeStackEvents,
  DescribeEvents: describeEvents,
  DescribeStackResource: describeStackResource,
  DescribeStackResources: describeStackResources,
  ListStackResources: listStackResources,
};
