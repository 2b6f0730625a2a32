/** The validator and the interpreter must agree on what is well-formed: what the one accepts the other can play. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulate, startExecution } from '../index.ts';
import type { Json, JsonObject } from '../types.ts';
import { JSONATA_ONLY, JSONPATH_ONLY } from './fields.ts';
import { validateDefinition } from './index.ts';

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const paths = fc.constantFrom(
  '$',
  '$.a',
  '$.a[0]',
  '$.a.b',
  '$$.Execution.Id',
  '$..a',
  '$.a[*]',
  '$.a[?(@.b > 1)]',
  '$v',
  'a',
  '$.',
  '$[',
);
const dynamic = fc.oneof(
  paths,
  fc.constantFrom(
    "States.Format('{}', $.a)",
    'States.UUID()',
    'States.Array($.a, 1)',
    'States.MathAdd($.a, 1)',
    'States.Format()',
    'States.No()',
  ),
);
const expression = fc.constantFrom(
  '{% $states.input %}',
  '{% $states.input.a + 1 %}',
  '{% $v %}',
  '{% 1 + %}',
  '{% a %}',
  '{% "x',
  'text',
  '{% [1..3] %}',
);
const template = fc.oneof(
  json,
  fc.dictionary(fc.constantFrom('a', 'b.$', 'c'), fc.oneof(dynamic, json), { maxKeys: 3 }),
);
const names = fc.constantFrom('A', 'B', 'C');
const errors = fc.array(fc.constantFrom('E', 'States.ALL', 'States.TaskFailed', 'States.Timeout'), { maxLength: 2 });

/** A state with fields that are often right and sometimes not. */
const state = (depth: number): fc.Arbitrary<JsonObject> => {
  const machine = (): fc.Arbitrary<Json> => (depth > 0 ? (definition(depth - 1) as fc.Arbitrary<Json>) : json);
  const common = {
    Next: names,
    End: fc.boolean(),
    InputPath: fc.oneof(paths, fc.constant(null)),
    OutputPath: paths,
    ResultPath: fc.oneof(paths, fc.constant(null)),
    Assign: fc.dictionary(fc.constantFrom('v', 'w.$', 'a-b'), dynamic, { maxKeys: 2 }),
    QueryLanguage: fc.constantFrom('JSONPath', 'JSONata'),
    Output: fc.oneof(expression, json),
    Retry: fc.array(fc.record({ ErrorEquals: errors, MaxAttempts: fc.integer({ min: -1, max: 2 }) }), { maxLength: 2 }),
    Catch: fc.array(fc.record({ ErrorEquals: errors, Next: names, ResultPath: paths }), { maxLength: 2 }),
  };
  const keys = { requiredKeys: ['Type'] as ['Type'] };
  const typed = (
    type: string,
    own: Record<string, fc.Arbitrary<Json>>,
    use: (keyof typeof common)[],
  ): fc.Arbitrary<JsonObject> =>
    fc.record(
      { Type: fc.constant(type), ...own, ...Object.fromEntries(use.map((name) => [name, common[name]])) },
      keys,
    ) as fc.Arbitrary<JsonObject>;
  const flow: (keyof typeof common)[] = ['Next', 'End', 'InputPath', 'OutputPath', 'Output', 'Assign', 'QueryLanguage'];
  const rule = fc.record(
    { Variable: paths, NumericEquals: fc.integer(), Condition: expression, Next: names },
    { requiredKeys: [] },
  );
  return fc.oneof(
    typed('Pass', { Parameters: template, Result: json }, [...flow, 'ResultPath']),
    typed('Wait', { Seconds: fc.oneof(fc.integer({ min: -1, max: 5 }), expression), SecondsPath: paths }, flow),
    typed('Succeed', {}, ['InputPath', 'OutputPath', 'Output']),
    typed('Fail', { Error: fc.oneof(fc.string(), expression), CausePath: dynamic }, []),
    typed(
      'Choice',
      { Choices: fc.array(rule as fc.Arbitrary<Json>, { maxLength: 2 }) as fc.Arbitrary<Json>, Default: names },
      ['Assign', 'QueryLanguage'],
    ),
    typed(
      'Task',
      {
        Resource: fc.constantFrom(
          'arn:aws:lambda:us-east-1:123456789012:function:f',
          'arn:aws:states:::events:putEvents',
          'f',
        ),
        Parameters: template,
        ResultSelector: template,
        TimeoutSeconds: fc.integer({ min: 0, max: 3 }),
      },
      [...flow, 'ResultPath', 'Retry', 'Catch'],
    ),
    typed('Parallel', { Branches: fc.array(machine(), { maxLength: 2 }) as fc.Arbitrary<Json> }, [
      'Next',
      'End',
      'ResultPath',
      'Catch',
    ]),
    typed('Map', { ItemProcessor: machine(), ItemsPath: paths, ItemSelector: template, Items: expression }, [
      'Next',
      'End',
      'ResultPath',
      'Catch',
    ]),
  );
};

function definition(depth: number): fc.Arbitrary<JsonObject> {
  return fc.record(
    {
      StartAt: fc.constantFrom('A', 'A', 'A', 'Nowhere'),
      States: fc.dictionary(names, fc.oneof({ weight: 9, arbitrary: state(depth) }, { weight: 1, arbitrary: json }), {
        minKeys: 1,
        maxKeys: 3,
      }) as fc.Arbitrary<Json>,
      QueryLanguage: fc.constantFrom('JSONPath', 'JSONata'),
    },
    { requiredKeys: ['StartAt', 'States'] },
  ) as fc.Arbitrary<JsonObject>;
}

/** States that are right on their own, so that many definitions are accepted and really played. */
const good = fc.tuple(fc.array(state(0), { minLength: 2, maxLength: 6 }), fc.boolean()).map(([states, jsonata]) => {
  const other = jsonata ? JSONPATH_ONLY : JSONATA_ONLY;
  const spoken = states.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([name]) => name !== 'QueryLanguage' && !other.has(name))),
  );
  const sound = spoken.filter((one) => {
    const alone = {
      ...(jsonata && { QueryLanguage: 'JSONata' }),
      StartAt: 'S',
      States: { S: rerouted(one, 'T'), T: { Type: 'Succeed' } },
    };
    return accepted(alone);
  });
  const chain = sound
    .map((one, at) => [`S${at}`, rerouted(one, `S${at + 1}`)] as const)
    .filter(([, one]) => 'Next' in one || 'Default' in one);
  return {
    ...(jsonata && { QueryLanguage: 'JSONata' }),
    StartAt: 'S0',
    States: { ...Object.fromEntries(chain), [`S${chain.length}`]: { Type: 'Succeed' } },
  } as JsonObject;
});

function rerouted(one: JsonObject, to: string): JsonObject {
  if (one.Type === 'Succeed' || one.Type === 'Fail') return one;
  const { End: _, ...state } = structuredClone(one);
  if (state.Type === 'Choice') state.Default = to;
  else state.Next = to;
  for (const list of [state.Choices, state.Catch])
    for (const entry of Array.isArray(list) ? list : [])
      if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) entry.Next = to;
  return state;
}

const accepted = (definition: Json): boolean =>
  !validateDefinition(JSON.stringify(definition), { type: 'STANDARD' }).some(({ severity }) => severity === 'ERROR');

/** What the interpreter says of a definition that it cannot read; input alone never brings these about. */
const MALFORMED =
  /is not defined|StartAt and States are required|^Invalid path '[^']*': (?!The choice)|Invalid intrinsic function|must be a valid JSONPath|A definition is a JSON object/;

function play(definition: JsonObject, input: Json): { status: string; cause: string } {
  const { execution } = simulate(definition, {
    input,
    task: () => ({ output: { a: [1, { b: 2 }] } }),
    maxInputs: 200,
  });
  const own = (execution.cause ?? '').replace(
    /^An error occurred while executing the state '[\s\S]*?' \(entered at the event id #\d+\)\. /,
    '',
  );
  return { status: execution.status, cause: own };
}

describe('validator and interpreter', () => {
  test('the validator answers to any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          definition(1).map((value) => JSON.stringify(value)),
        ),
        (text) => {
          for (const type of ['STANDARD', 'EXPRESS'] as const)
            for (const { severity, code, message } of validateDefinition(text, { type })) {
              expect(['ERROR', 'WARNING']).toContain(severity);
              expect(code).toMatch(/^[A-Z_]+$/);
              expect(message).not.toBe('');
            }
        },
      ),
      { numRuns: 500 },
    );
  });
  test('its reading of JSON is that of JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => text.slice(0, -1)),
        ),
        (text) => {
          let readable = text.trim() !== '';
          try {
            JSON.parse(text);
          } catch {
            readable = false;
          }
          const found = validateDefinition(text, { type: 'STANDARD' });
          const refused = found.some(
            ({ code, message }) =>
              (code === 'INVALID_JSON_DESCRIPTION' && !message.startsWith('Duplicate')) ||
              code === 'MISSING_DESCRIPTION',
          );
          expect(refused).toBe(!readable);
        },
      ),
      { numRuns: 500 },
    );
  });
  test('no definition makes startExecution throw; one that is accepted is never malformed to the interpreter', () => {
    fc.assert(
      fc.property(definition(1), json, (made, input) => {
        expect(() => startExecution(made, options(input))).not.toThrow();
        if (!accepted(made)) return;
        expect(play(made, input).cause).not.toMatch(MALFORMED);
      }),
      { numRuns: 60 },
    );
  });
  test('chains of sound states are accepted and played', () => {
    let long = 0;
    fc.assert(
      fc.property(good, json, (made, input) => {
        expect(accepted(made)).toBe(true);
        if (Object.keys(made.States as JsonObject).length > 1) long++;
        expect(play(made, input).cause).not.toMatch(MALFORMED);
      }),
      { numRuns: 100 },
    );
    expect(long).toBeGreaterThan(3);
  });
});

const options = (input: Json) => ({
  input,
  now: 0,
  seed: 's',
  execution: {
    arn: 'arn:aws:states:us-east-1:123456789012:execution:m:e',
    name: 'e',
    roleArn: 'arn:aws:iam::123456789012:role/r',
  },
  stateMachine: { arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:m', name: 'm' },
});
