/** The story of one order, from the workflow's history and the bus's log, in the order of time. Pure. */
import type { BusEvent } from '../aws/logs.ts';
import type { ExecutionDetail, HistoryEntry } from '../aws/states.ts';
import { EVENTS } from '../workshop.ts';

export interface Moment {
  /** epoch milliseconds of the target's clock */
  at: number;
  kind: 'event' | 'state' | 'execution' | 'failure';
  /** detail-type, name of the state, `started`, or the error */
  name: string;
  /** Facts of an event; the cause of a failure. Never a task token. */
  facts: Record<string, string>;
  /** How long the workflow stayed in a state, in milliseconds; absent while it is still there. */
  stayedMs?: number;
}

export interface Facts {
  execution?: ExecutionDetail | undefined;
  history: HistoryEntry[];
  events: BusEvent[];
}

/** Events and states at the same millisecond: what leads to something comes first. */
const RANK: Record<Moment['kind'], number> = { execution: 1, state: 2, failure: 2, event: 0 };

export function timeline({ execution, history, events }: Facts): Moment[] {
  // The log stamps an event when it is written, which may be after what the event set going.
  const begun = execution?.started ?? Number.POSITIVE_INFINITY;
  const moments: Moment[] = events.map(({ at, detailType, detail }) => ({
    at: detailType === EVENTS.newOrder ? Math.min(at, begun) : at,
    kind: 'event',
    name: detailType,
    facts: factsOf(detail),
  }));
  if (execution) {
    moments.push({ at: execution.started, kind: 'execution', name: 'started', facts: { execution: execution.name } });
    moments.push(...states(history));
    if (execution.stopped !== undefined)
      moments.push({
        at: execution.stopped,
        kind: 'execution',
        name: execution.status.toLowerCase().replaceAll('_', ' '),
        facts: {
          ...(execution.error ? { error: execution.error } : {}),
          ...(execution.cause ? { cause: execution.cause } : {}),
        },
      });
  }
  const ended = (moment: Moment): number =>
    moment.kind === 'execution' && moment.name !== 'started' ? 9 : RANK[moment.kind];
  return moments
    .map((moment, i) => ({ moment, i }))
    .sort((a, b) => a.moment.at - b.moment.at || ended(a.moment) - ended(b.moment) || a.i - b.i)
    .map(({ moment }) => moment);
}

function states(history: readonly HistoryEntry[]): Moment[] {
  const moments: Moment[] = [];
  // The same state may be entered again (a retry by hand, a loop): the first one that is still open is the one left.
  const open: Moment[] = [];
  for (const { at, type, state, error, cause } of history) {
    if (type.endsWith('StateEntered') && state !== undefined) {
      const moment: Moment = { at, kind: 'state', name: state, facts: {} };
      moments.push(moment);
      open.push(moment);
    } else if (type.endsWith('StateExited')) {
      const i = open.findIndex(({ name }) => name === state);
      const [left] = i < 0 ? [] : open.splice(i, 1);
      if (left) left.stayedMs = at - left.at;
    } else if (error !== undefined && type !== 'ExecutionFailed')
      moments.push({ at, kind: 'failure', name: error, facts: cause === undefined ? {} : { cause } });
  }
  return moments;
}

/** What of an event's detail is worth a line: the order's own id stands above, texts inside texts and tokens do not help. */
export function factsOf(detail: Record<string, unknown>): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const [name, value] of Object.entries(detail)) {
    if (/^(orderId|Message|task_?token|TS|robot)$/i.test(name) || value === '' || value === null) continue;
    if (name === 'drinkOrder') {
      const drink = drinkOf(value);
      if (drink !== undefined) facts['drink'] = drink;
    } else if (typeof value === 'object') facts[name] = JSON.stringify(value);
    else facts[name] = String(value);
  }
  return facts;
}

function drinkOf(value: unknown): string | undefined {
  try {
    const { drink } = (typeof value === 'string' ? JSON.parse(value) : value) as { drink?: unknown };
    return typeof drink === 'string' ? drink : undefined;
  } catch {
    return undefined;
  }
}
