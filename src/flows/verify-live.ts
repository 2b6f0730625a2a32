/** `presso verify --live`: says what it will do and asks, gives verify the shop's hands, and tells each step. */
import type { Connection } from '../aws/connection.ts';
import { PressoError } from '../errors.ts';
import { drinkOf, openShopApi, placeOrder, PlaceRefused, readMenu } from '../order/index.ts';
import type { ShopApi } from '../order/api.ts';
import type { Answer } from '../order/calls.ts';
import { confirm, tell } from '../terminal.ts';
import { count } from '../text.ts';
import {
  type Checklist,
  type Facts,
  type Hands,
  Interrupted,
  type Live,
  type LiveStep,
  type LiveTime,
  type Path,
  type Taught,
  taughtBy,
  TEST_NAME,
  type Walk,
  walkOrder,
} from '../verify/index.ts';
import { realTime } from './order.ts';

/** Milliseconds: how long each step of a test order may take, and what it set going may still be on its way. */
const LIVE = { patience: 20_000, settle: 2_500 };
const BARISTA = { userId: `${TEST_NAME}-barista`, admin: true };

export interface LiveWish {
  yes: boolean;
  module: string | undefined;
}

/** Says what will happen and asks; false when the answer is no. Refused before any call where nobody can be asked. */
export async function agreeToLive(lists: readonly Checklist[], wish: LiveWish): Promise<boolean> {
  const command = ['presso verify', wish.module, '--live'].filter(Boolean).join(' ');
  const orders = lists.flatMap(({ checks }) => checks).filter(({ kind }) => kind === 'live-order').length;
  if (orders === 0)
    throw new PressoError('nothing-live', `Nothing of ${wish.module ?? 'this'} is judged by a real order.`, {
      hint: 'presso verify module-2 --live',
    });
  tell(`--live places ${count(orders, 'real test order')}, one after the other (customers ${TEST_NAME}-…).`);
  tell('  Screens and baristas see them for some seconds, and metrics count them.');
  tell('  Each uses up an order number, which is not given back (two more where a');
  tell('  function must be seen at work). All else is taken away, also after Ctrl-C.');
  return (await confirm('Place them?', { yes: wish.yes, command })) === 'yes';
}

/** Places each kind of test order once, one after the other, and tells its steps. */
export function liveOrders(
  connection: Connection,
  signal: AbortSignal,
  news: (step: LiveStep) => void,
  limits = LIVE,
): (facts: Facts) => Live {
  const time: LiveTime = { ...realTime, ...limits };
  let hands: Promise<Hands> | undefined;
  return (facts) => {
    const walks = new Map<Path, Promise<Walk>>();
    let before: Promise<unknown> = Promise.resolve();
    let taught: Promise<Taught | undefined> | undefined;
    const go = async (path: Path): Promise<Walk> => {
      if (signal.aborted) throw new Interrupted('Stopped.');
      hands ??= shopHands(connection);
      const steps = walkOrder(path, facts, { hands: await hands, time, signal });
      for (;;) {
        const step = await steps.next();
        if (step.done) return step.value;
        news(step.value);
      }
    };
    return {
      async walk(path) {
        if (path === 'alone') await taught?.catch(() => {});
        let walk = walks.get(path);
        if (!walk) {
          walk = before.then(() => go(path));
          before = walk.catch(() => {});
          walks.set(path, walk);
        }
        return walk;
      },
      taught() {
        // Two at once, so that it is seen whether they get two numbers; the first of them is the order that is judged.
        taught ??= before.then(async () => {
          const pair = await Promise.all([go('alone'), go('alone')]);
          const [first] = pair;
          walks.set('alone', Promise.resolve(first));
          return taughtBy(pair);
        });
        before = taught.catch(() => {});
        return taught;
      },
    };
  };
}

async function shopHands(connection: Connection): Promise<Hands> {
  const api: ShopApi = await openShopApi(connection, realTime);
  const offer = async () => (await readMenu(connection)).find(({ available }) => available);
  return {
    bucket: async () => (await api.code()).bucket,
    async place(userId) {
      try {
        const { orderId, code } = await placeOrder(api, userId);
        return { orderId, bucket: code.bucket };
      } catch (error) {
        if (!(error instanceof PlaceRefused)) throw error;
        return { dry: error.kind === 'no-orders-left', status: error.status, message: error.message };
      }
    },
    drink: async () => (await offer())?.drink,
    async submit(orderId, userId, drink) {
      const menu = await readMenu(connection);
      const wanted = menu.find((one) => one.drink === drink) ?? { drink };
      return said(await api.submit(orderId, userId, drinkOf(wanted, [])));
    },
    act: async (orderId, action) => said(await api.act(orderId, action, BARISTA)),
  };
}

const said = ({ status, body }: Answer) => ({
  status,
  message: String(body['message'] ?? body['error'] ?? `it answered ${status}`),
});
