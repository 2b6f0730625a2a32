/**
 * Orders served by a real workflow and real rules in the sandbox, judged by what tables, events and executions show. It
 * shares nothing with src/verify: what the checks let pass must pass here as well.
 */
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ADMIN, type Bar } from '../../templates/testing/bar.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS, TABLES } from '../workshop.ts';
import { clientConfig } from './sandbox.ts';

const LATTE = { drink: 'Latte', modifiers: ['Oat milk'] };
const QUARTER = 15 * 60_000;
/** A workflow may pause for some seconds between its steps. */
const A_MOMENT = 10_000;

const idOf = (event: object): string => String((event as { id?: unknown }).id);
const OURS: ReadonlySet<string> = new Set(Object.values(EVENTS));

/** Why the workflow does not serve orders rightly: the first reason, in words. undefined: it does. */
export async function serveOrders(bar: Bar, workflowArn: string): Promise<string | undefined> {
  const sfn = new SFNClient(clientConfig(bar.sandbox));
  const events = new EventBridgeClient(clientConfig(bar.sandbox));
  const run = new LiveRun(bar, sfn, events, workflowArn);
  try {
    await run.reset(true);
    for (const scene of [run.served, run.cancelled, run.customerLate, run.baristaLate, run.closed, run.full]) {
      const reason = await scene.call(run);
      if (reason) return reason;
    }
    return undefined;
  } finally {
    await run.stopAll();
    sfn.destroy();
    events.destroy();
  }
}

let serial = 0;

class LiveRun {
  readonly #bar: Bar;
  readonly #sfn: SFNClient;
  readonly #events: EventBridgeClient;
  readonly #arn: string;

  constructor(bar: Bar, sfn: SFNClient, events: EventBridgeClient, arn: string) {
    this.#bar = bar;
    this.#sfn = sfn;
    this.#events = events;
    this.#arn = arn;
  }

  async served(): Promise<string | undefined> {
    return this.#toTheEnd('complete', 'Completed', EVENTS.orderCompleted);
  }

  async cancelled(): Promise<string | undefined> {
    return this.#toTheEnd('cancel', 'Cancelled', EVENTS.orderCancelled);
  }

  async #toTheEnd(action: string, state: string, event: string): Promise<string | undefined> {
    const before = await this.#counter();
    const order = await this.#begin();
    const begun = await this.#bar.item(order.id);
    if (begun?.['USERID']?.S !== order.user || !begun['TaskToken']?.S) return `${action}: the order is not taken`;
    if ((await this.#counter()) !== before) return `${action}: a number is used up before the customer has ordered`;
    if ((await this.#bar.act({ sub: order.user }, order.id, undefined, LATTE)).statusCode !== 202)
      return `${action}: the customer cannot order`;
    await this.#wait(A_MOMENT);
    const waiting = await this.#bar.item(order.id);
    if ((await this.#counter()) !== before + 1) return `${action}: the counter does not go up by one`;
    if (waiting?.['orderNumber']?.N !== String(before + 1)) return `${action}: the order has not the next number`;
    for (const step of ['make', action])
      if ((await this.#bar.act(ADMIN, order.id, step)).statusCode !== 202) return `${action}: ${step} is refused`;
    await this.#wait(A_MOMENT);
    const done = await this.#bar.item(order.id);
    if (done?.['ORDERSTATE']?.S !== state) return `${action}: the order ends as ${done?.['ORDERSTATE']?.S}`;
    return this.#sequence(action, order, [
      EVENTS.newOrder,
      EVENTS.workflowStarted,
      EVENTS.processorWaiting,
      EVENTS.managerWaiting,
      EVENTS.makeOrder,
      event,
      EVENTS.orderFinished,
    ]);
  }

  async customerLate(): Promise<string | undefined> {
    const before = await this.#counter();
    const order = await this.#begin();
    await this.#wait(4 * 60_000);
    if ((await this.#bar.item(order.id))?.['ORDERSTATE']?.S !== 'CREATED') return 'late customer: not waited for';
    await this.#wait(QUARTER);
    if ((await this.#counter()) !== before) return 'late customer: a number is used up';
    return (
      (await this.#timedOut('late customer', order, 'Customer timedout')) ??
      this.#sequence('late customer', order, [EVENTS.newOrder, EVENTS.workflowStarted, EVENTS.orderTimeOut])
    );
  }

  async baristaLate(): Promise<string | undefined> {
    const order = await this.#begin();
    await this.#bar.act({ sub: order.user }, order.id, undefined, LATTE);
    await this.#wait(4 * 60_000);
    if ((await this.#bar.item(order.id))?.['ORDERSTATE']?.S !== 'CREATED') return 'late barista: not waited for';
    await this.#wait(QUARTER);
    return (
      (await this.#timedOut('late barista', order, 'Barista timedout')) ??
      this.#sequence('late barista', order, [
        EVENTS.newOrder,
        EVENTS.workflowStarted,
        EVENTS.processorWaiting,
        EVENTS.managerWaiting,
        EVENTS.orderTimeOut,
      ])
    );
  }

  async #timedOut(scene: string, order: Order, cause: string): Promise<string | undefined> {
    const [event] = (await this.#bar.eventsOf(EVENTS.orderTimeOut)).filter(
      ({ detail }) => detail['orderId'] === order.id && detail['userId'] === order.user,
    );
    if (event?.detail['cause'] !== cause) return `${scene}: no OrderTimeOut says "${cause}"`;
    const state = (await this.#bar.item(order.id))?.['ORDERSTATE']?.S;
    return state === 'Cancelled' ? undefined : `${scene}: the order stays ${state}`;
  }

  async closed(): Promise<string | undefined> {
    await this.#bar.setShop(false);
    const order = await this.#begin();
    await this.#bar.setShop(true);
    return this.#turnedAway('closed', order);
  }

  async full(): Promise<string | undefined> {
    const orders: Order[] = [];
    for (let i = 0; i < 20; i++) orders.push(await this.#begin());
    for (const order of orders)
      if (!(await this.#bar.item(order.id))) return `full: order ${orders.indexOf(order) + 1} is not let in`;
    const reason = await this.#turnedAway('full', await this.#begin());
    await this.stopAll();
    return reason;
  }

  async #turnedAway(scene: string, order: Order): Promise<string | undefined> {
    if (await this.#bar.item(order.id)) return `${scene}: the order is taken`;
    const told = new Set(
      (await this.#bar.eventsOf(EVENTS.shopUnavailable))
        .filter(({ detail }) => detail['userId'] === order.user)
        .map(idOf),
    );
    if (told.size !== 1) return `${scene}: ShopUnavailable is said ${told.size} times`;
    return this.#ended(scene, scene === 'full' ? 20 : 0);
  }

  /** The events of one order, in this order (by kind, where two go out at once), and an execution that succeeded. */
  async #sequence(scene: string, order: Order, wanted: string[]): Promise<string | undefined> {
    // A log may hold an event twice, and a wait that is tried again tells its event again.
    const seen = new Set<string>();
    for (const type of OURS)
      for (const event of await this.#bar.eventsOf(type))
        if (event.detail['orderId'] === order.id) seen.add(scene.startsWith('late') ? type : `${type} ${idOf(event)}`);
    const types = [...seen].map((text) => text.split(' ')[0] ?? '').sort();
    if (types.join() !== [...wanted].sort().join())
      return `${scene}: the events are ${types.join(', ')} and not ${wanted.join(', ')}`;
    return this.#ended(scene, 0);
  }

  async #ended(scene: string, running: number): Promise<string | undefined> {
    const still = (await this.#executions('RUNNING')).length;
    if (still !== running) return `${scene}: ${still} executions are running and not ${running}`;
    for (const status of ['FAILED', 'TIMED_OUT'] as const)
      if ((await this.#executions(status)).some(({ name }) => !this.#old.has(name ?? '')))
        return `${scene}: an execution has ${status.toLowerCase()}`;
    return undefined;
  }

  readonly #old = new Set<string>();

  /** An open shop, and what ended before this run is not counted. */
  async reset(open: boolean): Promise<void> {
    await this.stopAll();
    await this.#bar.setShop(open, 100);
    for (const status of ['FAILED', 'TIMED_OUT'] as const)
      for (const { name } of await this.#executions(status)) this.#old.add(name ?? '');
  }

  async stopAll(): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const running = await this.#executions('RUNNING');
      for (const { executionArn } of running) await this.#sfn.send(new StopExecutionCommand({ executionArn }));
      await this.#bar.sandbox.settle();
      if (running.length === 0) return;
    }
  }

  async #executions(statusFilter: 'RUNNING' | 'FAILED' | 'TIMED_OUT') {
    const { executions = [] } = await this.#sfn.send(
      new ListExecutionsCommand({ stateMachineArn: this.#arn, statusFilter, maxResults: 1_000 }),
    );
    return executions;
  }

  async #begin(): Promise<Order> {
    const order = { id: `live-${++serial}`, user: `customer-${serial}` };
    await this.#events.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: BUS_NAME,
            Source: EVENT_SOURCE,
            DetailType: EVENTS.newOrder,
            Detail: JSON.stringify({ orderId: order.id, userId: order.user, bucket: 1 }),
          },
        ],
      }),
    );
    await this.#wait(A_MOMENT);
    return order;
  }

  async #wait(ms: number): Promise<void> {
    await this.#bar.sandbox.advance(ms);
    await this.#bar.sandbox.settle();
  }

  async #counter(): Promise<number> {
    const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
    const { Item } = await this.#bar.dynamodb.send(
      new GetItemCommand({ TableName: TABLES.counting, Key: { PK: { S: 'orderID' } }, ConsistentRead: true }),
    );
    return Number(Item?.['IDvalue']?.N ?? Number.NaN);
  }
}

interface Order {
  id: string;
  user: string;
}
