/** The shop's APIs, called through the functions behind them: the same code decides as for a customer's phone. */
import type { Connection } from '../aws/connection.ts';
import { listFunctions, listStateMachines } from '../aws/find.ts';
import { invoke } from '../aws/functions.ts';
import { PressoError } from '../errors.ts';
import { FUNCTION_PARTS, ORDER_MANAGER_PART } from '../workshop.ts';
import { type Answer, answerOf, type Call, type Caller, type Code, codeOf, httpEvent } from './calls.ts';
import { askManager, type ManagerInput } from './manager.ts';
import type { Time } from './time.ts';

export type OrderAction = 'make' | 'unmake' | 'complete' | 'cancel';

/** The function behind every route of the order manager's API; only presso's own set-up has it. */
const ORDERS_API = 'OrdersApi';
const DISPLAY: Caller = { userId: 'presso-display', admin: true };

export interface Drink {
  drink: string;
  modifiers: string[];
  /** Of the menu; the official order manager compares it. */
  icon?: string;
}

export interface ShopApi {
  /** The code of this moment, as the display asks for it. */
  code(): Promise<Code>;
  /** Trades a code for an order. The answer is the API's own: 200, 400, 409 … */
  verify(code: string, userId: string): Promise<Answer>;
  submit(orderId: string, userId: string, drink: Drink): Promise<Answer>;
  act(orderId: string, action: OrderAction, caller: Caller): Promise<Answer>;
}

/** Finds the functions by the fixed parts of their names. Refused with the next command where one is missing. */
export async function openShopApi(connection: Connection, time: Time): Promise<ShopApi> {
  const names = await listFunctions(connection);
  const call = async (part: string, request: Call, caller: Caller): Promise<Answer> => {
    const name = theOne(names, part, 'function');
    const requestId = `presso-${time.id()}`;
    const event = httpEvent(request, caller, { now: time.now(), requestId });
    const { payload, error } = await invoke(connection, name, event);
    const answer = error === undefined ? answerOf(payload) : undefined;
    if (!answer) throw failed(name, payload);
    return answer;
  };
  const orders = names.some((name) => name.includes(ORDERS_API))
    ? throughApi(call)
    : await throughMachine(connection, time);
  return {
    async code() {
      const answer = await call(FUNCTION_PARTS.getQrCode, { route: 'GET /qr-code', path: '/qr-code' }, DISPLAY);
      const code = codeOf(answer);
      if (code) return code;
      const said = `${answer.status} ${String(answer.body['message'] ?? '')}`.trim();
      throw new PressoError('no-code', `The validator gave no code (${said}).`, { hint: 'presso verify setup' });
    },
    verify: (code, userId) =>
      call(
        FUNCTION_PARTS.verifyQrCode,
        { route: 'POST /qr-code', path: '/qr-code', query: { token: code } },
        { userId, admin: false },
      ),
    ...orders,
  };
}

type OrderCalls = Pick<ShopApi, 'submit' | 'act'>;

function throughApi(call: (part: string, request: Call, caller: Caller) => Promise<Answer>): OrderCalls {
  const put = (orderId: string): Call => ({
    route: 'PUT /orders/{id}',
    path: `/orders/${encodeURIComponent(orderId)}`,
    parameters: { id: orderId },
  });
  return {
    submit: (orderId, userId, { drink, modifiers }) =>
      call(ORDERS_API, { ...put(orderId), body: { drink, modifiers } }, { userId, admin: false }),
    act: (orderId, action, caller) => call(ORDERS_API, { ...put(orderId), query: { action } }, caller),
  };
}

async function throughMachine(connection: Connection, time: Time): Promise<OrderCalls> {
  const machines = await listStateMachines(connection);
  const ask = (input: ManagerInput): Promise<Answer> => {
    const name = theOne(
      machines.map((machine) => machine.name),
      ORDER_MANAGER_PART,
      'state machine',
    );
    const machine = machines.find((one) => one.name === name) ?? { arn: '', type: '' };
    return askManager(connection, machine, input, time);
  };
  return {
    submit: (orderId, userId, drink) => ask({ action: '', orderId, baristaUserId: '', body: { userId, ...drink } }),
    act: (orderId, action, { userId, admin }) =>
      ask({ action, orderId, baristaUserId: admin ? userId : '', body: admin ? {} : { userId } }),
  };
}

function theOne(names: readonly string[], part: string, what: string): string {
  const found = names.filter((name) => name.includes(part));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1)
    throw new PressoError('ambiguous', `Several ${what}s are called like ${part}: ${found.join(', ')}.`, {
      hint: 'presso status',
    });
  throw new PressoError('missing', `There is no ${what} whose name contains ${part} here.`, { hint: 'presso setup' });
}

function failed(name: string, payload: unknown): PressoError {
  const { errorType, errorMessage } = (typeof payload === 'object' && payload !== null ? payload : {}) as {
    errorType?: string;
    errorMessage?: string;
  };
  const why = errorMessage ? `: ${errorType ? `${errorType}: ` : ''}${errorMessage}` : ' without saying why';
  return new PressoError('function-failed', `The function ${name} failed${why}.`.replace(/\.+$/, '.'), {
    hint: 'presso verify setup',
  });
}
