/** One operation over many accounts: in parallel, each on its own, each within its time. */
import { setMaxListeners } from 'node:events';
import type { Attendee } from './roster.ts';

export type Outcome = 'done' | 'failed' | 'refused' | 'unknown' | 'timed out' | 'stopped';

export interface Result {
  account: string;
  name: string;
  region: string;
  group?: string;
  outcome: Outcome;
  /** One line: what was done, or why not. */
  summary: string;
  /** What would not go, one line each. */
  trouble: string[];
  /** What the operation has to tell beyond that (the modules of a verify). */
  detail?: unknown;
  /** epoch milliseconds */
  started: number;
  ended: number;
}

export type FleetEvent =
  | { kind: 'started'; attendee: Attendee; at: number }
  | { kind: 'news'; attendee: Attendee; text: string; at: number }
  | { kind: 'ended'; attendee: Attendee; result: Result; again: boolean };

export interface Tools {
  /** Fires on Ctrl-C, and when the account's time is up. */
  signal: AbortSignal;
  news: (text: string) => void;
}

export type Finding = Pick<Result, 'outcome' | 'summary'> & { trouble?: string[]; detail?: unknown };
/** What is done to one account. May throw: that is the account's own trouble, and nobody else's. */
export type Operation = (attendee: Attendee, tools: Tools) => Promise<Finding>;

export interface FleetOptions {
  concurrency: number;
  /** milliseconds for one account */
  timeLimit: number;
  /** Ends the run: nothing new is begun, what is under way is told to stop. */
  signal: AbortSignal;
  now: () => number;
  /** Calls back after so many milliseconds unless cancelled. */
  timer: (ms: number, fire: () => void) => () => void;
  /** What an error says to a person. */
  explain: (error: unknown) => { outcome: Outcome; summary: string };
  /** Accounts that an interrupted run has done already: told, not repeated. */
  done?: ReadonlyMap<string, Result>;
}

/** How long an operation may take to answer a stop before it is given up (milliseconds). */
const GRACE_MS = 10_000;

/** So many accounts go ahead of the rest, until one of them has ended or so many milliseconds have passed. */
export const LEAD = 2;
export const LEAD_MS = 2_500;

/** Yields as things happen; ends when every account has ended. Results come in the order in which they end. */
export async function* runFleet(
  attendees: Attendee[],
  operation: Operation,
  options: FleetOptions,
): AsyncGenerator<FleetEvent> {
  const queue: FleetEvent[] = [];
  let wake = (): void => {};
  const emit = (event: FleetEvent): void => {
    queue.push(event);
    wake();
  };
  const waiting: Attendee[] = [];
  for (const attendee of attendees) {
    const before = options.done?.get(attendee.account);
    if (before) emit({ kind: 'ended', attendee, result: before, again: true });
    else waiting.push(attendee);
  }
  let running = 0;
  const workers = Math.min(options.concurrency, waiting.length);
  const work = async (): Promise<void> => {
    for (let attendee = waiting.shift(); attendee; attendee = waiting.shift()) {
      if (options.signal.aborted) {
        const now = options.now();
        emit({ kind: 'ended', attendee, again: false, result: toResult(attendee, STOPPED, now, now) });
        continue;
      }
      const started = options.now();
      emit({ kind: 'started', attendee, at: started });
      const finding = await within(attendee, operation, options, emit);
      emit({ kind: 'ended', attendee, again: false, result: toResult(attendee, finding, started, options.now()) });
      if (following > 0) follow();
    }
  };
  running = workers;
  const begin = (n: number): void => {
    for (let i = 0; i < n; i++)
      void work().finally(() => {
        running--;
        if (following > 0) follow();
        wake();
      });
  };
  // A few go ahead, so that the first result is there soon: all at once, they would all be there at the same time, late.
  const lead = Math.min(LEAD, workers);
  let following = workers - lead;
  const follow = (): void => {
    cancel();
    begin(following);
    following = 0;
  };
  const cancel = following > 0 ? options.timer(LEAD_MS, follow) : (): void => {};
  begin(lead);
  for (;;) {
    for (let event = queue.shift(); event; event = queue.shift()) yield event;
    if (running === 0 && queue.length === 0) return;
    await new Promise<void>((go) => {
      wake = go;
      if (queue.length > 0 || running === 0) go();
    });
  }
}

const STOPPED: Finding = { outcome: 'stopped', summary: 'it was not begun' };

export function toResult(attendee: Attendee, finding: Finding, started: number, ended: number): Result {
  const { account, name, region, group } = attendee;
  const { outcome, summary, trouble = [], detail } = finding;
  return {
    account,
    name,
    region,
    ...(group ? { group } : {}),
    outcome,
    summary,
    trouble,
    ...(detail === undefined ? {} : { detail }),
    started,
    ended,
  };
}

/** The operation, or the word that it took too long or was stopped; whatever it throws is its account's own trouble. */
export async function within(
  attendee: Attendee,
  operation: Operation,
  options: Omit<FleetOptions, 'concurrency' | 'done'>,
  emit: (event: FleetEvent) => void,
): Promise<Finding> {
  const own = new AbortController();
  // Everything under way in the account listens, and every account to the run's: many is no leak here.
  setMaxListeners(0, own.signal, options.signal);
  const stop = (): void => own.abort();
  options.signal.addEventListener('abort', stop, { once: true });
  let over: Outcome | undefined;
  const cancels: (() => void)[] = [];
  const given = new Promise<Finding>((giveUp) => {
    const end = (outcome: Outcome, summary: string): void => {
      over = outcome;
      own.abort();
      // What is under way may finish its call; what does not answer is left behind, and the rest of the room goes on.
      cancels.push(options.timer(GRACE_MS, () => giveUp({ outcome, summary })));
    };
    const minutes = Math.max(1, Math.round(options.timeLimit / 60_000));
    cancels.push(options.timer(options.timeLimit, () => end('timed out', `it took longer than ${minutes} min`)));
    const onStop = (): void => end('stopped', 'it was stopped on the way; the same command goes on');
    if (options.signal.aborted) onStop();
    else options.signal.addEventListener('abort', onStop, { once: true });
    cancels.push(() => options.signal.removeEventListener('abort', onStop));
  });
  const news = (text: string): void => emit({ kind: 'news', attendee, text, at: options.now() });
  const told = async (): Promise<Finding> => {
    try {
      const finding = await operation(attendee, { signal: own.signal, news });
      if (over === undefined) return finding;
      return finding.outcome === 'done'
        ? finding
        : {
            ...finding,
            outcome: over,
            summary: over === 'stopped' ? 'it was stopped on the way; the same command goes on' : finding.summary,
          };
    } catch (error) {
      if (over === 'timed out') return { outcome: over, summary: `its time was up: ${options.explain(error).summary}` };
      if (over !== undefined) return { outcome: over, summary: 'it was stopped on the way; the same command goes on' };
      return options.explain(error);
    }
  };
  try {
    return await Promise.race([told(), given]);
  } finally {
    for (const cancel of cancels) cancel();
    options.signal.removeEventListener('abort', stop);
  }
}
