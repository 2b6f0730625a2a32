/** One file, so that the sections of the language stand here in its own order, one after the other. */
import { describe, expect, test } from 'vitest';
import { type SimulateOptions, simulate } from './simulate.ts';
import type { Json, JsonObject } from './types.ts';

/** Plays one state, or several of which the first is the start. */
function play(states: JsonObject, input: Json = {}, options: Partial<SimulateOptions> = {}, more: JsonObject = {}) {
  const { execution, now } = simulate(
    { ...more, StartAt: Object.keys(states)[0] ?? '', States: states },
    { input, ...options },
  );
  return {
    ...execution,
    execution,
    now,
    status: execution.status,
    output: execution.output,
    error: execution.error,
    cause: execution.cause,
    types: execution.history.map((event) => event.type),
  };
}
const one = (state: JsonObject, input?: Json, options?: Partial<SimulateOptions>) =>
  play(
    { S: { ...(state.Type === 'Succeed' || state.Type === 'Fail' ? {} : { End: true }), ...state } },
    input,
    options,
  );

describe('States Language "Input and Output Processing" (JSONPath)', () => {
  test.each<[string, JsonObject, Json, Json]>([
    ['nothing written', {}, { a: 1 }, { a: 1 }],
    ['InputPath', { InputPath: '$.a' }, { a: { b: 1 } }, { b: 1 }],
    ['InputPath null', { InputPath: null }, { a: 1 }, {}],
    ['InputPath of the context', { InputPath: '$$.Execution.Input' }, { a: 1 }, { a: 1 }],
    ['OutputPath', { OutputPath: '$.a' }, { a: 2 }, 2],
    ['OutputPath null', { OutputPath: null }, { a: 2 }, {}],
    ['Result', { Result: [1] }, { a: 1 }, [1]],
    ['Result and ResultPath', { Result: 1, ResultPath: '$.b.c' }, { a: 1 }, { a: 1, b: { c: 1 } }],
    ['ResultPath replaces', { Result: 1, ResultPath: '$.a' }, { a: { x: 1 }, b: 2 }, { a: 1, b: 2 }],
    ['ResultPath into an array', { Result: 'x', ResultPath: '$.a[1]' }, { a: [0, 1, 2] }, { a: [0, 'x', 2] }],
    ['ResultPath null', { Result: 1, ResultPath: null }, { a: 1 }, { a: 1 }],
    [
      'ResultPath keeps the raw input, not what InputPath left',
      { InputPath: '$.a', ResultPath: '$.b' },
      { a: 1 },
      { a: 1, b: 1 },
    ],
    [
      'Parameters',
      { Parameters: { 'x.$': '$.a[1:]', y: { 'z.$': '$$.State.Name' }, plain$: '$.a' } },
      { a: [1, 2] },
      { x: [2], y: { z: 'S' }, plain$: '$.a' },
    ],
    ['Parameters in arrays', { Parameters: { list: [{ 'n.$': '$.n' }, 1] } }, { n: 7 }, { list: [{ n: 7 }, 1] }],
    ['Result is not a template', { Result: { 'x.$': '$.a' } }, {}, { 'x.$': '$.a' }],
    [
      'a field named __proto__',
      { Parameters: JSON.parse('{"__proto__": {"a": 1}}') },
      {},
      JSON.parse('{"__proto__": {"a": 1}}'),
    ],
  ])('%s', (_, state, input, expected) => {
    const run = one({ Type: 'Pass', ...state }, input);
    expect(JSON.stringify(run.output)).toBe(JSON.stringify(expected));
  });

  test('ResultSelector shapes what a task answered', () => {
    const { output } = one(
      {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        ResultSelector: { 'n.$': '$.Payload.n', from: 'task' },
        ResultPath: '$.r',
        OutputPath: '$.r',
      },
      {},
      { task: () => ({ output: { Payload: { n: 1 } } }) },
    );
    expect(output).toEqual({ n: 1, from: 'task' });
  });

  test.each<[JsonObject, Json, string, string]>([
    [
      { InputPath: '$.a' },
      { b: 1 },
      'States.Runtime',
      "The JSONPath '$.a' specified for the field 'InputPath' could not be found in the input '{\"b\":1}'",
    ],
    [
      { OutputPath: '$.a' },
      {},
      'States.Runtime',
      "The JSONPath '$.a' specified for the field 'OutputPath' could not be found in the input '{}'",
    ],
    [
      { Parameters: { d: { 'x.$': '$.a' } } },
      {},
      'States.Runtime',
      "The JSONPath '$.a' specified for the field 'x.$' could not be found in the input '{}'",
    ],
    [
      { ResultPath: '$.a.b' },
      { a: 1 },
      'States.ResultPathMatchFailure',
      'Unable to apply step "$.a.b" to input {"a":1}',
    ],
    [{ ResultPath: '$.a' }, [1], 'States.ResultPathMatchFailure', 'Unable to apply step "$.a" to input [1]'],
  ])('%j of %j fails', (state, input, error, cause) => {
    expect(one({ Type: 'Pass', ...state }, input)).toMatchObject({
      status: 'FAILED',
      error,
      cause: `An error occurred while executing the state 'S' (entered at the event id #2). ${cause}`,
    });
  });
});

describe('AWS "Accessing execution data from the Context object"', () => {
  test('execution, state machine and state', () => {
    const { output } = one({ Type: 'Pass', Parameters: { 'c.$': '$$' }, OutputPath: '$.c' }, { in: 1 }, { now: 0 });
    expect(output).toMatchObject({
      Execution: { Input: { in: 1 }, Name: 'simulated', StartTime: '1970-01-01T00:00:00Z' },
      State: { Name: 'S', EnteredTime: '1970-01-01T00:00:00Z', RetryCount: 0 },
      StateMachine: { Name: 'Workflow' },
    });
  });

  // "Timestamp format with fractional seconds": "zero, three, six or nine digits as necessary".
  test.each([
    [1_756_289_082_000, '2025-08-27T10:04:42Z'],
    [1_756_289_082_001, '2025-08-27T10:04:42.001Z'],
    [1_756_289_082_100, '2025-08-27T10:04:42.100Z'],
  ])('%d is %s', (now, text) => {
    const Parameters = { 's.$': '$$.Execution.StartTime', 'e.$': '$$.State.EnteredTime' };
    expect(one({ Type: 'Pass', Parameters }, {}, { now }).output).toEqual({ s: text, e: text });
  });
});

describe('AWS "Accessing execution data from the Context object": Map state data', () => {
  const inner = (mode: JsonObject = {}) => ({
    ...mode,
    StartAt: 'TestPass',
    States: { TestPass: { Type: 'Pass', End: true } },
  });
  const distributed = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };

  test.each<[string, JsonObject]>([
    [
      'JSONPath',
      {
        'ContextIndex.$': '$$.Map.Item.Index',
        'ContextValue.$': '$$.Map.Item.Value',
        'ContextSource.$': '$$.Map.Item.Source',
      },
    ],
    [
      'JSONata',
      {
        ContextIndex: '{% $states.context.Map.Item.Index %}',
        ContextValue: '{% $states.context.Map.Item.Value %}',
        ContextSource: '{% $states.context.Map.Item.Source %}',
      },
    ],
  ])('the example of the page in %s', (QueryLanguage, ItemSelector) => {
    const run = one({ Type: 'Map', QueryLanguage, ItemSelector, ItemProcessor: inner() }, [
      { who: 'bob' },
      { who: 'meg' },
    ]);
    expect(run.output).toEqual([
      { ContextIndex: 0, ContextValue: { who: 'bob' }, ContextSource: 'STATE_DATA' },
      { ContextIndex: 1, ContextValue: { who: 'meg' }, ContextSource: 'STATE_DATA' },
    ]);
  });

  test.each<[JsonObject, Json, string]>([
    [{ Bucket: 'bucket-name', Key: 'object-key' }, { Body: '[1]' }, 'S3://bucket-name/object-key'],
    [{ Bucket: 'bucket-name' }, { Contents: [{ Key: 'a' }] }, 'S3://bucket-name'],
  ])('items read with %j', (Parameters, output, source) => {
    const ItemReader = { Resource: 'arn:aws:states:::s3:getObject', Parameters };
    const ItemSelector = { 's.$': '$$.Map.Item.Source' };
    const run = one(
      { Type: 'Map', ItemReader, ItemSelector, ItemProcessor: inner(distributed) },
      {},
      { task: () => ({ output }) },
    );
    expect(run.output).toEqual([{ s: source }]);
  });

  // "ItemsPath (Map, JSONPath only)": an iteration for each pair of an object, "passing the pair to the iteration as input".
  test('the pairs of an object', () => {
    const web = { server1: { port: 80 }, server2: { port: 8080 } };
    const map = { Type: 'Map', ItemsPath: '$.servers.web', ItemProcessor: inner(distributed) };
    expect(one(map, { servers: { web } }).output).toEqual([
      { Key: 'server1', Value: { port: 80 } },
      { Key: 'server2', Value: { port: 8080 } },
    ]);
    const ItemSelector = { 'k.$': '$$.Map.Item.Key', 'v.$': '$$.Map.Item.Value.port' };
    expect(one({ ...map, ItemSelector }, { servers: { web } }).output).toEqual([
      { k: 'server1', v: 80 },
      { k: 'server2', v: 8080 },
    ]);
  });
});

describe('AWS "Passing data between states with variables"', () => {
  test('JSONPath: Assign sees the result and the variables as they were', () => {
    const run = play({
      A: { Type: 'Pass', Result: { n: 1 }, Assign: { 'n.$': '$.n', list: [1, 2] }, Next: 'B' },
      B: { Type: 'Pass', Assign: { n: 2, 'old.$': '$n', 'second.$': '$list[1]' }, Next: 'C' },
      C: { Type: 'Pass', Parameters: { 'all.$': 'States.Array($n, $old, $second)' }, End: true },
    });
    expect(run.output).toEqual({ all: [2, 1, 2] });
    expect(
      run.execution.history.find((event) => event.type === 'PassStateExited')?.stateExitedEventDetails,
    ).toMatchObject({
      assignedVariables: { n: '1', list: '[1,2]' },
      assignedVariablesDetails: { truncated: false },
    });
  });

  test("JSONPath: `$` in a Task's Assign is the result of the API, before ResultSelector", () => {
    const run = play(
      {
        A: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          ResultSelector: { 'kept.$': '$.code' },
          Assign: { 'whole.$': '$' },
          Next: 'B',
        },
        B: { Type: 'Pass', Parameters: { 'in.$': '$', 'whole.$': '$whole' }, End: true },
      },
      {},
      { task: () => ({ output: { code: 7, more: 1 } }) },
    );
    expect(run.output).toEqual({ in: { kept: 7 }, whole: { code: 7, more: 1 } });
  });

  test('a branch reads what is outside and keeps what it assigns to itself', () => {
    const run = play({
      A: { Type: 'Pass', Assign: { x: 'outer' }, Next: 'B' },
      B: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'B1',
            States: {
              B1: { Type: 'Pass', Assign: { y: 'inner' }, Next: 'B2' },
              B2: { Type: 'Pass', Parameters: { 'seen.$': 'States.Array($x, $y)' }, End: true },
            },
          },
        ],
        Assign: { 'z.$': '$[0].seen' },
        Next: 'C',
      },
      C: { Type: 'Pass', InputPath: '$z', Next: 'D' },
      D: { Type: 'Pass', InputPath: '$y', End: true },
    });
    expect(
      run.execution.history.filter((event) => event.type === 'PassStateExited').at(-1)?.stateExitedEventDetails,
    ).toMatchObject({
      name: 'C',
      output: '["outer","inner"]',
    });
    expect(run.error).toBe('States.Runtime');
  });
});

describe('States Language "Wait State"', () => {
  const waited = (state: JsonObject, input: Json = {}) => {
    const run = one({ Type: 'Wait', ...state }, input, { now: 0 });
    return run.error ?? run.now / 1000;
  };

  test.each<[JsonObject, Json, number | string]>([
    [{ Seconds: 10 }, {}, 10],
    [{ SecondsPath: '$.s' }, { s: 3 }, 3],
    [{ SecondsPath: '$.s' }, { s: '3' }, 'States.Runtime'],
    [{ SecondsPath: '$.s' }, {}, 'States.Runtime'],
    [{ Timestamp: '1970-01-01T00:01:00Z' }, {}, 60],
    [{ Timestamp: '1969-01-01T00:01:00Z' }, {}, 0],
    [{ TimestampPath: '$.t' }, { t: '1970-01-01T01:00:30.5+01:00' }, 30.5],
    [{ TimestampPath: '$.t' }, { t: '1970-01-01' }, 'States.Runtime'],
    [{ TimestampPath: '$.t' }, { t: 5 }, 'States.Runtime'],
    [{ QueryLanguage: 'JSONata', Seconds: '{% $states.input.s * 2 %}' }, { s: 2 }, 4],
    [{ QueryLanguage: 'JSONata', Seconds: '{% -1 %}' }, {}, 'States.QueryEvaluationError'],
    [{ QueryLanguage: 'JSONata', Seconds: '{% 0.5 %}' }, {}, 'States.QueryEvaluationError'],
    [{ QueryLanguage: 'JSONata', Timestamp: '{% $states.input.t %}' }, { t: '1970-01-01T00:00:05Z' }, 5],
    [{ QueryLanguage: 'JSONata', Timestamp: '{% $states.input.t %}' }, { t: 'soon' }, 'States.QueryEvaluationError'],
  ])('%j with %j: %s', (state, input, expected) => {
    expect(waited(state, input)).toBe(expected);
  });
});

describe('States Language "Succeed State" and "Fail State"', () => {
  test('Succeed ends the execution with its output', () => {
    expect(one({ Type: 'Succeed', OutputPath: '$.a' }, { a: 1 })).toMatchObject({ status: 'SUCCEEDED', output: 1 });
    expect(
      one({ Type: 'Succeed', QueryLanguage: 'JSONata', Output: '{% $states.input.a + 1 %}' }, { a: 1 }).output,
    ).toBe(2);
  });

  test.each<[JsonObject, string | undefined, string | undefined]>([
    [{ Error: 'E', Cause: 'C' }, 'E', 'C'],
    [{}, undefined, undefined],
    [{ ErrorPath: '$.e', CausePath: "States.Format('because {}', $.e)" }, 'Oops', 'because Oops'],
    [{ QueryLanguage: 'JSONata', Error: '{% $states.input.e %}', Cause: 'plain' }, 'Oops', 'plain'],
    [
      { QueryLanguage: 'JSONata', Error: '{% 1 %}' },
      'States.QueryEvaluationError',
      expect.stringContaining("Expected 'string'") as unknown as string,
    ],
    [{ ErrorPath: '$.n' }, 'States.Runtime', expect.stringContaining('$.n == 5') as unknown as string],
  ])('Fail %j', (state, error, cause) => {
    const run = one({ Type: 'Fail', ...state }, { e: 'Oops', n: 5 });
    expect(run).toMatchObject({ status: 'FAILED' });
    expect([run.error, run.cause]).toEqual([error, cause]);
    expect(run.types).not.toContain('FailStateExited');
  });
});

describe('States Language "Parallel State"', () => {
  const pass = (name: string, more: JsonObject = {}): JsonObject => ({
    StartAt: name,
    States: { [name]: { Type: 'Pass', End: true, ...more } },
  });
  const wait = (name: string, seconds: number): JsonObject => ({
    StartAt: name,
    States: { [name]: { Type: 'Wait', Seconds: seconds, End: true } },
  });
  const fail = (name: string): JsonObject => ({
    StartAt: name,
    States: { [name]: { Type: 'Fail', Error: 'Broken', Cause: name } },
  });

  test('branches get the same input; outputs come in the order of the branches', () => {
    const run = one(
      {
        Type: 'Parallel',
        Parameters: { 'n.$': '$.n' },
        Branches: [wait('slow', 5), pass('fast', { Result: 2 })],
        ResultPath: '$.r',
      },
      { n: 1, m: 0 },
    );
    expect(run.output).toEqual({ n: 1, m: 0, r: [{ n: 1 }, 2] });
    expect(run.types.filter((type) => type.startsWith('Parallel'))).toEqual([
      'ParallelStateEntered',
      'ParallelStateStarted',
      'ParallelStateSucceeded',
      'ParallelStateExited',
    ]);
  });

  test('branches run at the same time', () => {
    const run = one({ Type: 'Parallel', Branches: [wait('a', 5), wait('b', 5)] }, {}, { now: 0 });
    expect(run.now).toBe(5000);
  });

  test('the first failure ends the others and may be caught', () => {
    const run = play(
      {
        P: {
          Type: 'Parallel',
          Branches: [wait('a', 5), fail('b')],
          Catch: [{ ErrorEquals: ['Broken'], Next: 'End' }],
          End: true,
        },
        End: { Type: 'Succeed' },
      },
      {},
      { now: 0 },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Broken', Cause: 'b' }, now: 0 });
    expect(run.types.slice(-5)).toEqual([
      'ParallelStateFailed',
      'ParallelStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
    expect(run.execution.pending()).toEqual([]);
  });

  test('a retry starts all branches again', () => {
    const run = one({ Type: 'Parallel', Branches: [fail('b')], Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }] });
    expect(run.types.filter((type) => type === 'ParallelStateStarted')).toHaveLength(2);
    expect(run.types.filter((type) => type === 'ParallelStateFailed')).toHaveLength(1);
  });
});

describe('States Language "Map State"', () => {
  const each = (state: JsonObject = { Type: 'Pass', End: true }, config?: JsonObject): JsonObject => ({
    ...(config && { ProcessorConfig: config }),
    StartAt: 'Each',
    States: { Each: state },
  });
  const distributed = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };

  test('an item each, in order; the context object knows index and value', () => {
    const run = one(
      {
        Type: 'Map',
        ItemsPath: '$.list',
        ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'all.$': '$.list.length()' },
        ItemProcessor: each(),
        ResultPath: '$.out',
        OutputPath: '$.out',
      },
      { list: ['a', 'b'] },
    );
    expect(run.output).toEqual([
      { i: 0, v: 'a', all: 2 },
      { i: 1, v: 'b', all: 2 },
    ]);
  });

  test('Iterator and Parameters, the older names', () => {
    const run = one({ Type: 'Map', Parameters: { 'v.$': '$$.Map.Item.Value' }, Iterator: each() }, [1]);
    expect(run.output).toEqual([{ v: 1 }]);
  });

  test('no items, no iterations', () => {
    const run = one({ Type: 'Map', ItemProcessor: each() }, []);
    expect(run.output).toEqual([]);
    expect(run.types).toContain('MapStateStarted');
  });

  test.each([
    [0, 5],
    [1, 15],
    [2, 10],
  ])('MaxConcurrency %d: three waits of five seconds take %d', (MaxConcurrency, seconds) => {
    const state = { Type: 'Map', MaxConcurrency, ItemProcessor: each({ Type: 'Wait', Seconds: 5, End: true }) };
    expect(one(state, [1, 2, 3], { now: 0 }).now).toBe(seconds * 1000);
  });

  test('what is no array is refused', () => {
    expect(one({ Type: 'Map', ItemsPath: '$.a', ItemProcessor: each() }, { a: 'x' })).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringContaining('Reference path "$.a" must point to array.'),
    });
    expect(one({ Type: 'Map', QueryLanguage: 'JSONata', Items: '{% "x" %}', ItemProcessor: each() }).error).toBe(
      'States.QueryEvaluationError',
    );
  });

  test('a failed iteration ends the others and the state', () => {
    const run = one(
      {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Choose',
          States: {
            Choose: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Rest' },
            Bad: { Type: 'Fail', Error: 'Bad' },
            Rest: { Type: 'Wait', Seconds: 9, End: true },
          },
        },
      },
      [1, 2, 3],
    );
    expect(run.error).toBe('Bad');
    expect(run.types.filter((type) => type.startsWith('Map'))).toEqual([
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'MapIterationStarted',
      'MapIterationStarted',
      'MapIterationFailed',
      'MapIterationAborted',
      'MapIterationAborted',
      'MapStateFailed',
    ]);
  });

  // DG, "Handling errors in Step Functions workflows": what a Map reports, its own Retry and Catch may take.
  test.each<[string, JsonObject]>([
    ['States.IntrinsicFailure', { ItemSelector: { 'v.$': 'States.ArrayGetItem($, 9)' } }],
    ['States.QueryEvaluationError', { QueryLanguage: 'JSONata', ItemSelector: { v: '{% $states.input.none %}' } }],
  ])('%s of an ItemSelector fails its iteration and is caught', (error, selector) => {
    const map = { Type: 'Map', ...selector, ItemProcessor: each(), End: true };
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }];
    const caught = play({ Map: { ...map, Catch }, Caught: { Type: 'Succeed' } }, [1]);
    const cause = expect.stringContaining(
      "An error occurred while executing the state 'Map' (entered at the event id #2). ",
    );
    expect(caught.output).toEqual({ Error: error, Cause: cause });
    expect(caught.types.slice(3, -4)).toEqual([
      'MapIterationStarted',
      ...(error === 'States.QueryEvaluationError' ? ['EvaluationFailed'] : []),
      'MapIterationFailed',
      'MapStateFailed',
    ]);
    expect(play({ Map: map }, [1])).toMatchObject({ status: 'FAILED', error, cause });
  });

  test('a distributed map writes its run, not its iterations', () => {
    const run = one({ Type: 'Map', ItemProcessor: each(undefined, distributed) }, [1, 2]);
    expect(run.output).toEqual([1, 2]);
    expect(run.types.filter((type) => type.startsWith('Map') || type.startsWith('Pass'))).toEqual([
      'MapStateEntered',
      'MapStateStarted',
      'MapRunStarted',
      'MapRunSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
    ]);
  });

  test.each<[JsonObject, boolean]>([
    [{}, false],
    [{ ToleratedFailureCount: 1 }, true],
    [{ ToleratedFailureCountPath: '$.one' }, true],
    [{ ToleratedFailurePercentage: 40 }, true],
    [{ ToleratedFailurePercentage: 30 }, false],
    [{ ToleratedFailureCount: 0 }, false],
  ])('one failure in three with %j', (tolerance, good) => {
    const run = one(
      {
        Type: 'Map',
        ItemsPath: '$.items',
        ...tolerance,
        ItemProcessor: {
          ProcessorConfig: distributed,
          StartAt: 'Choose',
          States: {
            Choose: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Rest' },
            Bad: { Type: 'Fail', Error: 'Bad', Cause: 'two' },
            Rest: { Type: 'Pass', End: true },
          },
        },
      },
      { items: [1, 2, 3], one: 1 },
    );
    expect(run.error).toBe(good ? undefined : 'States.ExceedToleratedFailureThreshold');
    // "ResultWriter (Map)": "If a child workflow execution fails, Step Functions returns its execution result unchanged."
    const name = expect.stringMatching(/^[\da-f-]{36}$/);
    const failed = {
      ExecutionArn: expect.stringMatching(/^arn:aws:states:us-east-1:123456789012:execution:Workflow\/S:[\da-f-]{36}$/),
      Input: '2',
      InputDetails: { Included: true },
      Name: name,
      Error: 'Bad',
      Cause: 'two',
      RedriveCount: 0,
      StartDate: '2026-01-01T00:00:00Z',
      StateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Workflow/S',
      Status: 'FAILED',
      StopDate: '2026-01-01T00:00:00Z',
    };
    if (good) expect(run.output).toEqual([1, failed, 3]);
  });

  test('ItemBatcher hands several items to one child', () => {
    const run = one(
      {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'shop.$': '$.shop' } },
        ItemProcessor: each(undefined, distributed),
      },
      { items: [1, 2, 3], shop: 's' },
    );
    expect(run.output).toEqual([
      { BatchInput: { shop: 's' }, Items: [1, 2] },
      { BatchInput: { shop: 's' }, Items: [3] },
    ]);
    const state = {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemBatcher: { MaxItemsPerBatchPath: '$.most' },
      ItemProcessor: each(undefined, distributed),
    };
    expect(one(state, { items: [1, 2], most: 2 }).output).toEqual([{ Items: [1, 2] }]);
    expect(one(state, { items: [1, 2], most: 0 })).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  test('ResultWriter flattens; a bucket is refused by name', () => {
    const writing = (ResultWriter: JsonObject) =>
      one({ Type: 'Map', ResultWriter, ItemProcessor: each(undefined, distributed) }, [[1], [2, 3]]);
    expect(writing({ WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } }).output).toEqual([1, 2, 3]);
    expect(writing({ Resource: 'arn:aws:states:::s3:putObject' }).error).toBe('States.ResultWriterFailed');
  });

  test.each<[string, JsonObject, Json]>([
    ['[1,2]', { InputType: 'JSON' }, [1, 2]],
    ['{"a":{"b":[3]}}', { InputType: 'JSON', ItemsPointer: '/a/b' }, [3]],
    ['{"n":1}\n{"n":2}\n', { InputType: 'JSONL', MaxItems: 1 }, [{ n: 1 }]],
    ['[1,2,3]', { InputType: 'JSON', MaxItemsPath: '$.most' }, [1, 2]],
    ['[1,2,3]', { InputType: 'JSON', MaxItems: 0 }, [1, 2, 3]],
    ['a,b\n1,"x, ""y"""\n', { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }, [{ a: '1', b: 'x, "y"' }]],
    [
      '1;2',
      { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: ['p', 'q'], CSVDelimiter: 'SEMICOLON' },
      [{ p: '1', q: '2' }],
    ],
    // "Backslashes (\\) are another way to escape special characters."
    [
      'path,size,note\nC:\\\\Program Files\\\\MyApp.exe,6534512,"a\\, \\x"',
      { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
      [{ path: 'C:\\Program Files\\MyApp.exe', size: '6534512', note: 'a, x' }],
    ],
  ])('ItemReader reads %j as %j', (Body, ReaderConfig, expected) => {
    const asked = '{"Bucket":"b","Key":"k"}';
    const run = one(
      {
        Type: 'Map',
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig,
          Parameters: { Bucket: 'b', 'Key.$': '$.key' },
        },
        ItemProcessor: each(undefined, distributed),
      },
      { key: 'k', most: 2 },
      { task: ({ parameters }) => ({ output: { Body: JSON.stringify(parameters) === asked ? Body : '' } }) },
    );
    expect(run.output).toEqual(expected);
  });
});

describe('AWS "Step Functions service quotas": history', () => {
  test('a STANDARD execution ends with its 25,000th event; an EXPRESS one goes on', () => {
    const loop = { StartAt: 'S', States: { S: { Type: 'Pass', Next: 'S' } } };
    const { execution } = simulate(loop, { input: {} });
    expect(execution.history).toHaveLength(25_000);
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    });
  });

  test('inside a branch no catcher writes on', () => {
    const { execution } = simulate(
      {
        StartAt: 'P',
        States: {
          P: {
            Type: 'Parallel',
            Branches: [{ StartAt: 'S', States: { S: { Type: 'Pass', Next: 'S' } } }],
            Catch: [{ ErrorEquals: ['States.ALL'], Next: 'P' }],
            End: true,
          },
        },
      },
      { input: {} },
    );
    expect(execution.history).toHaveLength(25_000);
    expect(execution.status).toBe('FAILED');
  });
});

test('States Language "QueryLanguage": states inside a Map follow the workflow, not the Map', () => {
  const { execution } = simulate(
    {
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          QueryLanguage: 'JSONata',
          Items: '{% [1, 2] %}',
          ItemProcessor: {
            StartAt: 'I',
            States: { I: { Type: 'Pass', Parameters: { 'v.$': '$' }, End: true } },
          },
          End: true,
        },
      },
    },
    { input: {} },
  );
  expect(execution.output).toEqual([{ v: 1 }, { v: 2 }]);
});

test('onInspect tells the data flow of a state in order', () => {
  const seen: [string, Json][] = [];
  one(
    {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      InputPath: '$.a',
      Parameters: { 'p.$': '$.b' },
      ResultSelector: { 'r.$': '$.x' },
      ResultPath: '$.out',
    },
    { a: { b: 1 } },
    { task: () => ({ output: { x: 2 } }), onInspect: (_, stage, value) => seen.push([stage, value]) },
  );
  expect(seen).toEqual([
    ['input', { a: { b: 1 } }],
    ['afterInputPath', { b: 1 }],
    ['afterParameters', { p: 1 }],
    ['result', { x: 2 }],
    ['afterResultSelector', { r: 2 }],
    ['afterResultPath', { a: { b: 1 }, out: { r: 2 } }],
  ]);
});

test('a definition that cannot be played ends at once as FAILED', () => {
  for (const definition of ['{', '[]', '{}', { StartAt: 'A', States: {} }, { StartAt: 'toString', States: {} }])
    expect(simulate(definition as string, { input: {} }).execution).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
    });
});
