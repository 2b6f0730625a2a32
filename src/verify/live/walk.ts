/**
 * A real test order, from the look whether it can be placed to its being taken away again, whatever happens on the way.
 * Changes the account, but only its own order. Tells each step as it happens; answers with where it stopped, and why.
 */
import type { Connection } from '../../aws/connection.ts';
import { getItem } from '../../aws/items.ts';
import { listExecutions } from '../../aws/states.ts';
import { LOG_GROUP, TABLES } from '../../workshop.ts';
import type { Facts, WorkflowFound } from '../facts.ts';
import { stopWords } from './judge.ts';
import { runFinder } from './observe.ts';
import { sweepOld, tidyUp } from './tidy.ts';
import { ruleFor, TEST_NAME, type Trip } from './trip.ts';
import type { Hands, LiveStep, LiveTime, Path, Stop, Walk } from './types.ts';
import { alone } from './alone.ts';
import { throughTheShop } from './shop.ts';

export interface WalkTools {
  hands: Hands;
  time: LiveTime;
  signal: AbortSignal;
}

const WAYS: Record<Path, string> = {
  served: 'an order that is served',
  cancelled: 'an order that is cancelled at the bar',
  alone: 'the workflow by itself, started by hand',
};

/** Follows one order along `path`. Throws `Interrupted`, and what AWS refuses, after tidying up. */
export async function* walkOrder(path: Path, facts: Facts, tools: WalkTools): AsyncGenerator<LiveStep, Walk> {
  const { connection } = facts;
  const found = await facts.workflow();
  if (!connection) throw new Error('A live order needs an account.');
  const { time } = tools;
  const userId = `${TEST_NAME}-${time.id().slice(0, 8)}`;
  const began = time.now();
  let last = began;
  const tell: Trip['tell'] = (kind, text) => {
    const tookMs = time.now() - last;
    last = time.now();
    return { path, kind, text, tookMs };
  };
  const now = await unfit(connection, found);
  if (now || found.kind !== 'found') {
    const stop: Stop = { stage: 'shop', now: now ?? 'no-workflow' };
    yield tell('trouble', stopWords(stop).found);
    return { path, userId, tookMs: 0, stop, left: [] };
  }
  const old = await sweepOld(connection, time.now());
  if (old !== undefined) yield tell('tidy', old);
  const [finder, counter, logged] = await Promise.all([
    runFinder(connection, found.machine.arn),
    counterNow(connection),
    isLogged(facts),
  ]);
  const trip: Trip = {
    ...tools,
    path,
    facts,
    connection,
    machine: found.machine,
    finder,
    userId,
    mess: { marks: [userId], runs: new Set() },
    tell,
    counter,
    logged,
  };
  yield tell('begin', `${WAYS[path]} (customer ${userId})`);
  let stop: Stop | undefined;
  let failure: { error: unknown } | undefined;
  try {
    stop = yield* path === 'alone' ? alone(trip) : throughTheShop(trip);
    if (stop) yield tell('trouble', stopWords(stop).found);
  } catch (error) {
    failure = { error };
  }
  const tookMs = time.now() - began;
  const { done, left } = await tidyUp(trip, stop !== undefined || failure !== undefined);
  if (done.length > 0) yield tell('tidy', done.join('; '));
  for (const text of left) yield tell('left', text);
  if (failure) throw failure.error;
  const { mess, number, answers } = trip;
  return {
    path,
    userId,
    ...(mess.orderId === undefined ? {} : { orderId: mess.orderId }),
    ...(number === undefined ? {} : { number }),
    tookMs,
    ...(stop ? { stop } : {}),
    left,
    ...(answers === undefined ? {} : { answers }),
  };
}

/** Why no test order can be placed at this moment. */
async function unfit(connection: Connection, found: WorkflowFound): Promise<Stop['now']> {
  if (found.kind !== 'found') return 'no-workflow';
  if (found.machine.type === 'EXPRESS') return 'express';
  const [{ item }, running] = await Promise.all([
    getItem(connection, TABLES.config, { PK: 'config' }),
    listExecutions(connection, found.machine.arn, 100, 'RUNNING'),
  ]);
  if (item?.['storeOpen'] === false) return 'closed';
  return running.length >= 20 ? 'full' : undefined;
}

async function counterNow(connection: Connection): Promise<number | undefined> {
  const { item } = await getItem(connection, TABLES.counting, { PK: 'orderID' });
  const value = Number(item?.['IDvalue'] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** Does a rule write every event of the workshop into the log? Only then its silence means something. */
async function isLogged(facts: Facts): Promise<boolean> {
  return (await ruleFor({ facts }, { rule: 'logAll', events: 'all', logGroup: LOG_GROUP })).status === 'pass';
}
