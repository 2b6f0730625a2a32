/** Amazon CloudWatch Logs, as plain values: events of the bus as a rule wrote them into a log group. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client(
    'logs',
    async (config) => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(config),
  );

/** An event of the bus, read back from a log group. Task tokens were taken out. */
export interface BusEvent {
  /** Id of the event on the bus; of the log event where the text is none. */
  id: string;
  /** epoch milliseconds: when it was put on the bus, else when it was logged */
  at: number;
  detailType: string;
  source: string;
  detail: Record<string, unknown>;
}

export interface LogEvent {
  id: string;
  /** epoch milliseconds */
  at: number;
  message: string;
}

/**
 * Log events of a group from `start` on (epoch milliseconds), in the order of their time, all streams together.
 * `filter` is a filter pattern (CloudWatch Logs User Guide, "Filter pattern syntax"). Undefined when there is no such group.
 */
export async function filterLog(
  connection: Connection,
  group: string,
  query: { start: number; filter?: string },
): Promise<LogEvent[] | undefined> {
  const client = await load(connection);
  const found: LogEvent[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const page = await client.filterLogEvents({
        logGroupName: group,
        startTime: Math.max(0, Math.floor(query.start)),
        nextToken,
        ...(query.filter === undefined ? {} : { filterPattern: query.filter }),
      });
      for (const event of page.events ?? [])
        found.push({ id: event.eventId ?? '', at: event.timestamp ?? 0, message: event.message ?? '' });
      nextToken = page.nextToken;
    } while (nextToken);
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
  return found.sort((a, b) => a.at - b.at);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whoever holds a task token can end the order behind everybody's back, so none gets past this file. */
export function withoutTokens(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !/^task_?token$/i.test(name))
      .map(([name, inner]) => [name, withoutTokens(inner)]),
  );
}

/** A log event as the event of the bus that it holds; undefined when it holds something else. */
export function toBusEvent({ id, at, message }: LogEvent): BusEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value['detail-type'] !== 'string') return undefined;
  // The event's own time is in whole seconds; the log's is finer and is at most moments later.
  const own = typeof value['time'] === 'string' ? Date.parse(value['time']) : Number.NaN;
  return {
    id: typeof value['id'] === 'string' ? value['id'] : id,
    at: Number.isFinite(own) && Math.abs(at - own) > 60_000 ? own : at,
    detailType: value['detail-type'],
    source: typeof value['source'] === 'string' ? value['source'] : '',
    detail: isObject(value['detail']) ? (withoutTokens(value['detail']) as Record<string, unknown>) : {},
  };
}

/** Is there a log group of exactly this name? */
export async function logGroupExists(connection: Connection, name: string): Promise<boolean> {
  const client = await load(connection);
  const { logGroups } = await client.describeLogGroups({ logGroupNamePrefix: name });
  return (logGroups ?? []).some(({ logGroupName }) => logGroupName === name);
}

/** The log resource policies of this Region: which services may write where. */
export async function logPolicies(connection: Connection): Promise<{ name: string; document: string }[]> {
  const client = await load(connection);
  const found: { name: string; document: string }[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.describeResourcePolicies({ nextToken });
    for (const { policyName, policyDocument } of page.resourcePolicies ?? [])
      found.push({ name: policyName ?? '', document: policyDocument ?? '' });
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}
