// One file because it is one account: the core is deployed once, and each test mends what it broke.
import path from 'node:path';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from '../aws/connection.ts';
import { deleteRule, listRules, putRule, putTargets, type Rule, removeTargets } from '../aws/events.ts';
import { listFunctions, listRoles, listStateMachines } from '../aws/find.ts';
import { functionPolicy, removePermission } from '../aws/functions.ts';
import { deleteItem, putItem, setAttributes } from '../aws/items.ts';
import { createRole, putRolePolicy, setTrust } from '../aws/roles.ts';
import { describeStateMachine, updateStateMachine } from '../aws/states.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, TABLES, WORKFLOW_NAME } from '../workshop.ts';
import { factsOf, KINDS, readChecklists, type Result, verify } from './index.ts';

let workshop: Workshop;
const solution = readBuild(path.join(checksDir(), 'module-2', 'solution'));
const BUILT = ['setup', 'module-1', 'module-2'];
const lists = readChecklists(checksDir(), BUILT, KINDS);

const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });

async function results(modules: readonly string[] = BUILT, at = workshop): Promise<Result[]> {
  const found: Result[] = [];
  const wanted = lists.filter(({ module }) => modules.includes(module));
  for await (const { checks } of verify(wanted, factsOf(at.connection), explain)) found.push(...checks);
  return found;
}

/** What fails or is in error, as `id: what was found`. */
const faults = async (modules?: readonly string[]): Promise<string[]> =>
  (await results(modules)).flatMap(({ id, status, found }) => (/fail|error/.test(status) ? [`${id}: ${found}`] : []));

beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.close());

test('on an untouched set-up the set-up passes and nothing that a learner has to do', async () => {
  const found = await results();
  const passed = found.filter(({ status }) => status === 'pass').map(({ id }) => id);
  expect(found.filter(({ id }) => id.startsWith('setup.')).map(({ id, status }) => [id, status])).toEqual(
    passed.map((id) => [id, 'pass']),
  );
  expect(found.filter(({ status }) => status === 'error')).toEqual([]);
});

test('the solution passes every check, as often as it is asked', async () => {
  await makeBuild(workshop, solution);
  const first = await results();
  expect(first.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(await results()).toEqual(first);
});

const rule = async (name: string): Promise<Rule> => {
  const found = (await listRules(workshop.connection, BUS_NAME)).find((one) => one.name === name);
  if (!found) throw new Error(`There is no rule ${name}.`);
  return found;
};
const mend = () => makeBuild(workshop, solution);

test('a rule with another pattern, and a disabled one, are each the only fault', async () => {
  const newOrder = await rule('NewOrder');
  await putRule(workshop.connection, {
    ...newOrder,
    pattern: '{"source": ["awsserverlessda.serverlesspresso"], "detail-type": ["Validator.neworder"]}',
  });
  expect(await faults(['module-2'])).toEqual([expect.stringMatching(/^module-2\.new-order: .*upper and lower case/)]);
  await putRule(workshop.connection, { ...newOrder, state: 'DISABLED' });
  expect(await faults(['module-2'])).toEqual(['module-2.new-order: the rule "NewOrder" is disabled']);
  await mend();
});

test('a rule on the default bus is found there', async () => {
  const { connection } = workshop;
  const started = await rule('WorkflowStarted');
  await deleteRule(connection, BUS_NAME, started.name);
  await putRule(connection, { ...started, bus: 'default' });
  await putTargets(connection, 'default', started.name, started.targets);
  expect(await faults(['module-2'])).toEqual([
    'module-2.workflow-started: the rule "WorkflowStarted" is on the bus "default", where the workshop\'s events never come',
  ]);
  await deleteRule(connection, 'default', started.name);
  await mend();
});

test('a rule without a target, and one with the function of the other', async () => {
  const { connection } = workshop;
  const [started, waiting] = await Promise.all([rule('WorkflowStarted'), rule('WaitingCompletion')]);
  await removeTargets(connection, BUS_NAME, started.name, [started.targets[0]?.id ?? '']);
  await putTargets(connection, BUS_NAME, waiting.name, [
    { id: waiting.targets[0]?.id ?? '', arn: started.targets[0]?.arn ?? '' },
  ]);
  expect(await faults(['module-2'])).toEqual([
    'module-2.workflow-started: the rule "WorkflowStarted" catches OrderProcessor.WorkflowStarted and has no target',
    expect.stringMatching(
      /^module-2\.waiting-completion: the target of the rule "WaitingCompletion" is the function .*WorkflowStarted.*, not the function/,
    ),
  ]);
  await mend();
});

test('a function that does not let the rule in', async () => {
  const { connection } = workshop;
  const name = (await listFunctions(connection)).find((one) => one.includes('WaitingCompletion')) ?? '';
  for (const { Sid } of await functionPolicy(connection, name)) await removePermission(connection, name, Sid ?? '');
  expect(await faults(['module-2'])).toEqual([
    expect.stringMatching(
      /^module-2\.waiting-completion: the rule "WaitingCompletion" may not invoke .* the function has no permission/,
    ),
  ]);
  await mend();
});

test('a role that EventBridge may not assume, and one for another workflow', async () => {
  const { connection } = workshop;
  const [target] = (await rule('NewOrder')).targets;
  const role = target?.roleArn?.split('/').at(-1) ?? '';
  const trust = (service: string) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
  await setTrust(connection, role, trust('states.amazonaws.com'));
  expect(await faults(['module-2'])).toEqual([
    expect.stringMatching(/^module-2\.new-order: events\.amazonaws\.com may not assume the role/),
  ]);
  await setTrust(connection, role, trust('events.amazonaws.com'));
  await putRolePolicy(connection, role, 'InvokeStepFunctions', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: `${target?.arn}-old` }],
  });
  expect(await faults(['module-2'])).toEqual([
    expect.stringMatching(
      /^module-2\.new-order: the role .* may not do states:StartExecution on .*:OrderProcessorWorkflow$/,
    ),
  ]);
  await mend();
});

test('two rules for the same event start every order twice', async () => {
  const { connection } = workshop;
  const newOrder = await rule('NewOrder');
  await putRule(connection, { ...newOrder, name: 'order-again' });
  await putTargets(connection, BUS_NAME, 'order-again', newOrder.targets);
  expect(await faults(['module-2'])).toEqual([
    expect.stringMatching(/^module-2\.once: the rules "NewOrder" and "order-again" both bring Validator\.NewOrder/),
  ]);
  await deleteRule(connection, BUS_NAME, 'order-again');
});

test('the role of a workflow that asks for nothing waits, and nobody is told to choose another', async () => {
  const { connection } = workshop;
  const [machine] = (await listStateMachines(connection)).filter(({ name }) => name === WORKFLOW_NAME);
  const { definition = '', roleArn = '' } = (await describeStateMachine(connection, machine?.arn ?? '')) ?? {};
  const nothing = { StartAt: 'Take the order', States: { 'Take the order': { Type: 'Pass', End: true } } };
  await updateStateMachine(connection, machine?.arn ?? '', { definition: JSON.stringify(nothing), roleArn });
  expect((await results(['module-1'])).find(({ id }) => id === 'module-1a.role')).toMatchObject({
    status: 'waiting',
    found: 'the workflow asks for nothing yet',
    hint: expect.stringMatching(/^Go on building/) as string,
  });
  await updateStateMachine(connection, machine?.arn ?? '', { definition, roleArn });
});

test('a role of the workflow that lacks what only part b asks for fails part b alone', async () => {
  const { connection, account } = workshop;
  const [prepared] = (await listRoles(connection)).filter(({ name }) => name.includes('01OrderProcessorRole'));
  const [machine] = (await listStateMachines(connection)).filter(({ name }) => name === WORKFLOW_NAME);
  const workflow = await describeStateMachine(connection, machine?.arn ?? '');
  const arn = await createRole(connection, {
    name: 'StepFunctions-OrderProcessorWorkflow-role-a1',
    path: '/service-role/',
    trust: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    inline: {},
    tags: {},
  });
  const definition = workflow?.definition ?? '';
  await updateStateMachine(connection, machine?.arn ?? '', { definition, roleArn: arn });
  expect(await faults(['module-1'])).toEqual([
    expect.stringMatching(
      /^module-1a\.role: the role StepFunctions-OrderProcessorWorkflow-role-a1 may not do dynamodb:GetItem on .*config-table, which the state "Read shop state" asks for/,
    ),
  ]);
  expect((await results(['module-1'])).find(({ id }) => id === 'module-1a.role')?.hint).toBe(
    `Choose the role ${prepared?.name} in the configuration of the workflow.`,
  );
  await putRolePolicy(connection, 'StepFunctions-OrderProcessorWorkflow-role-a1', 'most', {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['dynamodb:GetItem', 'states:ListExecutions'], Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: `arn:aws:events:us-east-1:${account}:event-bus/${BUS_NAME}`,
        Condition: { StringEquals: { 'events:source': 'awsserverlessda.serverlesspresso' } },
      },
    ],
  });
  expect(await faults(['module-1'])).toEqual([
    expect.stringMatching(
      /^module-1b\.role: .* may not do dynamodb:UpdateItem on .*counting-table, which the state "Take order number"/,
    ),
  ]);
  await mend();
});

test('a counter that is gone or a text, and a closed shop', async () => {
  const { connection } = workshop;
  await deleteItem(connection, TABLES.counting, { PK: 'orderID' });
  await setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: false });
  expect(await faults(['setup'])).toEqual([
    'setup.shop-open: storeOpen is false',
    'setup.counter: there is no item orderID in serverlesspresso-counting-table',
  ]);
  await putItem(connection, TABLES.counting, { PK: 'orderID', IDvalue: '0' });
  await setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: 'true' });
  expect(await faults(['setup'])).toEqual([
    'setup.shop: storeOpen of the item config is the text "true", not a boolean',
    'setup.counter: IDvalue of the item orderID is the text "0", not a number',
  ]);
  // presso seed takes such values for somebody's own and leaves them, so it must not be what a learner is told to type.
  const hints = (await results(['setup'])).flatMap(({ status, hint }) => (status === 'fail' ? [hint] : []));
  expect(hints).toEqual([
    expect.stringContaining('presso shop open'),
    expect.stringContaining('presso seed --reset-counter'),
  ]);
  await putItem(connection, TABLES.counting, { PK: 'orderID', IDvalue: 0 });
  await setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: true });
});

/** A caller that may do only this. */
async function asReader(name: string, actions: string[]): Promise<Connection> {
  const { connection, account, sandbox } = workshop;
  const RoleArn = await createRole(connection, {
    name,
    path: '/',
    trust: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
    },
    inline: { Read: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] } },
    tags: {},
  });
  const sts = new STS(clientConfig(sandbox, account));
  const { Credentials } = await sts.assumeRole({ RoleArn, RoleSessionName: 'reader' });
  sts.destroy();
  return connect({
    region: 'us-east-1',
    endpoint: sandbox.endpoint,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  });
}

const READS = [
  'sts:GetCallerIdentity',
  'states:ListStateMachines',
  'states:DescribeStateMachine',
  'lambda:ListFunctions',
  'lambda:GetPolicy',
  'dynamodb:DescribeTable',
  'dynamodb:GetItem',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'cognito-idp:ListUserPools',
  'cognito-idp:GetGroup',
  'iam:ListRoles',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListRolePolicies',
  'iam:ListAttachedRolePolicies',
  'events:DescribeEventBus',
  'events:ListEventBuses',
  'events:ListTargetsByRule',
];

test('where IAM may not be asked for a simulation, the policies of the roles tell', async () => {
  const connection = await asReader('reader', [...READS, 'events:ListRules']);
  const found = await results(BUILT, { ...workshop, connection });
  expect(found.filter(({ status }) => status !== 'pass')).toEqual([]);
  connection.close();
});

test('what may not be read is an error that names the permission, and never a fail', async () => {
  const connection = await asReader('half-reader', READS);
  const found = await results(BUILT, { ...workshop, connection });
  const errors = found.filter(({ status }) => status !== 'pass');
  expect(errors.map(({ id, status }) => `${id} ${status}`)).toEqual([
    'module-2.log-all error',
    'module-2.new-order error',
    'module-2.workflow-started error',
    'module-2.waiting-completion error',
    'module-2.once error',
  ]);
  expect(errors[0]?.found).toMatch(/not authorized to perform: events:ListRules on resource/);
  connection.close();
});

test('in the wrong Region the right one is named', async () => {
  const elsewhere = await openWorkshop({ core: false, region: 'eu-west-1', sandbox: workshop.sandbox });
  const found = await results(BUILT, elsewhere);
  expect(found.filter(({ status }) => status === 'pass')).toEqual([]);
  expect(found.filter(({ status }) => status === 'fail').map(({ id, found: text }) => `${id}: ${text}`)).toEqual([
    'setup.bus: there is no event bus Serverlesspresso in eu-west-1, but in us-east-1 it is',
    'module-1a.workflow: no state machine in this Region, but in us-east-1 it is',
  ]);
  await elsewhere.close();
});
