/**
 * Tables and their settings: create, update, delete, describe, list; tags, time to live, point-in-time recovery.
 * One file, because each of these is a change to, or a view of, the one record of a table.
 */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output } from '../../../service.ts';
import { checked, invalid, notCarried } from '../dynalite.ts';
import { openItems } from '../items.ts';
import {
  change,
  findTable,
  type IndexRecord,
  named,
  onTable,
  type StreamState,
  type TableRecord,
  type Throughput,
  tableArn,
  tableName,
} from '../tables.ts';

const seconds = (ms: number): number => ms / 1000;

/** As DescribeTable shows it. */
function describe(table: TableRecord, size: { count: number; bytes: number }): Record<string, unknown> {
  const index = (record: IndexRecord): Record<string, unknown> => ({
    IndexName: record.IndexName,
    KeySchema: record.KeySchema,
    Projection: record.Projection,
    ...(record.IndexStatus
      ? { IndexStatus: record.IndexStatus, ProvisionedThroughput: throughput(record.ProvisionedThroughput) }
      : {}),
    IndexSizeBytes: 0,
    ItemCount: 0,
    IndexArn: `${table.TableArn}/index/${record.IndexName}`,
  });
  const { stream } = table;
  return {
    AttributeDefinitions: table.AttributeDefinitions,
    TableName: table.TableName,
    KeySchema: table.KeySchema,
    TableStatus: table.TableStatus,
    CreationDateTime: seconds(table.created),
    ProvisionedThroughput: throughput(table.ProvisionedThroughput),
    TableSizeBytes: size.bytes,
    ItemCount: size.count,
    TableArn: table.TableArn,
    TableId: table.TableId,
    ...(table.BillingMode === 'PAY_PER_REQUEST'
      ? {
          BillingModeSummary: {
            BillingMode: 'PAY_PER_REQUEST',
            LastUpdateToPayPerRequestDateTime: seconds(table.onDemandSince ?? table.created),
          },
        }
      : {}),
    ...(table.LocalSecondaryIndexes?.length ? { LocalSecondaryIndexes: table.LocalSecondaryIndexes.map(index) } : {}),
    ...(table.GlobalSecondaryIndexes?.length
      ? { GlobalSecondaryIndexes: table.GlobalSecondaryIndexes.map(index) }
      : {}),
    ...(stream
      ? {
          ...(stream.enabled ? { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.viewType } } : {}),
          LatestStreamLabel: stream.label,
          LatestStreamArn: stream.arn,
        }
      : {}),
    ...(table.tableClass === 'STANDARD' ? {} : { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.deletionProtection,
  };
}

const throughput = (value: Throughput | undefined): Record<string, number> => ({
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: value?.ReadCapacityUnits ?? 0,
  WriteCapacityUnits: value?.WriteCapacityUnits ?? 0,
});

function inUse(message: string): ServiceError {
  return new ServiceError('ResourceInUseException', message, 400);
}

const VIEW_TYPES = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'];

/** Reads a StreamSpecification; undefined where none is given. */
function streamWanted(input: Input): { enabled: boolean; viewType?: StreamState['viewType'] } | undefined {
  const wanted = input['StreamSpecification'];
  if (wanted === undefined) return undefined;
  if (typeof wanted !== 'object' || wanted === null || typeof wanted['StreamEnabled'] !== 'boolean')
    throw invalid(
      "1 validation error detected: Value null at 'streamSpecification.streamEnabled' failed to satisfy constraint: Member must not be null",
    );
  const type: unknown = wanted['StreamViewType'];
  if (!wanted['StreamEnabled']) {
    if (type !== undefined)
      throw invalid(
        'One or more parameter values were invalid: StreamViewType must not be specified when StreamEnabled is false',
      );
    return { enabled: false };
  }
  if (type === undefined)
    throw invalid(
      'One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true',
    );
  if (!VIEW_TYPES.includes(String(type)))
    throw invalid(
      `1 validation error detected: Value '${String(type)}' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [${VIEW_TYPES.join(', ')}]`,
    );
  return { enabled: true, viewType: type as StreamState['viewType'] };
}

function newStream(
  table: TableRecord,
  viewType: StreamState['viewType'],
  start: number,
  context: Context,
): StreamState {
  const label = new Date(context.now()).toISOString().replace('Z', '');
  return {
    id: context.world.uuid(),
    arn: `${table.TableArn}/stream/${label}`,
    label,
    viewType,
    enabled: true,
    created: context.now(),
    shardId: `shardId-${String(context.now()).padStart(20, '0')}-${Buffer.from(context.world.random(4)).toString('hex')}`,
    start,
  };
}

/** Options that AWS has and the sandbox has not: accepted only where they ask for AWS's own default. */
function onlyDefaults(operation: string, input: Input): void {
  const sse = input['SSESpecification'];
  if (sse !== undefined && (sse?.Enabled === true || sse?.KMSMasterKeyId !== undefined || sse?.SSEType !== undefined))
    throw notCarried(operation, 'SSESpecification');
  for (const name of [
    'ResourcePolicy',
    'OnDemandThroughput',
    'WarmThroughput',
    'ReplicaUpdates',
    'GlobalTableWitnessUpdates',
  ])
    if (input[name] !== undefined) throw notCarried(operation, name);
}

function tagsOf(value: unknown): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const tag of Array.isArray(value) ? (value as unknown[]) : []) {
    const { Key, Value } = (tag ?? {}) as { Key?: unknown; Value?: unknown };
    if (typeof Key !== 'string' || typeof Value !== 'string' || Key === '')
      throw invalid('One or more parameter values were invalid: a tag needs a Key and a Value');
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50)
    throw invalid('One or more parameter values were invalid: Too many tags: the limit is 50');
  return tags;
}

const createTable: Action = {
  permissions: (input, context) => [
    ...onTable('CreateTable')(input, context),
    ...(Array.isArray(input['Tags']) && input['Tags'].length > 0 ? onTable('TagResource')(input, context) : []),
  ],
  async run(raw, context) {
    const own = ['StreamSpecification', 'Tags', 'DeletionProtectionEnabled', 'TableClass', 'SSESpecification'];
    onlyDefaults('CreateTable', raw);
    const input = named(raw, context);
    const data = checked('CreateTable', input, own);
    const name = String(data['TableName']);
    const wanted = streamWanted(input);
    if (context.table('tables').has(name)) throw inUse(`Table already exists: ${name}`);
    const items = await openItems(context);
    if (context.table('tables').has(name)) throw inUse(`Table already exists: ${name}`);
    const onDemand = data['BillingMode'] === 'PAY_PER_REQUEST';
    const table: TableRecord = {
      TableName: name,
      TableId: context.world.uuid(),
      TableArn: tableArn(name, context),
      TableStatus: 'CREATING',
      created: context.now(),
      AttributeDefinitions: data['AttributeDefinitions'],
      KeySchema: data['KeySchema'],
      BillingMode: onDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED',
      deletionProtection: input['DeletionProtectionEnabled'] === true,
      tableClass: String(input['TableClass'] ?? 'STANDARD'),
      tags: tagsOf(input['Tags']),
      ...(onDemand ? { onDemandSince: context.now() } : { ProvisionedThroughput: data['ProvisionedThroughput'] }),
      ...(data['LocalSecondaryIndexes'] ? { LocalSecondaryIndexes: data['LocalSecondaryIndexes'] } : {}),
      ...(data['GlobalSecondaryIndexes']
        ? {
            GlobalSecondaryIndexes: (data['GlobalSecondaryIndexes'] as IndexRecord[]).map((index) => ({
              ...index,
              IndexStatus: 'CREATING' as const,
            })),
          }
        : {}),
    };
    if (wanted?.viewType) {
      table.stream = newStream(table, wanted.viewType, items.sequence, context);
      table.streams = [table.stream];
    }
    context.table<TableRecord>('tables').put(name, table);
    goOn(table, context);
    return { TableDescription: describe(table, { count: 0, bytes: 0 }) };
  },
};

/** Brings a table that is being made, changed or deleted to its next state; also after a restart. */
export function goOn(table: TableRecord, context: Context): void {
  const indexesMoving = table.GlobalSecondaryIndexes?.some(({ IndexStatus }) => IndexStatus !== 'ACTIVE') ?? false;
  if (table.TableStatus === 'ACTIVE' && !indexesMoving) return;
  context.world.background(`dynamodb table ${table.TableName}`, async () => {
    await context.world.pause();
    const items = await openItems(context);
    const now = context.table<TableRecord>('tables').get(table.TableName);
    if (!now || now.TableId !== table.TableId) return;
    if (now.TableStatus === 'DELETING') {
      await items.dropTable(now);
      context.table('tables').delete(now.TableName);
      return;
    }
    const made: IndexRecord[] = [];
    for (const index of now.GlobalSecondaryIndexes ?? []) {
      if (index.IndexStatus === 'DELETING') {
        await items.dropIndex(now, index.IndexName);
        continue;
      }
      if (index.IndexStatus === 'CREATING' && now.TableStatus !== 'CREATING') await items.fillIndex(now, index);
      made.push({ ...index, IndexStatus: 'ACTIVE' });
    }
    if (context.table<TableRecord>('tables').get(table.TableName)?.TableStatus === 'DELETING') return;
    change(context, table.TableName, {
      TableStatus: 'ACTIVE',
      ...(now.GlobalSecondaryIndexes ? { GlobalSecondaryIndexes: made } : {}),
    });
  });
}

const deleteTable: Action = {
  permissions: onTable('DeleteTable'),
  run(raw, context) {
    const data = checked('DeleteTable', named(raw, context));
    const table = findTable(context, String(data['TableName']));
    if (table.TableStatus !== 'ACTIVE')
      throw inUse(
        `Attempt to change a resource which is still in use: Table is being ${table.TableStatus === 'CREATING' ? 'created' : table.TableStatus === 'DELETING' ? 'deleted' : 'updated'}: ${table.TableName}`,
      );
    if (table.deletionProtection)
      throw invalid(
        `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
      );
    const deleting = change(context, table.TableName, { TableStatus: 'DELETING' });
    goOn(deleting, context);
    return { TableDescription: describe(deleting, { count: 0, bytes: 0 }) };
  },
};

const describeTable: Action = {
  permissions: onTable('DescribeTable'),
  async run(raw, context) {
    const data = checked('DescribeTable', named(raw, context));
    const table = findTable(context, String(data['TableName']));
    const items = await openItems(context);
    return { Table: describe(table, await items.size(table)) };
  },
};

const updateTable: Action = {
  permissions: onTable('UpdateTable'),
  async run(raw, context) {
    onlyDefaults('UpdateTable', raw);
    const input = named(raw, context);
    const own = ['StreamSpecification', 'DeletionProtectionEnabled', 'TableClass', 'SSESpecification'];
    const ours = own.some((name) => input[name] !== undefined);
    const extra = [...own, 'AttributeDefinitions', 'GlobalSecondaryIndexUpdates'];
    const updates = indexUpdates(input);
    // dynalite knows neither streams nor protection, and would ask for a change of throughput beside them.
    if (!ours && updates.length === 0) checked('UpdateTable', input, extra);
    else checked('DescribeTable', { TableName: input['TableName'] });
    for (const name of Object.keys(input))
      if (!['TableName', 'BillingMode', 'ProvisionedThroughput', ...extra].includes(name))
        throw notCarried('UpdateTable', name);
    const table = findTable(context, String(input['TableName']));
    if (table.TableStatus !== 'ACTIVE')
      throw inUse(
        `Attempt to change a resource which is still in use: Table is being ${table.TableStatus.toLowerCase()}: ${table.TableName}`,
      );
    const items = await openItems(context);
    const changes: Partial<TableRecord> = {};
    if (typeof input['DeletionProtectionEnabled'] === 'boolean')
      changes.deletionProtection = input['DeletionProtectionEnabled'];
    if (typeof input['TableClass'] === 'string') changes.tableClass = input['TableClass'];
    if (input['BillingMode'] === 'PAY_PER_REQUEST' && table.BillingMode !== 'PAY_PER_REQUEST') {
      changes.BillingMode = 'PAY_PER_REQUEST';
      changes.onDemandSince = context.now();
      changes.ProvisionedThroughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
    } else if (input['ProvisionedThroughput'] !== undefined) {
      if ((input['BillingMode'] ?? table.BillingMode) === 'PAY_PER_REQUEST')
        throw invalid(
          'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
        );
      changes.BillingMode = 'PROVISIONED';
      changes.ProvisionedThroughput = input['ProvisionedThroughput'] as Throughput;
    }
    Object.assign(changes, streamChange(table, streamWanted(input), items.sequence, context));
    Object.assign(changes, indexChange(table, updates, input));
    const updating = change(context, table.TableName, { ...changes, TableStatus: 'UPDATING' });
    goOn(updating, context);
    return { TableDescription: describe(updating, { count: 0, bytes: 0 }) };
  },
};

function streamChange(
  table: TableRecord,
  wanted: ReturnType<typeof streamWanted>,
  sequence: number,
  context: Context,
): Partial<TableRecord> {
  if (!wanted) return {};
  const { stream, streams = [] } = table;
  if (wanted.viewType) {
    if (stream?.enabled) throw invalid(`Table already has an enabled stream: TableName: ${table.TableName}`);
    const made = newStream(table, wanted.viewType, sequence, context);
    return { stream: made, streams: [...streams, made] };
  }
  if (!stream?.enabled) throw invalid(`Table does not have a stream to disable: ${table.TableName}`);
  const ended = { ...stream, enabled: false, end: sequence };
  return { stream: ended, streams: streams.map((one) => (one.id === stream.id ? ended : one)) };
}

interface IndexUpdate {
  Create?: IndexRecord;
  Delete?: { IndexName: string };
}

function indexUpdates(input: Input): IndexUpdate[] {
  const updates = (input['GlobalSecondaryIndexUpdates'] ?? []) as unknown;
  if (!Array.isArray(updates)) throw invalid('GlobalSecondaryIndexUpdates is not a list');
  for (const update of updates as Input[])
    for (const name of Object.keys(update))
      if (name !== 'Create' && name !== 'Delete')
        throw notCarried('UpdateTable', `GlobalSecondaryIndexUpdates.${name}`);
  return updates as IndexUpdate[];
}

function indexChange(table: TableRecord, updates: IndexUpdate[], input: Input): Partial<TableRecord> {
  if (updates.length === 0) return {};
  if (updates.length > 1)
    throw new ServiceError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
      400,
    );
  const indexes = table.GlobalSecondaryIndexes ?? [];
  const [update] = updates;
  if (update?.Delete) {
    const { IndexName } = update.Delete;
    if (!indexes.some((index) => index.IndexName === IndexName))
      throw new ServiceError('ResourceNotFoundException', 'Requested resource not found', 400);
    return {
      GlobalSecondaryIndexes: indexes.map((index) =>
        index.IndexName === IndexName ? { ...index, IndexStatus: 'DELETING' as const } : index,
      ),
    };
  }
  if (!update?.Create)
    throw invalid('One or more parameter values were invalid: a GlobalSecondaryIndexUpdate is empty');
  const definitions = [...table.AttributeDefinitions];
  for (const definition of (input['AttributeDefinitions'] ?? []) as TableRecord['AttributeDefinitions'])
    if (!definitions.some(({ AttributeName }) => AttributeName === definition.AttributeName))
      definitions.push(definition);
  // The table as it would be made anew: the same rules for keys, names and projections hold.
  checked('CreateTable', {
    TableName: table.TableName,
    AttributeDefinitions: definitions,
    KeySchema: table.KeySchema,
    BillingMode: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexes: [...indexes, update.Create].map(({ IndexName, KeySchema, Projection }) => ({
      IndexName,
      KeySchema,
      Projection,
    })),
  });
  return {
    AttributeDefinitions: definitions,
    GlobalSecondaryIndexes: [...indexes, { ...update.Create, IndexStatus: 'CREATING' }],
  };
}

const listTables: Action = {
  permissions: () => [{ action: 'dynamodb:ListTables', resource: '*' }],
  run(input, context) {
    const data = checked('ListTables', input);
    const limit = Number(data['Limit'] ?? 100);
    const after = data['ExclusiveStartTableName'] as string | undefined;
    const names = [...context.table<TableRecord>('tables').values()]
      .map(({ TableName }) => TableName)
      .sort()
      .filter((name) => after === undefined || name > after);
    const page = names.slice(0, limit);
    return { TableNames: page, ...(names.length > page.length ? { LastEvaluatedTableName: page.at(-1) } : {}) };
  },
};

function taggedTable(input: Input, context: Context): TableRecord {
  const arn = input['ResourceArn'];
  const name = tableName(arn, context);
  if (typeof arn !== 'string' || !arn.startsWith('arn:') || name === arn)
    throw invalid(`One or more parameter values were invalid: Invalid ResourceArn: ${String(arn)}`);
  const table = context.table<TableRecord>('tables').get(name);
  if (!table)
    throw new ServiceError(
      'ResourceNotFoundException',
      `Requested resource not found: ResourcArn: ${arn} not found`,
      400,
    );
  return table;
}

const onArn = (action: string) => (input: Input) => [
  { action: `dynamodb:${action}`, resource: String(input['ResourceArn'] ?? '*') },
];

const tagResource: Action = {
  permissions: onArn('TagResource'),
  run(input, context): Output {
    const table = taggedTable(input, context);
    const tags = { ...table.tags, ...tagsOf(input['Tags']) };
    change(context, table.TableName, { tags });
    return {};
  },
};

const untagResource: Action = {
  permissions: onArn('UntagResource'),
  run(input, context): Output {
    const table = taggedTable(input, context);
    const gone: unknown[] = Array.isArray(input['TagKeys']) ? input['TagKeys'] : [];
    const tags = Object.fromEntries(Object.entries(table.tags).filter(([key]) => !gone.includes(key)));
    change(context, table.TableName, { tags });
    return {};
  },
};

const listTagsOfResource: Action = {
  permissions: onArn('ListTagsOfResource'),
  run(input, context) {
    const { tags } = taggedTable(input, context);
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};

const updateTimeToLive: Action = {
  permissions: onTable('UpdateTimeToLive'),
  run(raw, context) {
    const input = named(raw, context);
    const table = findTable(context, String(input['TableName']));
    const wanted = (input['TimeToLiveSpecification'] ?? {}) as { Enabled?: unknown; AttributeName?: unknown };
    if (typeof wanted.Enabled !== 'boolean' || typeof wanted.AttributeName !== 'string' || wanted.AttributeName === '')
      throw invalid('TimeToLiveSpecification needs Enabled and AttributeName');
    if (wanted.Enabled === (table.ttl !== undefined))
      throw invalid(wanted.Enabled ? 'TimeToLive is already enabled' : 'TimeToLive is already disabled');
    const next = { ...table };
    if (wanted.Enabled) next.ttl = { attribute: wanted.AttributeName };
    else delete next.ttl;
    context.table<TableRecord>('tables').put(table.TableName, next);
    return { TimeToLiveSpecification: { Enabled: wanted.Enabled, AttributeName: wanted.AttributeName } };
  },
};

const describeTimeToLive: Action = {
  permissions: onTable('DescribeTimeToLive'),
  run(raw, context) {
    const { ttl } = findTable(context, String(named(raw, context)['TableName']));
    return {
      TimeToLiveDescription: ttl
        ? { TimeToLiveStatus: 'ENABLED', AttributeName: ttl.attribute }
        : { TimeToLiveStatus: 'DISABLED' },
    };
  },
};

function backups(table: TableRecord, context: Context): Output {
  const { pointInTimeRecovery: recovery } = table;
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: recovery
        ? {
            PointInTimeRecoveryStatus: 'ENABLED',
            RecoveryPeriodInDays: recovery.days,
            EarliestRestorableDateTime: seconds(recovery.since),
            LatestRestorableDateTime: seconds(context.now()),
          }
        : { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  };
}

const describeContinuousBackups: Action = {
  permissions: onTable('DescribeContinuousBackups'),
  run: (raw, context) => backups(findTable(context, String(named(raw, context)['TableName'])), context),
};

const updateContinuousBackups: Action = {
  permissions: onTable('UpdateContinuousBackups'),
  run(raw, context) {
    const input = named(raw, context);
    const table = findTable(context, String(input['TableName']));
    const wanted = input['PointInTimeRecoverySpecification'] as
      | { PointInTimeRecoveryEnabled?: unknown; RecoveryPeriodInDays?: unknown }
      | undefined;
    if (typeof wanted?.PointInTimeRecoveryEnabled !== 'boolean')
      throw invalid('PointInTimeRecoverySpecification needs PointInTimeRecoveryEnabled');
    const next = { ...table };
    delete next.pointInTimeRecovery;
    if (wanted.PointInTimeRecoveryEnabled)
      next.pointInTimeRecovery = { since: context.now(), days: Number(wanted.RecoveryPeriodInDays ?? 35) };
    context.table<TableRecord>('tables').put(table.TableName, next);
    return backups(next, context);
  },
};

export const tableActions: Record<string, Action> = {
  CreateTable: createTable,
  DeleteTable: deleteTable,
  DescribeTable: describeTable,
  UpdateTable: updateTable,
  ListTables: listTables,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsOfResource: listTagsOfResource,
  UpdateTimeToLive: updateTimeToLive,
  DescribeTimeToLive: describeTimeToLive,
  DescribeContinuousBackups: describeContinuousBackups,
  UpdateContinuousBackups: updateContinuousBackups,
};
