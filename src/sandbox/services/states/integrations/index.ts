/** What a Task's resource is, and the call that is made for it under the state machine's role. */
import type { Json } from '../../../../asl/index.ts';
import { ServiceError } from '../../../errors.ts';
import type { Driver, Live, TaskEffect } from '../driver.ts';
import { dynamodb } from './dynamodb.ts';
import { putEvents } from './events.ts';
import { invokeDirectly, lambdaInvoke } from './lambda.ts';
import { TaskFailure, type Task, type TaskOutcome } from './outcome.ts';
import { sdkCall } from './sdk.ts';
import { sendMessage } from './sqs.ts';
import { startNested } from './states.ts';

export { TaskFailure, type TaskOutcome } from './outcome.ts';

const OPTIMIZED: Record<string, (task: Task) => Promise<TaskOutcome>> = {
  'lambda:invoke': lambdaInvoke,
  'dynamodb:getItem': dynamodb('GetItem'),
  'dynamodb:putItem': dynamodb('PutItem'),
  'dynamodb:updateItem': dynamodb('UpdateItem'),
  'dynamodb:deleteItem': dynamodb('DeleteItem'),
  'events:putEvents': putEvents,
  'sqs:sendMessage': sendMessage,
  'states:startExecution': startNested,
};

/**
 * Makes the call of a task. `submitted` is what an earlier process already got for it.
 * @throws TaskFailure with the error's name and cause as AWS writes them
 */
export async function runTask(
  driver: Driver,
  live: Live,
  effect: TaskEffect,
  submitted: Json | undefined,
): Promise<TaskOutcome> {
  const { world, region } = driver.context;
  const roleArn = (effect.credentials as { RoleArn?: unknown } | undefined)?.RoleArn;
  const task: Task = {
    driver,
    live,
    effect,
    submitted,
    pattern: /\.(sync:2|sync|waitForTaskToken)$/.exec(effect.resource)?.[1] ?? '',
    async call(service, action, input, where = {}) {
      let as: Awaited<ReturnType<Driver['actAs']>>;
      try {
        as = await driver.actAs(live, typeof roleArn === 'string' ? roleArn : undefined);
      } catch (error) {
        throw new TaskFailure('States.TaskFailed', error instanceof Error ? error.message : String(error));
      }
      return world.call(service, action, input, { account: as.account, region: where.region ?? region, as });
    },
  };
  if (/^arn:aws[\w-]*:lambda:/.test(effect.resource)) return invokeDirectly(task);
  const named =
    /^arn:aws[\w-]*:states:::(.+?)(?:\.(?:sync|sync:2|waitForTaskToken))?$/.exec(effect.resource)?.[1] ?? '';
  const run = OPTIMIZED[named];
  if (run) return run(task);
  const sdk = /^aws-sdk:(\w+):(\w+)$/.exec(named);
  if (sdk?.[1] && sdk[2]) return sdkCall(task, sdk[1], sdk[2]);
  const [service = '', action = ''] = named.split(':');
  const refused = world.notBuilt(service, action);
  throw new TaskFailure('States.TaskFailed', refused instanceof ServiceError ? refused.message : String(refused));
}
