/** A test order through the whole shop: from the code to the counter, moved on as by a customer and a barista. */
import { getItem, type Item } from '../../aws/items.ts';
import { filterLog, toBusEvent } from '../../aws/logs.ts';
import { describeExecution, type ExecutionDetail, executionTasks, listExecutions } from '../../aws/states.ts';
import { EVENTS, FUNCTION_PARTS, LOG_GROUP, TABLES } from '../../workshop.ts';
import type { RouteExpected } from '../routing/types.ts';
import { seeRun } from './observe.ts';
import { insist, ruleFor, sparing, type Trip, until } from './trip.ts';
import type { LiveStep, ShopAnswer, Stage, Stop } from './types.ts';

/** An execution that has ended is believed after so long, in milliseconds: what it set going may be on its way. */
const GRACE = 1_200;
/** Listing executions is throttled early: milliseconds before the first look, and between two. */
const LIST = { first: 200, every: 1_000 } as const;
const LOOK = { first: 200, every: 500 } as const;
/** How long it is waited for the log to be complete, where nothing depends on it. */
const LOG_PATIENCE = 4_000;

export const ROUTES = {
  start: { rule: 'NewOrder', events: [EVENTS.newOrder] },
  known: { rule: 'WorkflowStarted', events: [EVENTS.workflowStarted], function: FUNCTION_PARTS.workflowStarted },
  number: { rule: 'WaitingCompletion', events: [EVENTS.processorWaiting], function: FUNCTION_PARTS.waitingCompletion },
} satisfies Record<string, RouteExpected>;

type Steps<T> = AsyncGenerator<LiveStep, T>;
type MaybeStop = Promise<Stop | undefined>;

export async function* throughTheShop(trip: Trip): Steps<Stop | undefined> {
  const { path, tell, hands, userId, mess } = trip;
  const drink = await hands.drink();
  if (drink === undefined) return { stage: 'shop', now: 'no-drink' };
  insist(trip.signal);

  const refused = await place(trip);
  if (refused) return refused;
  const orderId = mess.orderId ?? '';
  yield tell('done', `${EVENTS.newOrder}: the validator took a token and sent order ${orderId.slice(0, 8)}`);

  const start = await started(trip);
  if ('stage' in start) return start;
  const { run } = start;
  yield tell('done', `the workflow has started: execution ${run.name.slice(0, 8)}…`);

  const known = await follow(trip, run, 'known', ({ TaskToken }) => TaskToken !== undefined);
  if ('stage' in known) return known;
  yield tell('done', `${EVENTS.workflowStarted}: the order is in the order table and waits for its customer`);

  insist(trip.signal);
  const ordered = await hands.submit(orderId, userId, drink);
  if (ordered.status >= 300) return notTaken(trip, run, 'drink', ordered);
  yield tell('done', `${drink} ordered: the customer's token is returned`);

  const numbered = await follow(trip, run, 'number', ({ orderNumber }) => orderNumber !== undefined);
  if ('stage' in numbered) return numbered;
  trip.number = String(numbered.item['orderNumber']);
  const wrong = wrongNumber(trip);
  if (wrong) return wrong;
  yield tell('done', `${EVENTS.processorWaiting}: number ${trip.number}, the order waits for a barista`);

  insist(trip.signal);
  const made = await hands.act(orderId, 'make');
  if (made.status >= 300) return notTaken(trip, run, 'make', made);
  yield tell('done', `${EVENTS.makeOrder}: a barista has claimed it`);

  insist(trip.signal);
  const last = path === 'cancelled' ? 'cancel' : 'complete';
  const over = await hands.act(orderId, last);
  if (over.status >= 300) return notTaken(trip, run, last, over);
  yield tell(
    'done',
    last === 'cancel'
      ? `${EVENTS.orderCancelled}: cancelled at the bar, the barista's token is returned`
      : `${EVENTS.orderCompleted}: handed over, the barista's token is returned`,
  );

  const state = last === 'cancel' ? 'Cancelled' : 'Completed';
  const unfinished = await finished(trip, run, ({ ORDERSTATE }) => ORDERSTATE === state);
  if (unfinished) return unfinished;
  yield tell('done', 'the workflow has ended well');
  return yield* toldOfTheEnd(trip, run.arn);
}

async function place({ hands, mess, userId, connection }: Trip): MaybeStop {
  const id = await hands.bucket();
  const { item } = await getItem(connection, TABLES.validator, { PK: id });
  const placed = await hands.place(userId);
  if ('dry' in placed) return placed.dry ? { stage: 'shop', now: 'dry' } : { stage: 'place', answer: { ...placed } };
  mess.orderId = placed.orderId;
  mess.marks.push(placed.orderId);
  // The code may have run out in between: then the bucket is a new one, of which nothing was known.
  mess.bucket = { id: placed.bucket, lastId: placed.bucket === id ? text(item?.['last_id']) : undefined };
  return undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const readOrder = async ({ connection, mess }: Trip): Promise<Item | undefined> =>
  (await getItem(connection, TABLES.order, { PK: 'orders', SK: mess.orderId ?? '' })).item;

/** The execution about this order, once there is one. */
async function started(trip: Trip): Promise<{ run: ExecutionDetail } | Stop> {
  const { finder, mess } = trip;
  const list = sparing(() => finder.find(mess.marks), LIST.first, LIST.every);
  const { value: runs, waitedMs } = await until(trip, async (ms) => {
    // An order in the table has an execution: it need not be waited for the next look at the list.
    const found = (await list(ms)) ?? ((await readOrder(trip)) ? await finder.find(mess.marks) : []);
    return found.length > 0 ? found : undefined;
  });
  for (const { arn } of runs ?? []) mess.runs.add(arn);
  const [run] = runs ?? [];
  if (!run) {
    const other = await startedInstead(trip);
    return {
      stage: 'start',
      waitedMs,
      rule: await ruleFor(trip, ROUTES.start),
      ...(other === undefined ? {} : { other }),
    };
  }
  return runs && runs.length > 1 ? { stage: 'start', runs: runs.length } : { run };
}

/** Another state machine that the event started, and its execution for tidying up. */
async function startedInstead({ facts, connection, machine, mess }: Trip): Promise<string | undefined> {
  const machines = (await facts.machines()).filter(({ arn, type }) => arn !== machine.arn && type === 'STANDARD');
  for (const { arn, name } of machines.slice(0, 10))
    for (const execution of await listExecutions(connection, arn, 5)) {
      const { input } = await describeExecution(connection, execution.arn);
      if (!mess.marks.some((mark) => input.includes(mark))) continue;
      mess.runs.add(execution.arn);
      return name;
    }
  return undefined;
}

/** The order once it is as far as `far`; else why it is not: its execution has ended, or nothing came in time. */
async function follow(
  trip: Trip,
  { arn }: { arn: string },
  stage: 'known' | 'number',
  far: (item: Item) => boolean,
): Promise<{ item: Item } | Stop> {
  const describe = sparing(() => describeExecution(trip.connection, arn), LOOK.first, LOOK.every);
  let endedAt: number | undefined;
  const { value, waitedMs } = await until(trip, async (ms): Promise<{ item: Item } | 'ended' | undefined> => {
    const item = await readOrder(trip);
    if (item && far(item)) return { item };
    const run = await describe(ms);
    if (run && run.status !== 'RUNNING') endedAt ??= ms;
    return endedAt !== undefined && ms - endedAt >= GRACE ? 'ended' : undefined;
  });
  if (value !== undefined && value !== 'ended') return value;
  const run = await seeRun(trip.connection, arn);
  return value === 'ended' ? { stage, run } : { stage, run, waitedMs, rule: await ruleFor(trip, ROUTES[stage]) };
}

/** A refusal by the shop; where the workflow is over already, that is the reason. */
async function notTaken(trip: Trip, { arn }: { arn: string }, stage: Stage, answer: ShopAnswer): Promise<Stop> {
  return { stage, answer, run: await seeRun(trip.connection, arn) };
}

/** The number must be one that the counter has given since. */
export function wrongNumber({ number, counter }: Trip): Stop | undefined {
  if (number === undefined || counter === undefined) return undefined;
  const got = Number(number);
  return Number.isInteger(got) && got > counter ? undefined : { stage: 'number', number: { got: number, counter } };
}

/** Undefined once the execution has succeeded and the order is closed. */
export async function finished(trip: Trip, { arn }: { arn: string }, closed?: (item: Item) => boolean): MaybeStop {
  const { value: run } = await until(trip, async () => {
    const { status } = await describeExecution(trip.connection, arn);
    if (status === 'RUNNING') return undefined;
    if (status !== 'SUCCEEDED') return seeRun(trip.connection, arn);
    const item = closed ? await readOrder(trip) : undefined;
    return !closed || (item && closed(item)) ? ('well' as const) : undefined;
  });
  if (run === 'well') {
    const runs = await trip.finder.find(trip.mess.marks);
    for (const one of runs) trip.mess.runs.add(one.arn);
    return runs.length > 1 ? { stage: 'start', runs: runs.length } : undefined;
  }
  return { stage: 'end', run: run ?? (await seeRun(trip.connection, arn)) };
}

/** Was orderFinished emitted? By the workflow itself, or as the log has it; where neither can tell, nothing is said. */
export async function* toldOfTheEnd(trip: Trip, arn: string): Steps<Stop | undefined> {
  const { connection, mess, logged, tell } = trip;
  const tasks = await executionTasks(connection, arn);
  const emitted = tasks.some(({ parameters }) => JSON.stringify(parameters).includes(EVENTS.orderFinished));
  if (!logged) return undefined;
  const types = new Set<string>();
  const all = trip.path === 'alone' ? 3 : 7;
  const start = Math.min(trip.time.now(), (await describeExecution(connection, arn)).started) - 600_000;
  await until(
    trip,
    async (ms) => {
      const lines = await filterLog(connection, LOG_GROUP, { start, filter: `"${mess.orderId}"` });
      for (const event of (lines ?? []).map(toBusEvent)) if (event) types.add(event.detailType);
      if (types.size >= all || (emitted && ms >= LOG_PATIENCE)) return 'enough' as const;
      return undefined;
    },
    emitted ? LOG_PATIENCE : trip.time.patience,
  );
  if (!emitted && !types.has(EVENTS.orderFinished)) return { stage: 'events', missing: [EVENTS.orderFinished] };
  yield tell('done', `${EVENTS.orderFinished}: ${types.size} of its events are in the log`);
  return undefined;
}
