/** Tags of log groups, by ARN and, in the older calls, by name. */
import { ServiceError } from '../../../errors.ts';
import { must } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { groupArn, groupField, groupNamed, missing, onGroup, read } from '../names.ts';
import { type GroupRecord, groups } from '../storage.ts';

export const tagsField = () => must.map(must.text({ max: 256 }), { key: must.text({ min: 1, max: 128 }), max: 50 });

function groupTagged(context: Context, arn: string): GroupRecord {
  const own = groupArn(context, '');
  const group = arn.startsWith(own) ? groups(context).get(arn.slice(own.length)) : undefined;
  if (!group) throw missing('The specified resource does not exist.');
  return group;
}

const onArn =
  (action: string) =>
  (input: Input): Permission[] => [{ action, resource: String(input['resourceArn'] ?? '*') }];
const arnField = () => must.text({ min: 1, max: 1011 });

function addTags(context: Context, group: GroupRecord, added: Record<string, string>): void {
  const tags = { ...group.tags, ...added };
  if (Object.keys(tags).length > 50)
    throw new ServiceError('TooManyTagsException', 'A resource can have no more than 50 tags.', 400);
  groups(context).put(group.name, { ...group, tags });
}

function removeTags(context: Context, group: GroupRecord, keys: string[]): void {
  const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key)));
  groups(context).put(group.name, { ...group, tags });
}

const tagResource: Action = {
  permissions: onArn('logs:TagResource'),
  run(input, context) {
    const wanted = read(input, { resourceArn: arnField(), tags: tagsField() });
    addTags(context, groupTagged(context, wanted.resourceArn), wanted.tags);
    return {};
  },
};

const untagResource: Action = {
  permissions: onArn('logs:UntagResource'),
  run(input, context) {
    const wanted = read(input, { resourceArn: arnField(), tagKeys: must.list(must.text({ min: 1, max: 128 })) });
    removeTags(context, groupTagged(context, wanted.resourceArn), wanted.tagKeys);
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onArn('logs:ListTagsForResource'),
  run: (input, context) => ({
    tags: groupTagged(context, read(input, { resourceArn: arnField() }).resourceArn).tags,
  }),
};

/** The older calls, by name, which the AWS CLI still has. */
const tagLogGroup: Action = {
  permissions: onGroup('logs:TagLogGroup'),
  run(input, context) {
    const wanted = read(input, { logGroupName: groupField(), tags: tagsField() });
    addTags(context, groupNamed(context, wanted.logGroupName), wanted.tags);
    return {};
  },
};

const untagLogGroup: Action = {
  permissions: onGroup('logs:UntagLogGroup'),
  run(input, context) {
    const wanted = read(input, { logGroupName: groupField(), tags: must.list(must.text({ min: 1, max: 128 })) });
    removeTags(context, groupNamed(context, wanted.logGroupName), wanted.tags);
    return {};
  },
};

const listTagsLogGroup: Action = {
  permissions: onGroup('logs:ListTagsLogGroup'),
  run: (input, context) => ({
    tags: groupNamed(context, read(input, { logGroupName: groupField() }).logGroupName).tags,
  }),
};

export const tagActions: Record<string, Action> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
  TagLogGroup: tagLogGroup,
  UntagLogGroup: untagLogGroup,
  ListTagsLogGroup: listTagsLogGroup,
};
