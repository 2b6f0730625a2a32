/** Waiting that Ctrl-C ends. */
import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/** Waits so many milliseconds, but not past the end of `signal`. */
export function pauseUntil(signal: AbortSignal): (ms: number) => Promise<void> {
  // As many waits listen as are under way at once, one a stack and more; that is no leak.
  setMaxListeners(0, signal);
  return (ms) => setTimeout(ms, undefined, { signal }).catch(() => {});
}
