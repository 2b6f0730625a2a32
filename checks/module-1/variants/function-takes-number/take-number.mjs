import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

const dynamodb = new DynamoDBClient({});

export async function handler() {
  const { Attributes } = await dynamodb.send(
    new UpdateItemCommand({
      TableName: 'serverlesspresso-counting-table',
      Key: { PK: { S: 'orderID' } },
      UpdateExpression: 'ADD IDvalue :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return { orderNumber: Number(Attributes.IDvalue.N) };
}
