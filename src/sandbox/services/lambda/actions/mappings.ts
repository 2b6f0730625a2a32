/**
 * Event source mappings: a source whose records a function takes in batches. One file, because create and update take the
 * same settings, and what a stream and a queue allow of them is one table.
 */
import { InvalidEventPattern, parsePattern } from '../../../../event-pattern/index.ts';
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output } from '../../../service.ts';
import { findFunction, functionArn, functionName, invalid, only, refuse } from '../names.ts';
import { follow, sourceOf, unfollow } from '../polling.ts';
import type { MappingRecord } from '../records.ts';
import type { EventSource } from '../sources/source.ts';
import { page } from './functions.ts';

const SETTINGS = [
  'FunctionName',
  'Enabled',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'ParallelizationFactor',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
  'FilterCriteria',
  'DestinationConfig',
  'TumblingWindowInSeconds',
  'ScalingConfig',
];

function show(mapping: MappingRecord, state: MappingRecord['state'] = mapping.state): Output {
  const stream = sourceOf(mapping.source)?.kind !== 'queue';
  return {
    UUID: mapping.uuid,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.window,
    EventSourceArn: mapping.source,
    EventSourceMappingArn: mapping.functionArn.replace(/:function:.*$/, `:event-source-mapping:${mapping.uuid}`),
    FunctionArn: mapping.functionArn,
    LastModified: new Date(mapping.modified),
    State: state,
    StateTransitionReason: stream ? 'User action' : 'USER_INITIATED',
    ...(stream
      ? {
          LastProcessingResult: mapping.lastResult,
          ParallelizationFactor: 1,
          ...(mapping.startingPosition === undefined ? {} : { StartingPosition: mapping.startingPosition }),
          MaximumRecordAgeInSeconds: mapping.maximumRecordAge,
          BisectBatchOnFunctionError: mapping.bisect,
          MaximumRetryAttempts: mapping.maximumRetryAttempts,
          TumblingWindowInSeconds: 0,
          DestinationConfig: { OnFailure: {} },
        }
      : mapping.concurrency === undefined
        ? {}
        : { ScalingConfig: { MaximumConcurrency: mapping.concurrency } }),
    FunctionResponseTypes: mapping.reportsFailures ? ['ReportBatchItemFailures'] : [],
    ...(mapping.filters.length > 0
      ? { FilterCriteria: { Filters: mapping.filters.map((Pattern) => ({ Pattern })) } }
      : {}),
  };
}

function whole(input: Input, name: string, low: number, high: number): number | undefined {
  const value: unknown = input[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value '${String(value)}' at '${name.slice(0, 1).toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must have value ${typeof value === 'number' && value > high ? `less than or equal to ${high}` : `greater than or equal to ${low}`}`,
    400,
  );
}

function filtersOf(value: unknown): string[] {
  const filters = (value as { Filters?: { Pattern?: unknown }[] } | undefined)?.Filters ?? [];
  if (filters.length > 5) throw invalid('Invalid filter criteria: there can be at most 5 filters.');
  return filters.map(({ Pattern }) => {
    try {
      parsePattern(String(Pattern));
    } catch (error) {
      if (error instanceof InvalidEventPattern) throw invalid(`Invalid filter pattern definition. (${error.message})`);
      throw error;
    }
    return String(Pattern);
  });
}

const STREAM_ONLY = [
  'StartingPosition',
  'ParallelizationFactor',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'TumblingWindowInSeconds',
];

/** What a queue's mapping has of its own: a window to fill large batches in, and a bound on invocations at a time. */
function queueSettings(input: Input, batchSize: number, window: number): Partial<MappingRecord> {
  for (const name of STREAM_ONLY)
    if (input[name] !== undefined) throw invalid(`Unsupported parameter for the event source type SQS: ${name}`);
  const changes: Partial<MappingRecord> = {};
  const given = whole(input, 'MaximumBatchingWindowInSeconds', 0, 300);
  if (given !== undefined) changes.window = given;
  if ((whole(input, 'BatchSize', 1, 10_000) ?? batchSize) > 10 && (given ?? window) < 1)
    throw invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10');
  const scaling = input['ScalingConfig'] as Input | undefined;
  if (scaling !== undefined) {
    only('ScalingConfig', scaling, ['MaximumConcurrency']);
    const concurrency = whole(scaling, 'MaximumConcurrency', 2, 1_000);
    Object.assign(changes, { concurrency });
  }
  return changes;
}

/** The settings that both create and update take. */
function settings(
  operation: string,
  input: Input,
  source: EventSource,
  before: { batchSize: number; window: number },
): Partial<MappingRecord> {
  const own = source.kind === 'queue' ? queueSettings(input, before.batchSize, before.window) : {};
  for (const [name, usual] of [
    ['MaximumBatchingWindowInSeconds', 0],
    ['ParallelizationFactor', 1],
    ['TumblingWindowInSeconds', 0],
  ] as const)
    if (source.kind === 'stream' && input[name] !== undefined && input[name] !== usual) throw refuse(operation, name);
  const destination = input['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined;
  if (destination?.OnFailure?.Destination) throw refuse(operation, 'DestinationConfig');
  if (source.kind === 'stream' && Object.keys((input['ScalingConfig'] ?? {}) as object).length > 0)
    throw refuse(operation, 'ScalingConfig');
  const types = (input['FunctionResponseTypes'] ?? []) as string[];
  if (types.some((type) => type !== 'ReportBatchItemFailures'))
    throw invalid(`FunctionResponseTypes can hold ReportBatchItemFailures only.`);
  const changes: Partial<MappingRecord> = { ...own };
  const batchSize = whole(input, 'BatchSize', 1, source.batch.most);
  const attempts = whole(input, 'MaximumRetryAttempts', -1, 10_000);
  const age = whole(input, 'MaximumRecordAgeInSeconds', -1, 604_800);
  if (batchSize !== undefined) changes.batchSize = batchSize;
  if (attempts !== undefined) changes.maximumRetryAttempts = attempts;
  if (age !== undefined) changes.maximumRecordAge = age;
  if (input['BisectBatchOnFunctionError'] !== undefined) changes.bisect = input['BisectBatchOnFunctionError'] === true;
  if (input['FunctionResponseTypes'] !== undefined) changes.reportsFailures = types.length > 0;
  if (input['FilterCriteria'] !== undefined) changes.filters = filtersOf(input['FilterCriteria']);
  return changes;
}

const mappings = (context: Context) => context.table<MappingRecord>('mappings');

const create: Action = {
  permissions: () => [{ action: 'lambda:CreateEventSourceMapping', resource: '*' }],
  async run(input, context) {
    only('CreateEventSourceMapping', input, [...SETTINGS, 'EventSourceArn', 'StartingPosition', 'Tags']);
    const record = findFunction(input, context);
    const arn: unknown = input['EventSourceArn'];
    const source = typeof arn === 'string' ? sourceOf(arn) : undefined;
    if (typeof arn !== 'string' || !source)
      throw typeof arn === 'string' && /^arn:[\w-]+:[\w-]+:/.test(arn)
        ? invalid(`The sandbox does not carry the event source ${arn}.`)
        : invalid('Unrecognized event source.');
    const start: unknown = input['StartingPosition'];
    if (source.startingPositions.length > 0 && start === undefined)
      throw invalid(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
      );
    if (source.kind === 'stream' && start !== undefined && !source.startingPositions.includes(String(start)))
      throw invalid(
        `Unsupported starting position for stream type. Please provide a supported type: ${source.startingPositions.join(', ')}`,
      );
    const changes = settings('CreateEventSourceMapping', input, source, { batchSize: source.batch.usual, window: 0 });
    for (const other of mappings(context).values())
      if (other.source === arn && other.functionName === record.name)
        throw new ServiceError(
          'ResourceConflictException',
          `The event source arn (" ${arn} ") and function (" ${record.name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${other.uuid}`,
          409,
          { Type: 'User' },
        );
    const enabled = input['Enabled'] !== false;
    const mapping: MappingRecord = {
      uuid: context.world.uuid(),
      functionName: record.name,
      functionArn: record.arn,
      source: arn,
      batchSize: source.batch.usual,
      enabled,
      state: 'Creating',
      window: 0,
      maximumRetryAttempts: -1,
      maximumRecordAge: -1,
      bisect: false,
      reportsFailures: false,
      filters: [],
      tags: (input['Tags'] ?? {}) as Record<string, string>,
      modified: context.now(),
      lastResult: 'No records processed',
      ...(start === undefined ? {} : { startingPosition: String(start) }),
      ...changes,
    };
    await source.begin(mapping, input, context);
    mappings(context).put(mapping.uuid, mapping);
    goOn(mapping, context);
    return show(mapping);
  },
};

/** Brings a mapping to its next state, and follows its source when that is Enabled; also after a restart. */
function goOn(mapping: MappingRecord, context: Context): void {
  if (mapping.state === 'Enabled') {
    follow(mapping, context);
    return;
  }
  if (mapping.state === 'Disabled') return;
  context.world.background(`event source mapping ${mapping.uuid}`, async () => {
    await context.world.pause();
    const now = mappings(context).get(mapping.uuid);
    if (!now) return;
    if (now.state === 'Deleting') {
      unfollow(now.uuid, context);
      sourceOf(now.source)?.end(now, context);
      mappings(context).delete(now.uuid);
      return;
    }
    const next: MappingRecord = { ...now, state: now.enabled ? 'Enabled' : 'Disabled' };
    mappings(context).put(next.uuid, next);
    if (next.state === 'Enabled') follow(next, context);
    else unfollow(next.uuid, context);
  });
}

export function resumeMappings(context: Context): void {
  for (const mapping of [...mappings(context).values()]) goOn(mapping, context);
}

function find(input: Input, context: Context): MappingRecord {
  const mapping = mappings(context).get(String(input['UUID'] ?? ''));
  if (!mapping)
    throw new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', 404, {
      Type: 'User',
    });
  return mapping;
}

const onMapping = (action: string) => (input: Input, context: Context) => [
  { action: `lambda:${action}`, resource: context.arn(`event-source-mapping:${String(input['UUID'] ?? '')}`) },
];

function settled(mapping: MappingRecord): void {
  if (!['Enabled', 'Disabled'].includes(mapping.state))
    throw new ServiceError(
      'ResourceInUseException',
      `Cannot update the event source mapping because it is in use.`,
      400,
      { Type: 'User' },
    );
}

const update: Action = {
  permissions: onMapping('UpdateEventSourceMapping'),
  run(input, context) {
    only('UpdateEventSourceMapping', input, [...SETTINGS, 'UUID']);
    const mapping = find(input, context);
    const source = sourceOf(mapping.source);
    settled(mapping);
    if (!source) throw invalid('Unrecognized event source.');
    const changes = settings('UpdateEventSourceMapping', input, source, mapping);
    if (input['FunctionName'] !== undefined) {
      const record = findFunction(input, context);
      Object.assign(changes, { functionName: record.name, functionArn: record.arn });
    }
    const enabled = typeof input['Enabled'] === 'boolean' ? input['Enabled'] : mapping.enabled;
    const next: MappingRecord = {
      ...mapping,
      ...changes,
      enabled,
      state: enabled === mapping.enabled ? 'Updating' : enabled ? 'Enabling' : 'Disabling',
      modified: context.now(),
    };
    mappings(context).put(next.uuid, next);
    unfollow(next.uuid, context);
    goOn(next, context);
    return show(next);
  },
};

const remove: Action = {
  permissions: onMapping('DeleteEventSourceMapping'),
  run(input, context) {
    const mapping = find(input, context);
    settled(mapping);
    const next: MappingRecord = { ...mapping, state: 'Deleting' };
    mappings(context).put(next.uuid, next);
    unfollow(next.uuid, context);
    goOn(next, context);
    return show(next);
  },
};

const get: Action = {
  permissions: onMapping('GetEventSourceMapping'),
  run: (input, context) => show(find(input, context)),
};

const list: Action = {
  permissions: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],
  run(input, context) {
    only('ListEventSourceMappings', input, ['Marker', 'MaxItems', 'EventSourceArn', 'FunctionName']);
    const wanted =
      input['FunctionName'] === undefined
        ? undefined
        : functionArn(functionName(input['FunctionName'], context).name, context);
    const all = [...mappings(context).values()].filter(
      (mapping) =>
        (wanted === undefined || mapping.functionArn === wanted) &&
        (input['EventSourceArn'] === undefined || mapping.source === input['EventSourceArn']),
    );
    const { items, next } = page(all, input, 100);
    return { EventSourceMappings: items.map((mapping) => show(mapping)), ...(next ? { NextMarker: next } : {}) };
  },
};

export const mappingActions: Record<string, Action> = {
  CreateEventSourceMapping: create,
  GetEventSourceMapping: get,
  ListEventSourceMappings: list,
  UpdateEventSourceMapping: update,
  DeleteEventSourceMapping: remove,
};
