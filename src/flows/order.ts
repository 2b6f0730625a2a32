/** What the order commands do, beyond their flags. */
import { randomUUID } from 'node:crypto';
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import {
  answersOf,
  awaitOrder,
  drinkOf,
  findOrder,
  openShopApi,
  type Order,
  type OrderAction,
  placeOrder,
  PlaceRefused,
  readMenu,
  readOrder,
  theOrder,
  type Time,
} from '../order/index.ts';
import { clock, drinkWords, nextFor, outcomeWords, stateWords } from '../report/order.ts';
import { paint, say, sayJson, tell } from '../terminal.ts';
import { duration, line, nearest } from '../text.ts';

export const realTime: Time = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  id: () => randomUUID(),
};

/** What a person can do when the code has no orders left: waiting is for AWS, the sandbox's clock can be moved. */
export const freshCodeHint = (sandbox: boolean): string =>
  sandbox ? 'presso sandbox clock advance 5m' : 'presso order place   (when the next code is there)';

export async function place(
  connection: Connection,
  userId: string,
  options: { json: boolean; sandbox: boolean },
): Promise<void> {
  const api = await openShopApi(connection, realTime);
  const { orderId, code } = await placeOrder(api, userId).catch((error: unknown) => {
    throw placeRefusal(error, userId, options.sandbox);
  });
  if (!options.json) say(orderId);
  tell(`  token taken, ${code.availableTokens - 1} left of this code until ${clock(code.ends).slice(0, 5)}`);
  const { outcome, tookMs } = await awaitOrder(connection, orderId, realTime);
  if (outcome.kind !== 'waiting') {
    const { code: why, sentence, hint } = outcomeWords(outcome, orderId);
    if (options.json) {
      sayJson({ orderId, userId, outcome: outcome.kind, tookMs, error: { code: why, message: sentence, hint } });
      throw new PressoError('quiet', sentence, { hint, exit: EXIT.no });
    }
    throw new PressoError(why, sentence, { hint, exit: EXIT.no });
  }
  if (options.json) return sayJson({ orderId, userId, outcome: outcome.kind, tookMs });
  tell(`${paint().green('✓')} The order waits for the customer to choose a drink (${duration(tookMs)}).`);
  tell(`  ${paint().dim('Next:')} presso order submit last --drink Latte`);
}

function placeRefusal(error: unknown, userId: string, sandbox: boolean): unknown {
  if (!(error instanceof PlaceRefused)) return error;
  const said = `The validator refused: ${line(error.message).replace(/\.*$/, '.')}`;
  const exit = EXIT.no;
  if (error.kind === 'too-many-open')
    return new PressoError('too-many-open', said, { hint: `presso order place --user ${nextUser(userId)}`, exit });
  if (error.kind === 'no-orders-left')
    return new PressoError(
      'no-orders-left',
      `The code of this moment has no orders left; the next one comes at ${clock(error.code.ends).slice(0, 8)}.`,
      { hint: freshCodeHint(sandbox), exit },
    );
  return new PressoError('refused', said, { hint: 'presso order place', exit });
}

/** `customer-1` → `customer-2`, `ann` → `ann-2` */
export function nextUser(userId: string): string {
  const found = /^(.*?)(\d+)$/.exec(userId);
  return found ? `${found[1]}${Number(found[2]) + 1}` : `${userId}-2`;
}

export async function submit(
  connection: Connection,
  said: string,
  wish: { drink: string; modifiers: string[]; user?: string | undefined },
  json: boolean,
): Promise<void> {
  const order = await theOrder(connection, said);
  const menu = await readMenu(connection);
  // Upper and lower case are forgiven, what is on the menu decides the order manager.
  const offer = menu.find((one) => one.drink.toLowerCase() === wish.drink.toLowerCase()) ?? { drink: wish.drink };
  const { drink } = offer;
  const modifiers = answersOf(wish.modifiers, drink, menu);
  const api = await openShopApi(connection, realTime);
  const answer = await api.submit(order.orderId, wish.user ?? order.userId, drinkOf(offer, modifiers));
  if (answer.status >= 300) {
    const offMenu = answer.status === 400;
    const names = menu.filter(({ available }) => available).map((one) => one.drink);
    const near = offMenu && !names.includes(drink) ? nearest(drink, names) : undefined;
    throw refused(
      answer,
      near ? `presso order submit ${said} --drink "${near}"` : offMenu ? 'presso menu' : nextFor(order),
    );
  }
  const after = await settled(connection, order.orderId, (one) => one.number !== undefined || one.state !== 'CREATED');
  if (after && after.drink === undefined)
    throw new PressoError('not-kept', 'The order manager ended without keeping the drink: is it on the menu?', {
      hint: 'presso menu',
      exit: EXIT.no,
    });
  report(after ?? order, json, `Ordered: ${[drink, ...modifiers].map(line).join(', ')}`);
}

export async function act(
  connection: Connection,
  said: string,
  action: OrderAction,
  who: { userId: string; admin: boolean },
  json: boolean,
): Promise<void> {
  const order = await theOrder(connection, said);
  const api = await openShopApi(connection, realTime);
  const answer = await api.act(order.orderId, action, who);
  if (answer.status >= 300)
    throw refused(
      answer,
      order.state === 'CREATED' ? nextFor(order) : `presso order show ${order.orderId.slice(0, 8)}`,
    );
  const after = (await readOrder(connection, order.orderId)) ?? order;
  const done = { make: 'Claimed', unmake: 'Given back', complete: 'Completed', cancel: 'Cancelled' }[action];
  report(
    after,
    json,
    `${done}: ${after.number === undefined ? '' : `number ${after.number}, `}${drinkWords(after) || 'no drink yet'}`,
  );
}

function refused(answer: { status: number; body: Record<string, unknown> }, hint: string): PressoError {
  const message = line(String(answer.body['message'] ?? `it answered ${answer.status}`)).replace(/\.*$/, '.');
  return new PressoError(`refused-${answer.status}`, `The order manager refused: ${message}`, { hint, exit: EXIT.no });
}

/** The order once it has come as far as `far`, or as it stands after a few seconds. */
async function settled(
  connection: Connection,
  orderId: string,
  far: (order: Order) => boolean,
): Promise<Order | undefined> {
  const until = Date.now() + 5_000;
  for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
    const order = await findOrder(connection, orderId);
    if ((order && far(order)) || Date.now() > until) return order;
    await realTime.sleep(pause);
  }
}

function report(order: Order, json: boolean, done: string): void {
  if (json) {
    sayJson(order);
    return;
  }
  const c = paint();
  say(`${c.green('✓')} ${done}`);
  say(`  ${order.orderId} ${order.state === 'CREATED' ? stateWords(order) : `is ${stateWords(order)}`}`);
  say(`  ${c.dim('Next:')} ${nextFor(order)}`);
}
