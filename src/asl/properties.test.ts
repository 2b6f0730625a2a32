import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startExecution } from './index.ts';
import { simulate, type TaskAnswer } from './simulate.ts';
import type { ExecutionOptions, Json, JsonObject } from './types.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = (fields: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<JsonObject> =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>;

const path = pick(
  '$',
  '$.a',
  '$.a.b',
  '$.a[0]',
  "$['a','b']",
  '$..a',
  '$.a[*]',
  '$.a[?(@.b > 1)]',
  '$.a[1:]',
  '$$',
  '$$.State.Name',
  '$x',
  '$x.a',
  '$.a.length()',
);
const reference = pick('$', '$.a', '$.a.b', '$.a[0]', '$.b');
const dynamic = fc.oneof(
  path,
  pick(
    "States.Format('{} and {}', $.a, $.b)",
    'States.Array($, $.a)',
    'States.ArrayPartition($.a, 2)',
    'States.ArrayRange(0, $.a, 1)',
    'States.ArrayGetItem($.a, 0)',
    'States.ArrayUnique($.a)',
    'States.StringToJson($.a)',
    'States.JsonToString($)',
    'States.JsonMerge($.a, $.b, false)',
    "States.StringSplit($.a, ',')",
    "States.Hash($.a, 'MD5')",
    'States.MathAdd($.a, $.b)',
    'States.MathRandom(0, $.a)',
    'States.UUID()',
    'States.Base64Decode($.a)',
  ),
);
const expression = pick(
  '$states.input',
  '$states.input.a + 1',
  '$states.input.a.b',
  '$states.input.a[b > 1]',
  '$states.input.a ~> $map(function($v) { $v.b & $x })',
  '$sum($states.input.a)',
  '$states.input.**.a',
  '$states.input.a^(b)',
  '$states.input.a{b: $}',
  '$states.input ~> |a|{"z": $x}|',
  '$split($states.input.a, /a/)',
  '$partition($states.input.a, $states.input.b)',
  '$range(0, $states.input.a, 1)',
  '$parse($states.input.a)',
  '$toMillis($states.input.a)',
  '$states.context.State.Name',
  '$uuid() & $random() & $now()',
  '$x := 1',
  '$keys($states.input).($lookup($states.input, $))',
).map((text) => `{% ${text} %}`);

const assign = fc
  .oneof(dynamic, json)
  .map(
    (value): JsonObject => (typeof value === 'string' && /^(\$|States)/.test(value) ? { 'x.$': value } : { x: value }),
  );
const template = fc
  .record({ p: dynamic, q: json })
  .map(({ p, q }): JsonObject => ({ 'p.$': p, q, deep: [{ 'p.$': p }] }));
const catcher = fc.record({
  names: pick('States.ALL', 'States.TaskFailed', 'E', 'States.Timeout'),
  more: some({ ResultPath: fc.oneof(reference, fc.constant(null)), Assign: assign }),
});
const recovery: Record<string, fc.Arbitrary<Json>> = {
  Retry: pick('States.ALL', 'E').map((name): Json => [{ ErrorEquals: [name], MaxAttempts: 1, JitterStrategy: 'FULL' }]),
  Catch: catcher.map(({ names, more }): Json => [{ ErrorEquals: [names], Next: 'Last', ...more }]),
};
const flow: Record<string, fc.Arbitrary<Json>> = { InputPath: path, OutputPath: path, Assign: assign };

const comparison = fc
  .record({
    Variable: path,
    operator: pick(
      'StringEquals',
      'NumericLessThan',
      'BooleanEquals',
      'TimestampGreaterThan',
      'IsPresent',
      'IsNull',
      'StringMatches',
      'StringEqualsPath',
      'NumericEqualsPath',
    ),
    expected: fc.oneof(json, path),
  })
  .map(
    ({ Variable, operator, expected }): JsonObject => ({
      Variable,
      [operator]: operator.endsWith('Path') ? '$.a' : expected,
    }),
  );

const inner = (state: JsonObject): JsonObject => ({ StartAt: 'I', States: { I: { ...state, End: true } } });
const pathState = fc.oneof(
  some({ ...flow, Parameters: template, ResultPath: reference, Result: json }).map((s) => ({ ...s, Type: 'Pass' })),
  some({
    ...flow,
    ...recovery,
    Parameters: template,
    ResultSelector: template,
    ResultPath: reference,
    HeartbeatSeconds: pick<Json>(1),
    TimeoutSecondsPath: reference,
  }).map((s) => ({ ...s, Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' })),
  fc.record({ a: comparison, b: comparison }).map(({ a, b }) => ({
    Type: 'Choice',
    Choices: [
      { And: [a, { Not: b }], Next: 'Last' },
      { Or: [b, a], Next: 'Last' },
    ],
    Default: 'Last',
  })),
  fc
    .oneof(some({ SecondsPath: reference }), some({ TimestampPath: reference }))
    .map((s) => ({ Seconds: 1, ...s, Type: 'Wait' })),
  some({
    ...flow,
    ...recovery,
    ItemsPath: path,
    ItemSelector: template,
    MaxConcurrencyPath: reference,
    ToleratedFailureCountPath: reference,
  }).map((s) => ({
    ...s,
    Type: 'Map',
    ItemProcessor: inner({ Type: 'Pass', Parameters: { 'v.$': '$$.Map.Item.Value' } }),
  })),
  some({ ...flow, ...recovery, Parameters: template, ResultSelector: template }).map((s) => ({
    ...s,
    Type: 'Parallel',
    Branches: [inner({ Type: 'Pass', Assign: { 'x.$': '$' } }), inner({ Type: 'Wait', Seconds: 1 })],
  })),
);
const dataState: fc.Arbitrary<JsonObject> = fc
  .oneof(
    some({ Output: expression, Assign: expression.map((x): Json => ({ x })) }).map((s) => ({ ...s, Type: 'Pass' })),
    some({ Arguments: expression, Output: expression, TimeoutSeconds: expression }).map((s) => ({
      ...s,
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
    })),
    expression.map((Condition) => ({ Type: 'Choice', Choices: [{ Condition, Next: 'Last' }], Default: 'Last' })),
    fc
      .oneof(
        some({ Seconds: expression }),
        expression.map((Timestamp): JsonObject => ({ Timestamp })),
      )
      .map((s) => ({ Seconds: 0, ...s, Type: 'Wait' })),
    some({ Items: expression, ItemSelector: expression, MaxConcurrency: expression }).map((s) => ({
      ...s,
      Type: 'Map',
      ItemProcessor: inner({ Type: 'Pass' }),
    })),
  )
  .map((s): JsonObject => ({ ...s, QueryLanguage: 'JSONata' }));

const machine = fc
  .array(fc.oneof(pathState as fc.Arbitrary<JsonObject>, dataState), { minLength: 1, maxLength: 4 })
  .map((states): JsonObject => {
    const named = states.map((state, at): [string, JsonObject] => [
      `S${at}`,
      state.Type === 'Choice' ? state : { ...state, Next: at + 1 < states.length ? `S${at + 1}` : 'Last' },
    ]);
    return {
      StartAt: 'S0',
      TimeoutSeconds: 10_000,
      States: { ...Object.fromEntries(named), Last: { Type: 'Succeed' } },
    };
  });
const input = fc.oneof(
  json,
  fc.record({ a: fc.oneof(json, fc.array(json), fc.nat(20)), b: fc.oneof(json, fc.nat(3)) }) as fc.Arbitrary<Json>,
);
const answer = fc.oneof(
  json.map((output): TaskAnswer => ({ output })),
  pick<TaskAnswer>(
    { error: 'E', cause: 'c' },
    { error: 'States.TaskFailed' },
    { pending: true },
    { output: 1, submitted: 2, after: 500 },
  ),
);

const options = (value: Json): ExecutionOptions => ({
  input: value,
  now: Date.UTC(2026, 0, 1),
  seed: 'seed',
  execution: { arn: 'arn:aws:states:us-east-1:123456789012:execution:m:e', name: 'e', roleArn: 'r' },
  stateMachine: { arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:m', name: 'm' },
});

describe('the interpreter', () => {
  test('ends every workflow on every input, with an output or a States error', () => {
    fc.assert(
      fc.property(machine, input, answer, (definition, value, said) => {
        const { execution } = simulate(definition, { ...options(value), task: () => said });
        expect(execution.status).toMatch(/^(SUCCEEDED|FAILED|TIMED_OUT)$/);
        expect(execution.pending()).toEqual([]);
        if (execution.status !== 'SUCCEEDED') expect(execution.error).toMatch(/^(States\.\w+|E)$/);
        expect(() => JSON.stringify(execution.history)).not.toThrow();
        expect(execution.history.map(({ id }) => id)).toEqual(execution.history.map((_, at) => at + 1));
      }),
      { numRuns: 400, endOnFailure: true, interruptAfterTimeLimit: 8000 },
    );
  });

  test('throws nothing whatever is given as a definition', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), json as fc.Arbitrary<JsonObject>), json, (definition, value) => {
        expect(startExecution(definition as JsonObject, options(value)).execution.status).toBe('FAILED');
      }),
      { numRuns: 200, endOnFailure: true, interruptAfterTimeLimit: 8000 },
    );
  });

  test('throws nothing when a state has fields it should not have', () => {
    const field = pick(
      'Parameters',
      'InputPath',
      'ResultPath',
      'OutputPath',
      'Result',
      'Retry',
      'Catch',
      'Choices',
      'Seconds',
      'Branches',
      'ItemProcessor',
      'Resource',
      'Assign',
      'Output',
      'Items',
      'Next',
    );
    const state = fc.record({
      Type: pick('Pass', 'Task', 'Choice', 'Wait', 'Map', 'Parallel', 'Fail', 'Succeed', 'Other'),
      fields: fc.dictionary(field, fc.oneof(json, path, expression)),
      QueryLanguage: pick('JSONPath', 'JSONata'),
    });
    fc.assert(
      fc.property(state, input, ({ Type, fields, QueryLanguage }, value) => {
        const { execution } = simulate(
          {
            StartAt: 'S',
            TimeoutSeconds: 60,
            States: { S: { ...fields, Type, QueryLanguage, End: true } as JsonObject },
          },
          { ...options(value), task: () => ({ output: 1 }) },
        );
        expect(execution.status).not.toBe('RUNNING');
      }),
      { numRuns: 400, endOnFailure: true, interruptAfterTimeLimit: 8000 },
    );
  });

  test('played again from its inputs it writes the same history and asks for the same', () => {
    fc.assert(
      fc.property(machine, input, answer, (definition, value, said) => {
        const first = simulate(definition, { ...options(value), task: () => said });
        const again = startExecution(structuredClone(definition), options(value));
        const effects = [...again.effects, ...first.inputs.flatMap((delivered) => again.execution.deliver(delivered))];
        expect(again.execution.history).toEqual(first.execution.history);
        expect(effects.filter(({ kind }) => kind === 'task')).toEqual(first.tasks);
      }),
      { numRuns: 200, endOnFailure: true, interruptAfterTimeLimit: 8000 },
    );
  });

  test('changes nothing that it was given', () => {
    fc.assert(
      fc.property(machine, input, answer, (definition, value, said) => {
        const before = JSON.stringify([definition, value, said]);
        simulate(definition, { ...options(value), task: () => said });
        expect(JSON.stringify([definition, value, said])).toBe(before);
      }),
      { numRuns: 100, endOnFailure: true, interruptAfterTimeLimit: 8000 },
    );
  });
});
