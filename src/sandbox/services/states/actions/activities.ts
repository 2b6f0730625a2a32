/** Activities: tasks that workers come and fetch. */
import { ServiceError } from '../../../errors.ts';
import { integer, must, page, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { driverOf } from '../driver.ts';
import { activitiesOf, type ActivityRecord, checkName, readArn } from '../records.ts';
import { invalidToken } from './machines.ts';
import { readTags, tagList } from './tags.ts';

/** "GetActivityTask": how long it waits for a task. */
const LONG_POLL = 60_000;

const activityArn = must.text({ min: 1, max: 256 });
const onActivity =
  (action: string) =>
  (input: Input): Permission[] => [{ action: `states:${action}`, resource: String(input['activityArn'] ?? '*') }];

function activityOrThrow(context: Context, arn: string): ActivityRecord {
  const { parts } = readArn(arn, ['activity']);
  const record = activitiesOf(context).get(parts[0] ?? '');
  if (record?.arn !== arn) throw new ServiceError('ActivityDoesNotExist', `Activity Does Not Exist: '${arn}'`);
  return record;
}

export const activities: Record<string, Action> = {
  CreateActivity: {
    permissions: (input, context) => [
      { action: 'states:CreateActivity', resource: context.arn(`activity:${String(input['name'] ?? '*')}`) },
    ],
    run(input, context) {
      const { name: given, tags } = readMembers(input, { name: must.text(), tags: tagList });
      const name = checkName(given);
      const record = activitiesOf(context).get(name) ?? {
        name,
        arn: context.arn(`activity:${name}`),
        created: context.now(),
        tags: readTags(tags),
      };
      if (!activitiesOf(context).has(name)) activitiesOf(context).put(name, record);
      return { activityArn: record.arn, creationDate: new Date(record.created) };
    },
  },
  DescribeActivity: {
    permissions: onActivity('DescribeActivity'),
    run(input, context) {
      const { activityArn: arn } = readMembers(input, { activityArn });
      const { name, created } = activityOrThrow(context, arn);
      return { activityArn: arn, name, creationDate: new Date(created) };
    },
  },
  DeleteActivity: {
    permissions: onActivity('DeleteActivity'),
    run(input, context) {
      const { activityArn: arn } = readMembers(input, { activityArn });
      const { parts } = readArn(arn, ['activity']);
      if (activitiesOf(context).get(parts[0] ?? '')?.arn === arn) activitiesOf(context).delete(parts[0] ?? '');
      return {};
    },
  },
  ListActivities: {
    permissions: () => [{ action: 'states:ListActivities', resource: '*' }],
    run(input, context) {
      const { maxResults, nextToken } = readMembers(input, {
        maxResults: integer({ min: 0, max: 1000 }),
        nextToken: text({ min: 1, max: 1024 }),
      });
      const all = [...activitiesOf(context).values()];
      const { items, next } = page(all, nextToken, maxResults || 100, 'activities', invalidToken);
      return {
        activities: items.map(({ arn, name, created }) => ({
          activityArn: arn,
          name,
          creationDate: new Date(created),
        })),
        nextToken: next,
      };
    },
  },
  GetActivityTask: {
    permissions: onActivity('GetActivityTask'),
    async run(input, context) {
      const { activityArn: arn, workerName } = readMembers(input, {
        activityArn,
        workerName: text({ min: 1, max: 80 }),
      });
      activityOrThrow(context, arn);
      const driver = driverOf(context);
      const next = await driver.nextActivityTask(arn, context.now() + LONG_POLL);
      if (!next) return {};
      driver.deliver(next.live, {
        kind: 'task-started',
        id: next.task.id,
        ...(workerName === undefined ? {} : { workerName }),
      });
      return { taskToken: next.token, input: JSON.stringify(next.task.parameters) };
    },
  },
};
