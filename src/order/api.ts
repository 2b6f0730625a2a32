/** The shop's APIs, called through the functions behind them: the same code decides as for a customer's phone. */
import type { Connection } from '../aws/connection.ts';
import { listFunctions } from '../aws/find.ts';
import { invoke } from '../aws/functions.ts';
import { PressoError } from '../errors.ts';
import { FUNCTION_PARTS } from '../workshop.ts';
import { type Answer, answerOf, type Call, type Caller, httpEvent } from './calls.ts';
import type { Time } from './time.ts';

export type OrderAction = 'make' | 'unmake' | 'complete' | 'cancel';

export interface Code {
  bucket: number;
  code: string;
  availableTokens: number;
  /** epoch milliseconds of the target's clock */
  ends: number;
}

/** The function of the order manager's API; only presso's own set-up has one function for all its routes. */
const ORDERS_API = 'OrdersApi';
const BARISTA: Caller = { userId: 'presso-display', admin: true };

export interface ShopApi {
  /** The code of this moment, as the display asks for it. */
  code(): Promise<Code>;
  /** Trades a code for an order. The answer is the API's own: 200, 400, 409 … */
  verify(code: string, userId: string): Promise<Answer>;
  submit(orderId: string, userId: string, order: { drink: string; modifiers: string[] }): Promise<Answer>;
  act(orderId: string, action: OrderAction, caller: Caller): Promise<Answer>;
}

/** Finds the functions by the fixed parts of their names. Refused with the next command where one is missing. */
export async function openShopApi(connection: Connection, time: Time): Promise<ShopApi> {
  const names = await listFunctions(connection);
  const call = async (part: string, request: Call, caller: Caller): Promise<Answer> => {
    const name = theOne(names, part);
    const requestId = `presso-${time.id()}`;
    const { payload, error } = await invoke(
      connection,
      name,
      httpEvent(request, caller, { now: time.now(), requestId }),
    );
    const answer = error === undefined ? answerOf(payload) : undefined;
    if (!answer) throw failed(name, payload);
    return answer;
  };
  const customer = (userId: string): Caller => ({ userId, admin: false });
  const put = (orderId: string): Call => ({
    route: 'PUT /orders/{id}',
    path: `/orders/${encodeURIComponent(orderId)}`,
    parameters: { id: orderId },
  });
  return {
    async code() {
      const { status, body } = await call(
        FUNCTION_PARTS.getQrCode,
        { route: 'GET /qr-code', path: '/qr-code' },
        BARISTA,
      );
      if (status !== 200 || typeof body['code'] !== 'string')
        throw new PressoError('no-code', `The validator gave no code (${status} ${String(body['message'] ?? '')}).`, {
          hint: 'presso verify setup',
        });
      return {
        bucket: Number(body['bucket']),
        code: body['code'],
        availableTokens: Number(body['availableTokens']),
        ends: Number(body['end_ts']),
      };
    },
    verify: (code, userId) =>
      call(
        FUNCTION_PARTS.verifyQrCode,
        { route: 'POST /qr-code', path: '/qr-code', query: { token: code } },
        customer(userId),
      ),
    submit: (orderId, userId, order) => call(ORDERS_API, { ...put(orderId), body: order }, customer(userId)),
    act: (orderId, action, caller) => call(ORDERS_API, { ...put(orderId), query: { action } }, caller),
  };
}

function theOne(names: readonly string[], part: string): string {
  const found = names.filter((name) => name.includes(part));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1)
    throw new PressoError('ambiguous', `Several functions are called like ${part}: ${found.join(', ')}.`, {
      hint: 'presso status',
    });
  if (part === ORDERS_API && names.some((name) => name.includes(FUNCTION_PARTS.verifyQrCode)))
    throw new PressoError(
      'no-orders-api',
      'The order manager here has no function that takes the calls of its API (only what presso itself deploys has one).',
      { hint: 'use the Order app and the Barista app of this event   (presso apps --config)' },
    );
  throw new PressoError('no-function', `There is no function whose name contains ${part} here.`, {
    hint: 'presso setup',
  });
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
