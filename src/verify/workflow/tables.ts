/**
 * The shop's config and counting tables, and what DynamoDB answers a workflow that uses them. Pure: the stock is a value
 * that orders share. Sources: Amazon DynamoDB API Reference, one page an action.
 */
import type { Json, JsonObject } from '../../asl/index.ts';
import { nearest } from '../../text.ts';
import { TABLES } from '../../workshop.ts';
import { Expressions, type Item, Refused } from './expression.ts';

/** Table → key → item. */
export type Stock = Map<string, Map<string, Item>>;

/** undefined: that item is not there. */
export function stockOf(storeOpen: boolean | undefined, counter: number | undefined): Stock {
  const config = new Map<string, Item>([['menu', { PK: { S: 'menu' }, value: { L: [] } }]]);
  if (storeOpen !== undefined)
    config.set('config', {
      PK: { S: 'config' },
      storeOpen: { BOOL: storeOpen },
      maxOrdersPerUser: { N: '1' },
      maxOrdersInQueue: { N: '10' },
    });
  const counting = new Map<string, Item>();
  if (counter !== undefined) counting.set('orderID', { PK: { S: 'orderID' }, IDvalue: { N: String(counter) } });
  return new Map([
    [TABLES.config, config],
    [TABLES.counting, counting],
  ]);
}

export type Touched =
  | { kind: 'config-read'; found: boolean }
  /** IDvalue of the counter changed; `number` is NaN where it is no number any more. */
  | { kind: 'count'; number: number };

/** `unknown`: what the workflow asks of lies outside the definition and the two tables. */
export type Answer = { output: JsonObject; touched: Touched[] } | { unknown: string };

/** The counter goes up by one behind the workflow's back; undefined where it is none. */
export function countUp(stock: Stock): number | undefined {
  const item = stock.get(TABLES.counting)?.get('orderID');
  const value = item?.['IDvalue'];
  const number = Number((value as JsonObject | undefined)?.['N'] ?? Number.NaN) + 1;
  if (!item || Number.isNaN(number)) return undefined;
  item['IDvalue'] = { N: String(number) };
  return number;
}

/** A table is named by its name or its ARN. */
const tableName = (value: Json | undefined): string =>
  typeof value === 'string' ? (value.split(':table/').at(-1) ?? value) : '';

/** @throws Refused with DynamoDB's own error */
export function useTables(action: string, parameters: JsonObject, stock: Stock): Answer {
  if (action === 'transactWriteItems' || action === 'transactGetItems') return transaction(action, parameters, stock);
  if (action === 'batchGetItem') return batchGet(parameters, stock);
  const name = tableName(parameters['TableName']);
  const table = stock.get(name);
  if (!table) return elsewhere(action, name);
  checkTexts(parameters);
  switch (action) {
    case 'getItem':
      return getItem(name, table, parameters);
    case 'updateItem':
    case 'putItem':
    case 'deleteItem':
      return write(action, name, table, parameters);
    case 'query':
      return query(name, table, parameters);
    case 'scan':
      return scan(name, table, parameters);
    default:
      return { unknown: `dynamodb:${action} on ${name}` };
  }
}

/** A table of the learner's own may well exist; a misspelt one of ours does not. */
function elsewhere(action: string, name: string): Answer {
  const ours = Object.values(TABLES) as string[];
  if (ours.includes(name)) return { unknown: `dynamodb:${action} on ${name}` };
  const near = nearest(name, ours);
  if (name === '' || near !== undefined || /[Ss]erverless-?presso/.test(name))
    throw new Refused(
      'ResourceNotFoundException',
      `Requested resource not found: Table: ${name || '(none is named)'} not found${near ? `; did you mean ${near}?` : ''}`,
    );
  return { unknown: `dynamodb:${action} on the table ${name}` };
}

/** Numbers and texts of an item are texts; Step Functions itself refuses anything else before it calls. */
function checkTexts(value: Json): void {
  if (Array.isArray(value)) for (const item of value) checkTexts(item);
  else if (value && typeof value === 'object')
    for (const [key, inner] of Object.entries(value)) {
      if ((key === 'N' || key === 'S') && typeof inner !== 'string')
        throw new Refused('States.Runtime', `The value for the field '${key}' must be a STRING`);
      checkTexts(inner);
    }
}

function keyOf(key: Json | undefined): string {
  const members = key && typeof key === 'object' && !Array.isArray(key) ? key : {};
  const partition = (members['PK'] as JsonObject | undefined)?.['S'];
  if (typeof partition !== 'string' || Object.keys(members).length !== 1)
    throw new Refused('ValidationException', 'The provided key element does not match the schema');
  return partition;
}

function getItem(name: string, table: Map<string, Item>, parameters: JsonObject): Answer {
  const key = keyOf(parameters['Key']);
  const item = table.get(key);
  const touched: Touched[] =
    name === TABLES.config && key === 'config' ? [{ kind: 'config-read', found: item !== undefined }] : [];
  return { output: item ? { Item: shown(item, parameters) } : {}, touched };
}

function shown(item: Item, parameters: JsonObject): Item {
  const { ProjectionExpression: projection, AttributesToGet: attributes } = parameters;
  if (Array.isArray(attributes))
    return Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name)));
  if (typeof projection !== 'string') return structuredClone(item);
  const expressions = new Expressions(parameters);
  const projected = expressions.projection(projection, item);
  expressions.checkUsed();
  return projected;
}

function write(
  action: 'updateItem' | 'putItem' | 'deleteItem',
  name: string,
  table: Map<string, Item>,
  parameters: JsonObject,
): Answer {
  const given = (parameters['Item'] ?? {}) as JsonObject;
  const key = keyOf(action === 'putItem' ? (given['PK'] === undefined ? {} : { PK: given['PK'] }) : parameters['Key']);
  const before = table.get(key);
  const expressions = new Expressions(parameters);
  const condition = parameters['ConditionExpression'];
  const allowed = typeof condition !== 'string' || expressions.condition(condition, before);
  if (parameters['Expected'] !== undefined || parameters['ConditionalOperator'] !== undefined)
    return { unknown: `the old-style condition of dynamodb:${action}` };
  let after: Item | undefined;
  if (action === 'putItem') after = structuredClone(given);
  else if (action === 'updateItem') after = updated(expressions, parameters, before ?? { PK: { S: key } });
  expressions.checkUsed();
  if (!allowed) throw new Refused('ConditionalCheckFailedException', 'The conditional request failed');
  if (after) table.set(key, after);
  else table.delete(key);
  return {
    output: returned(String(parameters['ReturnValues'] ?? 'NONE'), before, after, expressions.written),
    touched: name === TABLES.counting && key === 'orderID' ? counted(before, after) : [],
  };
}

function updated(expressions: Expressions, parameters: JsonObject, before: Item): Item {
  const expression = parameters['UpdateExpression'];
  if (typeof expression === 'string') {
    const after = expressions.update(expression, before);
    if (JSON.stringify(after['PK']) !== JSON.stringify(before['PK']))
      throw new Refused(
        'ValidationException',
        'One or more parameter values were invalid: Cannot update attribute PK. This attribute is part of the key',
      );
    return after;
  }
  // The way of 2012, which the API still takes.
  const after = structuredClone(before);
  for (const [name, change] of Object.entries((parameters['AttributeUpdates'] ?? {}) as JsonObject)) {
    expressions.written.add(name);
    const { Action: action = 'PUT', Value: value } = change as { Action?: string; Value?: JsonObject };
    if (action === 'DELETE') delete after[name];
    else if (action === 'ADD')
      after[name] = {
        N: String(Number((before[name] as JsonObject | undefined)?.['N'] ?? 0) + Number(value?.['N'] ?? Number.NaN)),
      };
    else after[name] = value ?? {};
  }
  return after;
}

function counted(before: Item | undefined, after: Item | undefined): Touched[] {
  const [old, now] = [before?.['IDvalue'], after?.['IDvalue']];
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  return [{ kind: 'count', number: Number((now as JsonObject | undefined)?.['N'] ?? Number.NaN) }];
}

function returned(
  wanted: string,
  before: Item | undefined,
  after: Item | undefined,
  written: ReadonlySet<string>,
): JsonObject {
  const changed = (of: Item | undefined): Item | undefined => {
    const entries = Object.entries(of ?? {}).filter(([name]) => written.has(name));
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  };
  const attributes: Record<string, Item | undefined> = {
    ALL_NEW: after,
    ALL_OLD: before,
    UPDATED_NEW: changed(after),
    UPDATED_OLD: changed(before),
  };
  const shownItem = attributes[wanted];
  return shownItem ? { Attributes: structuredClone(shownItem) } : {};
}

function query(name: string, table: Map<string, Item>, parameters: JsonObject): Answer {
  const condition = parameters['KeyConditionExpression'];
  if (typeof condition !== 'string' || parameters['IndexName'] !== undefined)
    return { unknown: `dynamodb:query on ${name} without a key condition` };
  const expressions = new Expressions(parameters);
  const filter = parameters['FilterExpression'];
  const found = [...table.values()].filter(
    (item) =>
      expressions.condition(condition, item, 'KeyConditionExpression') &&
      (typeof filter !== 'string' || expressions.condition(filter, item, 'FilterExpression')),
  );
  const projection = parameters['ProjectionExpression'];
  const items =
    typeof projection === 'string'
      ? found.map((item) => expressions.projection(projection, item))
      : structuredClone(found);
  const config = name === TABLES.config && /PK|#/.test(condition);
  return {
    output: { Items: items, Count: items.length, ScannedCount: items.length },
    touched: config ? [{ kind: 'config-read', found: found.some((item) => same(item['PK'], 'config')) }] : [],
  };
}

/** The whole table, then the filter: tables of a few items fit into one page. */
function scan(name: string, table: Map<string, Item>, parameters: JsonObject): Answer {
  const { FilterExpression: filter, ProjectionExpression: projection, Limit: limit } = parameters;
  if (parameters['IndexName'] !== undefined || limit !== undefined || parameters['ScanFilter'] !== undefined)
    return { unknown: `dynamodb:scan on ${name}, a part of it,` };
  const expressions = new Expressions(parameters);
  const all = [...table.values()];
  const found =
    typeof filter === 'string' ? all.filter((item) => expressions.condition(filter, item, 'FilterExpression')) : all;
  const items =
    typeof projection === 'string'
      ? found.map((item) => expressions.projection(projection, item))
      : structuredClone(found);
  if (all.length > 0) expressions.checkUsed();
  return {
    output: { Items: items, Count: items.length, ScannedCount: all.length },
    touched:
      name === TABLES.config ? [{ kind: 'config-read', found: found.some((item) => same(item['PK'], 'config')) }] : [],
  };
}

const same = (key: Json | undefined, text: string): boolean => (key as JsonObject | undefined)?.['S'] === text;

function batchGet(parameters: JsonObject, stock: Stock): Answer {
  const responses: JsonObject = {};
  const touched: Touched[] = [];
  for (const [name, raw] of Object.entries((parameters['RequestItems'] ?? {}) as JsonObject)) {
    const request = raw as JsonObject;
    const items: Json[] = [];
    for (const key of (request['Keys'] ?? []) as Json[]) {
      const answer = useTables('getItem', { ...request, TableName: name, Key: key }, stock);
      if ('unknown' in answer) return answer;
      touched.push(...answer.touched);
      if (answer.output['Item'] !== undefined) items.push(answer.output['Item']);
    }
    responses[tableName(name)] = items;
  }
  return { output: { Responses: responses, UnprocessedKeys: {} }, touched };
}

/** All or nothing: played on a copy, kept when every part of it went through. */
function transaction(action: 'transactWriteItems' | 'transactGetItems', parameters: JsonObject, stock: Stock): Answer {
  const copy: Stock = new Map([...stock].map(([name, table]) => [name, new Map(table)]));
  const touched: Touched[] = [];
  const responses: Json[] = [];
  const actions: Record<string, string> = {
    Get: 'getItem',
    Put: 'putItem',
    Update: 'updateItem',
    Delete: 'deleteItem',
  };
  for (const item of (parameters['TransactItems'] ?? []) as JsonObject[]) {
    const [kind = '', inner] = Object.entries(item)[0] ?? [];
    const one = actions[kind];
    if (one === undefined) return { unknown: `the part ${kind} of dynamodb:${action}` };
    try {
      const answer = useTables(one, inner as JsonObject, copy);
      if ('unknown' in answer) return answer;
      touched.push(...answer.touched);
      responses.push(answer.output);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'ConditionalCheckFailedException') throw error;
      throw new Refused(
        'TransactionCanceledException',
        'Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed]',
      );
    }
  }
  for (const [name, table] of copy) stock.set(name, table);
  return { output: action === 'transactGetItems' ? { Responses: responses } : {}, touched };
}
