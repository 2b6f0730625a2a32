/** Takes a test order away again: its executions are stopped, its item deleted, its token put back. Never gives up half-way. */
import type { Connection } from '../../aws/connection.ts';
import { isAwsError } from '../../aws/failure.ts';
import { addToAttribute, deleteItem, getItem, type Item, queryLast, setAttributes } from '../../aws/items.ts';
import { describeExecution, stopExecution } from '../../aws/states.ts';
import { count } from '../../text.ts';
import { TABLES } from '../../workshop.ts';
import { TEST_NAME, type Trip } from './trip.ts';

/** An event that is on its way may start an execution, or write the item anew: so often, in milliseconds, it is looked. */
const AGAIN = 400;

export interface Tidied {
  done: string[];
  left: string[];
}

/** `early`: the order did not come to its end, so something of it may still be on its way. */
export async function tidyUp(trip: Trip, early: boolean): Promise<Tidied> {
  const tidied: Tidied = { done: [], left: [] };
  const { mess } = trip;
  await attempt(tidied, 'its execution', () => stopRuns(trip, early));
  if (mess.orderId !== undefined)
    await attempt(tidied, `order ${mess.orderId} in ${TABLES.order}`, () => removeItems(trip, early));
  if (mess.bucket) await attempt(tidied, 'the token of the code', () => putTokenBack(trip));
  return tidied;
}

/** What cannot be taken away is said, and the rest is done all the same. */
async function attempt(tidied: Tidied, what: string, work: () => Promise<string | undefined>): Promise<void> {
  try {
    const done = await work();
    if (done !== undefined) tidied.done.push(done);
  } catch (error) {
    tidied.left.push(`${what} (${error instanceof Error ? `${error.name}: ${error.message}` : String(error)})`);
  }
}

async function stopRuns({ connection, finder, mess, time }: Trip, early: boolean): Promise<string | undefined> {
  // An order that was sent a moment ago may start its execution only now.
  const until = time.now() + (early && mess.runs.size === 0 && mess.orderId !== undefined ? time.settle : 0);
  do {
    const found = [...(await finder.find(mess.marks)), ...(early ? await finder.strays() : [])];
    for (const { arn } of found) mess.runs.add(arn);
    if (mess.runs.size > 0 || time.now() >= until) break;
    await time.sleep(AGAIN);
  } while (time.now() < until);
  let stopped = 0;
  for (const arn of mess.runs) {
    if ((await describeExecution(connection, arn)).status !== 'RUNNING') continue;
    await stopExecution(connection, arn, 'A test order of presso that is taken away.');
    stopped++;
  }
  return stopped > 0 ? `${count(stopped, 'execution')} stopped` : undefined;
}

async function removeItems(trip: Trip, early: boolean): Promise<string | undefined> {
  const { connection, time } = trip;
  const until = time.now() + (early ? time.settle : 0);
  let removed = 0;
  for (;;) {
    const ids = await ownItems(trip, early);
    for (const SK of ids) await deleteItem(connection, TABLES.order, { PK: 'orders', SK });
    removed += ids.length;
    if (time.now() >= until) break;
    await time.sleep(AGAIN);
  }
  return removed > 0 ? 'the order is taken out of the order table' : undefined;
}

/** Its item, and after a failure those that carry its customer under another id. */
async function ownItems({ connection, mess, userId }: Trip, early: boolean): Promise<string[]> {
  const { item } = await getItem(connection, TABLES.order, { PK: 'orders', SK: mess.orderId ?? '' });
  const own = item ? [mess.orderId ?? ''] : [];
  if (!early || item) return own;
  return (await recentItems(connection)).filter(({ USERID }) => USERID === userId).map(({ SK }) => String(SK));
}

/** Longer than all steps of a test order may take together, in milliseconds: nobody's test is still at it. */
const OLD = 600_000;

/**
 * Orders of earlier tests that came back after they were taken away: a function that failed is tried again by Lambda some
 * minutes later, and then writes its order anew.
 */
export async function sweepOld(connection: Connection, now: number): Promise<string | undefined> {
  const old = (await recentItems(connection)).filter(
    ({ USERID, TS }) => String(USERID).startsWith(`${TEST_NAME}-`) && now - Number(TS) > OLD,
  );
  for (const { SK } of old) await deleteItem(connection, TABLES.order, { PK: 'orders', SK: SK ?? '' });
  return old.length > 0 ? `${count(old.length, 'order')} of an earlier test` : undefined;
}

/** The newest orders; none where the table, or its index of times, is another's. */
async function recentItems(connection: Connection): Promise<Item[]> {
  try {
    return await queryLast(connection, TABLES.order, 'LSI-timestamp', { name: 'PK', value: 'orders' }, 20);
  } catch (error) {
    if (!isAwsError(error)) throw error;
    return [];
  }
}

async function putTokenBack({ connection, mess }: Trip): Promise<string | undefined> {
  if (!mess.bucket) return undefined;
  const key = { PK: mess.bucket.id };
  const back = await addToAttribute(connection, TABLES.validator, key, 'availableTokens', 1);
  const { item } = back ? await getItem(connection, TABLES.validator, key) : {};
  if (item && item['last_id'] === mess.orderId && mess.bucket.lastId !== undefined)
    await setAttributes(connection, TABLES.validator, key, { last_id: mess.bucket.lastId });
  return back ? 'the code has its token back' : undefined;
}
