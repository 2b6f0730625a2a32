/** Groups of a user pool, and who is in them. */
import { ServiceError } from '../../../errors.ts';
import { integer, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import {
  arnField,
  type GroupRecord,
  groupAt,
  groups,
  nameField,
  onPool,
  type PoolRecord,
  paged,
  poolAt,
  poolIdField,
  putUser,
  read,
  tokenField,
  type UserRecord,
  userAt,
  users,
  within,
} from '../records.ts';
import { userOut } from './users.ts';

const GROUP = {
  GroupName: nameField(),
  UserPoolId: poolIdField(),
  Description: text({ max: 2048 }),
  RoleArn: arnField(),
  Precedence: integer({ min: 0 }),
};
const paging = { Limit: integer({ min: 0, max: 60 }), NextToken: tokenField() };

function groupOut(group: GroupRecord): Record<string, unknown> {
  return {
    GroupName: group.name,
    UserPoolId: group.pool,
    Description: group.description,
    RoleArn: group.roleArn,
    Precedence: group.precedence,
    LastModifiedDate: new Date(group.modified),
    CreationDate: new Date(group.created),
  };
}

function members(context: Context, pool: PoolRecord, group: string): UserRecord[] {
  return [...users(context).values()].filter((user) => user.pool === pool.id && user.groups.includes(group));
}

function given(wanted: {
  Description?: string | undefined;
  RoleArn?: string | undefined;
  Precedence?: number | undefined;
}): Pick<GroupRecord, 'description' | 'roleArn' | 'precedence'> {
  return {
    ...(wanted.Description === undefined ? {} : { description: wanted.Description }),
    ...(wanted.RoleArn === undefined ? {} : { roleArn: wanted.RoleArn }),
    ...(wanted.Precedence === undefined ? {} : { precedence: wanted.Precedence }),
  };
}

const createGroup: Action = {
  permissions: onPool('cognito-idp:CreateGroup'),
  run(input, context) {
    const wanted = read(input, GROUP);
    const pool = poolAt(context, wanted.UserPoolId);
    const key = within(pool.id, wanted.GroupName);
    if (groups(context).has(key))
      throw new ServiceError('GroupExistsException', 'A group with the name already exists.', 400);
    const now = context.now();
    const group: GroupRecord = { pool: pool.id, name: wanted.GroupName, ...given(wanted), created: now, modified: now };
    groups(context).put(key, group);
    return { Group: groupOut(group) };
  },
};

const getGroup: Action = {
  permissions: onPool('cognito-idp:GetGroup'),
  run(input, context) {
    const wanted = read(input, { GroupName: nameField(), UserPoolId: poolIdField() });
    return { Group: groupOut(groupAt(context, poolAt(context, wanted.UserPoolId), wanted.GroupName)) };
  },
};

const updateGroup: Action = {
  permissions: onPool('cognito-idp:UpdateGroup'),
  run(input, context) {
    const wanted = read(input, GROUP);
    const group = groupAt(context, poolAt(context, wanted.UserPoolId), wanted.GroupName);
    const changed = { ...group, ...given(wanted), modified: context.now() };
    groups(context).put(within(group.pool, group.name), changed);
    return { Group: groupOut(changed) };
  },
};

const deleteGroup: Action = {
  permissions: onPool('cognito-idp:DeleteGroup'),
  run(input, context) {
    const wanted = read(input, { GroupName: nameField(), UserPoolId: poolIdField() });
    const pool = poolAt(context, wanted.UserPoolId);
    const group = groupAt(context, pool, wanted.GroupName);
    for (const user of members(context, pool, group.name))
      putUser(context, { ...user, groups: user.groups.filter((name) => name !== group.name) });
    groups(context).delete(within(pool.id, group.name));
    return {};
  },
};

const listGroups: Action = {
  permissions: onPool('cognito-idp:ListGroups'),
  run(input, context) {
    const wanted = read(input, { UserPoolId: poolIdField(), ...paging });
    const pool = poolAt(context, wanted.UserPoolId);
    const found = [...groups(context).values()].filter((group) => group.pool === pool.id);
    const { items, next } = paged(found, wanted.NextToken, wanted.Limit, `groups ${pool.id}`);
    return { Groups: items.map(groupOut), NextToken: next };
  },
};

const MEMBER = { UserPoolId: poolIdField(), Username: nameField(), GroupName: nameField() };

const adminAddUserToGroup: Action = {
  permissions: onPool('cognito-idp:AdminAddUserToGroup'),
  run(input, context) {
    const wanted = read(input, MEMBER);
    const pool = poolAt(context, wanted.UserPoolId);
    const user = userAt(context, pool, wanted.Username);
    const group = groupAt(context, pool, wanted.GroupName);
    if (!user.groups.includes(group.name)) putUser(context, { ...user, groups: [...user.groups, group.name] });
    return {};
  },
};

const adminRemoveUserFromGroup: Action = {
  permissions: onPool('cognito-idp:AdminRemoveUserFromGroup'),
  run(input, context) {
    const wanted = read(input, MEMBER);
    const pool = poolAt(context, wanted.UserPoolId);
    const user = userAt(context, pool, wanted.Username);
    const group = groupAt(context, pool, wanted.GroupName);
    if (user.groups.includes(group.name))
      putUser(context, { ...user, groups: user.groups.filter((name) => name !== group.name) });
    return {};
  },
};

const adminListGroupsForUser: Action = {
  permissions: onPool('cognito-idp:AdminListGroupsForUser'),
  run(input, context) {
    const wanted = read(input, { UserPoolId: poolIdField(), Username: nameField(), ...paging });
    const pool = poolAt(context, wanted.UserPoolId);
    const user = userAt(context, pool, wanted.Username);
    const kind = `groups of ${pool.id} ${user.username}`;
    const { items, next } = paged(user.groups, wanted.NextToken, wanted.Limit, kind);
    return { Groups: items.map((name) => groupOut(groupAt(context, pool, name))), NextToken: next };
  },
};

const listUsersInGroup: Action = {
  permissions: onPool('cognito-idp:ListUsersInGroup'),
  run(input, context) {
    const wanted = read(input, { UserPoolId: poolIdField(), GroupName: nameField(), ...paging });
    const pool = poolAt(context, wanted.UserPoolId);
    const group = groupAt(context, pool, wanted.GroupName);
    const kind = `users of ${pool.id} ${group.name}`;
    const { items, next } = paged(members(context, pool, group.name), wanted.NextToken, wanted.Limit, kind);
    return { Users: items.map((user) => userOut(user, 'Attributes')), NextToken: next };
  },
};

export const groupActions: Record<string, Action> = {
  CreateGroup: createGroup,
  GetGroup: getGroup,
  UpdateGroup: updateGroup,
  DeleteGroup: deleteGroup,
  ListGroups: listGroups,
  AdminAddUserToGroup: adminAddUserToGroup,
  AdminRemoveUserFromGroup: adminRemoveUserFromGroup,
  AdminListGroupsForUser: adminListGroupsForUser,
  ListUsersInGroup: listUsersInGroup,
};
