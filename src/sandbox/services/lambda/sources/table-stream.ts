/**
 * A table's stream as an event source (Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"). The checkpoint is
 * a sequence number, put after the function succeeded: after a kill a batch may come again, but none is left out.
 */
import { type Pattern, matches, parsePattern, type Json } from '../../../../event-pattern/index.ts';
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import { findFunction, invalid } from '../names.ts';
import type { MappingRecord } from '../records.ts';
import type { EventSource, Next, Run } from './source.ts';

interface Position {
  /** The last record that is done with; none yet: from the stream's beginning. */
  after?: string;
  /** Failed attempts of the batch that is next. */
  attempts: number;
  /** Sizes of the batches that come next, after a batch was split. */
  parts: number[];
}

interface StreamRecord {
  dynamodb: { SequenceNumber: string; ApproximateCreationDateTime: number };
}

const DAY = 86_400_000;

async function role(mapping: MappingRecord, context: Context): Promise<Principal> {
  const record = findFunction({ FunctionName: mapping.functionName }, context);
  return await context.world.assume(record.role, 'lambda.amazonaws.com', record.name, { account: context.account });
}

/** Reads at most `limit` records after a position. */
async function read(
  arn: string,
  after: string | undefined,
  limit: number,
  context: Context,
  as: Principal,
): Promise<StreamRecord[]> {
  const described = await context.call('dynamodb', 'DescribeStream', { StreamArn: arn }, { as });
  const { ShardId } = (described['StreamDescription'] as { Shards: { ShardId: string }[] }).Shards[0] ?? {};
  const from =
    after === undefined
      ? { ShardIteratorType: 'TRIM_HORIZON' }
      : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after };
  const { ShardIterator } = await context.call(
    'dynamodb',
    'GetShardIterator',
    { StreamArn: arn, ShardId, ...from },
    { as },
  );
  const { Records } = await context.call('dynamodb', 'GetRecords', { ShardIterator, Limit: limit }, { as });
  return Records as StreamRecord[];
}

const filters = new Map<string, Pattern>();

function wanted(record: StreamRecord, mapping: MappingRecord): boolean {
  if (mapping.filters.length === 0) return true;
  return mapping.filters.some((text) => {
    let pattern = filters.get(text);
    if (!pattern) {
      pattern = parsePattern(text);
      if (filters.size > 500) filters.clear();
      filters.set(text, pattern);
    }
    return matches(pattern, record as unknown as Json);
  });
}

const positions = (context: Context) => context.table<Position>('positions');

export const tableStream: EventSource = {
  arn: /^arn:aws[\w-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]+\/stream\/[\w:.-]+$/,
  kind: 'stream',
  batch: { usual: 100, most: 10_000 },
  startingPositions: ['TRIM_HORIZON', 'LATEST'],
  topic: (arn) => `dynamodb:${arn}`,

  async begin(mapping, input, context) {
    let as: Principal;
    let after: string | undefined;
    try {
      as = await role(mapping, context);
      await context.call('dynamodb', 'ListStreams', {}, { as });
      let records = await read(mapping.source, undefined, 1_000, context, as);
      while (input['StartingPosition'] === 'LATEST' && records.length > 0) {
        after = records.at(-1)?.dynamodb.SequenceNumber;
        records = await read(mapping.source, after, 1_000, context, as);
      }
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'ResourceNotFoundException')
        throw invalid(`Stream not found: ${mapping.source}`);
      throw invalid(
        `Cannot access stream ${mapping.source}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.`,
      );
    }
    positions(context).put(mapping.uuid, { attempts: 0, parts: [], ...(after === undefined ? {} : { after }) });
  },

  async turn(mapping, run, context): Promise<Next> {
    const position = positions(context).get(mapping.uuid) ?? { attempts: 0, parts: [] };
    const as = await role(mapping, context);
    const limit = position.parts[0] ?? mapping.batchSize;
    const records = await read(mapping.source, position.after, Math.min(limit, 1_000), context, as);
    if (records.length === 0) return 'idle';
    return await take(mapping, position, records, run, context);
  },

  end: (mapping, context) => void positions(context).delete(mapping.uuid),
};

async function take(
  mapping: MappingRecord,
  position: Position,
  records: StreamRecord[],
  run: Run,
  context: Context,
): Promise<Next> {
  const put = (next: Position): void => positions(context).put(mapping.uuid, next);
  const numberOf = (index: number): string | undefined => records[index]?.dynamodb.SequenceNumber ?? position.after;
  /** Everything up to and with the record at `index` is done with. */
  const done = (index: number, parts: number[]): void => {
    const after = numberOf(index);
    put({ attempts: 0, parts, ...(after === undefined ? {} : { after }) });
  };
  const chosen = records.filter((record) => wanted(record, mapping));
  const last = records.length - 1;
  if (chosen.length === 0) {
    done(last, position.parts.slice(1));
    return 'more';
  }
  const result = await run(chosen.map((record) => ({ ...record, eventSourceARN: mapping.source })));
  // The mapping was deleted, or begun anew, while the function ran.
  if (!positions(context).has(mapping.uuid)) return 'idle';
  let kept = -1;
  if (!result.failed) {
    const failed = mapping.reportsFailures ? firstFailure(result.response, records) : undefined;
    if (failed === undefined) {
      done(last, position.parts.slice(1));
      return 'more';
    }
    kept = failed - 1;
  }
  const oldest = (records[kept + 1]?.dynamodb.ApproximateCreationDateTime ?? 0) * 1_000;
  const limitMs = mapping.maximumRecordAge < 0 ? DAY : mapping.maximumRecordAge * 1_000;
  const attempts = kept >= 0 ? 1 : position.attempts + 1;
  const tooOften = mapping.maximumRetryAttempts >= 0 && attempts > mapping.maximumRetryAttempts;
  const splits = mapping.bisect && kept < 0 && records.length > 1;
  const progress = kept >= 0 ? numberOf(kept) : position.after;
  const here = progress === undefined ? {} : { after: progress };
  if (context.now() - oldest >= limitMs || (tooOften && !splits)) {
    context.world.log(
      'delivery',
      `${mapping.functionName}: ${records.length - kept - 1} records of ${mapping.source} given up: ${result.reason}`,
    );
    done(last, position.parts.slice(1));
    return 'more';
  }
  if (splits) {
    const half = Math.ceil(records.length / 2);
    put({ attempts: position.attempts, parts: [half, records.length - half, ...position.parts.slice(1)], ...here });
    return 'more';
  }
  put({ attempts, parts: position.parts, ...here });
  return context.now() + Math.min(60_000, 1_000 * 2 ** Math.min(attempts - 1, 6));
}

/** The place of the first record that the function says it could not do; 0 for an answer that makes no sense. */
function firstFailure(response: unknown, records: StreamRecord[]): number | undefined {
  const list = (response as { batchItemFailures?: unknown } | null)?.batchItemFailures;
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return 0;
  if (list.length === 0) return undefined;
  const places = (list as { itemIdentifier?: unknown }[]).map((failure) =>
    records.findIndex((record) => record.dynamodb.SequenceNumber === failure?.itemIdentifier),
  );
  return Math.max(0, Math.min(...places));
}
