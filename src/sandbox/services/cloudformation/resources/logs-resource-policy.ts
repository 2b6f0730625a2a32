import { alreadyExists, jsonText, type Properties, type ResourceType, type Work } from './type.ts';

async function find(name: string, work: Work): Promise<Properties | undefined> {
  let nextToken: string | undefined;
  do {
    const answer = await work.call('logs', 'DescribeResourcePolicies', nextToken === undefined ? {} : { nextToken });
    const found = ((answer['resourcePolicies'] ?? []) as Properties[]).find((policy) => policy['policyName'] === name);
    if (found) return found;
    nextToken = answer['nextToken'];
  } while (nextToken !== undefined);
  return undefined;
}

async function put(properties: Properties, work: Work): Promise<void> {
  await work.call('logs', 'PutResourcePolicy', {
    policyName: properties['PolicyName'],
    policyDocument: jsonText(properties['PolicyDocument']),
  });
}

export const logResourcePolicy: ResourceType = {
  properties: { 'PolicyName!': 'string', 'PolicyDocument!': 'json' },
  replaces: ['PolicyName'],
  attributes: [],
  nameProperty: 'PolicyName',
  async create(properties, work) {
    const id: string = properties['PolicyName'];
    if (await find(id, work)) throw alreadyExists(id);
    await put(properties, work);
    work.made(id);
    return { id };
  },
  async update(id, properties, _before, work) {
    await put(properties, work);
    return { id };
  },
  async delete(id, _properties, work) {
    await work.call('logs', 'DeleteResourcePolicy', { policyName: id });
  },
  async read(id, expected, work) {
    const found = await find(id, work);
    return (
      found && {
        PolicyName: id,
        PolicyDocument:
          typeof expected['PolicyDocument'] === 'string'
            ? found['policyDocument']
            : JSON.parse(found['policyDocument']),
      }
    );
  },
};
