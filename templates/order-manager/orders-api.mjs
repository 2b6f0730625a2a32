import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';
import { answer, refusal } from '../shared/answer.mjs';
import { callerOf } from '../shared/caller.mjs';
import { plainItem } from '../shared/plain.mjs';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
// StartSyncExecution goes to a host of its own (sync-states…), which an endpoint that was given by hand does not have.
const sfn = new SFNClient({
  cacheMiddleware: true,
  disableHostPrefix: Boolean(process.env.AWS_ENDPOINT_URL),
});

const table = process.env.ORDER_TABLE;
const STATES = ['CREATED', 'Completed', 'Cancelled'];
const ACTIONS = ['make', 'unmake', 'complete', 'cancel'];

/** What a refusal of the state machine is in HTTP; anything else that fails there is our fault, so 500. */
const STATUS_OF = {
  'Order.BadRequest': 400,
  'Order.OffMenu': 400,
  'Order.Forbidden': 403,
  'Order.NotFound': 404,
  'Order.Conflict': 409,
  'Order.Unavailable': 503,
};

/** An order as its owner or a barista may see it: whoever holds the task token could end the order behind our back. */
export function shown(item) {
  const { PK, SK, TaskToken, startedBy, ...rest } = plainItem(item);
  return { orderId: SK, ...rest };
}

async function collect(query, enough) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await dynamodb.send(new QueryCommand({ TableName: table, ...query, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey && items.length < enough);
  return items.map(shown);
}

const newestFirst = (orders) => orders.sort((a, b) => b.TS - a.TS);

async function listOrders(event, caller) {
  if (!caller.isAdmin) return refusal(403, 'Only members of the group admin see all orders.');
  const { state = 'CREATED', maxItems = '50' } = event.queryStringParameters ?? {};
  if (!STATES.includes(state)) return refusal(400, `state is one of ${STATES.join(', ')}.`);
  const max = Number(maxItems);
  if (!Number.isInteger(max) || max < 1 || max > 100) return refusal(400, 'maxItems is a whole number from 1 to 100.');
  const ofState = { ExpressionAttributeValues: { ':state': { S: state } } };
  // Open orders are few and are wanted complete; the others grow all year, so the newest are read by time.
  const orders =
    state === 'CREATED'
      ? await collect(
          { IndexName: 'GSI-status', KeyConditionExpression: 'ORDERSTATE = :state', ...ofState },
          Number.POSITIVE_INFINITY,
        )
      : await collect(
          {
            IndexName: 'LSI-timestamp',
            KeyConditionExpression: 'PK = :orders',
            FilterExpression: 'ORDERSTATE = :state',
            ExpressionAttributeValues: { ':state': { S: state }, ':orders': { S: 'orders' } },
            ScanIndexForward: false,
          },
          max,
        );
  return answer(200, { orders: newestFirst(orders).slice(0, max) });
}

async function listOwn(caller) {
  const orders = await collect(
    {
      IndexName: 'GSI-userId',
      KeyConditionExpression: 'USERID = :user',
      ExpressionAttributeValues: { ':user': { S: caller.userId } },
    },
    Number.POSITIVE_INFINITY,
  );
  return answer(200, { orders: newestFirst(orders) });
}

async function showOne(orderId, caller) {
  const { Item } = await dynamodb.send(
    new GetItemCommand({
      TableName: table,
      Key: { PK: { S: 'orders' }, SK: { S: orderId } },
      ConsistentRead: true,
    }),
  );
  if (!Item) return refusal(404, 'There is no such order.');
  if (!caller.isAdmin && Item.USERID?.S !== caller.userId) return refusal(403, 'The order belongs to someone else.');
  return answer(200, shown(Item));
}

/** The JSON object in the body of a request; undefined when it is something else. */
export function bodyOf(event) {
  if (!event.body) return {};
  try {
    const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body;
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The input of the state machine for a call, or a refusal. Who calls is taken from the token, never from the body:
 * a customer acts under their own user id, an admin as the barista.
 */
export function requestOf(event, caller) {
  const action = event.queryStringParameters?.action ?? '';
  const orderId = event.pathParameters?.id ?? '';
  if (action !== '' && !ACTIONS.includes(action)) return refusal(400, `action is one of ${ACTIONS.join(', ')}.`);
  if (action === '') {
    const body = bodyOf(event);
    if (typeof body?.drink !== 'string') return refusal(400, 'The body is a JSON object with the drink to order.');
    const { drink, modifiers = [] } = body;
    if (!Array.isArray(modifiers) || modifiers.some((modifier) => typeof modifier !== 'string'))
      return refusal(400, 'modifiers is a list of text.');
    return { action, orderId, baristaUserId: '', body: { userId: caller.userId, drink, modifiers } };
  }
  if (caller.isAdmin) return { action, orderId, baristaUserId: caller.userId, body: {} };
  if (action === 'cancel') return { action, orderId, baristaUserId: '', body: { userId: caller.userId } };
  return refusal(403, `Only members of the group admin may ${action} an order.`);
}

async function act(event, caller) {
  const request = requestOf(event, caller);
  if (request.statusCode) return request;
  const result = await sfn.send(
    new StartSyncExecutionCommand({
      stateMachineArn: process.env.ORDER_MANAGER,
      input: JSON.stringify(request),
    }),
  );
  if (result.status === 'SUCCEEDED')
    return answer(202, { orderId: request.orderId, action: request.action, status: 'accepted' });
  const status = STATUS_OF[result.error];
  if (status) return refusal(status, result.cause ?? result.error);
  console.error(JSON.stringify({ request, status: result.status, error: result.error, cause: result.cause }));
  return result.status === 'TIMED_OUT'
    ? refusal(504, 'The order manager took too long.')
    : refusal(500, 'The order manager failed.');
}

export async function handler(event) {
  const caller = callerOf(event);
  if (!caller) return refusal(401, 'Sign in first.');
  switch (event.routeKey) {
    case 'GET /orders':
      return listOrders(event, caller);
    case 'GET /myOrders':
      return listOwn(caller);
    case 'GET /orders/{id}':
      return showOne(event.pathParameters.id, caller);
    case 'PUT /orders/{id}':
      return act(event, caller);
    default:
      return refusal(404, `There is no ${event.routeKey} here.`);
  }
}
