/**
 * One file, so that the API's promises can be read beside each other. Sections are those of the developer guide's page
 * "Testing state machines with TestState API" (DG) and of the API reference's "TestState" (API).
 */
import { describe, expect, test } from 'vitest';
import { TestStateError, type TestStateOptions, type TestStateRequest, testState } from './test-state.ts';
import type { TaskEffect } from './index.ts';
import type { Json, JsonObject } from './types.ts';

const roleArn = 'arn:aws:iam::123456789012:role/r';
const options: TestStateOptions = {
  now: Date.UTC(2026, 0, 1),
  seed: 's',
  execution: { arn: 'arn:aws:states:us-east-1:123456789012:express:m:e', name: 'e' },
  stateMachine: { arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:m', name: 'm' },
  task: () => ({ error: 'Test.Unanswered' }),
};

type Sent = Omit<TestStateRequest, 'definition' | 'input' | 'context' | 'variables' | 'mock'> & {
  input?: Json;
  context?: Json;
  variables?: Json;
  result?: Json;
  error?: string;
  cause?: string;
  mode?: string;
};

/** A request with its texts made from values. */
function request(definition: JsonObject, sent: Sent = {}): TestStateRequest {
  const { input, context, variables, result, error, cause, mode, ...rest } = sent;
  const text = (value: Json | undefined): string => JSON.stringify(value);
  const mock = {
    ...(result !== undefined && { result: text(result) }),
    ...(error !== undefined && { errorOutput: { error, ...(cause !== undefined && { cause }) } }),
    ...(mode !== undefined && { fieldValidationMode: mode }),
  };
  return {
    definition: text(definition),
    ...(input !== undefined && { input: text(input) }),
    ...(context !== undefined && { context: text(context) }),
    ...(variables !== undefined && { variables: text(variables) }),
    ...(Object.keys(mock).length > 0 && { mock }),
    ...rest,
  };
}

/** The answer with its JSON texts read. */
async function tested(
  definition: JsonObject,
  sent: Sent = {},
  more: Partial<TestStateOptions> = {},
): Promise<JsonObject> {
  const result = await testState(request(definition, sent), { ...options, ...more });
  const read = (value: unknown): Json => {
    try {
      return JSON.parse(String(value)) as Json;
    } catch {
      return String(value);
    }
  };
  const data = Object.entries(result.inspectionData ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? read(value) : value,
  ]);
  return {
    ...(result as unknown as JsonObject),
    ...(result.output !== undefined && { output: read(result.output) }),
    ...(result.inspectionData && { inspectionData: Object.fromEntries(data) as JsonObject }),
  };
}

async function refused(definition: JsonObject | string, sent: Sent = {}): Promise<string> {
  const asked = typeof definition === 'string' ? { ...request({}, sent), definition } : request(definition, sent);
  const error = await testState(asked, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TestStateError);
  return `${(error as TestStateError).code}: ${(error as TestStateError).message}`;
}

const invoke = 'arn:aws:states:::lambda:invoke';
const task = (more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: invoke,
  Parameters: { FunctionName: 'f' },
  End: true,
  ...more,
});

describe('DG, "Using inspection levels in TestState API"', () => {
  test('INFO: a Choice state (Example 1)', async () => {
    const choice = {
      Type: 'Choice',
      Choices: [
        { Variable: '$.number', NumericEquals: 1, Next: 'Equals 1' },
        { Variable: '$.number', NumericEquals: 2, Next: 'Equals 2' },
      ],
      Default: 'No Match',
    };
    expect(await tested(choice, { input: { number: 2 } })).toEqual({
      output: { number: 2 },
      nextState: 'Equals 2',
      status: 'SUCCEEDED',
    });
    expect(await tested(choice, { input: { number: 3 } })).toMatchObject({ nextState: 'No Match' });
  });
  test('DEBUG: a Pass state, every filter in turn (Example 2)', async () => {
    const pass = {
      Type: 'Pass',
      InputPath: '$.payload',
      Parameters: { data: 1 },
      ResultPath: '$.result',
      OutputPath: '$.result.data',
      Next: 'Another State',
    };
    expect(await tested(pass, { roleArn, input: { payload: { foo: 'bar' } }, inspectionLevel: 'DEBUG' })).toEqual({
      output: 1,
      inspectionData: {
        input: { payload: { foo: 'bar' } },
        afterInputPath: { foo: 'bar' },
        afterParameters: { data: 1 },
        afterResultSelector: { data: 1 },
        afterResultPath: { payload: { foo: 'bar' }, result: { data: 1 } },
      },
      nextState: 'Another State',
      status: 'SUCCEEDED',
    });
  });
  test('DEBUG: data up to the point of failure', async () => {
    const answer = await tested(task({ InputPath: '$.a', ResultSelector: { 'b.$': '$.none' } }), {
      input: { a: 1 },
      result: { Payload: {} },
      inspectionLevel: 'DEBUG',
    });
    expect(answer).toMatchObject({
      status: 'FAILED',
      inspectionData: { afterInputPath: 1, afterParameters: { FunctionName: 'f' }, result: { Payload: {} } },
    });
    expect(answer.inspectionData).not.toHaveProperty('afterResultSelector');
  });
  test('TRACE: request and response of an HTTP Task, nothing of them at DEBUG', async () => {
    const http = task({
      Resource: 'arn:aws:states:::http:invoke',
      Parameters: { ApiEndpoint: 'https://x.test', Method: 'GET' },
    });
    const call = () => ({ output: { ResponseBody: 1 }, request: { method: 'GET' }, response: { statusCode: '200' } });
    const traced = await testState(request(http, { roleArn, inspectionLevel: 'TRACE' }), { ...options, task: call });
    expect(traced.inspectionData).toMatchObject({ request: { method: 'GET' }, response: { statusCode: '200' } });
    const debugged = await testState(request(http, { roleArn, inspectionLevel: 'DEBUG' }), { ...options, task: call });
    expect(debugged.inspectionData).not.toHaveProperty('request');
  });
  test('a failed state tells error and cause, without the words of a whole execution', async () => {
    expect(await tested({ Type: 'Fail', Error: 'E', Cause: 'C' })).toEqual({
      error: 'E',
      cause: 'C',
      status: 'FAILED',
    });
    expect(await tested({ Type: 'Pass', InputPath: '$.none' })).toMatchObject({
      error: 'States.Runtime',
      cause: expect.stringMatching(/^The JSONPath '\$\.none'/),
    });
  });
  test('a wait is not waited for, but longer than five minutes is a time-out (API, "TestState")', async () => {
    expect(await tested({ Type: 'Wait', Seconds: 300, Next: 'N' }, { input: 1 })).toEqual({
      output: 1,
      nextState: 'N',
      status: 'SUCCEEDED',
    });
    expect(await tested({ Type: 'Wait', Seconds: 301 })).toMatchObject({ error: 'States.Timeout', status: 'FAILED' });
  });
});

describe('a Task without a mock', () => {
  test('is asked of the outside once, with what its filters made of the input', async () => {
    const asked: TaskEffect[] = [];
    const answer = await tested(
      task({ Parameters: { FunctionName: 'f', 'Payload.$': '$.p' }, ResultPath: '$.r', Next: 'N', End: false }),
      { roleArn, input: { p: 1 } },
      {
        task: async (effect) => {
          asked.push(effect);
          return { output: { StatusCode: 200 } };
        },
      },
    );
    expect(asked.map(({ resource, parameters }) => [resource, parameters])).toEqual([
      [invoke, { FunctionName: 'f', Payload: 1 }],
    ]);
    expect(answer).toEqual({ output: { p: 1, r: { StatusCode: 200 } }, nextState: 'N', status: 'SUCCEEDED' });
  });
  test('its failure goes through Retry and Catch without a second call', async () => {
    let calls = 0;
    const fails = {
      task: () => {
        calls++;
        return { error: 'Lambda.Bad', cause: 'why' };
      },
    };
    const caught = task({ Catch: [{ ErrorEquals: ['Lambda.Bad'], ResultPath: '$.e', Next: 'Handle' }] });
    expect(await tested(caught, { roleArn, input: { a: 1 } }, fails)).toEqual({
      status: 'CAUGHT_ERROR',
      error: 'Lambda.Bad',
      cause: 'why',
      nextState: 'Handle',
      output: { a: 1, e: { Error: 'Lambda.Bad', Cause: 'why' } },
    });
    expect(calls).toBe(1);
  });
  test('its time limits do not end the test', async () => {
    const limited = task({ TimeoutSeconds: 1, HeartbeatSecondsPath: '$.h' });
    expect(await tested(limited, { input: { h: 1 }, result: {} })).toEqual({ output: {}, status: 'SUCCEEDED' });
  });
  test('needs a role', async () => {
    expect(await refused(task())).toMatch(/^ValidationException: RoleArn/);
    expect(await refused(task(), { roleArn: 'role' })).toMatch(/^InvalidArn/);
  });
});

describe('DG, "Mocking service integrations"', () => {
  test('a result and an error', async () => {
    expect(await tested(task(), { result: { Payload: { statusCode: 200 } } })).toEqual({
      output: { Payload: { statusCode: 200 } },
      status: 'SUCCEEDED',
    });
    expect(await tested(task(), { error: 'Lambda.ServiceException', cause: 'Service unavailable' })).toEqual({
      error: 'Lambda.ServiceException',
      cause: 'Service unavailable',
      status: 'FAILED',
    });
  });
  test('JSONata: Arguments, Output and Assign', async () => {
    const state = {
      Type: 'Task',
      QueryLanguage: 'JSONata',
      Resource: invoke,
      Arguments: { FunctionName: 'f', Payload: '{% $states.input.n + 1 %}' },
      Output: '{% $states.result.Payload * $factor %}',
      Assign: { last: '{% $states.result.Payload %}' },
      End: true,
    };
    expect(
      await tested(state, {
        input: { n: 1 },
        variables: { factor: 10 },
        result: { Payload: 4 },
        inspectionLevel: 'DEBUG',
      }),
    ).toEqual({
      output: 40,
      inspectionData: {
        input: { n: 1 },
        afterArguments: { FunctionName: 'f', Payload: 2 },
        variables: { factor: 10, last: 4 },
      },
      status: 'SUCCEEDED',
    });
  });
  test('exactly one of the two, for states that have an outside only', async () => {
    expect(await refused(task(), { result: {}, error: 'E' })).toContain(
      'only one of the following fields: [result, errorOutput]',
    );
    expect(await refused(task(), { mode: 'NONE' })).toContain('[result, errorOutput]');
    expect(await refused(task(), { error: '' })).toContain('error is required');
    for (const state of [
      { Type: 'Pass' } as JsonObject,
      { Type: 'Fail' },
      { Type: 'Succeed' },
      { Type: 'Wait', Seconds: 1 },
    ])
      expect(await refused(state, { result: 1 })).toBe(
        `ValidationException: State type '${String(state.Type)}' is not supported when a mock is specified`,
      );
  });
  test('.sync, .waitForTaskToken, activities, Map and Parallel need one', async () => {
    const waiting = [
      'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      'arn:aws:states:::ecs:runTask.sync',
      'arn:aws:states:us-east-1:123456789012:activity:a',
    ];
    for (const Resource of waiting)
      expect(await refused({ Type: 'Task', Resource, End: true }, { roleArn })).toContain(
        'when a mock is not specified',
      );
    const inner = { StartAt: 'B', States: { B: { Type: 'Succeed' } } };
    expect(await refused({ Type: 'Map', ItemProcessor: inner, End: true }, { roleArn })).toContain(
      "'Map' is not supported",
    );
    expect(await refused({ Type: 'Parallel', Branches: [inner], End: true }, { roleArn })).toContain(
      "'Parallel' is not supported",
    );
    expect(await tested({ Type: 'Task', Resource: waiting[2] as string, End: true }, { result: [1] })).toEqual({
      output: [1],
      status: 'SUCCEEDED',
    });
  });
  test('revealSecrets does not go with a mock', async () => {
    expect(await refused(task(), { result: {}, revealSecrets: true })).toContain('RevealSecrets');
  });
});

describe('DG, "Mock validation modes"', () => {
  const start = {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution',
    Parameters: { StateMachineArn: 'a' },
    End: true,
  };
  const good = { ExecutionArn: 'arn', StartDate: '2026-01-01T00:00:00.000Z' };
  test('STRICT (the default): required fields, and types of what is known', async () => {
    expect(await tested(start, { result: { ...good, Unknown: 1 } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(start, { result: { ExecutionArn: 'arn' } })).toContain(
      "Required field 'StartDate' is missing",
    );
    expect(await refused(start, { result: { ...good, ExecutionArn: 5 } })).toContain(
      "Field 'ExecutionArn' must be of type string",
    );
    expect(await refused(start, { result: [] })).toContain('The result must be of type structure');
  });
  test('an API without required fields takes an empty answer', async () => {
    const put = { Type: 'Task', Resource: 'arn:aws:states:::events:putEvents', Parameters: { Entries: [] }, End: true };
    expect(await tested(put, { result: {} })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(put, { result: null })).toMatchObject({ status: 'SUCCEEDED', output: null });
    expect(await refused(start, { result: null })).toContain("Required field 'ExecutionArn' is missing");
    expect(await refused(put, { result: { Entries: [{ EventId: 1 }] } })).toContain(
      "Field 'Entries.0.EventId' must be of type string",
    );
  });
  test.each<[string, JsonObject, string]>([
    ['batch:submitJob', { JobId: 'i' }, 'JobName'],
    ['bedrock:invokeModel', { Body: { a: 1 } }, 'ContentType'],
    ['sagemaker:createModel', {}, 'ModelArn'],
    ['databrew:startJobRun', {}, 'RunId'],
    ['emr-serverless:startJobRun', { ApplicationId: 'a', JobRunId: 'j' }, 'Arn'],
  ])('%s has fields that must be there', async (integration, result, missing) => {
    const state = { Type: 'Task', Resource: `arn:aws:states:::${integration}`, Parameters: {}, End: true };
    expect(await refused(state, { result })).toContain(`Required field '${missing}' is missing`);
    expect(await tested(state, { result, mode: 'PRESENT' })).toMatchObject({ status: 'SUCCEEDED' });
  });
  test('PRESENT: only what is there; NONE: nothing', async () => {
    expect(await tested(start, { result: { ExecutionArn: 'arn' }, mode: 'PRESENT' })).toMatchObject({
      status: 'SUCCEEDED',
    });
    expect(await refused(start, { result: { ExecutionArn: 1 }, mode: 'PRESENT' })).toContain('ExecutionArn');
    expect(await tested(start, { result: { ExecutionArn: 1 }, mode: 'NONE' })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(start, { result: good, mode: 'SOME' })).toContain(
      "Value 'SOME' at 'mock.fieldValidationMode'",
    );
  });
  test('whole numbers are whole', async () => {
    expect(await refused(task(), { result: { StatusCode: 200.5 } })).toContain(
      "Field 'StatusCode' must be of type integer",
    );
    expect(await tested(task(), { result: { StatusCode: 200 } })).toMatchObject({ status: 'SUCCEEDED' });
    const get = {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: { TableName: 't', Key: {} },
      End: true,
    };
    const read = { ConsumedCapacity: { CapacityUnits: 0.5 } };
    expect(await tested(get, { result: read })).toMatchObject({ status: 'SUCCEEDED' });
  });
  test('.sync:2 is held against the API that is polled', async () => {
    const sync = { ...start, Resource: 'arn:aws:states:::states:startExecution.sync:2' };
    expect(await refused(sync, { result: good })).toContain("Required field 'StateMachineArn' is missing");
    const described = { ...good, StateMachineArn: 'm', Status: 'SUCCEEDED', Output: { any: 1 } };
    expect(await tested(sync, { result: described })).toMatchObject({ status: 'SUCCEEDED', output: described });
  });
  test('the AWS SDK integration of the same API, and a nested shape', async () => {
    const list = {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:listExecutions',
      Parameters: { StateMachineArn: 'a' },
      End: true,
    };
    expect(await refused(list, { result: { Executions: [{}] } })).toContain(
      "Required field 'Executions.0.ExecutionArn' is missing",
    );
    expect(await refused(list, { result: {} })).toContain("Required field 'Executions' is missing");
    expect(await tested(list, { result: { Executions: [] } })).toMatchObject({ status: 'SUCCEEDED' });
  });
  test('a mock is JSON', async () => {
    const error = await testState({ definition: JSON.stringify(task()), mock: { result: '{' } }, options).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'ValidationException' });
  });
});

describe('DG, "Testing Map and Parallel states"', () => {
  const inner = { StartAt: 'ProcessItem', States: { ProcessItem: task() } };
  const distributed = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...inner };
  const map = (more: JsonObject = {}): JsonObject => ({
    Type: 'Map',
    ItemsPath: '$.items',
    ItemProcessor: distributed,
    End: true,
    ...more,
  });
  const input = { items: ['a', 'b', 'c', 'd'] };

  test('items, selector and output, without the iterations', async () => {
    const state = map({
      ItemProcessor: inner,
      MaxConcurrency: 2,
      ItemSelector: { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index' },
      ResultPath: '$.done',
      Next: 'N',
      End: false,
    });
    expect(await tested(state, { input, result: [1, 2], inspectionLevel: 'DEBUG' })).toEqual({
      output: { ...input, done: [1, 2] },
      nextState: 'N',
      status: 'SUCCEEDED',
      inspectionData: {
        input,
        afterInputPath: input,
        afterItemsPath: input.items,
        afterItemSelector: input.items.map((v, i) => ({ v, i })),
        maxConcurrency: 2,
        afterResultSelector: [1, 2],
        afterResultPath: { ...input, done: [1, 2] },
      },
    });
  });
  test('batches', async () => {
    const { inspectionData } = await tested(map({ ItemBatcher: { MaxItemsPerBatch: 3, BatchInput: { k: 1 } } }), {
      input,
      result: [],
      inspectionLevel: 'DEBUG',
    });
    expect(inspectionData).toMatchObject({
      afterItemBatcher: [
        { BatchInput: { k: 1 }, Items: ['a', 'b', 'c'] },
        { BatchInput: { k: 1 }, Items: ['d'] },
      ],
    });
  });
  test('no array to go over: a failure of the state', async () => {
    expect(await tested(map({ ItemProcessor: inner, ItemsPath: '$' }), { input, result: [] })).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'Reference path "$" must point to array.',
    });
  });
  test('an ItemReader: its data as found, or the items in the input', async () => {
    const ItemReader = {
      Resource: 'arn:aws:states:::s3:getObject',
      Parameters: { Bucket: 'b', Key: 'k' },
      ReaderConfig: { InputType: 'JSON', ItemsPointer: '/rows' },
    };
    const { ItemsPath: _, ...read } = map({ ItemReader });
    const answer = await tested(read, {
      stateConfiguration: { mapItemReaderData: '{"rows":[7]}' },
      result: [7],
      inspectionLevel: 'DEBUG',
    });
    expect(answer).toMatchObject({ status: 'SUCCEEDED', inspectionData: { afterItemsPointer: [7] } });
    expect(await tested(map({ ItemReader }), { input, result: [7] })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(map(), { input, result: [], stateConfiguration: { mapItemReaderData: '[]' } })).toContain(
      'ItemReader',
    );
  });
  test('tolerated failures, by count and by percentage', async () => {
    const count = (failed: number) => ({ input, result: [], stateConfiguration: { mapIterationFailureCount: failed } });
    const exceeded = {
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
      cause: 'The specified tolerated failure threshold was exceeded',
    };
    expect(await tested(map({ ToleratedFailureCount: 2 }), count(2))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(map({ ToleratedFailureCount: 2 }), count(3))).toEqual(exceeded);
    expect(await tested(map({ ToleratedFailurePercentage: 50 }), count(2))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(map({ ToleratedFailurePercentage: 50 }), count(3))).toEqual(exceeded);
    expect(await tested(map(), count(0))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await tested(map(), count(1))).toEqual(exceeded);
    expect(await refused(map(), count(5))).toContain('must not exceed the number of items');
    expect(await refused(map({ ItemProcessor: inner }), count(1))).toContain('distributed');
    const caught = map({ Catch: [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], Next: 'H' }] });
    expect(await tested(caught, count(1))).toMatchObject({ status: 'CAUGHT_ERROR', nextState: 'H' });
  });
  test('errors from inside', async () => {
    const state = map({ Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'H' }] });
    const sent = { input, error: 'Custom', cause: 'c', stateConfiguration: { errorCausedByState: 'ProcessItem' } };
    expect(await tested(state, sent)).toEqual({
      status: 'CAUGHT_ERROR',
      error: 'Custom',
      cause: 'c',
      nextState: 'H',
      output: { Error: 'Custom', Cause: 'c' },
    });
    expect(await refused(state, { ...sent, stateConfiguration: { errorCausedByState: 'Elsewhere' } })).toContain(
      "'Elsewhere'",
    );
    expect(await refused(task(), { error: 'E', stateConfiguration: { errorCausedByState: 'ProcessItem' } })).toContain(
      'ErrorCausedByState',
    );
  });
  test('the result is that of the whole state', async () => {
    expect(await refused(map(), { input, result: { a: 1 } })).toContain('must be an array');
    const parallel = {
      Type: 'Parallel',
      Branches: [inner, { StartAt: 'X', States: { X: { Type: 'Succeed' } } }],
      End: true,
    };
    expect(await tested(parallel, { result: [1, 2] })).toEqual({ output: [1, 2], status: 'SUCCEEDED' });
    expect(await refused(parallel, { result: [1] })).toContain('one element for each of the 2 branches');
    expect(await refused(parallel, { result: {} })).toContain('must be an array');
    const written = map({ ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Parameters: { Bucket: 'b' } } });
    expect(await tested(written, { input, result: { MapRunArn: 'a' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refused(written, { input, result: [1] })).toContain('must be an object');
  });
});

describe('DG, "Error propagation in Map and Parallel states"', () => {
  const around = (outer: JsonObject): JsonObject => ({
    StartAt: 'Outer',
    States: {
      Outer: { Next: 'Done', ...outer },
      Done: { Type: 'Succeed' },
      Help: { Type: 'Succeed' },
    },
  });
  const iterations = (config: JsonObject) => ({
    Type: 'Map',
    ItemProcessor: { ...config, StartAt: 'Inner', States: { Inner: task() } },
  });
  const DISTRIBUTED = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };
  const help = (error: string) => ({ Catch: [{ ErrorEquals: [error], ResultPath: '$.why', Next: 'Help' }] });
  const sent = { stateName: 'Inner', input: { a: 1 }, error: 'Foo', cause: 'c' };

  test('an inner failure meets the Catch and the Retry of the states around it', async () => {
    const parallel = { Type: 'Parallel', Branches: [{ StartAt: 'Inner', States: { Inner: task() } }] };
    expect(await tested(around({ ...parallel, ...help('Foo') }), sent)).toEqual({
      status: 'CAUGHT_ERROR',
      error: 'Foo',
      cause: 'c',
      nextState: 'Help',
      output: { a: 1, why: { Error: 'Foo', Cause: 'c' } },
    });
    const retried = { ...iterations({}), Retry: [{ ErrorEquals: ['Foo'] }], ...help('Foo') };
    expect(await tested(around(retried), sent)).toMatchObject({
      status: 'RETRIABLE',
    });
    expect(await tested(around({ ...parallel, ...help('Bar') }), sent)).toEqual({
      status: 'FAILED',
      error: 'Foo',
      cause: 'c',
    });
  });
  test("the tested state's own handlers come first", async () => {
    const own = { Catch: [{ ErrorEquals: ['Foo'], Next: 'Own' }] };
    const branch = { StartAt: 'Inner', States: { Inner: task(own), Own: { Type: 'Succeed' } } };
    const parallel = { Type: 'Parallel', Branches: [branch] };
    expect(await tested(around({ ...parallel, ...help('Foo') }), sent)).toMatchObject({ nextState: 'Own' });
  });
  test('a distributed Map fails once too many of its iterations have', async () => {
    const outer = { ...iterations(DISTRIBUTED), ToleratedFailureCount: 2 };
    const exceeded = around({ ...outer, ...help('States.ExceedToleratedFailureThreshold') });
    const failed = (count: number) => ({ ...sent, stateConfiguration: { mapIterationFailureCount: count } });
    expect(await tested(exceeded, failed(1))).toMatchObject({ status: 'FAILED', error: 'Foo' });
    expect(await tested(exceeded, failed(2))).toMatchObject({
      status: 'CAUGHT_ERROR',
      error: 'States.ExceedToleratedFailureThreshold',
      nextState: 'Help',
    });
  });
});

describe('DG, "Iterating through state machine definitions" and "Using context field in the TestState API"', () => {
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'First',
    States: {
      First: { Type: 'Pass', Output: '{% $states.input.a %}', Next: 'Each' },
      Each: {
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'Inside',
          States: { Inside: { Type: 'Pass', Output: '{% $states.context.Map.Item %}', End: true } },
        },
        End: true,
      },
    },
  };
  test('one state of a whole definition, in the language of the definition', async () => {
    expect(await tested(definition, { stateName: 'First', input: { a: 1 } })).toEqual({
      output: 1,
      nextState: 'Each',
      status: 'SUCCEEDED',
    });
  });
  test('a state inside a Map has an item', async () => {
    expect(await tested(definition, { stateName: 'Inside', input: 'x' })).toMatchObject({
      output: { Index: 0, Value: 'x' },
    });
  });
  test('a state that goes to itself', async () => {
    const loop = { Type: 'Choice', Choices: [{ Variable: '$', IsNull: true, Next: 'Loop' }], Default: 'Done' };
    const machine = { StartAt: 'Loop', States: { Loop: loop, Done: { Type: 'Succeed' } } };
    expect(await tested(machine, { stateName: 'Loop', input: null })).toEqual({
      output: null,
      nextState: 'Loop',
      status: 'SUCCEEDED',
    });
  });
  test('a name that is not there, a definition that is none', async () => {
    expect(await refused(definition, { stateName: 'Nowhere' })).toBe(
      "ValidationException: State 'Nowhere' is not found in the definition",
    );
    expect(await refused({ Type: 'Pass', End: true }, { stateName: 'S' })).toMatch(
      /^InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED/,
    );
    expect(await refused(definition)).toMatch(/^InvalidDefinition/);
    expect(await refused('{')).toMatch(/^InvalidDefinition: .*INVALID_JSON_DESCRIPTION/);
    expect(await refused({ Type: 'Pass', Seconds: 1 })).toContain("Field 'Seconds' is not supported");
  });
  test('the context that is given, and nothing else', async () => {
    const state = task({
      Parameters: { FunctionName: 'f', 'Payload.$': '$$.Execution.Name' },
      ResultSelector: { 'all.$': '$$' },
    });
    expect(await tested(state, { result: {}, context: { Execution: { Name: 'n' } } })).toMatchObject({
      output: { all: { Execution: { Name: 'n' } } },
    });
    expect(await tested(state, { result: {}, context: {} })).toMatchObject({ status: 'FAILED' });
  });
  test('the context that is made', async () => {
    const answer = await tested({ Type: 'Pass', Parameters: { 'c.$': '$$' } }, { input: { a: 1 } });
    expect(answer.output).toEqual({
      c: {
        Execution: { Id: options.execution.arn, Input: { a: 1 }, Name: 'e', StartTime: '2026-01-01T00:00:00Z' },
        StateMachine: { Id: options.stateMachine.arn, Name: 'm' },
        State: { Name: 'StateName', EnteredTime: '2026-01-01T00:00:00Z', RetryCount: 0 },
      },
    });
    const waiting = {
      ...task({ Parameters: { FunctionName: 'f', 'Payload.$': '$$.Task.Token' } }),
      Resource: `${invoke}.waitForTaskToken`,
    };
    expect(await tested(waiting, { result: 1, inspectionLevel: 'DEBUG' })).toMatchObject({
      status: 'SUCCEEDED',
      inspectionData: { afterParameters: { Payload: expect.any(String) } },
    });
  });
  test('a context goes with a mock, and is a Context object', async () => {
    expect(await refused({ Type: 'Pass' }, { context: {} })).toContain(
      'Context can only be specified when a mock is specified',
    );
    expect(await refused(task(), { result: {}, context: [] })).toContain('context must be a valid JSON object');
    expect(await refused(task(), { result: {}, context: { State: { Name: 5 } } })).toContain(
      'State.Name must be a string',
    );
  });
});

describe('DG, "Testing retry and error handling"', () => {
  const state = task({
    Retry: [{ ErrorEquals: ['Other'] }, { ErrorEquals: ['E'], IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2 }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'H' }],
  });
  test('which retrier, and how long it waits', async () => {
    const at = (retrierRetryCount: number) =>
      tested(state, { error: 'E', inspectionLevel: 'DEBUG', stateConfiguration: { retrierRetryCount } });
    expect(await at(0)).toMatchObject({
      status: 'RETRIABLE',
      error: 'E',
      inspectionData: { errorDetails: { retryIndex: 1, retryBackoffIntervalSeconds: 2 } },
    });
    expect(await at(1)).toMatchObject({ inspectionData: { errorDetails: { retryBackoffIntervalSeconds: 4 } } });
    expect(await at(3)).toMatchObject({
      status: 'CAUGHT_ERROR',
      nextState: 'H',
      inspectionData: { errorDetails: { catchIndex: 0 } },
    });
    expect(await refused(state, { error: 'E', stateConfiguration: { retrierRetryCount: -1 } })).toContain(
      'retrierRetryCount',
    );
  });
  test('MaxDelaySeconds holds the wait down', async () => {
    const slow = task({
      Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, BackoffRate: 10, MaxDelaySeconds: 60, MaxAttempts: 9 }],
    });
    expect(
      await tested(slow, { error: 'E', inspectionLevel: 'DEBUG', stateConfiguration: { retrierRetryCount: 8 } }),
    ).toMatchObject({
      inspectionData: { errorDetails: { retryBackoffIntervalSeconds: 60 } },
    });
  });
  test('retries that the context counts are used up', async () => {
    const state = task({ Retry: [{ ErrorEquals: ['Foo'], MaxAttempts: 2 }] });
    const counted = (RetryCount: number) => ({ error: 'Foo', context: { State: { RetryCount } } });
    expect(await tested(state, counted(1))).toMatchObject({ status: 'RETRIABLE' });
    expect(await tested(state, counted(2))).toMatchObject({ status: 'FAILED' });
  });
  test('States.Runtime is neither retried nor caught', async () => {
    expect(await tested(state, { error: 'States.Runtime' })).toEqual({ error: 'States.Runtime', status: 'FAILED' });
  });
  test("a catcher's own fields", async () => {
    const jsonata = {
      Type: 'Task',
      QueryLanguage: 'JSONata',
      Resource: invoke,
      Arguments: { FunctionName: 'f' },
      Catch: [
        {
          ErrorEquals: ['E'],
          Next: 'H',
          Output: '{% $states.errorOutput.Cause %}',
          Assign: { why: '{% $states.errorOutput.Error %}' },
        },
      ],
      End: true,
    };
    expect(await tested(jsonata, { error: 'E', cause: 'c', inspectionLevel: 'DEBUG' })).toMatchObject({
      status: 'CAUGHT_ERROR',
      output: 'c',
      inspectionData: { variables: { why: 'E' } },
    });
  });
});

describe('API, "TestState": request parameters', () => {
  test('lengths, words and JSON', async () => {
    expect(await refused('')).toContain(
      "at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
    expect(await refused({ Type: 'Pass' }, { inspectionLevel: 'ALL' })).toContain('[INFO, DEBUG, TRACE]');
    expect(await refused({ Type: 'Pass' }, { variables: [] })).toContain('variables must be a valid JSON object');
    const error = await testState({ definition: '{"Type":"Pass"}', input: '{a}' }, options).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: 'InvalidExecutionInput',
      // The words of StartExecution's own reader.
      message: expect.stringContaining("Unexpected character ('a' (code 97)): was expecting double-quote"),
    });
  });
});
