/** What a room may not take for itself: the clock, waiting, and ids that nobody has had before. */
export interface Time {
  /** epoch milliseconds */
  now(): number;
  sleep(ms: number): Promise<void>;
  id(): string;
}
