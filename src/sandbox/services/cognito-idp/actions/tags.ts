/** Tags of user pools. */
import { map, must } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { invalid, missing, type PoolRecord, poolArn, pools, read } from '../records.ts';

export const tagsField = () => map(must.text({ max: 256 }), { key: must.text({ min: 1, max: 128 }), max: 50 });

function tagged(context: Context, arn: string): PoolRecord {
  const prefix = poolArn(context, '');
  const pool = arn.startsWith(prefix) ? pools(context).get(arn.slice(prefix.length)) : undefined;
  if (!pool) throw missing(`User pool ${arn.split('/').at(-1) ?? arn} does not exist.`);
  return pool;
}

const onArn =
  (action: string): Action['permissions'] =>
  (input: Input) => [{ action, resource: String(input['ResourceArn'] ?? '*') }];

const tagResource: Action = {
  permissions: onArn('cognito-idp:TagResource'),
  run(input, context) {
    const wanted = read(input, { ResourceArn: must.text({ min: 20 }), Tags: { ...tagsField(), required: true } });
    const pool = tagged(context, wanted.ResourceArn);
    const tags = { ...pool.tags, ...wanted.Tags };
    if (Object.keys(tags).length > 50) throw invalid('A user pool has no more than 50 tags.');
    pools(context).put(pool.id, { ...pool, tags });
    return {};
  },
};

const untagResource: Action = {
  permissions: onArn('cognito-idp:UntagResource'),
  run(input, context) {
    const wanted = read(input, { ResourceArn: must.text({ min: 20 }), TagKeys: must.list(must.text()) });
    const pool = tagged(context, wanted.ResourceArn);
    const tags = Object.fromEntries(Object.entries(pool.tags).filter(([key]) => !wanted.TagKeys.includes(key)));
    pools(context).put(pool.id, { ...pool, tags });
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onArn('cognito-idp:ListTagsForResource'),
  run: (input, context) => ({
    Tags: tagged(context, read(input, { ResourceArn: must.text({ min: 20 }) }).ResourceArn).tags,
  }),
};

export const tagActions: Record<string, Action> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
