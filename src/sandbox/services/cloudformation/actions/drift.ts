/**
 * Drift: what somebody changed or deleted behind CloudFormation's back. Only what the template sets is compared, as on AWS
 * (guide, "Detect unmanaged configuration changes to stacks and resources with drift detection").
 */
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { Action, Context } from '../../../service.ts';
import { makeWork, typeOf } from '../engine/run.ts';
import {
  type DriftRecord,
  drifts,
  patchStack,
  type ResourceDrift,
  type ResourceRecord,
  resources,
  type StackRecord,
} from '../records.ts';
import { isNotFound } from '../resources/type.ts';
import { invalid, isObject, sameValue } from '../template/model.ts';
import { action, liveStack, page, required, text, texts } from './input.ts';

type Differences = ResourceDrift['differences'];

function shown(value: unknown): string {
  if (value === undefined) return 'null';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Where two values differ, by JSON pointer. Lists count as sets: services give them back in an order of their own. */
export function differencesOf(expected: unknown, actual: unknown, path = ''): Differences {
  if (sameValue(expected, actual)) return [];
  if (isObject(expected) && isObject(actual))
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].flatMap((key) =>
      differencesOf(expected[key], actual[key], `${path}/${key}`),
    );
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const more = [...actual];
    const less: [number, unknown][] = [];
    for (const [index, item] of expected.entries()) {
      const at = more.findIndex((other) => sameValue(item, other));
      if (at < 0) less.push([index, item]);
      else more.splice(at, 1);
    }
    const found = less.flatMap(([index, item]) => differencesOf(item, more.shift(), `${path}/${index}`));
    return [
      ...found,
      ...more.flatMap((item, index) => differencesOf(undefined, item, `${path}/${expected.length + index}`)),
    ];
  }
  return [
    {
      PropertyPath: path,
      ExpectedValue: shown(expected),
      ActualValue: shown(actual),
      DifferenceType: expected === undefined ? 'ADD' : actual === undefined ? 'REMOVE' : 'NOT_EQUAL',
    },
  ];
}

async function check(
  context: Context,
  stack: StackRecord,
  record: ResourceRecord,
  as: Principal,
): Promise<ResourceDrift | undefined> {
  const type = typeOf(record.type);
  if (!type.read || !record.made || record.physicalId === undefined) return undefined;
  const work = makeWork({ context, stackId: stack.stackId, as }, record, { keep: () => {} });
  let now: Record<string, unknown> | undefined;
  try {
    now = await type.read(record.physicalId, record.properties, work);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const checked = context.now();
  if (!now) return { status: 'DELETED', checked, expected: record.properties, differences: [] };
  const names = Object.keys(now).filter((name) => record.properties[name] !== undefined);
  const only = (from: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, from[name]]));
  const expected = only(record.properties);
  const actual = only(now);
  const differences = differencesOf(expected, actual);
  return { status: differences.length > 0 ? 'MODIFIED' : 'IN_SYNC', checked, expected, actual, differences };
}

/** Goes on with a detection that has been answered for. */
export function detect(context: Context, id: string): void {
  context.world.background(`cloudformation drift ${id}`, async () => {
    await context.world.pause();
    const drift = drifts(context).get(id);
    if (!drift) return;
    const stack = patchStack(context, drift.stackId, {});
    const end = (change: Partial<DriftRecord>): void => drifts(context).put(id, { ...drift, ...change });
    let count = 0;
    try {
      for (const record of [...resources(context, stack.stackId).values()]) {
        if (drift.logicalIds && !drift.logicalIds.includes(record.logicalId)) continue;
        const found = await check(context, stack, record, drift.caller);
        if (context.world.stopping) return;
        const now = resources(context, stack.stackId).get(record.logicalId);
        if (now) resources(context, stack.stackId).put(record.logicalId, { ...now, drift: found });
        if (found && found.status !== 'IN_SYNC') count++;
      }
    } catch (error) {
      const reason = error instanceof ServiceError ? error.message : String(error);
      return end({ detection: 'DETECTION_FAILED', reason });
    }
    const status = count > 0 ? 'DRIFTED' : 'IN_SYNC';
    patchStack(context, stack.stackId, { drift: { status, checked: context.now() } });
    end({ detection: 'DETECTION_COMPLETE', status, count });
  });
}

const RESTING = /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE|UPDATE_ROLLBACK_FAILED|IMPORT_COMPLETE)$/;

function restingStack(context: Context, name: string): StackRecord {
  const stack = liveStack(context, name);
  if (!RESTING.test(stack.status))
    throw invalid(`Stack ${stack.name} is in ${stack.status} state. Drift detection cannot be performed on it.`);
  return stack;
}

const detectStackDrift: Action = action('StackName LogicalResourceIds', 'DetectStackDrift', (input, context) => {
  const stack = restingStack(context, required(input, 'StackName'));
  for (const other of drifts(context).values())
    if (other.stackId === stack.stackId && other.detection === 'DETECTION_IN_PROGRESS')
      throw invalid(`Drift detection is already in progress for stack [${stack.stackId}]`);
  const chosen = texts(input, 'LogicalResourceIds');
  for (const id of chosen)
    if (!resources(context, stack.stackId).has(id))
      throw invalid(`Resource ${id} does not exist for stack ${stack.name}`);
  for (const old of [...drifts(context).values()]) if (old.stackId === stack.stackId) drifts(context).delete(old.id);
  const id = context.world.uuid();
  drifts(context).put(id, {
    id,
    stackId: stack.stackId,
    logicalIds: chosen.length > 0 ? chosen : null,
    caller: context.caller,
    at: context.now(),
    detection: 'DETECTION_IN_PROGRESS',
  });
  detect(context, id);
  return { StackDriftDetectionId: id };
});

const describeStackDriftDetectionStatus: Action = action(
  'StackDriftDetectionId',
  () => [{ action: 'cloudformation:DescribeStackDriftDetectionStatus', resource: '*' }],
  (input, context) => {
    const id = required(input, 'StackDriftDetectionId');
    const drift = drifts(context).get(id);
    if (!drift) throw invalid(`Invalid drift detection id: ${id}`);
    return {
      StackId: drift.stackId,
      StackDriftDetectionId: id,
      StackDriftStatus: drift.status,
      DetectionStatus: drift.detection,
      DetectionStatusReason: drift.reason,
      DriftedStackResourceCount: drift.count,
      Timestamp: new Date(drift.at),
    };
  },
);

function show(stack: StackRecord, record: ResourceRecord, drift: ResourceDrift): Record<string, unknown> {
  return {
    StackId: stack.stackId,
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId,
    ResourceType: record.type,
    ExpectedProperties: JSON.stringify(drift.expected),
    ActualProperties: drift.actual === undefined ? undefined : JSON.stringify(drift.actual),
    PropertyDifferences: drift.differences,
    StackResourceDriftStatus: drift.status,
    Timestamp: new Date(drift.checked),
  };
}

const describeStackResourceDrifts: Action = action(
  'StackName StackResourceDriftStatusFilters NextToken MaxResults',
  'DescribeStackResourceDrifts',
  (input, context) => {
    const stack = liveStack(context, required(input, 'StackName'));
    const filters = texts(input, 'StackResourceDriftStatusFilters');
    const size = Number(text(input, 'MaxResults') ?? 100);
    if (!Number.isInteger(size) || size < 1 || size > 100)
      throw invalid(
        `1 validation error detected: Value '${size}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and 100`,
      );
    const all = [...resources(context, stack.stackId).values()].flatMap((record) =>
      record.drift && (filters.length === 0 || filters.includes(record.drift.status))
        ? [{ record, drift: record.drift }]
        : [],
    );
    const { items, NextToken } = page(all, input, size, ({ record }) => record.logicalId);
    return { StackResourceDrifts: items.map(({ record, drift }) => show(stack, record, drift)), NextToken };
  },
);

const detectStackResourceDrift: Action = action(
  'StackName LogicalResourceId',
  'DetectStackResourceDrift',
  async (input, context) => {
    const stack = restingStack(context, required(input, 'StackName'));
    const logicalId = required(input, 'LogicalResourceId');
    const record = resources(context, stack.stackId).get(logicalId);
    if (!record) throw invalid(`Resource ${logicalId} does not exist for stack ${stack.name}`);
    const drift = await check(context, stack, record, context.caller);
    if (!drift) throw invalid(`Drift detection is not supported for resource type ${record.type}.`);
    resources(context, stack.stackId).put(logicalId, { ...record, drift });
    return { StackResourceDrift: show(stack, record, drift) };
  },
);

export const driftActions: Record<string, Action> = {
  DetectStackDrift: detectStackDrift,
  DescribeStackDriftDetectionStatus: describeStackDriftDetectionStatus,
  DescribeStackResourceDrifts: describeStackResourceDrifts,
  DetectStackResourceDrift: detectStackResourceDrift,
};
