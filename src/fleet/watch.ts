/**
 * One reading operation over many accounts, again and again until the signal: rounds are spread over their interval, an
 * account is left alone for at least that long between two visits, and longer where AWS throttles or answers slowly.
 */
import type { Attendee } from './roster.ts';
import {
  type FleetEvent,
  type FleetOptions,
  LEAD,
  LEAD_MS,
  type Operation,
  type Result,
  toResult,
  within,
} from './run.ts';

export interface WatchOptions extends Omit<FleetOptions, 'done'> {
  /** milliseconds in which an account is left alone after a visit */
  every: number;
  /** Did AWS throttle this account during its last visit? */
  throttled: (account: string) => boolean;
}

export interface Visit {
  /** epoch milliseconds */
  started: number;
  ended: number;
  /** How many visits in a row were throttled, or found nothing out. */
  strikes: number;
  /** 1 for the first */
  visits: number;
}

/** An account that is throttled waits twice as long each time, up to this power of two. */
const MOST_STRIKES = 4;

/** When to come again (epoch milliseconds). `at` of `total`: its place in the room, so that a round is no burst. Pure. */
export function nextVisit(
  { started, ended, strikes, visits }: Visit,
  every: number,
  at: number,
  total: number,
): number {
  // Never busier with an account than not: what AWS answers slowly is asked less often.
  const gap = Math.max(every * 2 ** Math.min(strikes, MOST_STRIKES), ended - started);
  const spread = visits === 1 ? (every * at) / Math.max(1, total) : 0;
  return ended + gap + spread;
}

interface Seat {
  attendee: Attendee;
  at: number;
  due: number;
  visits: number;
  strikes: number;
}

/** Yields as things happen, `ended` once a visit; ends soon after the signal, when what is under way has ended. */
export async function* watchFleet(
  attendees: Attendee[],
  operation: Operation,
  options: WatchOptions,
): AsyncGenerator<FleetEvent> {
  const seats: Seat[] = attendees.map((attendee, at) => ({ attendee, at, due: 0, visits: 0, strikes: 0 }));
  const waiting = [...seats];
  const queue: FleetEvent[] = [];
  const follow = options.now() + LEAD_MS;
  let running = 0;
  let wake = (): void => {};
  let cancel = (): void => {};
  const emit = (event: FleetEvent): void => {
    queue.push(event);
    wake();
  };
  const visit = async (seat: Seat): Promise<void> => {
    const { attendee } = seat;
    const started = options.now();
    emit({ kind: 'started', attendee, at: started });
    const result = toResult(attendee, await within(attendee, operation, options, emit), started, options.now());
    seat.visits++;
    seat.strikes = needsRest(result, options) ? seat.strikes + 1 : 0;
    seat.due = nextVisit({ ...result, ...seat }, options.every, seat.at, seats.length);
    waiting.push(seat);
    emit({ kind: 'ended', attendee, result, again: seat.visits > 1 });
  };
  const pump = (): void => {
    cancel();
    if (options.signal.aborted) return;
    waiting.sort((a, b) => a.due - b.due || a.at - b.at);
    const now = options.now();
    // As in a run: a few go ahead, so that the first result is there soon.
    const ahead = now < follow && seats.every(({ visits }) => visits === 0);
    const limit = ahead ? Math.min(LEAD, options.concurrency) : options.concurrency;
    while (running < limit && waiting[0] && waiting[0].due <= now) {
      const seat = waiting.shift() as Seat;
      running++;
      void visit(seat).finally(() => {
        running--;
        pump();
        wake();
      });
    }
    const next = waiting[0];
    if (next && ahead) cancel = options.timer(follow - now, pump);
    else if (next && running < limit) cancel = options.timer(Math.max(1, next.due - now), pump);
  };
  const stop = (): void => {
    cancel();
    wake();
  };
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    pump();
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) yield event;
      if (options.signal.aborted && running === 0 && queue.length === 0) return;
      await new Promise<void>((go) => {
        wake = go;
        if (queue.length > 0 || (options.signal.aborted && running === 0)) go();
      });
    }
  } finally {
    cancel();
    options.signal.removeEventListener('abort', stop);
  }
}

const needsRest = ({ outcome, account }: Result, { throttled }: WatchOptions): boolean =>
  throttled(account) || (outcome !== 'done' && outcome !== 'failed');
