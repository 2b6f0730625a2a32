import { AslSyntaxError } from './errors.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './types.ts';

/** A workflow, a branch or an item processor: what has StartAt and States. */
export interface Machine {
  startAt: string;
  states: JsonObject;
}

const parsed = new Map<string, JsonObject>();

/** The definition as an object; texts are parsed once. */
export function readDefinition(definition: JsonObject | string): JsonObject {
  if (typeof definition !== 'string') {
    if (!isObject(definition)) throw new AslSyntaxError('A definition is a JSON object', 0);
    return definition;
  }
  let known = parsed.get(definition);
  if (!known) {
    let value: unknown;
    try {
      value = JSON.parse(definition);
    } catch (error) {
      throw new AslSyntaxError(error instanceof Error ? error.message : String(error), 0);
    }
    if (!isObject(value)) throw new AslSyntaxError('A definition is a JSON object', 0);
    known = value;
    if (parsed.size > 500) parsed.clear();
    parsed.set(definition, known);
  }
  return known;
}

export function machineOf(value: unknown): Machine {
  const states = isObject(value) ? value.States : undefined;
  const startAt = isObject(value) ? value.StartAt : undefined;
  if (!isObject(states) || typeof startAt !== 'string') throw new AslSyntaxError('StartAt and States are required', 0);
  return { startAt, states };
}
