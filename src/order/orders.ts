/** Orders as they stand in the order table, without the task token. */
import type { Connection } from '../aws/connection.ts';
import { errorName } from '../aws/failure.ts';
import { getItem, getItems, type Item, queryItems, queryLast, queryPrefix } from '../aws/items.ts';
import { PressoError } from '../errors.ts';
import { TABLES } from '../workshop.ts';

export interface Order {
  orderId: string;
  userId: string;
  /** CREATED, Completed or Cancelled */
  state: string;
  number?: number;
  drink?: string;
  modifiers: string[];
  /** Empty when nobody makes it. */
  barista: string;
  /** epoch milliseconds of the target's clock */
  changed: number;
  /** The workflow waits for somebody: the order holds a token that can be returned. */
  waits: boolean;
}

const PARTITION = { name: 'PK', value: 'orders' } as const;

export function toOrder(item: Item): Order {
  const text = (name: string): string => (item[name] === undefined || item[name] === null ? '' : String(item[name]));
  const drink = readDrink(text('drinkOrder'));
  return {
    orderId: text('SK'),
    userId: text('USERID'),
    state: text('ORDERSTATE'),
    ...(item['orderNumber'] === undefined ? {} : { number: Number(item['orderNumber']) }),
    ...(drink.drink === undefined ? {} : { drink: drink.drink }),
    modifiers: drink.modifiers,
    barista: text('baristaUserId'),
    changed: Number(item['TS'] ?? 0),
    waits: text('TaskToken') !== '',
  };
}

function readDrink(text: string): { drink?: string; modifiers: string[] } {
  try {
    const { drink, modifiers } = JSON.parse(text) as { drink?: unknown; modifiers?: unknown };
    return {
      ...(drink === undefined ? {} : { drink: String(drink) }),
      modifiers: Array.isArray(modifiers) ? modifiers.map(String) : [],
    };
  } catch {
    return { modifiers: [] };
  }
}

const noTable = (): PressoError =>
  new PressoError('no-tables', `The table ${TABLES.order} is not there.`, { hint: 'presso setup' });

export async function readOrder(connection: Connection, orderId: string): Promise<Order | undefined> {
  const { item, tableMissing } = await getItem(connection, TABLES.order, { PK: PARTITION.value, SK: orderId });
  if (tableMissing) throw noTable();
  return item && toOrder(item);
}

/** Those of up to 100 orders that are in the table. */
export async function readOrders(connection: Connection, orderIds: string[]): Promise<Order[]> {
  const keys = orderIds.map((SK) => ({ PK: PARTITION.value, SK }));
  return (await getItems(connection, TABLES.order, keys)).map(toOrder);
}

/** The newest orders first. */
export async function recentOrders(connection: Connection, limit: number): Promise<Order[]> {
  try {
    return (await queryLast(connection, TABLES.order, 'LSI-timestamp', PARTITION, limit)).map(toOrder);
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') throw noTable();
    // An official set-up may call its index otherwise.
    if (errorName(error) !== 'ValidationException') throw error;
    const all = (await queryItems(connection, TABLES.order, PARTITION)).map(toOrder);
    return all.sort((a, b) => b.changed - a.changed).slice(0, limit);
  }
}

/**
 * The order that a person means: its id, a beginning of it that no other order has, or `last`.
 * Undefined when the table has none like it; refused when it has several.
 */
export async function findOrder(connection: Connection, said: string): Promise<Order | undefined> {
  if (said === 'last') return (await recentOrders(connection, 1))[0];
  const exact = await readOrder(connection, said);
  if (exact) return exact;
  const [one, other] = await queryPrefix(connection, TABLES.order, PARTITION, { name: 'SK', prefix: said }, 2);
  if (one && other)
    throw new PressoError('ambiguous', `Several orders begin with "${said}".`, { hint: 'presso order show' });
  return one && toOrder(one);
}

/** `findOrder`, refused where there is none. */
export async function theOrder(connection: Connection, said: string): Promise<Order> {
  const order = await findOrder(connection, said);
  if (order) return order;
  throw new PressoError('no-order', said === 'last' ? 'There is no order yet.' : `There is no order "${said}".`, {
    hint: said === 'last' ? 'presso order place' : 'presso order show',
  });
}
