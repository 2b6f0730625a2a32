// One file: every test works on the same small table of orders.
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TagResourceCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../index.ts';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const orders: CreateTableCommandInput = {
  TableName: 'orders',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'PK', AttributeType: 'S' },
    { AttributeName: 'SK', AttributeType: 'S' },
    { AttributeName: 'STATE', AttributeType: 'S' },
    { AttributeName: 'TS', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'PK', KeyType: 'HASH' },
    { AttributeName: 'SK', KeyType: 'RANGE' },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: 'by-time',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'TS', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-state',
      KeySchema: [
        { AttributeName: 'STATE', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
};

const order = (id: string, more: Record<string, { S: string } | { N: string }> = {}) => ({
  PK: { S: 'orders' },
  SK: { S: id },
  ...more,
});
const key = (id: string) => order(id);

async function make(sandbox: Sandbox, input: CreateTableCommandInput = orders) {
  const client = new DynamoDBClient(clientConfig(sandbox));
  await client.send(new CreateTableCommand(input));
  await sandbox.settle();
  return client;
}

/** Every record of a table's stream, as a reader with its own place in it sees them. */
async function readStream(sandbox: Sandbox, table = 'orders') {
  const streams = new DynamoDBStreamsClient(clientConfig(sandbox));
  const { Streams = [] } = await streams.send(new ListStreamsCommand({ TableName: table }));
  const StreamArn = Streams.at(-1)?.StreamArn;
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
  const start = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator: start.ShardIterator }));
  return Records;
}

test('a table is CREATING, then ACTIVE, with ARNs of its own account and Region', () =>
  withSandbox(async (sandbox) => {
    const client = new DynamoDBClient(clientConfig(sandbox, '210987654321'));
    const made = await client.send(new CreateTableCommand({ ...orders, Tags: [{ Key: 'a', Value: 'b' }] }));
    expect(made.TableDescription).toMatchObject({
      TableStatus: 'CREATING',
      TableArn: 'arn:aws:dynamodb:us-east-1:210987654321:table/orders',
    });
    await sandbox.settle();
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'orders' }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      ItemCount: 0,
    });
    expect(Table?.CreationDateTime).toBeInstanceOf(Date);
    expect(Table?.LatestStreamArn).toMatch(/^arn:aws:dynamodb:us-east-1:210987654321:table\/orders\/stream\/20/);
    const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    expect(tags.Tags).toEqual([{ Key: 'a', Value: 'b' }]);
    const other = new DynamoDBClient(clientConfig(sandbox));
    expect((await other.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    await expect(client.send(new CreateTableCommand(orders))).rejects.toMatchObject({ name: 'ResourceInUseException' });
  }));

test('items are found by key, by index and page by page', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    for (let i = 0; i < 7; i++)
      await client.send(
        new PutItemCommand({
          TableName: 'orders',
          Item: order(`o${i}`, { STATE: { S: i < 5 ? 'CREATED' : 'Completed' }, TS: { N: String(100 - i) } }),
        }),
      );
    const one = await client.send(new GetItemCommand({ TableName: 'orders', Key: key('o3') }));
    expect(one.Item).toEqual(order('o3', { STATE: { S: 'CREATED' }, TS: { N: '97' } }));
    const byState = await client.send(
      new QueryCommand({
        TableName: 'orders',
        IndexName: 'by-state',
        KeyConditionExpression: '#s = :s',
        ExpressionAttributeNames: { '#s': 'STATE' },
        ExpressionAttributeValues: { ':s': { S: 'CREATED' } },
        Limit: 3,
      }),
    );
    expect(byState.Items?.map((item) => item['SK']?.S)).toEqual(['o0', 'o1', 'o2']);
    const rest = await client.send(
      new QueryCommand({
        TableName: 'orders',
        IndexName: 'by-state',
        KeyConditionExpression: '#s = :s',
        ExpressionAttributeNames: { '#s': 'STATE' },
        ExpressionAttributeValues: { ':s': { S: 'CREATED' } },
        ExclusiveStartKey: byState.LastEvaluatedKey,
      }),
    );
    expect(rest.Items?.map((item) => item['SK']?.S)).toEqual(['o3', 'o4']);
    expect(rest.LastEvaluatedKey).toBeUndefined();
    const byTime = await client.send(
      new QueryCommand({
        TableName: 'orders',
        IndexName: 'by-time',
        KeyConditionExpression: 'PK = :p AND TS BETWEEN :a AND :b',
        ExpressionAttributeValues: { ':p': { S: 'orders' }, ':a': { N: '95' }, ':b': { N: '97' } },
        ScanIndexForward: false,
      }),
    );
    expect(byTime.Items?.map((item) => item['TS']?.N)).toEqual(['97', '96', '95']);
    await client.send(
      new UpdateItemCommand({
        TableName: 'orders',
        Key: key('o0'),
        UpdateExpression: 'SET #s = :s',
        ExpressionAttributeNames: { '#s': 'STATE' },
        ExpressionAttributeValues: { ':s': { S: 'Cancelled' } },
      }),
    );
    const scan = await client.send(new ScanCommand({ TableName: 'orders', IndexName: 'by-state', Select: 'COUNT' }));
    expect(scan.Count).toBe(7);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'orders' }));
    expect(Table?.ItemCount).toBe(7);
  }));

test('a counter counts every one of many additions that come at once', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    const numbers = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName: 'orders',
            Key: key('counter'),
            UpdateExpression: 'ADD IDvalue :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
            ReturnValues: 'UPDATED_NEW',
          }),
        );
        return Number(Attributes?.['IDvalue']?.N);
      }),
    );
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const records = await readStream(sandbox);
    expect(records.map(({ dynamodb }) => dynamodb?.NewImage?.['IDvalue']?.N)).toEqual(numbers.map(String));
  }));

test('every write that changes something is in the stream once, in order; one that changes nothing is not', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { n: { N: '1' } }) }));
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { n: { N: '1' } }) }));
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          orders: [{ PutRequest: { Item: order('b') } }, { DeleteRequest: { Key: key('a') } }],
        },
      }),
    );
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: 'orders', Item: order('c') } },
          { Delete: { TableName: 'orders', Key: key('b') } },
        ],
      }),
    );
    const records = await readStream(sandbox);
    expect(records.map((record) => [record.eventName, record.dynamodb?.Keys?.['SK']?.S])).toEqual([
      ['INSERT', 'a'],
      ['INSERT', 'b'],
      ['REMOVE', 'a'],
      ['INSERT', 'c'],
      ['REMOVE', 'b'],
    ]);
    expect(records[2]?.dynamodb).toMatchObject({ OldImage: order('a', { n: { N: '1' } }) });
    const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '');
    expect([...numbers].sort()).toEqual(numbers);
    expect(new Set(numbers).size).toBe(5);
  }));

test('a stream is switched on and off by UpdateTable', () =>
  withSandbox(async (sandbox) => {
    const { StreamSpecification: _, ...without } = orders;
    const client = await make(sandbox, without);
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('unseen') }));
    await client.send(
      new UpdateTableCommand({
        TableName: 'orders',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
      }),
    );
    await sandbox.settle();
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('seen', { n: { N: '1' } }) }));
    const [only, ...more] = await readStream(sandbox);
    expect(more).toEqual([]);
    expect(only?.dynamodb).toMatchObject({ Keys: key('seen'), StreamViewType: 'KEYS_ONLY' });
    expect(only?.dynamodb?.NewImage).toBeUndefined();
    await client.send(new UpdateTableCommand({ TableName: 'orders', StreamSpecification: { StreamEnabled: false } }));
    await sandbox.settle();
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('later') }));
    expect(await readStream(sandbox)).toHaveLength(1);
  }));

test('a transaction writes all or nothing and says which condition failed', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { n: { N: '1' } }) }));
    const failing = client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: 'orders', Item: order('b') } },
          {
            Update: {
              TableName: 'orders',
              Key: key('a'),
              UpdateExpression: 'SET n = :two',
              ConditionExpression: 'n = :two',
              ExpressionAttributeValues: { ':two': { N: '2' } },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      }),
    );
    await expect(failing).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
      CancellationReasons: [
        { Code: 'None' },
        {
          Code: 'ConditionalCheckFailed',
          Message: 'The conditional request failed',
          Item: order('a', { n: { N: '1' } }),
        },
      ],
    });
    const both = await client.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { TableName: 'orders', Key: key('a') } },
          { Get: { TableName: 'orders', Key: key('b') } },
        ],
      }),
    );
    expect(both.Responses).toEqual([{ Item: order('a', { n: { N: '1' } }) }, {}]);
    const twice = { Update: { TableName: 'orders', Key: key('a'), UpdateExpression: 'REMOVE n' } };
    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [twice, twice] }))).rejects.toMatchObject({
      message: 'Transaction request cannot include multiple operations on one item',
    });
  }));

test('a transaction with a token is done once', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    const add = (by: string) =>
      client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: 'once',
          TransactItems: [
            {
              Update: {
                TableName: 'orders',
                Key: key('a'),
                UpdateExpression: 'ADD n :by',
                ExpressionAttributeValues: { ':by': { N: by } },
              },
            },
          ],
        }),
      );
    await add('1');
    await add('1');
    const { Item } = await client.send(new GetItemCommand({ TableName: 'orders', Key: key('a') }));
    expect(Item?.['n']).toEqual({ N: '1' });
    await expect(add('2')).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' });
  }));

test('errors are the ones AWS answers', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    await expect(client.send(new GetItemCommand({ TableName: 'none', Key: key('a') }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found',
    });
    await expect(client.send(new DescribeTableCommand({ TableName: 'none' }))).rejects.toMatchObject({
      message: 'Requested resource not found: Table: none not found',
    });
    await expect(
      client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { STATE: { S: '' } }) })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('empty string value. IndexName: by-state, IndexKey: STATE'),
    });
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { n: { N: '1' } }) }));
    const conditional = client.send(
      new PutItemCommand({
        TableName: 'orders',
        Item: order('a'),
        ConditionExpression: 'attribute_not_exists(PK)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(conditional).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: order('a', { n: { N: '1' } }),
    });
    await expect(
      client.send(new GetItemCommand({ TableName: 'orders', Key: { PK: { S: 'orders' } } })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The provided key element does not match the schema',
    });
    await expect(
      client.send(
        new UpdateTableCommand({ TableName: 'orders', ReplicaUpdates: [{ Create: { RegionName: 'eu-west-1' } }] }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining('ReplicaUpdates') });
  }));

test('time to live, tags and deletion protection are kept', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'orders' }));
    await client.send(new TagResourceCommand({ ResourceArn: Table?.TableArn, Tags: [{ Key: 'k', Value: 'v' }] }));
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: 'orders',
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'ends' },
      }),
    );
    const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: 'orders' }));
    expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ends' });
    await client.send(new UpdateTableCommand({ TableName: 'orders', DeletionProtectionEnabled: true }));
    await sandbox.settle();
    await expect(client.send(new DeleteTableCommand({ TableName: 'orders' }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await client.send(new UpdateTableCommand({ TableName: 'orders', DeletionProtectionEnabled: false }));
    await sandbox.settle();
    await client.send(new DeleteTableCommand({ TableName: 'orders' }));
    await sandbox.settle();
    await expect(client.send(new DescribeTableCommand({ TableName: 'orders' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  }));

test('an index made later holds what was there before', () =>
  withSandbox(async (sandbox) => {
    const client = await make(sandbox);
    await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a', { user: { S: 'u1' } }) }));
    await client.send(
      new UpdateTableCommand({
        TableName: 'orders',
        AttributeDefinitions: [{ AttributeName: 'user', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: 'by-user',
              KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
          },
        ],
      }),
    );
    await sandbox.settle();
    const found = await client.send(
      new QueryCommand({
        TableName: 'orders',
        IndexName: 'by-user',
        KeyConditionExpression: '#u = :u',
        ExpressionAttributeNames: { '#u': 'user' },
        ExpressionAttributeValues: { ':u': { S: 'u1' } },
      }),
    );
    expect(found.Items).toEqual([order('a', { user: { S: 'u1' } })]);
  }));

test('items and stream are there after a restart, and the numbers go on', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-dynamodb-'));
  try {
    await withSandbox(
      async (sandbox) => {
        const client = await make(sandbox);
        await client.send(new PutItemCommand({ TableName: 'orders', Item: order('a') }));
      },
      { dir },
    );
    await withSandbox(
      async (sandbox) => {
        const client = new DynamoDBClient(clientConfig(sandbox));
        await client.send(new PutItemCommand({ TableName: 'orders', Item: order('b') }));
        expect((await client.send(new ScanCommand({ TableName: 'orders' }))).Count).toBe(2);
        const records = await readStream(sandbox);
        expect(records.map(({ dynamodb }) => dynamodb?.Keys?.['SK']?.S)).toEqual(['a', 'b']);
      },
      { dir },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
