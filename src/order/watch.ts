/** Watches many orders at once with one read of the table a round, so that a rush does not poll order by order. */
import type { Order } from './orders.ts';
import type { Time } from './time.ts';

interface Waiter {
  far: (order: Order) => boolean;
  done: (order: Order | undefined) => void;
  fail: (error: unknown) => void;
  until: number;
}

/** As many keys as one read may have (Amazon DynamoDB API Reference, "BatchGetItem"). */
const MOST = 100;
/**
 * Milliseconds. A round is followed by a pause at least so long, and twice as long as the round took: a far table is asked
 * less often. Rounds that bring nothing new make it longer, up to the most.
 */
const PAUSE = { least: 10, most: 80 };

export interface Watch {
  /** The order once it has come as far as `far`; undefined when it has not within `patience` milliseconds. */
  until(orderId: string, far: (order: Order) => boolean, patience: number): Promise<Order | undefined>;
}

export function watchOrders(read: (orderIds: string[]) => Promise<Order[]>, time: Time): Watch {
  const waiters = new Map<string, Waiter>();
  let rounds = false;
  const settle = (orderId: string, tell: (waiter: Waiter) => void): void => {
    const waiter = waiters.get(orderId);
    waiters.delete(orderId);
    if (waiter) tell(waiter);
  };
  const round = async (): Promise<void> => {
    const ids = [...waiters.keys()].slice(0, MOST);
    for (const order of await read(ids))
      if (waiters.get(order.orderId)?.far(order)) settle(order.orderId, ({ done }) => done(order));
    for (const [orderId, { until }] of waiters) if (time.now() >= until) settle(orderId, ({ done }) => done(undefined));
    // Who was asked about goes to the end, so that beyond a hundred nobody is forgotten.
    for (const orderId of ids) {
      const waiter = waiters.get(orderId);
      if (!waiter) continue;
      waiters.delete(orderId);
      waiters.set(orderId, waiter);
    }
  };
  const loop = async (): Promise<void> => {
    if (rounds) return;
    rounds = true;
    try {
      let pause = PAUSE.least;
      while (waiters.size > 0) {
        const [from, before] = [time.now(), waiters.size];
        await round();
        pause = waiters.size < before ? PAUSE.least : Math.min(PAUSE.most, pause * 2);
        if (waiters.size > 0) await time.sleep(Math.max(pause, 2 * (time.now() - from)));
      }
    } catch (error) {
      for (const orderId of [...waiters.keys()]) settle(orderId, ({ fail }) => fail(error));
    } finally {
      rounds = false;
    }
  };
  return {
    until: (orderId, far, patience) =>
      new Promise((done, fail) => {
        waiters.set(orderId, { far, done, fail, until: time.now() + patience });
        void loop();
      }),
  };
}
