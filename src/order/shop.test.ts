import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteFunctionCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Sandbox } from '../sandbox/index.ts';
import { type Ran, runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';

// The whole bar as module 2 leaves it; its helper lives beside the templates, outside this folder's types.
const { openBar } = (await import(new URL('../../templates/testing/bar.ts', import.meta.url).href)) as {
  openBar(parameters: Record<string, Record<string, string>>): Promise<{
    sandbox: Sandbox;
    setShop(open: boolean): Promise<unknown>;
    close(): Promise<void>;
  }>;
};

// A code that stays good for longer than any run of these tests, so that none runs out between two of them.
const MINUTES = 100_000;

// Each command is a process of its own, which takes its time on a machine that is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let bar: Awaited<ReturnType<typeof openBar>>;
beforeAll(async () => {
  bar = await openBar({ validator: { TokensPerBucket: '40', TimeInterval: String(MINUTES) } });
});
afterAll(() => bar?.close());

const presso = (...args: string[]): Promise<Ran> =>
  runPresso([...args, '--endpoint-url', bar.sandbox.endpoint], { env: { AWS_ACCESS_KEY_ID: '123456789012' } });
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr } = await presso(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};

test('an order is placed as a customer; what the shop does not allow is refused with the next command', async () => {
  const placed = await presso('order', 'place', '--user', 'ann');
  expect(placed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36}\n$/) });
  const orderId = placed.stdout.trim();
  const again = await presso('order', 'place', '--user', 'ann');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('--user ann-2') });
  const offMenu = await presso('order', 'submit', orderId, '--drink', 'Latt');
  expect(offMenu).toMatchObject({ code: 1, stderr: expect.stringContaining('--drink "Latte"') });
  expect(await presso('order', 'make', orderId)).toMatchObject({ code: 1 });
});

test('the order goes over the counter by commands alone, and its story has every event and no task token', async () => {
  const submitted = await json('order', 'submit', 'last', '--modifier', 'Milk=Oat milk', '--drink', 'latte');
  expect(submitted).toMatchObject({
    drink: 'Latte',
    modifiers: ['Oat milk'],
    number: expect.any(Number),
    userId: 'ann',
  });
  const beginning = String(submitted['orderId']).slice(0, 8);
  expect(await presso('order', 'cancel', beginning, '--user', 'eve')).toMatchObject({ code: 1 });
  expect(await json('order', 'make', beginning, '--barista', 'bo')).toMatchObject({ barista: 'bo' });
  expect(await json('order', 'complete', beginning, '--barista', 'bo')).toMatchObject({ state: 'Completed' });
  await bar.sandbox.settle();
  const story = (await presso('order', 'show', beginning)).stdout;
  for (const event of ['Validator.NewOrder', 'OrderProcessor.WorkflowStarted', 'OrderManager.OrderCompleted'])
    expect(story).toContain(event);
  expect(story).toContain('workflow succeeded');
  expect(JSON.stringify(await json('order', 'show', beginning))).not.toMatch(/TaskToken/);
});

test('a closed shop and an empty code are said for what they are, with the next command', async () => {
  await bar.setShop(false);
  const closed = await presso('order', 'place', '--user', 'zed');
  expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('presso shop open') });
  expect(await presso('rush')).toMatchObject({ code: 2, stderr: expect.stringContaining('presso shop open') });
  await bar.setShop(true);

  const dynamodb = new DynamoDBClient(clientConfig(bar.sandbox));
  const bucket = Math.floor(Date.now() / (MINUTES * 60_000));
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: 'serverlesspresso-validator-table',
      Key: { PK: { N: String(bucket) } },
      UpdateExpression: 'SET availableTokens = :none',
      ExpressionAttributeValues: { ':none': { N: '0' } },
    }),
  );
  const empty = await presso('order', 'place', '--user', 'zed');
  expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining('no orders left') });
  expect(await presso('rush')).toMatchObject({ code: 2, stderr: expect.stringContaining('--tokens') });
});

test('a rush serves every order with a number of its own; the 21st that waits at once is turned away', async () => {
  const served = await json('rush', '--orders', '8', '--tokens');
  expect(served).toMatchObject({ completed: 8, lost: 0, refused: 0, failed: 0, doubled: [] });
  await bar.sandbox.settle();
  const waiting = await json('rush', '--orders', '22', '--in-flight', '4', '--until', 'placed', '--tokens');
  expect(waiting).toMatchObject({ placed: 20, turnedAway: 2, lost: 0 });
});

test('where the API has no function of its own, the state machine behind it is asked, and refuses the same', async () => {
  const lambda = new LambdaClient(clientConfig(bar.sandbox));
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const FunctionName = Functions.find((one) => one.FunctionName?.includes('OrdersApi'))?.FunctionName;
  await lambda.send(new DeleteFunctionCommand({ FunctionName }));
  // The rush before has filled the shop; one of its orders is served here.
  expect(await json('order', 'submit', 'last', '--drink', 'Espresso')).toMatchObject({ drink: 'Espresso' });
  const again = await presso('order', 'submit', 'last', '--drink', 'Espresso');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('The order manager refused') });
  expect(await json('order', 'make', 'last')).toMatchObject({ barista: 'barista-1' });
  expect(await json('order', 'complete', 'last')).toMatchObject({ state: 'Completed' });
});

test('an order that nobody knows is said to be unknown', async () => {
  for (const args of [
    ['show', 'nope'],
    ['make', 'nope'],
    ['submit', 'nope', '--drink', 'Latte'],
  ])
    expect(await presso('order', ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('"nope"') });
});
