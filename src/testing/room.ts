/**
 * For tests of a fleet: a room of sandbox accounts, what people do to them, and what an account holds, resource by
 * resource. One file, because each of the three is read with the other two.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { IoT } from '@aws-sdk/client-iot';
import { Lambda } from '@aws-sdk/client-lambda';
import { SFN } from '@aws-sdk/client-sfn';
import { SQS } from '@aws-sdk/client-sqs';
import { SSM } from '@aws-sdk/client-ssm';
import { connect } from '../aws/connection.ts';
import { buildsOf, deployModule } from '../flows/prove.ts';
import { checksDir } from '../paths.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { readBuild } from '../solve/build.ts';
import { BUS_NAME, EVENT_SOURCE, LOG_GROUP, TABLES, USER_POOL_NAME, WORKFLOW_NAME } from '../workshop.ts';
import { type BadRoad, type Holes, openRoad } from './bad-road.ts';
import { dice } from './mutants.ts';
import { type Ran, runPresso } from './presso.ts';
import { clientConfig } from './sandbox.ts';
import { makeBuild } from './workshop.ts';

const HUB = '999999999999';
const ROLE = 'OrganizationAccountAccessRole';
const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface Room {
  accounts: string[];
  sandbox: Sandbox;
  road: BadRoad;
  roll: () => number;
  home: string;
  /** `presso fleet …` over the bad road; `only` some accounts where given. */
  fleet(operation: string, only: string[] | undefined, ...args: string[]): Promise<Ran>;
  /** The same, killed with -9 after so many milliseconds; false when it had ended by then. */
  killed(ms: number, operation: string, only: string[], ...args: string[]): Promise<boolean>;
  close(): Promise<void>;
}

/** What the soak and the suite go through: every tenth call throttled, every twentieth a 503, every fiftieth cut off. */
export const USUAL_HOLES: Holes = { throttle: 0.1, fault: 0.05, drop: 0.02, seed: 1 };

export async function openRoom(size: number, holes: Holes = USUAL_HOLES): Promise<Room> {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-room-'));
  const roster = path.join(home, 'room.yaml');
  const accounts = Array.from({ length: size }, (_, i) => String(100_000_000_000 + i * 7));
  const sandbox = await startSandbox({});
  const road = await openRoad(sandbox.endpoint, holes);
  for (const account of accounts) await openDoor(sandbox, account);
  writeFileSync(
    roster,
    `name: room\naccounts:\n${accounts.map((id, i) => `  - {id: ${id}, name: p${i}}`).join('\n')}\n`,
  );
  const argsOf = (operation: string, only: string[] | undefined, args: string[]): string[] => [
    ...['fleet', operation, '--roster', roster, '--endpoint-url', road.endpoint, ...args],
    ...(operation === 'setup' || args.includes('--run') ? ['--yes', '--fleet', 'room'] : []),
    ...(only ?? []).flatMap((account) => ['--only', account]),
  ];
  return {
    accounts,
    sandbox,
    road,
    home,
    roll: dice(holes.seed + 1),
    fleet: (operation, only, ...args) =>
      runPresso(argsOf(operation, only, args), { home, env: { AWS_ACCESS_KEY_ID: HUB } }),
    async killed(ms, operation, only, ...args) {
      const child = spawn(process.execPath, [BINARY, ...argsOf(operation, only, args)], {
        env: { PATH: process.env['PATH'] ?? '', PRESSO_HOME: home, AWS_ACCESS_KEY_ID: HUB },
        cwd: home,
        stdio: 'ignore',
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), ms);
      const signal = await new Promise<string | null>((done) => child.once('close', (_, how) => done(how)));
      clearTimeout(timer);
      // What CloudFormation has begun goes on by itself, as it does at AWS.
      return signal === 'SIGKILL';
    },
    async close() {
      await road.close();
      await sandbox.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

const trust = (principal: object, service?: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' },
      ...(service ? [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }] : []),
    ],
  });

async function openDoor(sandbox: Sandbox, account: string): Promise<void> {
  const iam = new IAM(clientConfig(sandbox, account));
  const AssumeRolePolicyDocument = trust({ AWS: `arn:aws:iam::${HUB}:root` }, 'states.amazonaws.com');
  await iam.createRole({ RoleName: ROLE, AssumeRolePolicyDocument });
  await iam.attachRolePolicy({ RoleName: ROLE, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  iam.destroy();
}

const ADMIN = (account: string): string => `arn:aws:iam::${account}:role/${ROLE}`;

/** What somebody does to an account that is set up. What must be there untouched afterwards is `lookAlikes`. */
type Havoc = (room: Room, account: string) => Promise<void>;

async function build(room: Room, account: string, module: string, name: string): Promise<void> {
  const credentials = { accessKeyId: account, secretAccessKey: 'test' };
  const connection = await connect({ region: 'us-east-1', endpoint: room.sandbox.endpoint, credentials });
  try {
    if (module === 'module-4') await deployModule({ connection, sandbox: room.sandbox }, module);
    const made = readBuild(path.join(checksDir(), module, name));
    await makeBuild({ connection, sandbox: room.sandbox, account, close: async () => {} }, made);
  } finally {
    connection.close();
  }
}

const pickOf = <T>(from: readonly T[], roll: () => number): T => from[Math.floor(roll() * from.length)] as T;
const named = async (lambda: Lambda, part: string): Promise<string> =>
  (await lambda.listFunctions({})).Functions?.find((one) => one.FunctionName?.includes(part))?.FunctionName ?? '';

export const HAVOC: Record<string, Havoc> = {
  untouched: async () => {},
  'orders of a day': async (room, account) => {
    const dynamodb = new DynamoDB(clientConfig(room.sandbox, account));
    for (let i = 0; i < 30; i++)
      await dynamodb.putItem({
        TableName: TABLES.order,
        Item: { PK: { S: 'orders' }, SK: { S: String(i) }, ORDERSTATE: { S: 'CREATED' } },
      });
    await dynamodb.putItem({ TableName: TABLES.validator, Item: { PK: { N: '7' }, availableTokens: { N: '3' } } });
    await dynamodb.updateItem({
      TableName: TABLES.counting,
      Key: { PK: { S: 'orderID' } },
      UpdateExpression: 'SET IDvalue = :n',
      ExpressionAttributeValues: { ':n': { N: '57' } },
    });
    await dynamodb.updateItem({
      TableName: TABLES.config,
      Key: { PK: { S: 'config' } },
      UpdateExpression: 'SET storeOpen = :no',
      ExpressionAttributeValues: { ':no': { BOOL: false } },
    });
    const cognito = new CognitoIdentityProvider(clientConfig(room.sandbox, account));
    const { UserPools } = await cognito.listUserPools({ MaxResults: 60 });
    const UserPoolId = UserPools?.find(({ Name }) => Name === USER_POOL_NAME)?.Id;
    await cognito.adminCreateUser({ UserPoolId, Username: 'anna@example.com', MessageAction: 'SUPPRESS' });
  },
  'a workflow that runs': async (room, account) => {
    const sfn = new SFN(clientConfig(room.sandbox, account));
    const definition = JSON.stringify({
      StartAt: 'Wait',
      States: { Wait: { Type: 'Wait', Seconds: 86_400, End: true } },
    });
    const { stateMachineArn } = await sfn.createStateMachine({
      name: WORKFLOW_NAME,
      definition,
      roleArn: ADMIN(account),
    });
    for (let i = 0; i < 5; i++) await sfn.startExecution({ stateMachineArn, input: '{}' });
  },
  'a table is gone': async (room, account) => {
    const TableName = pickOf(Object.values(TABLES), room.roll);
    await new DynamoDB(clientConfig(room.sandbox, account)).deleteTable({ TableName });
  },
  'a stack half deleted': async (room, account) => {
    const cloudformation = new CloudFormation(clientConfig(room.sandbox, account));
    const { Stacks = [] } = await cloudformation.describeStacks({});
    // The bus goes last: what rests on it keeps its stack from being deleted, half way.
    const StackName = pickOf(Stacks.map((stack) => stack.StackName).sort(), room.roll);
    await cloudformation.deleteStack({ StackName });
    await room.sandbox.settle();
  },
  'a function changed by hand': async (room, account) => {
    const lambda = new Lambda(clientConfig(room.sandbox, account));
    await lambda.updateFunctionConfiguration({ FunctionName: await named(lambda, 'WorkflowStarted'), Timeout: 2 });
  },
  'a function is gone': async (room, account) => {
    const lambda = new Lambda(clientConfig(room.sandbox, account));
    await lambda.deleteFunction({ FunctionName: await named(lambda, 'WaitingCompletion') });
  },
  'the bus is gone': async (room, account) => {
    const events = new EventBridge(clientConfig(room.sandbox, account));
    const { Rules = [] } = await events.listRules({ EventBusName: BUS_NAME });
    for (const { Name } of Rules) {
      const { Targets = [] } = await events.listTargetsByRule({ Rule: Name, EventBusName: BUS_NAME });
      await events.removeTargets({ Rule: Name, EventBusName: BUS_NAME, Ids: Targets.map(({ Id }) => Id ?? '') });
      await events.deleteRule({ Name, EventBusName: BUS_NAME });
    }
    await events.deleteEventBus({ Name: BUS_NAME });
  },
  'a rule of the core is switched off': async (room, account) => {
    const events = new EventBridge(clientConfig(room.sandbox, account));
    const { Rules = [] } = await events.listRules({ EventBusName: BUS_NAME });
    await events.disableRule({ Name: Rules[0]?.Name, EventBusName: BUS_NAME });
  },
  'look-alikes': async (room, account) => {
    const config = clientConfig(room.sandbox, account);
    const events = new EventBridge(config);
    const EventPattern = JSON.stringify({ source: [EVENT_SOURCE] });
    await events.createEventBus({ Name: `${BUS_NAME}-mine` });
    await events.putRule({ Name: 'NewOrder', EventBusName: `${BUS_NAME}-mine`, EventPattern });
    await events.putRule({ Name: 'NewOrder', EventPattern });
    // Only this one is on the workshop's own bus, and goes.
    await events.putRule({ Name: 'wild', EventBusName: BUS_NAME, EventPattern: '{"source":["a"]}' });
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });
    const sfn = new SFN(config);
    await sfn.createStateMachine({ name: `${WORKFLOW_NAME}2`, definition, roleArn: ADMIN(account) });
    await new IAM(config).createRole({
      RoleName: 'My01OrderProcessorRole',
      AssumeRolePolicyDocument: trust({ Service: 'states.amazonaws.com' }),
    });
    await new DynamoDB(config).createTable({
      TableName: `${TABLES.order}-mine`,
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    await new CloudWatchLogs(config).createLogGroup({ logGroupName: `${LOG_GROUP}2` });
    await new SSM(config).putParameter({ Name: '/Serverlesspresso-mine/bus', Value: 'x', Type: 'String' });
    await new SQS(config).createQueue({ QueueName: 'MetricsQueueMine' });
    await new CognitoIdentityProvider(config).createUserPool({ PoolName: `${USER_POOL_NAME}2` });
    await new CloudFormation(config).createStack({
      StackName: 'serverlesspresso-mine',
      TemplateBody: JSON.stringify({
        Resources: { P: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Name: '/mine', Value: 'y' } } },
      }),
    });
    await room.sandbox.settle();
  },
};

/** Every build of the course: solutions, variants, and the mistakes of learners. */
for (const module of ['module-1', 'module-2', 'module-3', 'module-4'])
  for (const name of buildsOf(module))
    HAVOC[`${module}/${name}`] = (room, account) => build(room, account, module, name);

/** Keeps the role from deleting one rule, which stands on the workshop's bus. */
export async function makeStuck({ sandbox }: Room, account: string): Promise<void> {
  const config = clientConfig(sandbox, account);
  const rule = { Name: 'stuck', EventBusName: BUS_NAME, EventPattern: '{"source":["a"]}' };
  const { RuleArn } = await new EventBridge(config).putRule(rule);
  await new IAM(config).putRolePolicy({
    RoleName: ROLE,
    PolicyName: 'stuck',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: 'events:DeleteRule', Resource: RuleArn }],
    }),
  });
}

/** Lets nobody in any more. */
export async function shutDoor({ sandbox }: Room, account: string): Promise<void> {
  const PolicyDocument = trust({ AWS: 'arn:aws:iam::888888888888:root' });
  await new IAM(clientConfig(sandbox, account)).updateAssumeRolePolicy({ RoleName: ROLE, PolicyDocument });
}

/** Everything about the look-alikes that AWS tells, byte for byte. */
export async function lookAlikes({ sandbox }: Room, account: string): Promise<string> {
  const config = clientConfig(sandbox, account);
  const [events, sfn] = [new EventBridge(config), new SFN(config)];
  const stateMachineArn = `arn:aws:states:us-east-1:${account}:stateMachine:${WORKFLOW_NAME}2`;
  const answers: Promise<object | undefined>[] = [
    events.describeEventBus({ Name: `${BUS_NAME}-mine` }),
    events.describeRule({ Name: 'NewOrder', EventBusName: `${BUS_NAME}-mine` }),
    events.describeRule({ Name: 'NewOrder' }),
    sfn.describeStateMachine({ stateMachineArn }),
    new IAM(config).getRole({ RoleName: 'My01OrderProcessorRole' }),
    new DynamoDB(config).describeTable({ TableName: `${TABLES.order}-mine` }),
    new CloudWatchLogs(config).describeLogGroups({ logGroupNamePrefix: `${LOG_GROUP}2` }),
    new SSM(config).getParameter({ Name: '/Serverlesspresso-mine/bus' }),
    new SQS(config).getQueueUrl({ QueueName: 'MetricsQueueMine' }),
    new CognitoIdentityProvider(config)
      .listUserPools({ MaxResults: 60 })
      .then(({ UserPools }) => UserPools?.find(({ Name }) => Name === `${USER_POOL_NAME}2`)),
    new CloudFormation(config).describeStacks({ StackName: 'serverlesspresso-mine' }),
    new SSM(config).getParameter({ Name: '/mine' }),
  ];
  return JSON.stringify((await Promise.all(answers)).map((answer) => ({ ...answer, $metadata: undefined })));
}

/** What one picture has and the other has not, shortly; nothing where they are the same. */
export function between(wanted: Record<string, string[]>, now: Record<string, string[]>): string[] {
  const short = (text: string): string => (text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text);
  return Object.keys({ ...wanted, ...now }).flatMap((kind) => {
    const [were, are] = [wanted[kind] ?? [], now[kind] ?? []];
    return [
      ...were.filter((one) => !are.includes(one)).map((one) => short(`missing ${kind}: ${one}`)),
      ...are.filter((one) => !were.includes(one)).map((one) => short(`too much ${kind}: ${one}`)),
    ];
  });
}

/** Names that are the look-alikes' own, or of something a learner has beside the workshop: a reset must leave them. */
const ALIKE = /-mine|Mine\b|Workflow2|EventBus2|UserPool2|My01|LoyaltyCards|ServerlesspressoUsers/;

/**
 * What an account holds, resource by resource with all that matters of each, without what differs from one making to the
 * next: ids stand as `stack/LogicalId`. Look-alikes are left out.
 */
export async function picture({ sandbox }: Room, account: string): Promise<Record<string, string[]>> {
  const config = clientConfig(sandbox, account);
  const cloudformation = new CloudFormation(config);
  const [events, lambda, iam, dynamodb] = [
    new EventBridge(config),
    new Lambda(config),
    new IAM(config),
    new DynamoDB(config),
  ];
  const [sfn, logs, ssm, cognito, iot, sqs] = [
    new SFN(config),
    new CloudWatchLogs(config),
    new SSM(config),
    new CognitoIdentityProvider(config),
    new IoT(config),
    new SQS(config),
  ];
  const stacks = ((await cloudformation.describeStacks({})).Stacks ?? []).filter(
    ({ StackName = '' }) => !ALIKE.test(StackName),
  );
  const ids = new Map<string, string>();
  const resources: string[] = [];
  for (const { StackName, StackId } of stacks) {
    ids.set(StackId ?? '', `${StackName}`);
    for (const one of (await cloudformation.describeStackResources({ StackName })).StackResources ?? []) {
      resources.push(`${StackName}/${one.LogicalResourceId} ${one.ResourceType}`);
      const id = one.PhysicalResourceId ?? '';
      if (id.length > 8 && !/^(\/|serverlesspresso-[a-z-]+-table$)/.test(id))
        ids.set(id, `${StackName}/${one.LogicalResourceId}`);
    }
  }
  const rulesOn = async (EventBusName: string) =>
    Promise.all(
      ((await events.listRules({ EventBusName }).catch(() => ({ Rules: [] }))).Rules ?? []).map(async (rule) => ({
        rule: { name: rule.Name, pattern: rule.EventPattern, state: rule.State },
        targets: (await events.listTargetsByRule({ Rule: rule.Name, EventBusName })).Targets,
      })),
    );
  const functions = (await lambda.listFunctions({})).Functions ?? [];
  const roles = (await iam.listRoles({})).Roles ?? [];
  const tables = ((await dynamodb.listTables({})).TableNames ?? []).filter((name) => !ALIKE.test(name));
  const pools = ((await cognito.listUserPools({ MaxResults: 60 })).UserPools ?? []).filter(
    ({ Name = '' }) => !ALIKE.test(Name),
  );
  const machines = (await sfn.listStateMachines({})).stateMachines ?? [];
  const found = {
    stacks: stacks.map(({ StackName, StackStatus, Parameters, Tags }) => [
      StackName,
      StackStatus?.replace('UPDATE', 'CREATE'),
      Parameters,
      Tags,
    ]),
    resources,
    rules: await rulesOn(BUS_NAME),
    functions: await Promise.all(
      functions.map(async (one) => [
        [one.FunctionName, one.Runtime, one.Handler, one.Timeout, one.MemorySize, one.CodeSha256, one.Role],
        one.Environment?.Variables,
        await lambda
          .getPolicy({ FunctionName: one.FunctionName })
          .then(({ Policy = '{}' }) => (JSON.parse(Policy) as { Statement?: unknown }).Statement)
          .catch(() => undefined),
      ]),
    ),
    mappings: ((await lambda.listEventSourceMappings({})).EventSourceMappings ?? []).map((one) => [
      one.FunctionArn,
      one.State,
    ]),
    roles: await Promise.all(
      roles
        .filter(({ RoleName = '' }) => RoleName !== ROLE && !ALIKE.test(RoleName))
        .map(async ({ RoleName, Path, AssumeRolePolicyDocument }) => {
          const inline = (await iam.listRolePolicies({ RoleName })).PolicyNames ?? [];
          return [
            [RoleName, Path, decodeURIComponent(AssumeRolePolicyDocument ?? '')],
            await Promise.all(
              inline.map(async (PolicyName) =>
                decodeURIComponent((await iam.getRolePolicy({ RoleName, PolicyName })).PolicyDocument ?? ''),
              ),
            ),
            (await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies,
          ];
        }),
    ),
    policies: ((await iam.listPolicies({ Scope: 'Local' })).Policies ?? []).map(({ PolicyName }) => PolicyName),
    machines: await Promise.all(
      machines
        .filter(({ name = '' }) => !ALIKE.test(name))
        .map(async ({ stateMachineArn, name }) => {
          const { definition, roleArn, type } = await sfn.describeStateMachine({ stateMachineArn });
          return [name, definition, roleArn, type];
        }),
    ),
    tables: await Promise.all(
      tables.map(async (TableName) => {
        const { Table } = await dynamodb.describeTable({ TableName });
        const { Items } = await dynamodb.scan({ TableName });
        const indexes = [...(Table?.GlobalSecondaryIndexes ?? []), ...(Table?.LocalSecondaryIndexes ?? [])];
        return [
          [TableName, Table?.KeySchema, Table?.StreamSpecification],
          indexes.map(({ IndexName, KeySchema }) => [IndexName, KeySchema]),
          Items,
        ];
      }),
    ),
    parameters: ((await ssm.getParametersByPath({ Path: '/Serverlesspresso', Recursive: true })).Parameters ?? []).map(
      ({ Name, Type }) => [Name, Type],
    ),
    groups: ((await logs.describeLogGroups({})).logGroups ?? [])
      .map(({ logGroupName = '', retentionInDays }) => [logGroupName, retentionInDays])
      .filter(([name]) => !ALIKE.test(String(name)) && !String(name).startsWith('/aws/lambda/')),
    logPolicies: ((await logs.describeResourcePolicies({})).resourcePolicies ?? []).map((one) => [
      one.policyName,
      one.policyDocument,
    ]),
    pools: await Promise.all(
      pools.map(async ({ Id: UserPoolId, Name }) => [
        Name,
        (await cognito.listUsers({ UserPoolId })).Users?.map(({ Username }) => Username),
        (await cognito.listGroups({ UserPoolId })).Groups?.map(({ GroupName }) => GroupName),
      ]),
    ),
    iotPolicies: ((await iot.listPolicies({})).policies ?? []).map(({ policyName }) => policyName),
    queues: ((await sqs.listQueues({})).QueueUrls ?? []).filter((url) => !ALIKE.test(url)),
  };
  let text = JSON.stringify(found).replace(
    /(serverlesspresso-[a-z-]+-[A-Za-z0-9]+)-[A-Za-z0-9]{10,13}(?![A-Za-z0-9])/g,
    '$1',
  );
  for (const [id, name] of [...ids].sort(([a], [b]) => b.length - a.length)) text = text.replaceAll(id, name);
  const plain = JSON.parse(
    text.replace(/(?<=\/stream\/)[0-9T:.-]+/g, 'LABEL').replaceAll(account, 'ACCOUNT'),
  ) as Record<string, unknown>;
  // A list is read in whatever order AWS gives it.
  return Object.fromEntries(
    Object.entries(plain).map(([kind, list]) => [kind, (list as unknown[]).map((one) => JSON.stringify(one)).sort()]),
  );
}
