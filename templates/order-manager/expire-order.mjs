import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });

/** Only an order that is still open ends this way: one that was served in the last second stays served. */
export async function handler(event) {
  const { orderId } = event.detail;
  if (orderId === undefined || orderId === '') throw new Error('The event OrderTimeOut carries no orderId.');
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: process.env.ORDER_TABLE,
        Key: { PK: { S: 'orders' }, SK: { S: String(orderId) } },
        UpdateExpression: 'SET ORDERSTATE = :cancelled REMOVE TaskToken',
        ConditionExpression: 'ORDERSTATE = :created',
        ExpressionAttributeValues: { ':cancelled': { S: 'Cancelled' }, ':created': { S: 'CREATED' } },
      }),
    );
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    console.log(`Order ${orderId} is not open: nothing to cancel.`);
  }
}
