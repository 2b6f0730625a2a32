/** The Task state: scheduled, started, perhaps submitted, answered, failed or out of time. */
import { Failure, type Process } from '../engine.ts';
import { StatesError } from '../errors.ts';
import { failureDetails, inputDetails, outputDetails } from '../history.ts';
import { tooLarge } from '../json.ts';
import { evaluateDynamic, evaluateNumber, evaluateTemplate, evaluateValue } from '../scene.ts';
import type { Input, Json, JsonObject } from '../types.ts';
import { conclude, effectiveInput, selectResult } from './data-flow.ts';
import type { Result, Visit } from './run.ts';

/** How the events of a kind of task are called and what they say first. */
interface Vocabulary {
  events: 'Task' | 'LambdaFunction' | 'Activity';
  /** resourceType and resource, for integrations. */
  service: JsonObject;
  region: string;
}

function vocabulary(resource: string, own: string): Vocabulary {
  const parts = resource.split(':');
  const region = own.split(':')[3] ?? '';
  if (parts[2] === 'lambda') return { events: 'LambdaFunction', service: {}, region };
  if (parts[2] === 'states' && parts[5] === 'activity') return { events: 'Activity', service: {}, region };
  const [, resourceType = '', action = ''] = /^(.*?):([^:]*(?:\.sync:2)?)$/.exec(parts.slice(5).join(':')) ?? [];
  return { events: 'Task', service: { resourceType, resource: action }, region };
}

/** A task that hands out a token and waits for it to come back. */
const isCallback = (resource: string): boolean => resource.endsWith('.waitForTaskToken');

/** TimeoutSeconds or HeartbeatSeconds, or what their Path or expression says. */
function limit(visit: Visit, name: 'TimeoutSeconds' | 'HeartbeatSeconds'): number | undefined {
  const { state, scene, input, language } = visit;
  const path = state[`${name}Path`];
  let value: Json | undefined = state[name];
  if (typeof path === 'string') {
    value = evaluateDynamic(path, `${name}Path`, scene, input);
    if (!Number.isInteger(value) || (value as number) <= 0)
      throw new StatesError(
        'States.Runtime',
        `The ${name}Path parameter ${Number.isInteger(value) ? 'references a non-positive value' : 'cannot be parsed as a long value'}: ${path} == ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
  } else if (value !== undefined && language === 'JSONata')
    value = evaluateNumber(value, name, 'integer', [1, 99_999_999], scene, { input });
  return typeof value === 'number' ? value : undefined;
}

function credentials(visit: Visit): Json | undefined {
  const { state, scene, input, language } = visit;
  if (!('Credentials' in state)) return undefined;
  if (language === 'JSONata') return evaluateValue(state.Credentials as Json, 'Credentials', scene, { input });
  return evaluateTemplate(state.Credentials as Json, scene, input);
}

export function* task(visit: Visit): Process<Result> {
  const { engine, fiber, state, name, attempt } = visit;
  const resource = String(state.Resource);
  const words = vocabulary(resource, engine.options.stateMachine.arn);
  const token = isCallback(resource) ? engine.dice.token() : undefined;
  if (token !== undefined && !engine.options.context)
    visit.scene.context = { ...visit.scene.context, Task: { Token: token } };
  const parameters = effectiveInput(visit);
  const timeoutSeconds = limit(visit, 'TimeoutSeconds');
  const heartbeatSeconds = limit(visit, 'HeartbeatSeconds');
  const role = credentials(visit);
  const text = JSON.stringify(parameters);
  if (tooLarge(text))
    throw new Failure(
      'States.DataLimitExceeded',
      `The state/task '${resource}' has an input with a size exceeding the maximum number of bytes service limit.`,
    );
  scheduled(visit, words, resource, text, { timeoutSeconds, heartbeatSeconds, role });
  const id = engine.ask(fiber, {
    kind: 'task',
    id: '',
    stateName: name,
    resource,
    parameters,
    ...(role !== undefined && { credentials: role }),
    ...(token !== undefined && { token }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
    attempt,
  });
  const output = yield* answer(visit, words, id, resource, timeoutSeconds, heartbeatSeconds);
  visit.scene.now = engine.now;
  const selected = selectResult(visit, output);
  return conclude(visit, output, selected);
}

function scheduled(
  visit: Visit,
  { events, service, region }: Vocabulary,
  resource: string,
  input: string,
  limits: { timeoutSeconds: number | undefined; heartbeatSeconds: number | undefined; role: Json | undefined },
): void {
  const { engine, fiber } = visit;
  const common = {
    ...(limits.timeoutSeconds !== undefined && { timeoutInSeconds: limits.timeoutSeconds }),
    ...(limits.heartbeatSeconds !== undefined &&
      events !== 'LambdaFunction' && { heartbeatInSeconds: limits.heartbeatSeconds }),
    ...(limits.role !== undefined && events !== 'Activity' && { taskCredentials: taskCredentials(limits.role) }),
  };
  if (events === 'Task') {
    engine.log(fiber, 'TaskScheduled', 'taskScheduled', { ...service, region, parameters: input, ...common });
    engine.log(fiber, 'TaskStarted', 'taskStarted', { ...service });
  } else if (events === 'LambdaFunction') {
    engine.log(fiber, 'LambdaFunctionScheduled', 'lambdaFunctionScheduled', {
      resource,
      ...inputDetails(input),
      ...common,
    });
    engine.log(fiber, 'LambdaFunctionStarted');
  } else engine.log(fiber, 'ActivityScheduled', 'activityScheduled', { resource, ...inputDetails(input), ...common });
}

function taskCredentials(role: Json): JsonObject {
  const arn = typeof role === 'object' && role !== null && !Array.isArray(role) ? role.RoleArn : undefined;
  return typeof arn === 'string' ? { roleArn: arn } : {};
}

const detailsName = (events: string, what: string): string =>
  `${events.charAt(0).toLowerCase()}${events.slice(1)}${what}`;

/** Waits for the answer to a task, for its time-out or for its missed heartbeat. */
function* answer(
  visit: Visit,
  words: Vocabulary,
  id: string,
  resource: string,
  timeoutSeconds: number | undefined,
  heartbeatSeconds: number | undefined,
): Process<Json> {
  const { engine, fiber } = visit;
  const { events, service } = words;
  const log = (what: string, details: JsonObject) =>
    engine.log(fiber, `${events}${what}`, detailsName(events, what), { ...service, ...details });
  let submitted = false;
  let beat = engine.now;
  const deadline = timeoutSeconds === undefined ? undefined : engine.timer(fiber, engine.now + timeoutSeconds * 1000);
  const armPulse = () =>
    heartbeatSeconds === undefined ? undefined : engine.timer(fiber, beat + heartbeatSeconds * 1000);
  // A worker's heartbeats count from when it takes the task ("HeartbeatSeconds", AWS "Task workflow state").
  let pulse = events === 'Activity' ? undefined : armPulse();
  for (;;) {
    const signal = yield;
    if (signal.kind !== 'input') continue;
    const input = signal.input as Exclude<Input, { kind: 'stop' }>;
    switch (input.kind) {
      case 'task-submitted':
        if (!submitted && events === 'Task') log('Submitted', outputDetails(JSON.stringify(input.output)));
        submitted = true;
        beat = engine.now;
        continue;
      case 'task-started':
        if (events === 'Activity')
          log('Started', input.workerName === undefined ? {} : { workerName: input.workerName });
        beat = engine.now;
        pulse ??= armPulse();
        continue;
      case 'task-heartbeat':
        beat = engine.now;
        continue;
      case 'timer': {
        const missed = input.id === pulse;
        if (missed && engine.now < beat + (heartbeatSeconds as number) * 1000) {
          pulse = armPulse();
          continue;
        }
        engine.cancel(id);
        engine.cancel(missed ? deadline : pulse);
        log('TimedOut', { error: 'States.Timeout' });
        throw new Failure('States.Timeout', undefined, missed);
      }
      case 'task-failed':
        engine.cancel(deadline);
        engine.cancel(pulse);
        log('Failed', failureDetails(input.error, input.cause));
        throw new Failure(input.error, input.cause);
      case 'task-succeeded':
        engine.cancel(deadline);
        engine.cancel(pulse);
        return received(visit, log, input.output, resource);
    }
  }
}

/** An answer is counted as received; one that is too large ends the task as a failure all the same. */
function received(
  visit: Visit,
  log: (what: string, details: JsonObject) => number,
  output: Json,
  resource: string,
): Json {
  const text = JSON.stringify(output);
  if (tooLarge(text)) {
    const cause = `The state/task '${resource}' returned a result with a size exceeding the maximum number of bytes service limit.`;
    log('Failed', failureDetails('States.DataLimitExceeded', cause));
    throw new Failure('States.DataLimitExceeded', cause);
  }
  log('Succeeded', outputDetails(text));
  visit.scene.now = visit.engine.now;
  return output;
}
