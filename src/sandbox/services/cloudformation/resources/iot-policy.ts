import { TAGS } from './shape.ts';
import { given, jsonText, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

async function otherVersions(name: string, work: Work): Promise<string[]> {
  const { policyVersions = [] } = await work.call('iot', 'ListPolicyVersions', { policyName: name });
  return (policyVersions as Properties[])
    .filter((version) => !version['isDefaultVersion'])
    .map((version) => String(version['versionId']))
    .sort((a, b) => Number(a) - Number(b));
}

export const iotPolicy: ResourceType = {
  properties: { PolicyName: 'string', 'PolicyDocument!': 'json', Tags: TAGS },
  replaces: ['PolicyName'],
  attributes: ['Arn', 'Id'],
  nameProperty: 'PolicyName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['PolicyName'] ?? work.name(128);
    const { policyArn } = await work.call(
      'iot',
      'CreatePolicy',
      given({ policyName: name, policyDocument: jsonText(properties['PolicyDocument']), tags: properties['Tags'] }),
    );
    work.made(name);
    return { id: name, attributes: { Arn: policyArn, Id: name } };
  },
  async update(id, properties, before, work) {
    const { policyArn } = await work.call('iot', 'GetPolicy', { policyName: id });
    if (jsonText(properties['PolicyDocument']) !== jsonText(before['PolicyDocument'])) {
      // A policy has room for five versions.
      const others = await otherVersions(id, work);
      if (others.length >= 4)
        await work.call('iot', 'DeletePolicyVersion', { policyName: id, policyVersionId: others[0] });
      await work.call('iot', 'CreatePolicyVersion', {
        policyName: id,
        policyDocument: jsonText(properties['PolicyDocument']),
        setAsDefault: true,
      });
    }
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('iot', 'UntagResource', { resourceArn: policyArn, tagKeys: remove });
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await work.call('iot', 'TagResource', { resourceArn: policyArn, tags });
    return { id, attributes: { Arn: policyArn, Id: id } };
  },
  async delete(id, _properties, work) {
    for (const policyVersionId of await otherVersions(id, work))
      await work.call('iot', 'DeletePolicyVersion', { policyName: id, policyVersionId });
    await work.call('iot', 'DeletePolicy', { policyName: id });
  },
  async read(id, expected, work) {
    const found = await work.call('iot', 'GetPolicy', { policyName: id });
    return {
      PolicyName: expected['PolicyName'],
      PolicyDocument:
        typeof expected['PolicyDocument'] === 'string' ? found['policyDocument'] : JSON.parse(found['policyDocument']),
    };
  },
};
