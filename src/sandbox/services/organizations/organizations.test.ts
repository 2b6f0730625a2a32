import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AcceptHandshakeCommand,
  CloseAccountCommand,
  CreateAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  DescribeAccountCommand,
  DescribeCreateAccountStatusCommand,
  DescribeOrganizationalUnitCommand,
  DescribeOrganizationCommand,
  EnableAWSServiceAccessCommand,
  InviteAccountToOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListChildrenCommand,
  ListDelegatedAdministratorsCommand,
  ListOrganizationalUnitsForParentCommand,
  ListParentsCommand,
  ListRootsCommand,
  MoveAccountCommand,
  OrganizationsClient,
  RegisterDelegatedAdministratorCommand,
} from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const MANAGEMENT = '111111111111';

type Sandbox = Parameters<Parameters<typeof withSandbox>[0]>[0];
const as = (sandbox: Sandbox, account: string) => new OrganizationsClient(clientConfig(sandbox, account));

/** An organization with the accounts invited into `parent` (the root, where not said). */
async function found(sandbox: Sandbox): Promise<{ hub: OrganizationsClient; root: string }> {
  const hub = as(sandbox, MANAGEMENT);
  await hub.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const { Roots } = await hub.send(new ListRootsCommand({}));
  return { hub, root: Roots?.[0]?.Id ?? '' };
}

async function join(sandbox: Sandbox, hub: OrganizationsClient, account: string): Promise<void> {
  const { Handshake } = await hub.send(
    new InviteAccountToOrganizationCommand({ Target: { Id: account, Type: 'ACCOUNT' } }),
  );
  await as(sandbox, account).send(new AcceptHandshakeCommand({ HandshakeId: Handshake?.Id }));
}

test('an account outside any organization is told so, and a member may ask whose it is but nothing else', () =>
  withSandbox(async (sandbox) => {
    const stranger = as(sandbox, '222222222222');
    await expect(stranger.send(new DescribeOrganizationCommand({}))).rejects.toMatchObject({
      name: 'AWSOrganizationsNotInUseException',
      message: 'Your account is not a member of an organization.',
    });
    const { hub } = await found(sandbox);
    await expect(hub.send(new CreateOrganizationCommand({}))).rejects.toMatchObject({
      name: 'AlreadyInOrganizationException',
    });
    await join(sandbox, hub, '222222222222');
    const { Organization } = await stranger.send(new DescribeOrganizationCommand({}));
    expect(Organization).toMatchObject({ MasterAccountId: MANAGEMENT, FeatureSet: 'ALL' });
    expect(Organization?.Arn).toBe(`arn:aws:organizations::${MANAGEMENT}:organization/${Organization?.Id}`);
    await expect(stranger.send(new ListAccountsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: "You don't have permissions to access this resource.",
    });
    await hub.send(
      new RegisterDelegatedAdministratorCommand({
        AccountId: '222222222222',
        ServicePrincipal: 'member.org.stacksets.cloudformation.amazonaws.com',
      }),
    );
    const { Accounts } = await stranger.send(new ListAccountsCommand({}));
    expect(Accounts?.map(({ Id, State }) => [Id, State])).toEqual([
      [MANAGEMENT, 'ACTIVE'],
      ['222222222222', 'ACTIVE'],
    ]);
    const { DelegatedAdministrators } = await hub.send(new ListDelegatedAdministratorsCommand({}));
    expect(DelegatedAdministrators?.map(({ Id }) => Id)).toEqual(['222222222222']);
    await expect(
      stranger.send(new CreateOrganizationalUnitCommand({ ParentId: 'r-abcd', Name: 'x' })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  }));

test('units nest, are named once among their own, and what is not there is refused by its kind', () =>
  withSandbox(async (sandbox) => {
    const { hub, root } = await found(sandbox);
    const make = async (ParentId: string, Name: string) =>
      (await hub.send(new CreateOrganizationalUnitCommand({ ParentId, Name }))).OrganizationalUnit?.Id ?? '';
    const room = await make(root, 'Room A');
    const row = await make(room, 'Row 1');
    await expect(make(root, 'Room A')).rejects.toMatchObject({ name: 'DuplicateOrganizationalUnitException' });
    const { OrganizationalUnit } = await hub.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: row }));
    expect(OrganizationalUnit).toMatchObject({ Name: 'Row 1' });
    expect(OrganizationalUnit?.Path).toMatch(new RegExp(`^o-[a-z0-9]+/${root}/${room}/${row}/$`));
    const { Parents } = await hub.send(new ListParentsCommand({ ChildId: row }));
    expect(Parents).toEqual([{ Id: room, Type: 'ORGANIZATIONAL_UNIT' }]);
    const absent = `ou-${root.slice(2)}-00000000`;
    await expect(
      hub.send(new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: absent })),
    ).rejects.toMatchObject({ name: 'OrganizationalUnitNotFoundException' });
    await expect(hub.send(new ListAccountsForParentCommand({ ParentId: absent }))).rejects.toMatchObject({
      name: 'ParentNotFoundException',
    });
    await expect(hub.send(new DescribeAccountCommand({ AccountId: '999999999999' }))).rejects.toMatchObject({
      name: 'AccountNotFoundException',
    });
    await expect(hub.send(new ListAccountsForParentCommand({ ParentId: 'Room A' }))).rejects.toMatchObject({
      name: 'InvalidInputException',
      Reason: 'INVALID_PATTERN',
    });
    let deep = row;
    for (const name of ['3', '4', '5']) deep = await make(deep, name);
    await expect(make(deep, '6')).rejects.toMatchObject({ Reason: 'OU_DEPTH_LIMIT_EXCEEDED' });
  }));

test('members are listed in pages of at most 20, each under the parent it was moved to', () =>
  withSandbox(async (sandbox) => {
    const { hub, root } = await found(sandbox);
    const { OrganizationalUnit } = await hub.send(
      new CreateOrganizationalUnitCommand({ ParentId: root, Name: 'Room' }),
    );
    const unit = OrganizationalUnit?.Id ?? '';
    const accounts = Array.from({ length: 23 }, (_, index) => String(300_000_000_000 + index));
    for (const account of accounts) {
      await join(sandbox, hub, account);
      await hub.send(new MoveAccountCommand({ AccountId: account, SourceParentId: root, DestinationParentId: unit }));
    }
    const first = await hub.send(new ListAccountsForParentCommand({ ParentId: unit }));
    expect(first.Accounts).toHaveLength(20);
    const second = await hub.send(
      new ListAccountsForParentCommand({ ParentId: unit, ...(first.NextToken ? { NextToken: first.NextToken } : {}) }),
    );
    expect(second.NextToken).toBeUndefined();
    expect([...(first.Accounts ?? []), ...(second.Accounts ?? [])].map(({ Id }) => Id)).toEqual(accounts);
    await expect(
      hub.send(new ListAccountsCommand({ ...(first.NextToken ? { NextToken: first.NextToken } : {}) })),
    ).rejects.toMatchObject({ name: 'InvalidInputException', Reason: 'INVALID_PAGINATION_TOKEN' });
    await expect(hub.send(new ListAccountsCommand({ MaxResults: 21 }))).rejects.toMatchObject({
      Reason: 'MAX_VALUE_EXCEEDED',
    });
    const { Children } = await hub.send(new ListChildrenCommand({ ParentId: root, ChildType: 'ORGANIZATIONAL_UNIT' }));
    expect(Children).toEqual([{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }]);
    const { OrganizationalUnits } = await hub.send(new ListOrganizationalUnitsForParentCommand({ ParentId: root }));
    expect(OrganizationalUnits?.map(({ Name }) => Name)).toEqual(['Room']);
    await expect(
      hub.send(new MoveAccountCommand({ AccountId: accounts[0], SourceParentId: root, DestinationParentId: unit })),
    ).rejects.toMatchObject({ name: 'SourceParentNotFoundException' });
    await hub.send(new CloseAccountCommand({ AccountId: accounts[1] }));
    const closed = await hub.send(new DescribeAccountCommand({ AccountId: accounts[1] }));
    expect(closed.Account).toMatchObject({ State: 'CLOSED' });
    expect(closed.Account?.Paths?.[0]).toContain(`/${unit}/${accounts[1]}/`);
  }));

test('an account that was made can be entered by its role from the management account', () =>
  withSandbox(async (sandbox) => {
    const { hub } = await found(sandbox);
    const asked = await hub.send(new CreateAccountCommand({ Email: 'ada@example.com', AccountName: 'Ada' }));
    expect(asked.CreateAccountStatus?.State).toBe('IN_PROGRESS');
    await sandbox.settle();
    const status = async (id: string | undefined) =>
      (await hub.send(new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: id }))).CreateAccountStatus;
    const made = await status(asked.CreateAccountStatus?.Id);
    expect(made?.State).toBe('SUCCEEDED');
    const sts = new STSClient(clientConfig(sandbox, MANAGEMENT));
    const session = await sts.send(
      new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${made?.AccountId}:role/OrganizationAccountAccessRole`,
        RoleSessionName: 'hub',
      }),
    );
    expect(session.Credentials?.AccessKeyId).toBeDefined();
    const again = await hub.send(new CreateAccountCommand({ Email: 'Ada@example.com', AccountName: 'Ada' }));
    await sandbox.settle();
    expect(await status(again.CreateAccountStatus?.Id)).toMatchObject({
      State: 'FAILED',
      FailureReason: 'EMAIL_ALREADY_EXISTS',
    });
  }));

test('IAM decides before Organizations does, with the ARN of the unit', () =>
  withSandbox(async (sandbox) => {
    const { hub, root } = await found(sandbox);
    const unit = async (Name: string) =>
      (await hub.send(new CreateOrganizationalUnitCommand({ ParentId: root, Name }))).OrganizationalUnit;
    const [mine, other] = [await unit('mine'), await unit('other')];
    const iam = new IAMClient(clientConfig(sandbox, MANAGEMENT));
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: 'Hub',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${MANAGEMENT}:root` }, Action: 'sts:AssumeRole' },
          ],
        }),
      }),
    );
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: 'Hub',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'organizations:ListAccountsForParent', Resource: mine?.Arn }],
        }),
      }),
    );
    const sts = new STSClient(clientConfig(sandbox, MANAGEMENT));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'hub' }));
    const session = new OrganizationsClient({
      ...clientConfig(sandbox),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    expect((await session.send(new ListAccountsForParentCommand({ ParentId: mine?.Id }))).Accounts).toEqual([]);
    await expect(session.send(new ListAccountsForParentCommand({ ParentId: other?.Id }))).rejects.toThrow(
      'is not authorized to perform: organizations:ListAccountsForParent',
    );
    await expect(session.send(new ListRootsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  }));

test('trusted services are listed with their day', () =>
  withSandbox(async (sandbox) => {
    const { hub } = await found(sandbox);
    await hub.send(
      new EnableAWSServiceAccessCommand({ ServicePrincipal: 'member.org.stacksets.cloudformation.amazonaws.com' }),
    );
    const { EnabledServicePrincipals } = await hub.send(new ListAWSServiceAccessForOrganizationCommand({}));
    expect(EnabledServicePrincipals).toMatchObject([
      { ServicePrincipal: 'member.org.stacksets.cloudformation.amazonaws.com', DateEnabled: expect.any(Date) },
    ]);
  }));

test('an organization whose management account was emptied is gone, and its members are free for another one', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-organization-'));
  try {
    await withSandbox(
      async (sandbox) => {
        const { hub } = await found(sandbox);
        await join(sandbox, hub, '222222222222');
        await sandbox.reset(MANAGEMENT);
        const member = as(sandbox, '222222222222');
        await expect(member.send(new DescribeOrganizationCommand({}))).rejects.toMatchObject({
          name: 'AWSOrganizationsNotInUseException',
        });
        await member.send(new CreateOrganizationCommand({}));
        const { Organization } = await member.send(new DescribeOrganizationCommand({}));
        expect(Organization?.MasterAccountId).toBe('222222222222');
      },
      { dir },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
