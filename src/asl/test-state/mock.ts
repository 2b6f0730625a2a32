import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../types.ts';
import type { Resource } from '../validation/resources.ts';
import { MODELS } from './models.ts';
import { refuse } from './refusal.ts';

/** Which table an API's answers stand in, where its name after `aws-sdk:` and that of its optimized integration differ. */
const SDK_NAMES: Record<string, string> = {
  states: 'sfn',
  events: 'eventbridge',
  bedrockruntime: 'bedrock',
  emrcontainers: 'emr-containers',
  emrserverless: 'emr-serverless',
};

/**
 * Holds a mocked result against what the real thing would answer (developer guide, "Mock validation modes", "Testing a Map
 * state", "Testing Parallel states"). Integrations whose API is not in the table, HTTP, API Gateway and EKS calls are
 * taken as they are; so is a function's or an activity's answer, which may be anything.
 * @throws TestStateError ValidationException
 */
export function checkMock(result: Json, mode: string, state: JsonObject, resource: Resource | undefined): void {
  if (state.Type === 'Parallel') {
    const { Branches: branches } = state;
    if (!Array.isArray(result)) refuse('Mocked result must be an array for a Parallel state');
    else if (Array.isArray(branches) && branches.length !== result.length)
      refuse(`Mocked result must be an array with one element for each of the ${branches.length} branches`);
    return;
  }
  if (state.Type === 'Map') {
    // Results that are written to a bucket leave an object behind that says where ("ResultWriter (Map)").
    const written = isObject(state.ResultWriter) && 'Resource' in state.ResultWriter;
    if (written && !isObject(result)) refuse('Mocked result must be an object for a Map state with a ResultWriter');
    if (!written && !Array.isArray(result)) refuse('Mocked result must be an array for a Map state');
    return;
  }
  if (mode === 'NONE' || !resource || (resource.kind !== 'integration' && resource.kind !== 'sdk')) return;
  const { service, action, pattern } = resource;
  // Whoever returns the token says what it likes.
  if (pattern === 'waitForTaskToken') return;
  const model = MODELS[SDK_NAMES[service] ?? service];
  // A job that is waited for is answered by the API that is asked how far it is.
  if (pattern.startsWith('sync') && service !== 'states') return;
  const asked = pattern.startsWith('sync') ? 'describeExecution' : action;
  const shape = model?.answers
    .split(' ')
    .find((answer) => answer.startsWith(`${asked}:`))
    ?.slice(asked.length + 1);
  if (!model || shape === undefined) return;
  const overrides: Record<string, string> = pattern === 'sync:2' ? { Output: 'J', Input: 'J' } : {};
  // null is an answer without any field.
  check(result ?? {}, shape, '', { model, strict: mode === 'STRICT', overrides });
}

interface Rules {
  model: { shapes: string[] };
  strict: boolean;
  overrides: Record<string, string>;
}

const NAMES: Record<string, string> = {
  S: 'string',
  N: 'integer',
  F: 'number',
  B: 'boolean',
  T: 'timestamp',
  X: 'blob',
};

function check(value: Json, type: string, place: string, rules: Rules): void {
  const wrong = (wanted: string): never =>
    refuse(
      `Mock result schema validation error: ${place === '' ? 'The result' : `Field '${place}'`} must be of type ${wanted}`,
    );
  const below = (name: string | number): string => (place === '' ? String(name) : `${place}.${name}`);
  if (type === 'J') return;
  if (type.startsWith('[')) {
    if (Array.isArray(value))
      for (const [at, item] of value.entries()) check(item, type.slice(1, -1), below(at), rules);
    else wrong('list');
    return;
  }
  if (type.startsWith('{')) {
    if (isObject(value))
      for (const [key, item] of Object.entries(value)) check(item, type.slice(1, -1), below(key), rules);
    else wrong('map');
    return;
  }
  const name = NAMES[type];
  if (name !== undefined) {
    if (!isOf(type, value)) wrong(name);
    return;
  }
  if (isObject(value)) checkMembers(value, type, place, rules);
  else wrong('structure');
}

function isOf(type: string, value: Json): boolean {
  if (type === 'N') return Number.isInteger(value);
  if (type === 'F') return typeof value === 'number';
  if (type === 'B') return typeof value === 'boolean';
  if (type === 'T' && typeof value === 'number') return true;
  return typeof value === 'string' && (type !== 'T' || !Number.isNaN(Date.parse(value)));
}

function checkMembers(value: JsonObject, type: string, place: string, rules: Rules): void {
  const below = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const line = rules.model.shapes.find((shape) => shape === type || shape.startsWith(`${type} `)) ?? '';
  for (const member of line.split(' ').slice(1)) {
    const [, field = '', required, own = 'J'] = /^(\w+)(!?):(.+)$/.exec(member) ?? [];
    const given = value[field];
    if (given !== undefined && given !== null)
      check(given, place === '' ? (rules.overrides[field] ?? own) : own, below(field), rules);
    else if (required && rules.strict)
      refuse(`Mock result schema validation error: Required field '${below(field)}' is missing`);
  }
}
