/** What a kind of check is: facts are gathered, then judged. */
import type { Facts } from '../facts.ts';
import type { Check, Verdict } from '../types.ts';

export interface Probe {
  /** Works on a definition alone, with no account. */
  offline?: boolean;
  /** Places real test orders: asks the account itself, so that what a definition could not tell is no hindrance. */
  live?: boolean;
  /** Gathers what `judge` needs, only reading. */
  observe(check: Check, facts: Facts): Promise<unknown>;
  /** Pure: the same facts, the same verdict. */
  judge(check: Check, seen: never): Verdict;
}

/** Keeps observe and judge of one probe to the same facts. */
export function probe<T>(parts: {
  offline?: boolean;
  live?: boolean;
  observe(check: Check, facts: Facts): Promise<T>;
  judge(check: Check, seen: T): Verdict;
}): Probe {
  return parts as Probe;
}
