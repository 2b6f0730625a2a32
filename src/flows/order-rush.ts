/** Rush hour: says what it will do and what it costs, runs it, and reports. */
import { randomUUID } from 'node:crypto';
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import { awaitOrder, drinkOf, openShopApi, readMenu } from '../order/index.ts';
import { type OneOrder, rush, type RushSummary, shopIsOpen } from '../order/rush.ts';
import { clock, outcomeWords } from '../report/order.ts';
import { figuresOf, rushLines, wentWell } from '../report/rush.ts';
import { confirm, onInterrupt, paint, say, sayJson, tell } from '../terminal.ts';
import { count } from '../text.ts';
import { freshCodeHint, realTime } from './order.ts';

/** How often it is told how a long rush goes, in milliseconds. */
const NEWS = 4_000;

export interface RushWish {
  orders: number;
  inFlight: number;
  rate?: number | undefined;
  until: 'placed' | 'completed';
  tokens: boolean;
  yes: boolean;
  json: boolean;
  /** Nothing costs anything here, and the clock can be moved. */
  sandbox: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function runRush(connection: Connection, wish: RushWish): Promise<void> {
  const { orders, sandbox, json } = wish;
  const api = await openShopApi(connection, realTime);
  const code = await api.code();
  if (!(await shopIsOpen(connection)))
    throw new PressoError('closed', 'The shop is closed; every order would be turned away.', {
      hint: 'presso shop open',
    });
  const offer = (await readMenu(connection)).find(({ available }) => available);
  if (offer === undefined)
    throw new PressoError('no-menu', 'There is no drink on the menu that can be ordered.', { hint: 'presso seed' });
  if (code.availableTokens < orders && !wish.tokens)
    throw new PressoError(
      'no-orders-left',
      `The code of this moment is good for ${count(code.availableTokens, 'more order')} until ${clock(code.ends).slice(0, 8)}, and ${orders} are wanted.`,
      { hint: `presso rush --orders ${orders} --tokens   (or: ${freshCodeHint(sandbox)})` },
    );
  if (code.availableTokens < orders)
    tell(`  the code of this moment gets ${orders} orders instead of ${code.availableTokens}`);
  if (!sandbox) tell('  on AWS each order costs about 0.03 US cents, most of it state transitions');
  if ((await confirm(`Place ${count(orders, 'order')}?`, { yes: wish.yes, command: wish.command })) === 'no') {
    say('No order was placed.');
    return;
  }
  const stop = new AbortController();
  const ended = onInterrupt(() => {
    tell('  no new orders; those that were begun are served …');
    stop.abort();
  });
  try {
    let toldAt = Date.now();
    const options = { ...wish, raiseTokens: wish.tokens, run: randomUUID().slice(0, 8), drink: drinkOf(offer, []) };
    for await (const event of rush(connection, api, options, realTime, stop.signal)) {
      if (event.kind === 'done') {
        await sayWhy(connection, event.summary.gaveUp, json);
        report(event.summary, wish, json);
      } else if (Date.now() - toldAt >= NEWS) {
        toldAt = Date.now();
        tell(
          `  ${event.started} placed, ${event.done} done, ${event.inFlight} in flight${event.turnedAway ? `, ${event.turnedAway} turned away` : ''}`,
        );
      }
    }
  } finally {
    ended();
  }
  if (stop.signal.aborted) throw new PressoError('quiet', 'Stopped.', { hint: '', exit: EXIT.interrupted });
}

/** Why the first order never came to wait for a drink, as `order place` would say it. */
async function sayWhy(connection: Connection, first: OneOrder | undefined, json: boolean): Promise<void> {
  if (!first?.orderId || first.fate === 'refused' || json) return;
  const { outcome } = await awaitOrder(connection, first.orderId, realTime, 0);
  if (outcome.kind === 'waiting') return;
  const { code, sentence, hint } = outcomeWords(outcome, first.orderId);
  throw new PressoError(code, `${sentence} No other order was placed.`, { hint, exit: EXIT.no });
}

function report(summary: RushSummary, { until, sandbox }: RushWish, json: boolean): void {
  const well = wentWell(summary) && !summary.ranDry;
  if (json) {
    sayJson({
      ...figuresOf(summary),
      tookMs: summary.tookMs,
      doubled: summary.doubled,
      ranDry: summary.ranDry !== undefined,
      orders: summary.orders,
    });
  } else {
    const c = paint();
    const [head, ...rest] = rushLines(summary, until);
    say(`${well ? c.green('✓') : c.red('✗')} ${head}`);
    for (const text of rest) say(text);
    if (summary.ranDry) say(`  ! the code had no orders left, so the others were not placed`);
    const open = until === 'placed' && figuresOf(summary).placed > 0;
    const next = summary.ranDry
      ? `presso rush --tokens   (or: ${freshCodeHint(sandbox)})`
      : open
        ? 'presso order show'
        : 'presso workflow show';
    say(`  ${c.dim('Next:')} ${next}`);
  }
  if (!well) throw new PressoError('quiet', 'Not every order was treated right.', { hint: '', exit: EXIT.no });
}
