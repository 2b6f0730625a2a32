/** Which events which rules take: by our engine, or by EventBridge where it was asked. Pure. */
import type { Rule } from '../../aws/events.ts';
import {
  type Explanation,
  explain,
  InvalidEventPattern,
  matches,
  type Pattern,
  parsePattern,
} from '../../event-pattern/index.ts';
import { samplesOf } from './samples.ts';
import { type Question, questionKey, type RoutingSeen } from './types.ts';

export type Taken = 'all' | 'some' | 'none';

/** What was worked out for one look at an account: every check asks the same again. */
interface Worked {
  /** Where, and with how many words of EventBridge, it was worked out. */
  place: string;
  samples: Map<string, ReturnType<typeof samplesOf>>;
  /** By pattern and type of event. */
  taken: Map<string, Taken>;
}
/** By what EventBridge has confirmed, which goes along when the rest of a look is made richer. */
const worked = new WeakMap<RoutingSeen['confirmed'], Worked>();

/** Patterns as they were read, the same in every account of a room. */
const parsed = new Map<string, Pattern | undefined>();
const MOST_PARSED = 1_000;

function patternOf(text: string): Pattern | undefined {
  if (!parsed.has(text)) {
    let pattern: Pattern | undefined;
    try {
      pattern = parsePattern(text);
    } catch (error) {
      if (!(error instanceof InvalidEventPattern)) throw error;
    }
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(text, pattern);
  }
  return parsed.get(text);
}

export class Matching {
  readonly seen: RoutingSeen;
  readonly questions: Question[] = [];
  readonly #worked: Worked;
  readonly #anyTold: boolean;

  constructor(seen: RoutingSeen) {
    this.seen = seen;
    const told = Object.keys(seen.confirmed).length;
    this.#anyTold = told > 0;
    const place = `${seen.account} ${seen.region} ${seen.workflow?.arn} ${told}`;
    const before = worked.get(seen.confirmed);
    this.#worked = before?.place === place ? before : { place, samples: new Map(), taken: new Map() };
    worked.set(seen.confirmed, this.#worked);
  }

  #samples(type: string) {
    const { samples } = this.#worked;
    const found = samples.get(type) ?? samplesOf(type, { ...this.seen, workflow: this.seen.workflow?.arn });
    samples.set(type, found);
    return found;
  }

  #matches(text: string, event: Question['event']): boolean {
    const told = this.#anyTold ? this.seen.confirmed[questionKey({ pattern: text, event })] : undefined;
    const pattern = told === undefined ? patternOf(text) : undefined;
    return told ?? (pattern !== undefined && matches(pattern, event));
  }

  taken({ pattern }: Rule, type: string): Taken {
    if (pattern === undefined) return 'none';
    const key = `${type}\n${pattern}`;
    let found = this.#worked.taken.get(key);
    if (found === undefined) {
      const answers = this.#samples(type).map((event) => this.#matches(pattern, event));
      found = answers.every(Boolean) ? 'all' : answers.some(Boolean) ? 'some' : 'none';
      this.#worked.taken.set(key, found);
    }
    return found;
  }

  /** Notes that a verdict rests on what this rule does with this event. */
  rest({ pattern }: Rule, type: string, wish: boolean): void {
    if (pattern === undefined) return;
    const [event] = this.#samples(type).filter((sample) => this.#matches(pattern, sample) !== wish);
    if (event) this.questions.push({ pattern, event });
  }

  /** Why the rule does not take every form of the event. */
  why({ pattern }: Rule, type: string): Explanation | undefined {
    const read = pattern === undefined ? undefined : patternOf(pattern);
    if (!read || pattern === undefined) return undefined;
    const event = this.#samples(type).find((sample) => !this.#matches(pattern, sample));
    return event && explain(read, event);
  }
}

export const isOn = ({ state }: Rule): boolean => state.startsWith('ENABLED');

export const listed = (types: readonly string[]): string =>
  types.length > 3 ? `${types.slice(0, 3).join(', ')} and ${types.length - 3} more` : types.join(', ');
