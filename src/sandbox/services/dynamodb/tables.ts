/** Tables: records in the account's journal, in the shape that dynalite's actions read. */
import { ServiceError } from '../../errors.ts';
import type { Context, Input, Permission } from '../../service.ts';
import { invalid } from './dynalite.ts';

export interface KeyElement {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}

export interface Throughput {
  ReadCapacityUnits: number;
  WriteCapacityUnits: number;
}

export interface IndexRecord {
  IndexName: string;
  KeySchema: KeyElement[];
  Projection: { ProjectionType: string; NonKeyAttributes?: string[] };
  IndexStatus?: 'CREATING' | 'ACTIVE' | 'DELETING';
  ProvisionedThroughput?: Throughput;
}

export interface StreamState {
  /** Names the stream among the account's stream records. */
  id: string;
  arn: string;
  label: string;
  viewType: 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';
  enabled: boolean;
  /** epoch milliseconds */
  created: number;
  shardId: string;
  /** The number before its first record. */
  start: number;
  /** The last number, once it is disabled. */
  end?: number;
}

export interface TableRecord {
  TableName: string;
  TableId: string;
  TableArn: string;
  TableStatus: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING';
  /** epoch milliseconds */
  created: number;
  AttributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[];
  KeySchema: KeyElement[];
  LocalSecondaryIndexes?: IndexRecord[];
  GlobalSecondaryIndexes?: IndexRecord[];
  BillingMode: 'PROVISIONED' | 'PAY_PER_REQUEST';
  /** epoch milliseconds */
  onDemandSince?: number;
  ProvisionedThroughput?: Throughput;
  deletionProtection: boolean;
  tableClass: string;
  tags: Record<string, string>;
  ttl?: { attribute: string };
  pointInTimeRecovery?: { since: number; days: number };
  /** The latest stream, enabled or not. */
  stream?: StreamState;
  /** Every stream the table has had. */
  streams?: StreamState[];
}

/** The record of a table. `forItems`: a table that is being made or deleted is not there, and the message is the shorter one. */
export function findTable(context: Context, name: string, forItems = false): TableRecord {
  const table = context.table<TableRecord>('tables').get(name);
  if (table && !(forItems && (table.TableStatus === 'CREATING' || table.TableStatus === 'DELETING'))) return table;
  throw new ServiceError(
    'ResourceNotFoundException',
    forItems ? 'Requested resource not found' : `Requested resource not found: Table: ${name} not found`,
    400,
  );
}

/** Puts a changed copy of the record. */
export function change(context: Context, name: string, changes: Partial<TableRecord>): TableRecord {
  const table = { ...findTable(context, name), ...changes };
  context.table<TableRecord>('tables').put(name, table);
  return table;
}

/** A table may be given by its ARN (API Reference, TableName): the name in it, of this account and Region only. */
export function tableName(value: unknown, context: Context): string {
  const text = typeof value === 'string' ? value : '';
  const match = /^arn:aws:dynamodb:([^:]*):(\d{12}):table\/([^/]+)$/.exec(text);
  if (!match) return text;
  if (match[1] !== context.region) throw invalid(`Invalid table ARN: ${text}: it is in another Region`);
  if (match[2] !== context.account)
    throw new ServiceError(
      'AccessDeniedException',
      `User: ${context.world.describe(context.caller)} is not authorized to perform this operation on resource: ${text} because no resource-based policy allows it`,
      400,
    );
  return match[3] ?? '';
}

/** `input` with the table's name in place of its ARN. */
export function named(input: Input, context: Context): Input {
  return typeof input['TableName'] === 'string' && input['TableName'].startsWith('arn:')
    ? { ...input, TableName: tableName(input['TableName'], context) }
    : input;
}

export const tableArn = (name: string, context: Context): string => context.arn(`table/${name}`);

/** IAM: the action on the table, or on its index where one is read. */
export function onTable(action: string) {
  return (input: Input, context: Context): Permission[] => {
    const arn = tableArn(tableName(input['TableName'], context), context);
    const index = input['IndexName'];
    return [
      {
        action: `dynamodb:${action}`,
        resource: typeof index === 'string' ? `${arn}/index/${index}` : arn,
      },
    ];
  };
}
