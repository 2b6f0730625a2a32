/**
 * One account through its worst days and back: what `presso reset` and `presso teardown` do, by their own plans, on a real
 * sandbox; what is left is read through the plain SDK.
 */
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda } from '@aws-sdk/client-lambda';
import { SFN } from '@aws-sdk/client-sfn';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unzip, zipOf } from '../aws/zip.ts';
import { changeParameter } from '../aws/parameters.ts';
import { packageRoot, templatesDir } from '../paths.ts';
import { sessionsOf } from '../aws/assume.ts';
import { observeCode } from '../reset/code.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { readBuild } from '../solve/build.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, PARAMETER_PREFIX, TABLES, WORKFLOW_NAME } from '../workshop.ts';
import { confirmWords, meansAccount } from './confirm-account.ts';
import { isNothing, planReset, type ResetAim, type ResetOutcome, type ResetPlan, runReset } from './reset-account.ts';

const checks = path.join(packageRoot(), 'checks');
const aimAt = (to: string): ResetAim => ({ to, templates: templatesDir(), checks, checkRegion: false });
const options = {
  signal: new AbortController().signal,
  now: () => 0,
  pause: () => new Promise<void>((done) => setImmediate(done)),
};

let workshop: Workshop;
let config: ReturnType<typeof clientConfig>;
beforeAll(async () => {
  workshop = await openWorkshop();
  config = clientConfig(workshop.sandbox);
});
afterAll(() => workshop.close());

const plan = (to = 'setup') => planReset(workshop.connection, aimAt(to), options);
async function carryOut(planned: ResetPlan): Promise<ResetOutcome> {
  const outcome: ResetOutcome = { trouble: [], done: 0 };
  for await (const _ of runReset(workshop.connection, aimAt(planned.to), planned, options, outcome)) void _;
  await workshop.sandbox.settle();
  return outcome;
}
const solution = (module: string) => makeBuild(workshop, readBuild(path.join(checks, module, 'solution')));

test('a fresh set-up leaves nothing to put back', async () => {
  expect(isNothing(await plan())).toBe(true);
});

test('what a learner made and left goes, what only looks alike stays', async () => {
  await solution('module-2');
  const iam = new IAM(config);
  const trust = (service: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    });
  const allow = (resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: resource }],
    });
  const machine = `arn:aws:states:us-east-1:${workshop.account}:stateMachine`;
  const roles = {
    Amazon_EventBridge_Invoke_Step_Functions_1111: WORKFLOW_NAME,
    Amazon_EventBridge_Invoke_Step_Functions_2222: 'Payroll',
  };
  for (const [RoleName, name] of Object.entries(roles)) {
    await iam.createRole({ RoleName, Path: '/service-role/', AssumeRolePolicyDocument: trust('events.amazonaws.com') });
    const { Policy } = await iam.createPolicy({
      PolicyName: RoleName,
      Path: '/service-role/',
      PolicyDocument: allow(`${machine}:${name}`),
    });
    await iam.attachRolePolicy({ RoleName, PolicyArn: Policy?.Arn ?? '' });
  }
  const sfn = new SFN(config);
  const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });
  await iam.createRole({ RoleName: 'Other', AssumeRolePolicyDocument: trust('states.amazonaws.com') });
  const roleArn = `arn:aws:iam::${workshop.account}:role/Other`;
  await sfn.createStateMachine({ name: 'MyOrderProcessor', definition, roleArn });
  await new EventBridge(config).putRule({ Name: 'nightly', EventPattern: '{"source":["payroll"]}' });
  const pools = new CognitoIdentityProvider(config);
  const { UserPools } = await pools.listUserPools({ MaxResults: 10 });
  const UserPoolId = UserPools?.[0]?.Id ?? '';
  await pools.adminCreateUser({ UserPoolId, Username: 'anna@example.com', MessageAction: 'SUPPRESS' });
  const dynamodb = new DynamoDB(config);
  await dynamodb.putItem({ TableName: TABLES.order, Item: { PK: { S: 'orders' }, SK: { S: '1' } } });
  await dynamodb.putItem({ TableName: TABLES.counting, Item: { PK: { S: 'orderID' }, IDvalue: { N: '41' } } });
  await sfn.startExecution({
    stateMachineArn: `${machine}:${WORKFLOW_NAME}`,
    input: '{"detail":{"orderId":"1","userId":"2"}}',
  });
  await workshop.sandbox.settle();

  const planned = await plan();
  const kinds = planned.removals.map(({ kind, id }) => `${kind} ${id}`);
  expect(kinds).toEqual(
    expect.arrayContaining([
      'rule NewOrder',
      `executions ${WORKFLOW_NAME}`,
      `state machine ${WORKFLOW_NAME}`,
      'role Amazon_EventBridge_Invoke_Step_Functions_1111',
      'policy Amazon_EventBridge_Invoke_Step_Functions_1111',
      `items ${TABLES.order}`,
    ]),
  );
  expect(planned.left.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['MyOrderProcessor', 'Amazon_EventBridge_Invoke_Step_Functions_2222']),
  );
  expect(await carryOut(planned)).toMatchObject({ trouble: [] });

  expect(isNothing(await plan())).toBe(true);
  const { Rules } = await new EventBridge(config).listRules({ EventBusName: BUS_NAME });
  expect(Rules?.every(({ Name }) => Name?.startsWith('serverlesspresso-'))).toBe(true);
  expect((await new EventBridge(config).listRules({})).Rules?.map(({ Name }) => Name)).toEqual(['nightly']);
  expect((await sfn.listStateMachines({})).stateMachines?.map(({ name }) => name)).toContain('MyOrderProcessor');
  const left = (await iam.listRoles({})).Roles?.map(({ RoleName }) => RoleName);
  expect(left).toContain('Amazon_EventBridge_Invoke_Step_Functions_2222');
  expect(left).not.toContain('Amazon_EventBridge_Invoke_Step_Functions_1111');
  expect((await iam.listPolicies({ Scope: 'Local' })).Policies?.map(({ PolicyName }) => PolicyName)).toEqual([
    'Amazon_EventBridge_Invoke_Step_Functions_2222',
  ]);
  expect((await pools.listUsers({ UserPoolId })).Users).toEqual([]);
  const counter = await dynamodb.getItem({ TableName: TABLES.counting, Key: { PK: { S: 'orderID' } } });
  expect(counter.Item?.['IDvalue']?.N).toBe('0');
});

test('back to where module 2 begins: the workflow stands, no rule does, and the second run finds nothing', async () => {
  await solution('module-2');
  const planned = await plan('module-2');
  expect(planned.removals.map(({ kind, id }) => `${kind} ${id}`)).not.toContain(`state machine ${WORKFLOW_NAME}`);
  expect(await carryOut(planned)).toMatchObject({ trouble: [] });
  const machines = (await new SFN(config).listStateMachines({})).stateMachines?.map(({ name }) => name);
  expect(machines).toContain(WORKFLOW_NAME);
  const { Rules } = await new EventBridge(config).listRules({ EventBusName: BUS_NAME });
  expect(Rules?.map(({ Name }) => Name)).not.toContain('NewOrder');
  expect(isNothing(await plan('module-2'))).toBe(true);
});

test('back to where module 4 begins: who may serve stays, everybody else goes, and its stacks stand', async () => {
  const pools = new CognitoIdentityProvider(config);
  const UserPoolId = (await pools.listUserPools({ MaxResults: 1 })).UserPools?.[0]?.Id ?? '';
  await pools.adminCreateUser({ UserPoolId, Username: 'ann@example.com', MessageAction: 'SUPPRESS' });
  await pools.adminAddUserToGroup({ UserPoolId, Username: 'ann@example.com', GroupName: 'admin' });
  await pools.createGroup({ UserPoolId, GroupName: 'Admins' });
  const mailsOfAdmins = async (): Promise<(string | undefined)[]> =>
    (await pools.listUsersInGroup({ UserPoolId, GroupName: 'admin' })).Users?.map(
      ({ Attributes }) => Attributes?.find(({ Name }) => Name === 'email')?.Value,
    ) ?? [];
  // The config is made anew and seeded: an event, which the rule logAll logs. That is no reason to go on for ever.
  await changeParameter(workshop.connection, `${PARAMETER_PREFIX}configapi`, 'https://example.com ');
  const planned = await plan('module-4');
  expect(planned.stacks).toContainEqual(expect.objectContaining({ stack: 'config', action: 'recreate' }));
  expect(await carryOut(planned)).toMatchObject({ trouble: [] });
  expect(await mailsOfAdmins()).toEqual(['barista@example.com']);
  expect((await pools.listGroups({ UserPoolId })).Groups?.map(({ GroupName }) => GroupName)).toEqual(['admin']);
  expect((await pools.listUsers({ UserPoolId })).Users).toMatchObject([{ UserStatus: 'CONFIRMED', Enabled: true }]);
  const { Stacks } = await new CloudFormation(config).describeStacks({ StackName: 'serverlesspresso-metrics-table' });
  expect(Stacks?.[0]?.StackStatus).toBe('CREATE_COMPLETE');
  expect(isNothing(await plan('module-4'))).toBe(true);

  // Back to the set-up, who was made for the later module goes too.
  expect(await carryOut(await plan())).toMatchObject({ trouble: [] });
  expect(await mailsOfAdmins()).toEqual([]);
  expect(isNothing(await plan())).toBe(true);
});

test('a core that was changed by hand and half deleted is found by comparing, and stands again', async () => {
  const functions =
    (await new Lambda(config).listFunctions({})).Functions?.map(({ FunctionName }) => FunctionName) ?? [];
  const waiting = functions.find((name) => name?.includes('WaitingCompletion')) ?? '';
  await new Lambda(config).updateFunctionConfiguration({ FunctionName: waiting, Timeout: 1 });
  await new DynamoDB(config).deleteTable({ TableName: TABLES.counting });
  await new CloudFormation(config).deleteStack({ StackName: 'serverlesspresso-validator' });
  await workshop.sandbox.settle();

  const planned = await plan();
  expect(planned.stacks.map(({ stack, action }) => `${stack} ${action}`).sort()).toEqual([
    'counting recreate',
    'order-manager recreate',
    'validator create',
  ]);
  expect(planned.stacks.find(({ stack }) => stack === 'counting')?.why).toContain('CountingTable is gone');
  expect(await carryOut(planned)).toMatchObject({ trouble: [] });
  expect(isNothing(await plan())).toBe(true);
  const { Table } = await new DynamoDB(config).describeTable({ TableName: TABLES.counting });
  expect(Table?.TableStatus).toBe('ACTIVE');
});

test('code that was changed by hand is found although CloudFormation does not look at it, and put back in place', async () => {
  const lambda = new Lambda(config);
  const { Functions = [] } = await lambda.listFunctions({});
  const [first, second] = Functions.map(({ FunctionName }) => FunctionName ?? '').sort();
  const before = new Map(Functions.map(({ FunctionName, CodeSha256 }) => [FunctionName, CodeSha256]));
  const other = zipOf('index.js', 'exports.handler = async () => "mine";');
  await lambda.updateFunctionCode({ FunctionName: first, ZipFile: other });
  await workshop.sandbox.settle();
  const planned = await plan();
  expect(planned.codes.map(({ function: name }) => name)).toEqual([first]);
  expect(planned.stacks).toEqual([]);
  expect(planned.removals).toEqual([]);
  expect(await carryOut(planned)).toEqual({ trouble: [], done: 1 });
  expect(isNothing(await plan())).toBe(true);
  expect((await lambda.getFunctionConfiguration({ FunctionName: second })).CodeSha256).toBe(before.get(second));
  const { Code } = await lambda.getFunction({ FunctionName: first });
  const files = unzip(Buffer.from(await (await fetch(Code?.Location ?? '')).arrayBuffer()));
  expect(files.get('index.js')).toContain('handler');
  expect(files.get('index.js')).not.toContain('"mine"');
});

test('code that may not be read is named as not compared; what is known to be right is not asked for again', async () => {
  const lambda = new Lambda(config);
  const { Functions = [] } = await lambda.listFunctions({});
  const one = Functions.find(({ FunctionName }) => FunctionName?.startsWith('serverlesspresso-config-'));
  await lambda.updateFunctionCode({
    FunctionName: one?.FunctionName,
    ZipFile: zipOf('index.js', '// never seen before'),
  });
  await workshop.sandbox.settle();
  const iam = new IAM(config);
  const statement = (more: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] });
  const { Role } = await iam.createRole({
    RoleName: 'NoCode',
    AssumeRolePolicyDocument: statement({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
  });
  const PolicyDocument = statement({ NotAction: 'lambda:GetFunction', Resource: '*' });
  await iam.putRolePolicy({ RoleName: 'NoCode', PolicyName: 'most', PolicyDocument });
  const sessions = sessionsOf(workshop.connection, { roleArn: Role?.Arn ?? '', sessionName: 'test' }, Date.now);
  const narrow = workshop.connection.as(sessions.provide, 'us-east-1');
  const [body] = wantedStacks(templatesDir()).filter(({ name }) => name === 'config');
  const stack = { name: 'config', physical: 'serverlesspresso-config', body: body?.body ?? '' };
  try {
    const found = await observeCode(narrow, [stack]);
    expect(found.changed).toEqual([]);
    expect(found.blind).toEqual([
      { function: one?.FunctionName, why: expect.stringContaining('not authorized to perform: lambda:GetFunction') },
    ]);
  } finally {
    narrow.close();
  }
  expect((await carryOut(await plan())).trouble).toEqual([]);
});

test('an alias that is another account’s number confirms nothing: anybody may have taken it', () => {
  const identity = { account: '222222222222', arn: 'arn:aws:iam::222222222222:root' };
  expect(meansAccount('222222222222', identity)).toBe(true);
  expect(meansAccount('111111111111', { ...identity, alias: '111111111111' })).toBe(false);
  expect(confirmWords({ ...identity, alias: '111111111111' })).toBe('its number');
  expect(meansAccount('room-2', { ...identity, alias: 'room-2' })).toBe(true);
  expect(confirmWords({ ...identity, alias: 'room-2' })).toBe('its alias (room-2) or its number');
  expect(meansAccount('', identity)).toBe(false);
});
