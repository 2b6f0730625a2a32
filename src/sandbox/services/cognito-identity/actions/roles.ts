/** Which role an identity gets, and which of its claims become tags of the session (roles compare topics with them). */
import { boolean, map, must, structure, text } from '../../../members.ts';
import type { Action, Permission } from '../../../service.ts';
import { invalid, missing, onPool, poolArn, poolAt, poolIdField, pools, read } from '../records.ts';

const roleArn = () => must.text({ min: 20, max: 2048 });

const setIdentityPoolRoles: Action = {
  permissions(input, context): Permission[] {
    const roles: unknown[] = Object.values((input['Roles'] ?? {}) as Record<string, unknown>);
    return [
      {
        action: 'cognito-identity:SetIdentityPoolRoles',
        resource: poolArn(context, String(input['IdentityPoolId'] ?? '')),
      },
      ...roles.map((role) => ({
        action: 'iam:PassRole',
        resource: String(role),
        context: { 'iam:PassedToService': 'cognito-identity.amazonaws.com' },
      })),
    ];
  },
  run(input, context) {
    const wanted = read(input, {
      IdentityPoolId: poolIdField(),
      Roles: must.map(roleArn(), {
        key: must.text({ min: 1, max: 128, pattern: /(?:un)?authenticated/, shown: '(un)?authenticated' }),
        max: 2,
      }),
      RoleMappings: map(
        must.structure({
          Type: must.text({ oneOf: ['Token', 'Rules'] as const }),
          AmbiguousRoleResolution: text({ oneOf: ['AuthenticatedRole', 'Deny'] }),
          RulesConfiguration: structure({
            Rules: must.list(
              must.structure({
                Claim: must.text({ min: 1, max: 64 }),
                MatchType: must.text({ oneOf: ['Equals', 'Contains', 'StartsWith', 'NotEqual'] }),
                Value: must.text({ min: 1, max: 128 }),
                RoleARN: roleArn(),
              }),
              { min: 1, max: 400 },
            ),
          }),
        }),
        { max: 10, key: must.text({ min: 1, max: 128 }) },
      ),
    });
    for (const mapping of Object.values(wanted.RoleMappings ?? {})) {
      if (mapping.AmbiguousRoleResolution === undefined)
        throw invalid('AmbiguousRoleResolution is required when the type of a role mapping is Token or Rules.');
      if ((mapping.Type === 'Rules') !== (mapping.RulesConfiguration !== undefined))
        throw invalid('RulesConfiguration is required for role mappings of the type Rules, and for no other.');
    }
    const { roleMappings: _before, ...pool } = poolAt(context, wanted.IdentityPoolId);
    pools(context).put(pool.id, {
      ...pool,
      roles: wanted.Roles,
      ...(wanted.RoleMappings ? { roleMappings: wanted.RoleMappings } : {}),
    });
    return {};
  },
};

const getIdentityPoolRoles: Action = {
  permissions: onPool('GetIdentityPoolRoles'),
  run(input, context) {
    const pool = poolAt(context, read(input, { IdentityPoolId: poolIdField() }).IdentityPoolId);
    return { IdentityPoolId: pool.id, Roles: pool.roles, RoleMappings: pool.roleMappings };
  },
};

const providerField = () => must.text({ min: 1, max: 128 });
/** Amazon Cognito Developer Guide, "Using attributes for access control": the default mapping. */
const DEFAULT_TAGS = { username: 'sub', client: 'aud' };

const setPrincipalTagAttributeMap: Action = {
  permissions: onPool('SetPrincipalTagAttributeMap'),
  run(input, context) {
    const wanted = read(input, {
      IdentityPoolId: poolIdField(),
      IdentityProviderName: providerField(),
      UseDefaults: boolean(),
      PrincipalTags: map(must.text({ min: 1, max: 256 }), { key: must.text({ min: 1, max: 128 }), max: 50 }),
    });
    const pool = poolAt(context, wanted.IdentityPoolId);
    if (!(pool.providers ?? []).some((provider) => provider.ProviderName === wanted.IdentityProviderName))
      throw missing(`Identity provider '${wanted.IdentityProviderName}' is not one of the identity pool's.`);
    const useDefaults = wanted.UseDefaults === true;
    if (useDefaults && wanted.PrincipalTags && Object.keys(wanted.PrincipalTags).length > 0)
      throw invalid('PrincipalTags cannot be given when UseDefaults is true.');
    const tags = useDefaults ? DEFAULT_TAGS : (wanted.PrincipalTags ?? {});
    pools(context).put(pool.id, {
      ...pool,
      principalTags: { ...pool.principalTags, [wanted.IdentityProviderName]: { useDefaults, tags } },
    });
    return {
      IdentityPoolId: pool.id,
      IdentityProviderName: wanted.IdentityProviderName,
      UseDefaults: useDefaults,
      PrincipalTags: tags,
    };
  },
};

const getPrincipalTagAttributeMap: Action = {
  permissions: onPool('GetPrincipalTagAttributeMap'),
  run(input, context) {
    const wanted = read(input, { IdentityPoolId: poolIdField(), IdentityProviderName: providerField() });
    const pool = poolAt(context, wanted.IdentityPoolId);
    const found = Object.hasOwn(pool.principalTags, wanted.IdentityProviderName)
      ? pool.principalTags[wanted.IdentityProviderName]
      : undefined;
    if (!found)
      throw missing(`There is no attribute mapping for the identity provider '${wanted.IdentityProviderName}'.`);
    return {
      IdentityPoolId: pool.id,
      IdentityProviderName: wanted.IdentityProviderName,
      UseDefaults: found.useDefaults,
      PrincipalTags: found.tags,
    };
  },
};

export const roleActions: Record<string, Action> = {
  SetIdentityPoolRoles: setIdentityPoolRoles,
  GetIdentityPoolRoles: getIdentityPoolRoles,
  SetPrincipalTagAttributeMap: setPrincipalTagAttributeMap,
  GetPrincipalTagAttributeMap: getPrincipalTagAttributeMap,
};
