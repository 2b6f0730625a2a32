import { STRINGS } from './shape.ts';
import { isNotFound, jsonText, type Properties, type ResourceType, type Work } from './type.ts';

/** An inline policy on each of these; the first three letters of the calls tell them apart. */
const HOLDERS = [
  { property: 'Roles', put: 'PutRolePolicy', remove: 'DeleteRolePolicy', member: 'RoleName' },
  { property: 'Groups', put: 'PutGroupPolicy', remove: 'DeleteGroupPolicy', member: 'GroupName' },
  { property: 'Users', put: 'PutUserPolicy', remove: 'DeleteUserPolicy', member: 'UserName' },
];

async function put(properties: Properties, work: Work): Promise<void> {
  for (const { property, put: action, member } of HOLDERS)
    for (const holder of (properties[property] ?? []) as string[])
      await work.call('iam', action, {
        [member]: holder,
        PolicyName: properties['PolicyName'],
        PolicyDocument: jsonText(properties['PolicyDocument']),
      });
}

async function remove(properties: Properties, kept: Properties | undefined, work: Work): Promise<void> {
  const same = kept?.['PolicyName'] === properties['PolicyName'];
  for (const { property, remove: action, member } of HOLDERS)
    for (const holder of (properties[property] ?? []) as string[]) {
      if (same && kept?.[property]?.includes(holder)) continue;
      try {
        await work.call('iam', action, { [member]: holder, PolicyName: properties['PolicyName'] });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
}

export const policy: ResourceType = {
  properties: {
    'PolicyName!': 'string',
    'PolicyDocument!': 'json',
    Roles: STRINGS,
    Groups: STRINGS,
    Users: STRINGS,
  },
  replaces: [],
  attributes: ['Id'],
  async create(properties, work) {
    const id = work.name(32);
    work.made(id);
    await put(properties, work);
    return { id, attributes: { Id: id } };
  },
  async update(id, properties, before, work) {
    await put(properties, work);
    await remove(before, properties, work);
    return { id, attributes: { Id: id } };
  },
  async delete(_id, properties, work) {
    await remove(properties, undefined, work);
  },
};
