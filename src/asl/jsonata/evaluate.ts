/**
 * A synchronous evaluator of JSONata over the tree of jsonata's own parser.
 * One file because every kind of node may hold every other: the functions below call each other in a circle.
 * Semantics: docs.jsonata.org ("Path Operators", "Sequences", "Processing Model", "Programming Constructs").
 */
import {
  type Fault,
  Frame,
  fault,
  type Group,
  isFault,
  isFunction,
  isLambda,
  isNative,
  isNumeric,
  isSequence,
  type Lambda,
  type Node,
  type Sequence,
  type Stage,
  sequence,
} from './ast.ts';
import { arityOf, type Callback, mergeSort } from './higher-order.ts';
import { createSequence, parseJsonata, plain } from './library.ts';

/** What a path with `@`, `#` or `%` carries along: the value under '@', and its bindings. */
type Tuple = Record<string, unknown>;

/** So many nodes may be evaluated before an expression counts as one that never ends. */
const BUDGET = 1_000_000;
/** Step Functions evaluates no expression deeper than this, and none that holds more than so many bytes. */
const MAX_DEPTH = 100;
const MAX_BYTES = 6_990_256;

const CHAIN = parseJsonata('function($f, $g) { function($x){ $g($f($x)) } }');

const truthy = (value: unknown): boolean => plain('boolean', value) === true;
const append = (left: unknown, right: unknown): unknown => plain('append', left, right);
const asList = (value: unknown): Sequence => (Array.isArray(value) ? value : sequence(value));

function withTuple(frame: Frame, tuple: Tuple): Frame {
  const inner = new Frame(frame);
  for (const [name, value] of Object.entries(tuple)) inner.bind(name, value);
  return inner;
}

function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, at) => deepEqual(value, b[at]));
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && deepEqual((a as Tuple)[key], (b as Tuple)[key]))
  );
}

export class Evaluator {
  #spent = 0;
  #depth = 0;
  readonly #self: object;

  /** @param now epoch milliseconds: what $toMillis fills a date without a year or a day up with */
  constructor(now: number) {
    this.#self = { createSequence, environment: { timestamp: new Date(now) } };
  }

  /** Evaluates a node with `input` as the context value. */
  evaluate(node: Node, input: unknown, frame: Frame): unknown {
    if (++this.#spent > BUDGET) throw bound('Expression evaluation timeout: Check for infinite loop');
    if (++this.#depth > MAX_DEPTH)
      throw bound(
        `Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive. Depth=${this.#depth} max=${MAX_DEPTH}`,
      );
    let result = this.#node(node, input, frame);
    if (typeof result === 'string' && result.length > MAX_BYTES) throw tooMuch();
    for (const { expr } of node.predicate ?? []) result = this.#filter(expr, result, frame);
    if (node.type !== 'path' && node.group) result = this.#group(node.group, result, frame);
    this.#depth--;
    if (!isSequence(result) || result.tupleStream) return result;
    if (node.keepArray) result.keepSingleton = true;
    if (result.length === 0) return undefined;
    return result.length === 1 && !result.keepSingleton ? result[0] : result;
  }

  #node(node: Node, input: unknown, frame: Frame): unknown {
    switch (node.type) {
      case 'path':
        return this.#path(node, input, frame);
      case 'binary':
        return this.#binary(node, input, frame);
      case 'unary':
        return this.#unary(node, input, frame);
      case 'name':
        return plain('lookup', input, node.value);
      case 'string':
      case 'number':
      case 'value':
        return node.value;
      case 'wildcard':
        return wildcard(input);
      case 'descendant':
        return input === undefined ? undefined : unwrap(sequence(...descend(input)));
      case 'parent':
        return frame.lookup(node.slot?.label ?? '');
      case 'condition':
        return truthy(this.evaluate(node.condition as Node, input, frame))
          ? this.evaluate(node.then as Node, input, frame)
          : node.else && this.evaluate(node.else, input, frame);
      case 'block':
        return this.#block(node, input, frame);
      case 'bind': {
        const value = this.evaluate(node.rhs as Node, input, frame);
        frame.bind((node.lhs as Node).value as string, value);
        return value;
      }
      case 'regex':
        return matcher(node);
      case 'function':
        return this.#call(node, input, frame);
      case 'variable':
        if (node.value !== '') return frame.lookup(node.value as string);
        return (input as Sequence | undefined)?.outerWrapper ? (input as Sequence)[0] : input;
      case 'lambda':
        return this.#lambda(node, input, frame);
      case 'partial':
        return this.#partial(node, input, frame);
      case 'apply':
        return this.#pipe(node, input, frame);
      case 'transform':
        return this.#transform(node, frame);
      default:
        return undefined;
    }
  }

  #block(node: Node, input: unknown, frame: Frame): unknown {
    const inner = new Frame(frame);
    let result: unknown;
    for (const expression of node.expressions ?? []) result = this.evaluate(expression, input, inner);
    return result;
  }

  #path(node: Node, input: unknown, frame: Frame): unknown {
    const steps = node.steps ?? [];
    let from: Sequence = Array.isArray(input) && steps[0]?.type !== 'variable' ? input : sequence(input);
    let results: Sequence | undefined;
    let tuples: Tuple[] | undefined;
    let streaming = false;
    for (const [at, step] of steps.entries()) {
      if (step.tuple) streaming = true;
      if (at === 0 && step.consarray) results = this.evaluate(step, from, frame) as Sequence | undefined;
      else if (streaming) tuples = this.#tupleStep(step, from, tuples, frame);
      else results = this.#step(step, from, frame, at === steps.length - 1);
      if (!streaming && (results === undefined || results.length === 0)) break;
      if (step.focus === undefined && results !== undefined) from = results;
    }
    if (streaming)
      results = node.tuple ? (tuples as unknown as Sequence) : sequence(...(tuples ?? []).map((tuple) => tuple['@']));
    if (node.keepSingletonArray && results !== undefined) {
      if (results.cons && !results.sequence) results = sequence(results);
      results.keepSingleton = true;
    }
    return node.group ? this.#group(node.group, streaming ? tuples : results, frame) : results;
  }

  #step(step: Node, input: Sequence, frame: Frame, last: boolean): Sequence {
    if (step.type === 'sort') {
      const sorted = this.#sort(step, input, frame);
      return step.stages ? this.#stages(step.stages, sorted, frame) : sorted;
    }
    const found: unknown[] = [];
    for (const item of input) {
      let result = this.evaluate(step, item, frame);
      for (const { expr } of step.stages ?? []) result = this.#filter(expr, result, frame);
      if (result !== undefined) found.push(result);
    }
    if (last && found.length === 1 && Array.isArray(found[0]) && !isSequence(found[0])) return found[0];
    const flat = sequence();
    for (const result of found) {
      if (!Array.isArray(result) || (result as Sequence).cons) flat.push(result);
      else for (const item of result) flat.push(item);
    }
    return flat;
  }

  #stages(stages: Stage[], input: Sequence, frame: Frame): Sequence {
    let result = input;
    for (const stage of stages) {
      if (stage.type === 'filter') result = this.#filter(stage.expr, result, frame);
      else
        result.forEach((tuple, at) => {
          (tuple as Tuple)[stage.value as string] = at;
        });
    }
    return result;
  }

  #tupleStep(step: Node, input: Sequence, bound: Tuple[] | undefined, frame: Frame): Tuple[] {
    let result: Sequence;
    if (step.type === 'sort') {
      if (bound) result = this.#sort(step, bound as unknown as Sequence, frame);
      else
        result = sequence(
          ...[...this.#sort(step, input, frame)].map((value, at) => ({ '@': value, [step.index as string]: at })),
        );
    } else {
      result = sequence();
      for (const tuple of bound ?? input.map((item): Tuple => ({ '@': item })))
        result.push(...this.#tuplesOf(step, tuple, frame));
    }
    result.tupleStream = true;
    return (step.stages ? this.#stages(step.stages, result, frame) : result) as unknown as Tuple[];
  }

  #tuplesOf(step: Node, tuple: Tuple, frame: Frame): Tuple[] {
    const value = this.evaluate(step, tuple['@'], withTuple(frame, tuple));
    if (value === undefined) return [];
    const results: Sequence = Array.isArray(value) ? value : [value];
    return results.map((result, at) => {
      if (results.tupleStream) return { ...tuple, ...(result as Tuple) };
      const made: Tuple = { ...tuple };
      if (step.focus) made[step.focus] = result;
      else made['@'] = result;
      if (step.index) made[step.index] = at;
      if (step.ancestor) made[step.ancestor.label] = tuple['@'];
      return made;
    });
  }

  #filter(predicate: Node, input: unknown, frame: Frame): Sequence {
    const items = asList(input);
    const kept = sequence();
    if (items.tupleStream) kept.tupleStream = true;
    if (predicate.type === 'number') {
      const item = items.at(Math.floor(predicate.value as number));
      if (item === undefined) return kept;
      if (Array.isArray(item)) return item;
      kept.push(item);
      return kept;
    }
    for (const [at, item] of items.entries()) {
      const tuple = items.tupleStream ? (item as Tuple) : undefined;
      let verdict = this.evaluate(predicate, tuple ? tuple['@'] : item, tuple ? withTuple(frame, tuple) : frame);
      if (isNumeric(verdict)) verdict = [verdict];
      if (Array.isArray(verdict) && verdict.every(isNumeric)) {
        for (const place of verdict) {
          const floor = Math.floor(place as number);
          if ((floor < 0 ? items.length + floor : floor) === at) kept.push(item);
        }
      } else if (truthy(verdict)) kept.push(item);
    }
    return kept;
  }

  #binary(node: Node, input: unknown, frame: Frame): unknown {
    const operator = node.value as string;
    const left = this.evaluate(node.lhs as Node, input, frame);
    const right = () => this.evaluate(node.rhs as Node, input, frame);
    if (operator === 'and') return truthy(left) && truthy(right());
    if (operator === 'or') return truthy(left) || truthy(right());
    const value = right();
    try {
      return calculate(operator, left, value);
    } catch (error) {
      if (isFault(error)) Object.assign(error, { position: node.position, token: operator });
      throw error;
    }
  }

  #unary(node: Node, input: unknown, frame: Frame): unknown {
    if (node.value === '{') return this.#group(node as unknown as Group, input, frame);
    if (node.value === '-') {
      const value = this.evaluate(node.expression as Node, input, frame);
      if (value === undefined) return undefined;
      if (!isNumeric(value)) throw fault('D1002', { position: node.position, token: '-', value });
      return -value;
    }
    let items: Sequence = [];
    for (const item of node.expressions ?? []) {
      const value = this.evaluate(item, input, frame);
      if (value === undefined) continue;
      if (item.value === '[') items.push(value);
      else items = append(items, value) as Sequence;
    }
    if (node.consarray) Object.defineProperty(items, 'cons', { enumerable: false, configurable: false, value: true });
    return items;
  }

  #group(group: Group, input: unknown, frame: Frame): Tuple {
    const given = asList(input);
    const reduce = given.tupleStream === true;
    // An empty list is grouped as one value that is not there; the list itself may be the caller's data.
    const items = given.length === 0 && !reduce ? sequence(undefined) : given;
    const groups = new Map<string, { data: unknown; pair: number }>();
    for (const item of items) {
      const inner = reduce ? withTuple(frame, item as Tuple) : frame;
      for (const [pair, [keyNode]] of group.lhs.entries()) {
        const key = this.evaluate(keyNode, reduce ? (item as Tuple)['@'] : item, inner);
        if (key === undefined) continue;
        if (typeof key !== 'string') throw fault('T1003', { position: group.position, value: key });
        const known = groups.get(key);
        if (known && known.pair !== pair) throw fault('D1009', { position: group.position, value: key });
        if (known) known.data = append(known.data, item);
        else groups.set(key, { data: item, pair });
      }
    }
    const result: Tuple = Object.create(null) as Tuple;
    for (const [key, { data, pair }] of groups) {
      const [, valueNode] = group.lhs[pair] as [Node, Node];
      let value: unknown;
      if (reduce) {
        const { '@': context, ...bindings } = mergeTuples(data);
        value = this.evaluate(valueNode, context, withTuple(frame, bindings));
      } else value = this.evaluate(valueNode, data, frame);
      if (value !== undefined) result[key] = value;
    }
    return result;
  }

  #sort(node: Node, input: Sequence, frame: Frame): Sequence {
    const tuples = input.tupleStream === true;
    const key = (item: unknown, term: Node): unknown =>
      tuples
        ? this.evaluate(term, (item as Tuple)['@'], withTuple(frame, item as Tuple))
        : this.evaluate(term, item, frame);
    const sorted = mergeSort([...input], (a, b) => {
      for (const { descending, expression } of node.terms ?? []) {
        const order = compareKeys(key(a, expression), key(b, expression), node.position);
        if (order !== 0) return (descending && Math.abs(order) === 1 ? -order : order) > 0;
      }
      return false;
    });
    const result = input.sequence === true ? sequence(...sorted) : (sorted as Sequence);
    if (tuples) result.tupleStream = true;
    return result;
  }

  #transform(node: Node, frame: Frame): unknown {
    const implementation = (subject: unknown): unknown => {
      if (subject === undefined) return undefined;
      const copy = plain('clone', subject);
      const found = this.evaluate(node.pattern as Node, copy, frame);
      for (const match of found === undefined ? [] : asList(found)) {
        const update = this.evaluate(node.update as Node, match, frame);
        if (update !== undefined) {
          if (typeof update !== 'object' || update === null || Array.isArray(update))
            throw fault('T2011', { position: node.update?.position, value: update });
          for (const [name, value] of Object.entries(update)) (match as Tuple)[name] = value;
        }
        const removed = node.delete && this.evaluate(node.delete, match, frame);
        if (removed === undefined) continue;
        const names = asList(removed);
        if (!names.every((name) => typeof name === 'string'))
          throw fault('T2012', { position: node.delete?.position, value: removed });
        if (typeof match === 'object' && match !== null)
          for (const name of names) Reflect.deleteProperty(match, name as string);
      }
      return copy;
    };
    return { _jsonata_function: true, implementation };
  }

  #lambda(node: Node, input: unknown, frame: Frame): Lambda {
    return {
      _jsonata_lambda: true,
      input,
      frame,
      arguments: node.arguments ?? [],
      signature: node.signature,
      body: node.body as Node,
      ...(node.thunk && { thunk: true }),
    };
  }

  #pipe(node: Node, input: unknown, frame: Frame): unknown {
    const left = this.evaluate(node.lhs as Node, input, frame);
    const right = node.rhs as Node;
    if (right.type === 'function') return this.#call(right, input, frame, { context: left });
    const called = this.evaluate(right, input, frame);
    if (!isFunction(called)) throw fault('T2006', { position: node.position, value: called });
    if (!isFunction(left)) return this.apply(called, [left], null, frame);
    return this.apply(this.evaluate(CHAIN, null, frame), [left, called], null, frame);
  }

  #call(node: Node, input: unknown, frame: Frame, piped?: { context: unknown }): unknown {
    const procedure = node.procedure as Node;
    const called = this.evaluate(procedure, input, frame);
    const name = procedure.type === 'path' ? procedure.steps?.[0]?.value : procedure.value;
    if (called === undefined && procedure.type === 'path' && frame.lookup(String(name)) !== undefined)
      throw fault('T1005', { position: node.position, token: name });
    const args = piped ? [piped.context] : [];
    for (const argument of node.arguments ?? []) {
      const value = this.evaluate(argument, input, frame);
      args.push(isFunction(value) ? this.#closure(value, frame) : value);
    }
    try {
      return this.apply(called, args, input, frame);
    } catch (error) {
      if (isFault(error)) {
        error.position ??= node.position;
        error.token ??= name;
      }
      throw error;
    }
  }

  #closure(called: unknown, frame: Frame): Callback {
    const closure: Callback = (...args) => this.apply(called, args, null, frame);
    closure.arity = arityOf(called);
    return closure;
  }

  #partial(node: Node, input: unknown, frame: Frame): Lambda {
    const procedure = node.procedure as Node;
    const given = (node.arguments ?? []).map((argument) =>
      argument.type === 'operator' && argument.value === '?'
        ? { open: true, value: undefined }
        : { open: false, value: this.evaluate(argument, input, frame) },
    );
    const called = this.evaluate(procedure, input, frame);
    const name = procedure.type === 'path' ? procedure.steps?.[0]?.value : procedure.value;
    if (!isFunction(called)) {
      const known = procedure.type === 'path' && frame.lookup(String(name)) !== undefined;
      throw fault(known ? 'T1007' : 'T1008', { position: node.position, token: name });
    }
    if (isLambda(called)) {
      const inner = new Frame(called.frame);
      const open: Node[] = [];
      called.arguments.forEach((parameter, at) => {
        if (given[at]?.open) open.push(parameter);
        else inner.bind(parameter.value as string, given[at]?.value);
      });
      return { ...called, signature: undefined, frame: inner, arguments: open };
    }
    const open = given.filter((argument) => argument.open);
    return {
      _jsonata_lambda: true,
      input,
      frame,
      arguments: open.map((_, at) => ({ type: 'variable', value: `${at}` })),
      body: (...late: unknown[]) => {
        let next = 0;
        const args = given.map((argument) => (argument.open ? late[next++] : argument.value));
        return isNative(called) ? called.implementation.apply(this.#self, args) : (called as Callback)(...args);
      },
    };
  }

  /** Calls a function. A call in the last place of a function's body is handed back as a thunk and called here. */
  apply(called: unknown, args: unknown[], input: unknown, frame: Frame): unknown {
    let result = this.#applyOnce(called, args, input);
    while (isLambda(result) && result.thunk) {
      const { body, input: inner, frame: scope } = result;
      const { procedure, arguments: written } = body as Node;
      const next = this.evaluate(procedure as Node, inner, scope);
      const values = (written ?? []).map((argument) => this.evaluate(argument, inner, scope));
      result = this.#applyOnce(
        next,
        values.map((v) => (isLambda(v) ? this.#closure(v, frame) : v)),
        inner,
      );
    }
    return result;
  }

  #applyOnce(called: unknown, args: unknown[], input: unknown): unknown {
    if (isLambda(called)) {
      const values = called.signature ? called.signature.validate(args, input) : args;
      if (typeof called.body === 'function') return called.body(...values);
      const inner = new Frame(called.frame);
      for (const [at, parameter] of called.arguments.entries()) inner.bind(parameter.value as string, values[at]);
      return this.evaluate(called.body, called.input, inner);
    }
    if (isNative(called)) {
      const values = called.signature ? called.signature.validate(args, input) : args;
      return called.implementation.apply(this.#self, values);
    }
    if (typeof called === 'function') return (called as Callback)(...args);
    throw fault('T1006');
  }
}

/** A limit that was reached: a fault without a code, as Step Functions reports it. */
const bound = (message: string): Fault => ({ code: '', message });

/** In the words of "Transforming data with JSONata in Step Functions". */
export const tooMuch = (): Fault => bound('Expression evaluation memory limit exceeded');

function unwrap(items: Sequence): unknown {
  return items.length === 1 ? items[0] : items;
}

function wildcard(input: unknown): unknown {
  const outer = (input as Sequence | undefined)?.outerWrapper === true;
  const subject = outer && (input as Sequence).length > 0 ? (input as Sequence)[0] : input;
  if (typeof subject !== 'object' || subject === null || isFunction(subject)) return sequence();
  let found: Sequence = sequence();
  for (const value of Object.values(subject)) {
    if (Array.isArray(value)) found = append(found, value.flat(Number.POSITIVE_INFINITY)) as Sequence;
    else found.push(value);
  }
  return found;
}

function descend(value: unknown, found: unknown[] = []): unknown[] {
  if (!Array.isArray(value)) found.push(value);
  if (typeof value === 'object' && value !== null && !isFunction(value))
    for (const child of Array.isArray(value) ? value : Object.values(value)) descend(child, found);
  return found;
}

function mergeTuples(data: unknown): Tuple {
  if (!Array.isArray(data)) return data as Tuple;
  const merged: Tuple = { ...(data[0] as Tuple) };
  for (const tuple of data.slice(1) as Tuple[])
    for (const [name, value] of Object.entries(tuple)) merged[name] = append(merged[name], value);
  return merged;
}

const sortable = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

/** 0, ±1, or 2 and -2 where one key is missing: what is missing comes last whichever way the order goes. */
function compareKeys(a: unknown, b: unknown, position: number | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 2;
  if (b === undefined) return -2;
  if (!sortable(a) || !sortable(b)) throw fault('T2008', { position, value: sortable(a) ? b : a });
  if (typeof a !== typeof b) throw fault('T2007', { position, value: a, value2: b });
  return a === b ? 0 : (a as number) < (b as number) ? -1 : 1;
}

function calculate(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '=':
      return left !== undefined && right !== undefined && deepEqual(left, right);
    case '!=':
      return left !== undefined && right !== undefined && !deepEqual(left, right);
    case '&':
      return [left, right].map((value) => (value === undefined ? '' : plain('string', value))).join('');
    case 'in':
      return left !== undefined && right !== undefined && asList(right).includes(left);
    case '..':
      return range(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

function arithmetic(operator: string, left: unknown, right: unknown): number | undefined {
  if (left !== undefined && !isNumeric(left)) throw fault('T2001', { value: left });
  if (right !== undefined && !isNumeric(right)) throw fault('T2002', { value: right });
  if (left === undefined || right === undefined) return undefined;
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  if (operator === '*') return left * right;
  return operator === '/' ? left / right : left % right;
}

function order(operator: string, left: unknown, right: unknown): boolean | undefined {
  const comparable = (value: unknown) => value === undefined || sortable(value);
  if (!comparable(left) || !comparable(right)) throw fault('T2010', { value: sortable(left) ? right : left });
  if (left === undefined || right === undefined) return undefined;
  if (typeof left !== typeof right) throw fault('T2009', { value: left, value2: right });
  const [a, b] = [left as number, right as number];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function range(left: unknown, right: unknown): Sequence | undefined {
  if (left !== undefined && !Number.isInteger(left)) throw fault('T2003', { value: left });
  if (right !== undefined && !Number.isInteger(right)) throw fault('T2004', { value: right });
  if (left === undefined || right === undefined || (left as number) > (right as number)) return undefined;
  const size = (right as number) - (left as number) + 1;
  if (size > 1e7) throw fault('D2014', { value: size });
  if (size * 8 > MAX_BYTES) throw tooMuch();
  const items: Sequence = Array.from({ length: size }, (_, at) => (left as number) + at);
  items.sequence = true;
  return items;
}

/** A regular expression is a function from a text to its first match, which knows the next. */
function matcher(node: Node): Callback {
  const pattern = node.value as RegExp;
  const find = (text: unknown, from = 0): unknown => {
    const expression = new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`);
    expression.lastIndex = from;
    const found = expression.exec(String(text));
    if (!found) return undefined;
    const end = expression.lastIndex;
    return {
      match: found[0],
      start: found.index,
      end: found.index + found[0].length,
      groups: found.slice(1),
      next: () => {
        if (end >= String(text).length) return undefined;
        const next = find(text, end) as { match: string } | undefined;
        if (next?.match === '') throw fault('D1004', { position: node.position, value: pattern.source });
        return next;
      },
    };
  };
  const closure: Callback = (text) => find(text);
  closure.arity = 1;
  return closure;
}
