/**
 * Messages: sent, received, hidden, deleted. One file, because a message's way through these actions is one story: what
 * ReceiveMessage hides, ChangeMessageVisibility shows again, DeleteMessage ends, and a dead-letter queue takes over.
 */
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { RoleRecord } from '../../../iam-records.ts';
import type { Action, Context, Input } from '../../../service.ts';
import type { World } from '../../../world.ts';
import {
  dropExpired,
  invalidValue,
  type MessageAttribute,
  type MessageRecord,
  md5,
  messagesOf,
  missing,
  numberOf,
  only,
  onQueue,
  type QueueRecord,
  queueOf,
  queuesOf,
  topicOf,
  watch,
} from '../records.ts';

const MOST_ENTRIES = 10;
const BATCH_BYTES = 1_048_576;
/** What XML 1.0 can carry ("SendMessage", MessageBody). */
const OUTSIDE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const SEND = [
  'QueueUrl',
  'MessageBody',
  'DelaySeconds',
  'MessageAttributes',
  'MessageSystemAttributes',
  'MessageGroupId',
  'MessageDeduplicationId',
];

function whole(value: unknown, name: string, min: number, max: number, wording?: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'number' ? value : /^-?\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!Number.isInteger(number) || number < min || number > max)
    throw invalidValue(
      `Value ${String(value)} for parameter ${name} is invalid. Reason: ${wording ?? `Must be >= ${min} and <= ${max}, if provided.`}`,
    );
  return number;
}

/** "Amazon SQS message metadata": names, types, and never an empty value. */
function readAttributes(value: unknown, allowed?: readonly string[]): Record<string, MessageAttribute> {
  const found: Record<string, MessageAttribute> = {};
  if (value === undefined || value === null) return found;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ServiceError('SerializationException', 'Message attributes are not a map.');
  const entries = Object.entries(value as Record<string, Record<string, unknown> | null>);
  if (entries.length > 10)
    throw invalidValue(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  for (const [name, attribute] of entries) {
    if (allowed && !allowed.includes(name)) throw invalidValue(`Message system attribute name '${name}' is invalid.`);
    if (!/^[\w.-]{1,256}$/.test(name) || /^\.|\.$|\.\./.test(name) || /^(aws|amazon)\./i.test(name))
      throw invalidValue(
        `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.).`,
      );
    const type = attribute?.['DataType'];
    if (typeof type !== 'string' || type === '')
      throw invalidValue(`The message attribute '${name}' must contain a non-empty message attribute type.`);
    const kind = /^(String|Number|Binary)(\..{1,200})?$/.exec(type)?.[1];
    if (!kind)
      throw invalidValue(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    const text: unknown = attribute?.[kind === 'Binary' ? 'BinaryValue' : 'StringValue'];
    if (typeof text !== 'string' || text === '')
      throw invalidValue(
        `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${type}'.`,
      );
    if (kind === 'Number' && !Number.isFinite(Number(text)))
      throw invalidValue(`Can't cast the value of message (user) attribute '${name}' to a number.`);
    if (kind !== 'Binary' && OUTSIDE.test(text)) throw unreadable();
    found[name] = kind === 'Binary' ? { DataType: type, BinaryValue: text } : { DataType: type, StringValue: text };
  }
  return found;
}

const unreadable = (): ServiceError =>
  new ServiceError(
    'InvalidMessageContents',
    'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  );

const bytesOf = (body: string, attributes: Record<string, MessageAttribute>): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      (BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : Buffer.from(BinaryValue, 'base64').length),
    Buffer.byteLength(body),
  );

/** "Calculating the MD5 message digest for message attributes". */
export function attributesMd5(attributes: Record<string, MessageAttribute>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const part = (data: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return [length, data];
  };
  return md5(
    Buffer.concat(
      names.flatMap((name) => {
        const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
        return [
          ...part(Buffer.from(name)),
          ...part(Buffer.from(DataType)),
          Buffer.from([BinaryValue === undefined ? 1 : 2]),
          ...part(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64')),
        ];
      }),
    ),
  );
}

function senderOf(caller: Principal, context: Context): string {
  if (caller.kind === 'admin') return caller.account;
  if (caller.kind === 'service') return `AIDA${md5(caller.service).toUpperCase().slice(0, 17)}`;
  const name = caller.roleArn.split('/').at(-1) ?? '';
  const role = context.store.table<RoleRecord>('iam', '', 'roles').get(name);
  return `${role?.roleId ?? name}:${caller.sessionName}`;
}

interface Draft {
  record: MessageRecord;
  bytes: number;
  system: Record<string, MessageAttribute>;
}

function draft(queue: QueueRecord, input: Input, context: Context): Draft {
  only('SendMessage', input, SEND);
  const body: unknown = input['MessageBody'];
  if (body === undefined || body === null || body === '') throw missing('MessageBody');
  if (typeof body !== 'string') throw new ServiceError('SerializationException', 'MessageBody is not a String.');
  if (OUTSIDE.test(body)) throw unreadable();
  if (input['MessageDeduplicationId'] !== undefined && input['MessageDeduplicationId'] !== null)
    throw invalidValue(
      `Value ${String(input['MessageDeduplicationId'])} for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  const group: unknown = input['MessageGroupId'] ?? undefined;
  if (group !== undefined && !/^[!-~]{1,128}$/.test(String(group)))
    throw invalidValue(
      `Value ${String(group)} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  const attributes = readAttributes(input['MessageAttributes']);
  const system = readAttributes(input['MessageSystemAttributes'], ['AWSTraceHeader']);
  const bytes = bytesOf(body, attributes);
  const most = numberOf(queue, 'MaximumMessageSize');
  if (bytes > most)
    throw invalidValue(`One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`);
  const delay = whole(input['DelaySeconds'], 'DelaySeconds', 0, 900) ?? numberOf(queue, 'DelaySeconds');
  const sent = context.now();
  const trace = system['AWSTraceHeader']?.StringValue;
  return {
    bytes,
    system,
    record: {
      id: context.world.uuid(),
      body,
      attributes,
      sender: senderOf(context.caller, context),
      sent,
      visible: sent + delay * 1_000,
      received: 0,
      ...(group === undefined ? {} : { group: String(group) }),
      ...(trace === undefined ? {} : { trace }),
    },
  };
}

function post(queue: QueueRecord, { record, system }: Draft, context: Context): Record<string, unknown> {
  messagesOf(context, queue.name).put(record.id, record);
  if (record.visible > context.now()) watch(queue, record.visible, context);
  else context.world.announce(topicOf(queue.arn));
  return {
    MessageId: record.id,
    MD5OfMessageBody: md5(record.body),
    MD5OfMessageAttributes: attributesMd5(record.attributes),
    MD5OfMessageSystemAttributes: attributesMd5(system),
  };
}

const sendMessage: Action = {
  permissions: onQueue('SendMessage'),
  run(input, context) {
    const queue = queueOf(input, context);
    return post(queue, draft(queue, input, context), context);
  },
};

/** The entries of a batch, checked as a whole ("SendMessageBatch", Errors). */
function entriesOf(input: Input, type: string): Input[] {
  const entries = input['Entries'] as Input[] | undefined;
  if (!Array.isArray(entries) || entries.length === 0)
    throw new ServiceError('EmptyBatchRequest', `There should be at least one ${type} in the request.`);
  if (entries.length > MOST_ENTRIES)
    throw new ServiceError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`,
    );
  const seen = new Set<string>();
  for (const entry of entries) {
    const id = String(entry?.['Id'] ?? '');
    if (!/^[\w-]{1,80}$/.test(id))
      throw new ServiceError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    if (seen.has(id)) throw new ServiceError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** Runs each entry by itself: one that fails does not stop the others. */
function each(entries: Input[], work: (entry: Input) => Record<string, unknown>, codes = OLDER_CODES) {
  const Successful: Record<string, unknown>[] = [];
  const Failed: Record<string, unknown>[] = [];
  for (const { Id, ...entry } of entries)
    try {
      Successful.push({ Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Failed.push({
        Id,
        Code: codes[error.code] ?? error.code,
        Message: error.message,
        SenderFault: error.status < 500,
      });
    }
  return { Successful, ...(Failed.length > 0 ? { Failed } : {}) };
}

/** Error names of the JSON protocol → the codes that the query protocol had, and batches still tell. */
export const OLDER_CODES: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnknownOperationException: 'InvalidAction',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

const sendMessageBatch: Action = {
  permissions: onQueue('SendMessage'),
  run(input, context) {
    only('SendMessageBatch', input, ['QueueUrl', 'Entries']);
    const queue = queueOf(input, context);
    const entries = entriesOf(input, 'SendMessageBatchRequestEntry');
    const bytes = entries.reduce(
      (sum, entry) => sum + bytesOf(String(entry['MessageBody'] ?? ''), (entry['MessageAttributes'] ?? {}) as never),
      0,
    );
    if (bytes > BATCH_BYTES)
      throw new ServiceError(
        'BatchRequestTooLong',
        `Batch requests cannot be longer than ${BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
      );
    return each(entries, (entry) => post(queue, draft(queue, entry, context), context));
  },
};

const SYSTEM: Record<string, (message: MessageRecord) => string | undefined> = {
  SenderId: (message) => message.sender,
  SentTimestamp: (message) => String(message.sent),
  ApproximateReceiveCount: (message) => String(message.received),
  ApproximateFirstReceiveTimestamp: (message) => String(message.firstReceived),
  MessageGroupId: (message) => message.group,
  AWSTraceHeader: (message) => message.trace,
  DeadLetterQueueSourceArn: (message) => message.deadFrom,
};
/** Known to the API, never there in a standard queue. */
const FIFO_ONLY = ['SequenceNumber', 'MessageDeduplicationId'];

function systemNames(input: Input): string[] {
  const names = [...new Set([...(input['AttributeNames'] ?? []), ...(input['MessageSystemAttributeNames'] ?? [])])];
  for (const name of names)
    if (name !== 'All' && !Object.hasOwn(SYSTEM, name) && !FIFO_ONLY.includes(name))
      throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${String(name)}.`);
  return names.includes('All') ? Object.keys(SYSTEM) : names.filter((name) => Object.hasOwn(SYSTEM, name));
}

function chosenAttributes(
  all: Record<string, MessageAttribute>,
  wanted: string[],
): Record<string, MessageAttribute> | undefined {
  const matches = (name: string): boolean =>
    wanted.some((want) =>
      want === 'All' || want === '.*' ? true : want.endsWith('.*') ? name.startsWith(want.slice(0, -2)) : want === name,
    );
  const chosen = Object.entries(all).filter(([name]) => matches(name));
  return chosen.length > 0 ? Object.fromEntries(chosen) : undefined;
}

/** Takes up to `most` messages that can be had, and hides them. Those received too often go to the dead-letter queue. */
function take(queue: QueueRecord, most: number, hideMs: number, context: Context): MessageRecord[] {
  dropExpired(queue, context);
  const messages = messagesOf(context, queue.name);
  const now = context.now();
  const ready: MessageRecord[] = [];
  for (const message of messages.values()) {
    if (ready.length >= most + 100) break;
    if (message.visible <= now) ready.push(message);
  }
  const taken: MessageRecord[] = [];
  for (const message of ready) {
    if (taken.length === most) break;
    if (bury(queue, message, context)) continue;
    const next: MessageRecord = {
      ...message,
      visible: now + hideMs,
      received: message.received + 1,
      firstReceived: message.firstReceived ?? now,
      receipt: context.world.suffix(24),
    };
    messages.put(next.id, next);
    taken.push(next);
  }
  if (taken.length > 0 && hideMs > 0) watch(queue, now + hideMs, context);
  return taken;
}

/** "Using dead-letter queues": a message received maxReceiveCount times is not received once more. */
function bury(queue: QueueRecord, message: MessageRecord, context: Context): boolean {
  const policy = queue.attributes['RedrivePolicy'];
  if (!policy) return false;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy) as Record<string, unknown>;
  if (message.received < Number(maxReceiveCount)) return false;
  const dead = queuesOf(context).get(String(deadLetterTargetArn).split(':').at(-1) ?? '');
  if (!dead || !takesDead(dead, queue.arn)) return false;
  messagesOf(context, queue.name).delete(message.id);
  const { receipt: _, ...rest } = message;
  messagesOf(context, dead.name).put(message.id, { ...rest, visible: context.now(), deadFrom: queue.arn });
  context.world.log(
    'delivery',
    `${queue.arn}: message ${message.id} went to ${dead.arn} after ${message.received} receipts.`,
  );
  context.world.announce(topicOf(dead.arn));
  return true;
}

function takesDead(dead: QueueRecord, source: string): boolean {
  const text = dead.attributes['RedriveAllowPolicy'];
  if (!text) return true;
  const policy = JSON.parse(text) as { redrivePermission?: string; sourceQueueArns?: string[] };
  if (policy.redrivePermission === 'byQueue') return policy.sourceQueueArns?.includes(source) ?? false;
  return policy.redrivePermission !== 'denyAll';
}

const handleOf = (message: MessageRecord): string =>
  Buffer.from(`${message.id} ${message.receipt}`).toString('base64url');

const waiting = new WeakMap<World, Set<() => void>>();

/** Waits for news of a queue, at most until `deadline`. False when the time is over or the sandbox stops. */
async function news(queue: QueueRecord, deadline: number, context: Context): Promise<boolean> {
  const { world } = context;
  if (world.stopping || context.now() >= deadline) return false;
  const all = waiting.get(world) ?? new Set();
  waiting.set(world, all);
  return await new Promise<boolean>((done) => {
    const end = (told: boolean): void => {
      stop();
      timer.cancel();
      all.delete(giveUp);
      done(told);
    };
    const giveUp = (): void => end(false);
    const stop = world.listen(topicOf(queue.arn), () => end(true));
    const timer = world.clock.at(deadline, giveUp);
    all.add(giveUp);
  });
}

/** Ends every wait: the sandbox stops. */
export async function endWaits(world: World): Promise<void> {
  for (const giveUp of [...(waiting.get(world) ?? [])]) giveUp();
}

const receiveMessage: Action = {
  permissions: onQueue('ReceiveMessage'),
  async run(input, context) {
    only('ReceiveMessage', input, [
      'QueueUrl',
      'AttributeNames',
      'MessageSystemAttributeNames',
      'MessageAttributeNames',
      'MaxNumberOfMessages',
      'VisibilityTimeout',
      'WaitTimeSeconds',
    ]);
    let queue = queueOf(input, context);
    const most =
      whole(input['MaxNumberOfMessages'], 'MaxNumberOfMessages', 1, 10, 'Must be between 1 and 10, if provided.') ?? 1;
    const hide =
      whole(input['VisibilityTimeout'], 'VisibilityTimeout', 0, 43_200) ?? numberOf(queue, 'VisibilityTimeout');
    const wait =
      whole(input['WaitTimeSeconds'], 'WaitTimeSeconds', 0, 20) ?? numberOf(queue, 'ReceiveMessageWaitTimeSeconds');
    const system = systemNames(input);
    const wanted = ((input['MessageAttributeNames'] ?? []) as unknown[]).map(String);
    const deadline = context.now() + wait * 1_000;
    let taken = take(queue, most, hide * 1_000, context);
    while (taken.length === 0 && (await news(queue, deadline, context))) {
      // Deleted, or changed, while this waited.
      queue = queueOf(input, context);
      taken = take(queue, most, hide * 1_000, context);
    }
    if (taken.length === 0) return {};
    return {
      Messages: taken.map((message) => {
        const told = system
          .map((name) => [name, SYSTEM[name]?.(message)] as const)
          .filter(([, value]) => value !== undefined);
        const attributes = chosenAttributes(message.attributes, wanted);
        return {
          MessageId: message.id,
          ReceiptHandle: handleOf(message),
          MD5OfBody: md5(message.body),
          Body: message.body,
          ...(told.length > 0 ? { Attributes: Object.fromEntries(told) } : {}),
          ...(attributes ? { MessageAttributes: attributes, MD5OfMessageAttributes: attributesMd5(attributes) } : {}),
        };
      }),
    };
  },
};

/** The message a receipt handle stands for; undefined when it is gone or was received again since. */
function held(queue: QueueRecord, handle: unknown, context: Context): MessageRecord | undefined {
  if (handle === undefined || handle === null || handle === '') throw missing('ReceiptHandle');
  const [, id, receipt] =
    /^([\da-f-]{36}) (\w{24})$/.exec(Buffer.from(String(handle), 'base64url').toString('latin1')) ?? [];
  if (!id)
    throw new ServiceError(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${String(handle).slice(0, 200)}" is not a valid receipt handle.`,
    );
  const message = messagesOf(context, queue.name).get(id);
  return message?.receipt === receipt ? message : undefined;
}

/** An older handle of a message that was received again succeeds and deletes nothing ("DeleteMessage"). */
function discard(queue: QueueRecord, handle: unknown, context: Context): Record<string, never> {
  const message = held(queue, handle, context);
  if (message) messagesOf(context, queue.name).delete(message.id);
  return {};
}

const deleteMessage: Action = {
  permissions: onQueue('DeleteMessage'),
  run(input, context) {
    only('DeleteMessage', input, ['QueueUrl', 'ReceiptHandle']);
    return discard(queueOf(input, context), input['ReceiptHandle'], context);
  },
};

const deleteMessageBatch: Action = {
  permissions: onQueue('DeleteMessage'),
  run(input, context) {
    only('DeleteMessageBatch', input, ['QueueUrl', 'Entries']);
    const queue = queueOf(input, context);
    return each(entriesOf(input, 'DeleteMessageBatchRequestEntry'), (entry) =>
      discard(queue, entry['ReceiptHandle'], context),
    );
  },
};

function hideFor(queue: QueueRecord, input: Input, context: Context): Record<string, never> {
  const seconds = whole(input['VisibilityTimeout'], 'VisibilityTimeout', 0, 43_200);
  if (seconds === undefined) throw missing('VisibilityTimeout');
  const message = held(queue, input['ReceiptHandle'], context);
  const now = context.now();
  if (!message || message.visible <= now)
    throw invalidValue(
      `Value ${String(input['ReceiptHandle'])} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  if (now + seconds * 1_000 > (message.firstReceived ?? now) + 43_200_000 && seconds > 0)
    throw invalidValue(
      `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].`,
    );
  const visible = now + seconds * 1_000;
  messagesOf(context, queue.name).put(message.id, { ...message, visible });
  if (seconds > 0) watch(queue, visible, context);
  else context.world.announce(topicOf(queue.arn));
  return {};
}

const changeMessageVisibility: Action = {
  permissions: onQueue('ChangeMessageVisibility'),
  run(input, context) {
    only('ChangeMessageVisibility', input, ['QueueUrl', 'ReceiptHandle', 'VisibilityTimeout']);
    return hideFor(queueOf(input, context), input, context);
  },
};

const changeMessageVisibilityBatch: Action = {
  permissions: onQueue('ChangeMessageVisibility'),
  run(input, context) {
    only('ChangeMessageVisibilityBatch', input, ['QueueUrl', 'Entries']);
    const queue = queueOf(input, context);
    return each(entriesOf(input, 'ChangeMessageVisibilityBatchRequestEntry'), (entry) =>
      hideFor(queue, entry, context),
    );
  },
};

export const messageActions: Record<string, Action> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
};
