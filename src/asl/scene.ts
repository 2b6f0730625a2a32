/**
 * What the expressions of a state may see, and their evaluation: paths and payload templates of JSONPath states,
 * `{% … %}` of JSONata states, with the causes AWS writes when one of them fails.
 */
import { AslSyntaxError, StatesError } from './errors.ts';
import { evaluateIntrinsic } from './intrinsic-functions.ts';
import { parseIntrinsic } from './intrinsics.ts';
import { isObject, put, typeName } from './json.ts';
import { evaluateJsonata, JsonataError } from './jsonata/index.ts';
import { findPath, type Path, parsePath } from './path.ts';
import type { Dice } from './random.ts';
import type { Json, JsonObject } from './types.ts';
import type { Variables } from './variables.ts';

export interface Scene {
  context: JsonObject;
  variables: Variables;
  dice: Dice;
  /** epoch milliseconds */
  now: number;
}

const runtime = (reason: string): StatesError => new StatesError('States.Runtime', reason);

function readPath(text: string): Path {
  try {
    return parsePath(text);
  } catch (error) {
    if (error instanceof AslSyntaxError) throw runtime(`Invalid path '${text}': ${error.message}`);
    throw error;
  }
}

const pathScope = (scene: Scene, input: Json) => ({
  input,
  context: scene.context,
  variables: (name: string) => scene.variables.get(name),
});

/** The value of a path, or undefined where it points at nothing. */
export function lookPath(text: string, scene: Scene, input: Json): Json | undefined {
  return findPath(readPath(text), pathScope(scene, input));
}

/**
 * The value of a path or an intrinsic function.
 * @param fieldName as the cause names it: `InputPath`, `name.$`
 * @throws StatesError States.Runtime for a path that finds nothing: AWS reports that, not States.ParameterPathFailure,
 *   for payload templates too
 */
export function evaluateDynamic(text: string, fieldName: string, scene: Scene, input: Json): Json {
  if (text.startsWith('States.')) {
    try {
      return evaluateIntrinsic(parseIntrinsic(text), pathScope(scene, input), scene.dice);
    } catch (error) {
      if (error instanceof AslSyntaxError) throw runtime(`Invalid intrinsic function '${text}': ${error.message}`);
      throw error;
    }
  }
  const path = readPath(text);
  if (input === null && path.root.kind === 'input')
    throw runtime('Unable to apply Path transformation to null or empty input.');
  const value = findPath(path, pathScope(scene, input));
  if (value !== undefined) return value;
  const searched = path.root.kind === 'context' ? scene.context : input;
  throw runtime(
    `The JSONPath '${text}' specified for the field '${fieldName}' could not be found in the input '${JSON.stringify(searched)}'`,
  );
}

/** A payload template: fields whose name ends in `.$` are replaced by what their path or function answers. */
export function evaluateTemplate(template: Json, scene: Scene, input: Json): Json {
  if (Array.isArray(template)) return template.map((item) => evaluateTemplate(item, scene, input));
  if (!isObject(template)) return template;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(template)) {
    if (!key.endsWith('.$')) put(result, key, evaluateTemplate(value, scene, input));
    else if (typeof value === 'string') put(result, key.slice(0, -2), evaluateDynamic(value, key, scene, input));
    else throw runtime(`The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`);
  }
  return result;
}

/** What `$states` holds. */
export interface States {
  input: Json;
  result?: Json;
  errorOutput?: Json;
}

/** The expression inside `{% … %}`, or undefined for a text that is only a text. */
export function expressionIn(text: string): string | undefined {
  return text.length >= 4 && text.startsWith('{%') && text.endsWith('%}') ? text.slice(2, -2).trim() : undefined;
}

const failed = (expression: string, place: string, what: string): StatesError =>
  new StatesError(
    'States.QueryEvaluationError',
    `The JSONata expression '${expression}' specified for the field '${place}' ${what}`,
    place,
  );

function evaluateExpression(expression: string, place: string, scene: Scene, states: States): Json {
  let value: Json | undefined;
  try {
    value = evaluateJsonata(expression, {
      bindings: (name) => (name === 'states' ? { ...states, context: scene.context } : scene.variables.get(name)),
      now: scene.now,
      dice: scene.dice,
    });
  } catch (error) {
    if (error instanceof JsonataError || error instanceof AslSyntaxError)
      throw failed(
        expression,
        place,
        `threw an error during evaluation${error instanceof JsonataError && error.limit ? ':' : '.'} ${error.message}`,
      );
    throw error;
  }
  if (value === undefined) throw failed(expression, place, 'returned nothing (undefined).');
  return value;
}

/** A value of a JSONata state: every text `{% … %}` in it is replaced by what it answers. */
export function evaluateValue(value: Json, place: string, scene: Scene, states: States): Json {
  if (typeof value === 'string') {
    const expression = expressionIn(value);
    return expression === undefined ? value : evaluateExpression(expression, place, scene, states);
  }
  if (Array.isArray(value)) return value.map((item, at) => evaluateValue(item, `${place}[${at}]`, scene, states));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value))
    put(result, key, evaluateValue(item, `${place}/${key}`, scene, states));
  return result;
}

/** A number of a JSONata state that must lie within limits. */
export function evaluateNumber(
  value: Json,
  place: string,
  type: 'number' | 'integer',
  [least, most]: [number, number],
  scene: Scene,
  states: States,
): number {
  const result = evaluateTyped(value, place, type, scene, states) as number;
  if (result >= least && result <= most) return result;
  throw failed(
    typeof value === 'string' ? (expressionIn(value) ?? value) : String(value),
    place,
    `returned a value outside the acceptable range of ${least} to ${most}: ${result}`,
  );
}

/** As evaluateValue, for a field that must answer with one type of value (`integer` is a number without a fraction). */
export function evaluateTyped(
  value: Json,
  place: string,
  type: 'array' | 'boolean' | 'string' | 'number' | 'integer',

  scene: Scene,
  states: States,
): Json {
  const result = evaluateValue(value, place, scene, states);
  const actual = typeName(result);
  if (type === 'integer' ? Number.isInteger(result) : actual === type) return result;
  const expression = typeof value === 'string' ? (expressionIn(value) ?? value) : JSON.stringify(value);
  throw failed(
    expression,
    place,
    `returned an unexpected result type. Expected '${type}', but was '${actual}' for value: ${JSON.stringify(result)}`,
  );
}
