/** Cognito identity pools, as plain values: who gets which role, and what of a sign-in the role can see. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client(
    'cognito-identity',
    async (config) => new (await import('@aws-sdk/client-cognito-identity')).CognitoIdentity(config),
  );

export interface IdentityPool {
  id: string;
  name: string;
  /** Guests get an identity, too. */
  guests: boolean;
  /** User pools whose sign-in it takes: `cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC`, and as which app client. */
  providers: { name: string; client: string }[];
  roles: { authenticated?: string; unauthenticated?: string };
  /** By `provider:client`: the role of a user's group instead of the one for everybody. */
  mappings: Record<
    string,
    { type: string; ambiguous: string; rules: { claim: string; value: string; role: string }[] }
  >;
}

/** undefined when there is no such pool, or when the id is none. */
export async function identityPool(connection: Connection, id: string): Promise<IdentityPool | undefined> {
  const client = await load(connection);
  try {
    const [pool, { Roles, RoleMappings }] = await Promise.all([
      client.describeIdentityPool({ IdentityPoolId: id }),
      client.getIdentityPoolRoles({ IdentityPoolId: id }),
    ]);
    return {
      id,
      name: pool.IdentityPoolName ?? '',
      guests: pool.AllowUnauthenticatedIdentities === true,
      providers: (pool.CognitoIdentityProviders ?? []).map(({ ProviderName, ClientId }) => ({
        name: ProviderName ?? '',
        client: ClientId ?? '',
      })),
      roles: {
        ...(Roles?.['authenticated'] ? { authenticated: Roles['authenticated'] } : {}),
        ...(Roles?.['unauthenticated'] ? { unauthenticated: Roles['unauthenticated'] } : {}),
      },
      mappings: Object.fromEntries(
        Object.entries(RoleMappings ?? {}).map(([provider, { Type, AmbiguousRoleResolution, RulesConfiguration }]) => [
          provider,
          {
            type: Type ?? '',
            ambiguous: AmbiguousRoleResolution ?? '',
            rules: (RulesConfiguration?.Rules ?? []).map(({ Claim, Value, RoleARN }) => ({
              claim: Claim ?? '',
              value: Value ?? '',
              role: RoleARN ?? '',
            })),
          },
        ]),
      ),
    };
  } catch (error) {
    if (/^(ResourceNotFound|InvalidParameter|Validation)Exception$/.test(errorName(error))) return undefined;
    throw error;
  }
}

/** Ids of the pools of exactly this name. */
export async function identityPoolsNamed(connection: Connection, name: string): Promise<string[]> {
  const client = await load(connection);
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listIdentityPools({ MaxResults: 60, NextToken });
    ids.push(
      ...(page.IdentityPools ?? [])
        .filter((p) => p.IdentityPoolName === name)
        .map(({ IdentityPoolId }) => IdentityPoolId ?? ''),
    );
    NextToken = page.NextToken;
  } while (NextToken);
  return ids;
}

/** Tag of the session → claim of the sign-in, as the pool maps them; none where nobody has said so. */
export async function sessionTags(
  connection: Connection,
  pool: string,
  provider: string,
): Promise<Record<string, string>> {
  const client = await load(connection);
  try {
    const { PrincipalTags } = await client.getPrincipalTagAttributeMap({
      IdentityPoolId: pool,
      IdentityProviderName: provider,
    });
    return PrincipalTags ?? {};
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return {};
    throw error;
  }
}
