import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { type ExpressionParser, remember } from './expressions.ts';

const require = createRequire(import.meta.url);
const fresh = (name: string): ExpressionParser => ({
  parse: (require(`dynalite/db/${name}Parser.js`) as ExpressionParser).parse,
});

interface Case {
  parser: string;
  text: string;
  names?: Record<string, string>;
  values?: Record<string, object>;
}

function outcome(parser: ExpressionParser, { text, names, values }: Case): unknown {
  const set = (of: object | undefined): Record<string, true> =>
    Object.fromEntries(Object.keys(of ?? {}).map((name) => [name, true]));
  const context = {
    attrNames: names,
    attrVals: values,
    unusedAttrNames: set(names),
    unusedAttrVals: set(values),
    isReserved: (name: string) => name === 'status',
    compare: (_: string, a: { N: string }, b: { N: string }) => Number(a.N) > Number(b.N),
  };
  try {
    const parsed = parser.parse(text, { context });
    return { parsed, names: context.unusedAttrNames, values: context.unusedAttrVals };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const S = (text: string) => ({ S: text });
const N = (number: number) => ({ N: String(number) });
const cases: Case[] = [
  { parser: 'update', text: 'SET a = :a, b = b + :n', values: { ':a': S('x'), ':n': N(1) } },
  { parser: 'update', text: 'SET a = :a, b = b + :n', values: { ':a': S('y'), ':n': N(7) } },
  // An operand of another type, a value that nobody uses, another name behind the same placeholder.
  { parser: 'update', text: 'SET a = :a, b = b + :n', values: { ':a': S('x'), ':n': S('1') } },
  { parser: 'update', text: 'SET a = :a', values: { ':a': S('x'), ':b': S('y') } },
  { parser: 'update', text: 'SET #s = :a REMOVE c', names: { '#s': 'status' }, values: { ':a': S('x') } },
  { parser: 'update', text: 'SET #s = :a REMOVE c', names: { '#s': 'c' }, values: { ':a': S('x') } },
  { parser: 'update', text: 'SET status = :a', values: { ':a': S('x') } },
  { parser: 'update', text: 'ADD counter :n', values: { ':n': N(1) } },
  { parser: 'condition', text: 'attribute_not_exists(PK) OR :a < b', values: { ':a': N(3) } },
  { parser: 'condition', text: 'attribute_not_exists(PK) OR :a < b', values: { ':a': N(4) } },
  { parser: 'condition', text: 'a BETWEEN :x AND :y', values: { ':x': N(1), ':y': N(2) } },
  { parser: 'condition', text: 'a BETWEEN :x AND :y', values: { ':x': N(2), ':y': N(1) } },
  { parser: 'condition', text: 'attribute_type(a, :t)', values: { ':t': S('S') } },
  { parser: 'condition', text: 'attribute_type(a, :t)', values: { ':t': S('X') } },
  { parser: 'condition', text: 'a = :gone', values: { ':a': S('x') } },
  { parser: 'projection', text: 'a, b.c[1], #d', names: { '#d': 'd' } },
  { parser: 'projection', text: 'a, a.b' },
];

test('a remembered expression is what a fresh parse of it is, with the values of its own request', () => {
  const parsers = new Map(['update', 'condition', 'projection'].map((name) => [name, fresh(name)]));
  for (const parser of parsers.values()) remember(parser);
  for (const round of [1, 2, 3])
    for (const one of cases)
      expect(outcome(parsers.get(one.parser) as ExpressionParser, one), `${round}: ${one.text}`).toEqual(
        outcome(fresh(one.parser), one),
      );
});

test('what a caller does to a parse stays with that caller', () => {
  const parser = fresh('condition');
  remember(parser);
  const one: Case = { parser: 'condition', text: ':a < b', values: { ':a': N(1) } };
  const first = outcome(parser, one) as { parsed: { expression: { type: string } } };
  first.parsed.expression.type = 'turned';
  expect(outcome(parser, one)).toEqual(outcome(fresh('condition'), one));
});
