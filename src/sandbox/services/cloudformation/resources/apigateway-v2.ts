/** What the types of an HTTP API share: members of the API's wire are CloudFormation's names with a small first letter. */
import type { Members } from './shape.ts';
import { given, type Properties, type ResourceType, tagChanges, type Work } from './type.ts';

const small = (name: string): string => `${name[0]?.toLowerCase()}${name.slice(1)}`;

/** `free` members hold names of the user's own and keep them (tags, stage variables). */
export function wire(properties: Properties, free: readonly string[] = []): Record<string, unknown> {
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [small(name), convert(item)]));
  };
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [small(name), free.includes(name) ? value : convert(value)]),
  );
}

/** A part of an API that the service gives an id: routes, integrations, authorizers. */
export function partOfApi(part: {
  /** `Route`: the actions are CreateRoute, UpdateRoute, DeleteRoute, GetRoute */
  name: string;
  properties: Members;
  free?: readonly string[];
}): ResourceType {
  const { name, properties: members, free = [] } = part;
  const idName = `${small(name)}Id`;
  return {
    properties: { 'ApiId!': 'string', ...members },
    replaces: ['ApiId'],
    attributes: [`${name}Id`],
    async create(properties, work) {
      const made = await work.call('apigateway', `Create${name}`, wire(properties, free));
      const id = String(made[idName]);
      work.made(id);
      return { id, attributes: { [`${name}Id`]: id } };
    },
    async update(id, properties, before, work) {
      // What the template no longer has is emptied.
      const gone = Object.keys(before).filter((key) => properties[key] === undefined);
      const emptied = Object.fromEntries(
        gone.map((key) => [small(key), typeof before[key] === 'string' ? '' : undefined]),
      );
      await work.call('apigateway', `Update${name}`, { ...given(emptied), ...wire(properties, free), [idName]: id });
      return { id };
    },
    async delete(id, properties, work) {
      await work.call('apigateway', `Delete${name}`, { apiId: properties['ApiId'], [idName]: id });
    },
    async read(id, expected, work) {
      const found = await work.call('apigateway', `Get${name}`, { apiId: expected['ApiId'], [idName]: id });
      const asked = wire(expected, free);
      return Object.fromEntries(
        Object.keys(expected).map((key) => [
          key,
          key === 'ApiId' || JSON.stringify(found[small(key)]) === JSON.stringify(asked[small(key)])
            ? expected[key]
            : found[small(key)],
        ]),
      );
    },
  };
}

export async function retag(arn: string, before: Properties, after: Properties, work: Work): Promise<void> {
  const { set, remove } = tagChanges(before['Tags'] ?? {}, after['Tags'] ?? {});
  if (remove.length > 0) await work.call('apigateway', 'UntagResource', { resourceArn: arn, tagKeys: remove });
  if (Object.keys(set).length > 0) await work.call('apigateway', 'TagResource', { resourceArn: arn, tags: set });
}
