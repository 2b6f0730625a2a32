/** One file: the Task state is the only one with answers, time-outs, retries and catchers, and they bear on each other. */
import { describe, expect, test } from 'vitest';
import { startExecution } from './index.ts';
import { type SimulateOptions, simulate, type TaskAnswer } from './simulate.ts';
import type { Json, JsonObject } from './types.ts';

const LAMBDA = 'arn:aws:states:::lambda:invoke';

function play(state: JsonObject, options: Partial<SimulateOptions> = {}, more: JsonObject = {}) {
  return simulate(
    {
      StartAt: 'Work',
      States: { Work: { Type: 'Task', Resource: LAMBDA, ...(state.Next ? {} : { End: true }), ...state }, ...more },
    },
    { input: {}, task: () => ({ output: 'done' }), ...options },
  );
}
const types = ({ execution }: ReturnType<typeof play>) => execution.history.map((event) => event.type);

describe('States Language "Task State": events', () => {
  test('an integration is scheduled, started and answered', () => {
    const { execution } = play({
      Parameters: { FunctionName: 'f', 'Payload.$': '$' },
      TimeoutSeconds: 30,
      Credentials: { RoleArn: 'arn:aws:iam::1:role/r' },
    });
    expect(execution.history.slice(0, 6)).toMatchObject([
      { id: 1, previousEventId: 0, type: 'ExecutionStarted', executionStartedEventDetails: { input: '{}' } },
      { id: 2, previousEventId: 0, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Work', input: '{}' } },
      {
        type: 'TaskScheduled',
        taskScheduledEventDetails: {
          resourceType: 'lambda',
          resource: 'invoke',
          region: 'us-east-1',
          parameters: '{"FunctionName":"f","Payload":{}}',
          timeoutInSeconds: 30,
          taskCredentials: { roleArn: 'arn:aws:iam::1:role/r' },
        },
      },
      { type: 'TaskStarted', taskStartedEventDetails: { resourceType: 'lambda', resource: 'invoke' } },
      { type: 'TaskSucceeded', taskSucceededEventDetails: { resourceType: 'lambda', output: '"done"' } },
      { type: 'TaskStateExited', stateExitedEventDetails: { name: 'Work', output: '"done"' } },
    ]);
    expect(execution.history.at(-1)).toMatchObject({ type: 'ExecutionSucceeded', previousEventId: 6 });
  });

  test.each([
    ['aws-sdk:sfn:listExecutions', 'aws-sdk:sfn', 'listExecutions'],
    ['states:startExecution.sync:2', 'states', 'startExecution.sync:2'],
    ['events:putEvents.waitForTaskToken', 'events', 'putEvents.waitForTaskToken'],
  ])('%s is named by service and action', (resource, resourceType, action) => {
    const { execution } = play({ Resource: `arn:aws:states:::${resource}`, Parameters: {} });
    expect(execution.history[2]?.taskScheduledEventDetails).toMatchObject({ resourceType, resource: action });
  });

  test('a function by its ARN has events of its own', () => {
    const Resource = 'arn:aws:lambda:us-east-1:123456789012:function:f';
    const run = play({ Resource });
    expect(types(run).slice(2, 5)).toEqual([
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
    ]);
    expect(run.execution.history[2]?.lambdaFunctionScheduledEventDetails).toMatchObject({
      resource: Resource,
      input: '{}',
    });
    const failed = play({ Resource }, { task: () => ({ error: 'E', cause: 'why' }) });
    expect(failed.execution.history[4]).toMatchObject({
      type: 'LambdaFunctionFailed',
      lambdaFunctionFailedEventDetails: { error: 'E', cause: 'why' },
    });
  });

  test('an activity starts when a worker takes it', () => {
    const { execution, effects } = startExecution(
      { StartAt: 'A', States: { A: { Type: 'Task', Resource: 'arn:aws:states:us-east-1:1:activity:a', End: true } } },
      {
        input: 1,
        now: 0,
        seed: 's',
        execution: { arn: 'arn:aws:states:us-east-1:1:execution:m:e', name: 'e', roleArn: 'r' },
        stateMachine: { arn: 'arn:aws:states:us-east-1:1:stateMachine:m', name: 'm' },
      },
    );
    const id = effects[0]?.id ?? '';
    execution.deliver({ kind: 'task-started', id, now: 5, workerName: 'ada' });
    execution.deliver({ kind: 'task-succeeded', id, now: 9, output: 2 });
    expect(execution.history.slice(2, 5)).toMatchObject([
      { type: 'ActivityScheduled', timestamp: 0, activityScheduledEventDetails: { input: '1' } },
      { type: 'ActivityStarted', timestamp: 5, activityStartedEventDetails: { workerName: 'ada' } },
      { type: 'ActivitySucceeded', timestamp: 9 },
    ]);
    expect(execution.output).toBe(2);
  });
});

describe('AWS "Wait for a Callback with Task Token"', () => {
  const Resource = 'arn:aws:states:::events:putEvents.waitForTaskToken';

  test('the token is in the context object and in the effect, and the answer of the call is written down', () => {
    const run = play(
      { Resource, Parameters: { 'token.$': '$$.Task.Token' } },
      { task: () => ({ submitted: { FailedEntryCount: 0 }, output: 'back', after: 1000 }) },
    );
    const [task] = run.tasks;
    expect(task?.token).toMatch(/^\S{100,1024}$/);
    expect(task?.parameters).toEqual({ token: task?.token });
    expect(types(run).slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
    expect(run.execution.output).toBe('back');
  });

  test('a state that hands out no token has none', () => {
    expect(play({ Parameters: { 'token.$': '$$.Task.Token' } }).execution.error).toBe('States.Runtime');
  });

  test('every retry hands out another token', () => {
    const run = play(
      { Resource, Parameters: { 'token.$': '$$.Task.Token' }, Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }] },
      { task: ({ attempt }) => (attempt === 0 ? { error: 'E' } : { output: 1 }) },
    );
    expect(run.tasks).toHaveLength(2);
    expect(run.tasks[0]?.token).not.toBe(run.tasks[1]?.token);
  });
});

describe('States Language "Timeouts" and heartbeats', () => {
  const pending = { task: (): TaskAnswer => ({ pending: true }) };

  test('TimeoutSeconds ends a task that nobody answers', () => {
    const run = play({ TimeoutSeconds: 60 }, pending);
    expect(run.execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(run.now - (run.execution.history[0]?.timestamp ?? 0)).toBe(60_000);
    expect(types(run).slice(-2)).toEqual(['TaskTimedOut', 'ExecutionFailed']);
    expect(run.execution.pending()).toEqual([]);
  });

  test('HeartbeatSeconds counts from the last sign of life', () => {
    const { execution, effects } = startExecution(
      {
        StartAt: 'Work',
        States: { Work: { Type: 'Task', Resource: `${LAMBDA}.waitForTaskToken`, HeartbeatSeconds: 10, End: true } },
      },
      {
        input: {},
        now: 0,
        seed: 's',
        execution: { arn: 'a', name: 'e', roleArn: 'r' },
        stateMachine: { arn: 'm', name: 'm' },
      },
    );
    const task = effects.find((effect) => effect.kind === 'task')?.id ?? '';
    const pulse = effects.find((effect) => effect.kind === 'timer');
    expect(pulse).toMatchObject({ at: 10_000 });
    execution.deliver({ kind: 'task-heartbeat', id: task, now: 8_000 });
    const [next] = execution.deliver({ kind: 'timer', id: pulse?.id ?? '', now: 10_000 });
    expect(next).toMatchObject({ kind: 'timer', at: 18_000 });
    const last = execution.deliver({ kind: 'timer', id: next?.id ?? '', now: 18_000 });
    expect(last).toEqual([{ kind: 'cancel', id: task }]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  test.each(['States.Timeout', 'States.HeartbeatTimeout', 'States.ALL'])(
    'a missed heartbeat is caught as %s',
    (name) => {
      const run = play({ HeartbeatSeconds: 5, Catch: [{ ErrorEquals: [name], Next: 'Caught' }] }, pending, {
        Caught: { Type: 'Succeed' },
      });
      expect(run.execution.status).toBe('SUCCEEDED');
    },
  );

  test('a plain time-out is no missed heartbeat', () => {
    const run = play(
      { TimeoutSeconds: 5, Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Caught' }] },
      pending,
      { Caught: { Type: 'Succeed' } },
    );
    expect(run.execution.error).toBe('States.Timeout');
  });

  test('an answer in time takes the timers back', () => {
    const run = play({ TimeoutSeconds: 60, HeartbeatSeconds: 5 }, { task: () => ({ output: 1, after: 1000 }) });
    expect(run.execution.pending()).toEqual([]);
    expect(run.now - (run.execution.history[0]?.timestamp ?? 0)).toBe(1000);
  });

  test.each<[Json, string]>([
    [2, ''],
    [0, 'States.Runtime'],
    [1.5, 'States.Runtime'],
    ['2', 'States.Runtime'],
  ])('TimeoutSecondsPath that finds %j', (seconds, error) => {
    const run = play({ TimeoutSecondsPath: '$.s' }, { input: { s: seconds } });
    expect(run.execution.error ?? '').toBe(error);
  });

  test('TimeoutSeconds of the workflow ends the execution as TIMED_OUT', () => {
    const { execution } = simulate(
      { TimeoutSeconds: 5, StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 10, End: true } } },
      { input: {} },
    );
    expect(execution.status).toBe('TIMED_OUT');
    expect(execution.history.map((event) => event.type)).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionTimedOut',
    ]);
  });

  test('an EXPRESS execution lives for five minutes', () => {
    const { execution, now } = simulate(
      { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1000, End: true } } },
      { input: {}, type: 'EXPRESS', now: 0 },
    );
    expect(execution.status).toBe('TIMED_OUT');
    expect(now).toBe(300_000);
  });
});

describe('States Language "Retrying after error"', () => {
  const failing = { task: (): TaskAnswer => ({ error: 'E', cause: 'c' }) };
  const seconds = (run: ReturnType<typeof play>) =>
    run.execution.history
      .filter((event) => event.type === 'TaskScheduled')
      .map((event) => (event.timestamp - (run.execution.history[0]?.timestamp ?? 0)) / 1000);

  test('by default three times, after 1, 2 and 4 seconds', () => {
    const run = play({ Retry: [{ ErrorEquals: ['States.ALL'] }] }, failing);
    expect(seconds(run)).toEqual([0, 1, 3, 7]);
    expect(run.execution).toMatchObject({ status: 'FAILED', error: 'E', cause: 'c' });
    expect(run.tasks.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3]);
  });

  test('IntervalSeconds, BackoffRate, MaxDelaySeconds and MaxAttempts', () => {
    const Retry = [{ ErrorEquals: ['E'], IntervalSeconds: 3, BackoffRate: 3, MaxDelaySeconds: 10, MaxAttempts: 4 }];
    expect(seconds(play({ Retry }, failing))).toEqual([0, 3, 12, 22, 32]);
  });

  test('JitterStrategy FULL waits anything up to the delay, the same when played again', () => {
    const Retry = [{ ErrorEquals: ['E'], IntervalSeconds: 100, BackoffRate: 1, JitterStrategy: 'FULL' }];
    const first = seconds(play({ Retry }, failing));
    const gaps = first.slice(1).map((at, index) => at - (first[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...gaps)).toBeLessThan(100);
    expect(new Set(gaps).size).toBe(3);
    expect(seconds(play({ Retry }, failing))).toEqual(first);
  });

  test('each retrier counts for itself; the first that names the error decides', () => {
    const errors = ['A', 'B', 'C', 'B', 'A'];
    const run = play(
      {
        Retry: [
          { ErrorEquals: ['A', 'B'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
          { ErrorEquals: ['C'], IntervalSeconds: 5 },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
      },
      { task: ({ attempt }) => ({ error: errors[attempt] ?? '' }) },
      { Z: { Type: 'Succeed' } },
    );
    expect(seconds(run)).toEqual([0, 1, 3, 8]);
    expect(run.execution.output).toEqual({ Error: 'B', Cause: '' });
  });

  test('MaxAttempts 0 never retries', () => {
    const Retry: Json = [{ ErrorEquals: ['E'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    expect(play({ Retry }, failing).tasks).toHaveLength(1);
  });

  test('the context object counts the retries', () => {
    const run = play(
      { Parameters: { 'n.$': '$$.State.RetryCount' }, Retry: [{ ErrorEquals: ['E'], MaxAttempts: 2 }] },
      failing,
    );
    expect(run.tasks.map(({ parameters }) => parameters)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });
});

describe('States Language "Fallback states", AWS "Handling errors in Step Functions workflows"', () => {
  const caughtBy = (name: string, error: string) =>
    play(
      { Catch: [{ ErrorEquals: [name], Next: 'Caught' }] },
      { task: () => ({ error, cause: 'c' }) },
      { Caught: { Type: 'Succeed' } },
    ).execution.status === 'SUCCEEDED';

  test.each<[string, string, boolean]>([
    ['E', 'E', true],
    ['e', 'E', false],
    ['States.ALL', 'E', true],
    ['States.ALL', 'States.Timeout', true],
    ['States.ALL', 'States.Permissions', true],
    ['States.ALL', 'States.Runtime', false],
    ['States.Runtime', 'States.Runtime', false],
    ['States.ALL', 'States.DataLimitExceeded', false],
    ['States.DataLimitExceeded', 'States.DataLimitExceeded', true],
    ['States.TaskFailed', 'E', true],
    ['States.TaskFailed', 'States.Permissions', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.TaskFailed', 'States.Runtime', false],
  ])('a catcher of %s and the error %s: %s', (name, error, expected) => {
    expect(caughtBy(name, error)).toBe(expected);
  });

  test('ResultPath puts the error beside the input; without it the error replaces the input', () => {
    const caught = (catcher: JsonObject) =>
      play(
        { InputPath: '$.inner', Catch: [{ ErrorEquals: ['E'], Next: 'Caught', ...catcher }] },
        { input: { inner: {} }, task: () => ({ error: 'E', cause: 'c' }) },
        { Caught: { Type: 'Pass', End: true } },
      ).execution.output;
    expect(caught({})).toEqual({ Error: 'E', Cause: 'c' });
    expect(caught({ ResultPath: '$.error' })).toEqual({ inner: {}, error: { Error: 'E', Cause: 'c' } });
    expect(caught({ ResultPath: null })).toEqual({ inner: {} });
  });

  test('Assign and Output of a catcher', () => {
    const { execution } = simulate(
      {
        QueryLanguage: 'JSONata',
        StartAt: 'Work',
        States: {
          Work: {
            Type: 'Task',
            Resource: LAMBDA,
            Catch: [
              {
                ErrorEquals: ['E'],
                Assign: { error: '{% $states.errorOutput.Error %}' },
                Output: { was: '{% $states.input.n %}' },
                Next: 'Caught',
              },
            ],
            End: true,
          },
          Caught: { Type: 'Pass', Output: '{% $merge([$states.input, {"error": $error}]) %}', End: true },
        },
      },
      { input: { n: 1 }, task: () => ({ error: 'E' }) },
    );
    expect(execution.output).toEqual({ was: 1, error: 'E' });
  });

  test('a caught failure is written, then the exit', () => {
    const run = play(
      { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] },
      { task: () => ({ error: 'E' }) },
      { Caught: { Type: 'Succeed' } },
    );
    expect(types(run).slice(4, 7)).toEqual(['TaskFailed', 'TaskStateExited', 'SucceedStateEntered']);
  });

  test('an expression of a catcher that fails is written down (API reference, "EvaluationFailedEventDetails")', () => {
    const Catch = [{ ErrorEquals: ['E'], Next: 'End', Output: '{% $states.input.none %}' }];
    const { execution } = simulate(
      {
        StartAt: 'S',
        QueryLanguage: 'JSONata',
        States: {
          S: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Catch, End: true },
          End: { Type: 'Succeed' },
        },
      },
      { input: {}, task: () => ({ error: 'E' }) },
    );
    expect(execution.history.at(-2)).toMatchObject({
      type: 'EvaluationFailed',
      evaluationFailedEventDetails: { state: 'S', location: 'Catch[0]/Output', error: 'States.QueryEvaluationError' },
    });
    expect(execution.error).toBe('States.QueryEvaluationError');
  });
});

describe('AWS "Step Functions service quotas": 256 KiB', () => {
  const large = 'ü'.repeat(131_073);

  test('an answer that is too large fails the task', () => {
    const run = play({}, { task: () => ({ output: large }) });
    expect(run.execution.error).toBe('States.DataLimitExceeded');
    expect(types(run)).not.toContain('TaskSucceeded');
    expect(play({}, { task: () => ({ output: large.slice(2) }) }).execution.status).toBe('SUCCEEDED');
  });

  test('so does what a state hands on', () => {
    const half = large.slice(0, 70_000);
    const run = play({ ResultPath: '$.b' }, { input: { a: half }, task: () => ({ output: half }) });
    expect(run.execution.error).toBe('States.DataLimitExceeded');
  });
});

test('a task stopped from outside is taken back, and the execution is ABORTED', () => {
  const run = play({ TimeoutSeconds: 5 }, { task: () => ({ pending: true }), maxInputs: 0 });
  const effects = run.execution.deliver({ kind: 'stop', now: run.now, error: 'Stopped', cause: 'by hand' });
  expect(effects.map(({ kind }) => kind)).toEqual(['cancel', 'cancel']);
  expect(run.execution).toMatchObject({ status: 'ABORTED', error: 'Stopped', cause: 'by hand' });
  expect(run.execution.history.at(-1)).toMatchObject({
    type: 'ExecutionAborted',
    executionAbortedEventDetails: { error: 'Stopped', cause: 'by hand' },
  });
  expect(
    run.execution.deliver({ kind: 'task-succeeded', id: run.tasks[0]?.id ?? '', now: run.now, output: 1 }),
  ).toEqual([]);
});
