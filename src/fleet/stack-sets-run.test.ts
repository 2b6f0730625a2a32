/** Sets of two small templates over a few accounts: each test is a story of a room, told with the same helpers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { SSM } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { connect } from '../aws/connection.ts';
import { describeSet, type SetHub } from '../aws/stack-sets.ts';
import type { Sandbox } from '../sandbox/index.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import type { Attendee } from './roster.ts';
import { levels, readReason, type SetWanted } from './stack-sets.ts';
import { deleteEmptySets, deploySets, leaveSets, type SetEvent } from './stack-sets-run.ts';

const HUB = '999999999999';
const attendee = (account: string, region = 'us-east-1'): Attendee => ({ account, name: account, region, role: 'Any' });
const ANNA = attendee('111111111111');
const BO = attendee('222222222222', 'eu-west-1');
const CLEO = attendee('333333333333');

const EXECUTION = 'AWSCloudFormationStackSetExecutionRole';
const ADMINISTRATION = 'AWSCloudFormationStackSetAdministrationRole';
const trust = (Principal: Record<string, string>): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }],
  });

async function letIn(sandbox: Sandbox, account: string): Promise<void> {
  const iam = new IAM(clientConfig(sandbox, account));
  await iam.createRole({
    RoleName: EXECUTION,
    AssumeRolePolicyDocument: trust({ AWS: `arn:aws:iam::${HUB}:role/${ADMINISTRATION}` }),
  });
  await iam.attachRolePolicy({ RoleName: EXECUTION, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
}

const template = (name: string, value: string): string =>
  `Resources: { It: { Type: AWS::SSM::Parameter, Properties: { Name: /room/${name}, Type: String, Value: ${value} } } }`;

/** `beans` rests on nothing, `brew` on `beans`. */
const sets = (value = 'x'): SetWanted[] =>
  ['beans', 'brew'].map((name) => ({
    template: name,
    set: `serverlesspresso-${name}`,
    after: name === 'brew' ? ['beans'] : [],
    description: name,
    body: template(name, value),
    parameters: {},
  }));

interface Room {
  sandbox: Sandbox;
  hub: SetHub;
  /** Who failed, and why. */
  deploy(
    who: Attendee[],
    wanted?: SetWanted[],
    signal?: AbortSignal,
    gone?: (account: string, template: string) => boolean,
  ): Promise<Record<string, string>>;
  leave(who: Attendee[]): Promise<Map<string, string[]>>;
  value(who: Attendee, name: string): Promise<string | undefined>;
  stacks(who: Attendee): Promise<string[]>;
  status(set: string): Promise<Record<string, string>>;
}

const pause = async (ms: number): Promise<void> => void (await sleep(Math.min(ms, 5)));

function room(accounts: Attendee[], work: (room: Room) => Promise<void>, pace = 0): Promise<void> {
  return withSandbox(
    async (sandbox) => {
      const iam = new IAM(clientConfig(sandbox, HUB));
      await iam.createRole({
        RoleName: ADMINISTRATION,
        AssumeRolePolicyDocument: trust({ Service: 'cloudformation.amazonaws.com' }),
      });
      await iam.attachRolePolicy({
        RoleName: ADMINISTRATION,
        PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
      });
      for (const { account } of accounts) await letIn(sandbox, account);
      const connection = await connect({
        region: 'us-east-1',
        endpoint: sandbox.endpoint,
        credentials: { accessKeyId: HUB, secretAccessKey: 'x' },
      });
      const hub: SetHub = { connection, permissions: 'self-managed' };
      const options = (signal = new AbortController().signal) => ({
        hub,
        pace: { concurrency: 10, tolerance: { percentage: 100 } },
        signal,
        pause,
      });
      const at = (who: Attendee) => ({ ...clientConfig(sandbox, who.account), region: who.region });
      try {
        await work({
          sandbox,
          hub,
          async deploy(who, wanted = sets(), signal, gone = () => false) {
            const failed: Record<string, string> = {};
            await deploySets(who, wanted, { ...options(signal), gone }, (event: SetEvent) => {
              if (event.kind === 'failed') failed[event.account] = event.reason;
            });
            return failed;
          },
          leave: (who) =>
            leaveSets(
              who.map(({ account }) => account),
              sets(),
              options(),
              () => {},
            ),
          value: async (who, name) =>
            (await new SSM(at(who)).getParameters({ Names: [`/room/${name}`] })).Parameters?.[0]?.Value,
          stacks: async (who) =>
            ((await new CloudFormation(at(who)).describeStacks({})).Stacks ?? []).map((one) => one.StackName ?? ''),
          status: async (set) =>
            Object.fromEntries(
              (
                (await new CloudFormation(clientConfig(sandbox, HUB)).listStackInstances({ StackSetName: set }))
                  .Summaries ?? []
              ).map((one) => [one.Account ?? '', one.Status ?? '']),
            ),
        });
      } finally {
        connection.close();
      }
    },
    { pace },
  );
}

test('a room is deployed set after set, in each one’s own Region; who fails is left out of what comes later', () =>
  room([ANNA, BO], async ({ deploy, value, stacks, status }) => {
    const failed = await deploy([ANNA, BO, CLEO]);
    expect(Object.keys(failed)).toEqual([CLEO.account]);
    expect(readReason(failed[CLEO.account] ?? '')).toEqual({
      kind: 'execution-role',
      role: EXECUTION,
      by: ADMINISTRATION,
    });
    for (const who of [ANNA, BO]) expect([await value(who, 'beans'), await value(who, 'brew')]).toEqual(['x', 'x']);
    expect((await stacks(BO)).map((name) => name.slice(0, -37)).sort()).toEqual([
      'StackSet-serverlesspresso-beans',
      'StackSet-serverlesspresso-brew',
    ]);
    expect(await status('serverlesspresso-brew')).toEqual({ [ANNA.account]: 'CURRENT', [BO.account]: 'CURRENT' });
  }));

test('the same again adds who is missing, heals who failed and updates who is outdated', () =>
  room([ANNA, BO], async ({ sandbox, deploy, value, status }) => {
    await deploy([ANNA, CLEO]);
    await letIn(sandbox, CLEO.account);
    expect(await deploy([ANNA, BO, CLEO], sets('y'))).toEqual({});
    for (const who of [ANNA, BO, CLEO]) expect(await value(who, 'brew')).toBe('y');
    expect(Object.values(await status('serverlesspresso-beans'))).toEqual(['CURRENT', 'CURRENT', 'CURRENT']);
  }));

test('a new template goes to this room only; where the set is all another room’s it is refused', () =>
  room([ANNA, CLEO], async ({ deploy, value, status }) => {
    await deploy([ANNA, CLEO]);
    expect(await deploy([ANNA], sets('y'))).toEqual({});
    expect([await value(ANNA, 'beans'), await value(CLEO, 'beans')]).toEqual(['y', 'x']);
    expect(await status('serverlesspresso-beans')).toEqual({ [ANNA.account]: 'CURRENT', [CLEO.account]: 'OUTDATED' });
    await expect(deploy([BO], sets('z'))).rejects.toThrow(/holds 2 instances of other rooms/);
    expect(await value(ANNA, 'beans')).toBe('y');
  }));

test('a set of that name that presso did not make is left alone', () =>
  room([ANNA], async ({ sandbox, deploy, stacks }) => {
    await new CloudFormation(clientConfig(sandbox, HUB)).createStackSet({
      StackSetName: 'serverlesspresso-beans',
      TemplateBody: template('beans', 'theirs'),
    });
    await expect(deploy([ANNA])).rejects.toThrow(/presso did not make/);
    expect(await stacks(ANNA)).toEqual([]);
  }));

test('a stack that was deleted in its own account is made anew', () =>
  room([ANNA], async ({ sandbox, deploy, stacks, status, value }) => {
    await deploy([ANNA]);
    const anna = new CloudFormation(clientConfig(sandbox, ANNA.account));
    for (const name of await stacks(ANNA)) await anna.deleteStack({ StackName: name });
    await sandbox.settle();
    // The sets believe in their stacks until an operation tells them; who looks into the account knows before.
    expect(await deploy([ANNA], sets(), undefined, () => true)).toEqual({});
    expect([await value(ANNA, 'beans'), await value(ANNA, 'brew')]).toEqual(['x', 'x']);
    for (const name of await stacks(ANNA)) await anna.deleteStack({ StackName: name });
    await sandbox.settle();
    expect((await deploy([ANNA], sets('y')))[ANNA.account]).toMatch(/does not exist/);
    expect(await status('serverlesspresso-beans')).toEqual({ [ANNA.account]: 'INOPERABLE' });
    expect(await deploy([ANNA], sets('y'), undefined, () => true)).toEqual({});
    expect(await value(ANNA, 'brew')).toBe('y');
  }));

test('who stops watching stops nothing; the same again waits for what is under way and goes on', () =>
  room(
    [ANNA, BO, CLEO],
    async ({ hub, deploy, value }) => {
      const stop = new AbortController();
      const watching = deploy([ANNA, BO, CLEO], sets(), stop.signal);
      while ((await describeSet(hub, 'serverlesspresso-beans')) === undefined) await pause(5);
      stop.abort();
      await watching;
      expect(await value(ANNA, 'brew')).toBeUndefined();
      expect(await deploy([ANNA, BO, CLEO])).toEqual({});
      for (const who of [ANNA, BO, CLEO]) expect(await value(who, 'brew')).toBe('x');
    },
    15,
  ));

test('a room leaves its sets, and its stacks go; who cannot be entered is let go of; sets go when they are empty', () =>
  room([ANNA, BO, CLEO], async ({ sandbox, hub, deploy, leave, stacks, status }) => {
    await deploy([ANNA, BO, CLEO]);
    const iam = new IAM(clientConfig(sandbox, BO.account));
    await iam.detachRolePolicy({ RoleName: EXECUTION, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    await iam.deleteRole({ RoleName: EXECUTION });
    const names = sets().map(({ set }) => set);
    const stayed = await leave([ANNA, BO]);
    expect([...stayed.keys()]).toEqual([BO.account]);
    expect(stayed.get(BO.account)).toHaveLength(2);
    expect(await stacks(ANNA)).toEqual([]);
    expect(await stacks(BO)).toHaveLength(2);
    expect(await status('serverlesspresso-beans')).toEqual({ [CLEO.account]: 'CURRENT' });
    expect(await deleteEmptySets(hub, names)).toEqual([]);
    await leave([CLEO]);
    expect(await deleteEmptySets(hub, names)).toEqual(names);
  }));

test('what rests on something else comes after it', () => {
  const of = (template: string, ...after: string[]) => ({ template, after });
  const found = levels([of('d', 'b', 'c'), of('b', 'a'), of('a'), of('c', 'a')]);
  expect(found.map((level) => level.map(({ template: name }) => name))).toEqual([['a'], ['b', 'c'], ['d']]);
});

test('service-managed: a room of an organization is deployed, brought up to date and left, without a role of one’s own', () =>
  withSandbox(async (sandbox) => {
    const organization = new Organizations(clientConfig(sandbox, HUB));
    await organization.createOrganization({});
    for (const { account } of [ANNA, BO]) {
      const { Handshake } = await organization.inviteAccountToOrganization({
        Target: { Id: account, Type: 'ACCOUNT' },
      });
      await new Organizations(clientConfig(sandbox, account)).acceptHandshake({ HandshakeId: Handshake?.Id });
    }
    const connection = await connect({
      region: 'us-east-1',
      endpoint: sandbox.endpoint,
      credentials: { accessKeyId: HUB, secretAccessKey: 'x' },
    });
    const unit = (await organization.listRoots({})).Roots?.[0]?.Id;
    const hub: SetHub = { connection, permissions: 'service-managed', unit };
    const pace = { concurrency: 10, tolerance: { count: 0 } };
    const options = { hub, pace, signal: new AbortController().signal, pause };
    const deploy = async (who: Attendee[], value: string): Promise<SetEvent[]> => {
      const failed: SetEvent[] = [];
      await deploySets(who, sets(value), options, (event) => event.kind === 'failed' && failed.push(event));
      return failed;
    };
    const value = async ({ account, region }: Attendee): Promise<string | undefined> =>
      (await new SSM({ ...clientConfig(sandbox, account), region }).getParameters({ Names: ['/room/brew'] }))
        .Parameters?.[0]?.Value;
    try {
      await expect(deploy([ANNA], 'x')).rejects.toThrow(/trusted access is not enabled/);
      await new CloudFormation(clientConfig(sandbox, HUB)).activateOrganizationsAccess({});
      expect(await deploy([ANNA, BO], 'x')).toEqual([]);
      expect(await deploy([BO], 'y')).toEqual([]);
      expect([await value(ANNA), await value(BO)]).toEqual(['x', 'y']);
      const stayed = await leaveSets([ANNA.account, BO.account], sets(), options, () => {});
      expect(stayed.size).toBe(0);
      expect([await value(ANNA), await value(BO)]).toEqual([undefined, undefined]);
    } finally {
      connection.close();
    }
  }));
