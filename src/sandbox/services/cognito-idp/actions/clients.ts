/** App clients of a user pool. */
import { boolean, integer, list, must, structure, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import {
  type ClientRecord,
  clients,
  displayNameField,
  invalid,
  missing,
  onPool,
  paged,
  poolAt,
  poolIdField,
  read,
  tokenField,
} from '../records.ts';

const unit = () => text({ oneOf: ['seconds', 'minutes', 'hours', 'days'] as const });
const urls = () => list(must.text({ min: 1, max: 1024 }), { max: 100 });
const SETTINGS = {
  RefreshTokenValidity: integer({ min: 0, max: 315_360_000 }),
  AccessTokenValidity: integer({ min: 1, max: 86_400 }),
  IdTokenValidity: integer({ min: 1, max: 86_400 }),
  TokenValidityUnits: structure({ AccessToken: unit(), IdToken: unit(), RefreshToken: unit() }),
  ReadAttributes: list(must.text({ min: 1, max: 2048 })),
  WriteAttributes: list(must.text({ min: 1, max: 2048 })),
  ExplicitAuthFlows: list(
    must.text({
      oneOf: [
        'ADMIN_NO_SRP_AUTH',
        'CUSTOM_AUTH_FLOW_ONLY',
        'USER_PASSWORD_AUTH',
        'ALLOW_ADMIN_USER_PASSWORD_AUTH',
        'ALLOW_CUSTOM_AUTH',
        'ALLOW_USER_PASSWORD_AUTH',
        'ALLOW_USER_SRP_AUTH',
        'ALLOW_REFRESH_TOKEN_AUTH',
        'ALLOW_USER_AUTH',
      ],
    }),
  ),
  SupportedIdentityProviders: list(must.text({ oneOf: ['COGNITO'] })),
  CallbackURLs: urls(),
  LogoutURLs: urls(),
  DefaultRedirectURI: text({ min: 1, max: 1024 }),
  AllowedOAuthFlows: list(must.text({ oneOf: ['code', 'implicit', 'client_credentials'] }), { max: 3 }),
  AllowedOAuthScopes: list(must.text({ min: 1, max: 256 }), { max: 50 }),
  AllowedOAuthFlowsUserPoolClient: boolean(),
  PreventUserExistenceErrors: text({ oneOf: ['LEGACY', 'ENABLED'] }),
  EnableTokenRevocation: boolean(),
  EnablePropagateAdditionalUserContextData: boolean(),
  AuthSessionValidity: integer({ min: 3, max: 15 }),
};
const clientIdField = () => must.text({ min: 1, max: 128, pattern: /[\w+]+/ });

type Settings = ReturnType<typeof read<typeof SETTINGS>>;

function settings(wanted: Settings): Record<string, unknown> {
  const flows = wanted.ExplicitAuthFlows ?? ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_AUTH', 'ALLOW_USER_SRP_AUTH'];
  const old = flows.filter((flow) => !flow.startsWith('ALLOW_'));
  if (old.length > 0 && old.length < flows.length)
    throw invalid('ExplicitAuthFlows with and without the prefix ALLOW_ cannot be used together.');
  const shown: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS) as (keyof Settings)[])
    if (wanted[name] !== undefined) shown[name] = wanted[name];
  return {
    RefreshTokenValidity: 30,
    TokenValidityUnits: {},
    EnableTokenRevocation: true,
    EnablePropagateAdditionalUserContextData: false,
    AllowedOAuthFlowsUserPoolClient: false,
    AuthSessionValidity: 3,
    ...shown,
    ExplicitAuthFlows: flows,
  };
}

function clientAt(context: Context, wanted: { UserPoolId: string; ClientId: string }): ClientRecord {
  poolAt(context, wanted.UserPoolId);
  const client = clients(context).get(wanted.ClientId);
  if (client?.pool !== wanted.UserPoolId) throw missing(`User pool client ${wanted.ClientId} does not exist.`);
  return client;
}

function clientOut(client: ClientRecord): Record<string, unknown> {
  return {
    UserPoolId: client.pool,
    ClientId: client.id,
    ClientSecret: client.secret,
    LastModifiedDate: new Date(client.modified),
    CreationDate: new Date(client.created),
    ...client.settings,
  };
}

/** Ids and secrets are lower-case letters and digits. */
const lowerCase = (context: Context, length: number): string => context.world.suffix(length).toLowerCase();

const createUserPoolClient: Action = {
  permissions: onPool('cognito-idp:CreateUserPoolClient'),
  run(input, context) {
    const wanted = read(input, {
      ...SETTINGS,
      UserPoolId: poolIdField(),
      ClientName: displayNameField(),
      GenerateSecret: boolean(),
    });
    const pool = poolAt(context, wanted.UserPoolId);
    const now = context.now();
    const client: ClientRecord = {
      id: lowerCase(context, 26),
      pool: pool.id,
      created: now,
      modified: now,
      ...(wanted.GenerateSecret === true ? { secret: lowerCase(context, 51) } : {}),
      settings: { ClientName: wanted.ClientName, ...settings(wanted) },
    };
    clients(context).put(client.id, client);
    return { UserPoolClient: clientOut(client) };
  },
};

const describeUserPoolClient: Action = {
  permissions: onPool('cognito-idp:DescribeUserPoolClient'),
  run: (input, context) => ({
    UserPoolClient: clientOut(clientAt(context, read(input, { UserPoolId: poolIdField(), ClientId: clientIdField() }))),
  }),
};

/** UpdateUserPoolClient: what is not given goes back to its default. */
const updateUserPoolClient: Action = {
  permissions: onPool('cognito-idp:UpdateUserPoolClient'),
  run(input, context) {
    const wanted = read(input, {
      ...SETTINGS,
      UserPoolId: poolIdField(),
      ClientId: clientIdField(),
      ClientName: { ...displayNameField(), required: false },
    });
    const client = clientAt(context, wanted);
    const changed: ClientRecord = {
      ...client,
      modified: context.now(),
      settings: { ClientName: wanted.ClientName ?? client.settings['ClientName'], ...settings(wanted) },
    };
    clients(context).put(client.id, changed);
    return { UserPoolClient: clientOut(changed) };
  },
};

const deleteUserPoolClient: Action = {
  permissions: onPool('cognito-idp:DeleteUserPoolClient'),
  run(input, context) {
    clients(context).delete(
      clientAt(context, read(input, { UserPoolId: poolIdField(), ClientId: clientIdField() })).id,
    );
    return {};
  },
};

const listUserPoolClients: Action = {
  permissions: onPool('cognito-idp:ListUserPoolClients'),
  run(input, context) {
    const wanted = read(input, {
      UserPoolId: poolIdField(),
      MaxResults: integer({ min: 1, max: 60 }),
      NextToken: tokenField(),
    });
    const pool = poolAt(context, wanted.UserPoolId);
    const found = [...clients(context).values()].filter((client) => client.pool === pool.id);
    const { items, next } = paged(found, wanted.NextToken, wanted.MaxResults, `clients ${pool.id}`);
    return {
      UserPoolClients: items.map((client) => ({
        ClientId: client.id,
        UserPoolId: client.pool,
        ClientName: client.settings['ClientName'],
      })),
      NextToken: next,
    };
  },
};

export const clientActions: Record<string, Action> = {
  CreateUserPoolClient: createUserPoolClient,
  DescribeUserPoolClient: describeUserPoolClient,
  UpdateUserPoolClient: updateUserPoolClient,
  DeleteUserPoolClient: deleteUserPoolClient,
  ListUserPoolClients: listUserPoolClients,
};
