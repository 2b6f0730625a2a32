/** What SQS keeps, how a queue is found, and which of its messages can be had. */
import { createHash } from 'node:crypto';
import type { Timer } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import type { Context, Input, Permission } from '../../service.ts';
import type { World } from '../../world.ts';

export interface QueueRecord {
  name: string;
  arn: string;
  /** Attributes that were set, in the API's own names; what is not here has its usual value. */
  attributes: Record<string, string>;
  tags: Record<string, string>;
  /** epoch milliseconds */
  created: number;
  modified: number;
  purged?: number;
}

export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  /** base64 */
  BinaryValue?: string;
}

export interface MessageRecord {
  id: string;
  body: string;
  attributes: Record<string, MessageAttribute>;
  /** Who sent it, as the attribute SenderId says it. */
  sender: string;
  group?: string;
  trace?: string;
  /** epoch milliseconds */
  sent: number;
  /** From when it can be received, epoch milliseconds. */
  visible: number;
  received: number;
  firstReceived?: number;
  /** Of the latest receipt; none while nobody has it. */
  receipt?: string;
  /** The queue it failed in, when this is a dead-letter queue. */
  deadFrom?: string;
}

export const queuesOf = (context: Context): Table<QueueRecord> => context.table<QueueRecord>('queues');
/** A table of its own for each queue: one is read without the others. */
export const messagesOf = (context: Context, queue: string): Table<MessageRecord> =>
  context.table<MessageRecord>(`messages ${queue}`);

/** "CreateQueue" and "SetQueueAttributes": number attributes with their usual value and range. */
export const NUMBERS: Record<string, { usual: number; min: number; max: number }> = {
  DelaySeconds: { usual: 0, min: 0, max: 900 },
  MaximumMessageSize: { usual: 1_048_576, min: 1_024, max: 1_048_576 },
  MessageRetentionPeriod: { usual: 345_600, min: 60, max: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { usual: 0, min: 0, max: 20 },
  VisibilityTimeout: { usual: 30, min: 0, max: 43_200 },
};

export const numberOf = (queue: QueueRecord, name: string): number =>
  Number(queue.attributes[name] ?? NUMBERS[name]?.usual ?? 0);

export const invalidValue = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', message);

export const missing = (name: string): ServiceError =>
  new ServiceError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`);

export const noQueue = (): ServiceError =>
  new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.', 400);

export const notCarried = (what: string): ServiceError =>
  new ServiceError('UnsupportedOperation', `The sandbox does not carry ${what}.`, 400);

/** Refuses members that the action does not have, or that are not built, by their names. */
export function only(action: string, input: Input, members: readonly string[]): void {
  for (const name of Object.keys(input))
    if (input[name] !== undefined && input[name] !== null && !members.includes(name))
      throw notCarried(`the member ${name} of ${action}`);
}

/** The queue's name in a URL; its host may be an older one of this sandbox, so only the path counts. */
function nameIn(input: Input, context: Context): string {
  const url: unknown = input['QueueUrl'];
  if (url === undefined || url === '') throw missing('QueueUrl');
  const found = /^(?:https?:\/\/[^/]+)?\/?(\d{12})\/([\w-]{1,80}(?:\.fifo)?)\/?$/.exec(String(url));
  if (!found)
    throw new ServiceError('InvalidAddress', `The address ${String(url)} is not valid for this endpoint.`, 404);
  if (found[1] !== context.account) throw noQueue();
  return found[2] ?? '';
}

export function queueOf(input: Input, context: Context): QueueRecord {
  const queue = queuesOf(context).get(nameIn(input, context));
  if (!queue) throw noQueue();
  return queue;
}

export const queueUrl = (context: Context, name: string): string =>
  `${context.world.endpoint}/${context.account}/${name}`;

export function onQueue(...actions: string[]) {
  return (input: Input, context: Context): Permission[] => {
    const name = nameIn(input, context);
    const resourcePolicy = queuesOf(context).get(name)?.attributes['Policy'];
    return actions.map((action) => ({ action: `sqs:${action}`, resource: context.arn(name), resourcePolicy }));
  };
}

export const topicOf = (arn: string): string => `sqs:${arn}`;

const timers = new WeakMap<World, Map<string, Timer>>();

/**
 * Sees to it that whoever waits for messages of this queue is told when one can be had again: one timer a queue, for the
 * first of them.
 */
export function watch(queue: QueueRecord, visible: number, context: Context): void {
  let all = timers.get(context.world);
  if (!all) {
    all = new Map();
    timers.set(context.world, all);
  }
  const timer = all.get(queue.arn);
  if (timer && timer.at <= visible) return;
  timer?.cancel();
  const known = all;
  known.set(
    queue.arn,
    context.world.clock.at(visible, () => {
      known.delete(queue.arn);
      if (!queuesOf(context).has(queue.name)) return;
      watchNext(queue, context);
      context.world.announce(topicOf(queue.arn));
    }),
  );
}

/** Sets the queue's timer by what lies in it, as after a restart. */
export function watchNext(queue: QueueRecord, context: Context): void {
  const now = context.now();
  let next = Number.POSITIVE_INFINITY;
  for (const message of messagesOf(context, queue.name).values())
    if (message.visible > now && message.visible < next) next = message.visible;
  if (next < Number.POSITIVE_INFINITY) watch(queue, next, context);
}

/** Drops what is older than the queue keeps it. */
export function dropExpired(queue: QueueRecord, context: Context): void {
  const messages = messagesOf(context, queue.name);
  const oldest = context.now() - numberOf(queue, 'MessageRetentionPeriod') * 1_000;
  for (const message of messages.values()) if (message.sent <= oldest) messages.delete(message.id);
}

export const md5 = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');
