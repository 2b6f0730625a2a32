/** Rush hour: many orders, each by a customer of its own, placed and served through the shop's own functions. */
import type { Connection } from '../aws/connection.ts';
import { getItem, setAttributes } from '../aws/items.ts';
import { TABLES } from '../workshop.ts';
import type { Drink, ShopApi } from './api.ts';
import type { Answer, Code } from './calls.ts';
import { type ExecutionFinder, executionFinder } from './executions.ts';
import { type Order, readOrders } from './orders.ts';
import type { Time } from './time.ts';
import { type Watch, watchOrders } from './watch.ts';

export interface RushOptions {
  orders: number;
  inFlight: number;
  /** Orders placed a second at most; as fast as they are served when not given. */
  rate?: number | undefined;
  until: 'placed' | 'completed';
  /** Put more orders on the code of the moment where it has too few: it is a value of the learner's own table. */
  raiseTokens: boolean;
  /** What tells this run's customers from another's. */
  run: string;
  drink: Drink;
}

export interface OneOrder {
  index: number;
  orderId?: string;
  fate: 'placed' | 'completed' | 'turned-away' | 'lost' | 'refused' | 'failed';
  /** Why not, in the API's or the workflow's words. */
  why?: string;
  number?: number;
  /** Milliseconds from the customer's call to the order being there. */
  takenMs?: number;
  /** Milliseconds from the customer's call to the order being handed over. */
  servedMs?: number;
}

export interface RushSummary {
  orders: OneOrder[];
  tookMs: number;
  /** Order numbers that more than one order got. */
  doubled: number[];
  /** The code had no orders left, so the rest were not placed. */
  ranDry?: Code;
  /** The first order went wrong, so no other was placed. */
  gaveUp?: OneOrder;
}

export type RushEvent =
  | { kind: 'progress'; started: number; done: number; turnedAway: number; inFlight: number }
  | { kind: 'done'; summary: RushSummary };

const PATIENCE = 15_000;
/** An order that is not there by then may have been turned away: its execution is looked for. */
const DOUBT = 1_500;

/** Sets how many orders the code of this moment is still good for. */
export async function raiseTokens(connection: Connection, code: Code, orders: number): Promise<void> {
  await setAttributes(connection, TABLES.validator, { PK: code.bucket }, { availableTokens: orders });
}

export async function shopIsOpen(connection: Connection): Promise<boolean> {
  const { item } = await getItem(connection, TABLES.config, { PK: 'config' });
  return item?.['storeOpen'] !== false;
}

/** Runs them all; tells how it goes once a second, and at the end everything. `stop`: no new orders, those begun are served. */
export async function* rush(
  connection: Connection,
  api: ShopApi,
  options: RushOptions,
  time: Time,
  stop: AbortSignal,
): AsyncGenerator<RushEvent> {
  const shop: Shop = {
    api,
    watch: watchOrders((ids) => readOrders(connection, ids), time),
    finder: executionFinder(connection),
    codes: codeHolder(connection, api, options),
    options,
    time,
  };
  const began = time.now();
  const orders: OneOrder[] = [];
  let next = 1;
  let ranDry: Code | undefined;
  // The first goes alone: where something is missing, one customer waits for nothing instead of all of them.
  const first = await serve(shop, 0);
  if ('dry' in first) ranDry = first.dry;
  else orders.push(first);
  const gaveUp = orders.find(({ fate }) => fate === 'lost' || fate === 'failed' || fate === 'refused');
  if (gaveUp) next = options.orders;
  const customer = async (): Promise<void> => {
    while (next < options.orders && !stop.aborted && !ranDry) {
      const index = next++;
      if (options.rate !== undefined) {
        const due = began + (index * 1_000) / options.rate;
        while (time.now() < due && !stop.aborted) await time.sleep(Math.min(200, due - time.now()));
      }
      if (stop.aborted) break;
      const one = await serve(shop, index);
      if ('dry' in one) ranDry = one.dry;
      else orders.push(one);
    }
  };
  let over = false;
  let failure: unknown;
  const all = Promise.all(Array.from({ length: Math.min(options.inFlight, options.orders) }, customer))
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      over = true;
    });
  while (!over) {
    await Promise.race([all, time.sleep(1_000)]);
    const turnedAway = orders.filter(({ fate }) => fate === 'turned-away').length;
    if (!over)
      yield { kind: 'progress', started: next, done: orders.length, turnedAway, inFlight: next - orders.length };
  }
  if (failure !== undefined) throw failure;
  orders.sort((a, b) => a.index - b.index);
  yield {
    kind: 'done',
    summary: {
      orders,
      tookMs: time.now() - began,
      doubled: doubledOf(orders),
      ...(ranDry ? { ranDry } : {}),
      ...(gaveUp ? { gaveUp } : {}),
    },
  };
}

interface Shop {
  api: ShopApi;
  watch: Watch;
  finder: ExecutionFinder;
  codes: CodeHolder;
  options: RushOptions;
  time: Time;
}

/** One order from the code to the counter. `dry`: it could not even be placed, and nobody else can. */
async function serve(shop: Shop, index: number): Promise<OneOrder | { dry: Code }> {
  const { api, options, time } = shop;
  const userId = `rush-${options.run}-${index + 1}`;
  const from = time.now();
  const placed = await take(shop, userId, index);
  if ('dry' in placed) return placed;
  const { status, body } = placed.answer;
  const orderId = body['orderId'];
  if (status !== 200 || typeof orderId !== 'string') return { index, fate: 'refused', why: words(placed.answer) };
  const order = await taken(shop, orderId);
  if (typeof order === 'string')
    return {
      index,
      orderId,
      fate: order === 'lost' ? 'lost' : order === 'turned away' ? 'turned-away' : 'failed',
      why: order,
    };
  const one: OneOrder = { index, orderId, fate: 'placed', takenMs: time.now() - from };
  if (options.until === 'placed') return one;

  const submitted = await api.submit(orderId, userId, options.drink);
  if (submitted.status >= 300) return { ...one, fate: 'refused', why: words(submitted) };
  const numbered = await shop.watch.until(orderId, ({ number }) => number !== undefined, PATIENCE);
  if (numbered?.number === undefined) return { ...one, fate: 'lost', why: 'it got no number' };
  one.number = numbered.number;
  for (const action of ['make', 'complete'] as const) {
    const answer = await api.act(orderId, action, { userId: 'rush-barista', admin: true });
    if (answer.status >= 300) return { ...one, fate: 'refused', why: words(answer) };
  }
  return { ...one, fate: 'completed', servedMs: time.now() - from };
}

/** The order once it is there, else what became of it. */
async function taken({ watch, finder, time }: Shop, orderId: string): Promise<Order | 'lost' | 'turned away' | string> {
  const until = time.now() + PATIENCE;
  while (time.now() < until) {
    const order = await watch.until(orderId, ({ waits }) => waits, DOUBT);
    if (order) return order;
    const execution = await finder.find(orderId);
    if (execution?.status === 'SUCCEEDED') return 'turned away';
    if (execution && execution.status !== 'RUNNING')
      return `the workflow ended as ${execution.status}${execution.error ? `: ${execution.error}` : ''}`;
  }
  return 'lost';
}

const words = ({ status, body }: Answer): string => String(body['message'] ?? body['error'] ?? `it answered ${status}`);

/** Trades the code for an order; a code that ran out meanwhile, or is empty and may be filled, is tried anew. */
async function take(
  { api, codes, options }: Shop,
  userId: string,
  index: number,
): Promise<{ answer: Answer } | { dry: Code }> {
  for (let tries = 0; ; tries++) {
    const code = await codes.current();
    const answer = await api.verify(code.code, userId);
    // The official validator answers 200 without an order when it has nothing left.
    if (answer.body['orderId'] !== undefined || ![200, 400, 409].includes(answer.status)) return { answer };
    const fresh = await codes.renew(code, options.orders - index);
    if (answer.status !== 400 && fresh.availableTokens <= 0) return { dry: fresh };
    if (tries >= 3) return { answer };
  }
}

interface CodeHolder {
  current(): Promise<Code>;
  /** After `stale` was refused: the code of the moment, filled up to `needed` orders where that is allowed. */
  renew(stale: Code, needed: number): Promise<Code>;
}

/** The code that all customers share; whoever finds it refused renews it once for all. */
function codeHolder(connection: Connection, api: ShopApi, options: RushOptions): CodeHolder {
  let held: Promise<Code> | undefined;
  const fetch = async (needed: number): Promise<Code> => {
    const code = await api.code();
    if (!options.raiseTokens || code.availableTokens >= needed) return code;
    await raiseTokens(connection, code, needed);
    return { ...code, availableTokens: needed };
  };
  return {
    current() {
      held ??= fetch(options.orders);
      return held;
    },
    async renew(stale, needed) {
      if ((await held) === stale) held = fetch(needed);
      return held ?? stale;
    },
  };
}

function doubledOf(orders: readonly OneOrder[]): number[] {
  const seen = new Set<number>();
  const doubled = new Set<number>();
  for (const { number } of orders) {
    if (number === undefined) continue;
    if (seen.has(number)) doubled.add(number);
    seen.add(number);
  }
  return [...doubled].sort((a, b) => a - b);
}
