import { ServiceError } from '../../../errors.ts';
import { STRINGS, TAGS } from './shape.ts';
import {
  alreadyExists,
  given,
  isNotFound,
  orNothing,
  pick,
  type Properties,
  type ResourceType,
  tagChanges,
  tagMap,
  type Work,
} from './type.ts';

const KEYS = [{ 'KeyType!': 'string', 'AttributeName!': 'string' }] as const;
const PROJECTION = { NonKeyAttributes: STRINGS, ProjectionType: 'string' } as const;
const THROUGHPUT = { 'ReadCapacityUnits!': 'integer', 'WriteCapacityUnits!': 'integer' } as const;
const ON_DEMAND = { MaxReadRequestUnits: 'integer', MaxWriteRequestUnits: 'integer' } as const;
const WARM = { ReadUnitsPerSecond: 'integer', WriteUnitsPerSecond: 'integer' } as const;

/** The sandbox has nothing behind these; to accept one would be to promise it. */
const NOT_CARRIED = [
  'ImportSourceSpecification',
  'KinesisStreamSpecification',
  'ContributorInsightsSpecification',
  'ResourcePolicy',
  'VectorIndexes',
  'WarmThroughput',
];

function refuse(properties: Properties): void {
  for (const name of NOT_CARRIED)
    if (properties[name] !== undefined)
      throw new ServiceError(
        'InvalidRequest',
        `The sandbox does not carry the property ${name} of AWS::DynamoDB::Table.`,
      );
}

function stream(properties: Properties): unknown {
  const specification = properties['StreamSpecification'];
  return specification && { StreamEnabled: true, StreamViewType: specification.StreamViewType };
}

async function describe(name: string, work: Work): Promise<Properties> {
  const { Table } = await work.call('dynamodb', 'DescribeTable', { TableName: name });
  return Table;
}

async function active(name: string, work: Work): Promise<Properties> {
  let table: Properties = {};
  await work.settled(async () => {
    table = await describe(name, work);
    const indexes = (table['GlobalSecondaryIndexes'] ?? []) as { IndexStatus?: string }[];
    return table['TableStatus'] === 'ACTIVE' && indexes.every((index) => (index.IndexStatus ?? 'ACTIVE') === 'ACTIVE');
  });
  return table;
}

function attributes(table: Properties): Record<string, unknown> {
  return given({ Arn: table['TableArn'], StreamArn: table['LatestStreamArn'] });
}

/** What is set beside the table itself. */
async function besides(name: string, properties: Properties, before: Properties, work: Work): Promise<void> {
  const ttl = properties['TimeToLiveSpecification'];
  const had = before['TimeToLiveSpecification'];
  if (JSON.stringify(ttl) !== JSON.stringify(had))
    await work.call('dynamodb', 'UpdateTimeToLive', {
      TableName: name,
      TimeToLiveSpecification: ttl ?? { ...had, Enabled: false },
    });
  const recovery = properties['PointInTimeRecoverySpecification'];
  if (JSON.stringify(recovery) !== JSON.stringify(before['PointInTimeRecoverySpecification']))
    await work.call('dynamodb', 'UpdateContinuousBackups', {
      TableName: name,
      PointInTimeRecoverySpecification: recovery ?? { PointInTimeRecoveryEnabled: false },
    });
}

interface Index {
  IndexName: string;
  KeySchema: unknown;
  Projection: unknown;
  ProvisionedThroughput?: unknown;
}

export const table: ResourceType = {
  properties: {
    TableName: 'string',
    AttributeDefinitions: [{ 'AttributeName!': 'string', 'AttributeType!': 'string' }],
    'KeySchema!': KEYS,
    BillingMode: 'string',
    ProvisionedThroughput: THROUGHPUT,
    OnDemandThroughput: ON_DEMAND,
    WarmThroughput: WARM,
    GlobalSecondaryIndexes: [
      {
        'IndexName!': 'string',
        'KeySchema!': KEYS,
        'Projection!': PROJECTION,
        ProvisionedThroughput: THROUGHPUT,
        OnDemandThroughput: ON_DEMAND,
        WarmThroughput: WARM,
        ContributorInsightsSpecification: { 'Enabled!': 'boolean', Mode: 'string' },
      },
    ],
    LocalSecondaryIndexes: [{ 'IndexName!': 'string', 'KeySchema!': KEYS, 'Projection!': PROJECTION }],
    StreamSpecification: { 'StreamViewType!': 'string', ResourcePolicy: { 'PolicyDocument!': 'json' }, Tags: TAGS },
    SSESpecification: { 'SSEEnabled!': 'boolean', SSEType: 'string', KMSMasterKeyId: 'string' },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: 'boolean', RecoveryPeriodInDays: 'integer' },
    TimeToLiveSpecification: { 'Enabled!': 'boolean', AttributeName: 'string' },
    DeletionProtectionEnabled: 'boolean',
    TableClass: 'string',
    ContributorInsightsSpecification: { 'Enabled!': 'boolean', Mode: 'string' },
    ImportSourceSpecification: 'json',
    KinesisStreamSpecification: 'json',
    ResourcePolicy: { 'PolicyDocument!': 'json' },
    VectorIndexes: ['json'],
    Tags: TAGS,
  },
  replaces: ['TableName', 'KeySchema', 'ImportSourceSpecification', 'LocalSecondaryIndexes'],
  attributes: ['Arn', 'StreamArn'],
  nameProperty: 'TableName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    refuse(properties);
    const name: string = properties['TableName'] ?? work.name(255);
    // Looked for first: after that, what is there under this name is this stack's own, should the process end in between.
    if (await orNothing(describe(name, work))) throw alreadyExists(name);
    work.intend(name);
    const encryption = properties['SSESpecification'];
    await work.call(
      'dynamodb',
      'CreateTable',
      given({
        TableName: name,
        ...pick(properties, [
          'AttributeDefinitions',
          'KeySchema',
          'BillingMode',
          'ProvisionedThroughput',
          'OnDemandThroughput',
          'GlobalSecondaryIndexes',
          'LocalSecondaryIndexes',
          'DeletionProtectionEnabled',
          'TableClass',
          'Tags',
        ]),
        StreamSpecification: stream(properties),
        SSESpecification:
          encryption &&
          given({
            Enabled: encryption.SSEEnabled,
            SSEType: encryption.SSEType,
            KMSMasterKeyId: encryption.KMSMasterKeyId,
          }),
      }),
    );
    work.made(name);
    const made = await active(name, work);
    await besides(name, properties, {}, work);
    return { id: name, attributes: attributes(made) };
  },
  async update(id, properties, before, work) {
    refuse(properties);
    const change = async (input: Record<string, unknown>): Promise<void> => {
      await work.call('dynamodb', 'UpdateTable', { TableName: id, ...input });
      await active(id, work);
    };
    const differs = (name: string): boolean => JSON.stringify(properties[name]) !== JSON.stringify(before[name]);
    if (differs('BillingMode') || differs('ProvisionedThroughput'))
      await change(
        given({
          BillingMode: properties['BillingMode'] ?? 'PROVISIONED',
          ProvisionedThroughput: properties['ProvisionedThroughput'],
        }),
      );
    if (differs('DeletionProtectionEnabled'))
      await change({ DeletionProtectionEnabled: properties['DeletionProtectionEnabled'] ?? false });
    if (differs('TableClass')) await change({ TableClass: properties['TableClass'] ?? 'STANDARD' });
    if (differs('OnDemandThroughput')) await change({ OnDemandThroughput: properties['OnDemandThroughput'] });
    if (JSON.stringify(stream(properties)) !== JSON.stringify(stream(before))) {
      if (before['StreamSpecification']) await change({ StreamSpecification: { StreamEnabled: false } });
      if (properties['StreamSpecification']) await change({ StreamSpecification: stream(properties) });
    }
    const wanted = new Map(
      ((properties['GlobalSecondaryIndexes'] ?? []) as Index[]).map((index) => [index.IndexName, index]),
    );
    const had = new Map(((before['GlobalSecondaryIndexes'] ?? []) as Index[]).map((index) => [index.IndexName, index]));
    const AttributeDefinitions: unknown = properties['AttributeDefinitions'];
    // One index a call is what DynamoDB allows.
    for (const [IndexName, index] of had) {
      const next = wanted.get(IndexName);
      const same =
        next &&
        JSON.stringify([next.KeySchema, next.Projection]) === JSON.stringify([index.KeySchema, index.Projection]);
      if (!same) await change({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] });
      else if (
        JSON.stringify(next.ProvisionedThroughput) !== JSON.stringify(index.ProvisionedThroughput) &&
        next.ProvisionedThroughput
      )
        await change({
          GlobalSecondaryIndexUpdates: [{ Update: { IndexName, ProvisionedThroughput: next.ProvisionedThroughput } }],
        });
      if (same) wanted.delete(IndexName);
    }
    for (const index of wanted.values())
      await change({ AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: index }] });
    await besides(id, properties, before, work);
    const now = await describe(id, work);
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    const ResourceArn: unknown = now['TableArn'];
    if (remove.length > 0) await work.call('dynamodb', 'UntagResource', { ResourceArn, TagKeys: remove });
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await work.call('dynamodb', 'TagResource', { ResourceArn, Tags: tags });
    return { id, attributes: attributes(now) };
  },
  async delete(id, _properties, work) {
    // A table that is still in the making, or in another change, cannot be deleted.
    await active(id, work);
    await work.call('dynamodb', 'DeleteTable', { TableName: id });
    await work.settled(async () => {
      try {
        await describe(id, work);
        return false;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    });
  },
  async read(id, expected, work) {
    const found = await describe(id, work);
    const mode = found['BillingModeSummary']?.BillingMode ?? 'PROVISIONED';
    return {
      TableName: id,
      KeySchema: found['KeySchema'],
      AttributeDefinitions: inOrderOf(expected['AttributeDefinitions'], found['AttributeDefinitions']),
      BillingMode: expected['BillingMode'] === undefined && mode === 'PROVISIONED' ? undefined : mode,
      StreamSpecification: found['StreamSpecification']?.StreamEnabled
        ? { StreamViewType: found['StreamSpecification'].StreamViewType }
        : undefined,
      DeletionProtectionEnabled: found['DeletionProtectionEnabled'] || undefined,
    };
  },
};

/** A set has no order of its own: what is the same is shown in the template's. */
function inOrderOf(
  expected: { AttributeName: string }[] | undefined,
  actual: { AttributeName: string }[] = [],
): unknown {
  const order = new Map((expected ?? []).map((item, index) => [item.AttributeName, index]));
  return [...actual].sort((a, b) => (order.get(a.AttributeName) ?? 99) - (order.get(b.AttributeName) ?? 99));
}
