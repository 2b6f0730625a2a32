/**
 * The TestState API: one state, played by the engine itself with its neighbours left out. Pure: what a task answers comes
 * from the mock or from the `task` callback. test-state/: `request` reads and refuses, `mock` judges mocks, `play` drives the engine, `inspection` collects.
 * Source: the API reference's "TestState" and the developer guide's "Testing state machines with TestState API".
 */
import { isObject } from './json.ts';
import { backoff, matchesError } from './retry.ts';
import { Inspection, type InspectionData } from './test-state/inspection.ts';
import {
  type Failed,
  type Outcome,
  play,
  type Setting,
  type TaskAnswer,
  type TestStateOptions,
} from './test-state/play.ts';
import { refuse } from './test-state/refusal.ts';
import { type Around, isDistributed, readRequest, type Test, type TestStateRequest } from './test-state/request.ts';
import { writeTimestamp } from './timestamp.ts';
import type { InspectStage, Json, JsonObject } from './types.ts';

export type { TestStateOptions } from './test-state/play.ts';
export { TestStateError } from './test-state/refusal.ts';
export type { TestStateRequest } from './test-state/request.ts';

/** The API's answer; values are JSON texts, as there. */
export interface TestStateResult {
  status: 'SUCCEEDED' | 'FAILED' | 'RETRIABLE' | 'CAUGHT_ERROR';
  output?: string;
  error?: string;
  cause?: string;
  nextState?: string;
  /** DEBUG and TRACE. */
  inspectionData?: InspectionData;
}

/**
 * Tests one state.
 * @throws TestStateError with AWS's code for a request that is refused; a state that fails is an answer, not an error
 */
export async function testState(request: TestStateRequest, options: TestStateOptions): Promise<TestStateResult> {
  const test = readRequest(request);
  const seen = new Inspection(test);
  const setting: Setting = {
    test,
    options,
    roleArn: request.roleArn ?? '',
    context: contextOf(test, request, options),
  };
  const first = await playBare(setting, seen);
  if (!('error' in first)) return answer(test, seen, { status: 'SUCCEEDED', output: first.output, next: first.next });

  const own = { state: test.state, language: test.language };
  return (
    (await handled(setting, seen, own, first)) ??
    (await handledAround(setting, seen, first)) ??
    answer(test, seen, { status: 'FAILED', ...first })
  );
}

/** What a state's own Retry and Catch make of a failure; nothing where neither names it. */
async function handled(
  setting: Setting,
  seen: Inspection,
  { state, language }: Around,
  failed: Failed,
): Promise<TestStateResult | undefined> {
  const { test } = setting;
  const retry = retryOf(state, test.retries ?? 0, failed.error);
  if (retry) {
    seen.set('errorDetails', retry);
    return answer(test, seen, { status: 'RETRIABLE', ...failed });
  }
  if (!Array.isArray(state.Catch)) return;
  // Once more with its catchers, the failure being known: the engine decides which applies and what it hands on.
  const here = { ...setting, test: { ...test, language } };
  const caught = await play(here, failing(state), seen.only('errorDetails', 'variables'), () => failed);
  if (!('error' in caught))
    return answer(test, seen, { status: 'CAUGHT_ERROR', ...failed, output: caught.output, next: caught.next });
  // A catcher that cannot be applied fails the state by another error than the one it was to catch.
  return caught.error === failed.error ? undefined : answer(test, seen, { status: 'FAILED', ...caught });
}

/**
 * The Map and Parallel states around: what the tested state leaves unhandled, their Retry and Catch may take ("Error
 * propagation in Map and Parallel states"). A distributed Map fails only once too many of its iterations have.
 */
async function handledAround(setting: Setting, seen: Inspection, failed: Failed): Promise<TestStateResult | undefined> {
  let rising = failed;
  for (const around of setting.test.around) {
    if (isDistributed(around.state)) {
      const { ToleratedFailureCount: count, ToleratedFailurePercentage: percentage } = around.state;
      const failures = (setting.test.failedIterations ?? 0) + 1;
      if (typeof count === 'number' ? failures <= count : percentage !== undefined) return;
      rising = EXCEEDED;
    }
    const taken = await handled(setting, seen, around, rising);
    if (taken) return taken;
  }
  return;
}

const EXCEEDED = {
  error: 'States.ExceedToleratedFailureThreshold',
  cause: 'The specified tolerated failure threshold was exceeded',
};

/** The state without its Retry and Catch. */
async function playBare(setting: Setting, seen: Inspection): Promise<Outcome> {
  const { test, options } = setting;
  const { Retry: _, Catch: __, ...state } = test.state;
  const { mock } = test;
  if (!mock)
    return play(setting, state, seen.watch, async (effect) => {
      const told = await options.task(effect);
      if (told.request) seen.trace('request', told.request);
      if (told.response) seen.trace('response', told.response);
      return told;
    });
  let mocked: TaskAnswer =
    'result' in mock
      ? { output: mock.result }
      : { error: mock.error, ...(mock.cause !== undefined && { cause: mock.cause }) };
  if (test.type === 'Map') {
    const began = await playItems(setting, state, seen);
    if ('error' in began) return began;
    if (thresholdExceeded(test, seen, began.items)) mocked = EXCEEDED;
  }
  return play(setting, test.type === 'Task' ? state : asTask(state), seen.watch, () => mocked);
}

const RESULT = ['ResultSelector', 'ResultPath', 'OutputPath', 'Output', 'Assign', 'Next', 'End', 'QueryLanguage'];

const pick = (state: JsonObject, names: string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => name in state).map((name) => [name, state[name] as Json]));

/** A Map or Parallel whose inside is mocked: seen from outside it is a task with one answer. */
function asTask(state: JsonObject): JsonObject {
  const input = state.Type === 'Parallel' ? ['InputPath', 'Parameters', 'Arguments'] : ['InputPath'];
  return { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...pick(state, [...input, ...RESULT, 'Catch']) };
}

/** The state with its catchers for a failure that is already known. */
function failing(state: JsonObject): JsonObject {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    ...pick(state, ['QueryLanguage', 'Catch', 'End', 'Next']),
  };
}

const BEFORE_ITEMS =
  'afterInputPath afterItemsPath afterItemSelector afterItemBatcher afterItemsPointer maxConcurrency toleratedFailureCount toleratedFailurePercentage'.split(
    ' ',
  ) as InspectStage[];

/** What a Map does before its iterations: items, selector, batches and limits. The iterations themselves do nothing. */
async function playItems(setting: Setting, state: JsonObject, seen: Inspection): Promise<{ items: number } | Failed> {
  const { test } = setting;
  const reads = isObject(state.ItemReader) && test.readerData !== undefined;
  const hidden = [
    ...RESULT.filter((name) => name !== 'QueryLanguage'),
    'ResultWriter',
    ...(reads ? [] : ['ItemReader']),
  ];
  const processor = (state.ItemProcessor ?? state.Iterator) as JsonObject;
  const idle = { StartAt: 'Iteration', States: { Iteration: { Type: 'Task', Resource: 'iteration', End: true } } };
  const { Iterator: _, ...kept } = Object.fromEntries(Object.entries(state).filter(([name]) => !hidden.includes(name)));
  const map = { ...kept, End: true, ItemProcessor: { ...pick(processor, ['ProcessorConfig']), ...idle } };
  let items = 0;
  const ended = await play(setting, map, seen.only(...BEFORE_ITEMS), (effect) => {
    if (effect.resource !== 'iteration') return { output: { Body: test.readerData ?? '' } };
    items++;
    return { output: null };
  });
  return 'error' in ended ? ended : { items };
}

function thresholdExceeded({ failedIterations: failed }: Test, seen: Inspection, items: number): boolean {
  if (failed === undefined || failed === 0) return false;
  if (failed > items) refuse(`MapIterationFailureCount must not exceed the number of items, ${items}`);
  const count = seen.number('toleratedFailureCount');
  const percentage = seen.number('toleratedFailurePercentage');
  if (count === undefined && percentage === undefined) return true;
  return (count !== undefined && failed > count) || (percentage !== undefined && (failed / items) * 100 > percentage);
}

/** The retrier that an error meets and how long it waits; nothing where its attempts are used up. */
function retryOf(state: JsonObject, retries: number, error: string | undefined): JsonObject | undefined {
  const retriers = Array.isArray(state.Retry) ? state.Retry : [];
  const index = retriers.findIndex((retrier) => isObject(retrier) && matchesError(retrier.ErrorEquals, error));
  const retrier = retriers[index];
  if (!isObject(retrier)) return;
  const most = typeof retrier.MaxAttempts === 'number' ? retrier.MaxAttempts : 3;
  if (retries >= most) return;
  return { retryBackoffIntervalSeconds: Math.round(backoff(retrier, retries)), retryIndex: index };
}

/** The context object where the request brings none ("Automatic Context population"). */
function contextOf(
  test: Test,
  request: TestStateRequest,
  { now, execution, stateMachine, seed }: TestStateOptions,
): JsonObject {
  if (test.context) return test.context;
  const time = writeTimestamp(now);
  const waits = test.resource && 'pattern' in test.resource && test.resource.pattern === 'waitForTaskToken';
  return {
    Execution: {
      Id: execution.arn,
      Input: test.input,
      Name: execution.name,
      ...(request.roleArn !== undefined && { RoleArn: request.roleArn }),
      StartTime: time,
    },
    StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
    State: { Name: test.name, EnteredTime: time, RetryCount: test.retries ?? 0 },
    ...(waits && { Task: { Token: Buffer.from(`TestState:${seed}`).toString('base64') } }),
    ...(test.around.some(({ state }) => state.Type === 'Map') && { Map: { Item: { Index: 0, Value: test.input } } }),
  };
}

function answer(
  test: Test,
  seen: Inspection,
  {
    status,
    output,
    next,
    error,
    cause,
  }: {
    status: TestStateResult['status'];
    output?: Json;
    next?: string | undefined;
    error?: string | undefined;
    cause?: string | undefined;
  },
): TestStateResult {
  const inspectionData = seen.show(test.level);
  return {
    ...(output !== undefined && { output: JSON.stringify(output) }),
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
    ...(inspectionData && { inspectionData }),
    ...(next !== undefined && { nextState: next }),
    status,
  };
}
