/** Records of a table's stream (Amazon DynamoDB Streams API Reference, Record and StreamRecord). */
import type { Context } from '../../service.ts';
import { dynalite, type Item } from './dynalite.ts';
import type { StreamState, TableRecord } from './tables.ts';

export interface StreamRecord {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: '1.1';
  eventSource: 'aws:dynamodb';
  awsRegion: string;
  dynamodb: {
    /** epoch seconds */
    ApproximateCreationDateTime: number;
    Keys: Item;
    NewImage?: Item;
    OldImage?: Item;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: StreamState['viewType'];
  };
}

/** As long as AWS's, and in the order of the numbers when compared as texts. */
export const sequenceNumber = (sequence: number): string => `1${String(sequence).padStart(20, '0')}`;

/** The other way; undefined for what was never a sequence number of ours. */
export function sequenceOf(text: string): number | undefined {
  return /^1\d{20}$/.test(text) ? Number(text.slice(1)) : undefined;
}

export const streamKey = (streamId: string, sequence: number): string =>
  `s!${streamId}!${String(sequence).padStart(16, '0')}`;

export function streamRecord(
  table: TableRecord,
  stream: StreamState,
  before: Item | undefined,
  after: Item | undefined,
  sequence: number,
  context: Context,
): StreamRecord {
  const { db } = dynalite();
  const image = after ?? before ?? {};
  const keys: Item = {};
  for (const { AttributeName } of table.KeySchema) {
    const value = image[AttributeName];
    if (value) keys[AttributeName] = value;
  }
  const { viewType } = stream;
  const newImage = after && (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') ? after : undefined;
  const oldImage = before && (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES') ? before : undefined;
  return {
    eventID: Buffer.from(context.world.random(16)).toString('hex'),
    eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: context.region,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(context.now() / 1000),
      Keys: keys,
      ...(newImage ? { NewImage: newImage } : {}),
      ...(oldImage ? { OldImage: oldImage } : {}),
      SequenceNumber: sequenceNumber(sequence),
      SizeBytes: db.itemSize(keys) + (newImage ? db.itemSize(newImage) : 0) + (oldImage ? db.itemSize(oldImage) : 0),
      StreamViewType: viewType,
    },
  };
}
