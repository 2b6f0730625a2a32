import type { ResourceType } from './type.ts';

export const userPoolGroup: ResourceType = {
  properties: {
    'UserPoolId!': 'string',
    GroupName: 'string',
    Description: 'string',
    Precedence: 'integer',
    RoleArn: 'string',
  },
  replaces: ['UserPoolId', 'GroupName'],
  attributes: [],
  nameProperty: 'GroupName',
  async create(properties, work) {
    const GroupName: string = properties['GroupName'] ?? work.name(128);
    await work.call('cognito-idp', 'CreateGroup', { ...properties, GroupName });
    work.made(GroupName);
    return { id: GroupName };
  },
  async update(id, properties, _before, work) {
    await work.call('cognito-idp', 'UpdateGroup', { ...properties, GroupName: id });
    return { id };
  },
  async delete(id, properties, work) {
    await work.call('cognito-idp', 'DeleteGroup', { UserPoolId: properties['UserPoolId'], GroupName: id });
  },
  async read(id, { UserPoolId }, work) {
    const { Group } = await work.call('cognito-idp', 'GetGroup', { UserPoolId, GroupName: id });
    return { Description: Group.Description, Precedence: Group.Precedence, RoleArn: Group.RoleArn };
  },
};
