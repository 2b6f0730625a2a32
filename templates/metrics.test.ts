import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetDashboardCommand, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { finishTemplate } from '../bin/templates.js';
import { distFile } from '../src/paths.ts';
import { launchSandbox, type RunningSandbox, startSandbox, stopSandbox } from '../src/sandbox/index.ts';
import { clientConfig } from '../src/testing/sandbox.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS } from '../src/workshop.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const DRINKS = ['Espresso', 'Latte', 'Flat White'];

interface Place {
  endpoint: string;
  settle(): Promise<unknown>;
  advance(ms: number): Promise<unknown>;
}

async function openMetrics(place: Place) {
  const config = clientConfig(place);
  const cloudformation = new CloudFormationClient(config);
  const dynamodb = new DynamoDBClient(config);
  const cloudwatch = new CloudWatchClient(config);
  const events = new EventBridgeClient(config);
  const lambda = new LambdaClient(config);
  const sqs = new SQSClient(config);
  const { runtime } = parse(readFileSync(path.join(root, 'templates/stacks.yaml'), 'utf8')) as { runtime: string };
  const stackName = (name: string) => `serverlesspresso-${name}`;

  return {
    lambda,
    async deploy(...names: string[]) {
      for (const name of names) {
        const StackName = stackName(name);
        await cloudformation.send(
          new CreateStackCommand({
            StackName,
            TemplateBody: await finishTemplate(root, name, runtime),
            Capabilities: ['CAPABILITY_IAM'],
          }),
        );
        await place.settle();
        const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
        if (Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE') continue;
        const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
        throw new Error(
          StackEvents?.map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
            .filter((line) => !line.endsWith('undefined'))
            .join('; '),
        );
      }
    },
    async remove(...names: string[]) {
      for (const name of names) {
        await cloudformation.send(new DeleteStackCommand({ StackName: stackName(name) }));
        await place.settle();
      }
      const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({}));
      return Stacks.map(({ StackName, StackStatus }) => `${StackName} ${StackStatus}`);
    },
    /** Orders by turns, a few at a time as they come. */
    async announce(from: number, howMany: number) {
      for (let at = from; at < from + howMany; at += 5)
        await events.send(
          new PutEventsCommand({
            Entries: Array.from({ length: Math.min(5, from + howMany - at) }, (_, i) => ({
              EventBusName: BUS_NAME,
              Source: EVENT_SOURCE,
              DetailType: EVENTS.managerWaiting,
              Detail: JSON.stringify({
                orderId: `order-${at + i}`,
                userId: 'ann',
                drinkOrder: JSON.stringify({ drink: DRINKS[(at + i) % DRINKS.length] }),
              }),
            })),
          }),
        );
    },
    put: (DetailType: string, detail: unknown) =>
      events.send(
        new PutEventsCommand({
          Entries: [{ EventBusName: BUS_NAME, Source: EVENT_SOURCE, DetailType, Detail: JSON.stringify(detail) }],
        }),
      ),
    /** The table's sums over all days, by drink. */
    async table(): Promise<Record<string, number>> {
      const { Items = [] } = await dynamodb.send(
        new QueryCommand({
          TableName: 'serverlesspresso-metrics-table',
          KeyConditionExpression: 'PK = :aggregate',
          ExpressionAttributeValues: { ':aggregate': { S: 'Aggregate' } },
          ConsistentRead: true,
        }),
      );
      const sums: Record<string, number> = {};
      for (const { SK, val } of Items) {
        const [day = '', what = ''] = SK?.S?.split('#') ?? [];
        expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
        sums[what] = (sums[what] ?? 0) + Number(val?.N);
      }
      return sums;
    },
    async marks(): Promise<number> {
      const { Count } = await dynamodb.send(
        new ScanCommand({
          TableName: 'serverlesspresso-metrics-table',
          FilterExpression: 'PK = :event',
          ExpressionAttributeValues: { ':event': { S: 'Event' } },
        }),
      );
      return Count ?? 0;
    },
    /** CloudWatch's sums, by drink. */
    async metrics(): Promise<Record<string, number>> {
      const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'Serverlesspresso' }));
      if (Metrics.length === 0) return {};
      const now = Date.now();
      const { MetricDataResults = [] } = await cloudwatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(now - 3_600_000),
          EndTime: new Date(now + 7_200_000),
          MetricDataQueries: Metrics.map((Metric, i) => ({
            Id: `m${i}`,
            MetricStat: { Metric, Period: 86_400, Stat: 'Sum' },
          })),
        }),
      );
      return Object.fromEntries(
        Metrics.map(({ MetricName, Dimensions }, i) => [
          Dimensions?.[0]?.Value ?? MetricName,
          (MetricDataResults[i]?.Values ?? []).reduce((sum, value) => sum + value, 0),
        ]),
      );
    },
    async waiting(): Promise<number> {
      const counts = await Promise.all(
        ['MetricsQueue', 'MetricsQueueCloudwatch'].map(async (name) => {
          const { Attributes } = await sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl: `${place.endpoint}/123456789012/${name}`,
              AttributeNames: ['All'],
            }),
          );
          return (
            Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
          );
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    dashboard: async () =>
      (await cloudwatch.send(new GetDashboardCommand({ DashboardName: 'Serverlesspresso_Metrics' }))).DashboardBody,
  };
}

test('each order is counted exactly, in batches, in the table and in CloudWatch; a rush of 500 too', async () => {
  const trouble: string[] = [];
  const sandbox = await startSandbox({
    log: ({ kind, message }) => {
      if (kind !== 'request') trouble.push(`${kind}: ${message}`);
    },
  });
  try {
    const metrics = await openMetrics(sandbox);
    await metrics.deploy('events', 'metrics-table', 'metrics-cloudwatch', 'load-test');
    expect(JSON.parse((await metrics.dashboard()) ?? '').widgets).toHaveLength(3);
    await metrics.announce(0, 60);
    // Near misses: none of them is an order that a barista can make.
    await metrics.put(EVENTS.processorWaiting, { orderId: 'x', drinkOrder: '{"drink":"Latte"}' });
    await metrics.put(EVENTS.orderCompleted, { orderId: 'x', drinkOrder: '{"drink":"Latte"}' });
    await sandbox.advance(5_000);
    const sixty = { TotalSales: 60, Espresso: 20, Latte: 20, 'Flat White': 20 };
    expect(trouble).toEqual([]);
    expect(await metrics.table()).toEqual(sixty);
    expect(await metrics.metrics()).toEqual(sixty);
    expect(await metrics.waiting()).toBe(0);

    const { Functions = [] } = await metrics.lambda.send(new ListFunctionsCommand({}));
    const { FunctionName } = Functions.find((one) => one.FunctionName?.includes('EventsLoadTest')) ?? {};
    const { Payload } = await metrics.lambda.send(new InvokeCommand({ FunctionName }));
    const { orders, drinks } = JSON.parse(Buffer.from(Payload ?? []).toString()) as {
      orders: number;
      drinks: Record<string, number>;
    };
    expect(orders).toBe(500);
    await sandbox.advance(5_000);
    const expected: Record<string, number> = { ...sixty, TotalSales: 560 };
    for (const [drink, count] of Object.entries(drinks)) expected[drink] = (expected[drink] ?? 0) + count;
    expect(Object.values(drinks).reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(await metrics.table()).toEqual(expected);
    expect(await metrics.metrics()).toEqual(expected);
    expect(trouble).toEqual([]);

    // An order without a drink holds nobody up and is kept aside.
    await metrics.put(EVENTS.managerWaiting, { orderId: 'odd', drinkOrder: '' });
    await metrics.announce(60, 1);
    await sandbox.advance(10 * 95_000);
    expect((await metrics.table())['TotalSales']).toBe(561);
    expect(await metrics.waiting()).toBe(0);
    expect(trouble.filter((line) => line.includes('DeadLetters'))).toHaveLength(2);

    expect(await metrics.remove('load-test', 'metrics-cloudwatch', 'metrics-table', 'events')).toEqual([]);
  } finally {
    await sandbox.close();
  }
});

/** CloudWatch knows no mark of an event, so a batch whose end was lost is added once more there: never fewer, rarely more. */
test('a kill in the midst of a rush loses no order, and doubles none in the table', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-metrics-'));
  const start = (): Promise<RunningSandbox> => launchSandbox(distFile('sandbox', 'process.js'), dir, []);
  const control = (sandbox: RunningSandbox): Place => {
    const post = (what: string) =>
      fetch(`${sandbox.endpoint}/_presso/${what}`, { method: 'POST', headers: { 'x-presso-nonce': sandbox.nonce } });
    return { endpoint: sandbox.endpoint, settle: () => post('settle'), advance: (ms) => post(`clock?advance=${ms}`) };
  };
  try {
    const first = await start();
    const before = await openMetrics(control(first));
    await before.deploy('events', 'metrics-table', 'metrics-cloudwatch');
    await before.announce(0, 60);
    // The bus has just taken the last of them: some are counted, some on their way to a queue, some in a function's hands.
    process.kill(first.pid, 'SIGKILL');

    const second = await start();
    const place = control(second);
    const after = await openMetrics(place);
    await place.settle();
    for (let round = 0; round < 4 && (await after.waiting()) > 0; round++) await place.advance(100_000);
    const sixty = { TotalSales: 60, Espresso: 20, Latte: 20, 'Flat White': 20 };
    expect(await after.waiting()).toBe(0);
    expect(await after.table()).toEqual(sixty);
    expect(await after.marks()).toBe(60);
    const counted = (await after.metrics())['TotalSales'] ?? 0;
    expect(counted).toBeGreaterThanOrEqual(60);
    expect(counted).toBeLessThanOrEqual(80);
    await stopSandbox(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
