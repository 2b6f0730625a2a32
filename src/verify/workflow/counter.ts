/** DynamoDB's UpdateItem and PutItem on the one item of the counting table, as far as a counter needs them. Pure. */
import type { JsonObject } from '../../asl/index.ts';

export type CounterOutcome =
  | { error: string; cause: string }
  | {
      output: JsonObject /** the counter after the write */;
      value: number | undefined /** the write changed IDvalue of the counter item */;
      counts: boolean;
    };

const refused = (cause: string): CounterOutcome => ({ error: 'DynamoDB.DynamoDbException', cause });

/** `counter` undefined: the item is not there. */
export function updateCounter(
  action: 'updateItem' | 'putItem',
  parameters: JsonObject,
  counter: number | undefined,
): CounterOutcome {
  if (action === 'putItem') {
    const item = (parameters['Item'] ?? {}) as JsonObject;
    const value = numberOf(item['IDvalue']);
    const counts = (item['PK'] as JsonObject | undefined)?.['S'] === 'orderID' && value !== undefined;
    return { output: {}, value, counts };
  }
  const key = parameters['Key'] as JsonObject | undefined;
  const partition = (key?.['PK'] as JsonObject | undefined)?.['S'];
  if (typeof partition !== 'string' || Object.keys(key ?? {}).length !== 1)
    return refused('The provided key element does not match the schema');
  const counts = partition === 'orderID';
  const before = counts ? counter : undefined;
  if (typeof parameters['ConditionExpression'] === 'string') {
    const condition = /^\s*attribute_(not_)?exists\s*\(\s*[\w#]+\s*\)\s*$/.exec(parameters['ConditionExpression']);
    if (condition && (condition[1] ? before !== undefined : before === undefined))
      return { error: 'DynamoDB.ConditionalCheckFailedException', cause: 'The conditional request failed' };
  }
  const next = nextValue(parameters, before);
  if (next === undefined || typeof next === 'string') return refused(next ?? 'Invalid UpdateExpression');
  const image = (value: number): JsonObject => ({ PK: { S: partition }, [next.attribute]: { N: String(value) } });
  const wanted = String(parameters['ReturnValues'] ?? 'NONE');
  const attributes: Record<string, JsonObject | undefined> = {
    UPDATED_NEW: { [next.attribute]: { N: String(next.value) } },
    ALL_NEW: image(next.value),
    UPDATED_OLD: before === undefined ? undefined : { [next.attribute]: { N: String(before) } },
    ALL_OLD: before === undefined ? undefined : image(before),
  };
  const returned = attributes[wanted];
  return {
    output: returned ? { Attributes: returned } : {},
    value: next.value,
    counts: counts && next.attribute === 'IDvalue',
  };
}

interface Next {
  attribute: string;
  value: number;
}

/** Evaluates `ADD a :n` and `SET a = operand [± operand]`; a text is AWS's reason to refuse. */
function nextValue(parameters: JsonObject, before: number | undefined): Next | string | undefined {
  const expression = String(parameters['UpdateExpression'] ?? '');
  const names = (parameters['ExpressionAttributeNames'] ?? {}) as JsonObject;
  const values = (parameters['ExpressionAttributeValues'] ?? {}) as JsonObject;
  const nameOf = (text: string): string => String(names[text] ?? text);
  const add = /^\s*ADD\s+([#\w]+)\s+(:\w+)\s*$/i.exec(expression);
  if (add) {
    const amount = numberOf(values[add[2] ?? '']);
    if (amount === undefined) return 'ExpressionAttributeValues lacks a number that the UpdateExpression names';
    const attribute = nameOf(add[1] ?? '');
    return { attribute, value: (attribute === 'IDvalue' ? (before ?? 0) : 0) + amount };
  }
  const set = /^\s*SET\s+([#\w]+)\s*=\s*([\s\S]+)$/i.exec(expression);
  if (!set) return 'Invalid UpdateExpression';
  const attribute = nameOf(set[1] ?? '');
  let missing: string | undefined;
  const operand = (text: string): number | undefined => {
    const trimmed = text.trim();
    if (trimmed.startsWith(':')) return numberOf(values[trimmed]);
    const fallback = /^if_not_exists\s*\(\s*([#\w]+)\s*,\s*([:#\w]+)\s*\)$/i.exec(trimmed);
    if (fallback) return before ?? operand(fallback[2] ?? '');
    if (!/^[#\w]+$/.test(trimmed)) return undefined;
    if (nameOf(trimmed) !== 'IDvalue' || before === undefined) {
      missing = 'The provided expression refers to an attribute that does not exist in the item';
      return undefined;
    }
    return before;
  };
  const parts = /^([\s\S]+?)([+-])([\s\S]+)$/.exec((set[2] ?? '').replace(/\(([^)]*)\)/g, (whole) => whole));
  const left = operand(parts?.[1] ?? set[2] ?? '');
  const right = parts ? operand(parts[3] ?? '') : 0;
  if (left === undefined || right === undefined)
    return missing ?? 'ExpressionAttributeValues lacks a number that the UpdateExpression names';
  return { attribute, value: parts?.[2] === '-' ? left - right : left + right };
}

function numberOf(value: unknown): number | undefined {
  const text = (value as { N?: unknown } | undefined)?.N;
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}
