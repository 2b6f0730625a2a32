import { describe, expect, test } from 'vitest';
import { simulate } from './simulate.ts';
import type { Json, JsonObject } from './types.ts';

function play(rule: JsonObject, input: Json) {
  const { execution } = simulate(
    {
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
        Yes: { Type: 'Pass', Result: true, End: true },
        No: { Type: 'Pass', Result: false, End: true },
      },
    },
    { input },
  );
  return execution;
}
const holds = (rule: JsonObject, input: Json) => play(rule, input).output;

describe('States Language "Choice State": comparisons', () => {
  test.each<[string, Json, Json, boolean]>([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 1, '1', false],
    ['StringLessThan', 'a', 'b', true],
    ['StringLessThan', 'b', 'a', false],
    ['StringGreaterThan', 'b', 'a', true],
    ['StringLessThanEquals', 'a', 'a', true],
    ['StringGreaterThanEquals', 'a', 'b', false],
    ['NumericEquals', 1, 1.0, true],
    ['NumericEquals', '1', 1, false],
    ['NumericEquals', true, 1, false],
    ['NumericLessThan', 1, 2, true],
    ['NumericGreaterThan', 2.5, 2, true],
    ['NumericLessThanEquals', 2, 2, true],
    ['NumericGreaterThanEquals', 1, 2, false],
    ['BooleanEquals', true, true, true],
    ['BooleanEquals', false, false, true],
    ['BooleanEquals', 0, false, false],
    ['BooleanEquals', null, false, false],
    ['TimestampEquals', '2026-01-01T10:00:00Z', '2026-01-01T11:00:00+01:00', true],
    ['TimestampEquals', '2026-01-01T10:00:00.5Z', '2026-01-01T10:00:00.500Z', true],
    ['TimestampEquals', '2026-01-01', '2026-01-01', false],
    ['TimestampLessThan', '2026-01-01T10:00:00Z', '2026-01-01T10:00:00.001Z', true],
    ['TimestampGreaterThan', '2026-01-02T00:00:00Z', '2026-01-01T23:59:59Z', true],
    ['TimestampLessThanEquals', '2026-01-01T10:00:00Z', '2026-01-01T10:00:00Z', true],
    ['TimestampGreaterThanEquals', '2026-01-01T09:59:59Z', '2026-01-01T10:00:00Z', false],
  ])('%s of %j and %j, written or by path, is %s', (operator, left, right, expected) => {
    expect(holds({ Variable: '$.left', [operator]: right }, { left })).toBe(expected);
    expect(holds({ Variable: '$.left', [`${operator}Path`]: '$.right' }, { left, right })).toBe(expected);
  });

  test.each<[string, string, boolean]>([
    ['log-1.txt', 'log-*.txt', true],
    ['log-1.csv', 'log-*.txt', false],
    ['anything', '*', true],
    ['', '*', true],
    ['a.b', 'a?b', false],
    ['a*b', 'a\\*b', true],
    ['axb', 'a\\*b', false],
    ['a\\b', 'a\\\\b', true],
    ['line\nbreak', 'line*break', true],
    ['(x)', '(x)', true],
  ])('StringMatches "%s" against "%s" is %s', (text, pattern, expected) => {
    expect(holds({ Variable: '$.v', StringMatches: pattern }, { v: text })).toBe(expected);
  });

  test('StringMatches: a backslash before anything but a star or a backslash is an error', () => {
    for (const pattern of ['a\\b', 'a\\', '\\\\\\b'])
      expect(play({ Variable: '$.v', StringMatches: pattern }, { v: 'ab' })).toMatchObject({
        status: 'FAILED',
        error: 'States.Runtime',
      });
  });

  test.each<[string, Json[], Json[]]>([
    ['IsNull', [null], ['', 0, false, [], {}]],
    ['IsString', ['', 'a'], [null, 1, [], {}]],
    ['IsNumeric', [0, -1.5], ['1', null, true]],
    ['IsBoolean', [true, false], ['true', 0, null]],
    [
      'IsTimestamp',
      ['2026-01-01T00:00:00Z', '2026-02-28T23:59:59.123456+05:30'],
      [
        '2026-01-01',
        '2026-01-01T00:00:00',
        '2026-01-01t00:00:00z',
        '2026-02-30T00:00:00Z',
        '2026-01-01T25:00:00Z',
        1,
        null,
      ],
    ],
    ['IsPresent', [null, '', 0, [], false], []],
  ])('%s', (operator, yes, no) => {
    for (const v of yes) {
      expect(holds({ Variable: '$.v', [operator]: true }, { v })).toBe(true);
      expect(holds({ Variable: '$.v', [operator]: false }, { v })).toBe(false);
    }
    for (const v of no) {
      expect(holds({ Variable: '$.v', [operator]: true }, { v })).toBe(false);
      expect(holds({ Variable: '$.v', [operator]: false }, { v })).toBe(true);
    }
  });

  test('IsPresent is the only test that bears a missing value', () => {
    expect(holds({ Variable: '$.a.b[20]', IsPresent: true }, { a: { b: [1] } })).toBe(false);
    expect(holds({ Variable: '$.a.b[20]', IsPresent: false }, {})).toBe(true);
    expect(play({ Variable: '$.a', IsString: true }, {})).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Choose' (entered at the event id #2). Invalid path '$.a': The choice state's condition path references an invalid value.",
    });
    expect(play({ Variable: '$.a', StringEqualsPath: '$.b' }, { a: '' }).error).toBe('States.Runtime');
  });
});

describe('States Language "Choice State": rules', () => {
  const number = { Variable: '$.n', IsNumeric: true };
  const big = { Variable: '$.n', NumericGreaterThan: 10 };

  test('And, Or and Not nest', () => {
    expect(holds({ And: [number, big] }, { n: 11 })).toBe(true);
    expect(holds({ And: [number, big] }, { n: 9 })).toBe(false);
    expect(holds({ Or: [{ Not: number }, big] }, { n: 'x' })).toBe(true);
    expect(holds({ Not: { Or: [{ Not: number }, big] } }, { n: 5 })).toBe(true);
  });

  test('And and Or stop at the first answer, so that a guard protects what follows', () => {
    const guard = { Variable: '$.n', IsPresent: true };
    expect(holds({ And: [guard, big] }, {})).toBe(false);
    expect(holds({ Or: [{ Not: guard }, big] }, {})).toBe(true);
  });

  test('the first rule that holds wins; its Assign is made, not that of the state', () => {
    const { execution } = simulate(
      {
        StartAt: 'Choose',
        States: {
          Choose: {
            Type: 'Choice',
            Choices: [
              { Variable: '$.n', NumericEquals: 1, Next: 'Show', Assign: { 'seen.$': '$.n' } },
              { Variable: '$.n', NumericEquals: 1, Next: 'Wrong' },
            ],
            Assign: { seen: 'default' },
            Default: 'Show',
          },
          Show: { Type: 'Pass', InputPath: '$seen', End: true },
          Wrong: { Type: 'Fail' },
        },
      },
      { input: { n: 1 } },
    );
    expect(execution.output).toBe(1);
  });

  test('no rule holds and there is no Default: States.NoChoiceMatched', () => {
    const { execution } = simulate(
      { StartAt: 'Choose', States: { Choose: { Type: 'Choice', Choices: [{ ...big, Next: 'Choose' }] } } },
      { input: { n: 1 } },
    );
    expect(execution.error).toBe('States.NoChoiceMatched');
  });

  test('a JSONata condition must answer with a boolean', () => {
    const machine = (Condition: string): JsonObject => ({
      QueryLanguage: 'JSONata',
      StartAt: 'Choose',
      States: {
        Choose: { Type: 'Choice', Choices: [{ Condition, Next: 'End' }], Default: 'Choose' },
        End: { Type: 'Succeed' },
      },
    });
    expect(simulate(machine('{% $states.input.n = 1 %}'), { input: { n: 1 } }).execution.status).toBe('SUCCEEDED');
    const { execution } = simulate(machine('{% $states.input.n %}'), { input: { n: 1 } });
    expect(execution.error).toBe('States.QueryEvaluationError');
    expect(execution.cause).toContain(
      "The JSONata expression '$states.input.n' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
    );
  });
});
