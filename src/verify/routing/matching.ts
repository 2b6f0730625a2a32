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

export class Matching {
  readonly seen: RoutingSeen;
  readonly questions: Question[] = [];
  readonly #parsed = new Map<string, Pattern | undefined>();

  constructor(seen: RoutingSeen) {
    this.seen = seen;
  }

  #samples(type: string) {
    return samplesOf(type, { ...this.seen, workflow: this.seen.workflow?.arn });
  }

  #pattern(text: string): Pattern | undefined {
    if (!this.#parsed.has(text)) {
      let pattern: Pattern | undefined;
      try {
        pattern = parsePattern(text);
      } catch (error) {
        if (!(error instanceof InvalidEventPattern)) throw error;
      }
      this.#parsed.set(text, pattern);
    }
    return this.#parsed.get(text);
  }

  #matches(text: string, event: Question['event']): boolean {
    const told = this.seen.confirmed[questionKey({ pattern: text, event })];
    const pattern = told === undefined ? this.#pattern(text) : undefined;
    return told ?? (pattern !== undefined && matches(pattern, event));
  }

  taken({ pattern }: Rule, type: string): Taken {
    if (pattern === undefined) return 'none';
    const answers = this.#samples(type).map((event) => this.#matches(pattern, event));
    return answers.every(Boolean) ? 'all' : answers.some(Boolean) ? 'some' : 'none';
  }

  /** Notes that a verdict rests on what this rule does with this event. */
  rest({ pattern }: Rule, type: string, wish: boolean): void {
    if (pattern === undefined) return;
    const [event] = this.#samples(type).filter((sample) => this.#matches(pattern, sample) !== wish);
    if (event) this.questions.push({ pattern, event });
  }

  /** Why the rule does not take every form of the event. */
  why({ pattern }: Rule, type: string): Explanation | undefined {
    const parsed = pattern === undefined ? undefined : this.#pattern(pattern);
    if (!parsed || pattern === undefined) return undefined;
    const event = this.#samples(type).find((sample) => !this.#matches(pattern, sample));
    return event && explain(parsed, event);
  }
}

export const isOn = ({ state }: Rule): boolean => state.startsWith('ENABLED');

export const listed = (types: readonly string[]): string =>
  types.length > 3 ? `${types.slice(0, 3).join(', ')} and ${types.length - 3} more` : types.join(', ');
