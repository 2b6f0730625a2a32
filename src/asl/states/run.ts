/** A workflow, branch or iteration: state after state, each with its entry, its retries, its catchers and its exit. */
import { type Engine, Failure, type Fiber, type Process, toFailure } from '../engine.ts';
import { StatesError } from '../errors.ts';
import { HistoryFull, inputDetails, outputDetails } from '../history.ts';
import { field, isObject, put, tooLarge } from '../json.ts';
import type { Machine } from '../definition.ts';
import { matchesError, Retries } from '../retry.ts';
import { evaluateTemplate, evaluateValue, type Scene, type States } from '../scene.ts';
import { writeTimestamp } from '../timestamp.ts';
import type { InspectStage, Json, JsonObject } from '../types.ts';
import type { Variables } from '../variables.ts';
import { applyResultPath } from './data-flow.ts';

export type Language = 'JSONPath' | 'JSONata';

/** What the states of one branch share. */
export interface Branch {
  engine: Engine;
  fiber: Fiber;
  variables: Variables;
  /** The query language of states that name none: that of the whole workflow. */
  inherited: Language;
  /** The members of the context object that belong to the branch: Execution, StateMachine, Map. */
  context: JsonObject;
}

/** One stay in a state: what its body may use. */
export interface Visit extends Branch {
  name: string;
  /** The event that says that the state was entered. */
  entered: number;
  state: JsonObject;
  language: Language;
  input: Json;
  attempt: number;
  /** Set by the body once a Parallel or Map has started what is in it. */
  started: boolean;
  scene: Scene;
  inspect(stage: InspectStage, value: Json): void;
}

/** What a body answers with: where to go, what is left behind. `next` undefined: the branch ends here. */
export interface Result {
  output: Json;
  next?: string | undefined;
  assigned?: JsonObject | undefined;
}

/** What a state left behind, with its output as the text that its exit and the next entry both write down. */
interface Left extends Result {
  text: string;
}

export type Body = (visit: Visit) => Process<Result>;

/** Where a state leads to. */
export const nextOf = (state: JsonObject): string | undefined =>
  typeof state.Next === 'string' ? state.Next : undefined;

const languageOf = (state: JsonObject, inherited: Language): Language =>
  state.QueryLanguage === 'JSONata' || state.QueryLanguage === 'JSONPath' ? state.QueryLanguage : inherited;

/** Plays a machine from its first state to its last; answers with its output. */
export function* runMachine(
  branch: Branch,
  machine: Machine,
  input: Json,
  bodies: Record<string, Body>,
): Process<Json> {
  let name: string | undefined = machine.startAt;
  let value = input;
  let text = JSON.stringify(input);
  while (name !== undefined) {
    const state = field(machine.states, name);
    const body = isObject(state) && typeof state.Type === 'string' ? bodies[state.Type] : undefined;
    if (!isObject(state) || !body) throw new Failure('States.Runtime', `The state '${name}' is not defined`);
    const result: Left = yield* runState(branch, name, state, value, text, body);
    value = result.output;
    text = result.text;
    name = result.next;
  }
  return value;
}

/** Inner errors get the words AWS puts before a cause; what failed below a state already has them. */
function withPlace(error: unknown, name: string, entered: number): Failure {
  if (error instanceof StatesError)
    return new Failure(
      error.error,
      `An error occurred while executing the state '${name}' (entered at the event id #${entered}). ${error.reason}`,
    );
  const failure = toFailure(error);
  if (error instanceof Failure) return failure;
  return new Failure(
    failure.error,
    `An error occurred while executing the state '${name}' (entered at the event id #${entered}). ${failure.reason}`,
  );
}

/** The failure that an error of a state's own makes of it; an expression that failed is written down first, on the branch where it did. */
export function reported(visit: Visit, error: unknown, fiber = visit.fiber): Failure {
  const failure = withPlace(error, visit.name, visit.entered);
  if (error instanceof StatesError && error.location !== undefined)
    visit.engine.log(fiber, 'EvaluationFailed', 'evaluationFailed', {
      error: failure.error ?? '',
      cause: failure.reason ?? '',
      location: error.location,
      state: visit.name,
    });
  return failure;
}

const CONTAINERS = new Set(['Map', 'Parallel']);

function* runState(
  branch: Branch,
  name: string,
  state: JsonObject,
  input: Json,
  text: string,
  body: Body,
): Process<Left> {
  const { engine, fiber } = branch;
  const type = state.Type as string;
  const entered = engine.log(fiber, `${type}StateEntered`, 'stateEntered', {
    name,
    ...inputDetails(text),
  });
  const enteredAt = writeTimestamp(engine.now);
  const language = languageOf(state, branch.inherited);
  const retries = new Retries();
  for (;;) {
    const visit: Visit = {
      ...branch,
      language,
      name,
      entered,
      state,
      input,
      attempt: retries.total,
      started: false,
      scene: {
        context: { ...branch.context, State: { EnteredTime: enteredAt, Name: name, RetryCount: retries.total } },
        variables: branch.variables,
        dice: engine.dice,
        now: engine.now,
      },
      inspect: (stage, value) => engine.options.onInspect?.(name, stage, value),
    };
    if (engine.options.context) visit.scene.context = { ...engine.options.context };
    if (retries.total === 0) visit.inspect('input', input);
    try {
      const result = yield* body(visit);
      return leave(visit, result);
    } catch (error) {
      if (error instanceof HistoryFull) throw error;
      const failure = reported(visit, error);
      const retry = retries.next(state.Retry, failure.error, failure.heartbeat, engine.dice);
      if (retry) {
        visit.inspect('errorDetails', { retryBackoffIntervalSeconds: retry.seconds, retryIndex: retry.index });
        engine.timer(fiber, engine.now + Math.round(retry.seconds * 1000));
        yield;
        continue;
      }
      if (CONTAINERS.has(type) && (visit.started || failure.error !== 'States.Runtime'))
        engine.log(fiber, `${type}StateFailed`);
      const caught = recover(visit, failure);
      return leave(visit, caught);
    }
  }
}

/** The catcher for a failure, applied. @throws Failure where no catcher names it */
function recover(visit: Visit, failure: Failure): Result {
  const { state, input, scene, language } = visit;
  const catchers = Array.isArray(state.Catch) ? state.Catch : [];
  const index = catchers.findIndex((c) => isObject(c) && matchesError(c.ErrorEquals, failure.error, failure.heartbeat));
  const catcher = catchers[index];
  if (!isObject(catcher)) throw failure;
  visit.inspect('errorDetails', { catchIndex: index });
  // What is not known is an empty text: a task that ran out of time leaves {"Error": "States.Timeout", "Cause": ""}.
  const errorOutput: JsonObject = { Error: failure.error ?? '', Cause: failure.reason ?? '' };
  const next = nextOf(catcher);
  try {
    if (language === 'JSONata') {
      const states: States = { input, errorOutput };
      const place = `Catch[${index}]`;
      return {
        output:
          'Output' in catcher ? evaluateValue(catcher.Output as Json, `${place}/Output`, scene, states) : errorOutput,
        assigned: assignedIn(catcher.Assign, (value, key) =>
          evaluateValue(value, `${place}/Assign/${key}`, scene, states),
        ),
        next,
      };
    }
    const assigned = isObject(catcher.Assign)
      ? (evaluateTemplate(catcher.Assign, scene, errorOutput) as JsonObject)
      : undefined;
    return { output: applyResultPath(catcher.ResultPath, input, errorOutput), assigned, next };
  } catch (error) {
    throw reported(visit, error);
  }
}

function assignedIn(assign: Json | undefined, evaluate: (value: Json, key: string) => Json): JsonObject | undefined {
  if (!isObject(assign)) return undefined;
  const values: JsonObject = {};
  for (const [key, value] of Object.entries(assign)) put(values, key, evaluate(value, key));
  return values;
}

/** The variables a state assigns. JSONPath: `$` is the state's result; JSONata: `$states` holds all. */
export function assign(
  visit: Visit,
  template: Json | undefined,
  subject: Json,
  states: States,
  place = 'Assign',
): JsonObject | undefined {
  if (!isObject(template)) return undefined;
  if (visit.language === 'JSONPath') return evaluateTemplate(template, visit.scene, subject) as JsonObject;
  return assignedIn(template, (value, key) => evaluateValue(value, `${place}/${key}`, visit.scene, states));
}

/** Leaves a state: variables are set only now, and the exit is written. */
function leave(visit: Visit, result: Result): Left {
  const { engine, fiber, name, state, variables } = visit;
  const text = JSON.stringify(result.output);
  if (tooLarge(text))
    throw new Failure(
      'States.DataLimitExceeded',
      `The state/task '${typeof state.Resource === 'string' ? state.Resource : name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  if (result.assigned) {
    if (tooLarge(JSON.stringify(result.assigned)))
      throw new Failure(
        'States.DataLimitExceeded',
        `The state '${name}' assigns variables with a size exceeding the maximum number of bytes service limit.`,
      );
    variables.assign(result.assigned);
    visit.inspect('variables', result.assigned);
  }
  if (result.next !== undefined) visit.inspect('nextState', result.next);
  if (state.Type !== 'Fail')
    engine.log(fiber, `${state.Type as string}StateExited`, 'stateExited', {
      name,
      ...outputDetails(text),
      ...(result.assigned && {
        assignedVariables: Object.fromEntries(
          Object.entries(result.assigned).map(([key, value]) => [key, JSON.stringify(value)]),
        ),
        assignedVariablesDetails: { truncated: false },
      }),
    });
  return { ...result, text };
}
