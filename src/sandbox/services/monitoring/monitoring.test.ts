import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CloudWatchClient,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListDashboardsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  type MetricDatum,
  PutDashboardCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { startSandbox } from '../../index.ts';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const Namespace = 'Serverlesspresso';
const MINUTE = 60_000;

/** A whole hour not long ago, so that periods are where one expects them. */
const hour = (): number => Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;

const put = (cloudwatch: CloudWatchClient, ...MetricData: MetricDatum[]) =>
  cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData }));

const sold = (at: number, drink: string, more: Partial<MetricDatum> = { Value: 1 }): MetricDatum => ({
  MetricName: 'Sold',
  Dimensions: [{ Name: 'Drink', Value: drink }],
  Timestamp: new Date(at),
  Unit: 'Count',
  ...more,
});

const about = (drink: string, Stat: string, Period = 60, Id = 'one') => ({
  Id,
  MetricStat: {
    Metric: { Namespace, MetricName: 'Sold', Dimensions: [{ Name: 'Drink', Value: drink }] },
    Period,
    Stat,
  },
});

test('values are added up by period and by their very dimensions', () =>
  withSandbox(async (sandbox) => {
    const cloudwatch = new CloudWatchClient(clientConfig(sandbox));
    const start = hour();
    await put(
      cloudwatch,
      sold(start, 'Latte'),
      sold(start + 59_000, 'Latte', { Value: 3 }),
      sold(start + MINUTE, 'Latte', { Values: [1, 10], Counts: [4, 2] }),
      sold(start + 5 * MINUTE, 'Latte', { StatisticValues: { SampleCount: 2, Sum: 7, Minimum: 3, Maximum: 4 } }),
      sold(start, 'Espresso', { Value: 100 }),
      { MetricName: 'Sold', Value: 1_000, Timestamp: new Date(start) },
    );
    const ask = async (Stat: string, Period: number) => {
      const { MetricDataResults } = await cloudwatch.send(
        new GetMetricDataCommand({
          MetricDataQueries: [about('Latte', Stat, Period)],
          StartTime: new Date(start),
          EndTime: new Date(start + 60 * MINUTE),
          ScanBy: 'TimestampAscending',
        }),
      );
      return MetricDataResults?.[0]?.Values;
    };
    expect(await ask('Sum', 60)).toEqual([4, 24, 7]);
    expect(await ask('Sum', 300)).toEqual([28, 7]);
    expect(await ask('SampleCount', 300)).toEqual([8, 2]);
    expect(await ask('Average', 3_600)).toEqual([3.5]);
    expect(await ask('Minimum', 3_600)).toEqual([1]);
    expect(await ask('Maximum', 60)).toEqual([3, 10, 4]);
    const { Datapoints } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace,
        MetricName: 'Sold',
        StartTime: new Date(start),
        EndTime: new Date(start + 60 * MINUTE),
        Period: 300,
        Statistics: ['Sum'],
      }),
    );
    expect(Datapoints).toEqual([{ Timestamp: new Date(start), Unit: 'None', Sum: 1_000 }]);
    await expect(ask('p99', 60)).rejects.toThrow('does not carry the statistic p99');
    await expect(ask('Sum', 45)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  }));

test('one bad value keeps the whole call from being put', () =>
  withSandbox(async (sandbox) => {
    const cloudwatch = new CloudWatchClient(clientConfig(sandbox));
    const now = Date.now();
    for (const [bad, words] of [
      [sold(now - 15 * 86_400_000, 'Latte'), 'no more than two weeks in the past'],
      [sold(now + 3 * 3_600_000, 'Latte'), 'within two hours in the future'],
      [sold(now, 'Latte', { Value: 1, Values: [1] }), 'mutually exclusive'],
      [sold(now, 'Latte', { Values: [1], Counts: [1, 2] }), 'same size'],
      [sold(now, 'Latte', { StorageResolution: 30 }), 'must be 1 or 60'],
    ] as const)
      await expect(put(cloudwatch, sold(now, 'Latte'), bad)).rejects.toThrow(words);
    expect((await cloudwatch.send(new ListMetricsCommand({ Namespace }))).Metrics).toEqual([]);
    await expect(
      cloudwatch.send(new PutMetricDataCommand({ Namespace: 'AWS/Mine', MetricData: [sold(now, 'Latte')] })),
    ).rejects.toThrow('AWS/');
  }));

test('metrics are listed by dimension, long requests are compressed, and data comes in pages', () =>
  withSandbox(async (sandbox) => {
    const cloudwatch = new CloudWatchClient(clientConfig(sandbox));
    const start = hour();
    // Over 10 KB: the client sends it as gzip.
    await put(
      cloudwatch,
      ...Array.from({ length: 120 }, (_, i) => sold(start + i * 1_000, 'Latte', { Value: i, StorageResolution: 1 })),
    );
    await put(cloudwatch, sold(start, 'Espresso'));
    const listed = await cloudwatch.send(
      new ListMetricsCommand({ Namespace, Dimensions: [{ Name: 'Drink', Value: 'Latte' }] }),
    );
    expect(listed.Metrics).toEqual([
      { Namespace, MetricName: 'Sold', Dimensions: [{ Name: 'Drink', Value: 'Latte' }] },
    ]);
    const range = { StartTime: new Date(start), EndTime: new Date(start + 3 * MINUTE) };
    const queries = [about('Latte', 'Sum', 1, 'latte'), about('Espresso', 'Sum', 1, 'espresso')];
    const first = await cloudwatch.send(
      new GetMetricDataCommand({ ...range, MetricDataQueries: queries, MaxDatapoints: 100 }),
    );
    expect(first.MetricDataResults?.map(({ Values, StatusCode }) => [Values?.length, StatusCode])).toEqual([
      [100, 'PartialData'],
      [0, 'PartialData'],
    ]);
    const second = await cloudwatch.send(
      new GetMetricDataCommand({
        ...range,
        MetricDataQueries: queries,
        MaxDatapoints: 100,
        NextToken: first.NextToken,
      }),
    );
    expect(second.MetricDataResults?.map(({ Values, StatusCode }) => [Values?.length, StatusCode])).toEqual([
      [20, 'Complete'],
      [1, 'Complete'],
    ]);
    expect(second.NextToken).toBeUndefined();
  }));

test('dashboards are kept as written, and a broken body is refused with where it is broken', () =>
  withSandbox(async (sandbox) => {
    const cloudwatch = new CloudWatchClient(clientConfig(sandbox));
    const DashboardName = 'Serverlesspresso_Metrics';
    const DashboardBody = JSON.stringify({
      widgets: [
        { type: 'metric', width: 12, height: 6, properties: { metrics: [[Namespace, 'Sold', 'Drink', 'Latte']] } },
      ],
    });
    await cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody, Tags: [{ Key: 'a', Value: 'b' }] }));
    const found = await cloudwatch.send(new GetDashboardCommand({ DashboardName }));
    expect(found).toMatchObject({
      DashboardBody,
      DashboardArn: 'arn:aws:cloudwatch::123456789012:dashboard/Serverlesspresso_Metrics',
    });
    const { Tags } = await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN: found.DashboardArn }));
    expect(Tags).toEqual([{ Key: 'a', Value: 'b' }]);
    const { DashboardEntries } = await cloudwatch.send(new ListDashboardsCommand({ DashboardNamePrefix: 'Server' }));
    expect(DashboardEntries).toMatchObject([{ DashboardName, Size: DashboardBody.length }]);
    await expect(
      cloudwatch.send(
        new PutDashboardCommand({
          DashboardName,
          DashboardBody: JSON.stringify({ widgets: [{ type: 'metric', width: 30, properties: { metrics: [] } }] }),
        }),
      ),
    ).rejects.toMatchObject({
      name: 'DashboardInvalidInputError',
      dashboardValidationMessages: [{ DataPath: '/widgets/0/width' }],
    });
    await expect(
      cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames: [DashboardName, 'none'] })),
    ).rejects.toMatchObject({ name: 'ResourceNotFound' });
    await cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames: [DashboardName] }));
    await expect(cloudwatch.send(new GetDashboardCommand({ DashboardName }))).rejects.toMatchObject({
      name: 'ResourceNotFound',
    });
  }));

test('what was put is there after the process ended; the query protocol reads the same', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-monitoring-'));
  try {
    const start = hour();
    let sandbox = await startSandbox({ dir });
    await put(new CloudWatchClient(clientConfig(sandbox)), sold(start, 'Latte', { Value: 2 }), sold(start, 'Latte'));
    await sandbox.close();
    sandbox = await startSandbox({ dir });
    const answer = await fetch(sandbox.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization:
          'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/monitoring/aws4_request, Signature=0',
      },
      body: new URLSearchParams({
        Action: 'GetMetricStatistics',
        Version: '2010-08-01',
        Namespace,
        MetricName: 'Sold',
        'Dimensions.member.1.Name': 'Drink',
        'Dimensions.member.1.Value': 'Latte',
        StartTime: new Date(start).toISOString(),
        EndTime: new Date(start + MINUTE).toISOString(),
        Period: '60',
        'Statistics.member.1': 'Sum',
      }),
    });
    expect(await answer.text()).toContain(
      `<Datapoints><member><Timestamp>${new Date(start).toISOString()}</Timestamp><Unit>Count</Unit><Sum>3</Sum></member></Datapoints>`,
    );
    await sandbox.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
