/** DynamoDB Streams: one shard a stream, read by sequence number; records are kept 24 hours on the sandbox's clock. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { invalid, notCarried } from '../dynalite.ts';
import { openItems } from '../items.ts';
import { sequenceNumber, sequenceOf } from '../stream-records.ts';
import { type StreamState, type TableRecord, tableName } from '../tables.ts';

const DAY = 86_400_000;
const QUARTER = 900_000;

const onStream = (action: string) => (input: Input) => [
  { action: `dynamodb:${action}`, resource: String(input['StreamArn'] ?? '*') },
];

function only(operation: string, input: Input, names: string[]): void {
  for (const name of Object.keys(input)) if (!names.includes(name)) throw notCarried(operation, name);
}

function findStream(context: Context, arn: unknown): { table: TableRecord; stream: StreamState } {
  for (const table of context.table<TableRecord>('tables').values())
    for (const stream of table.streams ?? [])
      if (stream.arn === arn) return { table, stream: stream.id === table.stream?.id ? table.stream : stream };
  throw new ServiceError(
    'ResourceNotFoundException',
    `Requested resource not found: Stream: ${String(arn)} not found`,
    400,
  );
}

const listStreams: Action = {
  permissions: () => [{ action: 'dynamodb:ListStreams', resource: '*' }],
  run(input, context) {
    only('ListStreams', input, ['TableName', 'Limit', 'ExclusiveStartStreamArn']);
    const name = input['TableName'] === undefined ? undefined : tableName(input['TableName'], context);
    const limit = Number(input['Limit'] ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100)
      throw invalid(
        `1 validation error detected: Value '${String(input['Limit'])}' at 'limit' failed to satisfy constraint: Member must have value between 1 and 100`,
      );
    const after = input['ExclusiveStartStreamArn'] as string | undefined;
    const all = [...context.table<TableRecord>('tables').values()]
      .filter((table) => name === undefined || table.TableName === name)
      .flatMap((table) =>
        (table.streams ?? []).map((stream) => ({
          StreamArn: stream.arn,
          TableName: table.TableName,
          StreamLabel: stream.label,
        })),
      )
      .sort((a, b) => (a.StreamArn < b.StreamArn ? -1 : 1))
      .filter(({ StreamArn }) => after === undefined || StreamArn > after);
    const page = all.slice(0, limit);
    return { Streams: page, ...(all.length > page.length ? { LastEvaluatedStreamArn: page.at(-1)?.StreamArn } : {}) };
  },
};

const describeStream: Action = {
  permissions: onStream('DescribeStream'),
  run(input, context) {
    only('DescribeStream', input, ['StreamArn', 'Limit', 'ExclusiveStartShardId']);
    const { table, stream } = findStream(context, input['StreamArn']);
    const shard = {
      ShardId: stream.shardId,
      SequenceNumberRange: {
        StartingSequenceNumber: sequenceNumber(stream.start + 1),
        ...(stream.end === undefined ? {} : { EndingSequenceNumber: sequenceNumber(stream.end) }),
      },
    };
    return {
      StreamDescription: {
        StreamArn: stream.arn,
        StreamLabel: stream.label,
        StreamStatus: stream.enabled ? 'ENABLED' : 'DISABLED',
        StreamViewType: stream.viewType,
        CreationRequestDateTime: stream.created / 1000,
        TableName: table.TableName,
        KeySchema: table.KeySchema,
        Shards: input['ExclusiveStartShardId'] === stream.shardId ? [] : [shard],
      },
    };
  },
};

interface Iterator {
  arn: string;
  after: number;
  issued: number;
}

const iterator = (value: Iterator): string =>
  `${value.arn}|1|${Buffer.from(JSON.stringify(value)).toString('base64url')}`;

function readIterator(token: unknown): Iterator {
  try {
    const value = JSON.parse(Buffer.from(String(token).split('|')[2] ?? '', 'base64url').toString()) as Iterator;
    if (typeof value.arn === 'string' && Number.isInteger(value.after)) return value;
  } catch {
    // falls through
  }
  throw invalid('Invalid ShardIterator');
}

const getShardIterator: Action = {
  permissions: onStream('GetShardIterator'),
  async run(input, context) {
    only('GetShardIterator', input, ['StreamArn', 'ShardId', 'ShardIteratorType', 'SequenceNumber']);
    const { stream } = findStream(context, input['StreamArn']);
    if (input['ShardId'] !== stream.shardId)
      throw new ServiceError(
        'ResourceNotFoundException',
        `Requested resource not found: Shard: ${String(input['ShardId'])} in Stream: ${stream.arn} not found`,
        400,
      );
    const type: unknown = input['ShardIteratorType'];
    const items = await openItems(context);
    let after: number;
    if (type === 'TRIM_HORIZON') after = stream.start;
    else if (type === 'LATEST') after = items.sequence;
    else if (type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER') {
      const given = sequenceOf(String(input['SequenceNumber'] ?? ''));
      if (given === undefined) throw invalid(`Invalid SequenceNumber: ${String(input['SequenceNumber'])}`);
      after = type === 'AT_SEQUENCE_NUMBER' ? given - 1 : given;
      if (after < stream.start)
        throw new ServiceError(
          'TrimmedDataAccessException',
          'The requested sequence number is beyond the trim horizon of the stream.',
          400,
        );
    } else
      throw invalid(
        `1 validation error detected: Value '${String(type)}' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]`,
      );
    return { ShardIterator: iterator({ arn: stream.arn, after, issued: context.now() }) };
  },
};

/** Old records are looked for now and then, not at every read. */
const trimmed = new WeakMap<object, Map<string, number>>();

const getRecords: Action = {
  permissions: (input) => {
    const arn = String(input['ShardIterator'] ?? '').split('|')[0];
    return [{ action: 'dynamodb:GetRecords', resource: arn || '*' }];
  },
  async run(input, context) {
    only('GetRecords', input, ['ShardIterator', 'Limit']);
    const position = readIterator(input['ShardIterator']);
    const limit = Number(input['Limit'] ?? 1000);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
      throw invalid(
        `1 validation error detected: Value '${String(input['Limit'])}' at 'limit' failed to satisfy constraint: Member must have value between 1 and 1000`,
      );
    if (position.issued + QUARTER < context.now())
      throw new ServiceError('ExpiredIteratorException', 'The iterator is more than 15 minutes old.', 400);
    const { stream } = findStream(context, position.arn);
    const items = await openItems(context);
    const horizon = context.now() - DAY;
    const known = trimmed.get(items) ?? new Map<string, number>();
    trimmed.set(items, known);
    if ((known.get(stream.id) ?? 0) + DAY / 24 < context.now()) {
      known.set(stream.id, context.now());
      await items.trim(stream.id, horizon);
    }
    const records = await items.records(stream.id, position.after, limit);
    const last = records.at(-1);
    const after = last ? (sequenceOf(last.dynamodb.SequenceNumber) ?? position.after) : position.after;
    const ended = stream.end !== undefined && records.length === 0;
    return {
      Records: records,
      ...(ended ? {} : { NextShardIterator: iterator({ arn: stream.arn, after, issued: context.now() }) }),
    };
  },
};

export const streamActions: Record<string, Action> = {
  ListStreams: listStreams,
  DescribeStream: describeStream,
  GetShardIterator: getShardIterator,
  GetRecords: getRecords,
};
