/**
 * JSONPath as Step Functions reads it (a Jayway dialect) and the reference paths of the States Language.
 * One file because the grammar of a step, of a filter and of a function argument refer to each other:
 * reader first, then evaluation.
 */
import { AslSyntaxError, PathNotFound } from './errors.ts';
import type { Json, JsonObject } from './types.ts';

type Root = { kind: 'input' } | { kind: 'context' } | { kind: 'item' } | { kind: 'variable'; name: string };

type Operand =
  | { kind: 'value'; value: Json }
  | { kind: 'path'; path: Path }
  | { kind: 'regex'; source: string; flags: string };

type Filter =
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; inner: Filter }
  | { kind: 'exists'; operand: Operand }
  | { kind: 'compare'; operator: string; left: Operand; right: Operand };

type Step =
  | { kind: 'keys'; keys: string[] }
  | { kind: 'indexes'; indexes: number[] }
  | { kind: 'slice'; from?: number; to?: number }
  | { kind: 'wildcard' }
  | { kind: 'descend' }
  | { kind: 'filters'; filters: Filter[] }
  | { kind: 'call'; name: string; args: (Path | Json)[] };

/** A path that has been read. `definite`: it points at one place at most, so its result is the value itself. */
export interface Path {
  readonly text: string;
  readonly root: Root;
  readonly steps: readonly Step[];
  readonly definite: boolean;
}

/** What paths are resolved against. */
export interface PathScope {
  input: Json;
  context: JsonObject;
  variables?: (name: string) => Json | undefined;
}

const FUNCTIONS = new Set('min max avg stddev length sum keys concat append size first last index'.split(' '));
const NAME_END = /[.[\](),\s]/;
/** Between the brackets of a filter an operator ends a name too, with or without a space before it. */
const NAME_END_IN_FILTER = /[.[\](),\s=!<>&|~]/;
const VARIABLE = /^[\p{ID_Start}_][\p{ID_Continue}]*/u;

class Reader {
  readonly text: string;
  at = 0;
  /** Inside an intrinsic function, whose own strings take the quotes, a filter may compare with a word that has none. */
  readonly bareWords: boolean;

  constructor(text: string, at = 0, bareWords = false) {
    this.text = text;
    this.at = at;
    this.bareWords = bareWords;
  }

  fail(message: string, at = this.at): never {
    throw new AslSyntaxError(message, at);
  }

  peek(offset = 0): string {
    return this.text.charAt(this.at + offset);
  }

  done(): boolean {
    return this.at >= this.text.length;
  }

  blank(): void {
    while (/\s/.test(this.peek())) this.at++;
  }

  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  expect(expected: string): void {
    this.blank();
    if (!this.take(expected)) this.fail(`Expected '${expected}'`);
  }

  quoted(): string {
    const quote = this.peek();
    const start = this.at++;
    let value = '';
    while (!this.done()) {
      const c = this.peek();
      if (c === '\\') {
        value += escaped(this);
        continue;
      }
      this.at++;
      if (c === quote) return value;
      value += c;
    }
    return this.fail('Missing closing quote', start);
  }

  integer(): number | undefined {
    const match = /^-?\d+/.exec(this.text.slice(this.at));
    if (!match) return undefined;
    this.at += match[0].length;
    return Number(match[0]);
  }
}

function escaped(reader: Reader): string {
  const c = reader.peek(1);
  reader.at += 2;
  if (c === 'u') {
    const hex = reader.text.slice(reader.at, reader.at + 4);
    if (!/^[\da-f]{4}$/i.test(hex)) reader.fail('Bad unicode escape');
    reader.at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }
  return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[c] ?? c;
}

/** A character of a dotted name after a backslash, which stands for itself, or a code unit (`\uD800`). */
function nameEscape(reader: Reader): string {
  const unit = /^u([\da-f]{4})/i.exec(reader.text.slice(reader.at + 1, reader.at + 6))?.[1];
  if (unit !== undefined) {
    reader.at += 6;
    return String.fromCharCode(Number.parseInt(unit, 16));
  }
  if (reader.at + 1 >= reader.text.length) reader.fail('A backslash must be followed by a character');
  reader.at += 2;
  return reader.text.charAt(reader.at - 1);
}

function readRoot(reader: Reader): Root {
  if (reader.peek() === '@') {
    reader.at++;
    return { kind: 'item' };
  }
  if (reader.peek() !== '$') reader.fail("A path must begin with '$'");
  reader.at++;
  if (reader.peek() === '$') {
    reader.at++;
    return { kind: 'context' };
  }
  const name = VARIABLE.exec(reader.text.slice(reader.at))?.[0];
  if (name === undefined) return { kind: 'input' };
  reader.at += name.length;
  return { kind: 'variable', name };
}

/** Reads a path from where the reader stands to where its steps end. */
function readPath(reader: Reader, nameEnd = NAME_END): Path {
  const start = reader.at;
  const root = readRoot(reader);
  const steps: Step[] = [];
  for (;;) {
    if (reader.take('..')) {
      steps.push({ kind: 'descend' });
      if (reader.peek() === '[') steps.push(readBracket(reader));
      else steps.push(readName(reader, nameEnd));
    } else if (reader.peek() === '.') {
      reader.at++;
      if (reader.peek() === '[') steps.push(readBracket(reader));
      else steps.push(readName(reader, nameEnd));
    } else if (reader.peek() === '[') steps.push(readBracket(reader));
    else break;
  }
  return { text: reader.text.slice(start, reader.at), root, steps, definite: steps.every(isDefinite) };
}

function isDefinite(step: Step, at: number, steps: readonly Step[]): boolean {
  if (step.kind === 'keys') return step.keys.length === 1 || at === steps.length - 1;
  if (step.kind === 'indexes') return step.indexes.length === 1;
  return step.kind === 'call';
}

function readName(reader: Reader, nameEnd: RegExp): Step {
  if (reader.take('*')) return { kind: 'wildcard' };
  const start = reader.at;
  let name = '';
  while (!reader.done() && !nameEnd.test(reader.peek())) {
    // "Reference Paths": a backslash takes its meaning from what follows it, as in `$.store\.book`.
    if (reader.peek() === '\\') name += nameEscape(reader);
    else name += reader.text.charAt(reader.at++);
  }
  if (name === '') reader.fail('Expected a field name');
  if (reader.peek() === '(') {
    if (!FUNCTIONS.has(name)) reader.fail(`Function of name: ${name} cannot be created`, start);
    return { kind: 'call', name, args: readArguments(reader) };
  }
  return { kind: 'keys', keys: [name] };
}

function readArguments(reader: Reader): (Path | Json)[] {
  const args: (Path | Json)[] = [];
  reader.expect('(');
  reader.blank();
  if (reader.take(')')) return args;
  do {
    reader.blank();
    const operand = readOperand(reader);
    args.push(operand.kind === 'path' ? operand.path : operand.kind === 'value' ? operand.value : reader.fail('regex'));
    reader.blank();
  } while (reader.take(','));
  reader.expect(')');
  return args;
}

function readBracket(reader: Reader): Step {
  reader.expect('[');
  reader.blank();
  let step: Step;
  const c = reader.peek();
  if (c === '*') {
    reader.at++;
    step = { kind: 'wildcard' };
  } else if (c === '?') step = readFilters(reader);
  else if (c === "'" || c === '"') {
    const keys = [];
    do {
      reader.blank();
      if (!/['"]/.test(reader.peek())) reader.fail('Expected a quoted field name');
      keys.push(reader.quoted());
      reader.blank();
    } while (reader.take(','));
    step = { kind: 'keys', keys };
  } else step = readIndexes(reader);
  reader.expect(']');
  return step;
}

function readIndexes(reader: Reader): Step {
  const from = reader.integer();
  reader.blank();
  if (reader.take(':')) {
    reader.blank();
    const to = reader.integer();
    return { kind: 'slice', ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  }
  if (from === undefined) reader.fail('Expected an index, a slice, a filter, a wildcard or a quoted field name');
  const indexes = [from];
  while (reader.take(',')) {
    reader.blank();
    indexes.push(reader.integer() ?? reader.fail('Expected an index'));
    reader.blank();
  }
  return { kind: 'indexes', indexes };
}

function readFilters(reader: Reader): Step {
  const filters: Filter[] = [];
  do {
    reader.blank();
    reader.expect('?');
    reader.expect('(');
    filters.push(readOr(reader));
    reader.expect(')');
    reader.blank();
  } while (reader.take(','));
  return { kind: 'filters', filters };
}

function readOr(reader: Reader): Filter {
  let left = readAnd(reader);
  for (reader.blank(); reader.take('||'); reader.blank()) left = { kind: 'or', left, right: readAnd(reader) };
  return left;
}

function readAnd(reader: Reader): Filter {
  let left = readTest(reader);
  for (reader.blank(); reader.take('&&'); reader.blank()) left = { kind: 'and', left, right: readTest(reader) };
  return left;
}

const OPERATORS =
  /^(?:===|!==|==|!=|<=|>=|=~|<|>|(?:in|nin|subsetof|anyof|noneof|contains|size|empty|all|type)(?![\w]))/i;

function readTest(reader: Reader): Filter {
  reader.blank();
  if (reader.peek() === '!' && reader.peek(1) !== '=') {
    reader.at++;
    return { kind: 'not', inner: readTest(reader) };
  }
  if (reader.take('(')) {
    const inner = readOr(reader);
    reader.expect(')');
    return inner;
  }
  const left = readOperand(reader);
  reader.blank();
  const operator = OPERATORS.exec(reader.text.slice(reader.at))?.[0];
  if (operator === undefined) return { kind: 'exists', operand: left };
  reader.at += operator.length;
  reader.blank();
  return { kind: 'compare', operator: operator.toLowerCase(), left, right: readOperand(reader) };
}

function readOperand(reader: Reader): Operand {
  reader.blank();
  const c = reader.peek();
  if (c === '@' || c === '$') return { kind: 'path', path: readPath(reader, NAME_END_IN_FILTER) };
  if (c === "'" || c === '"') return { kind: 'value', value: reader.quoted() };
  if (c === '/') return readRegex(reader);
  if (c === '[' || c === '{') return { kind: 'value', value: readLiteral(reader) };
  const bare = reader.bareWords
    ? /^(?!(?:true|false|null)\b)[A-Za-z_][\w-]*/.exec(reader.text.slice(reader.at))?.[0]
    : undefined;
  if (bare !== undefined) {
    reader.at += bare.length;
    return { kind: 'value', value: bare };
  }
  const word = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(reader.text.slice(reader.at))?.[0];
  if (word === undefined) return reader.fail('Expected a value, or a path that begins with @ or $');
  reader.at += word.length;
  return { kind: 'value', value: JSON.parse(word) as Json };
}

function readRegex(reader: Reader): Operand {
  const match = /^\/((?:\\.|[^/\\])*)\/([a-z]*)/i.exec(reader.text.slice(reader.at));
  if (!match) return reader.fail('Regular expression is not closed');
  const flags = (match[2] ?? '').replace(/[^ims]/g, '');
  const source = match[1] ?? '';
  try {
    new RegExp(source, flags);
  } catch {
    reader.fail('Not a regular expression');
  }
  reader.at += match[0].length;
  return { kind: 'regex', source, flags };
}

function readLiteral(reader: Reader): Json {
  const start = reader.at;
  let depth = 0;
  while (!reader.done()) {
    const c = reader.peek();
    if (c === "'" || c === '"') {
      reader.quoted();
      continue;
    }
    reader.at++;
    if (c === '[' || c === '{') depth++;
    else if (c === ']' || c === '}') depth--;
    if (depth === 0) break;
  }
  const text = reader.text.slice(start, reader.at);
  try {
    return JSON.parse(text.replace(/'((?:\\.|[^'\\])*)'/g, (_, body: string) => JSON.stringify(body))) as Json;
  } catch {
    return reader.fail('Not a JSON value', start);
  }
}

const cache = new Map<string, Path | AslSyntaxError>();

/**
 * Reads a JSONPath ("$.a[0]", "$$.Execution.Id", "$variable.field").
 * @throws AslSyntaxError with the position of what cannot be read
 */
export function parsePath(text: string): Path {
  let known = cache.get(text);
  if (known === undefined) {
    try {
      const reader = new Reader(text);
      if (reader.peek() === '@') reader.fail("A path must begin with '$'");
      known = readPath(reader);
      if (!reader.done()) reader.fail(`Unexpected '${reader.peek()}'`);
    } catch (error) {
      if (!(error instanceof AslSyntaxError)) throw error;
      known = error;
    }
    if (cache.size > 5000) cache.clear();
    cache.set(text, known);
  }
  if (known instanceof AslSyntaxError) throw known;
  return known;
}

/** Reads the path that begins at `at` inside a longer text, as an argument of an intrinsic function does. */
export function parsePathAt(text: string, at: number): { path: Path; end: number } {
  const reader = new Reader(text, at, true);
  const path = readPath(reader);
  return { path, end: reader.at };
}

/** States Language "Reference Paths": a path that can only name a single node, made of field names and indexes. */
export function isReferencePath(path: Path): boolean {
  return path.steps.every(
    (step) =>
      (step.kind === 'keys' && step.keys.length === 1) ||
      (step.kind === 'indexes' && step.indexes.length === 1 && (step.indexes[0] ?? -1) >= 0),
  );
}

/** The steps of a reference path, outermost first: a string for a field, a number for an index. */
export function referenceSteps(path: Path): (string | number)[] {
  return path.steps.map((step) =>
    step.kind === 'keys' ? (step.keys[0] as string) : step.kind === 'indexes' ? (step.indexes[0] as number) : '',
  );
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function children(value: Json): Json[] {
  return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
}

function descendants(value: Json, found: Json[] = []): Json[] {
  if (typeof value !== 'object' || value === null) return found;
  found.push(value);
  for (const child of children(value)) descendants(child, found);
  return found;
}

function applyStep(step: Step, nodes: Json[], last: boolean, scope: PathScope, item: Json): Json[] {
  switch (step.kind) {
    case 'keys':
      return nodes.flatMap((node) => pickKeys(step.keys, node, last));
    case 'indexes':
      return nodes.flatMap((node) => (Array.isArray(node) ? step.indexes.flatMap((at) => pickIndex(node, at)) : []));
    case 'slice':
      return nodes.flatMap((node) => (Array.isArray(node) ? node.slice(step.from ?? 0, step.to) : []));
    case 'wildcard':
      return nodes.flatMap(children);
    case 'descend':
      return nodes.flatMap((node) => descendants(node));
    case 'filters':
      return nodes.flatMap((node) =>
        (Array.isArray(node) ? node : isObject(node) ? [node] : []).filter((candidate) =>
          step.filters.every((filter) => holds(filter, candidate, scope)),
        ),
      );
    case 'call':
      return nodes.flatMap((node) => call(step.name, step.args, node, scope, item));
  }
}

function pickKeys(keys: string[], node: Json, last: boolean): Json[] {
  if (!isObject(node)) return [];
  if (keys.length > 1 && last)
    return [Object.fromEntries(keys.filter((key) => Object.hasOwn(node, key)).map((key) => [key, node[key] as Json]))];
  return keys.filter((key) => Object.hasOwn(node, key)).map((key) => own(node, key) as Json);
}

function pickIndex(node: Json[], at: number): Json[] {
  const value = node.at(at);
  return value === undefined ? [] : [value];
}

function call(name: string, args: (Path | Json)[], node: Json, scope: PathScope, item: Json): Json[] {
  const given = args.flatMap((arg): Json[] => {
    if (!isPath(arg)) return [arg];
    const value = resolve(arg, scope, item);
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  });
  if (name === 'length' || name === 'size')
    return Array.isArray(node) ? [node.length] : isObject(node) ? [Object.keys(node).length] : [];
  if (name === 'keys') return isObject(node) ? [Object.keys(node)] : [];
  if (name === 'concat') {
    const parts = [...(Array.isArray(node) ? node : []), ...given];
    return [parts.filter((part) => typeof part === 'string').join('')];
  }
  if (name === 'append') return Array.isArray(node) ? [[...node, ...given]] : [node];
  const list = Array.isArray(node) ? node : [];
  if (name === 'first') return list.slice(0, 1);
  if (name === 'last') return list.slice(-1);
  if (name === 'index') return pickIndex(list, Number(given[0]));
  const numbers = [...list, ...given].filter((value) => typeof value === 'number');
  if (numbers.length === 0) return [];
  const sum = numbers.reduce((total, value) => total + value, 0);
  if (name === 'sum') return [sum];
  if (name === 'min') return [Math.min(...numbers)];
  if (name === 'max') return [Math.max(...numbers)];
  const mean = sum / numbers.length;
  if (name === 'avg') return [mean];
  return [Math.sqrt(numbers.reduce((total, value) => total + (value - mean) ** 2, 0) / numbers.length)];
}

function isPath(arg: Path | Json): arg is Path {
  return typeof arg === 'object' && arg !== null && 'steps' in arg && 'root' in arg && 'definite' in arg;
}

function holds(filter: Filter, item: Json, scope: PathScope): boolean {
  switch (filter.kind) {
    case 'and':
      return holds(filter.left, item, scope) && holds(filter.right, item, scope);
    case 'or':
      return holds(filter.left, item, scope) || holds(filter.right, item, scope);
    case 'not':
      return !holds(filter.inner, item, scope);
    case 'exists': {
      const { operand } = filter;
      if (operand.kind === 'value') return operand.value === true;
      if (operand.kind === 'regex') return false;
      const value = resolve(operand.path, scope, item);
      return value !== undefined && (operand.path.definite || !Array.isArray(value) || value.length > 0);
    }
    case 'compare':
      return compare(filter.operator, filter.left, filter.right, item, scope);
  }
}

const operandValue = (operand: Operand, scope: PathScope, item: Json): Json | undefined =>
  operand.kind === 'value' ? operand.value : operand.kind === 'path' ? resolve(operand.path, scope, item) : undefined;

function compare(operator: string, l: Operand, r: Operand, item: Json, scope: PathScope): boolean {
  if (operator === '=~') {
    const [pattern, other] = r.kind === 'regex' ? [r, l] : [l, r];
    const value = operandValue(other, scope, item);
    if (pattern.kind !== 'regex') return false;
    return new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(textOf(value));
  }
  const left = operandValue(l, scope, item);
  const right = operandValue(r, scope, item);
  switch (operator) {
    case '==':
      return alike(left, right);
    case '===':
      return left !== undefined && right !== undefined && same(left, right);
    case '!=':
      return !alike(left, right);
    case '!==':
      return left === undefined || right === undefined || !same(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(operator, left, right);
    case 'in':
      return Array.isArray(right) && right.some((v) => alike(left, v));
    case 'nin':
      return !Array.isArray(right) || !right.some((v) => alike(left, v));
    case 'contains':
      if (typeof left === 'string') return typeof right === 'string' && left.includes(right);
      return Array.isArray(left) && left.some((v) => alike(right, v));
    case 'size':
      return (typeof left === 'string' || Array.isArray(left)) && left.length === right;
    case 'empty':
      return (typeof left === 'string' || Array.isArray(left)) && (left.length === 0) === right;
    case 'type':
      return (Array.isArray(left) ? 'array' : left === null ? 'null' : typeof left) === right;
    default:
      return relation(operator, left, right);
  }
}

/** Jayway's `==`: a number and a text that spells it are equal, as `===` does not have it; nothing equals what is not there. */
function alike(left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (typeof left === 'number' && typeof right === 'string')
    return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(right) && Number(right) === left;
  if (typeof left === 'string' && typeof right === 'number') return left === String(right);
  return same(left, right);
}

/** What a regular expression of a filter is held against: numbers and booleans as they are written, anything else as nothing. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function relation(operator: string, left: Json | undefined, right: Json | undefined): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  const shared = (value: Json) => right.some((other) => same(value, other));
  if (operator === 'subsetof') return left.every(shared);
  if (operator === 'anyof') return left.some(shared);
  if (operator === 'noneof') return !left.some(shared);
  return right.every((value) => left.some((other) => same(value, other)));
}

function ordered(operator: string, left: Json | undefined, right: Json | undefined): boolean {
  if (
    !(typeof left === 'number' && typeof right === 'number') &&
    !(typeof left === 'string' && typeof right === 'string')
  )
    return false;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  if (operator === '>') return left > right;
  return left >= right;
}

/** Deep equality of JSON values; fields of objects in any order. */
export function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, at) => same(v, b[at] as Json));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key] as Json, b[key] as Json))
  );
}

function rootValue(root: Root, scope: PathScope, item: Json): Json | undefined {
  if (root.kind === 'input') return scope.input;
  if (root.kind === 'context') return scope.context;
  if (root.kind === 'item') return item;
  return scope.variables?.(root.name);
}

function resolve(path: Path, scope: PathScope, item: Json): Json | undefined {
  const root = rootValue(path.root, scope, item);
  if (root === undefined) return undefined;
  let nodes: Json[] = [root];
  for (let at = 0; at < path.steps.length; at++) {
    const step = path.steps[at] as Step;
    // A function is applied to what the steps before it found, as one list where they can find many.
    if (step.kind === 'call' && !path.steps.slice(0, at).every(isDefinite)) nodes = [nodes];
    nodes = applyStep(step, nodes, at === path.steps.length - 1, scope, item);
  }
  if (path.definite || path.steps.at(-1)?.kind === 'call') return nodes[0];
  return nodes;
}

/**
 * The value a path points at; undefined where a definite path finds nothing. A path that may find many
 * (wildcard, slice, filter, `..`, several indexes) answers with a list, empty where it finds nothing.
 */
export function findPath(path: Path, scope: PathScope): Json | undefined {
  return resolve(path, scope, scope.input);
}

/**
 * The value a path points at.
 * @throws PathNotFound where a definite path finds nothing
 */
export function evaluatePath(path: Path, scope: PathScope): Json {
  const value = findPath(path, scope);
  if (value !== undefined) return value;
  throw new PathNotFound(path.text, rootValue(path.root, scope, scope.input));
}
