// One file: all of it shares the making of roles, archives and functions.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import {
  FUNCTION_TRUST,
  invoke,
  makeFunction as make,
  makeRole as role,
  makeTable,
  zip,
} from '../../../testing/functions.ts';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox } from '../../index.ts';

const ACCOUNT = '123456789012';
test('a function is Pending, then Active, runs its code and says what it did', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(
      sandbox,
      'greet',
      `exports.handler = async (event, context) => {
         console.log('hello %s', event.name);
         return { to: event.name, id: context.awsRequestId, fn: context.functionName, left: context.getRemainingTimeInMillis() };
       };`,
    );
    const state = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'greet' }));
    expect(state).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'Successful',
      FunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:greet`,
      MemorySize: 128,
      Timeout: 3,
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/greet' },
    });
    const { result, log, StatusCode, ExecutedVersion, FunctionError } = await invoke(lambda, 'greet', { name: 'Ana' });
    expect({ StatusCode, ExecutedVersion, FunctionError }).toEqual({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(result).toMatchObject({ to: 'Ana', fn: 'greet' });
    expect((result as { left: number }).left).toBeGreaterThan(2_000);
    const { id } = result as { id: string };
    const lines = log.trim().split('\n');
    expect(lines[0]).toBe(`START RequestId: ${id} Version: $LATEST`);
    expect(lines[1]).toMatch(new RegExp(`^\\d{4}-.+Z\\t${id}\\tINFO\\thello Ana$`));
    expect(lines[2]).toBe(`END RequestId: ${id}`);
    expect(lines[3]).toMatch(
      /^REPORT RequestId: .+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t/,
    );
  }));

test('an environment is kept warm, and let go when the code or the variables change', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(sandbox, 'count', 'let n = 0; exports.handler = async () => ++n;');
    expect((await invoke(lambda, 'count')).result).toBe(1);
    expect((await invoke(lambda, 'count')).result).toBe(2);
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'count', Environment: { Variables: { WHO: 'me' } } }),
    );
    await sandbox.settle();
    expect((await invoke(lambda, 'count')).result).toBe(1);
    await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName: 'count',
        ZipFile: zip('exports.handler = async () => process.env.WHO;'),
      }),
    );
    await sandbox.settle();
    expect((await invoke(lambda, 'count')).result).toBe('me');
  }));

test('a function may change the middleware of its client and of one command at any time', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(
      sandbox,
      'woven',
      `const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
       const client = new STSClient({});
       const seen = [];
       const note = (name) => (next) => (args) => { seen.push(name); return next(args); };
       exports.handler = async () => {
         await client.send(new GetCallerIdentityCommand({}));
         client.middlewareStack.add(note('client'), { step: 'initialize', name: 'note' });
         await client.send(new GetCallerIdentityCommand({}));
         const command = new GetCallerIdentityCommand({});
         command.middlewareStack.add(note('command'), { step: 'initialize' });
         await client.send(command);
         client.middlewareStack.remove('note');
         await client.send(new GetCallerIdentityCommand({}));
         const both = await Promise.all([1, 2, 3].map(() => client.send(new GetCallerIdentityCommand({}))));
         return { seen, accounts: both.map(({ Account }) => Account) };
       };`,
    );
    expect((await invoke(lambda, 'woven')).result).toEqual({
      seen: ['client', 'client', 'command'],
      accounts: [ACCOUNT, ACCOUNT, ACCOUNT],
    });
  }));

test('the SDK inside a function reaches the sandbox under the function’s role, and no further', () =>
  withSandbox(async (sandbox) => {
    const dynamo = await makeTable(sandbox, 'notes');
    const lambda = await make(
      sandbox,
      'note',
      `const { DynamoDBClient, PutItemCommand, ScanCommand } = require('@aws-sdk/client-dynamodb');
       const client = new DynamoDBClient({});
       exports.handler = async (event) => {
         await client.send(new PutItemCommand({ TableName: 'notes', Item: { id: { S: event.id } } }));
         return client.send(new ScanCommand({ TableName: 'notes' })).then(() => 'scanned', (error) => error.message);
       };`,
      { actions: ['dynamodb:PutItem'], Timeout: 20 },
    );
    const { result, FunctionError } = await invoke(lambda, 'note', { id: 'a' });
    expect(FunctionError).toBeUndefined();
    expect(result).toContain(
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/note-role/note is not authorized to perform: dynamodb:Scan`,
    );
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'notes', Key: { id: { S: 'a' } } }));
    expect(Item).toEqual({ id: { S: 'a' } });
  }));

test('nothing of this machine is in a function’s environment, and only 127.0.0.1 is in reach', () =>
  withSandbox(async (sandbox) => {
    process.env['PRESSO_TEST_SECRET'] = 'host';
    const lambda = await make(
      sandbox,
      'closed',
      `const http = require('node:http'); const dns = require('node:dns/promises');
       const get = (url) => new Promise((done) => http.get(url, (r) => { r.resume(); done(r.statusCode); }).on('error', (e) => done(e.message)));
       exports.handler = async () => ({
         names: Object.keys(process.env), region: process.env.AWS_REGION, env: process.env.AWS_EXECUTION_ENV,
         ip: await get('http://192.0.2.1/'), name: await get('http://example.com/'),
         fetched: await fetch('https://example.com/').catch((e) => String(e.cause ?? e)),
         looked: await dns.lookup('example.com').catch((e) => e.message),
         home: await get(process.env.AWS_ENDPOINT_URL + '/_presso/health'),
       });`,
      { Timeout: 20 },
    );
    const { result } = await invoke(lambda, 'closed');
    delete process.env['PRESSO_TEST_SECRET'];
    expect(result).toMatchObject({
      region: 'us-east-1',
      env: 'AWS_Lambda_nodejs24.x',
      ip: expect.stringContaining('reaches 127.0.0.1 only'),
      name: expect.stringContaining('reaches 127.0.0.1 only'),
      fetched: expect.stringContaining('reaches 127.0.0.1 only'),
      looked: expect.stringContaining('reaches 127.0.0.1 only'),
      home: 200,
    });
    expect((result as { names: string[] }).names).not.toContain('PRESSO_TEST_SECRET');
    expect((result as { names: string[] }).names).not.toContain('HOME');
  }));

test('errors are answered as the runtime answers them', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(
      sandbox,
      'fails',
      `class OrderError extends Error { constructor(m) { super(m); this.name = 'OrderError'; } }
       exports.handler = async () => { throw new OrderError('no beans'); };`,
    );
    const failed = await invoke(lambda, 'fails');
    expect(failed).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      result: { errorType: 'OrderError', errorMessage: 'no beans', trace: expect.any(Array) },
    });
    expect(JSON.stringify(failed.result)).toContain('/var/task/index.js');
    // The frames of the runtime's own thread stood in every trace, with the paths of this machine.
    expect(`${JSON.stringify(failed.result)}${failed.log}`).not.toMatch(/worker\.js|messageport|event_target/);
    expect(failed.log).toContain('ERROR\tInvoke Error \t{"errorType":"OrderError","errorMessage":"no beans"');

    const slow = await make(sandbox, 'slow', 'exports.handler = () => new Promise((r) => setTimeout(r, 60000));', {
      Timeout: 1,
    });
    const late = await invoke(slow, 'slow');
    expect(late.result).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
    });
    expect(late.log).toMatch(/Z \S+ Task timed out after 1\.00 seconds/);

    await make(sandbox, 'loops', 'exports.handler = async () => { console.log("in"); for (;;); };', { Timeout: 1 });
    const stuck = await invoke(lambda, 'loops');
    expect(stuck.result).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(stuck.log).toContain('\tINFO\tin');

    await make(sandbox, 'exits', 'exports.handler = async () => process.exit(3);');
    expect((await invoke(lambda, 'exits')).result).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('Error: Runtime exited with error: exit status 3'),
    });

    await make(
      sandbox,
      'hungry',
      'exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); };',
      {
        Timeout: 60,
      },
    );
    expect((await invoke(lambda, 'hungry')).result).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('signal: killed'),
    });

    await make(
      sandbox,
      'rejects',
      'exports.handler = async () => { Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 500)); };',
    );
    expect((await invoke(lambda, 'rejects')).result).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: lost',
    });
  }));

test('code that cannot be loaded fails the invocation with the runtime’s own error', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(sandbox, 'missing', "require('left-pad'); exports.handler = async () => 1;");
    expect((await invoke(lambda, 'missing')).result).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: "Error: Cannot find module 'left-pad'\nRequire stack:\n- /var/task/index.js",
    });
    await make(
      sandbox,
      'documents',
      { 'index.mjs': "import '@aws-sdk/lib-dynamodb'; export const handler = async () => 1;" },
      {},
    );
    expect((await invoke(lambda, 'documents')).result).toMatchObject({
      errorMessage: expect.stringContaining('\nLambda has @aws-sdk/lib-dynamodb; the sandbox carries the clients'),
    });
    await make(sandbox, 'vitest', "require('vitest'); exports.handler = async () => 1;");
    expect((await invoke(lambda, 'vitest')).result).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
    await make(sandbox, 'broken', 'exports.handler = async () => {');
    expect((await invoke(lambda, 'broken')).result).toMatchObject({ errorType: 'Runtime.UserCodeSyntaxError' });
    await make(sandbox, 'unnamed', 'exports.other = async () => 1;');
    expect((await invoke(lambda, 'unnamed')).result).toMatchObject({
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: 'index.handler is undefined or not exported',
    });
    await make(sandbox, 'callback', 'exports.handler = (event, context, callback) => callback(null, 1);');
    expect((await invoke(lambda, 'callback')).result).toMatchObject({ errorType: 'Runtime.CallbackHandlerDeprecated' });
    await make(
      sandbox,
      'older',
      'exports.handler = (event, context, callback) => setTimeout(() => callback(null, 1), 5);',
      {
        Runtime: 'nodejs22.x',
      },
    );
    expect((await invoke(lambda, 'older')).result).toBe(1);
    await make(sandbox, 'silent', 'exports.handler = () => { setTimeout(() => {}, 5); };', { Runtime: 'nodejs22.x' });
    expect((await invoke(lambda, 'silent')).result).toBeNull();
    expect((await invoke(lambda, 'silent')).result).toBeNull();
    await make(
      sandbox,
      'modules',
      {
        'index.mjs':
          "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'; import { two } from './lib/two.mjs'; export const handler = async () => [two, typeof DynamoDBClient];",
        'lib/two.mjs': 'export const two = 2;',
      },
      { Timeout: 20 },
    );
    expect((await invoke(lambda, 'modules')).result).toEqual([2, 'function']);
  }));

test('runtimes are refused by AWS’s dates', () =>
  withSandbox(async (sandbox) => {
    const lambda = new LambdaClient(clientConfig(sandbox));
    const Role = await role(sandbox, 'r');
    const create = (Runtime: string) =>
      lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Runtime: Runtime as 'nodejs24.x',
          Handler: 'index.handler',
          Role,
          Code: { ZipFile: zip('exports.handler = async () => 1;') },
        }),
      );
    await expect(create('nodejs18.x')).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining(
        'The runtime parameter of nodejs18.x is no longer supported for creating or updating AWS Lambda functions.',
      ),
    });
    await expect(create('python3.13')).rejects.toMatchObject({
      message: expect.stringContaining('Node.js functions only'),
    });
    await expect(create('nodejs')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(create('cobol')).rejects.toMatchObject({
      message: expect.stringContaining("at 'runtime' failed to satisfy"),
    });
  }));

test('a role that Lambda may not assume is refused, and so is one that may not be passed', () =>
  withSandbox(async (sandbox) => {
    const lambda = new LambdaClient(clientConfig(sandbox));
    const Role = await role(sandbox, 'states', [], FUNCTION_TRUST.replace('lambda.', 'states.'));
    await expect(
      lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role,
          Code: { ZipFile: zip('exports.handler = async () => 1;') },
        }),
      ),
    ).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'The role defined for the function cannot be assumed by Lambda.',
    });
  }));

test('an accepted invocation that fails is tried again after one minute and after two more', () =>
  withSandbox(async (sandbox) => {
    const dynamo = new DynamoDBClient(clientConfig(sandbox));
    await dynamo.send(
      new CreateTableCommand({
        TableName: 'tries',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    await sandbox.settle();
    const lambda = await make(
      sandbox,
      'tries',
      `const { DynamoDBClient, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');
       const client = new DynamoDBClient({});
       exports.handler = async () => {
         await client.send(new UpdateItemCommand({ TableName: 'tries', Key: { id: { S: 'a' } }, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } }));
         throw new Error('again');
       };`,
      { actions: ['dynamodb:UpdateItem'], Timeout: 20 },
    );
    const count = async () =>
      Number((await dynamo.send(new GetItemCommand({ TableName: 'tries', Key: { id: { S: 'a' } } }))).Item?.['n']?.N);
    const answer = await lambda.send(new InvokeCommand({ FunctionName: 'tries', InvocationType: 'Event' }));
    expect(answer.StatusCode).toBe(202);
    await sandbox.settle();
    expect(await count()).toBe(1);
    await sandbox.advance(61_000);
    expect(await count()).toBe(2);
    await sandbox.advance(121_000);
    expect(await count()).toBe(3);
    await sandbox.advance(3_600_000);
    expect(await count()).toBe(3);
  }));

test('a resource policy is added to, shown and taken from', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(sandbox, 'f', 'exports.handler = async () => 1;');
    const SourceArn = `arn:aws:events:us-east-1:${ACCOUNT}:rule/Serverlesspresso/WorkflowStarted`;
    const permission = {
      FunctionName: 'f',
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn,
    };
    await lambda.send(new AddPermissionCommand(permission));
    await expect(lambda.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
      name: 'ResourceConflictException',
    });
    const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName: 'f' }));
    expect(JSON.parse(Policy ?? '')).toMatchObject({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'rule',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Condition: { ArnLike: { 'AWS:SourceArn': SourceArn } },
        },
      ],
    });
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'f', StatementId: 'rule' }));
    await expect(lambda.send(new GetPolicyCommand({ FunctionName: 'f' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    expect((await lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  }));

const STREAMED = {
  actions: [
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:DescribeStream',
    'dynamodb:ListStreams',
    'dynamodb:PutItem',
  ],
  Timeout: 20,
};

async function streamedTable(sandbox: Sandbox) {
  const dynamo = new DynamoDBClient(clientConfig(sandbox));
  for (const TableName of ['config', 'seen'])
    await dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
        ...(TableName === 'config'
          ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const } }
          : {}),
      }),
    );
  await sandbox.settle();
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: 'config' }));
  return { dynamo, stream: Table?.LatestStreamArn ?? '' };
}

/** Writes down each record it gets, and fails on one named `bad`. */
const RECORDER = `const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
  const client = new DynamoDBClient({});
  exports.handler = async ({ Records }) => {
    for (const r of Records) {
      if (r.dynamodb.Keys.PK.S === 'bad') throw new Error('bad record');
      await client.send(new PutItemCommand({ TableName: 'seen', ConditionExpression: 'attribute_not_exists(PK)', Item: {
        PK: { S: r.dynamodb.Keys.PK.S }, event: { S: r.eventName }, source: { S: r.eventSourceARN } } }));
    }
  };`;

const seen = async (dynamo: DynamoDBClient, id: string) =>
  (await dynamo.send(new GetItemCommand({ TableName: 'seen', Key: { PK: { S: id } } }))).Item;
const put = (dynamo: DynamoDBClient, id: string) =>
  dynamo.send(new PutItemCommand({ TableName: 'config', Item: { PK: { S: id } } }));

test('a mapping brings every record of a stream to its function, those from before it too', () =>
  withSandbox(async (sandbox) => {
    const { dynamo, stream } = await streamedTable(sandbox);
    await put(dynamo, 'early');
    const lambda = await make(sandbox, 'recorder', RECORDER, STREAMED);
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'recorder',
        EventSourceArn: stream,
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 2,
      }),
    );
    await sandbox.settle();
    expect(await seen(dynamo, 'early')).toMatchObject({ event: { S: 'INSERT' }, source: { S: stream } });
    await Promise.all(Array.from({ length: 9 }, (_, i) => put(dynamo, `n${i}`)));
    await sandbox.settle();
    for (let i = 0; i < 9; i++) expect(await seen(dynamo, `n${i}`)).toBeDefined();
  }));

test('a bad record is tried, split off, given up as the mapping says, and the rest goes on', () =>
  withSandbox(async (sandbox) => {
    const { dynamo, stream } = await streamedTable(sandbox);
    const lambda = await make(sandbox, 'recorder', RECORDER, STREAMED);
    await put(dynamo, 'before');
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'recorder',
        EventSourceArn: stream,
        StartingPosition: 'LATEST',
        BatchSize: 10,
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 1,
      }),
    );
    await sandbox.settle();
    await put(dynamo, 'bad');
    await sandbox.settle();
    await put(dynamo, 'after');
    await sandbox.settle();
    expect(await seen(dynamo, 'after')).toBeUndefined();
    await sandbox.advance(120_000);
    expect(await seen(dynamo, 'after')).toBeDefined();
    expect(await seen(dynamo, 'before')).toBeUndefined();
  }));

test('a mapping goes on after a restart where it was, and accepted invocations run', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-lambda-'));
  try {
    const lambdaPut = async (sandbox: Sandbox) => {
      const { dynamo, stream } = await streamedTable(sandbox);
      const lambda = await make(sandbox, 'recorder', RECORDER, STREAMED);
      await lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName: 'recorder',
          EventSourceArn: stream,
          StartingPosition: 'TRIM_HORIZON',
        }),
      );
      await sandbox.settle();
      await put(dynamo, 'a');
      await sandbox.settle();
    };
    await withSandbox(lambdaPut, { dir });
    await withSandbox(
      async (sandbox) => {
        const dynamo = new DynamoDBClient(clientConfig(sandbox));
        expect(await seen(dynamo, 'a')).toBeDefined();
        await put(dynamo, 'b');
        await sandbox.settle();
        expect(await seen(dynamo, 'b')).toBeDefined();
      },
      { dir },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('the function’s clock is the sandbox’s', () =>
  withSandbox(async (sandbox) => {
    const lambda = await make(
      sandbox,
      'clock',
      'exports.handler = async () => [Date.now(), +new Date(), new Date() instanceof Date, new Date(0).toISOString()];',
    );
    await sandbox.advance(3_600_000);
    const { result } = await invoke(lambda, 'clock');
    const [now, made, isDate, epoch] = result as [number, number, boolean, string];
    expect(now - Date.now()).toBeGreaterThan(3_590_000);
    expect(Math.abs(made - now)).toBeLessThan(1_000);
    expect([isDate, epoch]).toEqual([true, '1970-01-01T00:00:00.000Z']);
  }));

const logged = async (sandbox: Sandbox, logGroupName: string) => {
  const logs = new CloudWatchLogsClient(clientConfig(sandbox));
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  const lines: string[] = [];
  for (const { logStreamName } of logStreams) {
    const { events = [] } = await logs.send(
      new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }),
    );
    lines.push(...events.map(({ message }) => message ?? ''));
  }
  return { names: logStreams.map(({ logStreamName }) => logStreamName), lines };
};
const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

test('what a function prints is in its log group, as text or as JSON', () =>
  withSandbox(async (sandbox) => {
    const code =
      "console.log('cold'); exports.handler = async () => { console.error('bad %d', 1); process.stdout.write('raw\\n'); console.log({ a: 1 }); };";
    const lambda = await make(sandbox, 'speaks', code, { actions: LOGS });
    await invoke(lambda, 'speaks');
    await sandbox.settle();
    const text = await logged(sandbox, '/aws/lambda/speaks');
    expect(text.names).toEqual([expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)]);
    expect(
      text.lines.map((line) =>
        line
          .trim()
          .replace(/[0-9a-f-]{36}/g, 'ID')
          .replace(/^\S+Z/, 'TIME'),
      ),
    ).toEqual([
      'TIME\tundefined\tINFO\tcold',
      'START RequestId: ID Version: $LATEST',
      'TIME\tID\tERROR\tbad 1',
      'raw',
      'TIME\tID\tINFO\t{ a: 1 }',
      'END RequestId: ID',
      expect.stringMatching(/^REPORT RequestId: ID\tDuration: /),
    ]);

    await make(sandbox, 'structured', code, { actions: LOGS, LoggingConfig: { LogFormat: 'JSON', LogGroup: '/own' } });
    await invoke(lambda, 'structured');
    await sandbox.settle();
    const json = (await logged(sandbox, '/own')).lines.filter((line) => line.startsWith('{'));
    expect(json.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'INFO', message: 'cold' },
      { type: 'platform.start', record: { version: '$LATEST' } },
      { level: 'ERROR', message: 'bad 1', requestId: expect.any(String) },
      { level: 'INFO', message: { a: 1 } },
      { type: 'platform.report', record: { status: 'success' } },
    ]);

    // An error that nobody caught is its own message, with its place in Lambda and not on this machine.
    await make(sandbox, 'bitter', "exports.handler = async () => { throw new TypeError('no beans'); };", {
      actions: LOGS,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: '/bitter' },
    });
    await invoke(lambda, 'bitter');
    await sandbox.settle();
    const failed = (await logged(sandbox, '/bitter')).lines.find((line) => line.includes('"ERROR"')) ?? '{}';
    expect(JSON.parse(failed)).toMatchObject({
      level: 'ERROR',
      message: {
        errorType: 'TypeError',
        errorMessage: 'no beans',
        stackTrace: ['TypeError: no beans', expect.stringContaining('(/var/task/index.js:')],
      },
    });

    await make(sandbox, 'mute', code);
    expect((await invoke(lambda, 'mute')).FunctionError).toBeUndefined();
    await sandbox.settle();
    await expect(logged(sandbox, '/aws/lambda/mute')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  }));

test('who may invoke is decided by the caller’s role or by the function’s policy', () =>
  withSandbox(async (sandbox) => {
    const target = await make(sandbox, 'target', 'exports.handler = async () => "in";');
    const code = `const { LambdaClient, InvokeCommand } = require('@aws-sdk/client-lambda');
      const client = new LambdaClient({});
      exports.handler = () => client.send(new InvokeCommand({ FunctionName: 'target' })).then((r) => r.Payload.transformToString(), (e) => e.name + ' ' + e.message);`;
    const lambda = await make(sandbox, 'caller', code, { Timeout: 30 });
    expect((await invoke(lambda, 'caller')).result).toMatch(
      /^AccessDeniedException User: arn:aws:sts::123456789012:assumed-role\/caller-role\/caller is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:target /,
    );
    await target.send(
      new AddPermissionCommand({
        FunctionName: 'target',
        StatementId: 'caller',
        Action: 'lambda:InvokeFunction',
        Principal: `arn:aws:iam::${ACCOUNT}:role/caller-role`,
      }),
    );
    expect((await invoke(lambda, 'caller')).result).toBe('"in"');
  }));

test('functions that wait for functions do not starve each other of threads', () =>
  withSandbox(async (sandbox) => {
    await make(sandbox, 'inner', 'exports.handler = () => new Promise((done) => setTimeout(done, 20, 1));', {
      Timeout: 30,
    });
    const code = `const { LambdaClient, InvokeCommand } = require('@aws-sdk/client-lambda');
      const client = new LambdaClient({});
      exports.handler = () => client.send(new InvokeCommand({ FunctionName: 'inner' })).then((r) => Number(r.Payload.transformToString()));`;
    const lambda = await make(sandbox, 'outer', code, { Timeout: 60, actions: ['lambda:InvokeFunction'] });
    const answers = await Promise.all(Array.from({ length: 14 }, () => invoke(lambda, 'outer')));
    expect(answers.map(({ result }) => result)).toEqual(Array.from({ length: 14 }, () => 1));
  }));

test('a rule reaches a function through its resource policy, and only the rule that is named there', () =>
  withSandbox(async (sandbox) => {
    const { dynamo } = await streamedTable(sandbox);
    const code = `const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
      const client = new DynamoDBClient({});
      exports.handler = (event) => client.send(new PutItemCommand({ TableName: 'seen', Item: { PK: { S: event.detail.id }, type: { S: event['detail-type'] } } }));`;
    const lambda = await make(sandbox, 'order-started', code, { Timeout: 30, actions: ['dynamodb:PutItem'] });
    const bus = new EventBridgeClient(clientConfig(sandbox));
    const FunctionArn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:order-started`;
    const { RuleArn } = await bus.send(
      new PutRuleCommand({ Name: 'started', EventPattern: JSON.stringify({ source: ['shop'] }) }),
    );
    await bus.send(new PutTargetsCommand({ Rule: 'started', Targets: [{ Id: 'f', Arn: FunctionArn }] }));
    const send = async (id: string, Source = 'shop') => {
      await bus.send(
        new PutEventsCommand({
          Entries: [{ Source, DetailType: 'Started', Detail: JSON.stringify({ id }) }],
        }),
      );
      await sandbox.settle();
    };
    const allow = (StatementId: string, SourceArn: string | undefined) =>
      lambda.send(
        new AddPermissionCommand({
          FunctionName: 'order-started',
          StatementId,
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn,
        }),
      );
    await allow('another', `${RuleArn}-else`);
    await send('refused');
    expect(await seen(dynamo, 'refused')).toBeUndefined();
    await allow('this', RuleArn);
    await send('taken');
    expect(await seen(dynamo, 'taken')).toMatchObject({ type: { S: 'Started' } });
    // What one rule was allowed is no other's, and ends with the permission.
    await bus.send(new PutRuleCommand({ Name: 'too', EventPattern: JSON.stringify({ source: ['bar'] }) }));
    await bus.send(new PutTargetsCommand({ Rule: 'too', Targets: [{ Id: 'f', Arn: FunctionArn }] }));
    await send('of the other', 'bar');
    expect(await seen(dynamo, 'of the other')).toBeUndefined();
    await send('taken again');
    expect(await seen(dynamo, 'taken again')).toBeDefined();
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'order-started', StatementId: 'this' }));
    await send('too late');
    expect(await seen(dynamo, 'too late')).toBeUndefined();
  }));

test('a data folder inside a project of ES modules once turned index.js into one; it stays CommonJS', async () => {
  const project = mkdtempSync(path.join(tmpdir(), 'presso-esm-'));
  writeFileSync(path.join(project, 'package.json'), '{"type": "module"}');
  try {
    await withSandbox(
      async (sandbox) => {
        const lambda = await make(sandbox, 'plain', 'module.exports.handler = async () => "fine";');
        expect(await invoke(lambda, 'plain')).toMatchObject({ result: 'fine' });
      },
      { dir: path.join(project, 'cloud') },
    );
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
