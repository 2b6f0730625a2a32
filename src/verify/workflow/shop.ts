/**
 * A simulated shop: answers the tasks of one order as AWS would, and writes down what the order did. Pure.
 * What a function of the learner's own answers cannot be known from the definition: it gets an empty answer and is noted as
 * `beyond`; an order that goes right all the same is right, one that does not cannot be judged.
 */
import type { Json, JsonObject, TaskAnswer, TaskEffect } from '../../asl/index.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS } from '../../workshop.ts';
import { answerAgain } from '../live/taught.ts';
import type { Taught } from '../live/types.ts';
import { Refused } from './expression.ts';
import { countUp, type Stock, useTables } from './tables.ts';

export interface Emitted {
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
  /** Why EventBridge does not take it. */
  error?: string;
}

/** One thing the order did, with its virtual time in milliseconds from the start. `dropped`: the state keeps nothing of the answer. */
export type Happening =
  | Emitted
  /** The customer's or the barista's answer reaches the order. */
  | { kind: 'answer'; at: number; to: string }
  | { kind: 'config-read'; at: number; state: string; found: boolean; dropped: boolean }
  | { kind: 'count'; at: number; state: string; number: number }
  | {
      kind: 'list';
      at: number;
      state: string;
      arn: string;
      own: boolean;
      filter: string | undefined;
      limit: number;
      dropped: boolean;
    }
  /** A call that AWS refuses. */
  | { kind: 'call'; at: number; state: string; resource: string; error: string }
  /** It starts an execution of its own workflow. */
  | { kind: 'self'; at: number; state: string }
  /** Its answer cannot be known from the definition. */
  | { kind: 'beyond'; at: number; state: string; what: string; mayEmit: boolean };

export interface ShopState {
  /** Shared by orders that are served side by side. */
  stock: Stock;
  /** Executions RUNNING in the list. */
  running: number;
  /** The workflow's own ARN, and this execution's name. */
  arn: string;
  execution: string;
  /** When the customer and the barista answer, in milliseconds after their event; undefined: never. */
  customer: (effect: TaskEffect) => number | undefined;
  barista: (effect: TaskEffect) => number | undefined;
  /** Whether the state of that name does nothing with what its task answers. */
  dropsResult: (stateName: string) => boolean;
  /** What live orders taught of tasks, by name of the state; only where this scene is like theirs. */
  taught?: Taught['answers'] | undefined;
}

export interface Shop {
  answer: (effect: TaskEffect, now: number) => TaskAnswer;
  happenings: Happening[];
}

interface Call {
  service: string;
  action: string;
  /** An AWS SDK integration rather than an optimized one. */
  sdk: boolean;
}

/** What one task asks, and where to note what comes of it. */
interface Visit extends Call {
  effect: TaskEffect;
  parameters: JsonObject;
  state: ShopState;
  at: number;
  note: (happening: Happening) => void;
  failed: (error: string, cause: string) => TaskAnswer;
  beyond: (what: string, mayEmit: boolean) => TaskAnswer;
}

/** A shop that `startedAt` (virtual epoch ms) is the time zero of. */
export function openShop(state: ShopState, startedAt: number): Shop {
  const happenings: Happening[] = [];
  const answer = (effect: TaskEffect, now: number): TaskAnswer => {
    const at = now - startedAt;
    const where = { at, state: effect.stateName };
    const note = (happening: Happening): void => void happenings.push(happening);
    return answerTask({
      ...parseResource(effect.resource),
      effect,
      parameters: isObject(effect.parameters) ? effect.parameters : {},
      state,
      at,
      note,
      failed(error, cause) {
        note({ kind: 'call', ...where, resource: effect.resource, error: `${error}: ${cause}` });
        return { error, cause };
      },
      beyond(what, mayEmit) {
        // Where nobody reads the answer and nothing can come of the call on the bus, there is nothing to know.
        if (!mayEmit && effect.token === undefined && state.dropsResult(effect.stateName)) return { output: {} };
        note({ kind: 'beyond', ...where, what, mayEmit });
        const known = state.taught?.[effect.stateName];
        if (known && effect.token === undefined) {
          const number = known.counted.length > 0 ? countUp(state.stock) : undefined;
          if (number === undefined) return { output: known.output as Json };
          note({ kind: 'count', ...where, number });
          return { output: answerAgain(known, number) };
        }
        // Who would return this token is not known either.
        const output: JsonObject = effect.resource.includes(':lambda:invoke') ? { Payload: {}, StatusCode: 200 } : {};
        return effect.token === undefined ? { output } : { submitted: output, output: {} };
      },
    });
  };
  return { answer, happenings };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function answerTask(visit: Visit): TaskAnswer {
  const { service, action, effect } = visit;
  if (service === 'events' && action === 'putEvents') return putEvents(visit);
  if (service === 'dynamodb') return waiting(visit, dynamodb(visit));
  if (service === 'sfn' && action === 'listExecutions') return waiting(visit, listExecutions(visit));
  if ((service === 'sfn' || service === 'states') && /^start(Sync)?Execution$/.test(action))
    return startsAnother(visit);
  if (service === 'lambda') return visit.beyond(`the function of the state "${effect.stateName}"`, true);
  return visit.beyond(`${service}${action ? `:${action}` : ''} in the state "${effect.stateName}"`, mayEmit(service));
}

/** A call that waits for its token where nobody was told of it: the answer comes, and the order hangs. */
const waiting = ({ effect }: Visit, answer: TaskAnswer): TaskAnswer =>
  effect.token !== undefined && 'output' in answer ? { submitted: answer.output, pending: true } : answer;

/** Services that only take something in never put an event on the bus by themselves. */
const mayEmit = (service: string): boolean =>
  !/^(sqs|sns|logs|cloudwatchlogs|cloudwatch|s3|ssm|sts|sfn|eventbridge|events|dynamodb)$/.test(service);

function parseResource(resource: string): Call {
  const text = resource.replace(/\.(waitForTaskToken|sync(:2)?)$/, '');
  const sdk = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:aws-sdk:([^:]+):([^:]+)$/.exec(text);
  if (sdk) return { service: sdk[1] === 'eventbridge' ? 'events' : (sdk[1] ?? ''), action: sdk[2] ?? '', sdk: true };
  const optimized = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:([^:]+):([^:]+)$/.exec(text);
  if (optimized && optimized[1] !== 'activity')
    return { service: optimized[1] ?? '', action: optimized[2] ?? '', sdk: false };
  if (/^arn:aws[a-z-]*:lambda:/.test(text)) return { service: 'lambda', action: 'invoke', sdk: false };
  return { service: text, action: '', sdk: false };
}

function dynamodb({ action, sdk, parameters, state, at, effect, note, failed, beyond }: Visit): TaskAnswer {
  try {
    const answer = useTables(action, parameters, state.stock);
    if ('unknown' in answer) return beyond(`${answer.unknown}, in the state "${effect.stateName}"`, false);
    const where = { at, state: effect.stateName };
    for (const touched of answer.touched)
      note(
        touched.kind === 'config-read'
          ? { ...where, ...touched, dropped: state.dropsResult(effect.stateName) }
          : { ...where, ...touched },
      );
    return { output: sdk ? withJavaNames(answer.output) : { ...answer.output, ...metadata() } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code.startsWith('States.')) return failed(error.code, error.message);
    // The SDK for Java has no class of its own for a validation error ("Handling errors in Step Functions workflows").
    const modelled = error.code !== 'ValidationException';
    const name = modelled ? error.code : sdk ? 'DynamoDbException' : 'AmazonDynamoDBException';
    return failed(`${sdk ? 'DynamoDb' : 'DynamoDB'}.${name}`, error.message);
  }
}

/**
 * The SDK integrations answer with the names of the SDK for Java, where a boolean is `Bool` and not `BOOL`; it has been seen
 * with either. So both are there, and who looks at the one that AWS gives is right.
 */
function withJavaNames<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(withJavaNames) as T;
  if (!isObject(value)) return value;
  const named = Object.entries(value).map(([name, inner]) => [name, withJavaNames(inner)]);
  if (typeof value['BOOL'] === 'boolean') named.push(['Bool', value['BOOL']]);
  return Object.fromEntries(named) as T;
}

const metadata = (): JsonObject => ({
  SdkHttpMetadata: { HttpStatusCode: 200 },
  SdkResponseMetadata: { RequestId: 'simulated' },
});

function putEvents(visit: Visit): TaskAnswer {
  const { effect, parameters, state, at, note, sdk, failed } = visit;
  const entries = parameters['Entries'];
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > 10)
    return failed(
      sdk ? 'EventBridge.EventBridgeException' : 'EventBridge.AmazonEventBridgeException',
      Array.isArray(entries) && entries.length > 10 ? 'More than 10 entries' : 'Entries is missing or empty',
    );
  if (
    sdk &&
    entries.some((entry) => isObject(entry) && entry['Detail'] !== undefined && typeof entry['Detail'] !== 'string')
  )
    return failed('States.Runtime', "The value for the field 'Detail' must be a STRING");
  const emitted = entries.map((entry) => readEntry(entry, effect, at));
  for (const event of emitted) note(event);
  const refused = emitted.find(({ error }) => error !== undefined);
  if (refused && !sdk) return failed('EventBridge.FailedEntry', refused.error ?? '');
  const output: JsonObject = {
    Entries: emitted.map(
      ({ error }): JsonObject =>
        error === undefined ? { EventId: 'simulated' } : { ErrorCode: 'InvalidArgument', ErrorMessage: error },
    ),
    FailedEntryCount: emitted.filter(({ error }) => error !== undefined).length,
  };
  if (effect.token === undefined) return { output };
  // Somebody answers only when an event that carries this token is one that reaches them.
  for (const event of emitted) {
    if (event.detail['TaskToken'] !== effect.token || !arrives(event)) continue;
    const after =
      event.detailType === EVENTS.workflowStarted
        ? state.customer(effect)
        : event.detailType === EVENTS.processorWaiting
          ? state.barista(effect)
          : undefined;
    if (after === undefined) continue;
    note({ kind: 'answer', at: at + after, to: event.detailType });
    return { submitted: output, output: {}, after };
  }
  return { submitted: output, pending: true };
}

/** On the workshop's bus, from its source, and taken by EventBridge: a rule can match it. */
export const arrives = (event: Emitted): boolean =>
  event.error === undefined && event.bus === BUS_NAME && event.source === EVENT_SOURCE;

function readEntry(raw: Json, effect: TaskEffect, at: number): Emitted {
  const entry = isObject(raw) ? raw : {};
  const text = (name: string): string => (typeof entry[name] === 'string' ? (entry[name] as string) : '');
  const detail = readDetail(entry['Detail']);
  const error = !text('Source')
    ? 'it has no Source'
    : !text('DetailType')
      ? 'it has no DetailType'
      : detail === undefined
        ? 'its Detail is not a JSON object'
        : undefined;
  return {
    kind: 'event',
    at,
    state: effect.stateName,
    bus: busName(entry['EventBusName']),
    source: text('Source'),
    detailType: text('DetailType'),
    detail: detail ?? {},
    waits: effect.token !== undefined,
    ...(effect.token === undefined ? {} : { token: effect.token }),
    ...(effect.timeoutSeconds === undefined ? {} : { timeoutSeconds: effect.timeoutSeconds }),
    ...(effect.heartbeatSeconds === undefined ? {} : { heartbeatSeconds: effect.heartbeatSeconds }),
    ...(error === undefined ? {} : { error }),
  };
}

/** By its name or its ARN; whether an ARN is of this account and Region is the business of another check. */
const busName = (value: Json | undefined): string => {
  if (value === undefined || value === null || value === '') return 'default';
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.split(':event-bus/').at(-1) ?? value;
};

function readDetail(value: Json | undefined): JsonObject | undefined {
  if (isObject(value)) return value;
  if (typeof value !== 'string') return undefined;
  try {
    const parsed = JSON.parse(value) as Json;
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function startsAnother({ parameters, state, at, effect, note, beyond }: Visit): TaskAnswer {
  const arn = String(parameters['StateMachineArn'] ?? '');
  if (arn === state.arn || arn.startsWith(`${state.arn}:`)) {
    note({ kind: 'self', at, state: effect.stateName });
    return { pending: true };
  }
  return beyond(`the workflow that the state "${effect.stateName}" starts`, true);
}

function listExecutions({ parameters, state, at, effect, note, failed }: Visit): TaskAnswer {
  const arn = String(parameters['StateMachineArn'] ?? '');
  const filter = typeof parameters['StatusFilter'] === 'string' ? parameters['StatusFilter'] : undefined;
  const own = arn === state.arn;
  const asked = parameters['MaxResults'] ?? 0;
  const limit = Number(asked) || 100;
  const dropped = state.dropsResult(effect.stateName);
  note({ kind: 'list', at, state: effect.stateName, arn, own, filter, limit, dropped });
  const place = /^arn:aws[a-z-]*:states:([^:]*):([^:]*):stateMachine:.+/.exec(arn);
  if (!place) return failed('Sfn.InvalidArnException', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  const [region, account] = state.arn.split(':').slice(3, 5);
  if (place[1] !== region || place[2] !== account)
    return failed('Sfn.StateMachineDoesNotExistException', `State Machine Does Not Exist: '${arn}'`);
  if (filter !== undefined && !STATUSES.includes(filter))
    return failed(
      'Sfn.SfnException',
      `1 validation error detected: Value '${filter}' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [${STATUSES.join(', ')}]`,
    );
  if (!Number.isInteger(Number(asked)) || Number(asked) < 0 || limit > 1_000)
    return failed('Sfn.SfnException', `Value '${String(asked)}' at 'maxResults' failed to satisfy constraint`);
  const from = parameters['NextToken'] === undefined ? 0 : Number(String(parameters['NextToken']).slice(5));
  if (!Number.isInteger(from)) return failed('Sfn.InvalidTokenException', 'Invalid Token');
  const all = executionsOf(arn, own ? state : { running: 0, execution: '' }, filter);
  const page = all.slice(from, from + limit);
  return {
    output: { Executions: page, ...(all.length > from + limit ? { NextToken: `page-${from + limit}` } : {}) },
  };
}

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];
/** A shop that has been open for a while has ended orders too; who does not filter counts them. */
const ENDED = 40;

/** Newest first, this order at the front. */
function executionsOf(
  arn: string,
  { running, execution }: Pick<ShopState, 'running' | 'execution'>,
  filter: string | undefined,
): JsonObject[] {
  const one = (name: string, status: string): JsonObject => ({
    ExecutionArn: `${arn.replace(':stateMachine:', ':execution:')}:${name}`,
    Name: name,
    StartDate: '2026-01-01T00:00:00Z',
    StateMachineArn: arn,
    Status: status,
    ...(status === 'RUNNING' ? {} : { StopDate: '2026-01-01T00:10:00Z' }),
  });
  return [
    ...(filter === undefined || filter === 'RUNNING'
      ? Array.from({ length: running }, (_, i) => one(i === 0 ? execution : `other-${i}`, 'RUNNING'))
      : []),
    ...(filter === undefined || filter === 'SUCCEEDED'
      ? Array.from({ length: ENDED }, (_, i) => one(`earlier-${i}`, 'SUCCEEDED'))
      : []),
  ];
}
