/**
 * DynamoDB's update, condition, key and projection expressions over one item (developer guide, "Using expressions in
 * DynamoDB"), as far as a workflow of the shop may use them. Pure; what DynamoDB refuses is thrown as `Refused`.
 */
import type { Json, JsonObject } from '../../asl/index.ts';

export type Item = JsonObject;

/** DynamoDB says no: the error's code and its sentence. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

const invalid = (message: string): Refused => new Refused('ValidationException', message);

/** A value as DynamoDB writes it: one member, its type. */
type Value = JsonObject;
type Step = string | number;

const TOKEN = /\s*(:\w+|#\w+|[A-Za-z_]\w*|\d+|<>|<=|>=|[=<>(),.+[\]-])/y;

function tokensOf(text: string, kind: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match?.[1]) throw invalid(`Invalid ${kind}: Syntax error`);
    tokens.push(match[1]);
  }
  return tokens;
}

const typeOf = (value: Value | undefined): string | undefined => value && Object.keys(value)[0];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** @throws Refused where a number is written as no number is, as with a space behind it */
function numberIn(value: Value | undefined): number | undefined {
  const text = value?.['N'];
  if (typeof text !== 'string') return undefined;
  if (!NUMBER.test(text)) throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  return Number(text);
}

/** One request's expressions share their names and values, and each of these must be used by one of them. */
export class Expressions {
  readonly #names: JsonObject;
  readonly #values: JsonObject;
  readonly #used = new Set<string>();
  /** Attributes that the last update named. */
  readonly written = new Set<string>();
  #tokens: string[] = [];
  #at = 0;
  #kind = '';

  constructor(parameters: JsonObject) {
    this.#names = (parameters['ExpressionAttributeNames'] ?? {}) as JsonObject;
    this.#values = (parameters['ExpressionAttributeValues'] ?? {}) as JsonObject;
  }

  /** DynamoDB refuses names and values that no expression uses. */
  checkUsed(): void {
    const unused = (given: JsonObject): string[] => Object.keys(given).filter((key) => !this.#used.has(key));
    const [values, names] = [unused(this.#values), unused(this.#names)];
    if (values.length > 0)
      throw invalid(`Value provided in ExpressionAttributeValues unused in expressions: keys: {${values.join(', ')}}`);
    if (names.length > 0)
      throw invalid(`Value provided in ExpressionAttributeNames unused in expressions: keys: {${names.join(', ')}}`);
  }

  /** The item after the update; every right-hand side sees the item as it was. */
  update(text: string, before: Item): Item {
    this.#open(text, 'UpdateExpression');
    const after = structuredClone(before);
    const seen = new Set<string>();
    while (this.#peek() !== undefined) {
      const section = this.#take().toUpperCase();
      if (!['SET', 'REMOVE', 'ADD', 'DELETE'].includes(section) || seen.has(section)) throw this.#syntax();
      seen.add(section);
      do {
        const path = this.#path();
        this.written.add(String(path[0]));
        if (section === 'SET') {
          this.#expect('=');
          place(after, path, this.#sum(before));
        } else if (section === 'REMOVE') remove(after, path);
        else if (section === 'ADD') {
          const amount = this.#operand(before);
          place(after, path, added(find(before, path), amount));
        } else throw invalid('Invalid UpdateExpression: DELETE takes elements out of a set, and there is none');
      } while (this.#accept(','));
    }
    if (seen.size === 0) throw invalid('Invalid UpdateExpression: The expression can not be empty;');
    return after;
  }

  condition(text: string, item: Item | undefined, kind = 'ConditionExpression'): boolean {
    this.#open(text, kind);
    const answer = this.#or(item ?? {});
    if (this.#peek() !== undefined) throw this.#syntax();
    return answer;
  }

  /** Those attributes of the item that a projection names. */
  projection(text: string, item: Item): Item {
    this.#open(text, 'ProjectionExpression');
    const projected: Item = {};
    do {
      const path = this.#path();
      const value = find(item, path);
      if (value !== undefined) placeDeep(projected, path, value);
    } while (this.#accept(','));
    if (this.#peek() !== undefined) throw this.#syntax();
    return projected;
  }

  #open(text: string, kind: string): void {
    this.#kind = kind;
    this.#tokens = tokensOf(text, kind);
    this.#at = 0;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#syntax();
    return token;
  }

  #accept(token: string): boolean {
    if (this.#peek()?.toUpperCase() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#syntax();
  }

  #syntax(): Refused {
    return invalid(`Invalid ${this.#kind}: Syntax error; token: "${this.#peek() ?? '<EOF>'}"`);
  }

  #path(): Step[] {
    const steps: Step[] = [this.#name(this.#take())];
    for (;;) {
      if (this.#accept('.')) steps.push(this.#name(this.#take()));
      else if (this.#accept('[')) {
        steps.push(Number(this.#take()));
        this.#expect(']');
      } else return steps;
    }
  }

  #name(token: string): string {
    if (!token.startsWith('#')) {
      if (!/^[A-Za-z_]/.test(token)) throw this.#syntax();
      return token;
    }
    const name = this.#names[token];
    if (typeof name !== 'string')
      throw invalid(
        `Invalid ${this.#kind}: An expression attribute name used in the document path is not defined; attribute name: ${token}`,
      );
    this.#used.add(token);
    return name;
  }

  #value(token: string): Value {
    const value = this.#values[token];
    if (!value || typeof value !== 'object' || Array.isArray(value))
      throw invalid(
        `Invalid ${this.#kind}: An expression attribute value used in expression is not defined; attribute value: ${token}`,
      );
    this.#used.add(token);
    return value;
  }

  #sum(item: Item): Value {
    const left = this.#operand(item);
    const sign = this.#accept('+') ? 1 : this.#accept('-') ? -1 : 0;
    return sign === 0 ? left : added(left, this.#operand(item), sign);
  }

  #operand(item: Item): Value {
    if (this.#accept('(')) {
      const inner = this.#sum(item);
      this.#expect(')');
      return inner;
    }
    const token = this.#peek() ?? '';
    if (token.startsWith(':')) return this.#value(this.#take());
    if (this.#tokens[this.#at + 1] === '(') return this.#call(item);
    const value = find(item, this.#path());
    if (value === undefined)
      throw invalid('The provided expression refers to an attribute that does not exist in the item');
    return value;
  }

  #call(item: Item): Value {
    const name = this.#take();
    this.#expect('(');
    if (name === 'if_not_exists') {
      const there = find(item, this.#path());
      this.#expect(',');
      const otherwise = this.#peek()?.startsWith(':') || there === undefined ? this.#operand(item) : this.#skip(item);
      this.#expect(')');
      return there ?? otherwise;
    }
    if (name === 'list_append') {
      const first = this.#operand(item);
      this.#expect(',');
      const second = this.#operand(item);
      this.#expect(')');
      return { L: [...((first['L'] ?? []) as Json[]), ...((second['L'] ?? []) as Json[])] };
    }
    throw invalid(`Invalid ${this.#kind}: Invalid function name; function: ${name}`);
  }

  /** An operand whose value is not needed and may be missing. */
  #skip(item: Item): Value {
    const value = find(item, this.#path());
    return value ?? {};
  }

  #or(item: Item): boolean {
    let answer = this.#and(item);
    while (this.#accept('OR')) answer = this.#and(item) || answer;
    return answer;
  }

  #and(item: Item): boolean {
    let answer = this.#not(item);
    while (this.#accept('AND')) answer = this.#not(item) && answer;
    return answer;
  }

  #not(item: Item): boolean {
    return this.#accept('NOT') ? !this.#not(item) : this.#primary(item);
  }

  #primary(item: Item): boolean {
    if (this.#accept('(')) {
      const inner = this.#or(item);
      this.#expect(')');
      return inner;
    }
    const token = this.#peek() ?? '';
    if (this.#tokens[this.#at + 1] === '(' && token !== 'size') return this.#test(item);
    const left = this.#subject(item);
    if (this.#accept('BETWEEN')) {
      const low = this.#subject(item);
      this.#expect('AND');
      const high = this.#subject(item);
      return compare(left, '>=', low) && compare(left, '<=', high);
    }
    if (this.#accept('IN')) {
      this.#expect('(');
      let found = false;
      do found = compare(left, '=', this.#subject(item)) || found;
      while (this.#accept(','));
      this.#expect(')');
      return found;
    }
    const operator = this.#take();
    if (!['=', '<>', '<', '<=', '>', '>='].includes(operator)) throw this.#syntax();
    return compare(left, operator, this.#subject(item));
  }

  /** One side of a comparison: undefined where the item lacks it. */
  #subject(item: Item): Value | undefined {
    const token = this.#peek() ?? '';
    if (token.startsWith(':')) return this.#value(this.#take());
    if (token === 'size' && this.#tokens[this.#at + 1] === '(') {
      this.#at += 2;
      const value = find(item, this.#path());
      this.#expect(')');
      const inner = value && Object.values(value)[0];
      return typeof inner === 'string' || Array.isArray(inner) ? { N: String(inner.length) } : undefined;
    }
    return find(item, this.#path());
  }

  #test(item: Item): boolean {
    const name = this.#take();
    this.#expect('(');
    const value = find(item, this.#path());
    let answer: boolean;
    if (name === 'attribute_exists' || name === 'attribute_not_exists')
      answer = (value !== undefined) === (name === 'attribute_exists');
    else {
      this.#expect(',');
      const wanted = this.#subject(item);
      const [have, want] = [value && Object.values(value)[0], wanted && Object.values(wanted)[0]];
      if (name === 'attribute_type') answer = typeOf(value) === want;
      else if (name === 'begins_with')
        answer = typeof have === 'string' && typeof want === 'string' && have.startsWith(want);
      else if (name === 'contains')
        answer = typeof have === 'string' && typeof want === 'string' && have.includes(want);
      else throw invalid(`Invalid ${this.#kind}: Invalid function name; function: ${name}`);
    }
    this.#expect(')');
    return answer;
  }
}

function compare(left: Value | undefined, operator: string, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return operator === '<>' && left !== right;
  const same =
    typeOf(left) === typeOf(right) &&
    ('N' in left ? numberIn(left) === numberIn(right) : JSON.stringify(left) === JSON.stringify(right));
  if (operator === '=') return same;
  if (operator === '<>') return !same;
  if (typeOf(left) !== typeOf(right)) return false;
  const [a, b] = 'N' in left ? [numberIn(left), numberIn(right)] : [Object.values(left)[0], Object.values(right)[0]];
  if (a === undefined || b === undefined || a === null || b === null) return false;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function added(left: Value | undefined, right: Value, sign = 1): Value {
  const amount = numberIn(right);
  const base = left === undefined ? 0 : numberIn(left);
  if (amount === undefined || base === undefined)
    throw invalid(
      `An operand in the update expression has an incorrect data type (${typeOf(amount === undefined ? right : left)})`,
    );
  return { N: String(base + sign * amount) };
}

function find(item: Item, path: Step[]): Value | undefined {
  let value: Value | undefined;
  for (const [depth, step] of path.entries()) {
    const holder: Json | undefined =
      depth === 0
        ? item
        : typeof step === 'number'
          ? (value?.['L'] as Json | undefined)
          : (value?.['M'] as Json | undefined);
    const next: Json | undefined = Array.isArray(holder)
      ? holder[step as number]
      : holder && typeof holder === 'object' && Object.hasOwn(holder, step)
        ? holder[step as string]
        : undefined;
    if (!next || typeof next !== 'object' || Array.isArray(next)) return undefined;
    value = next;
  }
  return value;
}

function place(item: Item, path: Step[], value: Value): void {
  const [last] = path.slice(-1);
  const holder = path.length === 1 ? item : (find(item, path.slice(0, -1))?.['M'] as JsonObject | undefined);
  if (!holder || typeof last !== 'string')
    throw invalid('The document path provided in the update expression is invalid for update');
  holder[last] = value;
}

/** As `place`, making the maps on the way. */
function placeDeep(item: Item, path: Step[], value: Value): void {
  const [first, ...rest] = path;
  if (rest.length === 0) item[String(first)] = value;
  else {
    const inner = (item[String(first)] ?? { M: {} }) as JsonObject;
    item[String(first)] = inner;
    placeDeep((inner['M'] ?? {}) as JsonObject, rest, value);
  }
}

function remove(item: Item, path: Step[]): void {
  const [last] = path.slice(-1);
  const holder = path.length === 1 ? item : (find(item, path.slice(0, -1))?.['M'] as JsonObject | undefined);
  if (holder && typeof last === 'string') delete holder[last];
}
