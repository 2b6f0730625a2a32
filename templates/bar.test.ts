import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENTS } from '../src/workshop.ts';
import { ADMIN, type Bar, openBar } from './testing/bar.ts';

// One bar for all: tests use orders and customers of their own, and leave none open.
let bar: Bar;
beforeAll(async () => {
  bar = await openBar({ validator: { TokensPerBucket: '40', TimeInterval: '60' } });
});
afterAll(() => bar?.close());

const OTHER_ADMIN = { sub: 'barista-2', groups: '[staff admin]' };
const LATTE = { drink: 'Latte', modifiers: ['Oat milk'] };

/** An order that waits for its customer to choose. */
async function begin(sub: string): Promise<string> {
  const { code } = await bar.newCode();
  const { statusCode, body } = await bar.useCode(code, sub);
  expect({ statusCode, body }).toMatchObject({ statusCode: 200, body: { orderId: expect.any(String) } });
  await bar.sandbox.settle();
  return body.orderId;
}

/** An order that waits for a barista. */
async function chosen(sub: string): Promise<string> {
  const orderId = await begin(sub);
  expect(await bar.act({ sub }, orderId, undefined, LATTE)).toMatchObject({ statusCode: 202 });
  return orderId;
}

const eventsOf = async (type: string, orderId: string) =>
  (await bar.eventsOf(type)).map(({ detail }) => detail).filter((detail) => detail['orderId'] === orderId);

test('an order is served from the code to the counter', async () => {
  const orderId = await begin('ann');
  const begun = await bar.item(orderId);
  expect(begun).toMatchObject({
    USERID: { S: 'ann' },
    ORDERSTATE: { S: 'CREATED' },
    TaskToken: { S: expect.any(String) },
  });
  expect(begun).not.toHaveProperty('orderNumber');

  expect(await bar.act({ sub: 'ann' }, orderId, undefined, LATTE)).toMatchObject({ statusCode: 202 });
  const waiting = await bar.item(orderId);
  expect(waiting).toMatchObject({ orderNumber: { N: expect.stringMatching(/^\d+$/) }, ORDERSTATE: { S: 'CREATED' } });
  expect(waiting?.['TaskToken']).not.toEqual(begun?.['TaskToken']);
  expect(JSON.parse(waiting?.['drinkOrder']?.S ?? '')).toEqual({
    userId: 'ann',
    ...LATTE,
    icon: 'barista-icons_latte',
  });
  expect(await eventsOf(EVENTS.managerWaiting, orderId)).toEqual([
    {
      orderId,
      orderNumber: waiting?.['orderNumber']?.N,
      state: 'CREATED',
      drinkOrder: waiting?.['drinkOrder']?.S,
      userId: 'ann',
      robot: '',
      TS: Number(waiting?.['TS']?.N),
    },
  ]);

  expect(await bar.act(ADMIN, orderId, 'make')).toMatchObject({ statusCode: 202 });
  expect(await bar.act(ADMIN, orderId, 'complete')).toMatchObject({ statusCode: 202 });
  const done = await bar.item(orderId);
  expect(done).toMatchObject({ ORDERSTATE: { S: 'Completed' }, baristaUserId: { S: 'barista-1' } });
  expect(done).not.toHaveProperty('TaskToken');
  expect(await eventsOf(EVENTS.makeOrder, orderId)).toEqual([{ orderId, userId: 'ann', baristaUserId: 'barista-1' }]);
  expect(await eventsOf(EVENTS.orderCompleted, orderId)).toEqual([{ orderId, userId: 'ann', ORDERSTATE: 'Completed' }]);
  expect(await eventsOf(EVENTS.orderFinished, orderId)).toHaveLength(1);
  expect(await bar.executions('RUNNING')).toEqual([]);
});

test('an order off the menu changes nothing', async () => {
  const orderId = await begin('bob');
  const before = await bar.item(orderId);
  expect(await bar.act({ sub: 'bob' }, orderId, undefined, { drink: 'Tea' })).toMatchObject({ statusCode: 400 });
  expect(await bar.act({ sub: 'bob' }, orderId, undefined, { drink: 'Latte', modifiers: ['Arsenic'] })).toMatchObject({
    statusCode: 400,
  });
  expect(await bar.item(orderId)).toEqual(before);
  await bar.stopAll();
});

test("nobody chooses, sees or cancels another customer's order", async () => {
  const orderId = await chosen('cleo');
  const before = await bar.item(orderId);
  expect(await bar.act({ sub: 'mallory' }, orderId, undefined, LATTE)).toMatchObject({ statusCode: 403 });
  expect(await bar.act({ sub: 'mallory' }, orderId, 'cancel')).toMatchObject({ statusCode: 403 });
  expect(await bar.act({ sub: 'mallory' }, orderId, 'complete')).toMatchObject({ statusCode: 403 });
  const look = { pathParameters: { id: orderId } };
  expect(await bar.call('OrdersApi', 'GET /orders/{id}', { sub: 'mallory' }, look)).toMatchObject({ statusCode: 403 });
  expect(await bar.call('OrdersApi', 'GET /orders', { sub: 'mallory' })).toMatchObject({ statusCode: 403 });
  expect(await bar.item(orderId)).toEqual(before);

  const own = await bar.call('OrdersApi', 'GET /orders/{id}', { sub: 'cleo' }, look);
  expect(own).toMatchObject({ statusCode: 200, body: { orderId, USERID: 'cleo' } });
  expect(own.body).not.toHaveProperty('TaskToken');
  expect(await bar.act({ sub: 'cleo' }, orderId, 'cancel')).toMatchObject({ statusCode: 202 });
  expect(await bar.item(orderId)).toMatchObject({ ORDERSTATE: { S: 'Cancelled' } });
  expect(await eventsOf(EVENTS.orderCancelled, orderId)).toEqual([
    { orderId, userId: 'cleo', ORDERSTATE: 'Cancelled' },
  ]);
});

test('what does not fit the state of an order is a conflict, and what is not there is not found', async () => {
  const orderId = await begin('dora');
  const before = await bar.item(orderId);
  for (const action of ['make', 'unmake', 'complete', 'cancel'])
    expect(await bar.act(ADMIN, orderId, action), action).toMatchObject({ statusCode: 409 });
  expect(await bar.item(orderId)).toEqual(before);

  expect(await bar.act({ sub: 'dora' }, orderId, undefined, LATTE)).toMatchObject({ statusCode: 202 });
  expect(await bar.act({ sub: 'dora' }, orderId, undefined, { drink: 'Espresso' })).toMatchObject({ statusCode: 409 });
  expect(await bar.act(ADMIN, orderId, 'make')).toMatchObject({ statusCode: 202 });
  expect(await bar.act(OTHER_ADMIN, orderId, 'make')).toMatchObject({ statusCode: 409 });
  expect(await bar.act(OTHER_ADMIN, orderId, 'unmake')).toMatchObject({ statusCode: 202 });
  expect(await bar.act(OTHER_ADMIN, orderId, 'make')).toMatchObject({ statusCode: 202 });
  expect((await eventsOf(EVENTS.makeOrder, orderId)).map(({ baristaUserId }) => baristaUserId)).toEqual([
    'barista-1',
    '',
    'barista-2',
  ]);
  expect(await bar.act(OTHER_ADMIN, orderId, 'complete')).toMatchObject({ statusCode: 202 });
  for (const action of ['make', 'unmake', 'complete', 'cancel']) {
    expect(await bar.act(ADMIN, orderId, action), action).toMatchObject({ statusCode: 409 });
    expect(await bar.act(ADMIN, 'no-such-order', action), action).toMatchObject({ statusCode: 404 });
  }
  expect(await bar.act({ sub: 'dora' }, 'no-such-order', undefined, LATTE)).toMatchObject({ statusCode: 404 });
  expect(await bar.item(orderId)).toMatchObject({ ORDERSTATE: { S: 'Completed' } });
});

test('of two baristas who end an order at once one is refused', async () => {
  const orderId = await chosen('emil');
  const answers = await Promise.all([bar.act(ADMIN, orderId, 'complete'), bar.act(OTHER_ADMIN, orderId, 'cancel')]);
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409]);
  const ended = [
    ...(await eventsOf(EVENTS.orderCompleted, orderId)),
    ...(await eventsOf(EVENTS.orderCancelled, orderId)),
  ];
  expect(ended).toHaveLength(1);
  expect((await bar.item(orderId))?.['ORDERSTATE']?.S).toBe(ended[0]?.['ORDERSTATE']);
});

test('a token that nobody waits for any more changes nothing', async () => {
  const begun = await begin('finn');
  const waiting = await chosen('gwen');
  const before = [await bar.item(begun), await bar.item(waiting)];
  await bar.stopAll();
  expect(await bar.act({ sub: 'finn' }, begun, undefined, LATTE)).toMatchObject({ statusCode: 409 });
  expect(await bar.act(ADMIN, waiting, 'complete')).toMatchObject({ statusCode: 409 });
  expect(await bar.act({ sub: 'gwen' }, waiting, 'cancel')).toMatchObject({ statusCode: 409 });
  expect([await bar.item(begun), await bar.item(waiting)]).toEqual(before);
  expect(await eventsOf(EVENTS.orderCompleted, waiting)).toEqual([]);
});

test('an order that nobody answers is cancelled and its token dropped', async () => {
  const [begun, waiting] = [await begin('hugo'), await chosen('iris')];
  await bar.sandbox.advance(15 * 60_000);
  await bar.sandbox.settle();
  for (const [orderId, cause] of [
    [begun, 'Customer timedout'],
    [waiting, 'Barista timedout'],
  ] as const) {
    const item = await bar.item(orderId);
    expect(item).toMatchObject({ ORDERSTATE: { S: 'Cancelled' } });
    expect(item).not.toHaveProperty('TaskToken');
    expect(await eventsOf(EVENTS.orderTimeOut, orderId)).toMatchObject([{ cause }]);
  }
  expect(await bar.act({ sub: 'hugo' }, begun, undefined, LATTE)).toMatchObject({ statusCode: 409 });
  expect(await bar.act(ADMIN, waiting, 'complete')).toMatchObject({ statusCode: 409 });
});

test('a customer with an open order gets no second one, and may have more where the shop says so', async () => {
  const first = await chosen('jane');
  const { code } = await bar.newCode();
  expect(await bar.useCode(code, 'jane')).toMatchObject({ statusCode: 409 });
  await bar.setShop(true, 2);
  const { statusCode, body } = await bar.useCode(code, 'jane');
  expect(statusCode).toBe(200);
  await bar.sandbox.settle();
  await bar.setShop(true);

  const mine = await bar.call('OrdersApi', 'GET /myOrders', { sub: 'jane' });
  expect(mine.body.orders.map(({ orderId }: { orderId: string }) => orderId).sort()).toEqual(
    [first, body.orderId].sort(),
  );
  const open = await bar.call('OrdersApi', 'GET /orders', ADMIN, {
    queryStringParameters: { state: 'CREATED', maxItems: '1' },
  });
  expect(open.body.orders).toHaveLength(1);
  expect(JSON.stringify([mine, open])).not.toContain('TaskToken');
  await bar.stopAll();
});

test('orders are listed by state, the newest first', async () => {
  const orderIds: string[] = [];
  for (const sub of ['kim', 'lea']) {
    const orderId = await chosen(sub);
    expect(await bar.act(ADMIN, orderId, 'complete')).toMatchObject({ statusCode: 202 });
    orderIds.unshift(orderId);
  }
  const { body } = await bar.call('OrdersApi', 'GET /orders', ADMIN, {
    queryStringParameters: { state: 'Completed', maxItems: '2' },
  });
  expect(body.orders.map(({ orderId }: { orderId: string }) => orderId)).toEqual(orderIds);
  for (const queryStringParameters of [{ state: 'Lost' }, { maxItems: '0' }, { maxItems: 'x' }, { maxItems: '101' }])
    expect(await bar.call('OrdersApi', 'GET /orders', ADMIN, { queryStringParameters })).toMatchObject({
      statusCode: 400,
    });
});

test('a code is the same for everyone while it lasts, and only admins see it', async () => {
  const [one, two] = await Promise.all([bar.newCode(), bar.newCode()]);
  expect(two.code).toBe(one.code);
  expect(await bar.call('GetQRcodeFunction', 'GET /qr-code', { sub: 'max' })).toMatchObject({ statusCode: 403 });
  expect(await bar.useCode('0000000000', 'max')).toMatchObject({ statusCode: 400 });
  expect(await bar.useCode('', 'max')).toMatchObject({ statusCode: 400 });
  await bar.sandbox.advance(60 * 60_000);
  expect((await bar.newCode()).code).not.toBe(one.code);
  expect(await bar.useCode(one.code, 'max')).toMatchObject({ statusCode: 400 });
});

test('a code is never good for more orders than it says, however many ask at once', async () => {
  await bar.sandbox.advance(60 * 60_000);
  const { code, availableTokens } = await bar.newCode();
  await bar.setShop(false);
  const asked = await Promise.all(
    Array.from({ length: availableTokens + 5 }, (_, index) => bar.useCode(code, `crowd-${index}`)),
  );
  expect(asked.filter(({ statusCode }) => statusCode === 200)).toHaveLength(availableTokens);
  expect(asked.filter(({ statusCode }) => statusCode === 409)).toHaveLength(5);
  const orderIds = asked.flatMap(({ body }) => body.orderId ?? []);
  expect(new Set(orderIds).size).toBe(availableTokens);
  expect((await bar.newCode()).availableTokens).toBe(0);
  await bar.sandbox.settle();
  await bar.sandbox.advance(60 * 60_000);
  await bar.setShop(true);
});

test('anyone reads the menu, only admins open and close, and the bus hears of it', async () => {
  const { statusCode, body } = await bar.call('ConfigApi', 'GET /config', undefined);
  expect({ statusCode, ...body }).toMatchObject({
    statusCode: 200,
    storeOpen: true,
    maxOrdersPerUser: 1,
    maxOrdersInQueue: 10,
  });
  expect(body.menu).toHaveLength(6);
  const store = (caller: typeof ADMIN, state: string) =>
    bar.call('ConfigApi', 'PUT /store', caller, { queryStringParameters: { state } });
  expect(await store({ sub: 'max' }, 'closed')).toMatchObject({ statusCode: 403 });
  expect(await store(ADMIN, 'ajar')).toMatchObject({ statusCode: 400 });
  expect(await store(ADMIN, 'closed')).toMatchObject({ statusCode: 200, body: { storeOpen: false } });
  await bar.sandbox.settle();
  const heard = await bar.eventsOf(EVENTS.configChanged);
  expect(heard.at(-1)?.detail).toEqual({
    NewImage: {
      PK: { S: 'config' },
      storeOpen: { BOOL: false },
      maxOrdersPerUser: { N: '1' },
      maxOrdersInQueue: { N: '10' },
    },
  });

  const { code } = await bar.newCode();
  expect(await bar.useCode(code, 'nina')).toMatchObject({ statusCode: 200 });
  await bar.sandbox.settle();
  expect((await bar.eventsOf(EVENTS.shopUnavailable)).at(-1)?.detail).toMatchObject({ userId: 'nina' });
  expect(await store(ADMIN, 'open')).toMatchObject({ statusCode: 200 });
});

test('an event that comes twice does not begin an order twice', async () => {
  const orderId = await chosen('olga');
  const event = (await bar.eventsOf(EVENTS.workflowStarted)).find(({ detail }) => detail['orderId'] === orderId);
  const before = await bar.item(orderId);
  await bar.invoke('WorkflowStarted', event);
  expect(await bar.item(orderId)).toEqual(before);
  await bar.stopAll();
});

test('nothing failed behind our back: every event arrived, and every function could do its work', () => {
  expect(bar.trouble).toEqual([]);
});

test('the publisher may publish to every topic of the workshop, and fails aloud', async () => {
  const publish = (type: string, detail: Record<string, unknown>) =>
    bar.invoke('Publish', { 'detail-type': type, detail });
  await publish(EVENTS.makeOrder, { orderId: '1', userId: 'pia', baristaUserId: '' });
  await publish(EVENTS.configChanged, { NewImage: { PK: { S: 'config' } } });
  await expect(publish(EVENTS.makeOrder, { userId: 'x'.repeat(300) })).rejects.toThrow('Publish failed');
});
