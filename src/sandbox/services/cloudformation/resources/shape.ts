/**
 * What a resource's properties look like, and bringing a template's values into that form: CloudFormation takes "10" for
 * a number and true for a text. Pure. Faults are worded as the registry words them ("#/Targets/0: required key [Id] not found").
 */
import { isObject, type JsonObject } from '../template/model.ts';

/** A leaf; a list of one shape; or named members, `Name!` when required, `*` for any name. */
export type Shape = 'string' | 'integer' | 'number' | 'boolean' | 'json' | readonly [Shape] | Members;
export interface Members {
  readonly [name: string]: Shape;
}

export const TAGS: Shape = [{ 'Key!': 'string', 'Value!': 'string' }];
export const STRINGS: Shape = ['string'];
export const TEXT_MAP: Shape = { '*': 'string' };

export function conform(value: unknown, shape: Shape, path = '#'): { value: unknown; faults: string[] } {
  // Not known yet (while planning): nothing to hold against it.
  if (typeof value === 'symbol') return { value, faults: [] };
  const faults: string[] = [];
  const wrong = (expected: string): unknown => {
    faults.push(`${path}: expected type: ${expected}, found: ${kindOf(value)}`);
    return value;
  };
  const inner = (item: unknown, of: Shape, at: string): unknown => {
    const result = conform(item, of, at);
    faults.push(...result.faults);
    return result.value;
  };
  let result: unknown = value;
  if (shape === 'json') {
    if (!isObject(value) && typeof value !== 'string' && !Array.isArray(value)) result = wrong('JSONObject');
  } else if (shape === 'string') {
    if (typeof value === 'number' || typeof value === 'boolean') result = String(value);
    else if (typeof value !== 'string') result = wrong('String');
  } else if (shape === 'integer' || shape === 'number') {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    const good =
      typeof number === 'number' && Number.isFinite(number) && (shape === 'number' || Number.isInteger(number));
    result = good ? number : wrong(shape === 'integer' ? 'Integer' : 'Number');
  } else if (shape === 'boolean') {
    if (value === 'true' || value === 'false') result = value === 'true';
    else if (typeof value !== 'boolean') result = wrong('Boolean');
  } else if (Array.isArray(shape)) {
    result = Array.isArray(value)
      ? value.map((item, index) => inner(item, shape[0] as Shape, `${path}/${index}`))
      : wrong('JSONArray');
  } else if (!isObject(value)) {
    result = wrong('JSONObject');
  } else {
    const members = shape as Members;
    const object: JsonObject = {};
    for (const name of Object.keys(members))
      if (name.endsWith('!') && value[name.slice(0, -1)] === undefined)
        faults.push(`${path}: required key [${name.slice(0, -1)}] not found`);
    for (const [name, item] of Object.entries(value)) {
      const of = members[name] ?? members[`${name}!`] ?? members['*'];
      if (of === undefined) faults.push(`${path}: extraneous key [${name}] is not permitted`);
      else object[name] = inner(item, of, `${path}/${name}`);
    }
    result = object;
  }
  return { value: result, faults };
}

function kindOf(value: unknown): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return 'JSONArray';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Number';
  return 'JSONObject';
}
