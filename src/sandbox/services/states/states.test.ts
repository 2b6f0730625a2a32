// One file because it is one service seen from outside: the same role, machine and helpers stand behind every test.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DynamoDBClient, CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { AddPermissionCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  TestStateCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import { type Sandbox, startSandbox } from '../../index.ts';
import { AccountStore } from '../../journal.ts';
import type { LogLine } from '../../world.ts';
import { writeZip } from '../../zip.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/workflow`;

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** A role for workflows; `allowed` are the actions it may do. */
async function giveRole(sandbox: Sandbox, allowed: string[], service = 'states', name = 'workflow'): Promise<string> {
  const iam = new IAMClient(clientConfig(sandbox));
  const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      AssumeRolePolicyDocument: policy({
        Effect: 'Allow',
        Principal: { Service: `${service}.amazonaws.com` },
        Action: 'sts:AssumeRole',
      }),
    }),
  );
  if (allowed.length > 0)
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: name,
        PolicyName: 'p',
        PolicyDocument: policy({ Effect: 'Allow', Action: allowed, Resource: '*' }),
      }),
    );
  return Role?.Arn ?? '';
}

const make = async (sfn: SFNClient, states: object, more: object = {}): Promise<string> => {
  const definition = JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
  const made = await sfn.send(new CreateStateMachineCommand({ name: 'w', roleArn: ROLE, definition, ...more }));
  return made.stateMachineArn ?? '';
};

const start = async (sfn: SFNClient, stateMachineArn: string, input: unknown = {}, name?: string): Promise<string> => {
  const started = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), ...(name ? { name } : {}) }),
  );
  return started.executionArn ?? '';
};

const describe_ = (sfn: SFNClient, executionArn: string) => sfn.send(new DescribeExecutionCommand({ executionArn }));

const pass = { Type: 'Pass', End: true };
const callback = (more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::events:putEvents.waitForTaskToken',
  Parameters: {
    Entries: [{ Source: 's', DetailType: 't', Detail: { 'TaskToken.$': '$$.Task.Token' }, EventBusName: 'default' }],
  },
  End: true,
  ...more,
});

/** The token an execution waits with, as its history tells it. */
async function tokenOf(sfn: SFNClient, executionArn: string): Promise<string> {
  const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
  const scheduled = events?.findLast((event) => event.type === 'TaskScheduled')?.taskScheduledEventDetails;
  return /"TaskToken":"([^"]+)"/.exec(scheduled?.parameters ?? '')?.[1] ?? '';
}

test('a state machine is made once, changed, tagged, listed, and not made with a role nobody may assume', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    expect(await refusal(make(sfn, { A: pass }))).toBe(
      'AccessDeniedException: Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
    );
    await giveRole(sandbox, []);
    const arn = await make(sfn, { A: pass });
    expect(arn).toBe(`arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:w`);
    expect(await make(sfn, { A: pass })).toBe(arn);
    expect(await refusal(make(sfn, { B: pass }))).toBe(
      `StateMachineAlreadyExists: State Machine Already Exists: '${arn}'`,
    );
    expect(await refusal(make(sfn, { A: pass }, { name: 'a b' }))).toBe("InvalidName: Invalid Name: 'a b'");
    expect(await refusal(make(sfn, { A: { Type: 'Pass' } }, { name: 'x' }))).toMatch(
      /^InvalidDefinition: Invalid State/,
    );
    const before = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
    const metadata = new DescribeStateMachineCommand({ stateMachineArn: arn, includedData: 'METADATA_ONLY' });
    expect((await sfn.send(metadata)).definition).toBe('{}');
    expect(before).toMatchObject({
      status: 'ACTIVE',
      type: 'STANDARD',
      loggingConfiguration: { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: { enabled: false },
    });
    expect(await refusal(sfn.send(new UpdateStateMachineCommand({ stateMachineArn: arn })))).toMatch(
      /^MissingRequiredParameter/,
    );
    const { revisionId } = await sfn.send(
      new UpdateStateMachineCommand({
        stateMachineArn: arn,
        definition: JSON.stringify({ StartAt: 'B', States: { B: pass } }),
      }),
    );
    const after = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
    expect([after.revisionId, JSON.parse(after.definition ?? '').StartAt]).toEqual([revisionId, 'B']);
    await sfn.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key: 'k', value: 'v' }] }));
    expect((await sfn.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags).toEqual([
      { key: 'k', value: 'v' },
    ]);
    expect((await sfn.send(new ListStateMachinesCommand({}))).stateMachines).toHaveLength(1);
    expect(await refusal(sfn.send(new DescribeStateMachineCommand({ stateMachineArn: `${arn}x` })))).toBe(
      `StateMachineDoesNotExist: State Machine Does Not Exist: '${arn}x'`,
    );
    const validated = await sfn.send(new ValidateStateMachineDefinitionCommand({ definition: '{}' }));
    expect([validated.result, validated.diagnostics?.[0]?.code]).toEqual(['FAIL', 'SCHEMA_VALIDATION_FAILED']);
  });
});

test('an execution’s name is its own; lists and histories come in pages', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, []);
    const machine = await make(sfn, { A: { Type: 'Wait', Seconds: 60, Next: 'B' }, B: pass });
    const first = await start(sfn, machine, { n: 1 }, 'one');
    expect(await start(sfn, machine, { n: 1 }, 'one')).toBe(first);
    expect(await refusal(start(sfn, machine, { n: 2 }, 'one'))).toBe(
      `ExecutionAlreadyExists: Execution Already Exists: '${first}'`,
    );
    expect((await describe_(sfn, first)).status).toBe('RUNNING');
    await sandbox.advance(61_000);
    expect(await describe_(sfn, first)).toMatchObject({ status: 'SUCCEEDED', output: '{"n":1}', input: '{"n":1}' });
    expect(await refusal(start(sfn, machine, { n: 1 }, 'one'))).toMatch(/^ExecutionAlreadyExists/);
    const second = await start(sfn, machine, {}, 'two');
    await sfn.send(new StopExecutionCommand({ executionArn: second, error: 'E', cause: 'C' }));
    expect(await describe_(sfn, second)).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'C' });
    const third = await start(sfn, machine, {}, 'three');
    const names = async (input: object) =>
      (await sfn.send(new ListExecutionsCommand({ stateMachineArn: machine, ...input }))).executions?.map(
        (one) => one.name,
      );
    expect(await names({})).toEqual(['three', 'two', 'one']);
    expect(await names({ statusFilter: 'RUNNING' })).toEqual(['three']);
    expect(await names({ statusFilter: 'ABORTED' })).toEqual(['two']);
    const page = await sfn.send(new ListExecutionsCommand({ stateMachineArn: machine, maxResults: 2 }));
    expect(await names({ nextToken: page.nextToken })).toEqual(['one']);
    expect(await refusal(names({ nextToken: 'nonsense' }))).toBe("InvalidToken: Invalid Token: 'Invalid token'");
    const history = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn: first, maxResults: 2, reverseOrder: true }),
    );
    expect(history.events?.map((event) => event.type)).toEqual(['ExecutionSucceeded', 'PassStateExited']);
    const rest = await sfn.send(
      new GetExecutionHistoryCommand({
        executionArn: first,
        reverseOrder: true,
        nextToken: history.nextToken,
        includeExecutionData: false,
      }),
    );
    expect(rest.events?.at(-1)).toMatchObject({ id: 1, type: 'ExecutionStarted' });
    expect(rest.events?.at(-1)?.executionStartedEventDetails?.input).toBeUndefined();
    expect(await refusal(start(sfn, `${machine}x`))).toMatch(/^StateMachineDoesNotExist/);
    expect(await refusal(sfn.send(new StartExecutionCommand({ stateMachineArn: machine, input: 'not json' })))).toBe(
      "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'",
    );
    expect((await describe_(sfn, third)).status).toBe('RUNNING');
  });
});

test('a token resumes its execution once, a heartbeat keeps it, and a dead token says so', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, ['events:PutEvents']);
    const machine = await make(sfn, { A: callback({ HeartbeatSeconds: 900 }) });
    const [good, bad, late] = [await start(sfn, machine), await start(sfn, machine), await start(sfn, machine)];
    await sandbox.settle();
    const token = await tokenOf(sfn, good);
    await sandbox.advance(800_000);
    await sfn.send(new SendTaskHeartbeatCommand({ taskToken: token }));
    await sfn.send(new SendTaskFailureCommand({ taskToken: await tokenOf(sfn, bad), error: 'Oops', cause: 'because' }));
    const dead = await tokenOf(sfn, late);
    await sandbox.advance(800_000);
    expect((await describe_(sfn, good)).status).toBe('RUNNING');
    await sfn.send(new SendTaskSuccessCommand({ taskToken: token, output: '{"ok":true}' }));
    expect(await describe_(sfn, good)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}' });
    expect(await describe_(sfn, bad)).toMatchObject({ status: 'FAILED', error: 'Oops', cause: 'because' });
    expect(await describe_(sfn, late)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    for (const used of [token, dead])
      expect(await refusal(sfn.send(new SendTaskSuccessCommand({ taskToken: used, output: '{}' })))).toBe(
        "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'",
      );
    expect(await refusal(sfn.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '{}' })))).toBe(
      "InvalidToken: Invalid Token: 'Invalid token'",
    );
  });
});

test('what runs survives a kill: timers, callbacks and answers that were already there', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'presso-states-'));
  const [first, second] = [path.join(base, 'first'), path.join(base, 'second')];
  const before = await startSandbox({ dir: first });
  try {
    let sfn = new SFNClient(clientConfig(before));
    await giveRole(before, ['events:PutEvents', 'states:StartExecution']);
    const waits = await make(sfn, { A: callback({ HeartbeatSeconds: 900 }) }, { name: 'waits' });
    const sleeps = await make(sfn, { A: { Type: 'Wait', Seconds: 600, Next: 'B' }, B: pass }, { name: 'sleeps' });
    const done = await make(sfn, { A: pass }, { name: 'done' });
    const nested = {
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Parameters: { StateMachineArn: sleeps, Input: { n: 1 } },
        End: true,
      },
    };
    const parent = await start(sfn, await make(sfn, nested, { name: 'parent' }));
    await before.settle();
    const [answered, forgotten, asleep, ended] = [
      await start(sfn, waits),
      await start(sfn, waits),
      await start(sfn, sleeps),
      await start(sfn, done, { kept: 1 }),
    ];
    await before.settle();
    const token = await tokenOf(sfn, answered);
    const historyBefore = (await sfn.send(new GetExecutionHistoryCommand({ executionArn: answered }))).events;
    // A copy of the files while the process runs is what a killed process leaves behind.
    cpSync(first, second, { recursive: true, filter: (source) => !/\/(lock|sandbox\.json)$/.test(source) });
    const after = await startSandbox({ dir: second });
    try {
      sfn = new SFNClient(clientConfig(after));
      await after.settle();
      expect((await sfn.send(new GetExecutionHistoryCommand({ executionArn: answered }))).events).toEqual(
        historyBefore,
      );
      expect(await describe_(sfn, ended)).toMatchObject({ status: 'SUCCEEDED', output: '{"kept":1}' });
      await sfn.send(new SendTaskSuccessCommand({ taskToken: token, output: '{}' }));
      expect((await describe_(sfn, answered)).status).toBe('SUCCEEDED');
      await after.advance(601_000);
      expect((await describe_(sfn, asleep)).status).toBe('SUCCEEDED');
      expect(await describe_(sfn, parent)).toMatchObject({
        status: 'SUCCEEDED',
        output: expect.stringContaining('"Output":{"n":1}'),
      });
      const children = await sfn.send(new ListExecutionsCommand({ stateMachineArn: sleeps }));
      expect(children.executions).toHaveLength(2);
      await after.advance(301_000);
      expect(await describe_(sfn, forgotten)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    } finally {
      await after.close();
    }
  } finally {
    await before.close();
    rmSync(base, { recursive: true, force: true });
  }
});

test('integrations work under the role, and say what it may not do as AWS says it', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    const db = new DynamoDBClient(clientConfig(sandbox));
    await db.send(
      new CreateTableCommand({
        TableName: 'counting',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      }),
    );
    await db.send(new PutItemCommand({ TableName: 'counting', Item: { PK: { S: 'orderID' }, IDvalue: { N: '41' } } }));
    const role = await giveRole(sandbox, [
      'dynamodb:*',
      'states:ListExecutions',
      'states:StartExecution',
      'events:PutEvents',
    ]);
    const powerless = await giveRole(sandbox, [], 'states', 'powerless');
    const task = (resource: string, Parameters: object, more: object = {}) => ({
      A: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Parameters, End: true, ...more },
    });
    let serial = 0;
    const run = async (states: object, roleArn = role) => {
      const arn = await start(sfn, await make(sfn, states, { name: `m${++serial}`, roleArn }));
      await sandbox.settle();
      return describe_(sfn, arn);
    };
    const update = task('dynamodb:updateItem', {
      TableName: 'counting',
      Key: { PK: { S: 'orderID' } },
      UpdateExpression: 'set IDvalue = IDvalue + :val',
      ExpressionAttributeValues: { ':val': { N: '1' } },
      ReturnValues: 'UPDATED_NEW',
    });
    const updated = await run(update);
    expect(updated.status).toBe('SUCCEEDED');
    expect(JSON.parse(updated.output ?? '')).toMatchObject({
      Attributes: { IDvalue: { N: '42' } },
      SdkHttpMetadata: { HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: expect.any(String) },
    });
    expect(await run(update, powerless)).toMatchObject({
      status: 'FAILED',
      error: 'DynamoDB.AmazonDynamoDBException',
      cause: expect.stringMatching(
        /^User: arn:aws:sts::123456789012:assumed-role\/powerless\/\w+ is not authorized to perform: dynamodb:UpdateItem on resource: \S+:table\/counting .*\(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: AccessDeniedException; Request ID: \w+; Proxy: null\)$/,
      ),
    });
    expect(await run(task('dynamodb:getItem', { TableName: 'nowhere', Key: { PK: { S: 'x' } } }))).toMatchObject({
      error: 'DynamoDB.ResourceNotFoundException',
      cause: expect.stringMatching(/^Requested resource not found \(Service: AmazonDynamoDBv2; Status Code: 400/),
    });
    // A boolean goes by the name of the SDK for Java too.
    const Item = { PK: { S: 'open' }, storeOpen: { Bool: true }, all: { L: [{ BOOL: false }] } };
    await run(task('aws-sdk:dynamodb:putItem', { TableName: 'counting', Item }));
    const read = await run(task('aws-sdk:dynamodb:getItem', { TableName: 'counting', Key: { PK: { S: 'open' } } }));
    expect(JSON.parse(read.output ?? '')).toEqual({
      Item: {
        PK: { S: 'open' },
        storeOpen: { BOOL: true, Bool: true },
        all: { L: [{ BOOL: false, Bool: false }] },
      },
    });
    const own = { 'StateMachineArn.$': '$$.StateMachine.Id', StatusFilter: 'RUNNING' };
    const listed = await run(task('aws-sdk:sfn:listExecutions', own));
    expect(JSON.parse(listed.output ?? '').Executions).toEqual([
      expect.objectContaining({ Status: 'RUNNING', StartDate: expect.stringMatching(/^\d{4}-.*Z$/) }),
    ]);
    expect(await run(task('aws-sdk:sfn:listExecutions', own), powerless)).toMatchObject({
      error: 'Sfn.SfnException',
      cause: expect.stringMatching(
        /is not authorized to perform: states:ListExecutions on resource: .*\(Service: Sfn, Status Code: 400, Request ID: \S+\)$/,
      ),
    });
    expect(
      await run(
        task('aws-sdk:sfn:listExecutions', { StateMachineArn: `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:x` }),
      ),
    ).toMatchObject({ error: 'Sfn.StateMachineDoesNotExistException' });
    expect(
      await run(task('events:putEvents', { Entries: [{ Source: 's', DetailType: 't', Detail: 'x' }] })),
    ).toMatchObject({
      error: 'EventBridge.FailedEntry',
      cause: '{"Entries":[{"ErrorCode":"MalformedDetail","ErrorMessage":"Detail is malformed."}],"FailedEntryCount":1}',
    });
    expect(
      await run(task('sns:publish', { TopicArn: 'arn:aws:sns:us-east-1:123456789012:t', Message: 'm' })),
    ).toMatchObject({
      status: 'FAILED',
      cause: expect.stringContaining('does not carry sns:publish'),
    });
    const child = await make(sfn, { A: { Type: 'Wait', Seconds: 30, Next: 'B' }, B: pass }, { name: 'child' });
    const parent = await make(sfn, task('states:startExecution.sync:2', { StateMachineArn: child, Input: { n: 7 } }), {
      name: 'parent',
    });
    const arn = await start(sfn, parent);
    await sandbox.settle();
    expect((await describe_(sfn, arn)).status).toBe('RUNNING');
    await sandbox.advance(31_000);
    expect(JSON.parse((await describe_(sfn, arn)).output ?? '')).toMatchObject({
      Output: { n: 7 },
      Status: 'SUCCEEDED',
    });
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn: arn }));
    expect(events?.map((event) => event.type)).toContain('TaskSubmitted');
  });
});

test('a rule starts an execution once per event, under its role, and another rule writes the event to a log group', async () => {
  const lines: LogLine[] = [];
  await withSandbox(
    async (sandbox) => {
      const sfn = new SFNClient(clientConfig(sandbox));
      const events = new EventBridgeClient(clientConfig(sandbox));
      const logs = new CloudWatchLogsClient(clientConfig(sandbox));
      await giveRole(sandbox, ['events:PutEvents']);
      const invoke = await giveRole(sandbox, ['states:StartExecution'], 'events', 'invoke');
      const powerless = await giveRole(sandbox, [], 'events', 'powerless');
      const machine = await make(sfn, { A: pass });
      await events.send(new CreateEventBusCommand({ Name: 'Serverlesspresso' }));
      const logGroupName = '/aws/events/serverlesspressoEventBus';
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      const rule = async (name: string, pattern: object, target: { Arn: string; RoleArn?: string }) => {
        await events.send(
          new PutRuleCommand({ Name: name, EventBusName: 'Serverlesspresso', EventPattern: JSON.stringify(pattern) }),
        );
        await events.send(
          new PutTargetsCommand({ Rule: name, EventBusName: 'Serverlesspresso', Targets: [{ Id: '1', ...target }] }),
        );
      };
      await rule('NewOrder', { 'detail-type': ['Validator.NewOrder'] }, { Arn: machine, RoleArn: invoke });
      await rule('Wrong', { 'detail-type': ['Validator.NewOrder'] }, { Arn: machine, RoleArn: powerless });
      await rule('logAll', { source: ['s'] }, { Arn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${logGroupName}:*` });
      const sender = await make(
        sfn,
        {
          A: {
            Type: 'Task',
            Resource: 'arn:aws:states:::events:putEvents',
            Parameters: {
              Entries: [
                {
                  Source: 's',
                  DetailType: 'Validator.NewOrder',
                  Detail: { orderId: '1' },
                  EventBusName: 'Serverlesspresso',
                },
              ],
            },
            End: true,
          },
        },
        { name: 'sender' },
      );
      const sent = await start(sfn, sender);
      await sandbox.settle();
      const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: machine }));
      expect(executions).toHaveLength(1);
      const input = JSON.parse((await describe_(sfn, executions?.[0]?.executionArn ?? '')).input ?? '');
      expect(input).toMatchObject({
        source: 's',
        'detail-type': 'Validator.NewOrder',
        account: ACCOUNT,
        detail: { orderId: '1' },
        resources: [sender, sent],
      });
      const failures = lines.filter((line) => line.kind === 'delivery').map((line) => line.message);
      expect(failures.some((line) => /\/Wrong .*is not authorized to perform: states:StartExecution/.test(line))).toBe(
        true,
      );
      // Without the log group's resource policy the rule fails, as on AWS.
      expect(failures.some((line) => /\/logAll .*AccessDenied/.test(line))).toBe(true);
      await logs.send(
        new PutResourcePolicyCommand({
          policyName: 'p',
          policyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Service: 'events.amazonaws.com' },
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Resource: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/events/*:*`,
              },
            ],
          }),
        }),
      );
      await start(sfn, sender);
      await sandbox.settle();
      const found = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      expect(found.events?.map((event) => JSON.parse(event.message ?? '').detail)).toEqual([{ orderId: '1' }]);
    },
    { log: (line) => void lines.push(line) },
  );
});

test('a delivery that was on its way when the process ended arrives, and only once', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-deliveries-'));
  try {
    let machine = '';
    const before = await startSandbox({ dir });
    try {
      await giveRole(before, []);
      await giveRole(before, ['states:StartExecution'], 'events', 'invoke');
      machine = await make(new SFNClient(clientConfig(before)), { A: pass });
    } finally {
      await before.close();
    }
    // What PutEvents leaves behind before it answers, were the process killed right then.
    const store = await AccountStore.open(ACCOUNT, path.join(dir, 'accounts', ACCOUNT));
    const event = { id: 'e1', 'detail-type': 't', detail: { orderId: '1' } };
    for (const id of ['e1/0123456789abcdef', 'e1/fedcba9876543210'])
      store.table('events', 'us-east-1', 'deliveries').put(id, {
        id,
        ruleArn: `arn:aws:events:us-east-1:${ACCOUNT}:rule/r`,
        target: { Id: '1', Arn: machine, RoleArn: `arn:aws:iam::${ACCOUNT}:role/invoke`, InputPath: '$.detail' },
        event: JSON.stringify(event),
        attempts: 0,
        accepted: 0,
        due: id.endsWith('f') ? 0 : Date.now() + 3_600_000,
      });
    await store.close();
    const after = await startSandbox({ dir });
    try {
      const sfn = new SFNClient(clientConfig(after));
      const executions = async () =>
        (await sfn.send(new ListExecutionsCommand({ stateMachineArn: machine }))).executions ?? [];
      await after.settle();
      const [first, ...others] = await executions();
      expect(others).toEqual([]);
      expect((await describe_(sfn, first?.executionArn ?? '')).input).toBe('{"orderId":"1"}');
      await after.advance(3_700_000);
      expect(await executions()).toHaveLength(2);
    } finally {
      await after.close();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('functions are invoked by workflows and rules, and what they throw is the error', async () => {
  const lines: LogLine[] = [];
  await withSandbox(
    async (sandbox) => {
      const sfn = new SFNClient(clientConfig(sandbox));
      const lambda = new LambdaClient(clientConfig(sandbox));
      const events = new EventBridgeClient(clientConfig(sandbox));
      const logs = new CloudWatchLogsClient(clientConfig(sandbox));
      const role = await giveRole(sandbox, ['lambda:InvokeFunction', 'events:PutEvents']);
      const powerless = await giveRole(sandbox, [], 'states', 'powerless');
      const functionRole = await giveRole(sandbox, ['logs:*'], 'lambda', 'function');
      const { FunctionArn } = await lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Runtime: 'nodejs24.x',
          Role: functionRole,
          Handler: 'index.handler',
          Code: {
            ZipFile: writeZip({
              'index.js': `exports.handler = async (event) => {
              console.log('saw', event.source ?? 'nothing');
              if (event.fail) { const e = new Error('no milk'); e.name = 'NoMilk'; throw e; }
              return { got: event };
            };`,
            }),
          },
        }),
      );
      const task = (resource: string, parameters?: object) => ({
        A: { Type: 'Task', Resource: resource, ...(parameters ? { Parameters: parameters } : {}), End: true },
      });
      let serial = 0;
      const run = async (states: object, input: object = {}, roleArn = role) => {
        const arn = await start(sfn, await make(sfn, states, { name: `m${++serial}`, roleArn }), input);
        await sandbox.settle();
        return describe_(sfn, arn);
      };
      const invoke = task('arn:aws:states:::lambda:invoke', { FunctionName: 'f', 'Payload.$': '$' });
      expect(JSON.parse((await run(invoke, { a: 1 })).output ?? '')).toMatchObject({
        ExecutedVersion: '$LATEST',
        Payload: { got: { a: 1 } },
        SdkHttpMetadata: { HttpStatusCode: 200 },
        SdkResponseMetadata: { RequestId: expect.any(String) },
        StatusCode: 200,
      });
      expect(await run(task(FunctionArn ?? ''), { a: 2 })).toMatchObject({ output: '{"got":{"a":2}}' });
      const failed = await run(invoke, { fail: true });
      expect(failed).toMatchObject({ status: 'FAILED', error: 'NoMilk' });
      expect(JSON.parse(failed.cause ?? '')).toMatchObject({ errorType: 'NoMilk', errorMessage: 'no milk' });
      expect(await run(invoke, {}, powerless)).toMatchObject({
        error: 'Lambda.AWSLambdaException',
        cause: expect.stringMatching(
          /lambda:InvokeFunction .*\(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException/,
        ),
      });
      expect(await run(task('arn:aws:states:::lambda:invoke', { FunctionName: 'nowhere', Payload: {} }))).toMatchObject(
        { error: 'Lambda.ResourceNotFoundException' },
      );

      const { RuleArn } = await events.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["shop"]}' }));
      await events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '1', Arn: FunctionArn }] }));
      const send = async () => {
        const Entries = [{ Source: 'shop', DetailType: 't', Detail: '{}' }];
        await events.send(new PutEventsCommand({ Entries }));
        await sandbox.settle();
        const found = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/f' }));
        return found.events?.filter((event) => event.message?.includes('saw shop')).length;
      };
      // Without the function's permission the rule fails, as on AWS.
      expect(await send()).toBe(0);
      expect(lines.some((line) => line.kind === 'delivery' && /InvokeFunction/.test(line.message))).toBe(true);
      await lambda.send(
        new AddPermissionCommand({
          FunctionName: 'f',
          StatementId: 's',
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: RuleArn,
        }),
      );
      expect(await send()).toBe(1);
    },
    { log: (line) => void lines.push(line) },
  );
});

test('TestState plays one state, calls its task under the role, and refuses what is no state', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, []);
    const tested = await sfn.send(
      new TestStateCommand({
        definition: JSON.stringify({ Type: 'Pass', Result: { a: 1 }, ResultPath: '$.r', Next: 'N' }),
        input: '{"b":2}',
      }),
    );
    expect(tested).toMatchObject({ status: 'SUCCEEDED', output: '{"b":2,"r":{"a":1}}', nextState: 'N' });
    const task = JSON.stringify({
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:listStateMachines',
      Parameters: {},
      End: true,
    });
    // The context names an express execution of a state machine that is not there.
    const context = { Type: 'Pass', Parameters: { 'id.$': '$$.Execution.Id', 'name.$': '$$.Execution.Name' } };
    const { output } = await sfn.send(new TestStateCommand({ definition: JSON.stringify(context) }));
    const { id, name } = JSON.parse(output ?? '') as { id: string; name: string };
    expect(id).toBe(`arn:aws:states:us-east-1:${ACCOUNT}:express:TestState:${name}`);
    expect(await sfn.send(new TestStateCommand({ definition: task, roleArn: ROLE }))).toMatchObject({
      status: 'FAILED',
      error: 'Sfn.SfnException',
      cause: expect.stringContaining('is not authorized to perform: states:ListStateMachines'),
    });
    expect(await refusal(sfn.send(new TestStateCommand({ definition: '{"Type":"Nothing"}' })))).toMatch(
      /^InvalidDefinition/,
    );
  });
});

test('TestState needs states:RevealSecrets for secrets, and iam:PassRole where nothing is mocked', async () => {
  await withSandbox(async (sandbox) => {
    const config = clientConfig(sandbox);
    const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' };
    const allow = { Effect: 'Allow', Action: 'states:TestState', Resource: '*' };
    const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const iam = new IAMClient(config);
    await iam.send(new CreateRoleCommand({ RoleName: 'tester', AssumeRolePolicyDocument: policy(trust) }));
    await iam.send(new PutRolePolicyCommand({ RoleName: 'tester', PolicyName: 'p', PolicyDocument: policy(allow) }));
    const { Credentials } = await new STSClient(config).send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/tester`, RoleSessionName: 'learner' }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const sfn = new SFNClient({ ...config, credentials });
    const definition = JSON.stringify({
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'f' },
      End: true,
    });
    const ask = (more: object) => sfn.send(new TestStateCommand({ definition, roleArn: ROLE, ...more }));
    expect(await ask({ mock: { result: '{}' } })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await refusal(ask({}))).toContain('iam:PassRole');
    expect(await refusal(ask({ mock: { result: '{}' }, revealSecrets: true }))).toContain('states:RevealSecrets');
  });
});

test('EXPRESS answers at once, keeps no executions, and takes no callbacks', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, []);
    expect(await refusal(make(sfn, { A: callback() }, { type: 'EXPRESS' }))).toMatch(
      /^InvalidDefinition: .*Express state machine does not support '\.waitForTaskToken' service integration/,
    );
    const machine = await make(sfn, { A: pass }, { type: 'EXPRESS' });
    const answer = await sfn.send(new StartSyncExecutionCommand({ stateMachineArn: machine, input: '{"a":1}' }));
    expect(answer).toMatchObject({ status: 'SUCCEEDED', output: '{"a":1}' });
    const arn = await start(sfn, machine);
    expect(await refusal(describe_(sfn, arn))).toBe(
      "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'",
    );
    expect(await refusal(sfn.send(new ListExecutionsCommand({ stateMachineArn: machine })))).toMatch(
      /^StateMachineTypeNotSupported/,
    );
    const standard = await make(sfn, { A: pass }, { name: 'standard' });
    expect(await refusal(sfn.send(new StartSyncExecutionCommand({ stateMachineArn: standard })))).toMatch(
      /^StateMachineTypeNotSupported/,
    );
  });
});

test('a machine that is deleted goes when its last execution has ended', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, ['events:PutEvents']);
    const machine = await make(sfn, { A: callback({ End: undefined, Next: 'B' }), B: pass });
    const arn = await start(sfn, machine);
    await sandbox.settle();
    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn: machine }));
    expect((await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: machine }))).status).toBe('DELETING');
    expect(await refusal(start(sfn, machine))).toMatch(/^StateMachineDeleting/);
    await sfn.send(new SendTaskSuccessCommand({ taskToken: await tokenOf(sfn, arn), output: '{}' }));
    await sandbox.settle();
    expect(await refusal(sfn.send(new DescribeStateMachineCommand({ stateMachineArn: machine })))).toMatch(
      /^StateMachineDoesNotExist/,
    );
    expect(await make(sfn, { A: pass })).toBe(machine);
  });
});

test('a worker fetches an activity’s task and answers it', async () => {
  await withSandbox(async (sandbox) => {
    const sfn = new SFNClient(clientConfig(sandbox));
    await giveRole(sandbox, []);
    const { activityArn } = await sfn.send(new CreateActivityCommand({ name: 'work' }));
    const machine = await make(sfn, { A: { Type: 'Task', Resource: activityArn, End: true } });
    const fetching = sfn.send(new GetActivityTaskCommand({ activityArn, workerName: 'me' }));
    const arn = await start(sfn, machine, { n: 1 });
    const { taskToken, input } = await fetching;
    expect(input).toBe('{"n":1}');
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '"done"' }));
    expect(await describe_(sfn, arn)).toMatchObject({ status: 'SUCCEEDED', output: '"done"' });
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn: arn }));
    expect(events?.map((event) => event.type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'ActivityScheduled',
      'ActivityStarted',
      'ActivitySucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });
});
