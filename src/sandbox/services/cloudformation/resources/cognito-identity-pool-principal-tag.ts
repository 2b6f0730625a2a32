import type { Properties, ResourceType, Work } from './type.ts';

async function set(properties: Properties, work: Work): Promise<void> {
  await work.call('cognito-identity', 'SetPrincipalTagAttributeMap', {
    IdentityPoolId: properties['IdentityPoolId'],
    IdentityProviderName: properties['IdentityProviderName'],
    UseDefaults: properties['UseDefaults'] ?? false,
    PrincipalTags: properties['PrincipalTags'] ?? {},
  });
}

export const identityPoolPrincipalTag: ResourceType = {
  properties: {
    'IdentityPoolId!': 'string',
    'IdentityProviderName!': 'string',
    UseDefaults: 'boolean',
    PrincipalTags: 'json',
  },
  replaces: ['IdentityPoolId', 'IdentityProviderName'],
  attributes: [],
  async create(properties, work) {
    await set(properties, work);
    const id = `${properties['IdentityPoolId']}|${properties['IdentityProviderName']}`;
    work.made(id);
    return { id };
  },
  async update(id, properties, _before, work) {
    await set(properties, work);
    return { id };
  },
  async delete(_id, properties, work) {
    await set({ ...properties, UseDefaults: false, PrincipalTags: {} }, work);
  },
  async read(_id, { IdentityPoolId, IdentityProviderName }, work) {
    const map = await work.call('cognito-identity', 'GetPrincipalTagAttributeMap', {
      IdentityPoolId,
      IdentityProviderName,
    });
    return { UseDefaults: map['UseDefaults'], PrincipalTags: map['PrincipalTags'] };
  },
};
