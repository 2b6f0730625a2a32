import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { answer, refusal } from '../shared/answer.mjs';
import { callerOf } from '../shared/caller.mjs';
import { bucketAt, newCode } from './bucket.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
const TableName = process.env.VALIDATOR_TABLE;

async function readBucket(id) {
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName, Key: { PK: { N: String(id) } }, ConsistentRead: true }),
  );
  return Item;
}

/** The first display to ask in a new stretch of time makes its code; of several at once, the one whose write is first. */
async function openBucket({ id, start, end }) {
  const Item = {
    PK: { N: String(id) },
    last_id: { S: '' },
    last_code: { S: newCode() },
    start_ts: { N: String(start) },
    end_ts: { N: String(end) },
    availableTokens: { N: process.env.TOKENS_PER_BUCKET },
  };
  try {
    await dynamodb.send(new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(PK)' }));
    return Item;
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    return readBucket(id);
  }
}

export async function handler(event) {
  if (!callerOf(event)?.isAdmin) return refusal(403, 'Only members of the group admin see the code.');
  const bucket = bucketAt(Date.now(), Number(process.env.TIME_INTERVAL));
  const item = (await readBucket(bucket.id)) ?? (await openBucket(bucket));
  return answer(200, {
    bucket: bucket.id,
    code: item.last_code.S,
    start_ts: Number(item.start_ts.N),
    end_ts: Number(item.end_ts.N),
    availableTokens: Number(item.availableTokens.N),
  });
}
