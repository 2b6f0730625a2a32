/** Orders in words. Pure. */
import type { Order, Outcome, Story } from '../order/index.ts';
import type { Moment } from '../order/timeline.ts';
import { count, cut, duration, line } from '../text.ts';

/** `16:04:05.678`, in the reader's own time zone. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** What a person should do next with an order. */
export function nextFor(order: Order): string {
  if (order.state !== 'CREATED') return 'presso order place';
  const id = order.orderId.slice(0, 8);
  if (order.drink === undefined) return `presso order submit ${id} --drink Latte`;
  if (order.number === undefined) return `presso order show ${id}`;
  return order.barista === '' ? `presso order make ${id}` : `presso order complete ${id}`;
}

/** Where the order stands, in a few words. */
export function stateWords(order: Order): string {
  if (order.state !== 'CREATED') return order.state.toLowerCase();
  if (order.drink === undefined) return 'waits for the customer to choose a drink';
  if (order.number === undefined) return 'has a drink, waits for its number';
  return order.barista === '' ? 'waits for a barista' : `is being made by ${line(order.barista)}`;
}

export function drinkWords({ drink, modifiers }: Order): string {
  return drink === undefined ? '' : [drink, ...modifiers].map(line).join(', ');
}

/** One line an order, newest first. */
export function orderLines(orders: readonly Order[], width: number): string[] {
  return orders.map((order) => {
    const number = order.number === undefined ? '    ' : `#${order.number}`.padStart(4);
    const words = [stateWords(order), drinkWords(order), line(order.userId)].filter((text) => text !== '').join(' · ');
    return cut(`${clock(order.changed).slice(0, 8)} ${number} ${order.orderId.slice(0, 8)}  ${words}`, width);
  });
}

/** The order and its moments, one line each. */
export function storyLines({ orderId, order, execution, moments, logged }: Story, width: number): string[] {
  const head = order
    ? [
        `Order ${line(orderId)}`,
        `  ${[order.number === undefined ? undefined : `number ${order.number}`, drinkWords(order) || undefined, stateWords(order), `customer ${line(order.userId)}`].filter((text) => text !== undefined).join(' · ')}`,
      ]
    : [`Order ${line(orderId)}`, '  is not in the order table'];
  const day = moments[0] ? new Date(moments[0].at).toDateString() : undefined;
  return [
    ...head,
    ...(day ? ['', `  ${day}`] : []),
    ...moments.map((moment) => cut(`  ${momentLine(moment, order)}`, width)),
    ...(execution ? [] : ['', '  No execution of the workflow was found for it.']),
    ...(logged ? [] : ['', '  The log of the bus has none of its events (rule logAll, presso solve module-2).']),
  ];
}

const MARK: Record<Moment['kind'], string> = { event: '⚡', state: '▸', execution: '■', failure: '✗' };

function momentLine({ at, kind, name, facts, stayedMs }: Moment, order: Order | undefined): string {
  // What stands in the order's head already is left out of its lines.
  const more = Object.entries(facts)
    .filter(
      ([fact, value]) => !(fact === 'userId' && value === order?.userId) && !/^(state|ORDERSTATE|bucket)$/.test(fact),
    )
    .map(([fact, value]) => `${fact} ${line(value)}`)
    .join(', ');
  const what =
    kind === 'execution' ? `workflow ${name}` : kind === 'state' && stayedMs === undefined ? `${name} (now)` : name;
  const stayed = stayedMs !== undefined && stayedMs >= 1_000 ? `stayed ${duration(stayedMs)}` : '';
  const tail = [stayed, more].filter((text) => text !== '').join(', ');
  return `${clock(at)} ${MARK[kind]} ${line(what)}${tail ? ` · ${tail}` : ''}`;
}

/** Why a placed order did not come to wait for a drink, and what to type next. */
export function outcomeWords(
  outcome: Exclude<Outcome, { kind: 'waiting' }>,
  orderId: string,
): {
  code: string;
  sentence: string;
  hint: string;
} {
  const id = orderId.slice(0, 8);
  switch (outcome.kind) {
    case 'closed':
      return {
        code: 'closed',
        sentence: 'The shop is closed: the workflow turned the order away.',
        hint: 'presso shop open',
      };
    case 'full':
      return {
        code: 'full',
        sentence: `The shop is full: ${count(outcome.running, 'order')} in progress, so the workflow turned this one away.`,
        hint: 'presso order complete last',
      };
    case 'ended':
      return {
        code: 'turned-away',
        sentence: 'The workflow ended without taking the order, although the shop is open and has room.',
        hint: `presso order show ${orderId}`,
      };
    case 'failed':
      return {
        code: 'workflow-failed',
        sentence: `The workflow ended as ${outcome.status}: ${[outcome.error, line(outcome.cause)].filter(Boolean).join(': ') || 'it does not say why'}.`,
        hint: `presso order show ${orderId}`,
      };
    case 'not-written':
      return {
        code: 'not-written',
        sentence:
          'The workflow started and waits, but the order was not written: does a rule bring OrderProcessor.WorkflowStarted to its function?',
        hint: `presso verify module-2   (and: presso order show ${id})`,
      };
    case 'not-started':
      return {
        code: 'not-started',
        sentence:
          'The event Validator.NewOrder was sent, but no execution of the workflow started: is there a rule for it?',
        hint: 'presso verify module-2   (or: presso solve module-2)',
      };
    case 'no-workflow':
      return {
        code: 'no-workflow',
        sentence:
          'The event Validator.NewOrder was sent, but there is no workflow OrderProcessorWorkflow that could take it.',
        hint: 'presso solve module-2',
      };
  }
}
