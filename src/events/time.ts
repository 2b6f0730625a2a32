/** What a room may not take for itself. */
export interface Time {
  /** epoch milliseconds */
  now(): number;
  sleep(ms: number): Promise<void>;
}
