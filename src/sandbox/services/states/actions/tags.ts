/** Tags of state machines and activities. */
import { ServiceError } from '../../../errors.ts';
import { list, must, readMembers, structure } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { activitiesOf, machinesOf, readArn } from '../records.ts';

const tag = structure({ key: must.text({ min: 1, max: 128 }), value: must.text({ max: 256 }) });
export const tagList = list(tag);
const resourceArn = must.text({ min: 1, max: 256 });

export function readTags(given: readonly { key: string; value: string }[] | undefined): Record<string, string> {
  const tags = Object.fromEntries((given ?? []).map(({ key, value }) => [key, value]));
  if (Object.keys(tags).length > 50)
    throw new ServiceError('TooManyTags', 'The number of tags exceeds the maximum of 50.');
  return tags;
}

function tagged(
  context: Context,
  arn: string,
): { tags: Record<string, string>; save(tags: Record<string, string>): void } {
  const { kind, parts } = readArn(arn, ['stateMachine', 'activity']);
  const name = parts[0] ?? '';
  const machine = kind === 'stateMachine' ? machinesOf(context).get(name) : undefined;
  if (machine?.arn === arn)
    return { tags: machine.tags, save: (tags) => machinesOf(context).put(name, { ...machine, tags }) };
  const activity = kind === 'activity' ? activitiesOf(context).get(name) : undefined;
  if (activity?.arn === arn)
    return { tags: activity.tags, save: (tags) => activitiesOf(context).put(name, { ...activity, tags }) };
  throw new ServiceError('ResourceNotFound', `Resource not found: '${arn}'`);
}

const on =
  (action: string): Action['permissions'] =>
  (input) => [{ action: `states:${action}`, resource: String(input['resourceArn'] ?? '*') }];

export const tags: Record<string, Action> = {
  TagResource: {
    permissions: on('TagResource'),
    run(input, context) {
      const given = readMembers(input, { resourceArn, tags: must.list(tag) });
      const resource = tagged(context, given.resourceArn);
      const next = { ...resource.tags, ...readTags(given.tags) };
      if (Object.keys(next).length > 50)
        throw new ServiceError('TooManyTags', 'The number of tags exceeds the maximum of 50.');
      resource.save(next);
      return {};
    },
  },
  UntagResource: {
    permissions: on('UntagResource'),
    run(input, context) {
      const given = readMembers(input, { resourceArn, tagKeys: must.list(must.text({ min: 1, max: 128 })) });
      const resource = tagged(context, given.resourceArn);
      resource.save(Object.fromEntries(Object.entries(resource.tags).filter(([key]) => !given.tagKeys.includes(key))));
      return {};
    },
  },
  ListTagsForResource: {
    permissions: on('ListTagsForResource'),
    run(input, context) {
      const given = readMembers(input, { resourceArn });
      return {
        tags: Object.entries(tagged(context, given.resourceArn).tags).map(([key, value]) => ({ key, value })),
      };
    },
  },
};
