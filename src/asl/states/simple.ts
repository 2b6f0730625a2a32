/** Pass, Succeed, Fail, Choice and Wait. */
import { Failure, type Process } from '../engine.ts';
import { StatesError } from '../errors.ts';
import { ruleHolds } from '../choice.ts';
import { isObject } from '../json.ts';
import {
  evaluateDynamic,
  evaluateNumber,
  evaluateTemplate,
  evaluateTyped,
  evaluateValue,
  expressionIn,
} from '../scene.ts';
import { parseTimestamp } from '../timestamp.ts';
import type { Json } from '../types.ts';
import { afterInputPath, conclude, immediate, passOn } from './data-flow.ts';
import { type Body, nextOf, type Result, type Visit } from './run.ts';

export const pass: Body = immediate((visit) => {
  const { state, scene } = visit;
  if (visit.language === 'JSONata') return passOn(visit, nextOf(state));
  const selected = afterInputPath(visit);
  const parameters = 'Parameters' in state ? evaluateTemplate(state.Parameters as Json, scene, selected) : selected;
  visit.inspect('afterParameters', parameters);
  const result = 'Result' in state ? (state.Result as Json) : parameters;
  if ('Result' in state) visit.inspect('result', result);
  visit.inspect('afterResultSelector', result);
  return conclude(visit, result);
});

export const succeed: Body = immediate((visit) => passOn(visit, undefined));

export const fail: Body = immediate((visit) => {
  const { state, scene, input, language } = visit;
  const text = (name: 'Error' | 'Cause'): string | undefined => {
    const path = state[`${name}Path`];
    if (typeof path === 'string') {
      const value = evaluateDynamic(path, `${name}Path`, scene, input);
      if (typeof value === 'string') return value;
      throw new StatesError(
        'States.Runtime',
        `The ${name}Path parameter must reference a string value: ${path} == ${JSON.stringify(value)}`,
      );
    }
    const value = state[name];
    if (typeof value !== 'string') return undefined;
    return language === 'JSONata' ? (evaluateTyped(value, name, 'string', scene, { input }) as string) : value;
  };
  const error = text('Error');
  throw new Failure(error, text('Cause'));
});

export const choice: Body = immediate((visit): Result => {
  const { state, scene, input, language } = visit;
  const rules = Array.isArray(state.Choices) ? state.Choices.filter(isObject) : [];
  const tested = language === 'JSONPath' ? afterInputPath(visit) : input;
  for (const [at, rule] of rules.entries()) {
    const place = `Choices[${at}]`;
    const holds =
      language === 'JSONata'
        ? evaluateTyped(rule.Condition as Json, `${place}/Condition`, 'boolean', scene, { input })
        : ruleHolds(rule, scene, tested);
    if (holds) return passOn(visit, nextOf(rule), { template: rule, place });
  }
  if (typeof state.Default === 'string') return passOn(visit, state.Default);
  throw new StatesError(
    'States.NoChoiceMatched',
    'Failed to transition out of the state. The state does not point to a next state.',
  );
});

const MAX_WAIT = 99_999_999;

function seconds(visit: Visit): number | undefined {
  const { state, scene, input, language } = visit;
  if (typeof state.SecondsPath === 'string') {
    const path = state.SecondsPath;
    const value = evaluateDynamic(path, 'SecondsPath', scene, afterInputPath(visit));
    return wholeSeconds(value, 'SecondsPath', path);
  }
  if (state.Seconds === undefined) return undefined;
  if (language === 'JSONPath') return Number(state.Seconds);
  return evaluateNumber(state.Seconds, 'Seconds', 'integer', [0, MAX_WAIT], scene, { input });
}

function wholeSeconds(value: Json, name: string, path: string): number {
  const refuse = (what: string): never => {
    throw new StatesError('States.Runtime', `The ${name} parameter ${what}: ${path} == ${shown(value)}`);
  };
  if (typeof value !== 'number' || !Number.isInteger(value)) return refuse('cannot be parsed as a long value');
  if (value < 0) return refuse('references a negative value');
  if (value > MAX_WAIT) return refuse('references a value that is too large');
  return value;
}

const shown = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function instant(visit: Visit): number {
  const { state, scene, input, language } = visit;
  const path = state.TimestampPath;
  let value: Json = null;
  if (typeof path === 'string') value = evaluateDynamic(path, 'TimestampPath', scene, afterInputPath(visit));
  else if (language === 'JSONata') value = evaluateValue(state.Timestamp as Json, 'Timestamp', scene, { input });
  else value = state.Timestamp ?? null;
  const at = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (at !== undefined) return Number(at / 1_000_000n);
  if (language === 'JSONata')
    throw new StatesError(
      'States.QueryEvaluationError',
      `The JSONata expression '${expressionIn(String(state.Timestamp)) ?? String(state.Timestamp)}' specified for the field 'Timestamp' returned a value that is not a valid ISO-8601 extended offset date-time format string: ${shown(value)}`,
      'Timestamp',
    );
  throw new StatesError(
    'States.Runtime',
    `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${String(path)} == ${shown(value)}`,
  );
}

export function* wait(visit: Visit): Process<Result> {
  const { engine, fiber } = visit;
  const duration = seconds(visit);
  const at = duration === undefined ? instant(visit) : engine.now + duration * 1000;
  if (at > engine.now) {
    engine.timer(fiber, at);
    yield;
    visit.scene.now = engine.now;
  }
  return passOn(visit, nextOf(visit.state));
}
