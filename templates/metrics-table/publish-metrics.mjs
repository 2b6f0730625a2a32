import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { answerBatch, countBy, readSales } from '../shared/sales.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
const KEPT_DAYS = 21;
const TRIES = 6;

/**
 * One transaction: each event's own mark, and what all of them add. A queue may deliver an event again, after a time-out or
 * for no reason; its mark is then there already, so that nothing is ever counted twice.
 */
export function additions(sales, table) {
  const marks = sales.map(({ id, at }) => ({
    Put: {
      TableName: table,
      Item: {
        PK: { S: 'Event' },
        SK: { S: id },
        // Longer than any queue keeps a message; then the table drops it by itself.
        expires: { N: String(Math.ceil(at / 1000) + KEPT_DAYS * 86_400) },
      },
      ConditionExpression: 'attribute_not_exists(PK)',
    },
  }));
  const counts = new Map([
    ...countBy(sales, ({ day }) => `${day}#TotalSales`),
    ...countBy(sales, ({ day, drink }) => `${day}#${drink}`),
  ]);
  const sums = [...counts].map(([key, count]) => ({
    Update: {
      TableName: table,
      Key: { PK: { S: 'Aggregate' }, SK: { S: key } },
      UpdateExpression: 'ADD val :count',
      ExpressionAttributeValues: { ':count': { N: String(count) } },
    },
  }));
  return [...marks, ...sums];
}

/** The sales that were not counted before, once per event. */
const once = (sales) => [...new Map(sales.map((sale) => [sale.id, sale])).values()];

async function count(all) {
  let sales = once(all);
  for (let tried = 1; sales.length > 0; tried++) {
    try {
      await dynamodb.send(
        new TransactWriteItemsCommand({ TransactItems: additions(sales, process.env.METRICS_TABLE) }),
      );
      return;
    } catch (error) {
      if (error.name !== 'TransactionCanceledException') throw error;
      const reasons = error.CancellationReasons ?? [];
      const fresh = sales.filter((_, index) => reasons[index]?.Code !== 'ConditionalCheckFailed');
      // Another consumer touched the same sums, or the table is busy: the same again, a little later.
      if (fresh.length === sales.length) {
        if (tried >= TRIES) throw error;
        await new Promise((done) => setTimeout(done, 2 ** tried * (10 + Math.random() * 10)));
      } else tried = 0;
      sales = fresh;
    }
  }
}

export async function handler(event) {
  const { sales, failures } = readSales(event.Records);
  try {
    await count(sales);
  } catch (error) {
    console.log(`${sales.length} sales were not counted and will be tried again: ${error.name}: ${error.message}`);
    failures.push(...sales.map(({ messageId }) => messageId));
  }
  return answerBatch(failures);
}
