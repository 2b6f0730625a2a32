/** What CloudWatch keeps: which metrics there are, what was put for each, dashboards. */
import { createHash } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { type Field, list, must, structure, text } from '../../members.ts';
import type { Context } from '../../service.ts';

export interface Dimension {
  Name: string;
  Value: string;
}

export interface MetricRecord {
  id: string;
  namespace: string;
  name: string;
  /** by name */
  dimensions: Dimension[];
  /** When it last got a value, epoch milliseconds. */
  last: number;
}

/** Everything that was put for one metric in one minute (or second) with one unit. */
export interface PointRecord {
  /** epoch milliseconds, the beginning */
  at: number;
  unit: string;
  count: number;
  sum: number;
  min: number;
  max: number;
}

export interface DashboardRecord {
  name: string;
  body: string;
  /** epoch milliseconds */
  modified: number;
  tags: Record<string, string>;
}

export const metricsOf = (context: Context): Table<MetricRecord> => context.table<MetricRecord>('metrics');
export const pointsOf = (context: Context, id: string): Table<PointRecord> =>
  context.table<PointRecord>(`points ${id}`);
/** A dashboard is the account's, whatever Region it was made from. */
export const dashboardsOf = (context: Context): Table<DashboardRecord> =>
  context.store.table<DashboardRecord>('monitoring', '', 'dashboards');

export const dashboardArn = (context: Context, name: string): string =>
  `arn:aws:cloudwatch::${context.account}:dashboard/${name}`;

/** A metric is its namespace, its name and its very dimensions, in any order. */
export function metricId(namespace: string, name: string, dimensions: Dimension[]): string {
  const sorted = dimensions.map(({ Name, Value }) => [Name, Value]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([namespace, name, sorted]))
    .digest('hex')
    .slice(0, 24);
}

export const UNITS = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  ...['', '/Second'].flatMap((per) =>
    [
      'Bytes',
      'Kilobytes',
      'Megabytes',
      'Gigabytes',
      'Terabytes',
      'Bits',
      'Kilobits',
      'Megabits',
      'Gigabits',
      'Terabits',
    ].map((unit) => unit + per),
  ),
  'Percent',
  'Count',
  'Count/Second',
  'None',
] as const;

export const BAD_VALUE = 'InvalidParameterValueException';
export const badValue = (message: string): ServiceError => new ServiceError(BAD_VALUE, message);
export const badCombination = (message: string): ServiceError =>
  new ServiceError('InvalidParameterCombinationException', message);
export const badToken = (): ServiceError =>
  new ServiceError('InvalidNextToken', 'The next token specified is invalid.');

export const namespaceRules = { min: 1, max: 255, pattern: /[^:].*/s, shown: '[^:].*' };
export const nameRules = { min: 1, max: 255 };
export const unitMember = text({ oneOf: UNITS });
export const dimensionsMember = list(
  structure({ Name: must.text({ min: 1, max: 255 }), Value: must.text({ min: 1, max: 1024 }) }),
  { max: 30 },
);

function timeField<R extends boolean>(required: R): Field<number, R> {
  return {
    required,
    read(value, at) {
      // JSON has epoch seconds, the query protocol a date and time.
      const ms = typeof value === 'number' ? value * 1_000 : Date.parse(String(value));
      if (!Number.isFinite(ms)) throw badValue(`The parameter ${at} must be a timestamp.`);
      return Math.round(ms);
    },
  };
}
/** Epoch milliseconds, from either protocol's way of writing a time. */
export const time = timeField(false);
export const mustTime = timeField(true);
