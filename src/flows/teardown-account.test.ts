/** `presso teardown` on an account in any state: what is stuck, made by hand, in another Region or of somebody else. */
import { Account } from '@aws-sdk/client-account';
import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { IoT } from '@aws-sdk/client-iot';
import { SQS } from '@aws-sdk/client-sqs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionsOf } from '../aws/assume.ts';
import { packageRoot, templatesDir } from '../paths.ts';
import { lookedLines } from '../report/reset.ts';
import { readBuild } from '../solve/build.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { factsOf, KINDS, readChecklists, type Result, verify } from '../verify/index.ts';
import { verifyPolicy } from '../verify/policy.ts';
import { BUS_NAME, LOG_GROUP, TABLES, WORKSHOP_REGIONS } from '../workshop.ts';
import { teardownWork } from './fleet-operations.ts';
import { planReset, type ResetOutcome } from './reset-account.ts';
import { PASSES, planAccountTeardown, runTeardown } from './teardown-account.ts';

let workshop: Workshop;
let config: ReturnType<typeof clientConfig>;
beforeAll(async () => {
  workshop = await openWorkshop();
  config = clientConfig(workshop.sandbox);
});
afterAll(() => workshop.close());

/** Waiting moves the sandbox's clock, so that AWS IoT's five minutes take none. */
async function tearDown(connection = workshop.connection): Promise<{ outcome: ResetOutcome; news: string[] }> {
  const news: string[] = [];
  const { signal } = new AbortController();
  let time = 0;
  const pause = async (ms: number): Promise<void> => {
    time += ms;
    await workshop.sandbox.advance(ms);
  };
  let outcome: ResetOutcome = { trouble: [], done: 0 };
  for (let pass = 0; pass < PASSES; pass++) {
    const plan = await planAccountTeardown(connection);
    if (plan.removals.length === 0) break;
    outcome = { trouble: [], done: 0 };
    for await (const { text } of runTeardown(connection, plan, { signal, pause, now: () => time }, outcome))
      if (text) news.push(text);
  }
  return { outcome, news };
}

/** The account under a role that may do what the statement says, for one test. */
async function narrowed(statement: object, region = 'us-east-1') {
  const iam = new IAM(config);
  const document = (more: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] });
  const { Role } = await iam.createRole({
    RoleName: 'Narrow',
    AssumeRolePolicyDocument: document({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
  });
  const PolicyDocument = document({ ...statement, Resource: '*' });
  await iam.putRolePolicy({ RoleName: 'Narrow', PolicyName: 'narrow', PolicyDocument });
  const role = { roleArn: Role?.Arn ?? '', sessionName: 'narrow' };
  const connection = workshop.connection.as(sessionsOf(workshop.connection, role, Date.now).provide, region);
  const close = async (): Promise<void> => {
    connection.close();
    await iam.deleteRolePolicy({ RoleName: 'Narrow', PolicyName: 'narrow' });
    await iam.deleteRole({ RoleName: 'Narrow' });
  };
  return { connection, close };
}

/** What `presso verify cleanup` says. */
async function cleanup(connection = workshop.connection): Promise<Result[]> {
  const lists = readChecklists(path.join(packageRoot(), 'checks'), ['cleanup'], KINDS);
  const results: Result[] = [];
  const explain = (error: unknown) => {
    throw error;
  };
  for await (const { checks } of verify(lists, factsOf(connection), explain)) results.push(...checks);
  return results;
}

test('an account at the end of module 2, with screens listening, is left empty', async () => {
  await makeBuild(workshop, readBuild(path.join(packageRoot(), 'checks/module-2/solution')));
  const iot = new IoT(config);
  const { policies } = await iot.listPolicies({});
  const policyName = policies?.[0]?.policyName ?? '';
  await iot.attachPolicy({ policyName, target: 'us-east-1:11111111-2222-3333-4444-555555555555' });
  // Made by hand after its stack was gone, in another Region, and by Lambda for a function of ours.
  await new DynamoDB({ ...config, region: 'sa-east-1' }).createTable({
    TableName: TABLES.counting,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  });
  const logs = new CloudWatchLogs(config);
  await logs.createLogGroup({ logGroupName: '/aws/lambda/serverlesspresso-config-ConfigApi-ABCDEF123456' });
  await logs.createLogGroup({ logGroupName: '/aws/lambda/serverlesspresso-of-my-own' });

  const before = await cleanup();
  expect(before.filter(({ status }) => status !== 'fail')).toEqual([]);
  expect(before.find(({ id }) => id === 'cleanup.data')?.found).toContain('in sa-east-1');

  const { outcome, news } = await tearDown();
  expect(outcome.trouble).toEqual([]);
  const after = await cleanup();
  expect(after.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(after).toHaveLength(before.length);
  expect(news.some((text) => text.includes('AWS IoT keeps a detached policy'))).toBe(true);
  const plan = await planAccountTeardown(workshop.connection);
  expect(plan.removals).toEqual([]);
  expect(plan.looked.map(({ region }) => region)).toHaveLength(17);
  expect(plan.unlisted).toBeUndefined();
  expect((await new CloudFormation(config).describeStacks({})).Stacks).toEqual([]);
  expect((await iot.listPolicies({})).policies).toEqual([]);
  expect((await new DynamoDB({ ...config, region: 'sa-east-1' }).listTables({})).TableNames).toEqual([]);
  const groups = (await logs.describeLogGroups({})).logGroups?.map(({ logGroupName }) => logGroupName);
  expect(groups).toEqual(['/aws/lambda/serverlesspresso-of-my-own']);
});

test('a Region is looked into once it is enabled; where Regions may not be listed, those looked into are told', async () => {
  const account = new Account(config);
  await account.enableRegion({ RegionName: 'eu-south-1' });
  await workshop.sandbox.settle();
  const all = await planAccountTeardown(workshop.connection);
  expect(all.looked.map(({ region, off }) => [region, off])).toContainEqual(['eu-south-1', undefined]);
  expect(all.looked).toHaveLength(18);
  await account.disableRegion({ RegionName: 'eu-south-1' });

  const { connection: narrow, close } = await narrowed({ NotAction: 'account:*' }, 'us-west-1');
  try {
    const plan = await planAccountTeardown(narrow);
    expect(plan.looked.map(({ region }) => region)).toEqual(['us-west-1', ...WORKSHOP_REGIONS]);
    expect(plan.unlisted).toContain('account:ListRegions');
    expect(lookedLines(plan.looked, plan.unlisted).at(-1)).toContain('could not be listed');
    const stacks = (await cleanup(narrow)).find(({ id }) => id === 'cleanup.stacks');
    expect(stacks).toMatchObject({ status: 'pass' });
    expect(stacks?.found).toContain('us-west-1, us-east-1');
    expect(stacks?.found).toContain('the enabled Regions could not be listed');
    // The same in a fleet, which has one line for each account.
    const { account } = workshop;
    const tools = { signal: new AbortController().signal, news: () => {} };
    const attended = { connection: narrow, facts: { actsIn: account, own: '999999999999', aliases: [] } };
    const finding = await teardownWork({ dryRun: false, begun: () => false })(attended, tools);
    expect(finding).toMatchObject({ outcome: 'done', summary: 'holds nothing of the workshop' });
    expect(finding.trouble?.[0]).toMatch(
      /^looked into us-west-1, us-east-1, .+ only; the enabled Regions could not be/,
    );
  } finally {
    await close();
  }
});

test('what another stack holds is left to it, and named', async () => {
  const stacks = new CloudFormation(config);
  const TemplateBody = JSON.stringify({
    Resources: {
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: BUS_NAME } },
      Log: { Type: 'AWS::Events::Rule', Properties: { EventBusName: { Ref: 'Bus' }, EventPattern: { source: ['a'] } } },
    },
  });
  await stacks.createStack({ StackName: 'event-of-somebody', TemplateBody });
  await workshop.sandbox.settle();
  const plan = await planAccountTeardown(workshop.connection);
  expect(plan.removals).toEqual([]);
  expect(plan.left).toContainEqual(expect.objectContaining({ kind: 'event bus', id: BUS_NAME }));
  await stacks.deleteStack({ StackName: 'event-of-somebody' });
  await workshop.sandbox.settle();
});

test('names of the workshop that no stack holds are taken for what they are', async () => {
  const events = new EventBridge(config);
  await events.createEventBus({ Name: BUS_NAME });
  await events.putRule({ Name: 'left', EventBusName: BUS_NAME, EventPattern: '{"source":["a"]}' });
  await new CloudWatchLogs(config).createLogGroup({ logGroupName: LOG_GROUP });
  const { outcome } = await tearDown();
  expect(outcome).toMatchObject({ trouble: [] });
  expect((await events.listEventBuses({})).EventBuses?.map(({ Name }) => Name)).toEqual(['default']);
});

test('what a stuck stack let go of is found by name and marker, in module 4 too; what is only called alike is named', async () => {
  const apis = new ApiGatewayV2(config);
  const sqs = new SQS(config);
  const cloudwatch = new CloudWatch(config);
  const tags = { 'presso:workshop': 'serverlesspresso' };
  const [ours, theirs] = await Promise.all([
    apis.createApi({ Name: 'serverlesspresso-config', ProtocolType: 'HTTP', Tags: tags }),
    apis.createApi({ Name: 'serverlesspresso-validator', ProtocolType: 'HTTP' }),
  ]);
  await apis.createRoute({ ApiId: ours.ApiId, RouteKey: 'GET /config' });
  await sqs.createQueue({ QueueName: 'MetricsQueue' });
  await sqs.createQueue({ QueueName: 'MetricsQueueCloudwatch', tags });
  // As the console makes it for a rule: no tag, but the rule may send to it.
  await sqs.createQueue({
    QueueName: 'ExcessOrders',
    Attributes: {
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: `arn:aws:sqs:us-east-1:${workshop.account}:ExcessOrders`,
            Condition: {
              ArnEquals: {
                'aws:SourceArn': `arn:aws:events:us-east-1:${workshop.account}:rule/${BUS_NAME}/ExcessOrders`,
              },
            },
          },
        ],
      }),
    },
  });
  await sqs.createQueue({ QueueName: 'NotExcessOrders', tags });
  await cloudwatch.putDashboard({ DashboardName: 'Serverlesspresso_Metrics', DashboardBody: '{"widgets":[]}' });
  const pools = new CognitoIdentityProvider(config);
  await pools.createUserPool({ PoolName: 'ServerlesspressoUsers' });
  await pools.createUserPool({ PoolName: 'LoyaltyCards' });
  const before = (await cleanup()).find(({ id }) => id === 'cleanup.apis');
  expect(before?.status).toBe('fail');
  expect(before?.found).toBe(
    'HTTP API serverlesspresso-config in us-east-1, queue ExcessOrders in us-east-1, queue MetricsQueueCloudwatch in us-east-1, dashboard Serverlesspresso_Metrics in us-east-1',
  );
  const plan = await planAccountTeardown(workshop.connection);
  expect(plan.removals.map(({ kind }) => kind)).toEqual(['HTTP API', 'queue', 'queue', 'dashboard']);
  expect(plan.left.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    'user pool ServerlesspressoUsers',
    'HTTP API serverlesspresso-validator',
    'queue MetricsQueue',
  ]);
  const printed = verifyPolicy(['cleanup'], false).Statement.flatMap(({ Action }) => Action);
  const { connection: reader, close } = await narrowed({ Action: printed });
  const read = (await cleanup(reader)).find(({ id }) => id === 'cleanup.apis');
  await close();
  expect(read).toEqual(before);
  // In a fleet the API's marker says that this is a workshop account, though no stack is left.
  const tools = { signal: new AbortController().signal, news: () => {} };
  const facts = { actsIn: workshop.account, own: '999999999999', aliases: [] };
  const dry = await teardownWork({ dryRun: true, begun: () => false })(
    { connection: workshop.connection, facts },
    tools,
  );
  expect(dry).toMatchObject({ outcome: 'done', summary: 'would remove 4 things' });
  const { outcome } = await tearDown();
  expect(outcome).toEqual({ trouble: [], done: 4 });
  expect((await apis.getApis({})).Items?.map(({ ApiId }) => ApiId)).toEqual([theirs.ApiId]);
  expect((await sqs.listQueues({})).QueueUrls?.map((url) => url.replace(/.*\//, ''))).toEqual([
    'MetricsQueue',
    'NotExcessOrders',
  ]);
  expect((await cloudwatch.listDashboards({})).DashboardEntries).toEqual([]);
  expect((await pools.listUserPools({ MaxResults: 9 })).UserPools).toHaveLength(2);
  expect((await cleanup()).find(({ id }) => id === 'cleanup.apis')?.status).toBe('pass');
});

test('a stack that is stuck on its API goes without it, says so, and the API goes when it may', async () => {
  const stacks = new CloudFormation(config);
  const tags = { 'presso:workshop': 'serverlesspresso' };
  await stacks.createStack({
    StackName: 'serverlesspresso-config',
    Tags: [{ Key: 'presso:workshop', Value: 'serverlesspresso' }],
    TemplateBody: JSON.stringify({
      Resources: {
        Api: {
          Type: 'AWS::ApiGatewayV2::Api',
          Properties: { Name: 'serverlesspresso-config', ProtocolType: 'HTTP', Tags: tags },
        },
      },
    }),
  });
  await workshop.sandbox.settle();
  const { connection, close } = await narrowed({ NotAction: 'apigateway:DELETE' });
  try {
    const { outcome } = await tearDown(connection);
    expect(outcome.trouble.map(({ id }) => id.split(' ')[0])).toEqual(['HTTP']);
    expect(outcome.trouble[0]?.reason).toContain('apigateway:DELETE');
  } finally {
    await close();
  }
  expect((await stacks.describeStacks({})).Stacks).toEqual([]);
  expect((await cleanup()).find(({ id }) => id === 'cleanup.apis')?.found).toContain('serverlesspresso-config');
  expect((await tearDown()).outcome).toEqual({ trouble: [], done: 1 });
  expect((await cleanup()).find(({ id }) => id === 'cleanup.apis')?.status).toBe('pass');
});

test('two Regions of one account: a reset of one leaves the roles of the other, a teardown takes each with its stack', async () => {
  const { sandbox, connection, account } = await openWorkshop({ sandbox: workshop.sandbox });
  const west = await openWorkshop({ sandbox: workshop.sandbox, region: 'us-west-2' });
  try {
    const iam = new IAM(config);
    await iam.createRole({
      RoleName: 'StepFunctions-OrderProcessorWorkflow-role-west12345',
      Path: '/service-role/',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    });
    await iam.putRolePolicy({
      RoleName: 'StepFunctions-OrderProcessorWorkflow-role-west12345',
      PolicyName: 'west',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'events:PutEvents',
            Resource: `arn:aws:events:us-west-2:${account}:event-bus/${BUS_NAME}`,
          },
        ],
      }),
    });
    // The first opening set the core up in us-east-1 again; both stand now.
    const aim = {
      to: 'setup',
      templates: templatesDir(),
      checks: path.join(packageRoot(), 'checks'),
      checkRegion: false,
    };
    const reset = await planReset(connection, aim, { pause: () => sandbox.settle() });
    expect(reset.removals).toEqual([]);
    expect(reset.left.map(({ id, why }) => `${id}: ${why}`)).toContain(
      'StepFunctions-OrderProcessorWorkflow-role-west12345: it is for what is in us-west-2',
    );
    const held = reset.left.filter(({ why }) => /^the stack .+ in us-west-2 holds it$/.test(why));
    expect(held.length).toBeGreaterThan(5);
    const plan = await planAccountTeardown(connection);
    expect(plan.removals.filter(({ kind }) => kind === 'role').map(({ id }) => id)).toEqual([
      'StepFunctions-OrderProcessorWorkflow-role-west12345',
    ]);
    expect(plan.removals.filter(({ kind, region }) => kind === 'stack' && region === 'us-west-2')).toHaveLength(8);
    expect((await tearDown()).outcome.trouble).toEqual([]);
    expect((await cleanup()).filter(({ status }) => status !== 'pass')).toEqual([]);
    expect((await iam.listRoles({ PathPrefix: '/' })).Roles?.map(({ RoleName }) => RoleName)).toEqual([]);
  } finally {
    connection.close();
    await west.close();
  }
});
