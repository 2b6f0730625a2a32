/** What live orders teach of tasks whose answers a definition does not show, and how such a task would answer another order. Pure. */
import type { Json } from '../../asl/index.ts';
import { pathsTo } from './tokens.ts';
import type { Taught, TaughtAnswer, Walk } from './types.ts';

/** Undefined where no order came to its end. Of several, a task counts only where it handed out each one's own number. */
export function taughtBy(walks: readonly Walk[]): Taught | undefined {
  const whole = walks.flatMap(({ stop, answers, number }) =>
    stop || !answers ? [] : [{ answers, number: number ?? '' }],
  );
  const [first, ...others] = whole;
  if (!first) return undefined;
  const answers: Record<string, TaughtAnswer> = {};
  for (const [state, output] of Object.entries(first.answers)) {
    const counted = first.number === '' ? [] : pathsTo(output, first.number);
    answers[state] = {
      output,
      counted: counted.filter((path) =>
        others.every((other) => String(valueAt(other.answers[state], path)) === other.number),
      ),
    };
  }
  return { answers, numbers: whole.map(({ number }) => number).filter((number) => number !== '') };
}

/** What the task would answer an order that gets `number`; as it did, where it does not count. */
export function answerAgain({ output, counted }: TaughtAnswer, number: number): Json {
  const again = structuredClone(output) as Json;
  for (const path of counted) {
    const holder = valueAt(again, path.slice(0, -1)) as Record<string | number, Json> | undefined;
    const last = path.at(-1);
    if (last === undefined || typeof holder !== 'object') return number;
    holder[last] = typeof holder[last] === 'string' ? String(number) : number;
  }
  return again;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}
