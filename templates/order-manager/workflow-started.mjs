import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { missing } from './detail.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });

/**
 * The write that begins an order. EventBridge may deliver an event twice, or two rules may: the second one finds its
 * own event's id and changes nothing. Another event for the same order is a workflow that was started anew (a learner
 * who tries it by hand): the order begins from scratch.
 */
export function beginOrder(event, now) {
  const { orderId, userId, TaskToken } = event.detail;
  return {
    Key: { PK: { S: 'orders' }, SK: { S: String(orderId) } },
    UpdateExpression:
      'SET USERID = :user, ORDERSTATE = :created, TaskToken = :token, TS = :now, robot = :robot, startedBy = :event ' +
      'REMOVE drinkOrder, orderNumber, baristaUserId',
    ConditionExpression: 'attribute_not_exists(SK) OR attribute_not_exists(startedBy) OR startedBy <> :event',
    ExpressionAttributeValues: {
      ':user': { S: String(userId) },
      ':created': { S: 'CREATED' },
      ':token': { S: String(TaskToken) },
      ':now': { N: String(now) },
      ':robot': { S: '' },
      ':event': { S: event.id },
    },
  };
}

export async function handler(event) {
  const absent = missing(event.detail, ['orderId', 'userId', 'TaskToken']);
  if (absent.length > 0) throw new Error(`The event ${event['detail-type']} carries no ${absent.join(', no ')}.`);
  try {
    await dynamodb.send(
      new UpdateItemCommand({ TableName: process.env.ORDER_TABLE, ...beginOrder(event, Date.now()) }),
    );
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    console.log(`Order ${event.detail.orderId} was begun by this event already.`);
  }
}
