/**
 * Metrics: put, added up by period and dimensions, listed. One file, because what is put and what is asked for must agree on
 * periods, units and statistics.
 */
import { boolean, integer, list, must, number, page, readMembers, structure, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import {
  BAD_VALUE,
  badCombination,
  badToken,
  badValue,
  type Dimension,
  dimensionsMember,
  type MetricRecord,
  metricId,
  metricsOf,
  mustTime,
  namespaceRules,
  nameRules,
  type PointRecord,
  pointsOf,
  time,
  unitMember,
} from '../records.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const datum = structure({
  MetricName: must.text(nameRules),
  Dimensions: dimensionsMember,
  Timestamp: time,
  Value: number(),
  StatisticValues: structure({
    SampleCount: number(),
    Sum: number(),
    Minimum: number(),
    Maximum: number(),
  }),
  Values: list(number(), { max: 150 }),
  Counts: list(number(), { max: 150 }),
  Unit: unitMember,
  StorageResolution: integer({ min: 1 }),
});
type Datum = ReturnType<typeof datum.read>;

/** What one datum brings: how many values, their sum and bounds. */
function amount(one: Datum, at: string): Pick<PointRecord, 'count' | 'sum' | 'min' | 'max'> {
  const { Value, StatisticValues: set, Values, Counts } = one;
  const given = [Value, set, Values].filter((item) => item !== undefined).length;
  if (given > 1)
    throw badCombination(
      `The parameters ${at}.Value, ${at}.Values and ${at}.StatisticValues are mutually exclusive and you have specified more than one.`,
    );
  if (given === 0)
    throw badCombination(
      `At least one of the parameters must be specified: ${at}.Value, ${at}.Values, ${at}.StatisticValues.`,
    );
  if (Counts && Counts.length !== Values?.length)
    throw badValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
  if (Value !== undefined) return { count: 1, sum: Value, min: Value, max: Value };
  if (set) {
    const { SampleCount = 0, Sum, Minimum, Maximum } = set;
    if (Sum === undefined || Minimum === undefined || Maximum === undefined || SampleCount <= 0 || Minimum > Maximum)
      throw badValue(
        `The parameter ${at}.StatisticValues must have SampleCount above zero, Sum, and Minimum up to Maximum.`,
      );
    return { count: SampleCount, sum: Sum, min: Minimum, max: Maximum };
  }
  const values = Values ?? [];
  if (values.length === 0) throw badValue(`The collection ${at}.Values must not be empty.`);
  const counts = values.map((_, index) => Counts?.[index] ?? 1);
  if (counts.some((count) => count <= 0)) throw badValue(`The values of ${at}.Counts must be above zero.`);
  return {
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: values.reduce((sum, value, index) => sum + value * (counts[index] ?? 1), 0),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

function checked(one: Datum, index: number, now: number) {
  const at = `MetricData.member.${index + 1}`;
  const resolution = one.StorageResolution ?? 60;
  if (resolution !== 1 && resolution !== 60) throw badValue(`The parameter ${at}.StorageResolution must be 1 or 60.`);
  const when = one.Timestamp ?? now;
  if (when < now - 14 * DAY)
    throw badValue(`The parameter ${at}.Timestamp must specify a time no more than two weeks in the past.`);
  if (when > now + 2 * HOUR)
    throw badValue(`The parameter ${at}.Timestamp must specify a time within two hours in the future.`);
  const names = (one.Dimensions ?? []).map(({ Name }) => Name);
  if (new Set(names).size < names.length) throw badValue(`The parameter ${at}.Dimensions must have each name once.`);
  return { one, when: when - (when % (resolution * 1_000)), ...amount(one, at) };
}

const putMetricData: Action = {
  permissions: (input) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      context: { 'cloudwatch:namespace': String(input['Namespace'] ?? '') },
    },
  ],
  run(input, context) {
    const { Namespace, MetricData } = readMembers(
      input,
      { Namespace: must.text(namespaceRules), MetricData: must.list(datum, { max: 1_000 }) },
      BAD_VALUE,
    );
    if (/^AWS\//.test(Namespace)) throw badValue('The value AWS/ for parameter Namespace is invalid.');
    const now = context.now();
    // All of them or none: a bad one stops the call before anything is kept.
    for (const { one, when, count, sum, min, max } of MetricData.map((item, index) => checked(item, index, now))) {
      const dimensions = (one.Dimensions ?? []) as Dimension[];
      const id = metricId(Namespace, one.MetricName, dimensions);
      const metric: MetricRecord = { id, namespace: Namespace, name: one.MetricName, dimensions, last: when };
      const known = metricsOf(context).get(id);
      // Said again only when it matters to ListMetrics: the journal need not grow with every value.
      if (!known || when - known.last > HOUR / 12) metricsOf(context).put(id, metric);
      const unit = one.Unit ?? 'None';
      const points = pointsOf(context, id);
      const key = `${when} ${unit}`;
      const point = points.get(key);
      points.put(key, {
        at: when,
        unit,
        count: (point?.count ?? 0) + count,
        sum: (point?.sum ?? 0) + sum,
        min: Math.min(point?.min ?? min, min),
        max: Math.max(point?.max ?? max, max),
      });
    }
    return {};
  },
};

const STATISTICS: Record<string, (point: PointRecord) => number> = {
  SampleCount: ({ count }) => count,
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
};

function checkPeriod(period: number, at: string): void {
  if (![1, 5, 10, 20, 30].includes(period) && (period < 60 || period % 60 !== 0))
    throw badValue(`The parameter ${at} must be 1, 5, 10, 20, 30 or a multiple of 60.`);
  if (period > 86_400 * 7) throw badValue(`The parameter ${at} must be at most 604800.`);
}

/** "GetMetricData", StartTime: rounded down the further back it lies. */
function rounded(start: number, period: number, now: number): number {
  const step =
    start < now - 63 * DAY ? HOUR : start < now - 15 * DAY ? HOUR / 12 : period < 60 ? period * 1_000 : 60_000;
  return start - (start % step);
}

interface Span {
  start: number;
  end: number;
  period: number;
  /** Where periods are counted from. */
  origin: number;
  unit: string | undefined;
}

/** What was put between start and end, one point a period (and a unit, when they are kept apart), by time. */
function gather(
  metric: { Namespace: string; MetricName: string; Dimensions?: Dimension[] | undefined },
  span: Span,
  apart: boolean,
  context: Context,
) {
  const id = metricId(metric.Namespace, metric.MetricName, metric.Dimensions ?? []);
  const length = span.period * 1_000;
  const found = new Map<string, PointRecord>();
  for (const point of pointsOf(context, id).values()) {
    if (point.at < span.start || point.at >= span.end) continue;
    if (span.unit !== undefined && point.unit !== span.unit) continue;
    const at = span.origin + Math.floor((point.at - span.origin) / length) * length;
    const key = apart ? `${at} ${point.unit}` : String(at);
    const sum = found.get(key);
    found.set(
      key,
      sum
        ? {
            ...sum,
            count: sum.count + point.count,
            sum: sum.sum + point.sum,
            min: Math.min(sum.min, point.min),
            max: Math.max(sum.max, point.max),
          }
        : { ...point, at },
    );
  }
  return [...found.values()].sort((a, b) => a.at - b.at);
}

const statRules = { min: 1 };

const getMetricStatistics: Action = {
  permissions: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
  run(input, context) {
    const asked = readMembers(
      input,
      {
        Namespace: must.text(namespaceRules),
        MetricName: must.text(nameRules),
        Dimensions: dimensionsMember,
        StartTime: mustTime,
        EndTime: mustTime,
        Period: must.integer({ min: 1 }),
        Statistics: must.list(text(statRules), { min: 1, max: 5 }),
        Unit: unitMember,
      },
      BAD_VALUE,
    );
    checkPeriod(asked.Period, 'Period');
    for (const name of asked.Statistics)
      if (!Object.hasOwn(STATISTICS, name))
        throw badValue(`The value ${name} for parameter Statistics is not supported.`);
    if (asked.StartTime >= asked.EndTime)
      throw badValue('The parameter StartTime must be less than the parameter EndTime.');
    const start = rounded(asked.StartTime, asked.Period, context.now());
    const many = Math.ceil((asked.EndTime - start) / (asked.Period * 1_000));
    if (many > 1_440)
      throw badCombination(
        `You have requested up to ${many.toLocaleString('en')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
      );
    const span = { start, end: asked.EndTime, period: asked.Period, origin: start, unit: asked.Unit };
    return {
      Label: asked.MetricName,
      Datapoints: gather(asked, span, true, context).map((point) => ({
        Timestamp: new Date(point.at),
        Unit: point.unit,
        ...Object.fromEntries(asked.Statistics.map((name) => [name, STATISTICS[name]?.(point)])),
      })),
    };
  },
};

const query = structure({
  Id: must.text({ min: 1, max: 255, pattern: /[a-z][a-zA-Z0-9_]*/ }),
  MetricStat: must.structure({
    Metric: must.structure({
      Namespace: must.text(namespaceRules),
      MetricName: must.text(nameRules),
      Dimensions: dimensionsMember,
    }),
    Period: must.integer({ min: 1 }),
    Stat: must.text(statRules),
    Unit: unitMember,
  }),
  Label: text(),
  ReturnData: boolean(),
});

const getMetricData: Action = {
  permissions: () => [{ action: 'cloudwatch:GetMetricData', resource: '*' }],
  run(input, context) {
    const asked = readMembers(
      input,
      {
        MetricDataQueries: must.list(query, { min: 1, max: 500 }),
        StartTime: mustTime,
        EndTime: mustTime,
        NextToken: text(),
        ScanBy: text({ oneOf: ['TimestampDescending', 'TimestampAscending'] }),
        MaxDatapoints: integer({ min: 1, max: 100_800 }),
      },
      BAD_VALUE,
    );
    const { MetricDataQueries: queries, StartTime, EndTime } = asked;
    if (StartTime >= EndTime) throw badValue('The parameter StartTime must be less than the parameter EndTime.');
    const ids = queries.map(({ Id }) => Id);
    if (new Set(ids).size < ids.length)
      throw badValue('The values for parameter id in MetricDataQueries must be unique.');
    const all = queries.flatMap(({ MetricStat, ReturnData }, index) => {
      if (ReturnData === false)
        throw badValue('The sandbox does not carry ReturnData false: it is for expressions, which are not built.');
      const { Metric, Period, Stat, Unit } = MetricStat;
      checkPeriod(Period, `MetricDataQueries.member.${index + 1}.MetricStat.Period`);
      const statistic = STATISTICS[Stat];
      if (!statistic || !Object.hasOwn(STATISTICS, Stat))
        throw badValue(
          `The sandbox does not carry the statistic ${Stat}: it has ${Object.keys(STATISTICS).join(', ')}.`,
        );
      const start = rounded(StartTime, Period, context.now());
      const points = gather(Metric, { start, end: EndTime, period: Period, origin: 0, unit: Unit }, false, context);
      if (asked.ScanBy !== 'TimestampAscending') points.reverse();
      return points.map((point) => ({ index, at: point.at, value: statistic(point) }));
    });
    const { items, next } = page(all, asked.NextToken, asked.MaxDatapoints ?? 100_800, 'data', badToken);
    const rest = next === undefined ? [] : all.slice(all.indexOf(items.at(-1) as (typeof all)[0]) + 1);
    return {
      MetricDataResults: queries.map(({ Id, Label, MetricStat }, index) => {
        const own = items.filter((item) => item.index === index);
        return {
          Id,
          Label: Label ?? MetricStat.Metric.MetricName,
          Timestamps: own.map(({ at }) => new Date(at)),
          Values: own.map(({ value }) => value),
          StatusCode: rest.some((item) => item.index === index) ? 'PartialData' : 'Complete',
        };
      }),
      Messages: [],
      ...(next === undefined ? {} : { NextToken: next }),
    };
  },
};

const listMetrics: Action = {
  permissions: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
  run(input, context) {
    const asked = readMembers(
      input,
      {
        Namespace: text(namespaceRules),
        MetricName: text(nameRules),
        Dimensions: list(structure({ Name: must.text({ min: 1, max: 255 }), Value: text({ min: 1, max: 1024 }) }), {
          max: 30,
        }),
        NextToken: text(),
        RecentlyActive: text({ oneOf: ['PT3H'] }),
      },
      BAD_VALUE,
    );
    const since = context.now() - (asked.RecentlyActive === undefined ? 14 * DAY : 3 * HOUR);
    const found = [...metricsOf(context).values()].filter(
      (metric) =>
        metric.last >= since &&
        (asked.Namespace === undefined || metric.namespace === asked.Namespace) &&
        (asked.MetricName === undefined || metric.name === asked.MetricName) &&
        (asked.Dimensions ?? []).every(({ Name, Value }) =>
          metric.dimensions.some((own) => own.Name === Name && (Value === undefined || own.Value === Value)),
        ),
    );
    const { items, next } = page(found, asked.NextToken, 500, 'metrics', badToken);
    return {
      Metrics: items.map(({ namespace, name, dimensions }) => ({
        Namespace: namespace,
        MetricName: name,
        Dimensions: dimensions,
      })),
      ...(next === undefined ? {} : { NextToken: next }),
    };
  },
};

export const metricActions: Record<string, Action> = {
  PutMetricData: putMetricData,
  GetMetricStatistics: getMetricStatistics,
  GetMetricData: getMetricData,
  ListMetrics: listMetrics,
};
