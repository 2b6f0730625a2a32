/**
 * The main job, by the real binary and the shipped templates and solution, unchanged; only the clock is moved. What
 * happened is read through the plain SDK.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { SFN } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from './aws/connection.ts';
import { findByName } from './aws/find.ts';
import { type RunningSandbox, stopSandbox } from './sandbox/index.ts';
import { runPresso } from './testing/presso.ts';
import { clientConfig } from './testing/sandbox.ts';
import { LOG_GROUP, TABLES } from './workshop.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-journey-'));
const data = path.join(home, 'sandbox');
const presso = (...args: string[]) => runPresso(args, { home });
const done = async (...args: string[]) => {
  const ran = await presso(...args);
  expect(ran, `presso ${args.join(' ')}`).toMatchObject({ code: 0 });
  return ran.stdout;
};

let sandbox: RunningSandbox;
let sfn: SFN;
let dynamodb: DynamoDB;
let logs: CloudWatchLogs;
let events: EventBridge;
let iam: IAM;
let connection: Connection;

beforeAll(async () => {
  await done('setup', '--sandbox');
  const { findSandbox } = await import('./sandbox/index.ts');
  sandbox = (await findSandbox(data)) as RunningSandbox;
  const config = clientConfig(sandbox, '000000000000');
  sfn = new SFN(config);
  dynamodb = new DynamoDB(config);
  logs = new CloudWatchLogs(config);
  events = new EventBridge(config);
  iam = new IAM(config);
  connection = await connect({ region: 'us-east-1', endpoint: sandbox.endpoint, credentials: config.credentials });
});

afterAll(async () => {
  connection?.close();
  await stopSandbox(data);
  rmSync(home, { recursive: true, force: true });
});

async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((again) => setTimeout(again, 25));
  }
  throw new Error(`It did not come to this: ${what}.`);
}

const item = async (orderId: string) =>
  (
    await dynamodb.getItem({
      TableName: TABLES.order,
      Key: { PK: { S: 'orders' }, SK: { S: orderId } },
      ConsistentRead: true,
    })
  ).Item;

async function executionOf(orderId: string) {
  const workflow = 'arn:aws:states:us-east-1:000000000000:stateMachine:OrderProcessorWorkflow';
  return eventually(`an execution for ${orderId}`, async () => {
    const { executions } = await sfn.listExecutions({ stateMachineArn: workflow });
    for (const { executionArn } of executions ?? []) {
      const found = await sfn.describeExecution({ executionArn });
      if (found.input?.includes(orderId)) return found;
    }
    return undefined;
  });
}

/** detail-types that the log group holds for an order, in order. */
async function eventsOf(orderId: string): Promise<string[]> {
  const { events } = await logs.filterLogEvents({ logGroupName: LOG_GROUP });
  return (events ?? [])
    .map(
      ({ message }) =>
        JSON.parse(message ?? '{}') as { 'detail-type': string; detail: { orderId?: string; userId?: string } },
    )
    .filter(({ detail }) => detail.orderId === orderId || detail.userId === orderId)
    .map((event) => event['detail-type']);
}

const ended = (orderId: string) =>
  eventually(`the end of ${orderId}`, async () => {
    const found = await executionOf(orderId);
    return found.status !== 'RUNNING' && found;
  });

const place = async (user: string) =>
  (JSON.parse(await done('order', 'place', '--user', user, '--json')) as { orderId: string }).orderId;

test('a second set-up changes nothing and says so', async () => {
  const before = await new CloudFormation(clientConfig(sandbox, '000000000000')).describeStacks({});
  expect(await done('setup')).toContain('nothing was changed');
  const after = await new CloudFormation(clientConfig(sandbox, '000000000000')).describeStacks({});
  expect(after.Stacks).toEqual(before.Stacks);
});

test('the tables are seeded', async () => {
  const { Item: config } = await dynamodb.getItem({ TableName: TABLES.config, Key: { PK: { S: 'config' } } });
  expect(config).toMatchObject({
    storeOpen: { BOOL: true },
    maxOrdersPerUser: { N: '1' },
    maxOrdersInQueue: { N: '10' },
  });
  const { Item: counter } = await dynamodb.getItem({ TableName: TABLES.counting, Key: { PK: { S: 'orderID' } } });
  expect(counter?.['IDvalue']).toEqual({ N: '0' });
  expect(await done('menu')).toContain('Flat White');
});

test('an order goes through all ten steps', async () => {
  await done('solve', 'module-1');
  await done('solve', 'module-2');
  expect(await done('solve', 'module-2')).toContain('nothing was changed');
  const order = await place('anna');
  const created = await eventually('the item being written', () => item(order));
  expect(created).toMatchObject({
    ORDERSTATE: { S: 'CREATED' },
    USERID: { S: 'anna' },
    TaskToken: { S: expect.any(String) },
  });
  await done('order', 'submit', order, '--drink', 'Latte', '--user', 'anna');
  const numbered = await eventually('a number', async () => {
    const found = await item(order);
    return found?.['orderNumber'] && found;
  });
  expect(Object.values(numbered['orderNumber'] ?? {})[0]).toBe('1');
  await done('order', 'make', order);
  await done('order', 'complete', order);
  expect((await ended(order)).status).toBe('SUCCEEDED');
  expect(await item(order)).toMatchObject({ ORDERSTATE: { S: 'Completed' } });
  await eventually('every event being logged', async () => (await eventsOf(order)).length >= 7);
  const logged = await eventsOf(order);
  expect([...logged].sort()).toEqual(
    [
      'Validator.NewOrder',
      'OrderProcessor.WorkflowStarted',
      'OrderProcessor.WaitingCompletion',
      'OrderManager.WaitingCompletion',
      'OrderManager.MakeOrder',
      'OrderManager.OrderCompleted',
      'OrderProcessor.orderFinished',
    ].sort(),
  );
  const shown = await done('order', 'show', order);
  expect(shown).toContain('OrderProcessor.orderFinished');
  const token = created['TaskToken']?.S ?? 'none';
  expect(shown).not.toContain(token);
});

test('a closed shop turns the customer away', async () => {
  await done('shop', 'close');
  const placed = await presso('order', 'place', '--user', 'ben');
  expect(placed.code).not.toBe(0);
  expect(placed.stdout + placed.stderr).toMatch(/closed/i);
  await done('shop', 'open');
  await eventually('ShopUnavailable', async () => (await eventsOf('ben')).includes('OrderProcessor.ShopUnavailable'));
});

test('a customer who never orders times out, and the order is marked cancelled', async () => {
  const order = await place('cara');
  await eventually('the item being written', () => item(order));
  await done('sandbox', 'clock', 'advance', '15m');
  expect((await ended(order)).status).toBe('SUCCEEDED');
  await eventually('the item being cancelled', async () => (await item(order))?.['ORDERSTATE']?.S === 'Cancelled');
  expect(await item(order)).not.toHaveProperty('TaskToken');
  expect(await eventsOf(order)).toContain('OrderProcessor.OrderTimeOut');
});

test('a coffee that is never made times out', async () => {
  const order = await place('dan');
  await eventually('the item being written', () => item(order));
  await done('order', 'submit', order, '--drink', 'Espresso', '--user', 'dan');
  await eventually('a number', async () => (await item(order))?.['orderNumber']);
  await done('sandbox', 'clock', 'advance', '15m');
  expect((await ended(order)).status).toBe('SUCCEEDED');
  await eventually('the item being cancelled', async () => (await item(order))?.['ORDERSTATE']?.S === 'Cancelled');
});

test('an order is cancelled at the bar', async () => {
  const order = await place('eva');
  await eventually('the item being written', () => item(order));
  await done('order', 'submit', order, '--drink', 'Americano', '--user', 'eva');
  await eventually('a number', async () => (await item(order))?.['orderNumber']);
  await done('order', 'cancel', order);
  expect((await ended(order)).status).toBe('SUCCEEDED');
  expect(await item(order)).toMatchObject({ ORDERSTATE: { S: 'Cancelled' } });
  await eventually('OrderCancelled', async () => (await eventsOf(order)).includes('OrderManager.OrderCancelled'));
});

test('the 21st order is turned away', async () => {
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:OrderProcessorWorkflow';
  const fillers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      sfn.startExecution({
        stateMachineArn,
        input: JSON.stringify({ detail: { orderId: `filler-${i}`, userId: `filler-${i}` } }),
      }),
    ),
  );
  const placed = await presso('order', 'place', '--user', 'finn');
  expect(placed.code).not.toBe(0);
  expect(placed.stdout + placed.stderr).toMatch(/full|busy|in progress/i);
  for (const { executionArn } of fillers) await sfn.stopExecution({ executionArn });
});

test('a solve is taken back, and a teardown leaves nothing', async () => {
  const built = async () =>
    JSON.parse(await done('status', '--json')) as { workflow: unknown; rules: { name: string }[] };
  await done('solve', 'module-2', '--undo', '--yes');
  expect((await built()).rules.map(({ name }) => name)).not.toContain('NewOrder');
  expect((await built()).workflow).not.toBeNull();
  await done('solve', 'module-1', '--undo', '--yes');
  expect((await built()).workflow).toBeNull();
  // A learner's own attempts: a workflow of the wrong type, and a rule that would start every order twice.
  const { roles } = await findByName(connection);
  const roleArn = `arn:aws:iam::000000000000:role/${roles.find((name) => name.includes('01OrderProcessorRole'))}`;
  const definition = '{"StartAt":"Mine","States":{"Mine":{"Type":"Pass","End":true}}}';
  const { stateMachineArn = '' } = await sfn.createStateMachine({
    name: 'OrderProcessorWorkflow',
    type: 'EXPRESS',
    definition,
    roleArn,
  });
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const mine = await iam.createRole({ RoleName: 'mine', AssumeRolePolicyDocument: JSON.stringify(trust) });
  const RoleArn = mine.Role?.Arn;
  const own = { EventBusName: 'Serverlesspresso', Rule: 'my-new-order' };
  await events.putRule({
    EventBusName: own.EventBusName,
    Name: own.Rule,
    EventPattern: '{"detail-type":["Validator.NewOrder"]}',
  });
  await events.putTargets({ ...own, Targets: [{ Id: 'mine', Arn: stateMachineArn, RoleArn }] });
  const refusedHere = await presso('solve', 'module-2');
  expect(refusedHere.code, 'what takes away is asked about').toBe(2);
  expect(await done('solve', 'module-2', '--yes')).toMatch(/my-new-order.*twice/);
  expect((await sfn.describeStateMachine({ stateMachineArn })).type).toBe('STANDARD');
  expect((await built()).rules.map(({ name }) => name)).not.toContain('my-new-order');
  await done('solve', 'module-2', '--undo', '--yes');
  expect(await sfn.describeStateMachine({ stateMachineArn })).toMatchObject({ type: 'EXPRESS', definition });
  expect((await events.listTargetsByRule(own)).Targets).toMatchObject([{ Id: 'mine', Arn: stateMachineArn, RoleArn }]);
  await done('solve', 'module-2', '--yes');
  const refused = await presso('teardown', '--yes');
  expect(refused.code).toBe(2);
  expect(await done('teardown', '--yes', '--account', '000000000000')).toContain('nothing of the workshop is left');
  const { Stacks } = await new CloudFormation(clientConfig(sandbox, '000000000000')).describeStacks({});
  expect(Stacks).toEqual([]);
  expect((await sfn.listStateMachines({})).stateMachines).toEqual([]);
  expect((await dynamodb.listTables({})).TableNames).toEqual([]);
});
