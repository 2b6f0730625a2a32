// One file because it is one account: the stacks of module 4 are deployed once, and each test mends what it broke.
import { DeleteDashboardsCommand, CloudWatchClient, PutDashboardCommand } from '@aws-sdk/client-cloudwatch';
import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingRequest,
} from '@aws-sdk/client-lambda';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, deleteStack, describeStack } from '../aws/cloudformation.ts';
import { listRules, putEvent, putRule, putTargets, type Rule } from '../aws/events.ts';
import { putItem } from '../aws/items.ts';
import { findQueue } from '../aws/queues.ts';
import { checksDir, templatesDir } from '../paths.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS, METRICS, MODULES } from '../workshop.ts';
import { factsOf, KINDS, metricsThere, readChecklists, type Result, verify } from './index.ts';

let workshop: Workshop;
let lambda: LambdaClient;
let sqs: SQSClient;
const list = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) => module === 'module-4');

async function results(): Promise<Result[]> {
  const explain = (error: unknown) => ({ found: String(error), hint: '' });
  const found: Result[] = [];
  for await (const { checks } of verify(list, factsOf(workshop.connection), explain)) found.push(...checks);
  // The workflow is another module's; here there is none.
  return found.filter(({ id }) => id !== 'module-4.full');
}
const statuses = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await results()).map(({ id, status }) => [id.replace('module-4.', ''), status]));
const faults = async (): Promise<string[]> =>
  (await results()).flatMap(({ id, status, found }) => (/fail|error/.test(status) ? [`${id}: ${found}`] : []));

async function deployStack(name: string): Promise<void> {
  const stack = wantedStacks(templatesDir(), 'module-4').find((one) => one.name === name);
  await createStack(workshop.connection, {
    name: `serverlesspresso-${name}`,
    body: stack?.body ?? '',
    parameters: {},
    tags: {},
  });
  await workshop.sandbox.settle();
  expect((await describeStack(workshop.connection, `serverlesspresso-${name}`))?.status).toBe('CREATE_COMPLETE');
}

async function sell(...drinks: string[]): Promise<void> {
  for (const drink of drinks)
    await putEvent(workshop.connection, {
      bus: BUS_NAME,
      source: EVENT_SOURCE,
      detailType: EVENTS.managerWaiting,
      detail: JSON.stringify({ orderId: drink, userId: 'ann', drinkOrder: JSON.stringify({ drink }) }),
    });
  await workshop.sandbox.advance(5_000);
}

beforeAll(async () => {
  workshop = await openWorkshop();
  lambda = new LambdaClient(clientConfig(workshop.sandbox));
  sqs = new SQSClient(clientConfig(workshop.sandbox));
});
afterAll(() => workshop.close());

test('before the module is begun nothing of it passes, and nobody is asked for it', async () => {
  expect(await metricsThere(factsOf(workshop.connection))).toBe(false);
  expect(Object.values(await statuses())).not.toContain('pass');
  expect((await faults()).map((line) => line.split(':')[0])).toEqual(['module-4.to-table', 'module-4.to-cloudwatch']);
});

test('one way into the metrics is enough, and both pass once orders are counted', async () => {
  await deployStack('metrics-table');
  expect(await metricsThere(factsOf(workshop.connection))).toBe(true);
  expect(await statuses()).toEqual({
    'to-table': 'pass',
    'table-batches': 'pass',
    table: 'waiting',
    'to-cloudwatch': 'pass',
    'cloudwatch-batches': 'pass',
    cloudwatch: 'pass',
    dashboard: 'pass',
  });
  await deployStack('metrics-cloudwatch');
  expect(await statuses()).toMatchObject({ table: 'waiting', cloudwatch: 'waiting', dashboard: 'pass' });
  await sell('Latte', 'Latte', 'Espresso');
  const found = await results();
  expect(found.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(found.find(({ id }) => id === 'module-4.table')?.found).toMatch(/^3 on .*: 2 Latte, 1 Espresso$/);
  expect(found.find(({ id }) => id === 'module-4.cloudwatch')?.found).toContain('3 in two weeks: 2 Latte, 1 Espresso');
});

test('a queue that does not let its rule in is the only fault, with or without a policy', async () => {
  const queue = await findQueue(workshop.connection, METRICS.table.queue);
  const QueueUrl = `${workshop.sandbox.endpoint}/${workshop.account}/${METRICS.table.queue}`;
  const policy = (text: string) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: text } }));
  await policy('');
  expect(await faults()).toEqual([
    'module-4.to-table: the rule "OrderMetrics-DynamoDB" may not send to the queue MetricsQueue: the queue has no policy',
  ]);
  await policy((queue?.policy ?? '').replaceAll('OrderMetrics-DynamoDB', 'OtherRule'));
  expect(await faults()).toEqual([
    'module-4.to-table: the rule "OrderMetrics-DynamoDB" may not send to the queue MetricsQueue: its policy allows only the rule Serverlesspresso/OtherRule',
  ]);
  await policy(queue?.policy ?? '');
  expect(await faults()).toEqual([]);
});

const ruleOf = async (name: string): Promise<Rule> => {
  const found = (await listRules(workshop.connection, BUS_NAME)).find((one) => one.name === name);
  if (!found) throw new Error(`There is no rule ${name}.`);
  return found;
};

test('a rule that takes too much, or the event of the workflow instead of the manager’s, is named', async () => {
  const rule = await ruleOf(METRICS.table.rule);
  const pattern = (types: unknown[]) => JSON.stringify({ source: [EVENT_SOURCE], 'detail-type': types });
  await putRule(workshop.connection, { ...rule, pattern: pattern([{ suffix: '.WaitingCompletion' }]) });
  expect(await faults()).toEqual([
    expect.stringMatching(/^module-4\.to-table: .*also catches OrderProcessor\.WaitingCompletion/),
  ]);
  await putRule(workshop.connection, { ...rule, pattern: pattern([EVENTS.processorWaiting]) });
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.to-table: /)]);
  await putRule(workshop.connection, { ...rule, state: 'DISABLED' });
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.to-table: .*disabled/)]);
  await putRule(workshop.connection, rule);
  await putTargets(workshop.connection, BUS_NAME, rule.name, [
    { ...(rule.targets[0] as Rule['targets'][0]), inputPath: '$.detail.orderId' },
  ]);
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.to-table: .*only the part \$\.detail\.orderId/)]);
  await putTargets(workshop.connection, BUS_NAME, rule.name, rule.targets);
  expect(await faults()).toEqual([]);
});

test('a trigger that is off, takes one by one, or as many at a time as there are, is named', async () => {
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn: `arn:aws:sqs:us-east-1:${workshop.account}:MetricsQueue` }),
  );
  const { UUID } = EventSourceMappings[0] ?? {};
  const change = async (more: Omit<UpdateEventSourceMappingRequest, 'UUID'>) => {
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...more }));
    await workshop.sandbox.settle();
  };
  await change({ Enabled: false });
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.table-batches: .* is Disabled$/)]);
  await change({ Enabled: true, BatchSize: 1 });
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.table-batches: .*one message at a time$/)]);
  await change({ BatchSize: 10, ScalingConfig: {} });
  expect(await faults()).toEqual([expect.stringMatching(/^module-4\.table-batches: .*as many batches at a time/)]);
  await change({ ScalingConfig: { MaximumConcurrency: 2 } });
  expect(await faults()).toEqual([]);
});

test('a total that the drinks do not add up to, and a dashboard that is gone, are named', async () => {
  const SK = '2026-01-01';
  const row = (what: string, val: number) =>
    putItem(workshop.connection, METRICS.table.table, { PK: 'Aggregate', SK: `${SK}#${what}`, val });
  await row('TotalSales', 3);
  await row('Latte', 2);
  expect(await faults()).toEqual(['module-4.table: on 2026-01-01 TotalSales is 3, and the drinks add up to 2']);
  await row('TotalSales', 2);
  const cloudwatch = new CloudWatchClient(clientConfig(workshop.sandbox));
  await cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames: [METRICS.dashboard] }));
  expect(await faults()).toEqual([`module-4.dashboard: there is no dashboard ${METRICS.dashboard}`]);
  await cloudwatch.send(new PutDashboardCommand({ DashboardName: METRICS.dashboard, DashboardBody: '{"widgets":[]}' }));
  expect(await faults()).toEqual([]);
  await deleteStack(workshop.connection, 'serverlesspresso-metrics-table');
  await workshop.sandbox.settle();
  expect(await faults()).toEqual([]);
});
