import {
  AttachRolePolicyCommand,
  CreateAccountAliasCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DetachRolePolicyCommand,
  GetAccountSummaryCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  ListAccountAliasesCommand,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListInstanceProfilesForRoleCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const trust = (principal: Record<string, string>) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  });
const statesTrust = trust({ Service: 'states.amazonaws.com' });
const allow = (Action: string | string[], Resource = '*') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] });

test('a role is made, read, tagged and deleted, with ids, paths and encoded documents as in IAM', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const made = await iam.send(
      new CreateRoleCommand({
        RoleName: 'StepFunctions-a-role',
        Path: '/service-role/',
        AssumeRolePolicyDocument: statesTrust,
        Tags: [{ Key: 'presso:workshop', Value: 'serverlesspresso' }],
      }),
    );
    expect(made.Role?.Arn).toBe('arn:aws:iam::123456789012:role/service-role/StepFunctions-a-role');
    expect(made.Role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'StepFunctions-a-role' }));
    expect(Role?.AssumeRolePolicyDocument).toContain('%7B%22Version%22');
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(statesTrust);
    expect(Role?.CreateDate).toBeInstanceOf(Date);
    await iam.send(new TagRoleCommand({ RoleName: 'StepFunctions-a-role', Tags: [{ Key: 'a', Value: 'b' }] }));
    await iam.send(new UntagRoleCommand({ RoleName: 'StepFunctions-a-role', TagKeys: ['presso:workshop'] }));
    const tags = await iam.send(new ListRoleTagsCommand({ RoleName: 'StepFunctions-a-role' }));
    expect(tags.Tags).toEqual([{ Key: 'a', Value: 'b' }]);
    const profiles = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'StepFunctions-a-role' }));
    expect(profiles.InstanceProfiles).toEqual([]);
    await iam.send(new DeleteRoleCommand({ RoleName: 'StepFunctions-a-role' }));
    await expect(iam.send(new GetRoleCommand({ RoleName: 'StepFunctions-a-role' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role with name StepFunctions-a-role cannot be found.',
      $metadata: { httpStatusCode: 404 },
    });
  }));

test('a role that still has policies cannot be deleted, nor a policy that is attached or has versions', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: statesTrust }));
    await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument: allow('events:*') }));
    const inline = await iam.send(new GetRolePolicyCommand({ RoleName: 'r', PolicyName: 'p' }));
    expect(decodeURIComponent(inline.PolicyDocument ?? '')).toBe(allow('events:*'));
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'm', PolicyDocument: allow('s3:*') }));
    const PolicyArn = Policy?.Arn ?? '';
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'r', PolicyArn }));
    await expect(iam.send(new DeleteRoleCommand({ RoleName: 'r' }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      message: 'Cannot delete a policy attached to entities.',
    });
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: 'r' }));
    expect(attached.AttachedPolicies).toEqual([{ PolicyName: 'm', PolicyArn }]);
    const entities = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
    expect(entities.PolicyRoles?.map((role) => role.RoleName)).toEqual(['r']);
    await iam.send(new DetachRolePolicyCommand({ RoleName: 'r', PolicyArn }));
    await expect(iam.send(new DeleteRoleCommand({ RoleName: 'r' }))).rejects.toMatchObject({
      message: 'Cannot delete entity, must delete policies first.',
    });
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('sqs:*'), SetAsDefault: true }));
    await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
    });
    await expect(iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))).rejects.toMatchObject({
      message: 'Cannot delete the default version of a policy.',
    });
    const version = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    expect(version.PolicyVersion?.IsDefaultVersion).toBe(true);
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
  }));

test.each([
  ['not json', 'This policy contains invalid Json'],
  [allow('sts:AssumeRole'), 'Has prohibited field Resource'],
  [trust({ Service: 'nowhere' }), 'Invalid principal in policy: "SERVICE":"nowhere"'],
  [
    trust({ AWS: 'arn:aws:iam::123456789012:role/none' }),
    'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/none"',
  ],
])('a trust policy that IAM would not take is refused in its words: %s', (document, message) =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const command = new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: document });
    await expect(iam.send(command)).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException', message });
  }),
);

test.each([
  ['{', 'This policy contains invalid Json'],
  ['{"Version":"2012-10-17"}', 'Syntax errors in policy.'],
  [
    JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'a:b', Resource: '*' }] }),
    'Policy document must be version 2012-10-17 or greater.',
  ],
  [allow('a:b').replace('"Resource"', '"Principal":"*","Resource"'), 'Policy document should not specify a principal.'],
  [allow('PutEvents'), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
  [allow('events:PutEvents', 'Serverlesspresso'), 'Resource Serverlesspresso must be in ARN format or "*".'],
  [allow([]), 'Policy statement must contain actions.'],
  // Both were taken, and the role could then do nothing without anybody saying why.
  [
    allow('states:ListExecutions', 'arn:aws:states:us-east-1:ACCOUNT_ID:stateMachine:*'),
    'The policy failed legacy parsing',
  ],
  [
    allow('events:PutEvents', 'arn:aws:events:us-east-1:event-bus/Serverlesspresso'),
    'The policy failed legacy parsing',
  ],
])('a policy that IAM would not take is refused in its words: %s', (document, message) =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const command = new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: document });
    await expect(iam.send(command)).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException', message });
  }),
);

test('names are unique without regard to case, and checked', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    await iam.send(new CreateRoleCommand({ RoleName: 'Role', AssumeRolePolicyDocument: statesTrust }));
    await expect(
      iam.send(new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: statesTrust })),
    ).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'Role with name role already exists.',
      $metadata: { httpStatusCode: 409 },
    });
    await expect(
      iam.send(new CreateRoleCommand({ RoleName: 'a b', AssumeRolePolicyDocument: statesTrust })),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    });
    await expect(iam.send(new CreateUserCommand({ UserName: 'u' }))).rejects.toThrow('iam:CreateUser');
  }));

test('long lists come in pages, and a marker of another list is refused', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    for (const name of ['c', 'a', 'b'])
      await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: statesTrust }));
    const first = await iam.send(new ListRolesCommand({ MaxItems: 2 }));
    expect(first.Roles?.map((role) => role.RoleName)).toEqual(['a', 'b']);
    expect(first.IsTruncated).toBe(true);
    const second = await iam.send(new ListRolesCommand({ MaxItems: 2, Marker: first.Marker }));
    expect(second.Roles?.map((role) => role.RoleName)).toEqual(['c']);
    expect(second.IsTruncated).toBe(false);
    await expect(iam.send(new ListPoliciesCommand({ Marker: first.Marker }))).rejects.toMatchObject({
      name: 'ValidationError',
    });
  }));

test('a role may do what its policies say, and the simulation says the same', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    await iam.send(
      new CreateRoleCommand({ RoleName: 'reader', AssumeRolePolicyDocument: trust({ AWS: '123456789012' }) }),
    );
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'read', PolicyDocument: allow('iam:ListRoles') }),
    );
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'reader', PolicyArn: Policy?.Arn }));
    const sts = new STSClient(clientConfig(sandbox));
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/reader', RoleSessionName: 'me' }),
    );
    const reader = new IAMClient({
      ...clientConfig(sandbox),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: 'x',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    expect((await reader.send(new ListRolesCommand({}))).Roles).toHaveLength(1);
    await expect(reader.send(new DeleteRoleCommand({ RoleName: 'reader' }))).rejects.toThrow(
      'User: arn:aws:sts::123456789012:assumed-role/reader/me is not authorized to perform: iam:DeleteRole on resource: arn:aws:iam::123456789012:role/reader',
    );
    const simulated = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: 'arn:aws:iam::123456789012:role/reader',
        ActionNames: ['iam:ListRoles', 'iam:DeleteRole'],
      }),
    );
    expect(simulated.EvaluationResults?.map((result) => result.EvalDecision)).toEqual(['allowed', 'implicitDeny']);
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'reader', PolicyDocument: statesTrust }));
    await expect(
      sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/reader', RoleSessionName: 'me' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  }));

test('the account has an alias, a root user and figures', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'my-bar' }));
    expect((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases).toEqual(['my-bar']);
    expect((await iam.send(new GetUserCommand({}))).User?.Arn).toBe('arn:aws:iam::123456789012:root');
    expect((await iam.send(new GetAccountSummaryCommand({}))).SummaryMap).toMatchObject({ RolesQuota: 1000 });
  }));

test('a permissions boundary narrows what a role may do, and its policy cannot be deleted', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAMClient(clientConfig(sandbox));
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'b', PolicyDocument: allow('events:*') }));
    const PermissionsBoundary = Policy?.Arn;
    await iam.send(
      new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: statesTrust, PermissionsBoundary }),
    );
    await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'all', PolicyDocument: allow('*') }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'r' }));
    expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(PermissionsBoundary);
    const ask = async () =>
      (
        await iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: 'arn:aws:iam::123456789012:role/r',
            ActionNames: ['events:PutEvents', 'sqs:SendMessage'],
          }),
        )
      ).EvaluationResults?.map((result) => result.EvalDecision);
    expect(await ask()).toEqual(['allowed', 'implicitDeny']);
    await expect(iam.send(new DeletePolicyCommand({ PolicyArn: PermissionsBoundary }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
    });
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: 'r' }));
    expect(await ask()).toEqual(['allowed', 'allowed']);
  }));
