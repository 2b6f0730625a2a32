import { TAGS } from './shape.ts';
import { given, jsonText, type ResourceType, tagChanges, tagMap } from './type.ts';

export const eventBus: ResourceType = {
  properties: {
    'Name!': 'string',
    Description: 'string',
    EventSourceName: 'string',
    KmsKeyIdentifier: 'string',
    Policy: 'json',
    DeadLetterConfig: { Arn: 'string' },
    LogConfig: { IncludeDetail: 'string', Level: 'string' },
    Tags: TAGS,
  },
  replaces: ['Name', 'EventSourceName'],
  attributes: ['Arn', 'Name', 'Policy'],
  nameProperty: 'Name',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const { Policy, ...rest } = properties;
    const { EventBusArn } = await work.call('events', 'CreateEventBus', rest);
    work.made(properties['Name']);
    if (Policy !== undefined)
      await work.call('events', 'PutPermission', { EventBusName: properties['Name'], Policy: jsonText(Policy) });
    return { id: properties['Name'], attributes: { Arn: EventBusArn, Name: properties['Name'], Policy: Policy ?? '' } };
  },
  async update(id, properties, before, work) {
    const { Name, Policy, Tags, ...rest } = properties;
    const bus = await work.call('events', 'DescribeEventBus', { Name });
    const changes = tagChanges(tagMap(before['Tags']), tagMap(Tags));
    if (
      JSON.stringify(rest) !== JSON.stringify(given({ ...before, Name: undefined, Policy: undefined, Tags: undefined }))
    )
      await work.call('events', 'UpdateEventBus', { Name, ...rest });
    if (Policy !== undefined)
      await work.call('events', 'PutPermission', { EventBusName: Name, Policy: jsonText(Policy) });
    else if (before['Policy'] !== undefined)
      await work.call('events', 'RemovePermission', { EventBusName: Name, RemoveAllPermissions: true });
    if (changes.remove.length > 0)
      await work.call('events', 'UntagResource', { ResourceARN: bus['Arn'], TagKeys: changes.remove });
    const set = Object.entries(changes.set).map(([Key, Value]) => ({ Key, Value }));
    if (set.length > 0) await work.call('events', 'TagResource', { ResourceARN: bus['Arn'], Tags: set });
    return { id, attributes: { Policy: Policy ?? '' } };
  },
  async delete(id, _properties, work) {
    await work.call('events', 'DescribeEventBus', { Name: id });
    await work.call('events', 'DeleteEventBus', { Name: id });
  },
  async read(id, _expected, work) {
    const bus = await work.call('events', 'DescribeEventBus', { Name: id });
    return { Name: bus['Name'], Description: bus['Description'] };
  },
};
