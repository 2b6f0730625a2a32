/** Cognito user pools, as far as a check looks at them. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client(
    'cognito-idp',
    async (config) => new (await import('@aws-sdk/client-cognito-identity-provider')).CognitoIdentityProvider(config),
  );

/** Ids of the pools of exactly this name; a name may stand for several pools. */
export async function userPoolsNamed(connection: Connection, name: string): Promise<string[]> {
  const client = await load(connection);
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listUserPools({ MaxResults: 60, NextToken });
    ids.push(...(page.UserPools ?? []).filter((pool) => pool.Name === name).map(({ Id }) => Id ?? ''));
    NextToken = page.NextToken;
  } while (NextToken);
  return ids;
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

/** User names of a pool. */
export async function listUsers(connection: Connection, pool: string): Promise<string[]> {
  const client = await load(connection);
  const names: string[] = [];
  let PaginationToken: string | undefined;
  do {
    const page = await client.listUsers({ UserPoolId: pool, PaginationToken });
    names.push(...(page.Users ?? []).map(({ Username }) => Username ?? ''));
    PaginationToken = page.PaginationToken;
  } while (PaginationToken);
  return names;
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
