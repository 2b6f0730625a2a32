/** `dynamodb:getItem` and its like ("Perform Amazon DynamoDB CRUD operations with Step Functions"). */
import { crc32 } from 'node:zlib';
import { asObject, type Dialect, failureOf, plain, sdkMetadata, type Task, type TaskOutcome } from './outcome.ts';

const dialect: Dialect = {
  prefix: 'DynamoDB',
  base: 'AmazonDynamoDBException',
  service: 'AmazonDynamoDBv2',
  version: 1,
};

export const dynamodb =
  (action: string) =>
  async (task: Task): Promise<TaskOutcome> => {
    const requestId = task.driver.context.world.suffix(52).toUpperCase();
    try {
      const answer = plain(await task.call('dynamodb', action, asObject(task.effect.parameters)), (date) =>
        date.getTime(),
      );
      const body = JSON.stringify(answer);
      return {
        output: {
          ...asObject(answer),
          ...sdkMetadata(requestId, task.driver.context.now(), body, {
            'Content-Type': 'application/x-amz-json-1.0',
            Server: 'Server',
            'x-amz-crc32': String(crc32(body)),
          }),
        },
      };
    } catch (error) {
      throw failureOf(error, dialect, requestId);
    }
  };
