import { expect, test } from 'vitest';
import type { BusEvent } from '../aws/logs.ts';
import { PressoError } from '../errors.ts';
import { nextUser } from '../flows/order.ts';
import { nextFor, orderLines, outcomeWords, storyLines } from '../report/order.ts';
import { figuresOf, percentile, rushLines, wentWell } from '../report/rush.ts';
import { answerOf, codeOf, httpEvent } from './calls.ts';
import { answerOfRun } from './manager.ts';
import { judgeOutcome } from './judge.ts';
import { type Order, toOrder } from './orders.ts';
import { answersOf } from './place.ts';
import type { OneOrder } from './rush.ts';
import type { Time } from './time.ts';
import { timeline } from './timeline.ts';
import { watchOrders } from './watch.ts';

// The handlers are plain modules without types; what they take and give is said here.
const handler = (file: string): Promise<unknown> => import(new URL(`../../templates/${file}`, import.meta.url).href);
const { requestOf } = (await handler('order-manager/orders-api.mjs')) as {
  requestOf(event: unknown, caller: unknown): unknown;
};
const { callerOf } = (await handler('shared/caller.mjs')) as { callerOf(event: unknown): unknown };

const TOKEN = 'AQCEAAAAKgAAAAMAAAAAAAAAAsecret';
const order = (over: Partial<Order> = {}): Order => ({
  orderId: '5c2d1a36-7d0e-4b3a-9d57-0a6c1d7f8e21',
  userId: 'ann',
  state: 'CREATED',
  modifiers: [],
  barista: '',
  changed: 1_764_000_000_000,
  waits: true,
  ...over,
});

test("the shop's own functions read a call of ours as one of a customer or a barista", () => {
  const at = { now: 1_764_000_000_000, requestId: 'r' };
  const put = { route: 'PUT /orders/{id}', path: '/orders/1', parameters: { id: '1' } };
  const bySubmit = httpEvent(
    { ...put, body: { drink: 'Latte', modifiers: ['Oat milk'] } },
    { userId: 'ann', admin: false },
    at,
  );
  expect(callerOf(bySubmit)).toEqual({ userId: 'ann', isAdmin: false });
  expect(requestOf(bySubmit, callerOf(bySubmit))).toEqual({
    action: '',
    orderId: '1',
    baristaUserId: '',
    body: { userId: 'ann', drink: 'Latte', modifiers: ['Oat milk'] },
  });
  const byMake = httpEvent({ ...put, query: { action: 'make' } }, { userId: 'bo', admin: true }, at);
  expect(callerOf(byMake)).toEqual({ userId: 'bo', isAdmin: true });
  expect(requestOf(byMake, callerOf(byMake))).toMatchObject({ action: 'make', orderId: '1', baristaUserId: 'bo' });
});

test('an answer is what the API would pass on; a function that fails has none', () => {
  expect(answerOf({ statusCode: 409, body: '{"message":"no"}' })).toEqual({ status: 409, body: { message: 'no' } });
  expect(answerOf({ statusCode: 200 })).toEqual({ status: 200, body: {} });
  expect(answerOf({ errorMessage: 'it broke' })).toBeUndefined();
  expect(answerOf(undefined)).toBeUndefined();
});

test('the code is read from either validator, the official one gives the item of its table', () => {
  const ours = { bucket: 7, code: 'abc', availableTokens: 3, end_ts: 9 };
  const official = { bucket: { last_id: 7, last_code: 'abc', availableTokens: 3, end_ts: 9 } };
  const code = { bucket: 7, code: 'abc', availableTokens: 3, ends: 9 };
  expect(codeOf({ status: 200, body: ours })).toEqual(code);
  expect(codeOf({ status: 200, body: official })).toEqual(code);
  expect(codeOf({ status: 403, body: {} })).toBeUndefined();
});

test('a refusal of the order manager is the same whether its API or its state machine is asked', () => {
  const input = { action: 'make' as const, orderId: 'o-1', baristaUserId: 'bo', body: {} };
  const status = (error: string) => answerOfRun({ status: 'FAILED', error, cause: 'why' }, input);
  expect(answerOfRun({ status: 'SUCCEEDED' }, input).status).toBe(202);
  expect(status('Order.Conflict')).toEqual({ status: 409, body: { message: 'why' } });
  expect(status('DynamoDB.ConditionalCheckFailedException').status).toBe(409);
  expect(status('States.Runtime')).toEqual({
    status: 500,
    body: { message: 'it ended as FAILED: States.Runtime: why' },
  });
});

test('an order that did not come to wait says why, as soon as that is sure', () => {
  const seen = { workflow: true, running: 3, shopOpen: true };
  const succeeded = { status: 'SUCCEEDED' };
  expect(judgeOutcome({ ...seen, order: order() }, false)).toEqual({ kind: 'waiting' });
  expect(judgeOutcome({ ...seen, execution: { status: 'RUNNING' } }, false)).toBeUndefined();
  expect(judgeOutcome({ ...seen, execution: { status: 'RUNNING' } }, true)).toEqual({ kind: 'not-written' });
  expect(judgeOutcome(seen, false)).toBeUndefined();
  expect(judgeOutcome(seen, true)).toEqual({ kind: 'not-started' });
  expect(judgeOutcome({ ...seen, workflow: false }, true)).toEqual({ kind: 'no-workflow' });
  expect(judgeOutcome({ ...seen, shopOpen: false, execution: succeeded }, false)).toEqual({ kind: 'closed' });
  expect(judgeOutcome({ ...seen, running: 20, execution: succeeded }, false)).toEqual({ kind: 'full', running: 20 });
  expect(judgeOutcome({ ...seen, execution: succeeded }, false)).toEqual({ kind: 'ended' });
  const failed = judgeOutcome(
    { ...seen, execution: { status: 'FAILED', error: 'States.Runtime', cause: 'no $.detail' } },
    false,
  );
  expect(failed).toEqual({ kind: 'failed', status: 'FAILED', error: 'States.Runtime', cause: 'no $.detail' });
  if (failed?.kind !== 'failed') throw new Error('unreachable');
  expect(outcomeWords(failed, 'o-1').sentence).toBe('The workflow ended as FAILED: States.Runtime: no $.detail.');
});

test('an order as people see it has no task token', () => {
  const item = {
    PK: 'orders',
    SK: 'o-1',
    USERID: 'ann',
    ORDERSTATE: 'CREATED',
    TaskToken: TOKEN,
    TS: 5,
    orderNumber: 7,
  };
  const read = toOrder({ ...item, drinkOrder: '{"drink":"Latte","modifiers":["Oat milk"]}' });
  expect(read).toMatchObject({ orderId: 'o-1', number: 7, drink: 'Latte', modifiers: ['Oat milk'], waits: true });
  expect(JSON.stringify(read)).not.toContain(TOKEN);
  expect(toOrder({ ...item, drinkOrder: 'not JSON', TaskToken: '' })).toMatchObject({ modifiers: [], waits: false });
});

test('the next command follows the order through the shop', () => {
  expect(nextFor(order())).toBe('presso order submit 5c2d1a36 --drink Latte');
  expect(nextFor(order({ drink: 'Latte', number: 1 }))).toBe('presso order make 5c2d1a36');
  expect(nextFor(order({ drink: 'Latte', number: 1, barista: 'bo' }))).toBe('presso order complete 5c2d1a36');
  expect(nextFor(order({ state: 'Completed' }))).toBe('presso order place');
  expect([nextUser('customer-9'), nextUser('ann')]).toEqual(['customer-10', 'ann-2']);
});

test('the name before a modifier is checked, its answer is left to the order manager', () => {
  const menu = [{ drink: 'Latte', available: true, modifiers: [{ Name: 'Milk', Options: ['Oat milk'] }] }];
  expect(answersOf(['milk=Oat milk', 'Vanilla'], 'Latte', menu)).toEqual(['Oat milk', 'Vanilla']);
  expect(answersOf(['Milk=Gold'], 'Latte', menu)).toEqual(['Gold']);
  expect(() => answersOf(['Mlk=Oat milk'], 'Latte', menu)).toThrow(PressoError);
});

const event = (at: number, detailType: string, detail: Record<string, unknown> = {}): BusEvent => ({
  id: `${at}`,
  at,
  detailType,
  source: 'awsserverlessda.serverlesspresso',
  detail: { orderId: 'o-1', ...detail },
});

test('the story runs in the order of time, with how long each state was stayed in', () => {
  const story = timeline({
    execution: { arn: 'a', name: 'run', status: 'SUCCEEDED', started: 100, stopped: 5_000, input: '{}' },
    history: [
      { id: 1, type: 'ExecutionStarted', at: 100 },
      { id: 2, type: 'TaskStateEntered', at: 110, state: 'Wait here' },
      { id: 3, type: 'TaskTimedOut', at: 4_110, error: 'States.Timeout' },
      { id: 4, type: 'TaskStateExited', at: 4_110, state: 'Wait here' },
      // What a time-out leads to stands in the same millisecond.
      { id: 5, type: 'PassStateEntered', at: 4_110, state: 'Over' },
    ],
    // Written into the log a moment after the workflow had begun because of it.
    events: [
      event(130, 'Validator.NewOrder'),
      event(4_500, 'OrderProcessor.OrderTimeOut', { cause: 'Customer timedout' }),
    ],
  });
  expect(story.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'event Validator.NewOrder',
    'execution started',
    'state Wait here',
    'failure States.Timeout',
    'state Over',
    'event OrderProcessor.OrderTimeOut',
    'execution succeeded',
  ]);
  expect(story.find(({ name }) => name === 'Wait here')?.stayedMs).toBe(4_000);
  expect(story.find(({ name }) => name === 'Over')?.stayedMs).toBeUndefined();
});

test('a story is told within the width, and no control character of an event reaches the terminal', () => {
  const moments = timeline({ history: [], events: [event(5, 'A\u001b[2Jb', { long: 'x'.repeat(200) })] });
  const lines = storyLines({ orderId: 'o-1', order: order(), moments, logged: true }, 80);
  expect(lines.every((line) => line.length <= 80)).toBe(true);
  expect(lines.join('')).not.toContain('\u001b');
  expect(orderLines([order({ drink: 'Latte', userId: 'u'.repeat(100) })], 60)[0]?.length).toBe(60);
});

/** A clock that moves only by being slept on. */
function testTime(): Time {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    id: () => 'id',
  };
}

test('many orders are watched with one read a round; each is told once it is far enough, or when patience ends', async () => {
  const numbers: Record<string, number> = {};
  let rounds = 0;
  const watch = watchOrders(async (ids) => {
    rounds++;
    if (rounds === 2) numbers['a'] = 1;
    if (rounds === 4) numbers['b'] = 2;
    return ids.map((orderId) => order({ orderId, ...(numbers[orderId] ? { number: numbers[orderId] } : {}) }));
  }, testTime());
  const far = ({ number }: Order) => number !== undefined;
  const [a, b, c] = await Promise.all([
    watch.until('a', far, 1_000),
    watch.until('b', far, 1_000),
    watch.until('c', far, 50),
  ]);
  expect([a?.number, b?.number, c]).toEqual([1, 2, undefined]);
  expect(rounds).toBeLessThan(8);
});

test('a table that cannot be read ends the watching of everybody', async () => {
  const watch = watchOrders(() => Promise.reject(new Error('gone')), testTime());
  const both = await Promise.allSettled([watch.until('a', () => true, 100), watch.until('b', () => true, 100)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a rush counts what became of each order; being turned away is no fault, a number given twice is', () => {
  const good: OneOrder[] = [1, 2, 3].map((number) => ({
    index: number,
    fate: 'completed',
    number,
    takenMs: number,
    servedMs: 2 * number,
  }));
  const summary = { orders: [...good, { index: 4, fate: 'turned-away' as const }], tookMs: 1_000, doubled: [] };
  expect(figuresOf(summary)).toMatchObject({ placed: 3, completed: 3, turnedAway: 1, perSecond: 3 });
  expect(wentWell(summary)).toBe(true);
  expect(wentWell({ ...summary, doubled: [2] })).toBe(false);
  expect(wentWell({ ...summary, orders: [{ index: 1, fate: 'lost', why: 'lost' }] })).toBe(false);
  expect(rushLines(summary, 'completed').join('\n')).toContain('numbers 1 to 3, no number twice');
  expect(percentile([5, 1, 3], 0.5)).toBe(3);
  expect(percentile([], 0.5)).toBeUndefined();
});
