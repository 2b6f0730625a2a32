import { TAGS } from './shape.ts';
import { given, jsonText, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

/** Property → attribute of the API; they differ in two. */
const ATTRIBUTES: Record<string, string> = {
  DelaySeconds: 'DelaySeconds',
  MaximumMessageSize: 'MaximumMessageSize',
  MessageRetentionPeriod: 'MessageRetentionPeriod',
  ReceiveMessageWaitTimeSeconds: 'ReceiveMessageWaitTimeSeconds',
  VisibilityTimeout: 'VisibilityTimeout',
  RedrivePolicy: 'RedrivePolicy',
  RedriveAllowPolicy: 'RedriveAllowPolicy',
  FifoQueue: 'FifoQueue',
  ContentBasedDeduplication: 'ContentBasedDeduplication',
  DeduplicationScope: 'DeduplicationScope',
  FifoThroughputLimit: 'FifoThroughputLimit',
  KmsMasterKeyId: 'KmsMasterKeyId',
  KmsDataKeyReusePeriodSeconds: 'KmsDataKeyReusePeriodSeconds',
  SqsManagedSseEnabled: 'SqsManagedSseEnabled',
};

const USUAL: Record<string, string> = {
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
};

function attributes(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ATTRIBUTES)
      .filter(([name]) => properties[name] !== undefined)
      .map(([name, attribute]) => {
        const value: unknown = properties[name];
        return [attribute, typeof value === 'object' ? jsonText(value) : String(value)];
      }),
  );
}

async function about(url: string, work: Work): Promise<Record<string, unknown>> {
  const { Attributes } = await work.call('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['QueueArn'] });
  return { Arn: Attributes.QueueArn, QueueName: String(Attributes.QueueArn).split(':').at(-1), QueueUrl: url };
}

export const queue: ResourceType = {
  properties: {
    QueueName: 'string',
    DelaySeconds: 'integer',
    MaximumMessageSize: 'integer',
    MessageRetentionPeriod: 'integer',
    ReceiveMessageWaitTimeSeconds: 'integer',
    VisibilityTimeout: 'integer',
    RedrivePolicy: 'json',
    RedriveAllowPolicy: 'json',
    FifoQueue: 'boolean',
    ContentBasedDeduplication: 'boolean',
    DeduplicationScope: 'string',
    FifoThroughputLimit: 'string',
    KmsMasterKeyId: 'string',
    KmsDataKeyReusePeriodSeconds: 'integer',
    SqsManagedSseEnabled: 'boolean',
    Tags: TAGS,
  },
  replaces: ['QueueName', 'FifoQueue'],
  attributes: ['Arn', 'QueueName', 'QueueUrl'],
  nameProperty: 'QueueName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['QueueName'] ?? (properties['FifoQueue'] ? `${work.name(75)}.fifo` : work.name(80));
    const { QueueUrl } = await work.call(
      'sqs',
      'CreateQueue',
      given({
        QueueName: name,
        Attributes: attributes(properties),
        tags: properties['Tags'] === undefined ? undefined : tagMap(properties['Tags']),
      }),
    );
    work.made(QueueUrl);
    return { id: QueueUrl, attributes: await about(QueueUrl, work) };
  },
  async update(id, properties, before, work) {
    const had = attributes(before);
    const wanted = attributes(properties);
    const changes: Record<string, string> = {};
    for (const [name, value] of Object.entries(wanted)) if (had[name] !== value) changes[name] = value;
    for (const name of Object.keys(had)) if (wanted[name] === undefined) changes[name] = USUAL[name] ?? '';
    if (Object.keys(changes).length > 0)
      await work.call('sqs', 'SetQueueAttributes', { QueueUrl: id, Attributes: changes });
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('sqs', 'UntagQueue', { QueueUrl: id, TagKeys: remove });
    if (Object.keys(set).length > 0) await work.call('sqs', 'TagQueue', { QueueUrl: id, Tags: set });
    return { id, attributes: await about(id, work) };
  },
  async delete(id, _properties, work) {
    await work.call('sqs', 'DeleteQueue', { QueueUrl: id });
  },
  async read(id, expected, work) {
    const { Attributes } = await work.call('sqs', 'GetQueueAttributes', { QueueUrl: id, AttributeNames: ['All'] });
    const found = Attributes as Record<string, string>;
    const now: Properties = { QueueName: String(found['QueueArn']).split(':').at(-1) };
    for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
      const text = found[attribute];
      // In the form in which the template has it: the API tells everything as text.
      now[name] = text === undefined || typeof expected[name] === 'string' ? text : (JSON.parse(text) as unknown);
    }
    return now;
  },
};
