/** The policies that `presso verify --print-policy` prints suffice, with IAM enforced, and name nothing that is not used. */
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from '../aws/connection.ts';
import { createStack } from '../aws/cloudformation.ts';
import { listRules, putRule } from '../aws/events.ts';
import { createGroup, createUser, joinGroup, workshopPool } from '../aws/user-pools.ts';
import { deleteItem } from '../aws/items.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { OFFICIAL_CORE } from '../testing/official-core.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';
import {
  type Checklist,
  factsOf,
  KINDS,
  readChecklists,
  type Result,
  verify,
  withLiveChecks,
} from '../verify/index.ts';
import { type PolicyDocument, verifyPolicy } from '../verify/policy.ts';
import { ADMIN_GROUP, BUS_NAME, EVENT_SOURCE, LOG_GROUP, MODULES, TABLES } from '../workshop.ts';
import { deployModule, openAccount, withBuild } from './prove.ts';
import { liveOrders } from './verify-live.ts';

let account: Awaited<ReturnType<typeof openAccount>>;
let iam: IAM;
let reader: Connection;
const lists = readChecklists(checksDir(), MODULES, KINDS);

beforeAll(async () => {
  account = await openAccount();
  iam = new IAM(clientConfig(account.sandbox));
  reader = await readerIn('123456789012', iam);
});

/** A role of that account which may do nothing yet, and somebody who acts in it. */
async function readerIn(owner: string, by: IAM): Promise<Connection> {
  const anyone = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${owner}:root` }, Action: 'sts:AssumeRole' }],
  };
  await by.createRole({ RoleName: 'Reader', AssumeRolePolicyDocument: JSON.stringify(anyone) });
  const sts = new STS(clientConfig(account.sandbox, owner));
  const { Credentials } = await sts.assumeRole({
    RoleArn: `arn:aws:iam::${owner}:role/Reader`,
    RoleSessionName: 'test',
  });
  sts.destroy();
  return connect({
    region: 'us-east-1',
    endpoint: account.sandbox.endpoint,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  });
}
afterAll(async () => {
  reader?.close();
  iam?.destroy();
  await account?.close();
});

const allow = (modules: readonly string[], live: boolean, by = iam) =>
  by.putRolePolicy({
    RoleName: 'Reader',
    PolicyName: 'verify',
    PolicyDocument: JSON.stringify(verifyPolicy(modules, live)),
  });

const SERVICES: Record<string, string> = { sfn: 'states', eventbridge: 'events', apigatewayv2: 'apigateway' };

/** The same connection; what is asked of AWS is written down as IAM calls it. */
function recording(connection: Connection, used: Set<string>): Connection {
  return {
    ...connection,
    inRegion: (region) => recording(connection.inRegion(region), used),
    async client(name, make) {
      const real = await connection.client(name, make);
      return new Proxy(real, {
        get(target, key) {
          const value = Reflect.get(target, key) as unknown;
          if (typeof value !== 'function' || typeof key !== 'string') return value;
          return (...given: unknown[]) => {
            const action = `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`;
            const service = SERVICES[name] ?? name;
            used.add(service === 'apigateway' ? 'apigateway:GET' : `${service}:${action}`);
            return (value as (...all: unknown[]) => unknown).apply(target, given);
          };
        },
      });
    },
  };
}

const used = new Map<string, Set<string>>();

/** Judges each module by itself, under its own policy; answers with what could not be judged. */
async function look(wanted: readonly Checklist[] = lists, as = reader, by = iam): Promise<string[]> {
  const wrong: string[] = [];
  for (const list of wanted) {
    await allow([list.module], false, by);
    const known = used.get(list.module) ?? new Set<string>();
    used.set(list.module, known);
    const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });
    for await (const { checks } of verify([list], factsOf(recording(as, known)), explain))
      wrong.push(...checks.flatMap(({ id, status, found }) => (status === 'error' ? [`${id}: ${found}`] : [])));
  }
  return wrong;
}

/** Judges modules 1 and 2 with test orders, under a policy, with the solution built. */
async function placeOrders(policy: PolicyDocument): Promise<Result[]> {
  await iam.putRolePolicy({ RoleName: 'Reader', PolicyName: 'verify', PolicyDocument: JSON.stringify(policy) });
  const wanted = withLiveChecks(
    checksDir(),
    lists.filter(({ module }) => module === 'module-1' || module === 'module-2'),
    KINDS,
  );
  const build = readBuild(path.join(checksDir(), 'module-2', 'solution'));
  const found: Result[] = [];
  await withBuild(account.connection, build, async () => {
    const facts = factsOf(
      reader,
      liveOrders(reader, new AbortController().signal, () => {}),
    );
    const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });
    for await (const { checks } of verify(wanted, facts, explain)) found.push(...checks);
  });
  return found;
}

const without = (policy: PolicyDocument, ...sids: string[]): PolicyDocument => ({
  ...policy,
  Statement: policy.Statement.filter(({ Sid }) => !sids.includes(Sid)),
});

test('test orders can be placed, followed and taken away with the policy that --live asks for', async () => {
  const found = await placeOrders(verifyPolicy(['module-1', 'module-2'], true));
  expect(found.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(found.filter(({ id }) => id.includes('live'))).toHaveLength(3);
});

test('what may not be done is named: nothing is placed, or it is said what stays behind', async () => {
  const policy = verifyPolicy(['module-1', 'module-2'], true);
  const live = async (...sids: string[]): Promise<Result | undefined> =>
    (await placeOrders(without(policy, ...sids))).find(({ id }) => id === 'module-2.live-order');
  expect(await live('CallTheShop')).toMatchObject({
    status: 'error',
    found: expect.stringContaining('lambda:InvokeFunction'),
  });
  const untidy = await live('TakeTheOrderAway');
  expect(untidy).toMatchObject({
    status: 'error',
    found: expect.stringMatching(/was served .*; still there: order [\w-]+ in .*dynamodb:DeleteItem/),
  });
  const [, orderId = ''] = /still there: order ([\w-]+)/.exec(untidy?.found ?? '') ?? [];
  await deleteItem(account.connection, TABLES.order, { PK: 'orders', SK: orderId });
});

/** Rules that catch what they should not, or nothing; no log. */
async function buildWrongly(connection: Connection): Promise<void> {
  for (const rule of await listRules(connection, BUS_NAME))
    await putRule(connection, {
      ...rule,
      pattern: rule.name === 'NewOrder' ? JSON.stringify({ source: [EVENT_SOURCE] }) : '{"source": ["nobody"]}',
    });
  const logs = new CloudWatchLogs(clientConfig(account.sandbox));
  await logs.deleteLogGroup({ logGroupName: LOG_GROUP });
  logs.destroy();
}

/** What the console makes beside a workflow: a role with a policy of its own. */
async function makeConsoleRole(): Promise<void> {
  const document = (statement: object): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { Policy } = await iam.createPolicy({
    Path: '/service-role/',
    PolicyName: 'EventsPutEventsPolicy-0b6fd0a5',
    PolicyDocument: document({ Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' }),
  });
  const RoleName = 'StepFunctions-OrderProcessorWorkflow-role-x1y2z3';
  const trust = { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await iam.createRole({ Path: '/service-role/', RoleName, AssumeRolePolicyDocument: document(trust) });
  await iam.attachRolePolicy({ RoleName, PolicyArn: Policy?.Arn });
}

test('each module can be judged with its own policy: untouched, built, and built wrongly', async () => {
  expect(await look()).toEqual([]);
  const build = readBuild(path.join(checksDir(), 'module-3', 'solution'));
  await withBuild(account.connection, build, async () => {
    expect(await look()).toEqual([]);
    await deployModule(account, 'module-4');
    expect(await look()).toEqual([]);
    // What is missing and what is wrong asks further questions.
    await buildWrongly(account.connection);
    await makeConsoleRole();
    const role = readBuild(path.join(checksDir(), 'module-1', 'mistakes', 'role-of-the-console'));
    await withBuild(account.connection, role, async () => expect(await look()).toEqual([]));
  });
});

test('in an account that an AWS event set up, and where somebody has yet to choose a password', async () => {
  const owner = '210987654321';
  const own = new IAM(clientConfig(account.sandbox, owner));
  const as = await readerIn(owner, own);
  const connection = await connect({
    region: 'us-east-1',
    endpoint: account.sandbox.endpoint,
    credentials: { accessKeyId: owner, secretAccessKey: 'test' },
  });
  try {
    await createStack(connection, { name: 'Core', body: OFFICIAL_CORE, parameters: {}, tags: {} });
    await account.sandbox.settle();
    const pool = (await workshopPool(connection)) ?? '';
    await createGroup(connection, pool, ADMIN_GROUP);
    await createUser(connection, pool, { name: 'ann@example.com', password: 'Tempor-4ry', temporary: true });
    await joinGroup(connection, pool, 'ann@example.com', ADMIN_GROUP);
    const third = lists.filter(({ module }) => module === 'module-3');
    expect(await look(third, as, own)).toEqual([]);
  } finally {
    as.close();
    connection.close();
    own.destroy();
  }
});

test.each(MODULES.filter((module) => lists.some((list) => list.module === module)))(
  '%s: nothing is allowed that was not used',
  (module) => {
    const allowed = verifyPolicy([module], false).Statement.flatMap(({ Action }) => Action);
    expect(allowed.filter((action) => !used.get(module)?.has(action))).toEqual([]);
    expect(JSON.stringify(verifyPolicy(MODULES, true)).length).toBeLessThanOrEqual(6_144);
  },
);

test('it is printed without an account, for the modules that are asked for', async () => {
  const print = async (...args: string[]) => {
    const { code, stdout } = await runPresso(['verify', ...args, '--print-policy']);
    expect(code).toBe(0);
    return JSON.parse(stdout) as unknown;
  };
  expect(await print('module-1b')).toEqual(verifyPolicy(['module-1'], false));
  const all = MODULES.filter((module) => module !== 'cleanup');
  expect(await print('--live')).toEqual(verifyPolicy(all, true));
});
