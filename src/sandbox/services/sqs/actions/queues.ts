/**
 * Queues: made, looked up, changed, emptied, tagged, deleted. One file, because every action reads or writes the same set of
 * attributes, whose checks fill half of it.
 */
import { MalformedPolicyDocument, parsePolicy } from '../../../../iam-policy/index.ts';
import { ServiceError } from '../../../errors.ts';
import { page } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import {
  dropExpired,
  invalidValue,
  messagesOf,
  missing,
  NUMBERS,
  noQueue,
  notCarried,
  numberOf,
  only,
  onQueue,
  type QueueRecord,
  queueOf,
  queuesOf,
  queueUrl,
  topicOf,
} from '../records.ts';

const NOT_BUILT = [
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
];
const TEXTS = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'SqsManagedSseEnabled'];

const badAttribute = (name: string): ServiceError =>
  new ServiceError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);

function jsonOf(name: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // answered below
  }
  throw invalidValue(`Value ${text} for parameter ${name} is invalid. Reason: Redrive policy is not a valid JSON map.`);
}

function checkRedrive(text: string, context: Context): void {
  const wrong = (reason: string) =>
    invalidValue(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  const policy = jsonOf('RedrivePolicy', text);
  const unknown = Object.keys(policy).find((key) => key !== 'deadLetterTargetArn' && key !== 'maxReceiveCount');
  if (unknown !== undefined)
    throw wrong(`Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].`);
  const { deadLetterTargetArn: arn, maxReceiveCount } = policy;
  if (typeof arn !== 'string') throw wrong('Redrive policy does not contain mandatory attribute: deadLetterTargetArn.');
  if (maxReceiveCount === undefined)
    throw wrong('Redrive policy does not contain mandatory attribute: maxReceiveCount.');
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1_000)
    throw wrong('Invalid value for maxReceiveCount. Must be an integer between 1 and 1000.');
  const name = arn.split(':').at(-1) ?? '';
  if (arn !== context.arn(name) || !queuesOf(context).has(name)) throw wrong('Dead letter target does not exist.');
}

function checkRedriveAllow(text: string): void {
  const { redrivePermission, sourceQueueArns } = jsonOf('RedriveAllowPolicy', text);
  const wrong = (reason: string) =>
    invalidValue(`Value ${text} for parameter RedriveAllowPolicy is invalid. Reason: ${reason}`);
  if (!['allowAll', 'denyAll', 'byQueue'].includes(String(redrivePermission)))
    throw wrong(
      "Amazon SQS can't create the redrive allow policy, as its redrivePermission is not one of allowAll, denyAll, byQueue.",
    );
  const listed = Array.isArray(sourceQueueArns) && sourceQueueArns.length > 0 && sourceQueueArns.length <= 10;
  if ((redrivePermission === 'byQueue') !== listed)
    throw wrong('sourceQueueArns is for redrivePermission byQueue, with one to ten queues.');
}

/** The attributes of an input, each checked; an empty text takes one away. */
function readAttributes(input: Input, context: Context): Record<string, string> {
  const given = (input['Attributes'] ?? {}) as Record<string, unknown>;
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const text = String(value ?? '');
    const range = NUMBERS[name];
    if (NOT_BUILT.includes(name)) {
      if (text === '' || (name === 'FifoQueue' && text === 'false')) continue;
      throw notCarried(`the queue attribute ${name} (queues are standard and not encrypted with a key of one's own)`);
    }
    if (range) {
      if (text !== '' && (!/^\d{1,9}$/.test(text) || Number(text) < range.min || Number(text) > range.max))
        throw badAttribute(name);
    } else if (!TEXTS.includes(name)) throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    else if (text !== '') checkText(name, text, context);
    found[name] = text === '' ? text : range ? String(Number(text)) : text;
  }
  return found;
}

function checkText(name: string, text: string, context: Context): void {
  if (name === 'RedrivePolicy') checkRedrive(text, context);
  if (name === 'RedriveAllowPolicy') checkRedriveAllow(text);
  if (name === 'SqsManagedSseEnabled' && text !== 'true' && text !== 'false') throw badAttribute(name);
  if (name === 'Policy')
    try {
      parsePolicy(text, 'resource');
    } catch (error) {
      if (error instanceof MalformedPolicyDocument) throw badAttribute('Policy');
      throw error;
    }
}

function merged(before: Record<string, string>, changes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== ''));
}

function tagsOf(value: unknown): Record<string, string> {
  const tags = Object.entries((value ?? {}) as Record<string, unknown>).map(
    ([key, item]) => [key, String(item)] as const,
  );
  for (const [key, item] of tags)
    if (
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) ||
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(item) ||
      /^aws:/i.test(key)
    )
      throw invalidValue(`Tag key or value is invalid: ${key.slice(0, 200)}.`);
  return Object.fromEntries(tags);
}

const ourTags = (tags: Record<string, string>): Record<string, string> => {
  if (Object.keys(tags).length > 50) throw invalidValue('Too many tags added for queue.');
  return tags;
};

const createQueue: Action = {
  permissions: (input, context) => {
    const resource = context.arn(String(input['QueueName'] ?? ''));
    return [
      { action: 'sqs:CreateQueue', resource },
      ...(Object.keys((input['tags'] ?? {}) as object).length > 0 ? [{ action: 'sqs:TagQueue', resource }] : []),
    ];
  },
  run(input, context) {
    only('CreateQueue', input, ['QueueName', 'Attributes', 'tags']);
    const name: unknown = input['QueueName'];
    if (name === undefined || name === '') throw missing('QueueName');
    if (typeof name === 'string' && name.endsWith('.fifo')) throw notCarried(`FIFO queues (${name})`);
    if (typeof name !== 'string' || !/^[\w-]{1,80}$/.test(name))
      throw invalidValue('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    const attributes = merged({}, readAttributes(input, context));
    const tags = ourTags(tagsOf(input['tags']));
    const known = queuesOf(context).get(name);
    if (known) {
      const differs = Object.keys(attributes).find((key) => attributes[key] !== shown(known, context)[key]);
      if (differs !== undefined)
        throw new ServiceError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${differs}`,
        );
      return { QueueUrl: queueUrl(context, name) };
    }
    const now = context.now();
    queuesOf(context).put(name, { name, arn: context.arn(name), attributes, tags, created: now, modified: now });
    // Something may wait for a queue of this name since before it was deleted.
    context.world.announce(topicOf(context.arn(name)));
    return { QueueUrl: queueUrl(context, name) };
  },
};

const deleteQueue: Action = {
  permissions: onQueue('DeleteQueue'),
  run(input, context) {
    only('DeleteQueue', input, ['QueueUrl']);
    const queue = queueOf(input, context);
    empty(queue, context);
    queuesOf(context).delete(queue.name);
    context.world.announce(topicOf(queue.arn));
    return {};
  },
};

function empty(queue: QueueRecord, context: Context): void {
  const messages = messagesOf(context, queue.name);
  for (const message of [...messages.values()]) messages.delete(message.id);
}

const purgeQueue: Action = {
  permissions: onQueue('PurgeQueue'),
  run(input, context) {
    only('PurgeQueue', input, ['QueueUrl']);
    const queue = queueOf(input, context);
    if (queue.purged !== undefined && context.now() - queue.purged < 60_000)
      throw new ServiceError(
        'PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        403,
      );
    empty(queue, context);
    queuesOf(context).put(queue.name, { ...queue, purged: context.now() });
    return {};
  },
};

const getQueueUrl: Action = {
  permissions: (input, context) => {
    const name = String(input['QueueName'] ?? '');
    const resourcePolicy = queuesOf(context).get(name)?.attributes['Policy'];
    return [{ action: 'sqs:GetQueueUrl', resource: context.arn(name), resourcePolicy }];
  },
  run(input, context) {
    only('GetQueueUrl', input, ['QueueName', 'QueueOwnerAWSAccountId']);
    if (!input['QueueName']) throw missing('QueueName');
    const name = String(input['QueueName']);
    const owner: unknown = input['QueueOwnerAWSAccountId'] ?? context.account;
    if (owner !== context.account || !queuesOf(context).has(name)) throw noQueue();
    return { QueueUrl: queueUrl(context, name) };
  },
};

const paged = (urls: string[], input: Input, kind: string) => {
  const most: unknown = input['MaxResults'];
  const size = most === undefined || most === null ? undefined : Number(most);
  if (size !== undefined && !(Number.isInteger(size) && size >= 1 && size <= 1_000))
    throw invalidValue(
      `Value ${String(most)} for parameter MaxResults is invalid. Reason: Must be an integer from 1 to 1000.`,
    );
  const token = (input['NextToken'] ?? undefined) as string | undefined;
  return page(urls, token, size ?? 1_000, kind, () => invalidValue('Invalid or expired next token.'));
};

const listQueues: Action = {
  permissions: () => [{ action: 'sqs:ListQueues', resource: '*' }],
  run(input, context) {
    only('ListQueues', input, ['QueueNamePrefix', 'MaxResults', 'NextToken']);
    const prefix = String(input['QueueNamePrefix'] ?? '');
    const names = [...queuesOf(context).values()]
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .sort();
    const { items, next } = paged(
      names.map((name) => queueUrl(context, name)),
      input,
      `queues ${prefix}`,
    );
    // Without MaxResults AWS gives the first thousand and no token.
    return {
      ...(items.length > 0 ? { QueueUrls: items } : {}),
      ...(next && input['MaxResults'] ? { NextToken: next } : {}),
    };
  },
};

const listDeadLetterSourceQueues: Action = {
  permissions: onQueue('ListDeadLetterSourceQueues'),
  run(input, context) {
    only('ListDeadLetterSourceQueues', input, ['QueueUrl', 'MaxResults', 'NextToken']);
    const dead = queueOf(input, context);
    const sources = [...queuesOf(context).values()].filter(({ attributes: { RedrivePolicy } }) =>
      RedrivePolicy
        ? (JSON.parse(RedrivePolicy) as { deadLetterTargetArn: string }).deadLetterTargetArn === dead.arn
        : false,
    );
    const { items, next } = paged(
      sources.map(({ name }) => queueUrl(context, name)).sort(),
      input,
      `dead ${dead.name}`,
    );
    return { queueUrls: items, ...(next ? { NextToken: next } : {}) };
  },
};

/** Every attribute a queue has, as GetQueueAttributes shows it. */
function shown(queue: QueueRecord, context: Context): Record<string, string> {
  dropExpired(queue, context);
  const now = context.now();
  let ready = 0;
  let inFlight = 0;
  let delayed = 0;
  for (const message of messagesOf(context, queue.name).values()) {
    if (message.visible <= now) ready++;
    else if (message.receipt === undefined) delayed++;
    else inFlight++;
  }
  return {
    ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, String(numberOf(queue, name))])),
    SqsManagedSseEnabled: 'true',
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(ready),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.created / 1_000)),
    LastModifiedTimestamp: String(Math.floor(queue.modified / 1_000)),
  };
}

const getQueueAttributes: Action = {
  permissions: onQueue('GetQueueAttributes'),
  run(input, context) {
    only('GetQueueAttributes', input, ['QueueUrl', 'AttributeNames']);
    const queue = queueOf(input, context);
    const names = ((input['AttributeNames'] ?? []) as unknown[]).map(String);
    const all = shown(queue, context);
    const known = (name: string): boolean =>
      name === 'All' || Object.hasOwn(all, name) || TEXTS.includes(name) || NOT_BUILT.includes(name);
    for (const name of names)
      if (!known(name)) throw new ServiceError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    const wanted = names.includes('All') ? Object.keys(all) : names.filter((name) => Object.hasOwn(all, name));
    return wanted.length > 0 ? { Attributes: Object.fromEntries(wanted.map((name) => [name, all[name]])) } : {};
  },
};

const setQueueAttributes: Action = {
  permissions: onQueue('SetQueueAttributes'),
  run(input, context) {
    only('SetQueueAttributes', input, ['QueueUrl', 'Attributes']);
    const queue = queueOf(input, context);
    if (Object.keys((input['Attributes'] ?? {}) as object).length === 0) throw missing('Attribute.Name');
    const attributes = merged(queue.attributes, readAttributes(input, context));
    queuesOf(context).put(queue.name, { ...queue, attributes, modified: context.now() });
    return {};
  },
};

const tagQueue: Action = {
  permissions: onQueue('TagQueue'),
  run(input, context) {
    only('TagQueue', input, ['QueueUrl', 'Tags']);
    const queue = queueOf(input, context);
    const tags = tagsOf(input['Tags']);
    if (Object.keys(tags).length === 0) throw missing('Tags');
    queuesOf(context).put(queue.name, { ...queue, tags: ourTags({ ...queue.tags, ...tags }) });
    return {};
  },
};

const untagQueue: Action = {
  permissions: onQueue('UntagQueue'),
  run(input, context) {
    only('UntagQueue', input, ['QueueUrl', 'TagKeys']);
    const queue = queueOf(input, context);
    const keys = (input['TagKeys'] ?? []) as string[];
    const tags = Object.fromEntries(Object.entries(queue.tags).filter(([key]) => !keys.includes(key)));
    queuesOf(context).put(queue.name, { ...queue, tags });
    return {};
  },
};

const listQueueTags: Action = {
  permissions: onQueue('ListQueueTags'),
  run(input, context) {
    only('ListQueueTags', input, ['QueueUrl']);
    const { tags } = queueOf(input, context);
    return Object.keys(tags).length > 0 ? { Tags: tags } : {};
  },
};

export const queueActions: Record<string, Action> = {
  CreateQueue: createQueue,
  DeleteQueue: deleteQueue,
  PurgeQueue: purgeQueue,
  GetQueueUrl: getQueueUrl,
  ListQueues: listQueues,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  GetQueueAttributes: getQueueAttributes,
  SetQueueAttributes: setQueueAttributes,
  TagQueue: tagQueue,
  UntagQueue: untagQueue,
  ListQueueTags: listQueueTags,
};
