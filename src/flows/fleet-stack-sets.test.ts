/** A room through StackSets: by the real binary, and with no more than the printed policies allow. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { STS } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { connect, type Connection } from '../aws/connection.ts';
import type { Permissions } from '../aws/stack-sets.ts';
import { attend, type Attendee, type Finding, type Result, type Roster, stackSetPolicies } from '../fleet/index.ts';
import { packageRoot, templatesDir } from '../paths.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { KINDS, readChecklists } from '../verify/index.ts';
import { BUS_NAME, LOG_GROUP, MODULES, TABLES } from '../workshop.ts';
import { resetWork, setupWork, teardownWork, verifyWork, type Work } from './fleet-operations.ts';
import { setsOf } from './fleet-flags.ts';
import { setupBySets } from './fleet-stack-sets.ts';
import { openHub, toleranceOf } from './fleet-stack-sets-hub.ts';
import { openReleases } from './fleet-stack-sets-teardown.ts';

const HUB = '999999999999';
const [ANNA, BO, CLEO, DAN, EVA, PROD] = [
  '111111111111',
  '222222222222',
  '333333333333',
  '444444444444',
  '555555555555',
  '666666666666',
];
/** Seconds on a quiet machine, minutes on one that builds beside. */
const PATIENCE = 240_000;

const ADMINISTRATION = 'AWSCloudFormationStackSetAdministrationRole';
const EXECUTION = 'AWSCloudFormationStackSetExecutionRole';
const trust = (Principal: Record<string, string>): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }],
  });

async function makeRole(sandbox: Sandbox, account: string, RoleName: string, principal: Record<string, string>) {
  const iam = new IAM(clientConfig(sandbox, account));
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(principal) });
  await iam.attachRolePolicy({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
}
const letIn = (sandbox: Sandbox, account: string) =>
  makeRole(sandbox, account, EXECUTION, { AWS: `arn:aws:iam::${HUB}:role/${ADMINISTRATION}` });

test(
  'a room is set up, helped on and taken down: who is not let in, is taken or protected is told and left',
  async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'presso-stack-sets-'));
    const roster = path.join(home, 'room.yaml');
    const people = { Anna: ANNA, Bo: BO, Cleo: CLEO, Dan: DAN, Eva: EVA, Prod: PROD };
    const lines = Object.entries(people).map(([name, id]) => `  - {id: "${id}", name: ${name}}\n`);
    writeFileSync(
      roster,
      `name: monday\naccounts:\n${lines.join('')}`.replace('name: Bo', 'name: Bo, region: eu-west-1'),
    );
    const sandbox = await startSandbox({});
    try {
      await makeRole(sandbox, HUB, ADMINISTRATION, { Service: 'cloudformation.amazonaws.com' });
      for (const account of Object.values(people) as string[]) {
        await makeRole(sandbox, account, 'OrganizationAccountAccessRole', { AWS: `arn:aws:iam::${HUB}:root` });
        if (account !== CLEO && account !== DAN) await letIn(sandbox, account);
      }
      // Cleo has no role for StackSets, Dan's trusts somebody else.
      await makeRole(sandbox, DAN as string, EXECUTION, { AWS: `arn:aws:iam::${PROD}:root` });
      await new EventBridge(clientConfig(sandbox, EVA)).createEventBus({ Name: BUS_NAME });
      await new IAM(clientConfig(sandbox, PROD)).createAccountAlias({ AccountAlias: 'acme-prod' });
      const presso = async (
        operation: string,
        ...args: string[]
      ): Promise<{ code: number; told: Record<string, string> }> => {
        const { code, stdout } = await runPresso(
          ['fleet', operation, '--roster', roster, '--json', '--endpoint-url', sandbox.endpoint, ...args],
          { home, env: { AWS_ACCESS_KEY_ID: HUB } },
        );
        const { accounts } = JSON.parse(stdout) as { accounts: Pick<Result, 'name' | 'outcome' | 'summary'>[] };
        return {
          code,
          told: Object.fromEntries(accounts.map(({ name, outcome, summary }) => [name, `${outcome}: ${summary}`])),
        };
      };
      const hub = new CloudFormation(clientConfig(sandbox, HUB));
      const sets = async (): Promise<string[]> =>
        ((await hub.listStackSets({ Status: 'ACTIVE' })).Summaries ?? []).map((one) => one.StackSetName ?? '');
      const engine = ['--engine', 'stacksets'];
      const yes = ['--yes', '--fleet', 'monday'];

      const dry = await presso('setup', ...engine, '--dry-run');
      expect(dry.told).toMatchObject({
        Anna: 'done: would create 8 stacks through StackSets',
        Cleo: `failed: StackSets are not let in: the role ${EXECUTION} is not there`,
        Prod: 'refused: its alias acme-prod holds the protected word "prod"',
        Eva: expect.stringMatching(/^failed: Names of the workshop are taken.*Serverlesspresso/) as string,
      });
      expect(await sets()).toEqual([]);

      const first = await presso('setup', ...engine, ...yes);
      expect(first.code).toBe(2);
      expect(first.told).toMatchObject({
        Anna: 'done: set up through StackSets (8 stacks)',
        Bo: 'done: set up through StackSets (8 stacks)',
        Cleo: `failed: StackSets are not let in: the role ${EXECUTION} is not there`,
        Dan: `failed: StackSets are not let in: the role ${EXECUTION} is not there, or does not trust the hub’s ${ADMINISTRATION}`,
        Prod: 'refused: its alias acme-prod holds the protected word "prod"',
      });
      expect(await sets()).toHaveLength(8);
      const bo = { ...clientConfig(sandbox, BO), region: 'eu-west-1' };
      const { Item } = await new DynamoDB(bo).getItem({ TableName: TABLES.config, Key: { PK: { S: 'config' } } });
      expect(Item?.['storeOpen']).toEqual({ BOOL: true });
      for (const account of [CLEO, EVA, PROD])
        expect((await new CloudFormation(clientConfig(sandbox, account)).describeStacks({})).Stacks).toEqual([]);

      await letIn(sandbox, CLEO as string);
      const second = await presso('setup', ...engine, ...yes, '--only', 'Anna', '--only', 'Cleo');
      expect(second).toMatchObject({
        code: 0,
        told: { Anna: 'done: is set up (8 stacks of StackSets)', Cleo: 'done: set up through StackSets (8 stacks)' },
      });

      // A rule of Anna's own stands in the way of the bus's stack.
      const anna = new EventBridge(clientConfig(sandbox, ANNA));
      await anna.putRule({ Name: 'NewOrder', EventBusName: BUS_NAME, EventPattern: '{"source":["x"]}' });
      const down = await presso('teardown', '--run', ...yes, '--only', 'Anna');
      expect(down.code).toBe(0);
      expect(down.told['Anna']).toMatch(
        /^done: taken out of 8 stack sets; removed \d+ things?; looked again: nothing is left$/,
      );
      const { Summaries = [] } = await hub.listStackInstances({ StackSetName: 'serverlesspresso-events' });
      expect(Summaries.map((one) => one.Account).sort()).toEqual([BO, CLEO, DAN]);
      // The others are still in them.
      expect(await sets()).toHaveLength(8);
    } finally {
      await sandbox.close();
      rmSync(home, { recursive: true, force: true });
    }
  },
  PATIENCE,
);

async function proven(permissions: Permissions): Promise<void> {
  const role = 'PressoFleet';
  const printed = stackSetPolicies({ hub: `arn:aws:iam::${HUB}:role/Hub`, role, permissions });
  const { attendee, stackSets } = printed;
  expect(stackSets === undefined).toBe(permissions === 'service-managed');
  for (const document of [printed.hub.policy, attendee.look, attendee.change])
    expect(JSON.stringify(document).length).toBeLessThanOrEqual(6_144);
  const sandbox = await startSandbox({});
  let base: Connection | undefined;
  try {
    const hub = new IAM(clientConfig(sandbox, HUB));
    const iam = new IAM(clientConfig(sandbox, ANNA));
    const give = async (client: IAM, RoleName: string, trusted: unknown, documents: unknown[]): Promise<void> => {
      await client.createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trusted) });
      for (const [at, document] of documents.entries()) {
        const { Policy } = await client.createPolicy({
          PolicyName: `${RoleName}-${at}`,
          PolicyDocument: JSON.stringify(document),
        });
        await client.attachRolePolicy({ RoleName, PolicyArn: Policy?.Arn ?? '' });
      }
    };
    await give(hub, 'Hub', JSON.parse(trust({ AWS: `arn:aws:iam::${HUB}:root` })), [printed.hub.policy]);
    await give(iam, role, attendee.trust, [attendee.look, attendee.change]);
    if (stackSets) {
      const { administration, execution } = stackSets;
      await give(hub, administration.role, administration.trust, [administration.policy]);
      await give(iam, execution.role, execution.trust, [execution.look, execution.change]);
    } else {
      const organization = new Organizations(clientConfig(sandbox, HUB));
      await organization.createOrganization({});
      await organization.enableAWSServiceAccess({
        ServicePrincipal: 'member.org.stacksets.cloudformation.amazonaws.com',
      });
      const { Handshake } = await organization.inviteAccountToOrganization({ Target: { Id: ANNA, Type: 'ACCOUNT' } });
      await new Organizations(clientConfig(sandbox, ANNA)).acceptHandshake({ HandshakeId: Handshake?.Id });
    }
    const { Credentials } = await new STS(clientConfig(sandbox, HUB)).assumeRole({
      RoleArn: `arn:aws:iam::${HUB}:role/Hub`,
      RoleSessionName: 'test',
    });
    base = await connect({
      region: 'us-east-1',
      endpoint: sandbox.endpoint,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: 'x',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    const connection = base;
    const anna: Attendee = { account: ANNA as string, name: 'Anna', region: 'us-east-1', role };
    const roster: Roster = { name: 'monday', protect: [], protectedWords: [], attendees: [anna] };
    const { signal } = new AbortController();
    const options = {
      concurrency: 5,
      timeLimit: PATIENCE,
      signal,
      now: Date.now,
      timer: () => () => {},
      explain: (error: unknown) => ({ outcome: 'unknown' as const, summary: String(error) }),
    };
    const enter = (who: Attendee, work: Work): Promise<Finding> =>
      attend(who, true, { base: connection, roster, own: HUB, now: Date.now }, signal, (attended) =>
        work(attended, { signal, news: () => {} }),
      );
    const aim = { permissions, tolerance: { count: 0 } };
    const run = {
      hub: await openHub(connection, aim, { own: HUB }),
      aim,
      templates: templatesDir(),
      checkRegion: false,
      dryRun: false,
      options,
      enter: (who: Attendee, _tools: unknown, work: Work) => enter(who, work),
      tell: () => {},
    };
    const results: Result[] = [];
    for await (const event of setupBySets([anna], run)) if (event.kind === 'ended') results.push(event.result);
    expect(results).toMatchObject([{ outcome: 'done', summary: 'set up through StackSets (8 stacks)', trouble: [] }]);

    // The other engine, verify and reset know these stacks, and leave them to their sets.
    const templates = templatesDir();
    const checks = path.join(packageRoot(), 'checks');
    const begun = (): boolean => false;
    const reset = resetWork({ to: 'setup', templates, checks, checkRegion: false, dryRun: false, begun });
    if (permissions === 'self-managed') {
      expect(await enter(anna, setupWork({ templates, checkRegion: false, dryRun: false }))).toMatchObject({
        outcome: 'done',
        summary: 'was set up already',
      });
      const setup = readChecklists(checks, MODULES, KINDS).filter(({ module }) => module === 'setup');
      expect(
        await enter(
          anna,
          verifyWork(setup, (error) => ({ found: String(error), hint: '' })),
        ),
      ).toMatchObject({
        outcome: 'done',
      });
      expect(await enter(anna, reset)).toMatchObject({ outcome: 'done', summary: 'is just set up' });
      const logs = new CloudWatchLogs(clientConfig(sandbox, ANNA));
      await logs.putRetentionPolicy({ logGroupName: LOG_GROUP, retentionInDays: 1 });
      await expect(enter(anna, reset)).rejects.toThrow(
        /serverlesspresso-events was made by StackSets and differs from its template: EventLogGroup was changed by hand/,
      );
    }

    const releases = await openReleases(connection, templates, HUB, options);
    expect(releases?.held(ANNA as string)).toBe(8);
    const gone = await enter(anna, teardownWork({ dryRun: false, begun, releases }));
    expect(gone).toMatchObject({ outcome: 'done', summary: expect.stringMatching(/nothing is left$/) as string });
    expect(await releases?.deleteEmpty()).toHaveLength(8);

    // Other sets than the workshop's are not within the hub's reach.
    const sets = await connection.client('cloudformation', async (config) => new CloudFormation(config));
    await expect(sets.createStackSet({ StackSetName: 'payroll', TemplateBody: 'Resources: {}' })).rejects.toThrow(
      /not authorized/,
    );
  } finally {
    base?.close();
    await sandbox.close();
  }
}

test(
  'self-managed: hub, account and the roles between them get by with the printed policies',
  () => proven('self-managed'),
  PATIENCE,
);
test(
  'service-managed: the hub of an organization gets by with the printed policies',
  () => proven('service-managed'),
  PATIENCE,
);

test('how many may fail is a number of accounts or a percentage; anything else is refused by name', () => {
  expect(toleranceOf('5')).toEqual({ count: 5 });
  expect(toleranceOf('10%')).toEqual({ percentage: 10 });
  for (const bad of ['', '-1', '101%', '5 %', 'all', '1e3']) expect(() => toleranceOf(bad)).toThrow(/neither a number/);
});

test('flags of the one engine are not swallowed by the other', async () => {
  await expect(setsOf({ engine: 'assume-role', 'failure-tolerance': '5' })).rejects.toThrow(/StackSets only/);
  await expect(
    setsOf({ engine: 'stacksets', permissions: 'service-managed', 'execution-role': 'Mine' }),
  ).rejects.toThrow(/does not go with/);
  expect(await setsOf({ engine: 'assume-role' })).toBeUndefined();
});
