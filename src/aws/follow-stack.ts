/** Follows a CloudFormation stack until it rests. Only reads. */
import { describeStack, type StackEvent, type StackState, stackEvents } from './cloudformation.ts';
import type { Connection } from './connection.ts';
import { isExpired } from './failure.ts';

export interface FollowOptions {
  /** Stops watching; what CloudFormation has begun goes on by itself. */
  signal: AbortSignal;
  /** Resolves after that many milliseconds, or at once when the signal fires. */
  pause: (ms: number) => Promise<void>;
}

const FIRST_POLL_MS = 60;
const LONGEST_POLL_MS = 3_000;

/**
 * Tells each new event of the stack's last operation. Asks soon while things happen and more and more rarely while they do
 * not, so that it neither lags on a fast endpoint nor wears out AWS's limits. Resolves undefined when the stack is gone or
 * the signal fired.
 */
export async function followStack(
  connection: Connection,
  nameOrId: string,
  { signal, pause }: FollowOptions,
  tell: { event: (event: StackEvent) => void; signedOut: () => void },
): Promise<StackState | undefined> {
  let last: string | undefined;
  let wait = FIRST_POLL_MS;
  while (!signal.aborted) {
    try {
      const state = await describeStack(connection, nameOrId);
      const events = state ? await stackEvents(connection, state.id, last) : [];
      for (const event of events) tell.event(event);
      last = events.at(-1)?.id ?? last;
      if (!state?.status.endsWith('_IN_PROGRESS')) return state;
      wait = events.length > 0 ? FIRST_POLL_MS : Math.min(wait * 1.5, LONGEST_POLL_MS);
    } catch (error) {
      // A sign-in that ends in the middle is not the end: the stack goes on, and so do we once it is renewed.
      if (!isExpired(error)) throw error;
      tell.signedOut();
      wait = LONGEST_POLL_MS;
    }
    await pause(wait);
  }
  return undefined;
}
