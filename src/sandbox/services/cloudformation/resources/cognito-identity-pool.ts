import { STRINGS, TAGS } from './shape.ts';
import { given, type Properties, type ResourceType, tagMap } from './type.ts';

function request(properties: Properties, name: string): Record<string, unknown> {
  const { IdentityPoolTags, OpenIdConnectProviderARNs, SamlProviderARNs, ...rest } = properties;
  return given({
    ...rest,
    IdentityPoolName: name,
    OpenIdConnectProviderARNs,
    SamlProviderARNs,
    IdentityPoolTags: IdentityPoolTags === undefined ? undefined : tagMap(IdentityPoolTags),
  });
}

export const identityPool: ResourceType = {
  properties: {
    IdentityPoolName: 'string',
    'AllowUnauthenticatedIdentities!': 'boolean',
    AllowClassicFlow: 'boolean',
    CognitoIdentityProviders: [{ ServerSideTokenCheck: 'boolean', 'ProviderName!': 'string', 'ClientId!': 'string' }],
    DeveloperProviderName: 'string',
    SupportedLoginProviders: 'json',
    SamlProviderARNs: STRINGS,
    OpenIdConnectProviderARNs: STRINGS,
    IdentityPoolTags: TAGS,
  },
  replaces: [],
  attributes: ['Id', 'Name'],
  tags: { property: 'IdentityPoolTags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['IdentityPoolName'] ?? work.name(128);
    const made = await work.call('cognito-identity', 'CreateIdentityPool', request(properties, name));
    const id = String(made['IdentityPoolId']);
    work.made(id);
    return { id, attributes: { Id: id, Name: name } };
  },
  async update(id, properties, _before, work) {
    const found = await work.call('cognito-identity', 'DescribeIdentityPool', { IdentityPoolId: id });
    const name: string = properties['IdentityPoolName'] ?? found['IdentityPoolName'];
    await work.call('cognito-identity', 'UpdateIdentityPool', { ...request(properties, name), IdentityPoolId: id });
    return { id, attributes: { Name: name } };
  },
  async delete(id, _properties, work) {
    await work.call('cognito-identity', 'DeleteIdentityPool', { IdentityPoolId: id });
  },
  async read(id, _expected, work) {
    const pool = await work.call('cognito-identity', 'DescribeIdentityPool', { IdentityPoolId: id });
    return {
      IdentityPoolName: pool['IdentityPoolName'],
      AllowUnauthenticatedIdentities: pool['AllowUnauthenticatedIdentities'],
      AllowClassicFlow: pool['AllowClassicFlow'],
      CognitoIdentityProviders: pool['CognitoIdentityProviders'],
    };
  },
};
