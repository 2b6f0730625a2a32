/**
 * The intrinsic functions of JSONPath states, with the argument rules of AWS's page
 * "Intrinsics for JSONPath states in Step Functions".
 */
import { createHash } from 'node:crypto';
import { IntrinsicError, PathNotFound, StatesError } from './errors.ts';
import type { Intrinsic, IntrinsicArgument } from './intrinsics.ts';
import { findPath, type PathScope, same } from './path.ts';
import { type Dice, SeededDice } from './random.ts';
import type { Json, JsonObject } from './types.ts';

const MAX_TEXT = 10_000;
const MAX_RANGE = 1000;
const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const refuse = (message: string): never => {
  throw new IntrinsicError(message);
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function text(value: Json | undefined, what: string): string {
  return typeof value === 'string' ? value : refuse(`${what} must be a string`);
}

function list(value: Json | undefined, what: string): Json[] {
  return Array.isArray(value) ? value : refuse(`${what} must be an array`);
}

/** A number, rounded to the nearest integer as AWS does, halves upwards. */
function integer(value: Json | undefined, what: string): number {
  return typeof value === 'number' ? Math.round(value) : refuse(`${what} must be a number`);
}

function short(value: string): string {
  return value.length <= MAX_TEXT ? value : refuse(`The input is longer than ${MAX_TEXT} characters`);
}

function range(args: Json[]): number[] {
  const first = integer(args[0], 'The first argument');
  const last = integer(args[1], 'The second argument');
  const step = integer(args[2], 'The third argument');
  if (step === 0) refuse('The step must not be 0');
  if ((last - first) / step + 1 > MAX_RANGE) refuse(`An array range holds at most ${MAX_RANGE} elements`);
  const items = [];
  for (let n = first; step > 0 ? n <= last : n >= last; n += step) items.push(n);
  return items;
}

function partition(items: Json[], size: number): Json[][] {
  if (size <= 0) refuse('The chunk size must be a positive integer');
  const chunks = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

function display(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** How States.Format shows a value: objects and lists as Java writes its maps and lists, `{a=1, b=[x, y]}`. */
function shown(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (!isObject(value)) return display(value);
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}=${shown(item)}`)
    .join(', ')}}`;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Padding may be left out; nothing else but the alphabet is taken. */
function decode(value: string): string {
  return BASE64.test(value) ? Buffer.from(value, 'base64').toString('utf8') : refuse('The input is not valid Base64');
}

/** States.Format over the template as written: `{}` takes the next value, `\{`, `\}`, `\'` and `\\` stand for themselves. */
function format(template: string, values: Json[]): string {
  let next = 0;
  let result = '';
  for (let at = 0; at < template.length; at++) {
    const c = template.charAt(at);
    if (c === '\\' && /['{}\\]/.test(template.charAt(at + 1))) result += template.charAt(++at);
    else if (c === '{' && template.charAt(at + 1) === '}') {
      if (next >= values.length) refuse('There are fewer arguments than occurrences of {}');
      result += shown(values[next++]);
      at++;
    } else if (c === '{' || c === '}') refuse('A brace that is not part of {} must be escaped');
    else result += c;
  }
  if (next < values.length) refuse('There are more arguments than occurrences of {}');
  return result;
}

function random(args: Json[], dice: Dice): number {
  const from = integer(args[0], 'The first argument');
  const to = integer(args[1], 'The second argument');
  if (from >= to) refuse('The start must be smaller than the end');
  const span = to - from;
  if (args.length > 2 && span < 2 ** 31) return from + new SeededDice(integer(args[2], 'The seed')).below(span);
  return from + Math.floor(dice.number() * span);
}

function add(args: Json[]): number {
  const a = integer(args[0], 'The first argument');
  const b = integer(args[1], 'The second argument');
  const fits = (n: number) => n >= -2147483648 && n <= 2147483647;
  if (!fits(a) || !fits(b)) refuse('The arguments must be between -2147483648 and 2147483647');
  return (a + b) | 0 || 0;
}

function merge(args: Json[]): JsonObject {
  const [left, right, deep] = args;
  if (!isObject(left) || !isObject(right)) return refuse('The first two arguments must be JSON objects');
  if (typeof deep !== 'boolean') return refuse('The third argument must be a boolean');
  if (deep) refuse('Deep merging is not supported');
  return { ...left, ...right };
}

function unique(items: Json[]): Json[] {
  const found: Json[] = [];
  for (const item of items) if (!found.some((known) => same(known, item))) found.push(item);
  return found;
}

function split(value: string, delimiters: string): string[] {
  const parts = [];
  let part = '';
  for (const c of value) {
    if (!delimiters.includes(c)) part += c;
    else {
      if (part !== '') parts.push(part);
      part = '';
    }
  }
  return part === '' ? parts : [...parts, part];
}

/** A blank text holds no value, and is none. */
function parse(value: string): Json {
  if (value.trim() === '') return null;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return refuse(`Invalid JSON: ${value.slice(0, 200)}`);
  }
}

function hash(value: Json | undefined, algorithm: string): string {
  const name = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  if (name === undefined) return refuse(`${algorithm} is not one of ${Object.keys(HASHES).join(', ')}`);
  return createHash(name)
    .update(short(display(value)), 'utf8')
    .digest('hex');
}

function item(items: Json[], at: Json | undefined): Json {
  if (typeof at !== 'number' || !Number.isInteger(at)) return refuse('The second argument must be an integer');
  const found = at < 0 ? undefined : items[at];
  return found === undefined ? refuse(`The index ${at} is out of range`) : found;
}

type Body = (args: Json[], dice: Dice) => Json;

const FUNCTIONS: Record<string, Body> = {
  Array: (args) => args,
  ArrayPartition: (args) => partition(list(args[0], 'The first argument'), integer(args[1], 'The second argument')),
  ArrayContains: (args) => list(args[0], 'The first argument').some((value) => same(value, args[1] as Json)),
  ArrayRange: range,
  ArrayGetItem: (args) => item(list(args[0], 'The first argument'), args[1]),
  ArrayLength: (args) => list(args[0], 'The argument').length,
  ArrayUnique: (args) => unique(list(args[0], 'The argument')),
  Base64Encode: (args) => Buffer.from(short(text(args[0], 'The argument')), 'utf8').toString('base64'),
  Base64Decode: (args) => decode(short(text(args[0], 'The argument'))),
  Hash: (args) => hash(args[0], text(args[1], 'The second argument')),
  JsonMerge: merge,
  StringToJson: (args) => parse(text(args[0], 'The argument')),
  JsonToString: (args) => JSON.stringify(args[0]),
  MathRandom: random,
  MathAdd: add,
  StringSplit: (args) => split(text(args[0], 'The first argument'), text(args[1], 'The second argument')),
  UUID: (_, dice) => dice.uuid(),
};

function argument(arg: IntrinsicArgument, scope: PathScope, dice: Dice): Json {
  if (arg.kind === 'string' || arg.kind === 'literal') return arg.value;
  if (arg.kind === 'call') return invoke(arg.call, scope, dice);
  const value = findPath(arg.path, scope);
  if (value === undefined) throw new PathNotFound(arg.path.text, scope.input);
  return value;
}

function invoke(call: Intrinsic, scope: PathScope, dice: Dice): Json {
  const args = call.args.map((arg) => argument(arg, scope, dice));
  if (call.name !== 'Format') return (FUNCTIONS[call.name] as Body)(args, dice);
  const [template] = call.args;
  return format(template?.kind === 'string' ? template.raw : text(args[0], 'The first argument'), args.slice(1));
}

/**
 * The value of a call.
 * @throws StatesError States.IntrinsicFailure for arguments the function does not take, States.Runtime for a path
 *   that finds nothing
 */
export function evaluateIntrinsic(call: Intrinsic, scope: PathScope, dice: Dice): Json {
  try {
    return invoke(call, scope, dice);
  } catch (error) {
    if (error instanceof IntrinsicError)
      throw new StatesError(
        'States.IntrinsicFailure',
        `The function '${call.text}' had the following error: ${error.message}`,
      );
    if (error instanceof PathNotFound)
      throw new StatesError(
        'States.Runtime',
        `The function '${call.text}' had the following error: The JsonPath argument for the field '${error.path}' could not be found in the input '${JSON.stringify(error.input)}'`,
      );
    throw error;
  }
}
