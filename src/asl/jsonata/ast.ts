/** The tree that jsonata's parser answers with, as far as the evaluator reads it. */
export interface Node {
  type: string;
  value?: unknown;
  position?: number;
  /** Filters that follow a node that is no path. */
  predicate?: Stage[];
  /** Filters and index bindings that follow a step of a path. */
  stages?: Stage[];
  group?: Group;
  steps?: Node[];
  lhs?: Node | [Node, Node][];
  rhs?: Node;
  expression?: Node;
  expressions?: Node[];
  condition?: Node;
  then?: Node;
  else?: Node;
  procedure?: Node;
  arguments?: Node[];
  body?: Node;
  signature?: Signature;
  thunk?: boolean;
  terms?: { descending?: boolean; expression: Node }[];
  pattern?: Node;
  update?: Node;
  delete?: Node;
  tuple?: boolean;
  focus?: string;
  index?: string;
  ancestor?: { label: string };
  slot?: { label: string };
  consarray?: boolean;
  keepArray?: boolean;
  keepSingletonArray?: boolean;
}

export interface Stage {
  type: string;
  expr: Node;
  value?: string;
}

export interface Group {
  lhs: [Node, Node][];
  position?: number;
}

export interface Signature {
  validate(args: unknown[], context: unknown): unknown[];
}

/** An array that stands for "several results": one of length one is its only member, an empty one is nothing. */
export interface Sequence extends Array<unknown> {
  sequence?: boolean;
  keepSingleton?: boolean;
  tupleStream?: boolean;
  outerWrapper?: boolean;
  cons?: boolean;
}

export interface Native {
  _jsonata_function: true;
  implementation: (this: unknown, ...args: unknown[]) => unknown;
  signature?: Signature | undefined;
}

export interface Lambda {
  _jsonata_lambda: true;
  input: unknown;
  frame: Frame;
  arguments: Node[];
  signature?: Signature | undefined;
  body: Node | ((...args: unknown[]) => unknown);
  thunk?: boolean;
}

/** An error of an expression, in jsonata's own shape. */
export interface Fault {
  code: string;
  position?: number | undefined;
  token?: unknown;
  value?: unknown;
  value2?: unknown;
  index?: number | undefined;
  message?: string;
}

export function fault(code: string, more: Omit<Fault, 'code'> = {}): Fault {
  return { code, ...more };
}

export const isFault = (error: unknown): error is Fault =>
  typeof error === 'object' && error !== null && typeof (error as Fault).code === 'string';

/** The variables of one scope. */
export class Frame {
  readonly #bindings = new Map<string, unknown>();
  readonly #parent: Frame | undefined;

  constructor(parent?: Frame) {
    this.#parent = parent;
  }

  bind(name: string, value: unknown): void {
    this.#bindings.set(name, value);
  }

  lookup(name: string): unknown {
    if (this.#bindings.has(name)) return this.#bindings.get(name);
    return this.#parent?.lookup(name);
  }
}

export function sequence(...items: unknown[]): Sequence {
  const made: Sequence = items;
  made.sequence = true;
  return made;
}

export const isSequence = (value: unknown): value is Sequence =>
  Array.isArray(value) && (value as Sequence).sequence === true;

export const isLambda = (value: unknown): value is Lambda =>
  typeof value === 'object' && value !== null && (value as Lambda)._jsonata_lambda === true;

export const isNative = (value: unknown): value is Native =>
  typeof value === 'object' && value !== null && (value as Native)._jsonata_function === true;

export const isFunction = (value: unknown): boolean =>
  typeof value === 'function' || isLambda(value) || isNative(value);

/** Numbers an expression may calculate with; infinity is refused where it is used. */
export function isNumeric(value: unknown): value is number {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (!Number.isFinite(value)) throw fault('D1001', { value });
  return true;
}
