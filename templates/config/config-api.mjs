import { BatchGetItemCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { answer, refusal } from '../shared/answer.mjs';
import { callerOf } from '../shared/caller.mjs';
import { plainItem } from '../shared/plain.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
const table = process.env.CONFIG_TABLE;

async function readConfig() {
  const { Responses } = await dynamodb.send(
    new BatchGetItemCommand({
      RequestItems: { [table]: { Keys: [{ PK: { S: 'config' } }, { PK: { S: 'menu' } }], ConsistentRead: true } },
    }),
  );
  const rows = (Responses?.[table] ?? []).map(plainItem);
  const shop = rows.find((row) => row.PK === 'config');
  if (!shop) return refusal(404, 'The shop has no settings yet: fill the config table first.');
  return answer(200, {
    storeOpen: shop.storeOpen,
    maxOrdersPerUser: shop.maxOrdersPerUser,
    maxOrdersInQueue: shop.maxOrdersInQueue,
    menu: rows.find((row) => row.PK === 'menu')?.value ?? [],
  });
}

async function openOrClose(event) {
  if (!callerOf(event)?.isAdmin) return refusal(403, 'Only members of the group admin open or close the shop.');
  const state = event.queryStringParameters?.state;
  if (state !== 'open' && state !== 'closed') return refusal(400, 'state is "open" or "closed".');
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { PK: { S: 'config' } },
        UpdateExpression: 'SET storeOpen = :open',
        // Without the limits beside it this row would be half a row.
        ConditionExpression: 'attribute_exists(PK)',
        ExpressionAttributeValues: { ':open': { BOOL: state === 'open' } },
      }),
    );
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    return refusal(404, 'The shop has no settings yet: fill the config table first.');
  }
  return answer(200, { storeOpen: state === 'open' });
}

export async function handler(event) {
  if (event.routeKey === 'GET /config') return readConfig();
  if (event.routeKey === 'PUT /store') return openOrClose(event);
  return refusal(404, `There is no ${event.routeKey} here.`);
}
