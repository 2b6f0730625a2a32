import { TEXT_MAP } from './shape.ts';
import { given, pick, type Properties, type ResourceType, tagChanges } from './type.ts';

const PASSED = ['Type', 'Value', 'Description', 'AllowedPattern', 'Tier', 'DataType', 'Policies'];

function attributes(properties: Properties): Record<string, unknown> {
  return { Type: properties['Type'], Value: properties['Value'] };
}

export const ssmParameter: ResourceType = {
  properties: {
    Name: 'string',
    'Type!': 'string',
    'Value!': 'string',
    Description: 'string',
    AllowedPattern: 'string',
    Tier: 'string',
    DataType: 'string',
    Policies: 'string',
    Tags: TEXT_MAP,
  },
  replaces: ['Name'],
  attributes: ['Type', 'Value', 'Arn'],
  nameProperty: 'Name',
  tags: { property: 'Tags', form: 'map' },
  async create(properties, work) {
    const name: string = properties['Name'] ?? `CFN-${work.name(200)}`;
    const tags = Object.entries((properties['Tags'] ?? {}) as Record<string, string>);
    await work.call(
      'ssm',
      'PutParameter',
      given({
        Name: name,
        ...pick(properties, PASSED),
        Tags: tags.length > 0 ? tags.map(([Key, Value]) => ({ Key, Value })) : undefined,
      }),
    );
    work.made(name);
    const Arn = `arn:aws:ssm:${work.region}:${work.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
    return { id: name, attributes: { ...attributes(properties), Arn } };
  },
  async update(id, properties, before, work) {
    await work.call('ssm', 'GetParameter', { Name: id });
    await work.call('ssm', 'PutParameter', { Name: id, Overwrite: true, ...pick(properties, PASSED) });
    const { set, remove } = tagChanges(before['Tags'] ?? {}, properties['Tags'] ?? {});
    const resource = { ResourceType: 'Parameter', ResourceId: id };
    if (remove.length > 0) await work.call('ssm', 'RemoveTagsFromResource', { ...resource, TagKeys: remove });
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await work.call('ssm', 'AddTagsToResource', { ...resource, Tags: tags });
    return { id, attributes: attributes(properties) };
  },
  async delete(id, _properties, work) {
    await work.call('ssm', 'DeleteParameter', { Name: id });
  },
  async read(id, _expected, work) {
    const { Parameter } = await work.call('ssm', 'GetParameter', { Name: id });
    return { Name: id, Type: Parameter.Type, Value: Parameter.Value };
  },
};
