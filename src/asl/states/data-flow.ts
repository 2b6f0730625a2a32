/** The data flow that all states share: what goes in, what is kept of the result ("Processing input and output", AWS). */
import type { Process } from '../engine.ts';
import { StatesError } from '../errors.ts';
import { isObject, put } from '../json.ts';
import { parsePath, referenceSteps } from '../path.ts';
import { evaluateDynamic, evaluateTemplate, evaluateValue, type Scene, type States } from '../scene.ts';
import type { Json, JsonObject } from '../types.ts';
import { assign, nextOf, type Result, type Visit } from './run.ts';

/** InputPath and OutputPath: null stands for an empty object, nothing for `$`. */
function selectPath(path: Json | undefined, fieldName: string, scene: Scene, value: Json): Json {
  if (path === null) return {};
  return typeof path === 'string' && path !== '$' ? evaluateDynamic(path, fieldName, scene, value) : value;
}

/** The input of a JSONPath state after InputPath. */
export function afterInputPath(visit: Visit): Json {
  const value = selectPath(visit.state.InputPath, 'InputPath', visit.scene, visit.input);
  visit.inspect('afterInputPath', value);
  return value;
}

/** What a Task or Parallel hands on: InputPath and Parameters, or Arguments. */
export function effectiveInput(visit: Visit): Json {
  const { state, scene, input, language } = visit;
  if (language === 'JSONata') {
    if (!('Arguments' in state)) return input;
    const value = evaluateValue(state.Arguments as Json, 'Arguments', scene, { input });
    visit.inspect('afterArguments', value);
    return value;
  }
  const selected = afterInputPath(visit);
  const value = 'Parameters' in state ? evaluateTemplate(state.Parameters as Json, scene, selected) : selected;
  visit.inspect('afterParameters', value);
  return value;
}

/** Puts a result into a state's input where ResultPath says (States Language "ResultPath"). */
export function applyResultPath(path: Json | undefined, input: Json, result: Json): Json {
  if (path === null) return input;
  if (typeof path !== 'string' || path === '$') return result;
  const place = (base: Json | undefined, steps: (string | number)[]): Json => {
    const [step, ...rest] = steps;
    if (step === undefined) return result;
    if (typeof step === 'number') {
      if (!Array.isArray(base) || step >= base.length) return cannotApply(path, input);
      return base.map((item, at) => (at === step ? place(item, rest) : item));
    }
    if (base !== undefined && !isObject(base)) return cannotApply(path, input);
    const copy: JsonObject = {};
    for (const [key, value] of Object.entries(base ?? {})) put(copy, key, value);
    put(copy, step, place(base && Object.hasOwn(base, step) ? base[step] : undefined, rest));
    return copy;
  };
  return place(input, referenceSteps(parsePath(path)));
}

function cannotApply(path: string, input: Json): never {
  throw new StatesError(
    'States.ResultPathMatchFailure',
    `Unable to apply step "${path}" to input ${JSON.stringify(input)}`,
  );
}

/** What follows the result of a state: selectors, Assign, Output, and where to go. */
export function conclude(visit: Visit, result: Json, selected?: Json): Result {
  const { state, scene, input } = visit;
  if (visit.language === 'JSONata') {
    const states: States = { input, result };
    return {
      assigned: assign(visit, state.Assign, result, states),
      output: 'Output' in state ? evaluateValue(state.Output as Json, 'Output', scene, states) : result,
      next: nextOf(state),
    };
  }
  const kept = selected === undefined ? result : selected;
  // Beside ResultSelector, not after it ("Using variables in JSONPath states": `$` is the result of the API).
  const assigned = assign(visit, state.Assign, result, { input });
  const placed = applyResultPath(state.ResultPath, input, kept);
  visit.inspect('afterResultPath', placed);
  return { assigned, output: selectPath(state.OutputPath, 'OutputPath', scene, placed), next: nextOf(state) };
}

/** The result of a Task, Parallel or Map after ResultSelector. */
export function selectResult(visit: Visit, result: Json): Json {
  const { state, scene, language } = visit;
  visit.inspect('result', result);
  if (language === 'JSONata') return result;
  const value = 'ResultSelector' in state ? evaluateTemplate(state.ResultSelector as Json, scene, result) : result;
  visit.inspect('afterResultSelector', value);
  return value;
}

/** The end of a state that hands its input on: Wait, Choice, Succeed. */
export function passOn(visit: Visit, next: string | undefined, rule?: { template: JsonObject; place: string }): Result {
  const { state, scene, input } = visit;
  const from = rule?.template ?? state;
  const at = rule ? `${rule.place}/` : '';
  if (visit.language === 'JSONata') {
    const states: States = { input };
    return {
      assigned: assign(visit, from.Assign, input, states, `${at}Assign`),
      output: 'Output' in from ? evaluateValue(from.Output as Json, `${at}Output`, scene, states) : input,
      next,
    };
  }
  const selected = afterInputPath(visit);
  return {
    assigned: assign(visit, from.Assign, selected, { input }),
    output: selectPath(state.OutputPath, 'OutputPath', scene, selected),
    next,
  };
}

/** A body that waits for nothing. */
export function immediate(body: (visit: Visit) => Result): (visit: Visit) => Process<Result> {
  // biome-ignore lint/correctness/useYield: a body is a process even where it never waits
  return function* (visit) {
    return body(visit);
  };
}
