/** Gathers everything that is known about one order. Reads the table, the workflow's executions and the bus's log. */
import type { Connection } from '../aws/connection.ts';
import { filterLog, toBusEvent } from '../aws/logs.ts';
import { executionHistory } from '../aws/states.ts';
import { LOG_GROUP } from '../workshop.ts';
import { executionFinder } from './executions.ts';
import { findOrder, type Order } from './orders.ts';
import { type Moment, timeline } from './timeline.ts';

export interface Story {
  orderId: string;
  order?: Order;
  execution?: { arn: string; name: string; status: string };
  moments: Moment[];
  /** Did the log of the bus have anything about it? (It has nothing without a rule that logs.) */
  logged: boolean;
}

/** The order's own time is that of its last change; its first event may be as much older as the two waits allow. */
const MARGIN = 3_600_000;

/** Undefined when neither table, log nor executions know the order. */
export async function tellStory(connection: Connection, said: string): Promise<Story | undefined> {
  const order = await findOrder(connection, said);
  const orderId = order?.orderId ?? said;
  const finder = executionFinder(connection);
  const execution = await finder.find(orderId, order?.changed);
  const first = Math.min(execution?.started ?? Number.POSITIVE_INFINITY, order?.changed ?? Number.POSITIVE_INFINITY);
  const logged = await filterLog(connection, LOG_GROUP, {
    start: Number.isFinite(first) ? first - MARGIN : 0,
    filter: `"${orderId.replaceAll('"', '')}"`,
  });
  const events = (logged ?? [])
    .map(toBusEvent)
    .filter((event) => event !== undefined)
    .filter(({ detail }) => detail['orderId'] === orderId);
  if (!order && !execution && events.length === 0) return undefined;
  const history = execution ? await executionHistory(connection, execution.arn) : [];
  return {
    orderId,
    ...(order ? { order } : {}),
    ...(execution ? { execution: { arn: execution.arn, name: execution.name, status: execution.status } } : {}),
    moments: timeline({ execution, history, events }),
    logged: events.length > 0,
  };
}
