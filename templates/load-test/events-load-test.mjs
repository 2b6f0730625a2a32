import { randomUUID } from 'node:crypto';
import { putEvents } from '../shared/bus.mjs';

const DRINKS = ['Espresso', 'Cappuccino', 'Latte', 'Flat White', 'Americano', 'Coffee of the day'];
const USUAL = 500;
const MOST = 2_000;

/** Orders as the order manager announces them, the drinks by turns, so that it is known what the metrics should say. */
export function ordersOf(howMany, run, now) {
  return Array.from({ length: howMany }, (_, index) => ({
    type: 'OrderManager.WaitingCompletion',
    detail: {
      orderId: `load-test-${run}-${index + 1}`,
      orderNumber: String(index + 1),
      state: 'CREATED',
      drinkOrder: JSON.stringify({ userId: 'load-test', drink: DRINKS[index % DRINKS.length], modifiers: [] }),
      // No customer's own id: nobody's screen shows an order that was never placed.
      userId: 'load-test',
      robot: '',
      TS: now,
    },
  }));
}

/** `{"orders": 500}`, or nothing for as many. Answers how many of each drink went out. */
export async function handler(event) {
  const howMany = event?.orders ?? USUAL;
  if (!Number.isInteger(howMany) || howMany < 1 || howMany > MOST)
    throw new Error(`orders is a whole number from 1 to ${MOST}.`);
  const run = randomUUID().slice(0, 8);
  await putEvents(ordersOf(howMany, run, Date.now()));
  const drinks = Object.fromEntries(
    DRINKS.map((drink, index) => [drink, Math.floor((howMany - index + DRINKS.length - 1) / DRINKS.length)]),
  );
  console.log(`${howMany} orders of run ${run} are on the bus.`);
  return { run, orders: howMany, drinks };
}
