import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { answer, refusal } from '../shared/answer.mjs';
import { putEvents } from '../shared/bus.mjs';
import { callerOf } from '../shared/caller.mjs';
import { bucketAt } from './bucket.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
const TableName = process.env.VALIDATOR_TABLE;

async function maxOpenOrders() {
  const { Item } = await dynamodb.send(
    new GetItemCommand({
      TableName: process.env.CONFIG_TABLE,
      Key: { PK: { S: 'config' } },
      ProjectionExpression: 'maxOrdersPerUser',
    }),
  );
  return Number(Item?.maxOrdersPerUser?.N ?? 1);
}

async function openOrders(userId) {
  let count = 0;
  let ExclusiveStartKey;
  do {
    const page = await dynamodb.send(
      new QueryCommand({
        TableName: process.env.ORDER_TABLE,
        IndexName: 'GSI-userId',
        KeyConditionExpression: 'USERID = :user',
        FilterExpression: 'ORDERSTATE = :created',
        ExpressionAttributeValues: { ':user': { S: userId }, ':created': { S: 'CREATED' } },
        Select: 'COUNT',
        ExclusiveStartKey,
      }),
    );
    count += page.Count ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return count;
}

/** Takes one token of the code in one conditional write, so that a code is never good for more orders than it says. */
async function takeToken(bucket, code, orderId) {
  const Key = { PK: { N: String(bucket) } };
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET availableTokens = availableTokens - :one, last_id = :order',
        ConditionExpression: 'last_code = :code AND availableTokens > :none',
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':none': { N: '0' },
          ':code': { S: code },
          ':order': { S: orderId },
        },
      }),
    );
    return undefined;
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
  }
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item?.last_code?.S === code
    ? refusal(409, 'This code has no orders left; wait for the next one.')
    : refusal(400, 'This code is not valid, or its time is over.');
}

async function giveBack(bucket) {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName,
      Key: { PK: { N: String(bucket) } },
      UpdateExpression: 'SET availableTokens = availableTokens + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );
}

export async function handler(event) {
  const caller = callerOf(event);
  if (!caller) return refusal(401, 'Sign in first.');
  const { userId } = caller;
  const code = event.queryStringParameters?.token ?? '';
  if (code === '') return refusal(400, 'The code is missing: /qr-code?token=CODE.');

  const [most, open] = await Promise.all([maxOpenOrders(), openOrders(userId)]);
  if (open >= most) return refusal(409, `You have ${open} open order(s); the shop takes ${most} at a time.`);

  const orderId = randomUUID();
  const bucket = bucketAt(Date.now(), Number(process.env.TIME_INTERVAL)).id;
  const refused = await takeToken(bucket, code, orderId);
  if (refused) return refused;
  try {
    await putEvents([{ type: 'Validator.NewOrder', detail: { orderId, userId, bucket } }]);
  } catch (error) {
    console.error(error);
    await giveBack(bucket);
    return refusal(503, 'The order could not be started; the code is still good.');
  }
  return answer(200, { orderId });
}
