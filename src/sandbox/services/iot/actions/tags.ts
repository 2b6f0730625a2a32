/** Tags of IoT policies. */
import { ServiceError } from '../../../errors.ts';
import { must, page, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { invalid, type PolicyRecord, policies, policyArn, policyNamed, read, tagsField } from '../records.ts';

function tagged(context: Context, arn: string): PolicyRecord {
  const prefix = policyArn(context, '');
  if (!arn.startsWith(prefix)) throw invalid(`The sandbox carries no resource of IoT by the ARN ${arn}.`);
  return policyNamed(context, arn.slice(prefix.length));
}

const onArn =
  (action: string): Action['permissions'] =>
  (input) => [{ action, resource: String(input['resourceArn'] ?? '*') }];

const tagResource: Action = {
  permissions: onArn('iot:TagResource'),
  run(input, context) {
    const wanted = read(input, { resourceArn: must.text(), tags: { ...tagsField(), required: true } });
    const policy = tagged(context, wanted.resourceArn);
    const tags = {
      ...policy.tags,
      ...Object.fromEntries((wanted.tags ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
    };
    if (Object.keys(tags).length > 50)
      throw new ServiceError('LimitExceededException', 'A resource has no more than 50 tags.', 410);
    policies(context).put(policy.name, { ...policy, tags });
    return {};
  },
};

const untagResource: Action = {
  permissions: onArn('iot:UntagResource'),
  run(input, context) {
    const wanted = read(input, { resourceArn: must.text(), tagKeys: must.list(must.text({ min: 1, max: 128 })) });
    const policy = tagged(context, wanted.resourceArn);
    const tags = Object.fromEntries(Object.entries(policy.tags).filter(([key]) => !wanted.tagKeys.includes(key)));
    policies(context).put(policy.name, { ...policy, tags });
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onArn('iot:ListTagsForResource'),
  run(input, context) {
    const wanted = read(input, { resourceArn: must.text(), nextToken: text() });
    const all = Object.entries(tagged(context, wanted.resourceArn).tags).map(([Key, Value]) => ({ Key, Value }));
    const { items, next } = page(all, wanted.nextToken, 50, `tags ${wanted.resourceArn}`, () =>
      invalid('Invalid nextToken.'),
    );
    return { tags: items, nextToken: next };
  },
};

export const tagActions: Record<string, Action> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};
