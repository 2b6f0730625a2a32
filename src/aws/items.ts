/** Amazon DynamoDB, as plain values: numbers are numbers, sets are not used by the workshop. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

export type Plain = null | string | number | boolean | Plain[] | { [key: string]: Plain };
export type Item = { [key: string]: Plain };

const load = (connection: Connection) =>
  connection.client('dynamodb', async (config) => {
    const { DynamoDB } = await import('@aws-sdk/client-dynamodb');
    return new DynamoDB(config);
  });

export function toAttribute(value: Plain): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { M: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toAttribute(inner)])) };
}

export function fromAttribute(value: AttributeValue): Plain {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L) return value.L.map(fromAttribute);
  if (value.M) return fromItem(value.M);
  if (value.SS) return [...value.SS];
  if (value.NS) return value.NS.map(Number);
  return null;
}

const toItem = (item: Item): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(item).map(([key, value]) => [key, toAttribute(value)]));
const fromItem = (item: Record<string, AttributeValue>): Item =>
  Object.fromEntries(Object.entries(item).map(([key, value]) => [key, fromAttribute(value)]));

/** One item, read consistently; undefined when the item, or its table, is not there (`tableMissing` tells which). */
export async function getItem(
  connection: Connection,
  table: string,
  key: Item,
): Promise<{ item?: Item; tableMissing?: boolean }> {
  const client = await load(connection);
  try {
    const { Item: item } = await client.getItem({ TableName: table, Key: toItem(key), ConsistentRead: true });
    return item ? { item: fromItem(item) } : {};
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return { tableMissing: true };
    throw error;
  }
}

export async function putItem(connection: Connection, table: string, item: Item): Promise<void> {
  const client = await load(connection);
  await client.putItem({ TableName: table, Item: toItem(item) });
}

/** Sets single attributes of an item and leaves the others as they are. */
export async function setAttributes(connection: Connection, table: string, key: Item, attributes: Item): Promise<void> {
  const client = await load(connection);
  const names = Object.keys(attributes);
  await client.updateItem({
    TableName: table,
    Key: toItem(key),
    UpdateExpression: `SET ${names.map((_, i) => `#a${i} = :a${i}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#a${i}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      names.map((name, i) => [`:a${i}`, toAttribute(attributes[name] ?? null)]),
    ),
  });
}

/** Adds to a number of an item that is there, in one step; false when the item is not, or is no longer like `still`. */
export async function addToAttribute(
  connection: Connection,
  table: string,
  key: Item,
  attribute: string,
  by: number,
  still: Item = {},
): Promise<boolean> {
  const client = await load(connection);
  const names = Object.keys(still);
  const values = Object.fromEntries(names.map((name, i) => [`:v${i}`, toAttribute(still[name] ?? null)]));
  try {
    await client.updateItem({
      TableName: table,
      Key: toItem(key),
      UpdateExpression: 'SET #n = #n + :by',
      ConditionExpression: ['attribute_exists(#n)', ...names.map((_, i) => `#a${i} = :v${i}`)].join(' AND '),
      ExpressionAttributeNames: { '#n': attribute, ...Object.fromEntries(names.map((name, i) => [`#a${i}`, name])) },
      ExpressionAttributeValues: { ':by': toAttribute(by), ...values },
    });
    return true;
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

export async function deleteItem(connection: Connection, table: string, key: Item): Promise<void> {
  const client = await load(connection);
  await client.deleteItem({ TableName: table, Key: toItem(key) });
}

/** Every item with this partition key, in the order of the sort key. */
export async function queryItems(
  connection: Connection,
  table: string,
  partition: { name: string; value: string },
): Promise<Item[]> {
  const client = await load(connection);
  const items: Item[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.query({
      TableName: table,
      KeyConditionExpression: '#p = :p',
      ExpressionAttributeNames: { '#p': partition.name },
      ExpressionAttributeValues: { ':p': { S: partition.value } },
      ConsistentRead: true,
      ExclusiveStartKey: start,
    });
    items.push(...(page.Items ?? []).map(fromItem));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** Items of a partition whose sort key begins with `prefix`, in the order of the sort key, at most `limit`. */
export async function queryPrefix(
  connection: Connection,
  table: string,
  partition: { name: string; value: string },
  sort: { name: string; prefix: string },
  limit: number,
): Promise<Item[]> {
  const client = await load(connection);
  const { Items = [] } = await client.query({
    TableName: table,
    KeyConditionExpression: '#p = :p AND begins_with(#s, :s)',
    ExpressionAttributeNames: { '#p': partition.name, '#s': sort.name },
    ExpressionAttributeValues: { ':p': { S: partition.value }, ':s': { S: sort.prefix } },
    ConsistentRead: true,
    Limit: limit,
  });
  return Items.map(fromItem);
}

/** The last `limit` items of a partition by a local index, last first. */
export async function queryLast(
  connection: Connection,
  table: string,
  index: string,
  partition: { name: string; value: string },
  limit: number,
): Promise<Item[]> {
  const client = await load(connection);
  const { Items = [] } = await client.query({
    TableName: table,
    IndexName: index,
    KeyConditionExpression: '#p = :p',
    ExpressionAttributeNames: { '#p': partition.name },
    ExpressionAttributeValues: { ':p': { S: partition.value } },
    ConsistentRead: true,
    ScanIndexForward: false,
    Limit: limit,
  });
  return Items.map(fromItem);
}

/** Up to 100 items by their keys, read consistently; those that are not there are left out, in no order. */
export async function getItems(connection: Connection, table: string, keys: Item[]): Promise<Item[]> {
  const client = await load(connection);
  const found: Item[] = [];
  let wanted: Record<string, AttributeValue>[] = keys.map(toItem);
  while (wanted.length > 0) {
    const { Responses, UnprocessedKeys } = await client.batchGetItem({
      RequestItems: { [table]: { Keys: wanted, ConsistentRead: true } },
    });
    found.push(...(Responses?.[table] ?? []).map(fromItem));
    wanted = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}
