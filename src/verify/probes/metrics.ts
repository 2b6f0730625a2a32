/** The metrics of module 4: two ways for an order, through a queue to a table or to CloudWatch. One of them is enough. */
import { findQueue, type Queue, type QueueMapping, queueMappings } from '../../aws/queues.ts';
import { isAwsError } from '../../aws/failure.ts';
import { type DailySales, dashboardExists, type MetricSales, metricSales, tableSales } from '../../aws/sales.ts';
import { EVENTS, METRICS } from '../../workshop.ts';
import type { Facts } from '../facts.ts';
import { judgeRoute } from '../routing/judge.ts';
import { confirm, observeRouting } from '../routing/observe.ts';
import { statementsOf } from '../routing/reach.ts';
import type { RouteExpected, RoutingSeen } from '../routing/types.ts';
import type { Check, Verdict } from '../types.ts';
import { probe } from './probe.ts';

type Way = 'table' | 'cloudwatch';
type Queues = Record<Way, Queue | undefined>;

const PLACE: Record<Way, string> = { table: `the table ${METRICS.table.table}`, cloudwatch: 'CloudWatch' };
const otherOf = (way: Way): Way => (way === 'table' ? 'cloudwatch' : 'table');
const wayOf = ({ expect }: Check): Way => expect['way'] as Way;

async function queuesOf(facts: Facts): Promise<Queues> {
  const [table, cloudwatch] = await Promise.all(
    [METRICS.table.queue, METRICS.cloudwatch.queue].map((name) =>
      facts.once(`queue ${name}`, (connection) => findQueue(connection, name)),
    ),
  );
  return { table, cloudwatch };
}

/** Is any part of module 4 there? Where its queues may not be read nobody has come so far. */
export async function metricsThere(facts: Facts): Promise<boolean> {
  try {
    const { table, cloudwatch } = await queuesOf(facts);
    return table !== undefined || cloudwatch !== undefined;
  } catch (error) {
    if (!isAwsError(error)) throw error;
    return false;
  }
}

/** A way that was not taken, while the other was, is no fault: the module asks for one of them. */
function notTaken(way: Way, queues: Queues): string | undefined {
  return !queues[way] && queues[otherOf(way)]
    ? `not built; the orders go to ${PLACE[otherOf(way)]}, and one way is enough`
    : undefined;
}

const SETUP = 'presso setup module-4   (or build the queue, its rule and its function by hand)';

interface RouteSeen {
  queues: Queues;
  routing: RoutingSeen;
}

const routeOf = (way: Way): RouteExpected => ({
  rule: METRICS[way].rule,
  events: [EVENTS.managerWaiting],
  queue: METRICS[way].queue,
});

/** Orders that a barista can make, and no other event, reach the queue, which lets the rule in. */
export const metricsRoute = probe<RouteSeen>({
  async observe(check, facts) {
    const [queues, seen] = await Promise.all([queuesOf(facts), observeRouting(facts)]);
    const policies = Object.values(queues).flatMap((queue) =>
      queue ? [[queue.name, statementsOf(queue.policy ?? '{}')] as const] : [],
    );
    const routing = { ...seen, queues: Object.fromEntries(policies) };
    const { questions } = judgeRoute(routeOf(wayOf(check)), routing);
    return { queues, routing: queues[wayOf(check)] ? await confirm(facts, routing, questions) : routing };
  },
  judge(check, { queues, routing }) {
    const way = wayOf(check);
    const { queue } = METRICS[way];
    const expected = `an enabled rule on ${routing.bus} that brings ${EVENTS.managerWaiting}, and nothing else, to the queue ${queue}`;
    const elsewhere = notTaken(way, queues);
    if (elsewhere) return { status: 'pass', expected, found: elsewhere };
    // Without the bus this is not the place at all, and that is said once.
    if (!queues[way] && routing.busThere)
      return {
        status: 'fail',
        expected,
        found: `there is no queue ${queue} in ${routing.region}`,
        hint: SETUP,
      };
    const { questions: _, ...judged } = judgeRoute(routeOf(way), routing);
    return { expected, ...judged };
  },
});

interface MappingSeen {
  queues: Queues;
  mappings: QueueMapping[];
}

/** Few at a time take the queue's messages, each a batch of them. */
export const metricsMapping = probe<MappingSeen>({
  async observe(check, facts) {
    const queues = await queuesOf(facts);
    const queue = queues[wayOf(check)];
    const mappings = queue
      ? await facts.once(`mappings ${queue.name}`, (connection) => queueMappings(connection, queue.arn))
      : [];
    return { queues, mappings };
  },
  judge(check, { queues, mappings }) {
    const way = wayOf(check);
    const most = Number(check.expect['atOnce'] ?? 10);
    const { queue } = METRICS[way];
    const expected = `a function that takes ${queue} in batches, at most ${most} of them at a time`;
    const say = (status: Verdict['status'], found: string, hint?: string): Verdict => ({
      status,
      expected,
      found,
      ...(hint ? { hint } : {}),
    });
    const elsewhere = notTaken(way, queues);
    if (elsewhere) return say('pass', elsewhere);
    if (!queues[way]) return say('waiting', `there is no queue ${queue}`, SETUP);
    if (mappings.length === 0)
      return say('fail', `no function takes messages from ${queue}`, `Add ${queue} as a trigger of the function.`);
    const mapping = mappings.find(({ state }) => state === 'Enabled');
    if (!mapping) {
      const [{ state = '', function: name = '' } = {}] = mappings;
      return /ing$/.test(state)
        ? say('error', `the trigger of ${name} is ${state}`, 'Ask again in a minute: presso verify module-4')
        : say('fail', `the trigger of ${name} is ${state}`, 'Enable the trigger of the function.');
    }
    if (mapping.batchSize < 2)
      return say(
        'fail',
        `${mapping.function} takes one message at a time`,
        'Set the batch size of its trigger to 10: a rush then needs a tenth of the invocations.',
      );
    if (mapping.atOnce === undefined || mapping.atOnce > most)
      return say(
        'fail',
        `${mapping.function} may take ${mapping.atOnce ?? 'as many'} batches at a time${mapping.atOnce === undefined ? ' as there are' : ''}`,
        'Set the maximum concurrency of its trigger to 2, so that a rush waits in the queue and not at what comes after it.',
      );
    return say(
      'pass',
      `${mapping.function} takes up to ${mapping.batchSize} at a time, ${mapping.atOnce} batches at once`,
    );
  },
});

const sum = (values: Record<string, number>): number => Object.values(values).reduce((all, value) => all + value, 0);

/** What is said while nothing has been counted: it is somebody's turn, and whose depends on the queue. */
function nothingYet(queue: Queue): { status: 'waiting'; found: string; hint: string } {
  const left = queue.waiting + queue.inFlight;
  return left > 0
    ? {
        status: 'waiting',
        found: `nothing is counted yet; ${left === 1 ? 'one order is' : `${left} orders are`} in ${queue.name}`,
        hint: 'The function takes them within a few seconds; if they stay, look into its log group.',
      }
    : {
        status: 'waiting',
        found: 'nothing is counted yet, and no order waits to be',
        hint: 'Serve an order (presso rush), or invoke the function whose name contains EventsLoadTest.',
      };
}

interface TableSeen {
  queues: Queues;
  sales: DailySales | undefined;
}

/** The table moved with the orders: each day's total is what its drinks add up to. */
export const metricsTable = probe<TableSeen>({
  async observe(_check, facts) {
    const queues = await queuesOf(facts);
    const sales = await facts.once('table sales', (connection) => tableSales(connection, METRICS.table.table));
    return { queues, sales };
  },
  judge(_check, { queues, sales }) {
    const { table, queue } = METRICS.table;
    const expected = `in ${table}, for each day, TotalSales and each drink, the drinks adding up to the total`;
    const elsewhere = notTaken('table', queues);
    if (elsewhere) return { status: 'pass', expected, found: elsewhere };
    if (!queues.table) return { status: 'waiting', expected, found: `there is no queue ${queue}`, hint: SETUP };
    if (!sales) return { status: 'fail', expected, found: `there is no table ${table}`, hint: SETUP };
    const days = Object.keys(sales).sort();
    const last = days.at(-1);
    if (last === undefined) return { expected, ...nothingYet(queues.table) };
    for (const day of days.toReversed()) {
      const { TotalSales, ...drinks } = sales[day] ?? {};
      if (TotalSales !== sum(drinks))
        return {
          status: 'fail',
          expected,
          found: `on ${day} TotalSales is ${TotalSales ?? 'missing'}, and the drinks add up to ${sum(drinks)}`,
          hint: 'Add to the total and to the drink in one transaction, so that neither is ever without the other.',
        };
    }
    const { TotalSales = 0, ...drinks } = sales[last] ?? {};
    return { status: 'pass', expected, found: `${TotalSales} on ${last}: ${listed(drinks)}` };
  },
});

const listed = (drinks: Record<string, number>): string =>
  Object.entries(drinks)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([drink, count]) => `${count} ${drink}`)
    .join(', ');

interface CloudwatchSeen {
  queues: Queues;
  sales: MetricSales;
}

/** CloudWatch's metrics moved with the orders. */
export const metricsCloudwatch = probe<CloudwatchSeen>({
  async observe(_check, facts) {
    const queues = await queuesOf(facts);
    const sales = queues.cloudwatch
      ? await facts.once('metric sales', (connection) => metricSales(connection, METRICS.cloudwatch.namespace))
      : { drinks: {}, totals: {} };
    return { queues, sales };
  },
  judge(_check, { queues, sales }) {
    const { namespace, queue } = METRICS.cloudwatch;
    const expected = `in the namespace ${namespace} a metric with the dimension Drink that moves with the orders`;
    const elsewhere = notTaken('cloudwatch', queues);
    if (elsewhere) return { status: 'pass', expected, found: elsewhere };
    if (!queues.cloudwatch) return { status: 'waiting', expected, found: `there is no queue ${queue}`, hint: SETUP };
    const [best] = Object.entries(sales.drinks).sort(([, a], [, b]) => sum(b) - sum(a));
    if (!best || sum(best[1]) === 0) {
      const others = Object.keys(sales.totals);
      if (others.length > 0)
        return {
          status: 'fail',
          expected,
          found: `${namespace} has ${others.join(', ')} without the dimension Drink`,
          hint: 'Put each value with a dimension of the name Drink, and the drink as its value.',
        };
      return { expected, ...nothingYet(queues.cloudwatch) };
    }
    const [name, drinks] = best;
    const total = sales.totals['TotalSales'];
    if (total !== undefined && total !== sum(drinks))
      return {
        status: 'waiting',
        expected,
        found: `TotalSales is ${total}, and the drinks add up to ${sum(drinks)}: CloudWatch is still at it`,
        hint: 'CloudWatch takes up to two minutes: presso verify module-4',
      };
    return { status: 'pass', expected, found: `${name}, ${sum(drinks)} in two weeks: ${listed(drinks)}` };
  },
});

/** The dashboard that shows the metrics of CloudWatch. */
export const metricsDashboard = probe<{ queues: Queues; there: boolean }>({
  async observe(_check, facts) {
    const queues = await queuesOf(facts);
    const there = queues.cloudwatch
      ? await facts.once('dashboard', (connection) => dashboardExists(connection, METRICS.dashboard))
      : false;
    return { queues, there };
  },
  judge(_check, { queues, there }) {
    const expected = `the dashboard ${METRICS.dashboard}`;
    const elsewhere = notTaken('cloudwatch', queues);
    if (elsewhere) return { status: 'pass', expected, found: elsewhere };
    if (!queues.cloudwatch)
      return { status: 'waiting', expected, found: `there is no queue ${METRICS.cloudwatch.queue}`, hint: SETUP };
    return there
      ? { status: 'pass', expected, found: METRICS.dashboard }
      : { status: 'fail', expected, found: `there is no dashboard ${METRICS.dashboard}` };
  },
});
