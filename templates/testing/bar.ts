/** For tests: the whole bar in a sandbox, with the shipped templates and the reference solution unchanged. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { parse } from 'yaml';
import { finishTemplate } from '../../bin/templates.js';
import { startSandbox } from '../../src/sandbox/index.ts';
import { clientConfig } from '../../src/testing/sandbox.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS, LOG_GROUP, TABLES, WORKFLOW_NAME } from '../../src/workshop.ts';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Answer {
  statusCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: each call answers something else, and the test says what.
  body: any;
}
export interface Caller {
  sub: string;
  groups?: string;
}

export type Bar = Awaited<ReturnType<typeof openBar>>;

export async function openBar(
  parameters: Record<string, Record<string, string>> = {},
  modules: readonly string[] = ['setup'],
) {
  const trouble: string[] = [];
  const sandbox = await startSandbox({
    log: ({ kind, message }) => {
      if (kind !== 'request') trouble.push(`${kind}: ${message}`);
    },
  });
  const config = clientConfig(sandbox);
  const [cloudformation, dynamodb, lambda, sfn, events, iam, logs] = [
    new CloudFormationClient(config),
    new DynamoDBClient(config),
    new LambdaClient(config),
    new SFNClient(config),
    new EventBridgeClient(config),
    new IAMClient(config),
    new CloudWatchLogsClient(config),
  ];

  const { runtime, stacks } = parse(read('templates/stacks.yaml')) as {
    runtime: string;
    stacks: { name: string; module: string }[];
  };
  for (const { name } of stacks.filter(({ module }) => modules.includes(module))) {
    const StackName = `serverlesspresso-${name}`;
    await cloudformation.send(
      new CreateStackCommand({
        StackName,
        TemplateBody: await finishTemplate(root, name, runtime),
        Capabilities: ['CAPABILITY_IAM'],
        Parameters: Object.entries(parameters[name] ?? {}).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
      }),
    );
    await sandbox.settle();
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    if (Stacks?.[0]?.StackStatus !== 'CREATE_COMPLETE') {
      const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName }));
      const failed = StackEvents?.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('FAILED')).map(
        ({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`,
      );
      throw new Error(`${StackName} is ${Stacks?.[0]?.StackStatus}: ${failed?.join('; ')}`);
    }
  }

  const text = (value: string): AttributeValue => ({ S: value });
  const menu = parse(read('templates/seed/menu.yaml')) as {
    drinks: { drink: string; icon: string; available: boolean; modifiers: { Name: string; Options: string[] }[] }[];
  };
  const put = (TableName: string, Item: Record<string, AttributeValue>) =>
    dynamodb.send(new PutItemCommand({ TableName, Item }));
  const setShop = (storeOpen: boolean, maxOrdersPerUser = 1) =>
    put(TABLES.config, {
      PK: text('config'),
      storeOpen: { BOOL: storeOpen },
      maxOrdersPerUser: { N: String(maxOrdersPerUser) },
      maxOrdersInQueue: { N: '10' },
    });
  await setShop(true);
  await put(TABLES.config, {
    PK: text('menu'),
    value: {
      L: menu.drinks.map(({ drink, icon, available, modifiers }) => ({
        M: {
          drink: text(drink),
          icon: text(icon),
          available: { BOOL: available },
          modifiers: {
            L: modifiers.map(({ Name, Options }) => ({ M: { Name: text(Name), Options: { L: Options.map(text) } } })),
          },
        },
      })),
    },
  });
  await put(TABLES.counting, { PK: text('orderID'), IDvalue: { N: '0' } });

  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const functionLike = (part: string) => {
    const found = Functions.filter(({ FunctionName }) => FunctionName?.includes(part));
    if (found.length !== 1) throw new Error(`${found.length} functions are called like ${part}.`);
    return found[0] as { FunctionName: string; FunctionArn: string };
  };

  // Modules 1 and 2, as a learner would have made them.
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const processorRole = Roles.find(({ RoleName }) => RoleName?.includes('01OrderProcessorRole'));
  const { stateMachineArn = '' } = await sfn.send(
    new CreateStateMachineCommand({
      name: WORKFLOW_NAME,
      type: 'STANDARD',
      roleArn: processorRole?.Arn ?? '',
      definition: read('checks/module-1/solution/order-processor.asl.json'),
    }),
  );
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'start-workflow',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'start-workflow',
      PolicyName: 'start',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: stateMachineArn }],
      }),
    }),
  );
  const rule = async (Name: string, type: string | undefined, target: { Arn: string; RoleArn?: string }) => {
    const pattern = { source: [EVENT_SOURCE], ...(type ? { 'detail-type': [type] } : {}) };
    const { RuleArn } = await events.send(
      new PutRuleCommand({ Name, EventBusName: BUS_NAME, EventPattern: JSON.stringify(pattern) }),
    );
    await events.send(
      new PutTargetsCommand({ Rule: Name, EventBusName: BUS_NAME, Targets: [{ Id: 'target', ...target }] }),
    );
    return RuleArn ?? '';
  };
  const account = stateMachineArn.split(':')[4];
  await rule('logAll', undefined, { Arn: `arn:aws:logs:us-east-1:${account}:log-group:${LOG_GROUP}` });
  await rule('NewOrder', EVENTS.newOrder, { Arn: stateMachineArn, RoleArn: Role?.Arn ?? '' });
  for (const [name, type] of [
    ['WorkflowStarted', EVENTS.workflowStarted],
    ['WaitingCompletion', EVENTS.processorWaiting],
  ] as const) {
    const { FunctionName, FunctionArn } = functionLike(name);
    const SourceArn = await rule(name, type, { Arn: FunctionArn });
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: name,
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn,
      }),
    );
  }

  async function invoke(part: string, event: unknown) {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: functionLike(part).FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null') as unknown;
    if (FunctionError) throw new Error(`${part} failed: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A call as the HTTP API hands it to its function. */
  async function call(
    part: string,
    routeKey: string,
    caller: Caller | undefined,
    more: Record<string, unknown> = {},
  ): Promise<Answer> {
    const claims = caller && { sub: caller.sub, ...(caller.groups ? { 'cognito:groups': caller.groups } : {}) };
    const answer = (await invoke(part, {
      version: '2.0',
      routeKey,
      headers: {},
      requestContext: claims ? { authorizer: { jwt: { claims } } } : {},
      isBase64Encoded: false,
      ...more,
    })) as { statusCode: number; body: string };
    return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
  }

  return {
    sandbox,
    /** What the sandbox's log says beside requests: functions that failed, events that did not arrive. */
    trouble,
    dynamodb,
    setShop,
    put,
    call,
    invoke,
    newCode: async () =>
      (await call('GetQRcodeFunction', 'GET /qr-code', ADMIN)).body as {
        code: string;
        availableTokens: number;
        end_ts: number;
      },
    useCode: (code: string, sub: string) =>
      call('VerifyQRcodeFunction', 'POST /qr-code', { sub }, { queryStringParameters: { token: code } }),
    async act(caller: Caller, orderId: string, action: string | undefined, body?: unknown): Promise<Answer> {
      const answer = await call('OrdersApi', 'PUT /orders/{id}', caller, {
        pathParameters: { id: orderId },
        ...(action ? { queryStringParameters: { action } } : {}),
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      await sandbox.settle();
      return answer;
    },
    async item(orderId: string) {
      const { Item } = await dynamodb.send(
        new GetItemCommand({
          TableName: TABLES.order,
          Key: { PK: text('orders'), SK: text(orderId) },
          ConsistentRead: true,
        }),
      );
      return Item;
    },
    async executions(statusFilter: 'RUNNING' | 'SUCCEEDED' | 'FAILED') {
      return (await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter }))).executions ?? [];
    },
    async stopAll() {
      const { executions = [] } = await sfn.send(
        new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
      );
      for (const { executionArn } of executions) await sfn.send(new StopExecutionCommand({ executionArn }));
      await sandbox.settle();
    },
    /** The events of the bus so far, as logAll wrote them. */
    async eventsOf(type: string) {
      const { events: lines = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: LOG_GROUP }));
      return lines
        .map(({ message }) => JSON.parse(message ?? '{}') as { 'detail-type': string; detail: Record<string, unknown> })
        .filter((event) => event['detail-type'] === type);
    },
    async close() {
      for (const client of [cloudformation, dynamodb, lambda, sfn, events, iam, logs]) client.destroy();
      await sandbox.close();
    },
  };
}

export const ADMIN: Caller = { sub: 'barista-1', groups: '[admin]' };
