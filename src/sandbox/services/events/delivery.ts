/**
 * From an accepted event to its targets. Each delivery is a record before PutEvents answers and until it arrived or was given
 * up, so that a killed process goes on with it; a target may then see an event twice, as on AWS.
 */
import { createHash } from 'node:crypto';
import { matches } from '../../../event-pattern/index.ts';
import { authorize } from '../../authorize.ts';
import { ServiceError } from '../../errors.ts';
import type { Principal } from '../../identity.ts';
import { remember } from '../../remember.ts';
import type { Context } from '../../service.ts';
import { validPattern } from './patterns.ts';
import { type DeliveryRecord, deliveriesOf, findBus, rulesOf, type Target } from './records.ts';
import { targetInput } from './transform.ts';

/** The event in the form rules see: its text and the value of it. */
export interface AcceptedEvent {
  id: string;
  text: string;
  value: Parameters<typeof matches>[1];
}

const KINDS: readonly [RegExp, string][] = [
  [/^arn:aws[\w-]*:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/, 'lambda'],
  [/^arn:aws[\w-]*:states:[^:]+:\d{12}:stateMachine:.+$/, 'states'],
  [/^arn:aws[\w-]*:logs:[^:]+:\d{12}:log-group:[^:]+(:\*)?$/, 'logs'],
  [/^arn:aws[\w-]*:events:[^:]+:\d{12}:event-bus\/.+$/, 'events'],
  [/^arn:aws[\w-]*:sqs:[^:]+:\d{12}:[^:]+$/, 'sqs'],
];

/** The sandbox's service behind a target's ARN; undefined for one it does not carry. */
export function targetKind(arn: string): string | undefined {
  if (!/^arn:[\w-]+:[\w-]+:[^:]*:\d*:.+$/.test(arn)) return 'malformed';
  return KINDS.find(([pattern]) => pattern.test(arn))?.[1];
}

/** Matches an event against the rules of a bus, records its deliveries and starts them. */
export function dispatchEvent(context: Context, bus: string, event: AcceptedEvent): void {
  const now = context.now();
  for (const rule of rulesOf(context).values()) {
    if (rule.bus !== bus || rule.state !== 'ENABLED' || rule.targets.length === 0) continue;
    if (!matches(validPattern(rule.eventPattern), event.value)) continue;
    for (const target of rule.targets) {
      const record: DeliveryRecord = {
        id: `${event.id}/${hashAgain(`${rule.arn} ${target.Id}`).slice(0, 16)}`,
        ruleArn: rule.arn,
        target,
        event: event.text,
        attempts: 0,
        accepted: now,
        due: now,
      };
      deliveriesOf(context).put(record.id, record);
      start(context, record);
    }
  }
}

/** Goes on with what was on its way when the process ended. */
export function resumeDeliveries(context: Context): void {
  for (const record of [...deliveriesOf(context).values()]) schedule(context, record);
}

function start(context: Context, record: DeliveryRecord): void {
  context.world.background('EventBridge delivery', () => attempt(context, record));
}

function schedule(context: Context, record: DeliveryRecord): void {
  if (record.due <= context.now()) start(context, record);
  else context.world.clock.at(record.due, () => start(context, record));
}

async function attempt(context: Context, record: DeliveryRecord): Promise<void> {
  try {
    await deliver(context, record);
    deliveriesOf(context).delete(record.id);
  } catch (error) {
    // A stop ends the try, not the delivery: the record goes on when the sandbox is back.
    if (!context.world.stopping) await failed(context, record, error);
  }
}

/** "Retry policies": 24 hours and 185 times unless the target says less; other 4xx answers are not tried again. */
async function failed(context: Context, record: DeliveryRecord, error: unknown): Promise<void> {
  const { world } = context;
  const code = error instanceof ServiceError ? error.code : 'InternalFailure';
  const message = error instanceof Error ? error.message : String(error);
  const { MaximumRetryAttempts = 185, MaximumEventAgeInSeconds = 86_400 } = record.target.RetryPolicy ?? {};
  const attempts = record.attempts + 1;
  const wait = Math.min(2 ** Math.min(attempts, 20) * 500, 600_000);
  const due = context.now() + Math.round(wait * (0.5 + (world.random(1)[0] ?? 0) / 512));
  let exhausted: string | undefined;
  if (!isRetriable(error)) exhausted = 'NonRetriable';
  else if (attempts > MaximumRetryAttempts) exhausted = 'MaximumRetryAttempts';
  else if (due - record.accepted > MaximumEventAgeInSeconds * 1000) exhausted = 'MaximumEventAgeInSeconds';
  const { id, 'detail-type': detailType } = JSON.parse(record.event) as { id: string; 'detail-type': string };
  world.log(
    'delivery',
    `${record.ruleArn} could not deliver event ${id} (${detailType}) to ${record.target.Arn}: ${code}: ${message}${exhausted ? '' : ` (try ${attempts}, again at ${new Date(due).toISOString()})`}`,
  );
  if (!exhausted) {
    const next: DeliveryRecord = { ...record, attempts, due };
    deliveriesOf(context).put(record.id, next);
    schedule(context, next);
    return;
  }
  if (record.target.DeadLetterConfig?.Arn) await bury(context, record, code, message, exhausted);
  deliveriesOf(context).delete(record.id);
}

function isRetriable(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return true;
  return error.status >= 500 || error.status === 429 || /Throttl|TooManyRequests|LimitExceeded/.test(error.code);
}

/** "Using dead-letter queues": the event as body, why it is there as attributes. */
async function bury(
  context: Context,
  record: DeliveryRecord,
  code: string,
  message: string,
  why: string,
): Promise<void> {
  const arn = record.target.DeadLetterConfig?.Arn ?? '';
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  try {
    await context.world.call(
      'sqs',
      'SendMessage',
      {
        QueueUrl: queueUrl(context, arn),
        MessageBody: record.event,
        MessageAttributes: {
          RULE_ARN: text(record.ruleArn),
          TARGET_ARN: text(record.target.Arn),
          ERROR_CODE: text(code),
          ERROR_MESSAGE: text(message),
          EXHAUSTED_RETRY_CONDITION: text(why),
          RETRY_ATTEMPTS: text(String(record.attempts)),
        },
      },
      { ...placeOf(arn), as: serviceItself(context, record.ruleArn) },
    );
  } catch (error) {
    context.world.log(
      'delivery',
      `${record.ruleArn} could not send to its dead-letter queue ${arn}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const placeOf = (arn: string): { region: string; account: string } => {
  const [, , , region = '', account = ''] = arn.split(':');
  return { region, account };
};

const queueUrl = (context: Context, arn: string): string => {
  const [, , , , account, name] = arn.split(':');
  return `${context.world.endpoint}/${account}/${name}`;
};

const serviceItself = (context: Context, sourceArn: string): Principal => ({
  kind: 'service',
  account: context.account,
  service: 'events.amazonaws.com',
  sourceArn,
  sourceAccount: context.account,
});

async function actor(context: Context, record: DeliveryRecord): Promise<Principal> {
  const { RoleArn } = record.target;
  if (!RoleArn) return serviceItself(context, record.ruleArn);
  return context.world.assume(RoleArn, 'events.amazonaws.com', hash(record.id).slice(0, 32), {
    account: context.account,
    sourceArn: record.ruleArn,
  });
}

async function deliver(context: Context, record: DeliveryRecord): Promise<void> {
  const { world } = context;
  const { target, ruleArn } = record;
  const kind = targetKind(target.Arn);
  const input = targetInput(target, record.event, {
    ruleArn,
    ruleName: ruleArn.split('/').at(-1) ?? '',
    accepted: record.accepted,
  });
  const as = await actor(context, record);
  const where = { ...placeOf(target.Arn), as };
  switch (kind) {
    case 'states':
      await startExecution(context, record, input, where);
      return;
    case 'lambda':
      await world.call(
        'lambda',
        'Invoke',
        { FunctionName: target.Arn, InvocationType: 'Event', Payload: input },
        where,
      );
      return;
    case 'logs':
      await putLogEvent(context, record, input, where);
      return;
    case 'events':
      await forward(context, record, as);
      return;
    case 'sqs':
      await world.call(
        'sqs',
        'SendMessage',
        { QueueUrl: queueUrl(context, target.Arn), MessageBody: input, ...groupOf(target) },
        where,
      );
      return;
    default:
      throw new ServiceError('ValidationException', `The sandbox does not carry targets like ${target.Arn}.`);
  }
}

const groupOf = (target: Target): Record<string, string> =>
  target.SqsParameters?.MessageGroupId === undefined ? {} : { MessageGroupId: target.SqsParameters.MessageGroupId };

type Where = { account: string; region: string; as: Principal };

/** The name is the delivery's own: the same delivery made again starts nothing twice. */
async function startExecution(context: Context, record: DeliveryRecord, input: string, where: Where): Promise<void> {
  const [eventId = ''] = record.id.split('/');
  const digest = hash(record.id);
  const name = `${eventId}_${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`;
  try {
    await context.world.call('states', 'StartExecution', { stateMachineArn: record.target.Arn, name, input }, where);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ExecutionAlreadyExists') return;
    throw error;
  }
}

async function putLogEvent(context: Context, record: DeliveryRecord, message: string, where: Where): Promise<void> {
  const { world } = context;
  const logGroupName = /:log-group:([^:]+)/.exec(record.target.Arn)?.[1] ?? '';
  // AWS opens a stream whenever it likes; here each rule has one for each hour.
  const hour = Math.floor(record.accepted / 3_600_000);
  const digest = hashAgain(`${record.ruleArn} ${hour}`);
  const logStreamName = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`;
  const put = () =>
    world.call(
      'logs',
      'PutLogEvents',
      { logGroupName, logStreamName, logEvents: [{ timestamp: context.now(), message }] },
      where,
    );
  try {
    await put();
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === 'ResourceNotFoundException' && /stream/i.test(error.message)))
      throw error;
    try {
      await world.call('logs', 'CreateLogStream', { logGroupName, logStreamName }, where);
    } catch (inner) {
      if (!(inner instanceof ServiceError && inner.code === 'ResourceAlreadyExistsException')) throw inner;
    }
    await put();
  }
}

/** "Sending and receiving events between event buses": the event goes on as it is. */
async function forward(context: Context, record: DeliveryRecord, as: Principal): Promise<void> {
  const { world } = context;
  const { account, region } = placeOf(record.target.Arn);
  const service = world.services.get('events');
  if (!service) return;
  const there = world.context(service, await world.open(account), region, as);
  const bus = findBus(there, record.target.Arn);
  if (!bus) throw new ServiceError('ResourceNotFoundException', `Event bus ${record.target.Arn} does not exist.`);
  // In the same account a rule needs no role to reach another bus of the same Region.
  const own = as.kind === 'service' && account === context.account;
  if (!own && world.options.enforceIam !== false)
    authorize(
      there.store,
      as,
      { action: 'events:PutEvents', resource: bus.arn, resourcePolicy: bus.policy },
      context.now(),
      region,
    );
  const value = JSON.parse(record.event) as AcceptedEvent['value'] & { id: string };
  dispatchEvent(there, bus.name, { id: value.id, text: record.event, value });
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of texts that come with every event. */
const hashAgain = remember(1_000, hash);
