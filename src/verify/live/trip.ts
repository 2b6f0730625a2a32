/** What one test order needs at every step: who it is, what it leaves behind, and how it waits. */
import type { Connection } from '../../aws/connection.ts';
import type { RouteExpected } from '../routing/types.ts';
import type { Facts } from '../facts.ts';
import { judgeRoute } from '../routing/judge.ts';
import { observeRouting } from '../routing/observe.ts';
import type { RunFinder } from './observe.ts';
import type { Hands, LiveStep, LiveTime, Path, Stop } from './types.ts';

/** How customers and baristas of ours are called, so that whoever meets one knows what it is. */
export const TEST_NAME = 'presso-test';

/** Somebody pressed Ctrl-C: the order is taken away, nothing is judged. */
export class Interrupted extends Error {}

/** What has to be taken away again. */
export interface Mess {
  orderId?: string;
  /** Texts by which the order's executions are known. */
  marks: string[];
  /** ARNs of executions that are known to be of this order. */
  runs: Set<string>;
  /** The validator's bucket as it was before a token was taken from it. */
  bucket?: { id: number; lastId: string | undefined };
}

export interface Trip {
  path: Path;
  facts: Facts;
  connection: Connection;
  hands: Hands;
  time: LiveTime;
  signal: AbortSignal;
  machine: { arn: string; name: string };
  finder: RunFinder;
  userId: string;
  mess: Mess;
  tell(kind: LiveStep['kind'], text: string): LiveStep;
  /** Where the counter stood before; undefined when it cannot be read. */
  counter: number | undefined;
  number?: string;
  /** What each task answered, by name of its state. */
  answers?: Record<string, unknown>;
  /** Does a rule write all events into the log? */
  logged: boolean;
}

export interface Waited<T> {
  value: T | undefined;
  waitedMs: number;
}

/** Looks again and again until there is an answer or patience is at its end. Throws `Interrupted` at Ctrl-C. */
export async function until<T>(
  { time, signal }: Pick<Trip, 'time' | 'signal'>,
  look: (waitedMs: number) => Promise<T | undefined>,
  patience = time.patience,
): Promise<Waited<T>> {
  const from = time.now();
  for (let pause = 40; ; pause = Math.min(pause * 1.6, 500)) {
    insist(signal);
    const value = await look(time.now() - from);
    const waitedMs = time.now() - from;
    if (value !== undefined || waitedMs >= patience) return { value, waitedMs };
    insist(signal);
    await time.sleep(Math.min(pause, Math.max(1, patience - waitedMs)));
  }
}

/** Throws `Interrupted` once Ctrl-C was pressed. */
export function insist(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted('Stopped.');
}

/** Every so many milliseconds at most, and not in the first ones: for calls that AWS throttles early. */
export function sparing<T>(
  look: () => Promise<T>,
  first: number,
  every: number,
): (ms: number) => Promise<T | undefined> {
  let next = first;
  return async (ms) => {
    if (ms < next) return undefined;
    next = ms + every;
    return look();
  };
}

/** What the routing says of the rule that should bring these events where they are awaited. */
export async function ruleFor(
  { facts }: Pick<Trip, 'facts'>,
  expected: RouteExpected,
): Promise<NonNullable<Stop['rule']>> {
  const { status, found, hint } = judgeRoute(expected, await observeRouting(facts));
  return { name: expected.rule, status, found, ...(hint === undefined ? {} : { hint }) };
}
