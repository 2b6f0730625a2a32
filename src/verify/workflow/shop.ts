/**
 * A simulated shop: answers the tasks of one order as AWS would, and writes down what the order did. Pure.
 * A task whose answer cannot be known from the definition (a function of the learner's own) is not guessed at: it throws
 * `Unknowable`, and whatever depends on it is not judged.
 */
import type { Json, JsonObject, TaskAnswer, TaskEffect } from '../../asl/index.ts';
import { EVENTS, TABLES } from '../../workshop.ts';
import { updateCounter } from './counter.ts';

export class Unknowable extends Error {
  readonly what: string;
  constructor(what: string) {
    super(`What ${what} answers cannot be known from the definition.`);
    this.name = 'Unknowable';
    this.what = what;
  }
}

/** One thing the order did, with its virtual time in milliseconds from the start. */
export type Happening =
  | {
      kind: 'event';
      at: number;
      state: string;
      bus: string;
      source: string;
      detailType: string;
      detail: JsonObject;
      waits: boolean;
      token?: string;
      timeoutSeconds?: number;
      heartbeatSeconds?: number;
      error?: string;
    }
  | { kind: 'config-read'; at: number; state: string; found: boolean }
  | { kind: 'count'; at: number; state: string; number: number }
  | { kind: 'list'; at: number; state: string; arn: string; own: boolean; filter: string | undefined }
  | { kind: 'call'; at: number; state: string; resource: string; error?: string };

export interface ShopState {
  /** undefined: the config item is not there */
  storeOpen: boolean | undefined;
  /** undefined: the counter item is not there */
  counter: number | undefined;
  /** Executions RUNNING, this one among them. */
  running: number;
  /** The workflow's own ARN. */
  arn: string;
  /** When the customer and the barista answer, in milliseconds after their event; undefined: never. */
  customer: number | undefined;
  barista: number | undefined;
  /** The barista answers by cancelling the order. */
  cancels: boolean;
}

export interface Shop {
  answer: (effect: TaskEffect, now: number) => TaskAnswer;
  happenings: Happening[];
}

/** A shop that `startedAt` (virtual epoch ms) is the time zero of. Orders that share `state` share its counter. */
export function openShop(state: ShopState, startedAt: number): Shop {
  const happenings: Happening[] = [];
  const answer = (effect: TaskEffect, now: number): TaskAnswer => {
    const at = now - startedAt;
    const call = parseResource(effect.resource);
    const parameters = (effect.parameters ?? {}) as JsonObject;
    const failed = (error: string, cause: string): TaskAnswer => {
      happenings.push({
        kind: 'call',
        at,
        state: effect.stateName,
        resource: effect.resource,
        error: `${error}: ${cause}`,
      });
      return { error, cause };
    };
    if (call.service === 'dynamodb')
      return dynamodb(call.action, parameters, state, { at, stateName: effect.stateName, happenings, failed });
    if (call.service === 'events' && call.action === 'putEvents')
      return putEvents(effect, parameters, state, at, happenings, call.sdk, failed);
    if (call.service === 'sfn' && call.action === 'listExecutions')
      return listExecutions(parameters, state, at, effect.stateName, happenings, failed);
    throw new Unknowable(
      call.service === 'lambda'
        ? `the function of the state "${effect.stateName}"`
        : `${call.service}:${call.action} in the state "${effect.stateName}"`,
    );
  };
  return { answer, happenings };
}

interface Call {
  service: string;
  action: string;
  /** An AWS SDK integration rather than an optimized one. */
  sdk: boolean;
}

function parseResource(resource: string): Call {
  const text = resource.replace(/\.(waitForTaskToken|sync(:2)?)$/, '');
  const sdk = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:aws-sdk:([^:]+):([^:]+)$/.exec(text);
  if (sdk)
    return {
      service: { eventbridge: 'events', sfn: 'sfn' }[sdk[1] ?? ''] ?? sdk[1] ?? '',
      action: sdk[2] ?? '',
      sdk: true,
    };
  const optimized = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:([^:]+):([^:]+)$/.exec(text);
  if (optimized) return { service: optimized[1] ?? '', action: optimized[2] ?? '', sdk: false };
  if (/^arn:aws[a-z-]*:lambda:/.test(text)) return { service: 'lambda', action: 'invoke', sdk: false };
  return { service: text, action: '', sdk: false };
}

/** A table is named by its name or its ARN. */
const tableName = (value: Json | undefined): string =>
  typeof value === 'string' ? (value.split(':table/').at(-1) ?? value) : '';

interface Where {
  at: number;
  stateName: string;
  happenings: Happening[];
  failed: (error: string, cause: string) => TaskAnswer;
}

function dynamodb(action: string, parameters: JsonObject, state: ShopState, where: Where): TaskAnswer {
  const { at, stateName, happenings, failed } = where;
  const table = tableName(parameters['TableName']);
  const known = Object.values(TABLES) as string[];
  if (!known.includes(table))
    return failed(
      'DynamoDB.ResourceNotFoundException',
      `Requested resource not found (the table ${table || 'is not named'})`,
    );
  const key = parameters['Key'] as JsonObject | undefined;
  const partition = (key?.['PK'] as JsonObject | undefined)?.['S'];
  if (action === 'getItem') {
    if (typeof partition !== 'string' || Object.keys(key ?? {}).length !== 1)
      return failed('DynamoDB.DynamoDbException', 'The provided key element does not match the schema');
    if (table === TABLES.config) {
      const item = partition === 'config' && state.storeOpen !== undefined ? configItem(state.storeOpen) : undefined;
      happenings.push({ kind: 'config-read', at, state: stateName, found: item !== undefined });
      return { output: item ? { Item: projected(item, parameters), ...metadata() } : metadata() };
    }
    if (table === TABLES.counting) {
      const item =
        partition === 'orderID' && state.counter !== undefined
          ? { PK: { S: 'orderID' }, IDvalue: { N: String(state.counter) } }
          : undefined;
      return { output: item ? { Item: item, ...metadata() } : metadata() };
    }
    throw new Unknowable(`the item in ${table} that the state "${stateName}" reads`);
  }
  if (table === TABLES.counting && (action === 'updateItem' || action === 'putItem')) {
    const outcome = updateCounter(action, parameters, state.counter);
    if ('error' in outcome) return failed(outcome.error, outcome.cause);
    if (outcome.value !== undefined) {
      if (outcome.counts) {
        state.counter = outcome.value;
        happenings.push({ kind: 'count', at, state: stateName, number: outcome.value });
      }
    }
    return { output: { ...outcome.output, ...metadata() } };
  }
  throw new Unknowable(`dynamodb:${action} on ${table} in the state "${stateName}"`);
}

const configItem = (storeOpen: boolean): JsonObject => ({
  PK: { S: 'config' },
  storeOpen: { BOOL: storeOpen },
  maxOrdersPerUser: { N: '1' },
  maxOrdersInQueue: { N: '10' },
});

/** A projection of plain names; anything deeper is answered whole, which no path can tell apart. */
function projected(item: JsonObject, parameters: JsonObject): JsonObject {
  const expression = parameters['ProjectionExpression'];
  if (typeof expression !== 'string') return item;
  const names = (parameters['ExpressionAttributeNames'] ?? {}) as JsonObject;
  const wanted = expression.split(',').map((name) => String(names[name.trim()] ?? name.trim()));
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.includes(name)));
}

const metadata = (): JsonObject => ({
  SdkHttpMetadata: { HttpStatusCode: 200 },
  SdkResponseMetadata: { RequestId: 'simulated' },
});

function putEvents(
  effect: TaskEffect,
  parameters: JsonObject,
  state: ShopState,
  at: number,
  happenings: Happening[],
  sdk: boolean,
  failed: Where['failed'],
): TaskAnswer {
  const entries = parameters['Entries'];
  if (!Array.isArray(entries) || entries.length === 0)
    return failed('EventBridge.EventBridgeException', 'Entries is missing or empty');
  const waits = effect.token !== undefined;
  const emitted: Extract<Happening, { kind: 'event' }>[] = [];
  for (const raw of entries) {
    const entry = (raw ?? {}) as JsonObject;
    const detail = readDetail(entry['Detail'], sdk);
    const happening: Extract<Happening, { kind: 'event' }> = {
      kind: 'event',
      at,
      state: effect.stateName,
      bus: busName(entry['EventBusName']),
      source: String(entry['Source'] ?? ''),
      detailType: String(entry['DetailType'] ?? ''),
      detail: detail ?? {},
      waits,
      ...(effect.token === undefined ? {} : { token: effect.token }),
      ...(effect.timeoutSeconds === undefined ? {} : { timeoutSeconds: effect.timeoutSeconds }),
      ...(effect.heartbeatSeconds === undefined ? {} : { heartbeatSeconds: effect.heartbeatSeconds }),
      ...(detail === undefined ? { error: 'its Detail is not a JSON object' } : {}),
    };
    emitted.push(happening);
    happenings.push(happening);
  }
  if (emitted.some(({ error }) => error)) return failed('EventBridge.FailedEntry', 'Detail is malformed');
  const output: JsonObject = {
    Entries: emitted.map(() => ({ EventId: 'simulated' })),
    FailedEntryCount: 0,
    ...metadata(),
  };
  if (!waits) return { output };
  // Somebody answers only when the event that carries this token is the one that reaches them.
  const carrier = emitted.find(({ detail }) => detail['TaskToken'] === effect.token);
  const reaches = (type: string): boolean => carrier?.detailType === type;
  if (reaches(EVENTS.workflowStarted) && state.customer !== undefined)
    return { submitted: output, output: CUSTOMER_ANSWER, after: state.customer };
  if (reaches(EVENTS.processorWaiting) && state.barista !== undefined)
    return {
      submitted: output,
      output: { ...BARISTA_ANSWER, ORDERSTATE: state.cancels ? 'Cancelled' : 'Completed' },
      after: state.barista,
    };
  return { submitted: output, pending: true };
}

/** What the order manager returns with the tokens (workshop page "One order, start to end"). */
const CUSTOMER_ANSWER: JsonObject = {
  drink: 'Latte',
  modifiers: [],
  icon: 'barista-icons_latte',
  userId: 'customer-1',
  orderId: 'order-1',
};
const BARISTA_ANSWER: JsonObject = { orderId: 'order-1', userId: 'customer-1' };

const busName = (value: Json | undefined): string => {
  if (typeof value !== 'string') return 'default';
  return value.split(':event-bus/').at(-1) ?? value;
};

/** The optimized integration takes an object or its text, the SDK integration only text. */
function readDetail(value: Json | undefined, sdk: boolean): JsonObject | undefined {
  if (value && typeof value === 'object' && !Array.isArray(value)) return sdk ? undefined : value;
  if (typeof value !== 'string') return undefined;
  try {
    const parsed = JSON.parse(value) as Json;
    return parsed && typeof parsed === 'object' && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function listExecutions(
  parameters: JsonObject,
  state: ShopState,
  at: number,
  stateName: string,
  happenings: Happening[],
  failed: Where['failed'],
): TaskAnswer {
  const arn = String(parameters['StateMachineArn'] ?? '');
  const filter = typeof parameters['StatusFilter'] === 'string' ? parameters['StatusFilter'] : undefined;
  const own = arn === state.arn;
  happenings.push({ kind: 'list', at, state: stateName, arn, own, filter });
  const place = /^arn:aws[a-z-]*:states:([^:]*):([^:]*):stateMachine:.+/.exec(arn);
  if (!place) return failed('Sfn.InvalidArnException', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  const [region, account] = state.arn.split(':').slice(3, 5);
  if (place[1] !== region || place[2] !== account)
    return failed('Sfn.StateMachineDoesNotExistException', `State Machine Does Not Exist: '${arn}'`);
  const limit = Number(parameters['MaxResults'] ?? 100) || 100;
  const running = own ? state.running : 0;
  const executions: JsonObject[] = [];
  if (filter === undefined || filter === 'RUNNING')
    for (let i = 0; i < running; i++) executions.push(execution(arn, i, 'RUNNING'));
  // A shop that has been open for a while has many ended orders; who does not filter counts them too.
  if (filter === undefined || filter === 'SUCCEEDED')
    for (let i = 0; i < 40; i++) executions.push(execution(arn, 1_000 + i, 'SUCCEEDED'));
  const page = executions.slice(0, limit);
  return { output: { Executions: page, ...(executions.length > limit ? { NextToken: 'simulated' } : {}) } };
}

const execution = (arn: string, i: number, status: string): JsonObject => ({
  ExecutionArn: `${arn.replace(':stateMachine:', ':execution:')}:order-${i}`,
  Name: `order-${i}`,
  StartDate: '2026-01-01T00:00:00Z',
  StateMachineArn: arn,
  Status: status,
});
