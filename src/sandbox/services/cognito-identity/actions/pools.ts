/** Identity pools and their tags (Amazon Cognito Federated Identities API Reference: CreateIdentityPool and its like). */
import { boolean, list, map, must, page, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { invalid, missing, onPool, type PoolRecord, poolArn, poolAt, poolIdField, pools, read } from '../records.ts';

const tagsField = () => map(must.text({ max: 256 }), { key: must.text({ min: 1, max: 128 }), max: 50 });
const SETTINGS = {
  IdentityPoolName: must.text({ min: 1, max: 128, pattern: /[\w\s+=,.@-]+/ }),
  AllowUnauthenticatedIdentities: must.boolean(),
  AllowClassicFlow: boolean(),
  CognitoIdentityProviders: list(
    must.structure({
      ProviderName: text({ min: 1, max: 128, pattern: /[\w._:/-]+/ }),
      ClientId: text({ min: 1, max: 128, pattern: /[\w_]+/ }),
      ServerSideTokenCheck: boolean(),
    }),
  ),
  IdentityPoolTags: tagsField(),
};
type Settings = ReturnType<typeof read<typeof SETTINGS>>;

function settings(
  wanted: Settings,
): Pick<PoolRecord, 'name' | 'allowUnauthenticated' | 'allowClassicFlow' | 'providers'> {
  for (const { ProviderName, ClientId } of wanted.CognitoIdentityProviders ?? []) {
    if (
      ProviderName === undefined ||
      !/^cognito-idp\.[a-z0-9-]+\.amazonaws\.com\/[\w-]+_[0-9a-zA-Z]+$/.test(ProviderName)
    )
      throw invalid('Invalid Cognito Identity Provider');
    if (ClientId === undefined) throw invalid('Client ID is required for a Cognito Identity Provider.');
  }
  return {
    name: wanted.IdentityPoolName,
    allowUnauthenticated: wanted.AllowUnauthenticatedIdentities,
    ...(wanted.AllowClassicFlow === undefined ? {} : { allowClassicFlow: wanted.AllowClassicFlow }),
    ...(wanted.CognitoIdentityProviders ? { providers: wanted.CognitoIdentityProviders } : {}),
  };
}

function poolOut(pool: PoolRecord): Record<string, unknown> {
  return {
    IdentityPoolId: pool.id,
    IdentityPoolName: pool.name,
    AllowUnauthenticatedIdentities: pool.allowUnauthenticated,
    AllowClassicFlow: pool.allowClassicFlow,
    CognitoIdentityProviders: pool.providers,
    IdentityPoolTags: pool.tags,
  };
}

const createIdentityPool: Action = {
  permissions: () => [{ action: 'cognito-identity:CreateIdentityPool', resource: '*' }],
  run(input, context) {
    const wanted = read(input, SETTINGS);
    const pool: PoolRecord = {
      id: `${context.region}:${context.world.uuid()}`,
      ...settings(wanted),
      tags: wanted.IdentityPoolTags ?? {},
      roles: {},
      principalTags: {},
    };
    pools(context).put(pool.id, pool);
    return poolOut(pool);
  },
};

const describeIdentityPool: Action = {
  permissions: onPool('DescribeIdentityPool'),
  run: (input, context) => poolOut(poolAt(context, read(input, { IdentityPoolId: poolIdField() }).IdentityPoolId)),
};

/** UpdateIdentityPool replaces the settings as a whole. */
const updateIdentityPool: Action = {
  permissions: onPool('UpdateIdentityPool'),
  run(input, context) {
    const wanted = read(input, { ...SETTINGS, IdentityPoolId: poolIdField() });
    const { id, tags, roles, roleMappings, principalTags } = poolAt(context, wanted.IdentityPoolId);
    const pool: PoolRecord = {
      id,
      ...settings(wanted),
      tags: wanted.IdentityPoolTags ?? tags,
      roles,
      ...(roleMappings ? { roleMappings } : {}),
      principalTags,
    };
    pools(context).put(id, pool);
    return poolOut(pool);
  },
};

const deleteIdentityPool: Action = {
  permissions: onPool('DeleteIdentityPool'),
  run(input, context) {
    pools(context).delete(poolAt(context, read(input, { IdentityPoolId: poolIdField() }).IdentityPoolId).id);
    return {};
  },
};

const listIdentityPools: Action = {
  permissions: () => [{ action: 'cognito-identity:ListIdentityPools', resource: '*' }],
  run(input, context) {
    const wanted = read(input, { MaxResults: must.integer({ min: 1, max: 60 }), NextToken: text({ min: 1 }) });
    const { items, next } = page([...pools(context).values()], wanted.NextToken, wanted.MaxResults, 'pools', () =>
      invalid('Invalid pagination token given.'),
    );
    return {
      IdentityPools: items.map((pool) => ({ IdentityPoolId: pool.id, IdentityPoolName: pool.name })),
      NextToken: next,
    };
  },
};

function tagged(context: Context, arn: string): PoolRecord {
  const prefix = poolArn(context, '');
  const pool = arn.startsWith(prefix) ? pools(context).get(arn.slice(prefix.length)) : undefined;
  if (!pool) throw missing(`Resource '${arn}' not found.`);
  return pool;
}

const onArn =
  (action: string): Action['permissions'] =>
  (input) => [{ action: `cognito-identity:${action}`, resource: String(input['ResourceArn'] ?? '*') }];

const tagResource: Action = {
  permissions: onArn('TagResource'),
  run(input, context) {
    const wanted = read(input, { ResourceArn: must.text({ min: 20 }), Tags: { ...tagsField(), required: true } });
    const pool = tagged(context, wanted.ResourceArn);
    const tags = { ...pool.tags, ...wanted.Tags };
    if (Object.keys(tags).length > 50) throw invalid('An identity pool has no more than 50 tags.');
    pools(context).put(pool.id, { ...pool, tags });
    return {};
  },
};

const untagResource: Action = {
  permissions: onArn('UntagResource'),
  run(input, context) {
    const wanted = read(input, { ResourceArn: must.text({ min: 20 }), TagKeys: must.list(must.text()) });
    const pool = tagged(context, wanted.ResourceArn);
    const tags = Object.fromEntries(Object.entries(pool.tags).filter(([key]) => !wanted.TagKeys.includes(key)));
    pools(context).put(pool.id, { ...pool, tags });
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onArn('ListTagsForResource'),
  run: (input, context) => ({
    Tags: tagged(context, read(input, { ResourceArn: must.text({ min: 20 }) }).ResourceArn).tags,
  }),
};

export const poolActions: Record<string, Action> = {
  CreateIdentityPool: createIdentityPool,
  DescribeIdentityPool: describeIdentityPool,
  UpdateIdentityPool: updateIdentityPool,
  DeleteIdentityPool: deleteIdentityPool,
  ListIdentityPools: listIdentityPools,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
