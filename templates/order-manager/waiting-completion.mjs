import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { putEvents } from '../shared/bus.mjs';
import { missing } from './detail.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });

/** A number as the counter gives it is text; anything else that a workflow calls a number is kept as it is. */
const numberOf = (value) => (/^\d+$/.test(String(value)) ? { N: String(value) } : { S: String(value) });

export function awaitBarista(event, now) {
  const { orderId, orderNumber, userId, TaskToken } = event.detail;
  return {
    Key: { PK: { S: 'orders' }, SK: { S: String(orderId) } },
    UpdateExpression:
      'SET TaskToken = :token, orderNumber = :number, TS = :now, ORDERSTATE = :created, ' +
      'USERID = if_not_exists(USERID, :user), robot = if_not_exists(robot, :robot)',
    // A late second delivery must not bring an order back that is over.
    ConditionExpression: 'attribute_not_exists(ORDERSTATE) OR ORDERSTATE = :created',
    ExpressionAttributeValues: {
      ':token': { S: String(TaskToken) },
      ':number': numberOf(orderNumber),
      ':now': { N: String(now) },
      ':created': { S: 'CREATED' },
      ':user': { S: String(userId) },
      ':robot': { S: '' },
    },
    ReturnValues: 'ALL_NEW',
  };
}

/** The news for baristas and customer, from the order as it was just written. */
export const waitingEvent = (item) => ({
  type: 'OrderManager.WaitingCompletion',
  detail: {
    orderId: item.SK.S,
    orderNumber: item.orderNumber.N ?? item.orderNumber.S,
    state: item.ORDERSTATE.S,
    drinkOrder: item.drinkOrder?.S ?? '',
    userId: item.USERID.S,
    robot: item.robot?.S ?? '',
    TS: Number(item.TS.N),
  },
});

export async function handler(event) {
  const absent = missing(event.detail, ['orderId', 'userId', 'orderNumber', 'TaskToken']);
  if (absent.length > 0) throw new Error(`The event ${event['detail-type']} carries no ${absent.join(', no ')}.`);
  let written;
  try {
    written = await dynamodb.send(
      new UpdateItemCommand({ TableName: process.env.ORDER_TABLE, ...awaitBarista(event, Date.now()) }),
    );
  } catch (error) {
    if (error.name !== 'ConditionalCheckFailedException') throw error;
    console.log(`Order ${event.detail.orderId} is over; this event came late.`);
    return;
  }
  await putEvents([waitingEvent(written.Attributes)]);
}
