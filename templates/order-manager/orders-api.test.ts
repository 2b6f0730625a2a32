import { describe, expect, test } from 'vitest';
import { bodyOf, requestOf, shown } from './orders-api.mjs';
import { awaitBarista, waitingEvent } from './waiting-completion.mjs';
import { beginOrder } from './workflow-started.mjs';

const admin = { userId: 'barista', isAdmin: true };
const user = { userId: 'customer', isAdmin: false };
const put = (action: string | undefined, body?: unknown) => ({
  pathParameters: { id: 'o-1' },
  queryStringParameters: action === undefined ? undefined : { action },
  body: body === undefined ? undefined : JSON.stringify(body),
});

describe('who may ask the order manager for what', () => {
  test.each(['make', 'unmake', 'complete', 'cancel'])('an admin may %s, as the barista of the token', (action) => {
    expect(requestOf(put(action, { userId: 'someone', baristaUserId: 'other' }), admin)).toEqual({
      action,
      orderId: 'o-1',
      baristaUserId: 'barista',
      body: {},
    });
  });

  test.each(['make', 'unmake', 'complete'])('a customer may not %s', (action) => {
    expect(requestOf(put(action), user)).toMatchObject({ statusCode: 403 });
  });

  test('a customer may cancel, as themselves and not as a barista', () => {
    expect(requestOf(put('cancel', { userId: 'victim' }), user)).toEqual({
      action: 'cancel',
      orderId: 'o-1',
      baristaUserId: '',
      body: { userId: 'customer' },
    });
  });

  test('a drink is ordered for whoever the token says, with nothing of the body that was not asked for', () => {
    const body = { userId: 'victim', drink: 'Latte', modifiers: ['Decaf'], icon: 'javascript:alert(1)', robot: 'x' };
    for (const caller of [user, admin])
      expect(requestOf(put(undefined, body), caller)).toEqual({
        action: '',
        orderId: 'o-1',
        baristaUserId: '',
        body: { userId: caller.userId, drink: 'Latte', modifiers: ['Decaf'] },
      });
  });

  test.each([
    [put('brew')],
    [put(undefined)],
    [put(undefined, { drink: 7 })],
    [put(undefined, { drink: 'Latte', modifiers: 'Decaf' })],
    [put(undefined, { drink: 'Latte', modifiers: [{ S: 'Decaf' }] })],
    [{ ...put(undefined), body: '{"drink":' }],
    [{ ...put(undefined), body: '["Latte"]' }],
  ])('nonsense is refused before the state machine runs: %j', (event) => {
    expect(requestOf(event, user)).toMatchObject({ statusCode: 400 });
  });

  test('a body is read as text or as base64', () => {
    expect(bodyOf({ body: 'eyJkcmluayI6IkxhdHRlIn0=', isBase64Encoded: true })).toEqual({ drink: 'Latte' });
    expect(bodyOf({})).toEqual({});
    expect(bodyOf({ body: 'null' })).toBeUndefined();
  });
});

test('nobody is shown the token of an order', () => {
  expect(
    shown({ PK: { S: 'orders' }, SK: { S: 'o-1' }, TaskToken: { S: 'secret' }, startedBy: { S: 'e' }, TS: { N: '5' } }),
  ).toEqual({ orderId: 'o-1', TS: 5 });
});

describe('what the events of the workflow write', () => {
  const event = (detail: Record<string, unknown>) => ({ id: 'event-1', 'detail-type': 'x', detail });

  test('an order begins as CREATED, with its token, its owner and the time', () => {
    const { Key, ExpressionAttributeValues: values } = beginOrder(
      event({ orderId: 'o-1', userId: 'u-1', TaskToken: 't', Message: '' }),
      1234,
    );
    expect(Key).toEqual({ PK: { S: 'orders' }, SK: { S: 'o-1' } });
    expect(values).toMatchObject({
      ':user': { S: 'u-1' },
      ':created': { S: 'CREATED' },
      ':token': { S: 't' },
      ':now': { N: '1234' },
      ':event': { S: 'event-1' },
    });
  });

  test.each([
    ['12', { N: '12' }],
    [12, { N: '12' }],
    ['A12', { S: 'A12' }],
  ])('the order number %j is kept as %j', (orderNumber, kept) => {
    const { ExpressionAttributeValues } = awaitBarista(
      event({ orderId: 'o-1', userId: 'u-1', TaskToken: 't', orderNumber }),
      1,
    );
    expect(ExpressionAttributeValues[':number']).toEqual(kept);
  });

  test('the news that an order waits carries the drink, the number and no token', () => {
    expect(
      waitingEvent({
        PK: { S: 'orders' },
        SK: { S: 'o-1' },
        USERID: { S: 'u-1' },
        ORDERSTATE: { S: 'CREATED' },
        TaskToken: { S: 'secret' },
        orderNumber: { N: '7' },
        drinkOrder: { S: '{"drink":"Latte"}' },
        robot: { S: '' },
        TS: { N: '99' },
      }),
    ).toEqual({
      type: 'OrderManager.WaitingCompletion',
      detail: {
        orderId: 'o-1',
        orderNumber: '7',
        state: 'CREATED',
        drinkOrder: '{"drink":"Latte"}',
        userId: 'u-1',
        robot: '',
        TS: 99,
      },
    });
  });
});
