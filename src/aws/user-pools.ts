/** Cognito user pools, as far as a check looks at them. */
import type { Connection } from './connection.ts';
import { PARAMETER_PREFIX, USER_POOL_NAME } from '../workshop.ts';
import { errorName } from './failure.ts';
import { readParameter } from './parameters.ts';

const load = (connection: Connection) =>
  connection.client(
    'cognito-idp',
    async (config) => new (await import('@aws-sdk/client-cognito-identity-provider')).CognitoIdentityProvider(config),
  );

export async function userPools(connection: Connection): Promise<{ id: string; name: string }[]> {
  const client = await load(connection);
  const pools: { id: string; name: string }[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listUserPools({ MaxResults: 60, NextToken });
    pools.push(...(page.UserPools ?? []).map(({ Id = '', Name = '' }) => ({ id: Id, name: Name })));
    NextToken = page.NextToken;
  } while (NextToken);
  return pools;
}

/** Ids of the pools of exactly this name; a name may stand for several pools. */
export const userPoolsNamed = async (connection: Connection, wanted: string): Promise<string[]> =>
  (await userPools(connection)).filter(({ name }) => name === wanted).map(({ id }) => id);

/**
 * The pool that the workshop's apps sign in to: the one that its core names, else the only one of its name. Undefined when
 * there is none.
 */
export async function workshopPool(connection: Connection): Promise<string | undefined> {
  const [named, pools] = await Promise.all([
    readParameter(connection, `${PARAMETER_PREFIX}userpool`),
    userPoolsNamed(connection, USER_POOL_NAME),
  ]);
  return pools.find((id) => id === named?.trim()) ?? pools[0];
}

export async function groupExists(connection: Connection, pool: string, group: string): Promise<boolean> {
  const client = await load(connection);
  try {
    await client.getGroup({ UserPoolId: pool, GroupName: group });
    return true;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return false;
    throw error;
  }
}

/** Every user of a pool. */
export async function listUsers(connection: Connection, pool: string): Promise<User[]> {
  const client = await load(connection);
  const users: User[] = [];
  let PaginationToken: string | undefined;
  do {
    const page = await client.listUsers({ UserPoolId: pool, PaginationToken });
    users.push(...(page.Users ?? []).map(toUser));
    PaginationToken = page.PaginationToken;
  } while (PaginationToken);
  return users;
}

/** Removes a user; fine when it is already gone. */
export async function deleteUser(connection: Connection, pool: string, name: string): Promise<void> {
  const client = await load(connection);
  try {
    await client.adminDeleteUser({ UserPoolId: pool, Username: name });
  } catch (error) {
    if (!/^(UserNotFound|ResourceNotFound)Exception$/.test(errorName(error))) throw error;
  }
}

export interface User {
  /** In pools whose usernames are mail addresses this is an id. */
  name: string;
  /** What a person would call it: the mail address where it has one. */
  shown: string;
  enabled: boolean;
  /** CONFIRMED, FORCE_CHANGE_PASSWORD, UNCONFIRMED, RESET_REQUIRED, EXTERNAL_PROVIDER … */
  status: string;
  /** epoch milliseconds: when it was last changed, its password included */
  modified: number;
}

interface SdkUser {
  Username?: string | undefined;
  Enabled?: boolean | undefined;
  UserStatus?: string | undefined;
  UserLastModifiedDate?: Date | undefined;
  Attributes?: { Name: string | undefined; Value?: string | undefined }[] | undefined;
}

const toUser = (user: SdkUser): User => ({
  name: user.Username ?? '',
  shown: user.Attributes?.find(({ Name }) => Name === 'email')?.Value ?? user.Username ?? '',
  enabled: user.Enabled !== false,
  status: user.UserStatus ?? '',
  modified: user.UserLastModifiedDate?.getTime() ?? 0,
});

/** A group's role and who is in it; undefined when the pool has no such group. */
export async function groupMembers(connection: Connection, pool: string, group: string): Promise<User[] | undefined> {
  const client = await load(connection);
  const found: User[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await client.listUsersInGroup({ UserPoolId: pool, GroupName: group, NextToken });
      found.push(...(page.Users ?? []).map(toUser));
      NextToken = page.NextToken;
    } while (NextToken);
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
  return found;
}

/** The role of a group: those who are in it listen with it. */
export async function groupRole(connection: Connection, pool: string, group: string): Promise<string | undefined> {
  const client = await load(connection);
  try {
    return (await client.getGroup({ UserPoolId: pool, GroupName: group })).Group?.RoleArn;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

export async function listGroups(connection: Connection, pool: string): Promise<string[]> {
  const client = await load(connection);
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listGroups({ UserPoolId: pool, NextToken });
    names.push(...(page.Groups ?? []).map(({ GroupName }) => GroupName ?? ''));
    NextToken = page.NextToken;
  } while (NextToken);
  return names;
}

/** The first users of a pool: enough to tell somebody about them. */
export async function someUsers(connection: Connection, pool: string): Promise<User[]> {
  const client = await load(connection);
  return ((await client.listUsers({ UserPoolId: pool, Limit: 60 })).Users ?? []).map(toUser);
}

/** A user by its name, or by the mail address that serves as one; undefined when there is none. */
export async function findUser(
  connection: Connection,
  pool: string,
  name: string,
): Promise<(User & { groups: string[] }) | undefined> {
  const client = await load(connection);
  try {
    const { UserAttributes, ...user } = await client.adminGetUser({ UserPoolId: pool, Username: name });
    const { Groups } = await client.adminListGroupsForUser({ UserPoolId: pool, Username: name });
    return {
      ...toUser({ ...user, Attributes: UserAttributes as SdkUser['Attributes'] }),
      groups: (Groups ?? []).map(({ GroupName }) => GroupName ?? ''),
    };
  } catch (error) {
    if (errorName(error) === 'UserNotFoundException') return undefined;
    throw error;
  }
}

/** For how many days a password that somebody else has set can be used. */
export async function temporaryPasswordDays(connection: Connection, pool: string): Promise<number> {
  const client = await load(connection);
  const { UserPool } = await client.describeUserPool({ UserPoolId: pool });
  return UserPool?.Policies?.PasswordPolicy?.TemporaryPasswordValidityDays ?? 7;
}

/**
 * Makes a user who is told nothing: Cognito sends no mail, since its own stops at about fifty a day. Without `temporary`
 * the password stays; with it the user chooses another one when signing in.
 */
export async function createUser(
  connection: Connection,
  pool: string,
  user: { name: string; password: string; temporary: boolean },
): Promise<void> {
  const client = await load(connection);
  await client.adminCreateUser({
    UserPoolId: pool,
    Username: user.name,
    MessageAction: 'SUPPRESS',
    TemporaryPassword: user.password,
    UserAttributes: [
      { Name: 'email', Value: user.name },
      { Name: 'email_verified', Value: 'true' },
    ],
  });
  if (!user.temporary) await setPassword(connection, pool, user.name, user.password);
}

/** A password that stays: the user can sign in with it, whatever was before. */
export async function setPassword(connection: Connection, pool: string, name: string, password: string): Promise<void> {
  const client = await load(connection);
  await client.adminSetUserPassword({ UserPoolId: pool, Username: name, Password: password, Permanent: true });
}

export async function setEnabled(connection: Connection, pool: string, name: string, enabled: boolean): Promise<void> {
  const client = await load(connection);
  const user = { UserPoolId: pool, Username: name };
  await (enabled ? client.adminEnableUser(user) : client.adminDisableUser(user));
}

export async function joinGroup(connection: Connection, pool: string, name: string, group: string): Promise<void> {
  const client = await load(connection);
  await client.adminAddUserToGroup({ UserPoolId: pool, Username: name, GroupName: group });
}

/** Takes a user out of a group; fine when either is already gone. */
export async function leaveGroup(connection: Connection, pool: string, name: string, group: string): Promise<void> {
  const client = await load(connection);
  try {
    await client.adminRemoveUserFromGroup({ UserPoolId: pool, Username: name, GroupName: group });
  } catch (error) {
    if (!/^(UserNotFound|ResourceNotFound)Exception$/.test(errorName(error))) throw error;
  }
}

export async function createGroup(connection: Connection, pool: string, group: string): Promise<void> {
  const client = await load(connection);
  await client.createGroup({ UserPoolId: pool, GroupName: group });
}

/** Removes a group; fine when it is already gone. */
export async function deleteGroup(connection: Connection, pool: string, group: string): Promise<void> {
  const client = await load(connection);
  try {
    await client.deleteGroup({ UserPoolId: pool, GroupName: group });
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
}

export async function createPool(connection: Connection, name: string, tags: Record<string, string>): Promise<string> {
  const client = await load(connection);
  const { UserPool } = await client.createUserPool({
    PoolName: name,
    UsernameAttributes: ['email'],
    UserPoolTags: tags,
  });
  return UserPool?.Id ?? '';
}

export interface AppClient {
  id: string;
  hasSecret: boolean;
  /** ALLOW_USER_SRP_AUTH … */
  flows: string[];
}

/** An app client; undefined when the pool has no such client, or is not there itself. */
export async function appClient(connection: Connection, pool: string, id: string): Promise<AppClient | undefined> {
  const client = await load(connection);
  try {
    const { UserPoolClient } = await client.describeUserPoolClient({ UserPoolId: pool, ClientId: id });
    return {
      id,
      hasSecret: UserPoolClient?.ClientSecret !== undefined,
      flows: UserPoolClient?.ExplicitAuthFlows ?? [],
    };
  } catch (error) {
    if (/^(ResourceNotFound|InvalidParameter)Exception$/.test(errorName(error))) return undefined;
    throw error;
  }
}
