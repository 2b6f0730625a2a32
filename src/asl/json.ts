import type { Json, JsonObject } from './types.ts';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a field of an object that is being made; a field named `__proto__` is a field like any other. */
export function put(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

/** A field of an object, never one of its prototype. */
export function field(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function typeName(value: Json | undefined): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** The payload limit of Step Functions, in bytes of UTF-8 ("Step Functions service quotas"). */
export const MAX_PAYLOAD = 262_144;

export function tooLarge(text: string): boolean {
  return text.length * 3 > MAX_PAYLOAD && Buffer.byteLength(text, 'utf8') > MAX_PAYLOAD;
}
