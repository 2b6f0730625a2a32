import { StatesError } from './errors.ts';
import type { HistoryEvent, JsonObject } from './types.ts';

/** A STANDARD execution ends with this many events ("Step Functions service quotas"). */
export const MAX_EVENTS = 25_000;

/** The last event an execution may write is the one that says it failed. */
export class HistoryFull extends StatesError {
  constructor(limit: number) {
    super('States.Runtime', `The execution reached the maximum number of history events (${limit}).`);
  }
}

/** The events of an execution, in the shape and order of GetExecutionHistory. */
export class History {
  readonly events: HistoryEvent[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws HistoryFull where only the end of the execution may still be written */
  add(type: string, previousEventId: number, timestamp: number, name?: string, details?: JsonObject): number {
    const id = this.events.length + 1;
    if (id >= this.#limit && !ENDS.has(type)) throw new HistoryFull(this.#limit);
    const event: HistoryEvent = { id, previousEventId, timestamp, type };
    if (name !== undefined) event[`${name}EventDetails`] = details ?? {};
    this.events.push(event);
    return id;
  }
}

const ENDS = new Set(['ExecutionFailed', 'ExecutionSucceeded', 'ExecutionTimedOut', 'ExecutionAborted']);

export const inputDetails = (input: string): JsonObject => ({ input, inputDetails: { truncated: false } });
export const outputDetails = (output: string): JsonObject => ({ output, outputDetails: { truncated: false } });

/** `error` and `cause` as far as there are any. */
export function failureDetails(error: string | undefined, cause: string | undefined): JsonObject {
  return { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) };
}
