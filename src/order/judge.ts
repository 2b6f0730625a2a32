/** What became of an order that was placed, from what can be seen. Pure. */
import type { Order } from './orders.ts';

export interface Sighting {
  order?: Order | undefined;
  /** The execution about this order, where one was found. */
  execution?: { status: string; error?: string; cause?: string } | undefined;
  workflow: boolean;
  /** Undefined where it could not be read. */
  shopOpen?: boolean | undefined;
  /** Executions of the workflow that are running, up to 100. */
  running: number;
}

/** `waiting`: taken, a drink can be chosen. The others say why it is not. */
export type Outcome =
  | { kind: 'waiting' }
  | { kind: 'closed' }
  | { kind: 'full'; running: number }
  | { kind: 'ended' }
  | { kind: 'failed'; status: string; error: string; cause: string }
  | { kind: 'not-written' }
  | { kind: 'not-started' }
  | { kind: 'no-workflow' };

/** A capacity of 20: the 21st execution, which counts itself, is turned away (workshop, "Is there capacity?"). */
const CAPACITY = 20;

/** Undefined while it may still come: nothing has ended yet. */
export function judgeOutcome(seen: Sighting, final: boolean): Outcome | undefined {
  if (seen.order) return { kind: 'waiting' };
  if (!seen.execution) {
    if (!final) return undefined;
    return seen.workflow ? { kind: 'not-started' } : { kind: 'no-workflow' };
  }
  const { status, error = '', cause = '' } = seen.execution;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return final ? { kind: 'not-written' } : undefined;
  if (status !== 'SUCCEEDED') return { kind: 'failed', status, error, cause };
  if (seen.shopOpen === false) return { kind: 'closed' };
  if (seen.running >= CAPACITY) return { kind: 'full', running: seen.running };
  return { kind: 'ended' };
}
