/** What an event source is to a mapping: something that takes records, one batch at a time, until there are none. */
import type { Context, Input } from '../../../service.ts';
import type { MappingRecord } from '../records.ts';

/** What a batch's invocation came to; `response` is what the function answered, parsed. */
export interface BatchResult {
  failed: boolean;
  /** Why, in one line. */
  reason: string;
  response: unknown;
}

export type Run = (records: unknown[]) => Promise<BatchResult>;

/** `more`: come again at once. `idle`: wait to be told. A time: come again then, not earlier. `by`: then at the latest. */
export type Next = 'more' | 'idle' | number | { by: number };

export interface EventSource {
  /** Which ARNs are of this kind. */
  arn: RegExp;
  /** Which settings a mapping has. */
  kind: 'stream' | 'queue';
  /** How many records a batch has if nothing is said, and at most. */
  batch: { usual: number; most: number };
  startingPositions: string[];
  /** The announcement that says there is something to read. */
  topic(arn: string): string;
  /** How many take a batch at the same time; one if not said. */
  readers?(mapping: MappingRecord): number;
  /** Asked when a mapping is made: is the source there, may the function's role read it? Remembers where to begin. */
  begin(mapping: MappingRecord, input: Input, context: Context): Promise<void>;
  /** Takes one batch, runs the function, and remembers how far it came. */
  turn(mapping: MappingRecord, run: Run, context: Context): Promise<Next>;
  /** Forgets what `begin` and `turn` remembered. */
  end(mapping: MappingRecord, context: Context): void;
}
