/** What was sold, as the metrics of module 4 say it: rows of a table, metrics of CloudWatch, a dashboard. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { quietly } from './leftovers.ts';

/** Day (`2026-01-31`) → what (`TotalSales` or a drink) → how many. */
export type DailySales = Record<string, Record<string, number>>;

/** The sums that stand in the table; undefined when there is no such table. */
export async function tableSales(connection: Connection, table: string): Promise<DailySales | undefined> {
  const dynamodb = await connection.client(
    'dynamodb',
    async (config) => new (await import('@aws-sdk/client-dynamodb')).DynamoDB(config),
  );
  try {
    const days: DailySales = {};
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamodb.query({
        TableName: table,
        KeyConditionExpression: 'PK = :aggregate',
        ExpressionAttributeValues: { ':aggregate': { S: 'Aggregate' } },
        ConsistentRead: true,
        ...(ExclusiveStartKey ? { ExclusiveStartKey } : {}),
      });
      for (const { SK, val } of page.Items ?? []) {
        const [, day, what] = /^(\d{4}-\d{2}-\d{2})#(.+)$/.exec(SK?.S ?? '') ?? [];
        if (day !== undefined && what !== undefined) days[day] = { ...days[day], [what]: Number(val?.N) };
      }
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return days;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

const cloudwatchOf = (connection: Connection) =>
  connection.client('cloudwatch', async (config) => {
    const { CloudWatch } = await import('@aws-sdk/client-cloudwatch');
    return new CloudWatch(config);
  });

export interface MetricSales {
  /** Metric name → drink → how many in the time that was asked for. */
  drinks: Record<string, Record<string, number>>;
  /** Metrics without a dimension. */
  totals: Record<string, number>;
}

const DAY = 86_400_000;
/** CloudWatch takes this many questions at once. */
const MOST_QUERIES = 500;

/**
 * What CloudWatch has added up over the last days in a namespace, by the dimension Drink.
 * @param now epoch milliseconds
 */
export async function metricSales(
  connection: Connection,
  namespace: string,
  now = Date.now(),
  days = 14,
): Promise<MetricSales> {
  const cloudwatch = await cloudwatchOf(connection);
  const { Metrics = [] } = await cloudwatch.listMetrics({ Namespace: namespace });
  const asked = Metrics.filter(({ Dimensions = [] }) =>
    Dimensions.every(({ Name }) => Name === 'Drink' && Dimensions.length === 1),
  ).slice(0, MOST_QUERIES);
  const found: MetricSales = { drinks: {}, totals: {} };
  if (asked.length === 0) return found;
  const { MetricDataResults = [] } = await cloudwatch.getMetricData({
    StartTime: new Date(now - days * DAY),
    // Clocks differ, and that of a sandbox may be well ahead of ours.
    EndTime: new Date(now + 7 * DAY),
    MetricDataQueries: asked.map((Metric, index) => ({
      Id: `m${index}`,
      MetricStat: { Metric, Period: 86_400, Stat: 'Sum' },
    })),
  });
  asked.forEach(({ MetricName = '', Dimensions = [] }, index) => {
    const values = MetricDataResults.filter(({ Id }) => Id === `m${index}`).flatMap(({ Values = [] }) => Values);
    const sum = values.reduce((all, value) => all + value, 0);
    const drink = Dimensions[0]?.Value;
    if (drink === undefined) found.totals[MetricName] = sum;
    else found.drinks[MetricName] = { ...found.drinks[MetricName], [drink]: sum };
  });
  return found;
}

export async function dashboardExists(connection: Connection, name: string): Promise<boolean> {
  const cloudwatch = await cloudwatchOf(connection);
  try {
    await cloudwatch.getDashboard({ DashboardName: name });
    return true;
  } catch (error) {
    if (/ResourceNotFound|DashboardNotFound/.test(errorName(error))) return false;
    throw error;
  }
}

/** Fine when it is already gone. */
export async function deleteDashboard(connection: Connection, name: string): Promise<void> {
  const cloudwatch = await cloudwatchOf(connection);
  await quietly(() => cloudwatch.deleteDashboards({ DashboardNames: [name] }));
}
