/**
 * A queue as an event source (Lambda Developer Guide, "Using Lambda with Amazon SQS"). Nothing is remembered here: what a
 * function did is deleted from the queue, what it could not do comes back when its visibility timeout is over, also after
 * a kill. A queue is read by several at once, each with a batch of its own; how many is what limits the invocations.
 */
import { type Json, matches, parsePattern } from '../../../../event-pattern/index.ts';
import { authorize } from '../../../authorize.ts';
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import type { World } from '../../../world.ts';
import { findFunction, invalid } from '../names.ts';
import type { FunctionRecord, MappingRecord } from '../records.ts';
import type { BatchResult, EventSource, Next, Run } from './source.ts';

/** "Lambda begins with five batches at a time." */
const USUAL_READERS = 5;
/** More would not be faster in one process. */
const MOST_READERS = 50;

interface Attribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

interface Received {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes: Record<string, string>;
  MessageAttributes?: Record<string, Attribute>;
}

const urlOf = (arn: string, context: Context): string =>
  `${context.world.endpoint}/${arn.split(':').slice(4).join('/')}`;

async function role(record: FunctionRecord, context: Context): Promise<Principal> {
  return await context.world.assume(record.role, 'lambda.amazonaws.com', record.name, { account: context.account });
}

/** The message in the form a function sees. */
function recordOf(message: Received, source: string): Record<string, unknown> {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          ...(StringValue === undefined ? {} : { stringValue: StringValue }),
          ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: source,
    awsRegion: source.split(':')[3],
  };
}

/** Filters look into a body that is JSON; a body that is not can only be matched as text. */
function wanted(record: Record<string, unknown>, filters: string[]): boolean {
  if (filters.length === 0) return true;
  let body: unknown = record['body'];
  try {
    body = JSON.parse(String(body));
  } catch {
    // stays text
  }
  return filters.some((filter) => matches(parsePattern(filter), { ...record, body } as unknown as Json));
}

/** Since when a batching window is open, by mapping. Lost with the process: the window then begins again. */
const windows = new WeakMap<World, Map<string, number>>();

/** When the window of a mapping ends; undefined when there is nothing to wait for. */
function windowEnd(mapping: MappingRecord, ready: number, context: Context): number | undefined {
  let open = windows.get(context.world);
  if (!open) {
    open = new Map();
    windows.set(context.world, open);
  }
  if (ready === 0 || ready >= mapping.batchSize || mapping.window === 0) {
    open.delete(mapping.uuid);
    return undefined;
  }
  const since = open.get(mapping.uuid) ?? context.now();
  open.set(mapping.uuid, since);
  const end = since + mapping.window * 1_000;
  if (end > context.now()) return end;
  open.delete(mapping.uuid);
  return undefined;
}

async function receive(mapping: MappingRecord, context: Context, as: Principal): Promise<Received[]> {
  const QueueUrl = urlOf(mapping.source, context);
  const all: Received[] = [];
  while (all.length < mapping.batchSize) {
    const { Messages = [] } = await context.call(
      'sqs',
      'ReceiveMessage',
      {
        QueueUrl,
        MaxNumberOfMessages: Math.min(10, mapping.batchSize - all.length),
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
      { as },
    );
    if (Messages.length === 0) break;
    all.push(...(Messages as Received[]));
  }
  return all;
}

async function discard(messages: Received[], mapping: MappingRecord, context: Context, as: Principal): Promise<void> {
  const QueueUrl = urlOf(mapping.source, context);
  for (let at = 0; at < messages.length; at += 10)
    await context.call(
      'sqs',
      'DeleteMessageBatch',
      {
        QueueUrl,
        Entries: messages.slice(at, at + 10).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      },
      { as },
    );
}

/** The messages that are done with: all, none, or all but those the answer names ("Handling errors", batch item failures). */
function done(messages: Received[], result: BatchResult, mapping: MappingRecord): Received[] {
  if (result.failed) return [];
  if (!mapping.reportsFailures) return messages;
  const failures = (result.response as { batchItemFailures?: unknown } | null)?.batchItemFailures;
  if (failures === undefined || failures === null) return messages;
  if (!Array.isArray(failures)) return [];
  const failed = new Set((failures as { itemIdentifier?: unknown }[]).map((failure) => failure?.itemIdentifier));
  const known = new Set(messages.map(({ MessageId }) => MessageId));
  // An answer that names nothing of this batch makes no sense: the batch failed.
  if ([...failed].some((id) => typeof id !== 'string' || !known.has(id))) return [];
  return messages.filter(({ MessageId }) => !failed.has(MessageId));
}

export const queue: EventSource = {
  arn: /^arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/,
  kind: 'queue',
  batch: { usual: 10, most: 10_000 },
  startingPositions: [],
  topic: (arn) => `sqs:${arn}`,
  readers: (mapping) => Math.min(mapping.concurrency ?? USUAL_READERS, MOST_READERS),

  async begin(mapping, _input, context) {
    const record = findFunction({ FunctionName: mapping.functionName }, context);
    const denied = (action: string) =>
      invalid(`The function execution role does not have permissions to call ${action} on SQS`);
    let attributes: Record<string, string>;
    try {
      const answer = await context.world.call(
        'sqs',
        'GetQueueAttributes',
        { QueueUrl: urlOf(mapping.source, context), AttributeNames: ['All'] },
        { account: context.account, region: context.region },
      );
      attributes = answer['Attributes'] as Record<string, string>;
      if (attributes['QueueArn'] !== mapping.source) throw new ServiceError('QueueDoesNotExist', 'elsewhere');
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'QueueDoesNotExist')) throw error;
      throw invalid(
        'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
      );
    }
    let as: Principal;
    try {
      as = await role(record, context);
    } catch {
      throw denied('ReceiveMessage');
    }
    if (context.world.options.enforceIam !== false)
      for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])
        try {
          const permission = {
            action: `sqs:${action}`,
            resource: mapping.source,
            resourcePolicy: attributes['Policy'],
          };
          authorize(context.store, as, permission, context.now(), context.region);
        } catch {
          throw denied(action);
        }
    const hidden = Number(attributes['VisibilityTimeout']);
    if (hidden < record.timeout)
      throw invalid(
        `Queue visibility timeout: ${hidden} seconds is less than Function timeout: ${record.timeout} seconds`,
      );
  },

  async turn(mapping: MappingRecord, run: Run, context: Context): Promise<Next> {
    const as = await role(findFunction({ FunctionName: mapping.functionName }, context), context);
    const { Attributes } = await context.call(
      'sqs',
      'GetQueueAttributes',
      { QueueUrl: urlOf(mapping.source, context), AttributeNames: ['ApproximateNumberOfMessages'] },
      { as },
    );
    const ready = Number((Attributes as Record<string, string>)['ApproximateNumberOfMessages']);
    const end = windowEnd(mapping, ready, context);
    if (end !== undefined) return { by: end };
    if (ready === 0) return 'idle';
    const messages = await receive(mapping, context, as);
    if (messages.length === 0) return 'idle';
    const records = messages.map((message) => recordOf(message, mapping.source));
    const chosen = messages.filter((_, index) => wanted(records[index] ?? {}, mapping.filters));
    const unwanted = messages.filter((message) => !chosen.includes(message));
    await discard(unwanted, mapping, context, as);
    if (chosen.length === 0) return 'more';
    const result = await run(chosen.map((message) => records[messages.indexOf(message)]));
    await discard(done(chosen, result, mapping), mapping, context, as);
    return 'more';
  },

  end: () => {},
};
