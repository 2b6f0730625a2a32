/** Follows the log of the bus: every event once, in the order of time, until told to stop. */
import type { Connection } from '../aws/connection.ts';
import type { Rule } from '../aws/events.ts';
import { type BusEvent, filterLog, toBusEvent } from '../aws/logs.ts';
import { LOG_GROUP } from '../workshop.ts';
import type { Time } from './time.ts';

/** Events are read again for so long after they were logged, as a log may show a later one first. */
export const OVERLAP = 60_000;
const PAUSE = 1_000;

/** The rules that write events of the bus into the log that is followed. */
export const loggingRules = (rules: readonly Rule[]): Rule[] =>
  rules.filter(
    ({ state, targets }) =>
      state !== 'DISABLED' && targets.some(({ arn }) => arn.replace(/:\*$/, '').endsWith(`:log-group:${LOG_GROUP}`)),
  );

export interface FollowOptions {
  /** epoch milliseconds; events before it are left out. Undefined: only what comes from now on. */
  since?: number;
  /** Ends when what is there has been told. */
  once: boolean;
}

/**
 * The events in the log. An event that two rules logged is told once. What comes "from now on" is told apart by what is
 * there at the first look, not by the clock: the target's may be another than ours.
 */
export async function* followLog(
  connection: Connection,
  { since, once }: FollowOptions,
  time: Time,
  stop: AbortSignal,
): AsyncGenerator<BusEvent> {
  const seen = new Map<string, number>();
  const stopped = new Promise<void>((done) => stop.addEventListener('abort', () => done(), { once: true }));
  let from = since ?? time.now() - OVERLAP;
  let mute = since === undefined;
  while (!stop.aborted) {
    const logged = (await filterLog(connection, LOG_GROUP, { start: from })) ?? [];
    for (const entry of logged) {
      const event = toBusEvent(entry);
      if (!event || seen.has(event.id)) continue;
      seen.set(event.id, entry.at);
      if (!mute) yield event;
    }
    mute = false;
    if (once) return;
    from = Math.max(from, (logged.at(-1)?.at ?? 0) - OVERLAP);
    for (const [id, at] of seen) if (at < from) seen.delete(id);
    if (!stop.aborted) await Promise.race([time.sleep(PAUSE), stopped]);
  }
}
