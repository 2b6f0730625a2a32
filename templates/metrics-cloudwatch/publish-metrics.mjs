import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { answerBatch, countBy, readSales } from '../shared/sales.mjs';

const cloudwatch = new CloudWatchClient({ cacheMiddleware: true });
const MINUTE = 60_000;

/** CloudWatch takes ASCII in the value of a dimension, and one strange name would have the whole batch refused. */
const plainName = (drink) => {
  const plain = drink
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .replace(/^:+/, '');
  return plain === '' ? 'Unnamed' : plain;
};

/** Each minute's orders, of each drink and of all: at the time of the order, not of this function. */
export function dataOf(sales) {
  const minute = ({ at }) => at - (at % MINUTE);
  const datum = (MetricName, Dimensions, at, count) => ({
    MetricName,
    Dimensions,
    Timestamp: new Date(at),
    Unit: 'Count',
    Values: [1],
    Counts: [count],
  });
  const drinks = countBy(sales, (sale) => `${minute(sale)} ${plainName(sale.drink)}`);
  return [
    ...[...countBy(sales, minute)].map(([at, count]) => datum('TotalSales', [], at, count)),
    ...[...drinks].map(([key, count]) => {
      const blank = key.indexOf(' ');
      return datum('Sold', [{ Name: 'Drink', Value: key.slice(blank + 1) }], Number(key.slice(0, blank)), count);
    }),
  ];
}

export async function handler(event) {
  const { sales, failures } = readSales(event.Records);
  if (sales.length === 0) return answerBatch(failures);
  try {
    // One call for the batch: all of it counts, or none and it is tried again.
    await cloudwatch.send(
      new PutMetricDataCommand({ Namespace: process.env.METRICS_NAMESPACE, MetricData: dataOf(sales) }),
    );
  } catch (error) {
    console.log(`${sales.length} sales were not counted and will be tried again: ${error.name}: ${error.message}`);
    failures.push(...sales.map(({ messageId }) => messageId));
  }
  return answerBatch(failures);
}
