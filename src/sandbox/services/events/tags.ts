/** Tags of buses and rules. */
import { ServiceError } from '../../errors.ts';
import { list, must, readMembers, structure } from '../../members.ts';
import type { Action, Context } from '../../service.ts';
import { type BusRecord, busesOf, findBus, type RuleRecord, rulesOf } from './records.ts';

const tagShape = structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) });
export const tagMembers = list(tagShape);

const arnMember = must.text({ min: 1, max: 1600 });

export function readTags(list: unknown): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const { Key, Value } of (list ?? []) as { Key: string; Value: string }[]) {
    if (Object.hasOwn(tags, Key))
      throw new ServiceError('ValidationException', 'Invalid parameter: Duplicated keys are not allowed.');
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50)
    throw new ServiceError('ValidationException', 'The number of tags exceeds the maximum of 50.');
  return tags;
}

type Tagged = { tags: Record<string, string>; save(tags: Record<string, string>): void };

function tagged(context: Context, arn: string): Tagged {
  const bus = /^arn:aws:events:[^:]+:\d{12}:event-bus\/(.+)$/.test(arn) ? findBus(context, arn) : undefined;
  if (bus)
    return { tags: bus.tags, save: (tags) => busesOf(context).put(bus.name, { ...bus, tags } satisfies BusRecord) };
  for (const [key, rule] of rulesOf(context).entries())
    if (rule.arn === arn)
      return { tags: rule.tags, save: (tags) => rulesOf(context).put(key, { ...rule, tags } satisfies RuleRecord) };
  const name = arn.split(/[:/]/).at(-1) ?? arn;
  const inBus = /:rule\/(.+)\/[^/]+$/.exec(arn)?.[1] ?? 'default';
  throw new ServiceError(
    'ResourceNotFoundException',
    arn.includes(':event-bus/')
      ? `Event bus ${name} does not exist.`
      : `Rule ${name} does not exist on EventBus ${inBus}.`,
  );
}

export const tags: Record<string, Action> = {
  TagResource: {
    permissions: (input) => [{ action: 'events:TagResource', resource: String(input['ResourceARN'] ?? '*') }],
    run(input, context) {
      readMembers(input, { ResourceARN: arnMember, Tags: must.list(tagShape) });
      const resource = tagged(context, String(input['ResourceARN']));
      resource.save({ ...resource.tags, ...readTags(input['Tags']) });
      return {};
    },
  },
  UntagResource: {
    permissions: (input) => [{ action: 'events:UntagResource', resource: String(input['ResourceARN'] ?? '*') }],
    run(input, context) {
      readMembers(input, {
        ResourceARN: arnMember,
        TagKeys: must.list(must.text({ min: 1, max: 128 })),
      });
      const resource = tagged(context, String(input['ResourceARN']));
      const gone = input['TagKeys'] as string[];
      resource.save(Object.fromEntries(Object.entries(resource.tags).filter(([key]) => !gone.includes(key))));
      return {};
    },
  },
  ListTagsForResource: {
    permissions: (input) => [{ action: 'events:ListTagsForResource', resource: String(input['ResourceARN'] ?? '*') }],
    run(input, context) {
      readMembers(input, { ResourceARN: arnMember });
      const { tags: found } = tagged(context, String(input['ResourceARN']));
      return { Tags: Object.entries(found).map(([Key, Value]) => ({ Key, Value })) };
    },
  },
};
