/** Task tokens come back: success, failure, heartbeat. */
import type { Json } from '../../../../asl/index.ts';
import { ServiceError } from '../../../errors.ts';
import { must, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { driverOf, type Live, type TaskEffect } from '../driver.ts';
import { checkJson, machineArn } from '../records.ts';
import { invalidToken } from './machines.ts';

const taskToken = must.text({ min: 1, max: 2048, secret: true });

/** A policy may name the machine whose task it is; of a token that nobody remembers, any machine's. */
const onTask =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    {
      action: `states:${action}`,
      resource: driverOf(context).machineOfToken(String(input['taskToken'])) ?? machineArn(context, '*'),
    },
  ];

/** A token of ours whose task is over says so; anything else was never a token. */
function taskOf(context: Context, token: string): { live: Live; task: TaskEffect } {
  const found = driverOf(context).byToken(token);
  if (found) return found;
  if (/^AQC[A-Za-z0-9+/=]{100,}$/.test(token))
    throw new ServiceError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  throw invalidToken();
}

export const callbacks: Record<string, Action> = {
  SendTaskSuccess: {
    permissions: onTask('SendTaskSuccess'),
    run(input, context) {
      const { taskToken: token, output } = readMembers(input, { taskToken, output: must.text() });
      checkJson(output, 'InvalidOutput', 'Invalid output', 'Invalid output.');
      const { live, task } = taskOf(context, token);
      driverOf(context).deliver(live, { kind: 'task-succeeded', id: task.id, output: JSON.parse(output) as Json });
      return {};
    },
  },
  SendTaskFailure: {
    permissions: onTask('SendTaskFailure'),
    run(input, context) {
      const given = readMembers(input, {
        taskToken,
        error: text({ max: 256 }),
        cause: text({ max: 32_768 }),
      });
      const { live, task } = taskOf(context, given.taskToken);
      driverOf(context).deliver(live, {
        kind: 'task-failed',
        id: task.id,
        error: given.error ?? '',
        ...(given.cause === undefined ? {} : { cause: given.cause }),
      });
      return {};
    },
  },
  SendTaskHeartbeat: {
    permissions: onTask('SendTaskHeartbeat'),
    run(input, context) {
      const { taskToken: token } = readMembers(input, { taskToken });
      const { live, task } = taskOf(context, token);
      driverOf(context).deliver(live, { kind: 'task-heartbeat', id: task.id });
      return {};
    },
  },
};
