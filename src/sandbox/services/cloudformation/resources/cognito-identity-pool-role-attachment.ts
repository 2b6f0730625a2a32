import { TEXT_MAP } from './shape.ts';
import { given, type Properties, type ResourceType, type Work } from './type.ts';

async function set(properties: Properties, work: Work): Promise<void> {
  const mappings = properties['RoleMappings'] as Record<string, Properties> | undefined;
  await work.call(
    'cognito-identity',
    'SetIdentityPoolRoles',
    given({
      IdentityPoolId: properties['IdentityPoolId'],
      Roles: properties['Roles'] ?? {},
      // A mapping goes by the provider's name; the template may give it another key and name the provider inside.
      RoleMappings:
        mappings &&
        Object.fromEntries(
          Object.entries(mappings).map(([key, { IdentityProvider, ...mapping }]) => [IdentityProvider ?? key, mapping]),
        ),
    }),
  );
}

export const identityPoolRoleAttachment: ResourceType = {
  properties: {
    'IdentityPoolId!': 'string',
    Roles: TEXT_MAP,
    RoleMappings: {
      '*': {
        'Type!': 'string',
        IdentityProvider: 'string',
        AmbiguousRoleResolution: 'string',
        RulesConfiguration: {
          'Rules!': [{ 'MatchType!': 'string', 'Value!': 'string', 'Claim!': 'string', 'RoleARN!': 'string' }],
        },
      },
    },
  },
  replaces: ['IdentityPoolId'],
  attributes: ['Id'],
  async create(properties, work) {
    const id = work.name(128);
    await set(properties, work);
    work.made(id);
    return { id, attributes: { Id: id } };
  },
  async update(id, properties, _before, work) {
    await set(properties, work);
    return { id, attributes: { Id: id } };
  },
  async delete(_id, properties, work) {
    await set({ IdentityPoolId: properties['IdentityPoolId'] }, work);
  },
  async read(_id, { IdentityPoolId, RoleMappings }, work) {
    const now = await work.call('cognito-identity', 'GetIdentityPoolRoles', { IdentityPoolId });
    const keys = new Map(
      Object.entries((RoleMappings ?? {}) as Record<string, Properties>).flatMap(([key, mapping]) =>
        mapping['IdentityProvider'] === undefined ? [] : [[mapping['IdentityProvider'] as string, key] as const],
      ),
    );
    const mappings = Object.entries((now['RoleMappings'] ?? {}) as Record<string, Properties>);
    return {
      Roles: now['Roles'],
      RoleMappings: Object.fromEntries(
        mappings.map(([provider, mapping]) =>
          keys.has(provider) ? [keys.get(provider), { IdentityProvider: provider, ...mapping }] : [provider, mapping],
        ),
      ),
    };
  },
};
