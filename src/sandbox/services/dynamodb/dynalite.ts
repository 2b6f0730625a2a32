/**
 * The parts of dynalite that are used: its validations and its item actions, as a library. They run on a store of ours
 * (items.ts), which answers at once, so that each action is one step of the event loop: atomic, and without locks.
 * dynalite's own store is left out: it has no transactions and no streams, and takes its account from the environment.
 */
import { createRequire } from 'node:module';
import { ServiceError } from '../../errors.ts';
import type { Input } from '../../service.ts';
import { type ExpressionParser, remember } from './expressions.ts';
import type { TableRecord } from './tables.ts';

/** A value as DynamoDB writes it: `{S: 'a'}`, `{N: '1'}`. */
export type AttributeValue = Record<string, unknown>;
export type Item = Record<string, AttributeValue>;

export type Callback = (error: unknown, result?: Output) => void;
type Output = Record<string, unknown>;

/** The one side of dynalite's store that its actions use. */
export interface ActionStore {
  options: { maxItemSize: number };
  getTable(
    name: string,
    checkStatus: boolean | ((error: unknown, table?: TableRecord) => void),
    done?: (error: unknown, table?: TableRecord) => void,
  ): void;
  getItemDb(name: string): KeyedStore;
  getIndexDb(type: string, table: string, index: string): KeyedStore;
}

export interface KeyedStore {
  lock(key: string, held: (release: (done: Callback) => Callback) => void): void;
  get(key: string, done: (error: unknown, item?: Item) => void): void;
  put(key: string, item: Item, done: (error?: unknown) => void): void;
  del(key: string, done: (error?: unknown) => void): void;
  createValueStream(range: Range): unknown;
}

export interface Range {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
  reverse?: boolean;
  limit?: number;
}

interface Validation {
  types: Record<string, unknown>;
  custom?: (data: Input, store: unknown) => string | undefined;
}

interface Db {
  createKey(item: Item, table: TableRecord): string;
  checkConditional(data: Input, item: Item | undefined): unknown;
  validateKey(key: Item, table: TableRecord): unknown;
  itemSize(item: Item): number;
  getIndexActions(
    indexes: unknown[],
    existing: Item | undefined,
    item: Item | undefined,
    table: TableRecord,
  ): { puts: { index: string; key: string; item: Item }[]; deletes: { index: string; key: string }[] };
}

interface Validations {
  checkTypes(data: Input, types: Record<string, unknown>): Input;
  checkValidations(data: Input, types: Record<string, unknown>, custom: Validation['custom'], store: unknown): void;
}

const require = createRequire(import.meta.url);
const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);

let loaded: { db: Db; validations: Validations } | undefined;

/** Loaded when the first table is touched: a sandbox that starts needs no parser of expressions. */
export function dynalite(): { db: Db; validations: Validations } {
  if (loaded) return loaded;
  for (const parser of ['condition', 'projection', 'update'])
    remember(require(`dynalite/db/${parser}Parser.js`) as ExpressionParser);
  loaded = {
    db: require('dynalite/db/index.js') as Db,
    validations: require('dynalite/validations/index.js') as Validations,
  };
  return loaded;
}

const actions = new Map<string, (store: ActionStore, data: Input, done: Callback) => void>();
const checks = new Map<string, Validation>();

/** One of dynalite's actions (`PutItem`). */
export function itemAction(name: string): (store: ActionStore, data: Input, done: Callback) => void {
  let action = actions.get(name);
  if (!action) {
    action = require(`dynalite/actions/${lowerFirst(name)}.js`) as NonNullable<typeof action>;
    actions.set(name, action);
  }
  return action;
}

/**
 * The input of `operation`, checked as DynamoDB checks it and with its expressions parsed. Members in `extra` are the
 * caller's to handle; any other that dynalite does not know is refused by name, where dynalite itself would drop it.
 */
export function checked(operation: string, input: Input, extra: string[] = []): Input {
  let check = checks.get(operation);
  if (!check) {
    check = require(`dynalite/validations/${lowerFirst(operation)}.js`) as Validation;
    checks.set(operation, check);
  }
  const data: Input = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || extra.includes(name)) continue;
    if (!Object.hasOwn(check.types, name)) throw notCarried(operation, name);
    data[name] = value;
  }
  const { validations } = dynalite();
  try {
    const typed = validations.checkTypes(data, check.types);
    validations.checkValidations(typed, check.types, check.custom, { options: { maxItemSize: MAX_ITEM_SIZE } });
    return typed;
  } catch (error) {
    throw asServiceError(error);
  }
}

export const MAX_ITEM_SIZE = 409_600;

export function notCarried(operation: string, member: string): ServiceError {
  return new ServiceError(
    'ValidationException',
    `The sandbox does not carry the member ${member} of ${operation}.`,
    400,
  );
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message, 400);
}

/** dynalite's errors carry the answer AWS would give. */
export function asServiceError(error: unknown): unknown {
  const { body, statusCode } = (error ?? {}) as {
    body?: { __type?: string; message?: string; Message?: string };
    statusCode?: number;
  };
  if (!body || statusCode === undefined) return error;
  const code = (body.__type ?? 'InternalServerError').replace(/^.*#/, '');
  return new ServiceError(code, body.message ?? body.Message ?? '', statusCode);
}
