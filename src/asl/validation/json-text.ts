import type { Json } from '../types.ts';

/** Line and column, both from 1. */
export interface Position {
  line: number;
  column: number;
}

export type ParsedText =
  | { ok: true; value: Json; duplicates: { location: string; name: string }[] }
  | { ok: false; message: string; position: Position };

/** A child's place, as AWS writes it: members with a slash, elements in brackets. */
export function member(location: string, name: string): string {
  return location === '/' ? `/${name}` : `${location}/${name}`;
}

export function element(location: string, index: number): string {
  return `${location === '/' ? '' : location}[${index}]`;
}

const MAX_DEPTH = 500;

class Unreadable extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** A place on the way down: its text is made only where it is needed, which is nearly never. */
interface Step {
  up: Step | undefined;
  key: string | number;
}

function locationOf(step: Step | undefined): string {
  if (!step) return '/';
  const above = locationOf(step.up);
  return typeof step.key === 'number' ? element(above, step.key) : member(above, step.key);
}

/** Where in a text (that can be read) the values at these locations stand. */
export function findPositions(text: string, locations: Iterable<string>): Map<string, Position> {
  const wanted = new Set(locations);
  const offsets = new Map<string, number>();
  if (wanted.size > 0)
    parseText(text, (step, at) => {
      const location = locationOf(step);
      if (wanted.has(location)) offsets.set(location, at);
    });
  const lines = lineStarts(text);
  return new Map([...offsets].map(([location, offset]) => [location, positionIn(lines, offset)]));
}

/**
 * JSON with places. JSON.parse tells neither where a value stands nor that a name was given twice (two states of one
 * name would become one without a word), and AWS reports both. Messages are those of AWS's own JSON reader.
 */
export function parseText(text: string, visit?: (step: Step | undefined, at: number) => void): ParsedText {
  const duplicates: { location: string; name: string }[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;

  const fail = (message: string, where = at): never => {
    throw new Unreadable(message, where);
  };
  const shown = (): string => {
    const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
    return `Unexpected character ('${char}' (code ${char.codePointAt(0)}))`;
  };
  const space = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  };
  const string = (): string => {
    const start = at++;
    for (;;) {
      if (at >= text.length) fail('Unexpected end-of-input in VALUE_STRING');
      const char = text.charAt(at);
      if (char === '"') break;
      if (char < ' ')
        fail(
          `Illegal unquoted character ((CTRL-CHAR, code ${char.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
        );
      if (char === '\\') {
        at++;
        const escaped = text.charAt(at);
        if (escaped === 'u') {
          if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5)))
            fail('Unexpected character: expected a hex-digit for character escape sequence');
          at += 4;
        } else if (!'"\\/bfnrt'.includes(escaped) || escaped === '')
          fail(`Unrecognized character escape '${escaped}' (code ${escaped.charCodeAt(0) || 0})`);
      }
      at++;
    }
    at++;
    return JSON.parse(text.slice(start, at)) as string;
  };
  const value = (step: Step | undefined, depth: number): Json => {
    space();
    visit?.(step, at);
    if (depth > MAX_DEPTH) fail(`Document nesting depth (${depth}) exceeds the maximum allowed (${MAX_DEPTH})`);
    const char = text.charAt(at);
    if (char === '') return fail('Unexpected end-of-input');
    if (char === '{') return object(step, depth);
    if (char === '[') return array(step, depth);
    if (char === '"') return string();
    const literal = /^(true|false|null)(?![\w$])/.exec(text.slice(at, at + 6))?.[1];
    if (literal) {
      at += literal.length;
      return literal === 'null' ? null : literal === 'true';
    }
    if (char === '-' || (char >= '0' && char <= '9')) {
      const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(text.slice(at, at + 400))?.[0];
      if (!number) return fail(`${shown()}: expected digit (0-9) to follow minus sign, for valid numeric value`);
      at += number.length;
      if (/[\w.]/.test(text.charAt(at))) return fail(`${shown()}: Expected space separating root-level values`);
      return Number(number);
    }
    const token = /^[A-Za-z_$][\w$]*/.exec(text.slice(at, at + 256))?.[0];
    if (token)
      return fail(
        `Unrecognized token '${token}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`,
      );
    return fail(
      `${shown()}: expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`,
    );
  };
  const object = (step: Step | undefined, depth: number): Json => {
    const start = at++;
    const result: { [key: string]: Json } = {};
    const closed = (): never => fail(`Unexpected end-of-input: expected close marker for Object${marker(start)}`);
    space();
    if (text.charAt(at) === '}') {
      at++;
      return result;
    }
    for (;;) {
      space();
      if (at >= text.length) closed();
      if (text.charAt(at) !== '"') fail(`${shown()}: was expecting double-quote to start field name`);
      const name = string();
      space();
      if (at >= text.length) closed();
      if (text.charAt(at) !== ':') fail(`${shown()}: was expecting a colon to separate field name and value`);
      at++;
      if (Object.hasOwn(result, name)) duplicates.push({ location: locationOf(step), name });
      const child = value({ up: step, key: name }, depth + 1);
      // A plain assignment to this one name would set the prototype instead of a field.
      if (name === '__proto__')
        Object.defineProperty(result, name, { value: child, enumerable: true, writable: true, configurable: true });
      else result[name] = child;
      space();
      const next = text.charAt(at);
      if (next === '') closed();
      if (next === '}') {
        at++;
        return result;
      }
      if (next !== ',') fail(`${shown()}: was expecting comma to separate Object entries`);
      at++;
    }
  };
  const array = (step: Step | undefined, depth: number): Json => {
    const start = at++;
    const result: Json[] = [];
    const closed = (): never => fail(`Unexpected end-of-input: expected close marker for Array${marker(start)}`);
    space();
    if (text.charAt(at) === ']') {
      at++;
      return result;
    }
    for (;;) {
      result.push(value({ up: step, key: result.length }, depth + 1));
      space();
      const next = text.charAt(at);
      if (next === '') closed();
      if (next === ']') {
        at++;
        return result;
      }
      if (next !== ',') fail(`${shown()}: was expecting comma to separate Array entries`);
      at++;
    }
  };
  const marker = (start: number): string => {
    const { line, column } = position(text, start);
    return ` (start marker at [Source: UNKNOWN; line: ${line}, column: ${column}])`;
  };

  try {
    const whole = value(undefined, 0);
    space();
    if (at < text.length) fail(`${shown()}: Expected end of the definition`);
    return { ok: true, value: whole, duplicates };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, message: error.message, position: position(text, error.at) };
    throw error;
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

function positionIn(starts: number[], offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

function position(text: string, offset: number): Position {
  return positionIn(lineStarts(text), offset);
}
