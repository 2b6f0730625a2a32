/** Waits for changes: of an account by cheap looks that grow rarer while nothing happens, of a file by its content. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Connection } from '../../aws/connection.ts';
import { isAwsError, isThrottled } from '../../aws/failure.ts';
import { changesBetween, type Look } from './changes.ts';
import { deepLook, quickLook } from './look.ts';

export interface WatchTime {
  /** epoch milliseconds */
  now(): number;
  /** Ends early when the watch does. */
  sleep(ms: number): Promise<void>;
}

/** Milliseconds. */
export interface Pace {
  /** Between two looks: at least, and after a while in which nothing happened. */
  least: number;
  most: number;
  /** Between two looks at roles, permissions and stacks. */
  deep: number;
  /** After so long everything is judged again, for what no look sees. */
  whole: number;
  /** The longest pause when AWS throttles. */
  throttled: number;
}

export const PACE: Pace = { least: 2_000, most: 10_000, deep: 10_000, whole: 60_000, throttled: 60_000 };

export type Watched =
  /** `what` is empty when it is only time to judge everything again. */
  | { kind: 'changed'; what: string[] }
  /** After trouble: it can be looked again. */
  | { kind: 'well' }
  /** It could not be looked; the next look is in `pause` milliseconds. */
  | { kind: 'trouble'; error: unknown; pause: number };

/** Yields when it is time to judge again, until the signal. What is yielded first is what the looks start from. */
export async function* watchAccount(
  connection: Connection,
  time: WatchTime,
  signal: AbortSignal,
  pace: Pace = PACE,
): AsyncGenerator<Watched> {
  let quick: Look | undefined;
  let deep: Look | undefined;
  let pause = pace.least;
  let lastDeep = time.now();
  let lastWhole = time.now();
  let troubled = false;
  while (!signal.aborted) {
    try {
      const what: string[] = [];
      const seen = await quickLook(connection);
      what.push(...(quick ? changesBetween(quick, seen) : []));
      const first = quick === undefined;
      quick = seen;
      if (deep === undefined || time.now() - lastDeep >= pace.deep) {
        const further = await deepLook(connection);
        what.push(...(deep ? changesBetween(deep, further) : []));
        deep = further;
        lastDeep = time.now();
      }
      if (troubled) yield { kind: 'well' };
      troubled = false;
      const due = first || time.now() - lastWhole >= pace.whole;
      if (what.length > 0 || due) {
        lastWhole = time.now();
        yield { kind: 'changed', what };
      }
      pause = what.length > 0 ? pace.least : Math.min(pace.most, pause * 1.25);
    } catch (error) {
      if (!isAwsError(error)) throw error;
      pause = isThrottled(error) ? Math.min(pace.throttled, pause * 2) : pace.most;
      troubled = true;
      yield { kind: 'trouble', error, pause };
    }
    if (!signal.aborted) await time.sleep(pause);
  }
}

/** Milliseconds: between two looks at a file's times, between two at its content whatever its times say, and to be whole. */
const FILE = { times: 250, content: 2_000, whole: 80 } as const;

/**
 * Yields at once, and whenever the content of a file is another and has stayed so for a moment. It is looked at, not
 * listened to: a network drive tells nobody of changes, and its times may stand still.
 */
export async function* watchFile(file: string, time: WatchTime, signal: AbortSignal): AsyncGenerator<void> {
  let known: string | undefined;
  let times = '';
  let lastRead = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const now = timesOf(file);
    if (now !== times || time.now() - lastRead >= FILE.content) {
      times = now;
      lastRead = time.now();
      let content = contentOf(file);
      if (content !== known) {
        // An editor may be in the middle of writing.
        for (let before: string | undefined; before !== content && !signal.aborted; content = contentOf(file)) {
          before = content;
          await time.sleep(FILE.whole);
        }
        if (content !== known && !signal.aborted) {
          known = content;
          yield;
        }
      }
    }
    if (!signal.aborted) await time.sleep(FILE.times);
  }
}

function timesOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'gone';
  }
}

function contentOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return 'gone';
  }
}
