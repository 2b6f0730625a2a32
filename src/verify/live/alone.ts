/** A test order without any rule: the workflow is started as a rule would start it, and its tokens are returned by us. */
import { errorName } from '../../aws/failure.ts';
import { getItem } from '../../aws/items.ts';
import {
  describeExecution,
  type ExecutionTask,
  executionTasks,
  sendTaskSuccess,
  startExecution,
} from '../../aws/states.ts';
import { EVENTS, sampleEvent, TABLES } from '../../workshop.ts';
import { seeRun } from './observe.ts';
import { finished, ROUTES, toldOfTheEnd, wrongNumber } from './shop.ts';
import { numberIn, tokenIn } from './tokens.ts';
import { insist, ruleFor, TEST_NAME, type Trip, until } from './trip.ts';
import type { LiveStep, Stop } from './types.ts';

/** Where rules of module 2 are there already, the order table is written behind our back: so long it is waited for. */
const WRITTEN_WITHIN = 5_000;

type Steps<T> = AsyncGenerator<LiveStep, T>;

export async function* alone(trip: Trip): Steps<Stop | undefined> {
  const { connection, mess, tell, machine, time, userId } = trip;
  const orderId = `${TEST_NAME}-${time.id()}`;
  mess.orderId = orderId;
  mess.marks.push(orderId);
  insist(trip.signal);
  const account = await trip.facts.account();
  const event = sampleEvent(EVENTS.newOrder, { account, region: connection.region });
  const input = { ...event, detail: { orderId, userId, bucket: 0 } };
  const arn = await startExecution(connection, machine.arn, JSON.stringify(input), orderId);
  mess.runs.add(arn);
  yield tell('done', `started with an event as a rule would hand it on (${orderId.slice(0, 20)}…)`);

  const customer = await waiting(trip, arn, 'known', new Set());
  if ('stage' in customer) return customer;
  await written(trip, 'known', 'TaskToken');
  yield tell('done', `${EVENTS.workflowStarted}: it waits for its customer, in the state "${customer.state}"`);

  const refused = await giveBack(trip, arn, customer.token, 'drink');
  if (refused) return refused;
  yield tell('done', "the customer's token is returned");

  const barista = await waiting(trip, arn, 'number', new Set([customer.token]));
  if ('stage' in barista) return barista;
  const number = numberIn(barista.parameters);
  if (number !== undefined) trip.number = number;
  const wrong = wrongNumber(trip);
  if (wrong) return wrong;
  await written(trip, 'number', 'orderNumber');
  yield tell(
    'done',
    `${EVENTS.processorWaiting}: ${number === undefined ? 'it' : `number ${number}, it`} waits for a barista, in the state "${barista.state}"`,
  );

  const late = await giveBack(trip, arn, barista.token, 'complete');
  if (late) return late;
  yield tell('done', "the barista's token is returned");
  const unfinished = await finished(trip, { arn });
  if (unfinished) return unfinished;
  yield tell('done', 'the workflow has ended well');
  const untold = yield* toldOfTheEnd(trip, arn);
  if (untold) return untold;
  const tasks = await executionTasks(connection, arn);
  trip.answers = Object.fromEntries(
    tasks.flatMap(({ state, output }) => (output === undefined ? [] : [[state, output]])),
  );
  return undefined;
}

/** The task that waits for a token that was not returned yet. */
async function waiting(
  trip: Trip,
  arn: string,
  stage: 'known' | 'number',
  returned: ReadonlySet<string>,
): Promise<{ token: string; state: string; parameters: unknown } | Stop> {
  const { connection } = trip;
  const { value, waitedMs } = await until(trip, async () => {
    const { status } = await describeExecution(connection, arn);
    const task = (await executionTasks(connection, arn))
      .map(withToken)
      .findLast(({ token }) => token && !returned.has(token));
    if (status !== 'RUNNING') return 'ended' as const;
    return task?.token === undefined ? undefined : { ...task, token: task.token };
  });
  if (value !== undefined && value !== 'ended') return value;
  const run = await seeRun(connection, arn);
  return { stage, run, alone: true, ...(value === 'ended' ? {} : { waitedMs }) };
}

const withToken = ({ state, parameters }: ExecutionTask) => ({ state, parameters, token: tokenIn(parameters) });

/** As the order manager returns it. A token that is no longer good is the workflow's doing. */
async function giveBack(
  trip: Trip,
  arn: string,
  token: string,
  stage: 'drink' | 'complete',
): Promise<Stop | undefined> {
  insist(trip.signal);
  try {
    await sendTaskSuccess(trip.connection, token, '{}');
    return undefined;
  } catch (error) {
    if (!/TaskTimedOut|InvalidToken|TaskDoesNotExist/.test(errorName(error))) throw error;
    const answer = { status: 409, message: `the task token is no longer good (${errorName(error)})` };
    return { stage, alone: true, answer, run: await seeRun(trip.connection, arn) };
  }
}

/** Waits for what a rule of module 2, where it works, writes into the order table, so that nothing is written after us. */
async function written(trip: Trip, stage: 'known' | 'number', attribute: string): Promise<void> {
  if ((await ruleFor(trip, ROUTES[stage])).status !== 'pass') return;
  const key = { PK: 'orders', SK: trip.mess.orderId ?? '' };
  await until(
    trip,
    async () => {
      const { item, tableMissing } = await getItem(trip.connection, TABLES.order, key);
      return tableMissing || item?.[attribute] !== undefined ? true : undefined;
    },
    WRITTEN_WITHIN,
  );
}
