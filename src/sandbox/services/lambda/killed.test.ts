import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { distFile } from '../../../paths.ts';
import { clientConfig } from '../../../testing/sandbox.ts';
import { launchSandbox, type RunningSandbox, stopSandbox } from '../../index.ts';
import { writeZip } from '../../zip.ts';

/** Counts how often it was given each record. */
const RECORDER = `const { DynamoDBClient, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');
  const client = new DynamoDBClient({});
  exports.handler = async ({ Records }) => {
    for (const r of Records) await client.send(new UpdateItemCommand({ TableName: 'seen', Key: { PK: { S: r.dynamodb.SequenceNumber } },
      UpdateExpression: 'ADD times :one', ExpressionAttributeValues: { ':one': { N: '1' } } }));
  };`;

const start = (dir: string): Promise<RunningSandbox> => launchSandbox(distFile('sandbox', 'process.js'), dir, []);

/** Waits until background work rests. */
async function settle(sandbox: RunningSandbox): Promise<void> {
  await fetch(`${sandbox.endpoint}/_presso/settle`, { method: 'POST', headers: { 'x-presso-nonce': sandbox.nonce } });
}

async function prepare(sandbox: RunningSandbox): Promise<string> {
  const dynamo = new DynamoDBClient(clientConfig(sandbox));
  const iam = new IAMClient(clientConfig(sandbox));
  const lambda = new LambdaClient(clientConfig(sandbox));
  for (const TableName of ['counts', 'seen'])
    await dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'recorder',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'recorder',
      PolicyName: 'Work',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }],
      }),
    }),
  );
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'recorder',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 60,
      Role: Role?.Arn,
      Code: { ZipFile: writeZip({ 'index.js': RECORDER }) },
    }),
  );
  await settle(sandbox);
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: 'counts' }));
  await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: 'recorder',
      EventSourceArn: Table?.LatestStreamArn,
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 10,
    }),
  );
  await settle(sandbox);
  return Table?.LatestStreamArn ?? '';
}

test('a kill in the midst of writes loses and doubles no stream record, and each one reaches its function', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-killed-'));
  try {
    const first = await start(dir);
    const StreamArn = await prepare(first);
    const acknowledged = new Map<string, number>();
    let enough = (): void => {};
    const killed = new Promise<void>((done) => {
      enough = done;
    });
    const client = new DynamoDBClient(clientConfig(first));
    let writes = 0;
    const writers = Array.from({ length: 4 }, async (_, i) => {
      const id = `k${i}`;
      for (;;) {
        await client.send(
          new UpdateItemCommand({
            TableName: 'counts',
            Key: { PK: { S: id } },
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          }),
        );
        acknowledged.set(id, (acknowledged.get(id) ?? 0) + 1);
        if (++writes === 80) enough();
      }
    }).map((writer) => writer.catch(() => {}));
    await killed;
    process.kill(first.pid, 'SIGKILL');
    await Promise.all(writers);

    const second = await start(dir);
    await settle(second);
    const dynamo = new DynamoDBClient(clientConfig(second));
    const streams = new DynamoDBStreamsClient(clientConfig(second));
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn,
        ShardId: StreamDescription?.Shards?.[0]?.ShardId,
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    );
    const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: 'counts' }));
    expect(Items).toHaveLength(4);
    for (const item of Items) {
      const id = item['PK']?.S ?? '';
      const n = Number(item['n']?.N);
      expect(n).toBeGreaterThanOrEqual(acknowledged.get(id) ?? 0);
      const its = Records.filter((record) => record.dynamodb?.Keys?.['PK']?.S === id);
      expect(its.map((record) => Number(record.dynamodb?.NewImage?.['n']?.N))).toEqual(
        Array.from({ length: n }, (_, i) => i + 1),
      );
    }
    const { Items: seen = [] } = await dynamo.send(new ScanCommand({ TableName: 'seen' }));
    expect(seen.map((item) => item['PK']?.S).sort()).toEqual(
      Records.map((record) => record.dynamodb?.SequenceNumber).sort(),
    );
  } finally {
    await stopSandbox(dir).catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  }
});
