import { STRINGS, TAGS } from './shape.ts';
import { given, isNotFound, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

/** Settings that can be changed; what is taken away goes back to the service's own value. */
const USUAL: Record<string, unknown> = {
  BatchSize: undefined,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: -1,
  MaximumBatchingWindowInSeconds: 0,
  BisectBatchOnFunctionError: false,
  ParallelizationFactor: 1,
  TumblingWindowInSeconds: 0,
  FunctionResponseTypes: [],
  FilterCriteria: {},
  DestinationConfig: {},
  ScalingConfig: {},
  Enabled: true,
  FunctionName: undefined,
};

/** Waits out Creating, Enabling, Updating and their like. */
async function settled(id: string, work: Work): Promise<Properties> {
  let found: Properties = {};
  await work.settled(async () => {
    found = await work.call('lambda', 'GetEventSourceMapping', { UUID: id });
    return found['State'] === 'Enabled' || found['State'] === 'Disabled';
  });
  return found;
}

export const eventSourceMapping: ResourceType = {
  properties: {
    'FunctionName!': 'string',
    EventSourceArn: 'string',
    StartingPosition: 'string',
    StartingPositionTimestamp: 'number',
    BatchSize: 'integer',
    Enabled: 'boolean',
    MaximumRetryAttempts: 'integer',
    MaximumRecordAgeInSeconds: 'integer',
    MaximumBatchingWindowInSeconds: 'integer',
    BisectBatchOnFunctionError: 'boolean',
    ParallelizationFactor: 'integer',
    TumblingWindowInSeconds: 'integer',
    FunctionResponseTypes: STRINGS,
    FilterCriteria: { Filters: [{ Pattern: 'string' }] },
    DestinationConfig: { OnFailure: { Destination: 'string' } },
    ScalingConfig: { MaximumConcurrency: 'integer' },
    MetricsConfig: { Metrics: STRINGS },
    KmsKeyArn: 'string',
    LoggingConfig: { SystemLogLevel: 'string' },
    ProvisionedPollerConfig: 'json',
    // Sources that the sandbox has not: refused by Lambda, by their name.
    Topics: STRINGS,
    Queues: STRINGS,
    SourceAccessConfigurations: ['json'],
    SelfManagedEventSource: 'json',
    SelfManagedKafkaEventSourceConfig: 'json',
    AmazonManagedKafkaEventSourceConfig: 'json',
    DocumentDBEventSourceConfig: 'json',
    Tags: TAGS,
  },
  replaces: [
    'EventSourceArn',
    'StartingPosition',
    'StartingPositionTimestamp',
    'SelfManagedEventSource',
    'SelfManagedKafkaEventSourceConfig',
    'AmazonManagedKafkaEventSourceConfig',
  ],
  attributes: ['Id', 'EventSourceMappingArn'],
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const { Tags, KmsKeyArn, ...rest } = properties;
    const made = await work.call(
      'lambda',
      'CreateEventSourceMapping',
      given({ ...rest, KMSKeyArn: KmsKeyArn, Tags: Tags === undefined ? undefined : tagMap(Tags) }),
    );
    const id = String(made['UUID']);
    work.made(id);
    await settled(id, work);
    return { id, attributes: { Id: id, EventSourceMappingArn: made['EventSourceMappingArn'] } };
  },
  async update(id, properties, before, work) {
    const found = await settled(id, work);
    const changed = Object.keys(USUAL).filter(
      (name) => JSON.stringify(properties[name]) !== JSON.stringify(before[name]),
    );
    if (changed.length > 0) {
      await work.call(
        'lambda',
        'UpdateEventSourceMapping',
        given({ UUID: id, ...Object.fromEntries(changed.map((name) => [name, properties[name] ?? USUAL[name]])) }),
      );
      await settled(id, work);
    }
    const Resource: unknown = found['EventSourceMappingArn'];
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('lambda', 'UntagResource', { Resource, TagKeys: remove });
    if (Object.keys(set).length > 0) await work.call('lambda', 'TagResource', { Resource, Tags: set });
    return { id };
  },
  async delete(id, _properties, work) {
    await settled(id, work);
    await work.call('lambda', 'DeleteEventSourceMapping', { UUID: id });
    await work.settled(async () => {
      try {
        await work.call('lambda', 'GetEventSourceMapping', { UUID: id });
        return false;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    });
  },
};
