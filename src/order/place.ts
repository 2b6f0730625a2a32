/** Places an order as a customer does, and watches what becomes of it. */
import type { Connection } from '../aws/connection.ts';
import { getItem } from '../aws/items.ts';
import { listExecutions } from '../aws/states.ts';
import { PressoError } from '../errors.ts';
import { TABLES } from '../workshop.ts';
import type { Drink, ShopApi } from './api.ts';
import type { Code } from './calls.ts';
import { type ExecutionFinder, executionFinder } from './executions.ts';
import { judgeOutcome, type Outcome, type Sighting } from './judge.ts';
import { type Order, readOrder } from './orders.ts';
import type { Time } from './time.ts';

export interface Placed {
  orderId: string;
  userId: string;
  code: Code;
}

/** The API said no. `kind` is why, as far as the answer tells. */
export class PlaceRefused extends Error {
  readonly kind: 'no-orders-left' | 'too-many-open' | 'other';
  readonly status: number;
  readonly code: Code;

  constructor(kind: PlaceRefused['kind'], status: number, message: string, code: Code) {
    super(message);
    this.name = 'PlaceRefused';
    this.kind = kind;
    this.status = status;
    this.code = code;
  }
}

/** Takes a token of the code and so starts an order. Throws `PlaceRefused` with the API's own words. */
export async function placeOrder(api: ShopApi, userId: string): Promise<Placed> {
  let code = await api.code();
  let answer = await api.verify(code.code, userId);
  if (answer.status === 400) {
    // The code may have run out between the two calls.
    code = await api.code();
    answer = await api.verify(code.code, userId);
  }
  const orderId = answer.body['orderId'];
  if (answer.status === 200 && typeof orderId === 'string') return { orderId, userId, code };
  const message = String(answer.body['message'] ?? answer.body['error'] ?? `it answered ${answer.status}`);
  // The official validator answers 200 when it has nothing left, so what is left decides, not the status.
  const left = (await api.code()).availableTokens;
  const kind = left <= 0 ? 'no-orders-left' : answer.status === 409 ? 'too-many-open' : 'other';
  throw new PlaceRefused(kind, answer.status, message, code);
}

/** How soon it is worth looking for an execution: an order that is taken is written well before. */
const LOOK_DEEPER_AFTER = 750;

/** Waits until the order is written or something else became of it; at most `patience` milliseconds. */
export async function awaitOrder(
  connection: Connection,
  orderId: string,
  time: Time,
  patience = 10_000,
): Promise<{ outcome: Outcome; order?: Order; tookMs: number }> {
  const finder = executionFinder(connection);
  const from = time.now();
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    const order = await readOrder(connection, orderId);
    const tookMs = time.now() - from;
    if (order) return { outcome: { kind: 'waiting' }, order, tookMs };
    const final = tookMs >= patience;
    if (final || tookMs >= LOOK_DEEPER_AFTER) {
      const seen = await look(connection, orderId, finder);
      const outcome = judgeOutcome(seen, final);
      if (outcome) return { outcome, ...(seen.order ? { order: seen.order } : {}), tookMs };
    }
    await time.sleep(pause);
  }
}

async function look(connection: Connection, orderId: string, finder: ExecutionFinder): Promise<Sighting> {
  const workflow = await finder.workflow();
  const [execution, config, running, order] = await Promise.all([
    finder.find(orderId),
    getItem(connection, TABLES.config, { PK: 'config' }),
    workflow ? listExecutions(connection, workflow, 100, 'RUNNING') : [],
    readOrder(connection, orderId),
  ]);
  const open = config.item?.['storeOpen'];
  return {
    order,
    execution,
    workflow: workflow !== undefined,
    shopOpen: typeof open === 'boolean' ? open : undefined,
    running: running.length,
  };
}

/** One drink of the menu, as far as an order needs it. */
export interface Offer {
  drink: string;
  icon?: string;
  available: boolean;
  modifiers: { Name: string; Options: string[] }[];
}

export async function readMenu(connection: Connection): Promise<Offer[]> {
  const { item } = await getItem(connection, TABLES.config, { PK: 'menu' });
  return Array.isArray(item?.['value']) ? (item['value'] as unknown as Offer[]) : [];
}

/**
 * What a person typed after --modifier, as the answers that the API takes: `Oat milk`, or `Milk=Oat milk`.
 * The name in front is only a help for reading, so it is checked here; whether the answer is offered decides the API.
 */
export function answersOf(said: readonly string[], drink: string, menu: readonly Offer[]): string[] {
  const offer = menu.find((one) => one.drink === drink);
  return said.map((text) => {
    const at = text.indexOf('=');
    if (at < 0) return text;
    const name = text.slice(0, at).trim();
    const modifier = offer?.modifiers.find((one) => one.Name.toLowerCase() === name.toLowerCase());
    if (offer && !modifier)
      throw new PressoError(
        'usage',
        offer.modifiers.length === 0
          ? `${drink} has no modifiers.`
          : `${drink} has no modifier "${name}"; it has ${offer.modifiers.map((one) => one.Name).join(', ')}.`,
        { hint: 'presso menu' },
      );
    return text.slice(at + 1).trim();
  });
}

/** The drink as the order manager takes it. */
export const drinkOf = ({ drink, icon }: Pick<Offer, 'drink' | 'icon'>, modifiers: string[]): Drink => ({
  drink,
  modifiers,
  ...(icon === undefined ? {} : { icon }),
});
