/* One file: every test is a story of one stack set over a few accounts, told with the same few helpers. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CloudFormation,
  type CreateStackInstancesCommandInput,
  type DeploymentTargets,
} from '@aws-sdk/client-cloudformation';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { SSM } from '@aws-sdk/client-ssm';
import { STS } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../../testing/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../../index.ts';

const HUB = '999999999999';
const [ANNA, BO, CLEO, DAN, EVA] = ['111111111111', '222222222222', '333333333333', '444444444444', '555555555555'];
const ROOM = [ANNA, BO, CLEO, DAN, EVA];
const REGION = 'us-east-1';

const trust = (principal: Record<string, string>) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  });

async function administration(sandbox: Sandbox): Promise<void> {
  const iam = new IAM(clientConfig(sandbox, HUB));
  await iam.createRole({
    RoleName: 'AWSCloudFormationStackSetAdministrationRole',
    AssumeRolePolicyDocument: trust({ Service: 'cloudformation.amazonaws.com' }),
  });
  await iam.putRolePolicy({
    RoleName: 'AWSCloudFormationStackSetAdministrationRole',
    PolicyName: 'assume',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Resource: 'arn:aws:iam::*:role/AWSCloudFormationStackSetExecutionRole',
        },
      ],
    }),
  });
}

async function execution(sandbox: Sandbox, account: string): Promise<void> {
  const iam = new IAM(clientConfig(sandbox, account));
  await iam.createRole({
    RoleName: 'AWSCloudFormationStackSetExecutionRole',
    AssumeRolePolicyDocument: trust({
      AWS: `arn:aws:iam::${HUB}:role/AWSCloudFormationStackSetAdministrationRole`,
    }),
  });
  await iam.attachRolePolicy({
    RoleName: 'AWSCloudFormationStackSetExecutionRole',
    PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  });
}

const bus = (name = 'Coffee') => `
Parameters: { Roast: { Type: String, Default: dark } }
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: ${name} } }
  Roasted: { Type: AWS::SSM::Parameter, DependsOn: Bus, Properties: { Name: /coffee/roast, Type: String, Value: !Ref Roast } }
`;

interface Room {
  sandbox: Sandbox;
  hub: CloudFormation;
  /** The operation of `begin`, ended. */
  ended(begun: Promise<{ OperationId?: string | undefined }>): Promise<{
    status: string | undefined;
    failed: number | undefined;
    /** `account region` → status, and why */
    results: Record<string, string>;
  }>;
  create(more?: Partial<CreateStackInstancesCommandInput>): ReturnType<Room['ended']>;
  /** `account region` → `STATUS/DETAILED` */
  instances(): Promise<Record<string, string>>;
  stacksOf(account: string): Promise<{ name: string; status: string }[]>;
  roast(account: string): Promise<string | undefined>;
}

function room(work: (room: Room) => Promise<void>, options: SandboxOptions = {}, accounts = ROOM): Promise<void> {
  return withSandbox(async (sandbox) => {
    await administration(sandbox);
    for (const account of accounts) await execution(sandbox, account as string);
    await work(roomOf(sandbox));
  }, options);
}

function roomOf(sandbox: Sandbox): Room {
  const hub = new CloudFormation(clientConfig(sandbox, HUB));
  const StackSetName = 'coffee';
  const self: Room = {
    sandbox,
    hub,
    async ended(begun) {
      const { OperationId } = await begun;
      await sandbox.settle();
      const { StackSetOperation } = await hub.describeStackSetOperation({ StackSetName, OperationId });
      const { Summaries = [] } = await hub.listStackSetOperationResults({ StackSetName, OperationId });
      return {
        status: StackSetOperation?.Status,
        failed: StackSetOperation?.StatusDetails?.FailedStackInstancesCount,
        results: Object.fromEntries(
          Summaries.map((one) => [
            `${one.Account} ${one.Region}`,
            [one.Status, one.StatusReason].filter(Boolean).join(': '),
          ]),
        ),
      };
    },
    create: (more = {}) =>
      self.ended(hub.createStackInstances({ StackSetName, Accounts: ROOM as string[], Regions: [REGION], ...more })),
    async instances() {
      const { Summaries = [] } = await hub.listStackInstances({ StackSetName });
      return Object.fromEntries(
        Summaries.map((one) => [
          `${one.Account} ${one.Region}`,
          `${one.Status}/${one.StackInstanceStatus?.DetailedStatus}`,
        ]),
      );
    },
    async stacksOf(account) {
      const { Stacks = [] } = await new CloudFormation(clientConfig(sandbox, account)).describeStacks({});
      return Stacks.map((one) => ({ name: one.StackName ?? '', status: one.StackStatus ?? '' }));
    },
    async roast(account) {
      const { Parameters } = await new SSM(clientConfig(sandbox, account)).getParameters({ Names: ['/coffee/roast'] });
      return Parameters?.[0]?.Value;
    },
  };
  return self;
}

test('five accounts, one without the role and one with a name taken: three have the stack, two say why not', () =>
  room(
    async ({ sandbox, hub, create, instances, stacksOf }) => {
      await new EventBridge(clientConfig(sandbox, EVA)).createEventBus({ Name: 'Coffee' });
      const { StackSetId = '' } = await hub.createStackSet({
        StackSetName: 'coffee',
        TemplateBody: bus(),
        Tags: [{ Key: 'team', Value: 'bar' }],
      });
      expect(StackSetId).toMatch(/^coffee:[0-9a-f-]{36}$/);
      const { status, failed, results } = await create({
        OperationPreferences: { FailureToleranceCount: 4, MaxConcurrentCount: 5 },
      });
      expect(status).toBe('SUCCEEDED');
      expect(failed).toBe(2);
      expect(results[`${DAN} ${REGION}`]).toBe(
        `FAILED: Account ${DAN} should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.`,
      );
      expect(results[`${EVA} ${REGION}`]).toMatch(
        /^FAILED: ResourceLogicalId:Bus, ResourceType:AWS::Events::EventBus, ResourceStatusReason:.*already exists/,
      );
      for (const account of [ANNA, BO, CLEO]) expect(results[`${account} ${REGION}`]).toBe('SUCCEEDED');
      expect(await instances()).toEqual({
        [`${ANNA} ${REGION}`]: 'CURRENT/SUCCEEDED',
        [`${BO} ${REGION}`]: 'CURRENT/SUCCEEDED',
        [`${CLEO} ${REGION}`]: 'CURRENT/SUCCEEDED',
        [`${DAN} ${REGION}`]: 'OUTDATED/FAILED',
        [`${EVA} ${REGION}`]: 'OUTDATED/FAILED',
      });
      const [own] = await stacksOf(ANNA as string);
      expect(own?.name).toMatch(/^StackSet-coffee-[0-9a-f]{8}-[0-9a-f-]{27}$/);
      // What could not be made leaves nothing behind.
      expect(await stacksOf(EVA as string)).toEqual([]);
      const anna = new CloudFormation(clientConfig(sandbox, ANNA));
      const { Stacks } = await anna.describeStacks({ StackName: own?.name });
      expect(Stacks?.[0]?.Tags).toEqual([{ Key: 'team', Value: 'bar' }]);

      // Helped, they come in by the same request again; who was there already is left as it is.
      await execution(sandbox, DAN as string);
      await new EventBridge(clientConfig(sandbox, EVA)).deleteEventBus({ Name: 'Coffee' });
      expect(await create({ OperationPreferences: { MaxConcurrentCount: 5, FailureToleranceCount: 4 } })).toMatchObject(
        {
          status: 'SUCCEEDED',
          failed: 0,
        },
      );
      expect(Object.values(await instances())).toEqual(Array.from({ length: 5 }, () => 'CURRENT/SUCCEEDED'));
    },
    {},
    [ANNA, BO, CLEO, EVA],
  ));

test('without tolerance the first failure cancels what has not begun, later Regions too', () =>
  room(
    async ({ hub, create, instances }) => {
      await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
      const { status, results } = await create({
        Regions: ['us-east-1', 'eu-west-1'],
        OperationPreferences: { RegionOrder: ['eu-west-1', 'us-east-1'] },
      });
      expect(status).toBe('FAILED');
      expect(results[`${ANNA} eu-west-1`]).toMatch(/^FAILED: Account 111111111111 should have/);
      const cancelled = 'CANCELLED: Cancelled since failure tolerance has exceeded';
      expect(results[`${BO} eu-west-1`]).toBe(cancelled);
      expect(results[`${BO} us-east-1`]).toBe(cancelled);
      expect((await instances())[`${BO} us-east-1`]).toBe('OUTDATED/CANCELLED');
    },
    {},
    [BO, CLEO, DAN, EVA],
  ));

test('an administrator without its role gets that as the reason', () =>
  withSandbox(async (sandbox) => {
    const { hub, create } = roomOf(sandbox);
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    const { status, results } = await create({ Accounts: [ANNA as string] });
    expect(status).toBe('FAILED');
    expect(results[`${ANNA} ${REGION}`]).toBe(
      `FAILED: Account ${HUB} should have 'AWSCloudFormationStackSetAdministrationRole' role with trust relationship to CloudFormation service.`,
    );
  }));

test('the execution role’s rights are what the stack is made with', () =>
  room(async ({ sandbox, hub, create }) => {
    const iam = new IAM(clientConfig(sandbox, BO));
    const RoleName = 'AWSCloudFormationStackSetExecutionRole';
    await iam.detachRolePolicy({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    const first = await create({ Accounts: [BO as string] });
    expect(first.results[`${BO} ${REGION}`]).toMatch(
      /^FAILED: User: arn:aws:sts::222222222222:assumed-role\/AWSCloudFormationStackSetExecutionRole\/.* is not authorized to perform: cloudformation:CreateStack/,
    );
    await iam.putRolePolicy({
      RoleName,
      PolicyName: 'stacks',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'cloudformation:*', Resource: '*' }],
      }),
    });
    const second = await create({ Accounts: [BO as string] });
    expect(second.results[`${BO} ${REGION}`]).toMatch(/^FAILED: ResourceLogicalId:Bus, .*events:CreateEventBus/);
  }));

test('parameters go from the set to the instances, but for what an instance overrides', () =>
  room(async ({ hub, create, ended, roast, instances }) => {
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    const all = { MaxConcurrentCount: 5, FailureToleranceCount: 4 };
    await create({ Accounts: [ANNA, BO] as string[], OperationPreferences: all });
    await create({
      Accounts: [CLEO as string],
      ParameterOverrides: [{ ParameterKey: 'Roast', ParameterValue: 'light' }],
    });
    expect([await roast(ANNA as string), await roast(CLEO as string)]).toEqual(['dark', 'light']);
    const updated = await ended(
      hub.updateStackSet({
        StackSetName: 'coffee',
        UsePreviousTemplate: true,
        Parameters: [{ ParameterKey: 'Roast', ParameterValue: 'medium' }],
        OperationPreferences: all,
      }),
    );
    expect(updated).toMatchObject({ status: 'SUCCEEDED', failed: 0 });
    expect([await roast(ANNA as string), await roast(CLEO as string)]).toEqual(['medium', 'light']);
    const described = await hub.describeStackInstance({
      StackSetName: 'coffee',
      StackInstanceAccount: CLEO,
      StackInstanceRegion: REGION,
    });
    expect(described.StackInstance?.ParameterOverrides).toEqual([{ ParameterKey: 'Roast', ParameterValue: 'light' }]);
    // An empty list takes every override back.
    await ended(
      hub.updateStackInstances({
        StackSetName: 'coffee',
        Accounts: [CLEO as string],
        Regions: [REGION],
        ParameterOverrides: [],
      }),
    );
    expect(await roast(CLEO as string)).toBe('medium');
    // An update of some leaves the others outdated.
    await ended(
      hub.updateStackSet({
        StackSetName: 'coffee',
        TemplateBody: bus('Tea'),
        Accounts: [BO as string],
        Regions: [REGION],
      }),
    );
    expect(await instances()).toMatchObject({
      [`${ANNA} ${REGION}`]: 'OUTDATED/PENDING',
      [`${BO} ${REGION}`]: 'CURRENT/SUCCEEDED',
    });
  }));

test('instances go with their stacks, or leave them when they are retained; a set goes when it is empty', () =>
  room(async ({ hub, create, ended, stacksOf, instances }) => {
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    await create({ Accounts: [ANNA, BO] as string[] });
    await expect(hub.deleteStackSet({ StackSetName: 'coffee' })).rejects.toMatchObject({
      name: 'StackSetNotEmptyException',
    });
    const away = (account: string | undefined, RetainStacks: boolean) =>
      ended(
        hub.deleteStackInstances({
          StackSetName: 'coffee',
          Accounts: [account as string],
          Regions: [REGION],
          RetainStacks,
        }),
      );
    expect(await away(ANNA, false)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await away(BO, true)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stacksOf(ANNA as string)).toEqual([]);
    expect(await stacksOf(BO as string)).toMatchObject([{ status: 'CREATE_COMPLETE' }]);
    expect(await instances()).toEqual({});
    await hub.deleteStackSet({ StackSetName: 'coffee' });
    const { Summaries } = await hub.listStackSets({ Status: 'ACTIVE' });
    expect(Summaries).toEqual([]);
    await expect(hub.listStackInstances({ StackSetName: 'coffee' })).rejects.toMatchObject({
      name: 'StackSetNotFoundException',
    });
    // The name is free again.
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
  }));

test('a stack deleted in its own account makes the instance inoperable; its deletion sets that right', () =>
  room(async ({ sandbox, hub, create, ended, stacksOf, instances }) => {
    await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    await create({ Accounts: [ANNA as string] });
    const [own] = await stacksOf(ANNA as string);
    await new CloudFormation(clientConfig(sandbox, ANNA)).deleteStack({ StackName: own?.name });
    await sandbox.settle();
    expect(await instances()).toEqual({ [`${ANNA} ${REGION}`]: 'CURRENT/SUCCEEDED' });
    const where = { StackSetName: 'coffee', Accounts: [ANNA as string], Regions: [REGION] };
    const updated = await ended(hub.updateStackInstances(where));
    expect(updated.results[`${ANNA} ${REGION}`]).toMatch(/^FAILED: Stack \[.*\] does not exist$/);
    expect(await instances()).toEqual({ [`${ANNA} ${REGION}`]: 'INOPERABLE/INOPERABLE' });
    expect(await ended(hub.deleteStackInstances({ ...where, RetainStacks: false }))).toMatchObject({
      status: 'SUCCEEDED',
    });
  }));

test('one operation at a time; a stop lets what runs finish and cancels the rest', () =>
  room(
    async ({ hub, ended, instances }) => {
      await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
      const where = { StackSetName: 'coffee', Accounts: ROOM as string[], Regions: [REGION] };
      const { OperationId = '' } = await hub.createStackInstances({ ...where, OperationId: 'first' });
      expect(OperationId).toBe('first');
      await expect(hub.createStackInstances(where)).rejects.toThrow(
        /^Another Operation on StackSet arn:aws:cloudformation:us-east-1:999999999999:stackset\/coffee:[0-9a-f-]+ is in progress: first$/,
      );
      // The same request under the same id is answered again, another one is not.
      expect(await hub.createStackInstances({ ...where, OperationId: 'first' })).toMatchObject({ OperationId });
      await expect(
        hub.createStackInstances({ ...where, Accounts: [BO as string], OperationId: 'first' }),
      ).rejects.toMatchObject({ name: 'OperationIdAlreadyExistsException' });
      await hub.stopStackSetOperation({ StackSetName: 'coffee', OperationId });
      const { StackSetOperation } = await hub.describeStackSetOperation({ StackSetName: 'coffee', OperationId });
      // By then what ran may have come to its end.
      expect(StackSetOperation?.Status).toMatch(/^STOPP(ING|ED)$/);
      const { status, results } = await ended(Promise.resolve({ OperationId }));
      expect(status).toBe('STOPPED');
      expect(Object.values(results).filter((one) => /^CANCELLED/.test(one)).length).toBeGreaterThanOrEqual(4);
      expect((await instances())[`${EVA} ${REGION}`]).toBe('OUTDATED/CANCELLED');
      await expect(hub.stopStackSetOperation({ StackSetName: 'coffee', OperationId: 'none' })).rejects.toMatchObject({
        name: 'OperationNotFoundException',
      });
    },
    { pace: 20 },
  ));

test('managed execution queues what would conflict', () =>
  room(
    async ({ sandbox, hub }) => {
      await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus(), ManagedExecution: { Active: true } });
      const where = { StackSetName: 'coffee', Regions: [REGION] };
      await hub.createStackInstances({ ...where, Accounts: [ANNA as string], OperationId: 'a' });
      await hub.createStackInstances({ ...where, Accounts: [BO as string], OperationId: 'b' });
      const status = async () =>
        ((await hub.listStackSetOperations({ StackSetName: 'coffee' })).Summaries ?? []).map(
          (one) => `${one.OperationId} ${one.Status}`,
        );
      expect(await status()).toEqual(['b QUEUED', 'a RUNNING']);
      await sandbox.settle();
      expect(await status()).toEqual(['b SUCCEEDED', 'a SUCCEEDED']);
    },
    { pace: 10 },
  ));

test('what is wrong with a request is said before anything is begun', () =>
  room(async ({ hub, create }) => {
    const make = (more: Record<string, unknown>) =>
      hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus(), ...more });
    await expect(make({ StackSetName: '1st' })).rejects.toThrow(/regular expression pattern/);
    await expect(make({ TemplateBody: undefined })).rejects.toThrow(/Template/);
    await expect(make({ Parameters: [{ ParameterKey: 'Milk', ParameterValue: 'x' }] })).rejects.toThrow(/Milk/);
    const role = `Resources: { Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } } }`;
    await expect(make({ TemplateBody: role })).rejects.toMatchObject({ name: 'InsufficientCapabilitiesException' });
    await expect(make({ PermissionModel: 'SERVICE_MANAGED', AutoDeployment: { Enabled: false } })).rejects.toThrow(
      'You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set',
    );
    await make({});
    await expect(make({})).rejects.toMatchObject({ name: 'NameAlreadyExistsException' });
    await expect(create({ Accounts: ['12'] })).rejects.toThrow(/0-9/);
    await expect(create({ Accounts: [] })).rejects.toThrow(/Accounts/);
    await expect(create({ Regions: [] })).rejects.toThrow(/Regions/);
    await expect(
      create({ OperationPreferences: { FailureToleranceCount: 1, FailureTolerancePercentage: 5 } }),
    ).rejects.toThrow(/not both/);
    await expect(create({ OperationPreferences: { MaxConcurrentCount: 0 } })).rejects.toThrow(/greater than or equal/);
    await expect(create({ ParameterOverrides: [{ ParameterKey: 'Milk', ParameterValue: 'x' }] })).rejects.toThrow(
      /Milk/,
    );
    await expect(
      create({ Accounts: [], DeploymentTargets: { OrganizationalUnitIds: ['ou-abcd-12345678'] } }),
    ).rejects.toThrow(/SELF_MANAGED permission model can only have accounts/);
    await expect(
      hub.updateStackInstances({ StackSetName: 'coffee', Accounts: [ANNA as string], Regions: [REGION] }),
    ).rejects.toMatchObject({ name: 'StackInstanceNotFoundException' });
    await expect(hub.describeStackSet({ StackSetName: 'tea' })).rejects.toMatchObject({
      name: 'StackSetNotFoundException',
      message: 'StackSet tea not found',
    });
  }));

test('who may begin an operation is asked for the set and for each target', () =>
  room(async ({ sandbox, hub }) => {
    const iam = new IAM(clientConfig(sandbox, HUB));
    await iam.createRole({
      RoleName: 'Facilitator',
      AssumeRolePolicyDocument: trust({ AWS: `arn:aws:iam::${HUB}:root` }),
    });
    await iam.putRolePolicy({
      RoleName: 'Facilitator',
      PolicyName: 'sets',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'cloudformation:*',
            Resource: [
              `arn:aws:cloudformation:*:${HUB}:stackset/coffee:*`,
              `arn:aws:cloudformation:*:${HUB}:stackset-target/coffee:*/${ANNA}`,
            ],
          },
        ],
      }),
    });
    const { Credentials } = await new STS(clientConfig(sandbox, HUB)).assumeRole({
      RoleArn: `arn:aws:iam::${HUB}:role/Facilitator`,
      RoleSessionName: 'test',
    });
    const facilitator = new CloudFormation({
      ...clientConfig(sandbox, HUB),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: 'x',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    await facilitator.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
    await expect(facilitator.createStackSet({ StackSetName: 'tea', TemplateBody: bus() })).rejects.toThrow(
      /not authorized to perform: cloudformation:CreateStackSet/,
    );
    const where = { StackSetName: 'coffee', Regions: [REGION] };
    await expect(facilitator.createStackInstances({ ...where, Accounts: [BO as string] })).rejects.toThrow(
      /stackset-target\/coffee:[0-9a-f-]+\/222222222222/,
    );
    await facilitator.createStackInstances({ ...where, Accounts: [ANNA as string] });
    await sandbox.settle();
    expect((await hub.listStackInstances({ StackSetName: 'coffee' })).Summaries).toHaveLength(1);
  }));

test('an operation that the end of the process cut short goes on, and makes nothing twice', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'presso-stack-sets-'));
  const copy = path.join(folder, 'copy');
  try {
    await room(
      async ({ sandbox, hub }) => {
        await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
        await hub.createStackInstances({
          StackSetName: 'coffee',
          Accounts: ROOM as string[],
          Regions: [REGION],
          OperationId: 'cut',
          OperationPreferences: { MaxConcurrentCount: 2, FailureToleranceCount: 1 },
        });
        // What a kill leaves is what is on disk when the first has come to rest and the others have not.
        const running = async (): Promise<boolean> => {
          const { Summaries = [] } = await hub.listStackSetOperationResults({
            StackSetName: 'coffee',
            OperationId: 'cut',
          });
          return Summaries.every(({ Status }) => Status !== 'SUCCEEDED');
        };
        while (await running());
        cpSync(path.join(folder, 'data'), copy, { recursive: true });
        await sandbox.settle();
      },
      { dir: path.join(folder, 'data'), pace: 15 },
    );
    await withSandbox(
      async (sandbox) => {
        const { ended, instances, stacksOf } = roomOf(sandbox);
        expect(await ended(Promise.resolve({ OperationId: 'cut' }))).toMatchObject({ status: 'SUCCEEDED', failed: 0 });
        expect(Object.values(await instances())).toEqual(Array.from({ length: 5 }, () => 'CURRENT/SUCCEEDED'));
        for (const account of ROOM)
          expect(await stacksOf(account as string)).toMatchObject([{ status: 'CREATE_COMPLETE' }]);
      },
      { dir: copy },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** An organization of the hub: Anna and Bo in the unit, Cleo beside it. */
async function organization(sandbox: Sandbox): Promise<{ hub: Organizations; root: string; unit: string }> {
  const hub = new Organizations(clientConfig(sandbox, HUB));
  await hub.createOrganization({});
  const root = (await hub.listRoots({})).Roots?.[0]?.Id ?? '';
  const { OrganizationalUnit } = await hub.createOrganizationalUnit({ ParentId: root, Name: 'Room' });
  for (const account of [ANNA, BO, CLEO]) {
    const { Handshake } = await hub.inviteAccountToOrganization({ Target: { Id: account, Type: 'ACCOUNT' } });
    await new Organizations(clientConfig(sandbox, account)).acceptHandshake({ HandshakeId: Handshake?.Id });
    if (account !== CLEO)
      await hub.moveAccount({
        AccountId: account,
        SourceParentId: root,
        DestinationParentId: OrganizationalUnit?.Id,
      });
  }
  return { hub, root, unit: OrganizationalUnit?.Id ?? '' };
}

const STACKSETS = 'member.org.stacksets.cloudformation.amazonaws.com';

test('service-managed: units are the targets, trusted access opens them, and nobody makes a role', () =>
  withSandbox(async (sandbox) => {
    const { hub, ended, instances, stacksOf } = roomOf(sandbox);
    const { hub: organizations, root, unit } = await organization(sandbox);
    const set = {
      StackSetName: 'coffee',
      TemplateBody: bus(),
      PermissionModel: 'SERVICE_MANAGED' as const,
      AutoDeployment: { Enabled: false },
    };
    await expect(hub.createStackSet(set)).rejects.toThrow(
      'You must enable organizations access to operate a service managed stack set',
    );
    expect(await hub.describeOrganizationsAccess({})).toMatchObject({ Status: 'DISABLED' });
    await expect(new CloudFormation(clientConfig(sandbox, ANNA)).activateOrganizationsAccess({})).rejects.toMatchObject(
      { name: 'InvalidOperationException' },
    );
    await hub.activateOrganizationsAccess({});
    expect(await hub.describeOrganizationsAccess({})).toMatchObject({ Status: 'ENABLED' });
    await hub.createStackSet(set);
    const create = (targets: DeploymentTargets) =>
      ended(hub.createStackInstances({ StackSetName: 'coffee', DeploymentTargets: targets, Regions: [REGION] }));
    await expect(create({ Accounts: [ANNA as string] })).rejects.toThrow(/can only have OrganizationalUnit as target/);
    await expect(
      create({ OrganizationalUnitIds: [unit], Accounts: [ANNA as string], AccountFilterType: 'UNION' }),
    ).rejects.toThrow(/UNION is not supported/);
    await expect(create({ OrganizationalUnitIds: ['ou-abcd-00000000'] })).rejects.toThrow(/does not exist/);
    const only = await create({
      OrganizationalUnitIds: [root],
      Accounts: [ANNA as string, EVA as string],
      AccountFilterType: 'INTERSECTION',
    });
    expect(only.results).toEqual({ [`${ANNA} ${REGION}`]: 'SUCCEEDED' });
    const others = await create({
      OrganizationalUnitIds: [root],
      Accounts: [ANNA as string],
      AccountFilterType: 'DIFFERENCE',
    });
    // The management account is in the root and is never a target.
    expect(Object.keys(others.results).sort()).toEqual([`${BO} ${REGION}`, `${CLEO} ${REGION}`]);
    expect(Object.values(await instances())).toEqual(['CURRENT/SUCCEEDED', 'CURRENT/SUCCEEDED', 'CURRENT/SUCCEEDED']);
    expect(await stacksOf(BO as string)).toMatchObject([{ status: 'CREATE_COMPLETE' }]);
    const { Roles = [] } = await new IAM(clientConfig(sandbox, BO)).listRoles({});
    expect(Roles.map((role) => role.RoleName)).toEqual([expect.stringMatching(/^stacksets-exec-[0-9a-f]{32}$/)]);
    const { StackSet } = await hub.describeStackSet({ StackSetName: 'coffee' });
    expect(StackSet).toMatchObject({ PermissionModel: 'SERVICE_MANAGED', OrganizationalUnitIds: [root] });
    const gone = await ended(
      hub.deleteStackInstances({
        StackSetName: 'coffee',
        DeploymentTargets: { OrganizationalUnitIds: [unit] },
        Regions: [REGION],
        OperationPreferences: { MaxConcurrentPercentage: 100 },
        RetainStacks: false,
      }),
    );
    expect(gone.status).toBe('SUCCEEDED');
    expect(await instances()).toEqual({ [`${CLEO} ${REGION}`]: 'CURRENT/SUCCEEDED' });

    // A member may do so only as the delegated administrator it has been made, and says so.
    const member = new CloudFormation(clientConfig(sandbox, CLEO));
    await expect(member.createStackSet({ ...set, CallAs: 'DELEGATED_ADMIN' })).rejects.toThrow(/delegated admin/);
    await organizations.registerDelegatedAdministrator({ AccountId: CLEO, ServicePrincipal: STACKSETS });
    await expect(member.createStackSet(set)).rejects.toThrow(/management account or delegated admin/);
    await member.createStackSet({ ...set, CallAs: 'DELEGATED_ADMIN' });
  }));

test('concurrency and tolerance: percentages are rounded down, SOFT keeps the pace, Regions may go side by side', () =>
  room(
    async ({ hub, create }) => {
      await hub.createStackSet({ StackSetName: 'coffee', TemplateBody: bus() });
      // 39 % of five accounts is one: the second failure is one too many.
      const percent = await create({
        Accounts: [ANNA, BO, CLEO, DAN, EVA] as string[],
        OperationPreferences: { FailureTolerancePercentage: 39, MaxConcurrentPercentage: 20 },
      });
      expect(percent).toMatchObject({ status: 'FAILED', failed: 2 });
      expect(Object.values(percent.results).map((one) => one.split(':')[0])).toEqual([
        'SUCCEEDED',
        'FAILED',
        'FAILED',
        'CANCELLED',
        'CANCELLED',
      ]);
      // All five are under way before the first has failed.
      const soft = await create({
        OperationPreferences: { MaxConcurrentCount: 5, ConcurrencyMode: 'SOFT_FAILURE_TOLERANCE' },
      });
      expect(soft).toMatchObject({ status: 'FAILED', failed: 4 });
      expect(Object.values(soft.results).some((one) => one.startsWith('CANCELLED'))).toBe(false);
      // The failure of one Region does not cancel the other when both are under way.
      const side = await create({
        Accounts: [BO, ANNA] as string[],
        Regions: ['eu-west-1', 'us-west-2'],
        OperationPreferences: { RegionConcurrencyType: 'PARALLEL' },
      });
      expect(side.results).toMatchObject({
        [`${BO} eu-west-1`]: expect.stringMatching(/^FAILED/) as string,
        [`${BO} us-west-2`]: expect.stringMatching(/^FAILED/) as string,
        [`${ANNA} us-west-2`]: 'CANCELLED: Cancelled since failure tolerance has exceeded',
      });
    },
    {},
    [ANNA],
  ));
