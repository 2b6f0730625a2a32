/**
 * JSONata as Step Functions runs it ("Transforming data with JSONata in Step Functions", AWS): the language of
 * jsonata.org 2.0.6 without $eval, with $partition, $range, $hash, $random, $uuid and $parse. Synchronous and pure:
 * time and dice come from the caller.
 */
import { createHash } from 'node:crypto';
import { type Dice, SeededDice } from '../random.ts';
import { type Fault, Frame, fault, isFault, isFunction, type Native } from './ast.ts';
import { Evaluator, tooMuch } from './evaluate.ts';
import { higherOrderFunctions } from './higher-order.ts';
import { describe, parseJsonata, plain, plainFunctions, signatureOf } from './library.ts';
import type { Json } from '../types.ts';

export { parseJsonata } from './library.ts';

export interface JsonataScope {
  /** What `$name` stands for: `states` and the workflow's variables. */
  bindings: (name: string) => Json | undefined;
  /** epoch milliseconds, for $now() and $millis() */
  now: number;
  dice: Dice;
}

/** An expression that cannot be evaluated. `message` is "T2001: The left side of …", as AWS quotes it. */
export class JsonataError extends Error {
  /** Set where the expression reached a limit of the service: such a message has no code. */
  readonly limit: boolean;

  constructor(message: string, limit = false) {
    super(message);
    this.limit = limit;
  }
}

/** AWS makes a list of so many with $range, and of not one more. */
const MAX_RANGE = 360_145;

const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const refuse = (message: string): never => {
  throw { code: 'D3137', message } satisfies Fault;
};

function native(implementation: (...args: never[]) => unknown): Native {
  return { _jsonata_function: true, implementation: implementation as Native['implementation'] };
}

function partition(items: unknown, size: unknown): unknown {
  if (items === undefined || size === undefined) return undefined;
  if (!Array.isArray(items)) throw fault('T0410', { index: 1, token: 'partition' });
  if (typeof size !== 'number') throw fault('T0410', { index: 2, token: 'partition' });
  const width = Math.floor(size);
  if (width <= 0) refuse('$partition(): the chunk size must be a positive number');
  const chunks = [];
  for (let at = 0; at < items.length; at += width) chunks.push(items.slice(at, at + width));
  return chunks;
}

function range(from: unknown, to: unknown, step: unknown): unknown {
  if (from === undefined || to === undefined || step === undefined) return undefined;
  for (const [at, value] of [from, to, step].entries())
    if (typeof value !== 'number') throw fault('T0410', { index: at + 1, token: 'range' });
  // "JSONata functions provided by Step Functions": what has to be an integer is rounded down.
  const [first, last, delta] = [from, to, step].map((value) => Math.floor(value as number)) as [number, number, number];
  if (delta === 0) refuse('$range(): the step must not be 0');
  if ((last - first) / delta + 1 > MAX_RANGE) throw tooMuch();
  const items = [];
  for (let n = first; delta > 0 ? n <= last : n >= last; n += delta) items.push(n);
  return items;
}

function hash(text: unknown, algorithm: unknown): unknown {
  if (text === undefined) return undefined;
  const name = typeof algorithm === 'string' && Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
  if (name === undefined) return refuse(`$hash(): the algorithm must be one of ${Object.keys(HASHES).join(', ')}`);
  return createHash(name)
    .update(typeof text === 'string' ? text : String(plain('string', text)), 'utf8')
    .digest('hex');
}

function parse(text: unknown): unknown {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') throw fault('T0410', { index: 1, token: 'parse' });
  try {
    return JSON.parse(text);
  } catch {
    return refuse('$parse(): the argument is not valid JSON');
  }
}

/** The functions that never change: built once. */
const SHARED = new Frame();
for (const [name, body] of [...plainFunctions, ...higherOrderFunctions]) SHARED.bind(name, body);
SHARED.bind('partition', native(partition));
SHARED.bind('range', native(range));
SHARED.bind('hash', native(hash));
SHARED.bind('parse', native(parse));

/** The functions that look at the clock or roll dice. */
function timely({ now, dice }: JsonataScope): Record<string, Native> {
  return {
    now: native((picture: unknown, zone: unknown) => plain('fromMillis', now, picture, zone)),
    millis: native(() => now),
    uuid: native(() => dice.uuid()),
    random: native((seed: unknown) => (typeof seed === 'number' ? new SeededDice(seed).number() : dice.number())),
    shuffle: {
      ...native((items: unknown) => {
        if (!Array.isArray(items)) return items;
        const rest = [...items];
        return items.map(() => rest.splice(Math.floor(dice.number() * rest.length), 1)[0] as unknown);
      }),
      signature: signatureOf('shuffle'),
    },
  };
}

class Scope extends Frame {
  readonly #scope: JsonataScope;
  #timely: Record<string, Native> | undefined;

  constructor(scope: JsonataScope) {
    super(SHARED);
    this.#scope = scope;
  }

  /** A workflow's variable hides the function of the same name, as a binding does in jsonata. */
  override lookup(name: string): unknown {
    const bound = this.#scope.bindings(name);
    if (bound !== undefined) return bound;
    this.#timely ??= timely(this.#scope);
    return Object.hasOwn(this.#timely, name) ? this.#timely[name] : super.lookup(name);
  }
}

/** A plain JSON copy of a result: no sequences, no functions; undefined for nothing. */
function toJson(value: unknown): Json | undefined {
  if (value === undefined || isFunction(value)) return undefined;
  if (typeof value === 'number') {
    // AWS hands on what JSON has no number for as its name.
    if (!Number.isFinite(value)) return String(value);
    return Object.is(value, -0) ? 0 : value;
  }
  if (typeof value !== 'object' || value === null) return value as Json;
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  const copy: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) {
    const json = toJson(item);
    if (json !== undefined)
      Object.defineProperty(copy, key, { value: json, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

/**
 * The value of an expression (without `{%` and `%}`), undefined where it answers with nothing.
 * @throws JsonataError with jsonata's code and message; AslSyntaxError where it cannot be read
 */
export function evaluateJsonata(text: string, scope: JsonataScope): Json | undefined {
  const node = parseJsonata(text);
  try {
    return toJson(new Evaluator(scope.now).evaluate(node, undefined, new Frame(new Scope(scope))));
  } catch (error) {
    if (isFault(error))
      throw error.code === ''
        ? new JsonataError(describe(error), true)
        : new JsonataError(`${error.code}: ${describe(error)}`);
    if (error instanceof RangeError) throw new JsonataError('Stack overflow error', true);
    if (error instanceof TypeError) throw new JsonataError(`T0410: ${error.message}`);
    throw error;
  }
}
