import { STRINGS } from './shape.ts';
import { given, type ResourceType } from './type.ts';

export const userPoolClient: ResourceType = {
  properties: {
    'UserPoolId!': 'string',
    ClientName: 'string',
    GenerateSecret: 'boolean',
    ExplicitAuthFlows: STRINGS,
    PreventUserExistenceErrors: 'string',
    RefreshTokenValidity: 'integer',
    AccessTokenValidity: 'integer',
    IdTokenValidity: 'integer',
    TokenValidityUnits: { IdToken: 'string', RefreshToken: 'string', AccessToken: 'string' },
    AuthSessionValidity: 'integer',
    EnableTokenRevocation: 'boolean',
    EnablePropagateAdditionalUserContextData: 'boolean',
    RefreshTokenRotation: { Feature: 'string', RetryGracePeriodSeconds: 'integer' },
    ReadAttributes: STRINGS,
    WriteAttributes: STRINGS,
    SupportedIdentityProviders: STRINGS,
    CallbackURLs: STRINGS,
    LogoutURLs: STRINGS,
    DefaultRedirectURI: 'string',
    AllowedOAuthFlows: STRINGS,
    AllowedOAuthScopes: STRINGS,
    AllowedOAuthFlowsUserPoolClient: 'boolean',
    AnalyticsConfiguration: 'json',
  },
  replaces: ['UserPoolId', 'GenerateSecret'],
  attributes: ['ClientId', 'ClientSecret', 'Name'],
  async create(properties, work) {
    const { UserPoolClient } = await work.call('cognito-idp', 'CreateUserPoolClient', {
      ClientName: work.name(128),
      ...properties,
    });
    const id = String(UserPoolClient.ClientId);
    work.made(id);
    return {
      id,
      attributes: given({ ClientId: id, ClientSecret: UserPoolClient.ClientSecret, Name: UserPoolClient.ClientName }),
    };
  },
  async update(id, properties, _before, work) {
    const { GenerateSecret: _secret, ...rest } = properties;
    await work.call('cognito-idp', 'UpdateUserPoolClient', { ...rest, ClientId: id });
    return { id };
  },
  async delete(id, properties, work) {
    await work.call('cognito-idp', 'DeleteUserPoolClient', { UserPoolId: properties['UserPoolId'], ClientId: id });
  },
  async read(id, { UserPoolId }, work) {
    const { UserPoolClient } = await work.call('cognito-idp', 'DescribeUserPoolClient', { UserPoolId, ClientId: id });
    const {
      ClientSecret,
      ClientId: _id,
      CreationDate: _made,
      LastModifiedDate: _changed,
      ...settings
    } = UserPoolClient;
    // What is back at its default is not in the answer, and is told apart from what the template sets.
    const unset = Object.fromEntries(
      Object.keys(userPoolClient.properties).map((name) => [name.replace('!', ''), undefined]),
    );
    return { ...unset, ...settings, GenerateSecret: ClientSecret !== undefined };
  },
};
