import { isObject } from './json.ts';
import type { Dice } from './random.ts';
import type { Json, JsonObject } from './types.ts';

const TERMINAL = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/**
 * Whether an error is among those of a retrier or catcher ("Handling errors in Step Functions workflows"):
 * States.Runtime can never be caught, States.DataLimitExceeded only by its name, States.TaskFailed stands for
 * everything but a time-out, and a missed heartbeat is a time-out too.
 */
export function matchesError(names: Json | undefined, error: string | undefined, missedHeartbeat = false): boolean {
  if (!Array.isArray(names) || error === 'States.Runtime') return false;
  return names.some((name) => {
    if (name === error) return true;
    if (missedHeartbeat && (name === 'States.HeartbeatTimeout' || name === 'States.Timeout')) return true;
    if (error !== undefined && TERMINAL.has(error)) return false;
    if (name === 'States.ALL') return true;
    return name === 'States.TaskFailed' && error !== 'States.Timeout' && error !== 'States.HeartbeatTimeout';
  });
}

const number = (value: Json | undefined, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

/** How many seconds a retrier waits before its nth retry (n counts from 0), before any jitter. */
export function backoff(retrier: JsonObject, retries: number): number {
  const delay = number(retrier.IntervalSeconds, 1) * number(retrier.BackoffRate, 2) ** retries;
  return Math.min(delay, number(retrier.MaxDelaySeconds, Number.POSITIVE_INFINITY), 31_622_400);
}

/** Counts the retries of one stay in a state: every retrier has its own count. */
export class Retries {
  readonly #used = new Map<number, number>();
  total = 0;

  /**
   * The wait in seconds before the state is tried again and the retrier that says so; undefined where none is left.
   * The first retrier that names the error decides alone.
   */
  next(
    retriers: Json | undefined,
    error: string | undefined,
    missedHeartbeat: boolean,
    dice: Dice,
  ): { seconds: number; index: number } | undefined {
    if (!Array.isArray(retriers)) return undefined;
    const index = retriers.findIndex((r) => isObject(r) && matchesError(r.ErrorEquals, error, missedHeartbeat));
    const retrier = retriers[index];
    if (!isObject(retrier)) return undefined;
    const used = this.#used.get(index) ?? 0;
    if (used >= number(retrier.MaxAttempts, 3)) return undefined;
    this.#used.set(index, used + 1);
    this.total++;
    const seconds = backoff(retrier, used);
    return { seconds: retrier.JitterStrategy === 'FULL' ? dice.number() * seconds : seconds, index };
  }
}
