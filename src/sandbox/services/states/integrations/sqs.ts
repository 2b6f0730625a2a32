/** `sqs:sendMessage` ("Send messages to an Amazon SQS queue with Step Functions"). */
import {
  asJsonText,
  asObject,
  type Dialect,
  failureOf,
  plain,
  sdkMetadata,
  type Task,
  type TaskOutcome,
} from './outcome.ts';

const dialect: Dialect = { prefix: 'SQS', base: 'AmazonSQSException', service: 'AmazonSQS', version: 1 };

export async function sendMessage(task: Task): Promise<TaskOutcome> {
  const parameters = asObject(task.effect.parameters);
  const { world } = task.driver.context;
  const requestId = world.uuid();
  try {
    const answer = await task.call('sqs', 'SendMessage', {
      ...parameters,
      ...(parameters['MessageBody'] === undefined ? {} : { MessageBody: asJsonText(parameters['MessageBody']) }),
    });
    const output = asObject(plain(answer, (date) => date.getTime()));
    return {
      output: { ...output, ...sdkMetadata(requestId, task.driver.context.now(), JSON.stringify(output)) },
    };
  } catch (error) {
    throw failureOf(error, dialect, requestId);
  }
}
