/** Keys of a table's items, and taking many away. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { fromAttribute, toAttribute } from './items.ts';

type Key = Record<string, string | number>;

const load = (connection: Connection) =>
  connection.client('dynamodb', async (config) => new (await import('@aws-sdk/client-dynamodb')).DynamoDB(config));

/** The keys of every item; none when the table is not there. */
export async function allKeys(connection: Connection, table: string, names: string[]): Promise<Key[]> {
  const client = await load(connection);
  const keys: Key[] = [];
  let start: Record<string, AttributeValue> | undefined;
  try {
    do {
      const page = await client.scan({
        TableName: table,
        ProjectionExpression: names.map((_, i) => `#k${i}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#k${i}`, name])),
        ExclusiveStartKey: start,
      });
      for (const item of page.Items ?? [])
        keys.push(
          Object.fromEntries(
            Object.entries(item).map(([name, value]) => [name, fromAttribute(value) as string | number]),
          ),
        );
      start = page.LastEvaluatedKey;
    } while (start);
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return [];
    throw error;
  }
  return keys;
}

/** DynamoDB takes 25 deletions a request and may hand some back (API page "BatchWriteItem"). */
const BATCH = 25;

export async function deleteKeys(
  connection: Connection,
  table: string,
  keys: Key[],
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const client = await load(connection);
  for (let at = 0; at < keys.length; at += BATCH) {
    let left = keys.slice(at, at + BATCH).map((key) => ({
      DeleteRequest: {
        Key: Object.fromEntries(Object.entries(key).map(([name, value]) => [name, toAttribute(value)])),
      },
    }));
    for (let tries = 0; left.length > 0; tries++) {
      if (tries > 0) await pause(Math.min(50 * 2 ** tries, 5_000));
      if (tries > 10) throw new Error(`DynamoDB keeps handing back deletions of ${table}`);
      const { UnprocessedItems } = await client.batchWriteItem({ RequestItems: { [table]: left } });
      left = (UnprocessedItems?.[table] ?? []) as typeof left;
    }
  }
}
