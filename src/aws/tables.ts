/** DynamoDB tables by their shape. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client('dynamodb', async (config) => new (await import('@aws-sdk/client-dynamodb')).DynamoDB(config));

export interface TableShape {
  /** CREATING | ACTIVE | UPDATING | DELETING … */
  status: string;
  /** `PK (S)`, in the order of the key */
  keys: string[];
  /** index name → its key, as `keys` */
  indexes: Record<string, string[]>;
  /** KEYS_ONLY | NEW_IMAGE | …; undefined without a stream */
  stream?: string;
}

/** Undefined when there is no such table. */
export async function tableShape(connection: Connection, name: string): Promise<TableShape | undefined> {
  const client = await load(connection);
  try {
    const { Table } = await client.describeTable({ TableName: name });
    const types = new Map((Table?.AttributeDefinitions ?? []).map((one) => [one.AttributeName, one.AttributeType]));
    const keysOf = (schema: { AttributeName?: string | undefined }[] | undefined): string[] =>
      (schema ?? []).map(({ AttributeName }) => `${AttributeName} (${types.get(AttributeName) ?? '?'})`);
    const stream = Table?.StreamSpecification;
    return {
      status: Table?.TableStatus ?? '',
      keys: keysOf(Table?.KeySchema),
      indexes: Object.fromEntries(
        [...(Table?.GlobalSecondaryIndexes ?? []), ...(Table?.LocalSecondaryIndexes ?? [])].map((index) => [
          index.IndexName ?? '',
          keysOf(index.KeySchema),
        ]),
      ),
      ...(stream?.StreamEnabled && stream.StreamViewType ? { stream: stream.StreamViewType } : {}),
    };
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

export async function listTables(connection: Connection): Promise<string[]> {
  const client = await load(connection);
  const names: string[] = [];
  let start: string | undefined;
  do {
    const page = await client.listTables({ ExclusiveStartTableName: start });
    names.push(...(page.TableNames ?? []));
    start = page.LastEvaluatedTableName;
  } while (start);
  return names;
}
