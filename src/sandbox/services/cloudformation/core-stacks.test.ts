import { readFileSync } from 'node:fs';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  EventBridgeClient,
  DisableRuleCommand,
  ListEventBusesCommand,
  ListRulesCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CognitoIdentity } from '@aws-sdk/client-cognito-identity';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { DeleteParameterCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

/** The order of templates/stacks.yaml; those between two lines wait for each other's parameters. */
const WAVES = [
  ['events', 'identity', 'counting'],
  ['processor-role', 'config', 'order-manager', 'validator', 'publisher'],
];

/** What somebody may do to the users and to what they may hear. */
async function changeIdentity(config: ReturnType<typeof clientConfig>): Promise<void> {
  const users = new CognitoIdentityProvider(config);
  const identities = new CognitoIdentity(config);
  const UserPoolId = (await users.listUserPools({ MaxResults: 1 })).UserPools?.[0]?.Id ?? '';
  const { UserPoolClients } = await users.listUserPoolClients({ UserPoolId });
  const ClientId = UserPoolClients?.[0]?.ClientId;
  const { UserPoolClient } = await users.describeUserPoolClient({ UserPoolId, ClientId });
  await users.updateUserPoolClient({
    UserPoolId,
    ClientId,
    ClientName: UserPoolClient?.ClientName,
    PreventUserExistenceErrors: UserPoolClient?.PreventUserExistenceErrors,
    ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
  await users.deleteGroup({ UserPoolId, GroupName: 'admin' });
  const IdentityPoolId = (await identities.listIdentityPools({ MaxResults: 1 })).IdentityPools?.[0]?.IdentityPoolId;
  const { IdentityPoolName, AllowClassicFlow, CognitoIdentityProviders } = await identities.describeIdentityPool({
    IdentityPoolId,
  });
  await identities.updateIdentityPool({
    IdentityPoolId,
    IdentityPoolName,
    AllowClassicFlow,
    CognitoIdentityProviders,
    AllowUnauthenticatedIdentities: true,
  });
  const { Roles } = await identities.getIdentityPoolRoles({ IdentityPoolId });
  await identities.setIdentityPoolRoles({ IdentityPoolId, Roles });
  await identities.setPrincipalTagAttributeMap({
    IdentityPoolId,
    IdentityProviderName: CognitoIdentityProviders?.[0]?.ProviderName,
    UseDefaults: false,
    PrincipalTags: { userId: 'email' },
  });
}

test('the eight stacks of the core deploy as they are shipped, change nothing when run again, show drift, and go', () =>
  withSandbox(async (sandbox) => {
    const config = clientConfig(sandbox);
    const cloudformation = new CloudFormationClient(config);
    const inputOf = (name: string) => {
      const body = readFileSync(new URL(`../../../../dist/templates/${name}.yaml`, import.meta.url), 'utf8');
      const takesRuntime =
        /^ {2}LambdaRuntime:\n(?: {4}.*\n)*? {4}Default:/m.test(body) || !body.includes('LambdaRuntime:');
      return {
        StackName: `serverlesspresso-${name}`,
        TemplateBody: body,
        Capabilities: ['CAPABILITY_IAM' as const],
        Tags: [{ Key: 'presso:workshop', Value: 'serverlesspresso' }],
        Parameters: takesRuntime ? [] : [{ ParameterKey: 'LambdaRuntime', ParameterValue: 'nodejs24.x' }],
      };
    };
    for (const wave of WAVES) {
      await Promise.all(wave.map((name) => cloudformation.send(new CreateStackCommand(inputOf(name)))));
      await sandbox.settle();
    }
    for (const name of WAVES.flat()) {
      const { StackEvents = [] } = await cloudformation.send(
        new DescribeStackEventsCommand({ StackName: `serverlesspresso-${name}` }),
      );
      const failed = StackEvents.filter((event) => /FAILED/.test(event.ResourceStatus ?? ''));
      expect(failed.map((event) => `${event.LogicalResourceId}: ${event.ResourceStatusReason}`)).toEqual([]);
      expect(StackEvents[0]).toMatchObject({
        ResourceStatus: 'CREATE_COMPLETE',
        ResourceType: 'AWS::CloudFormation::Stack',
      });
      await expect(cloudformation.send(new UpdateStackCommand(inputOf(name)))).rejects.toThrow(
        'No updates are to be performed.',
      );
    }

    const iam = new IAMClient(config);
    const bridge = new EventBridgeClient(config);
    const ssm = new SSMClient(config);
    const { Functions = [] } = await new LambdaClient(config).send(new ListFunctionsCommand({}));
    const functions = Functions.map((found) => found.FunctionName ?? '');
    for (const part of ['WorkflowStarted', 'WaitingCompletion', 'GetQRcodeFunction', 'VerifyQRcodeFunction'])
      expect(functions.filter((name) => name.includes(part))).toHaveLength(1);
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    expect(Roles.filter((role) => role.RoleName?.includes('01OrderProcessorRole'))).toHaveLength(1);

    const drift = async (name: string) => {
      const { StackDriftDetectionId } = await cloudformation.send(
        new DetectStackDriftCommand({ StackName: `serverlesspresso-${name}` }),
      );
      await sandbox.settle();
      const { DetectionStatusReason, StackDriftStatus } = await cloudformation.send(
        new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
      );
      const { StackResourceDrifts = [] } = await cloudformation.send(
        new DescribeStackResourceDriftsCommand({
          StackName: `serverlesspresso-${name}`,
          StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'],
        }),
      );
      const parts = StackResourceDrifts.map((found) => [
        found.LogicalResourceId,
        found.StackResourceDriftStatus,
        found.PropertyDifferences?.map((difference) => `${difference.PropertyPath} ${difference.DifferenceType}`),
      ]);
      return [DetectionStatusReason, StackDriftStatus, ...parts];
    };
    for (const name of WAVES.flat()) expect(await drift(name), name).toEqual([undefined, 'IN_SYNC']);
    const { Rules = [] } = await bridge.send(new ListRulesCommand({ EventBusName: 'Serverlesspresso' }));
    for (const rule of Rules)
      await bridge.send(new DisableRuleCommand({ Name: rule.Name, EventBusName: 'Serverlesspresso' }));
    const orderRole = Roles.find((role) => role.RoleName?.includes('01OrderProcessorRole'))?.RoleName;
    await iam.send(new DeleteRolePolicyCommand({ RoleName: orderRole, PolicyName: 'OrderProcessor' }));
    await ssm.send(new DeleteParameterCommand({ Name: '/Serverlesspresso/core/orderprocessorrole' }));
    expect(await drift('publisher')).toEqual(
      expect.arrayContaining(['DRIFTED', ['OrderEventsRule', 'MODIFIED', ['/State NOT_EQUAL']]]),
    );
    expect(await drift('processor-role')).toEqual([
      undefined,
      'DRIFTED',
      ['01OrderProcessorRole', 'MODIFIED', ['/Policies/0 REMOVE']],
      ['OrderProcessorRoleParameter', 'DELETED', []],
    ]);
    await changeIdentity(config);
    expect(await drift('identity')).toEqual([
      undefined,
      'DRIFTED',
      ['UserPoolClient', 'MODIFIED', ['/ExplicitAuthFlows/1 REMOVE']],
      ['IdentityPool', 'MODIFIED', ['/AllowUnauthenticatedIdentities NOT_EQUAL']],
      ['OwnTopicTag', 'MODIFIED', ['/PrincipalTags/userId NOT_EQUAL']],
      ['Roles', 'MODIFIED', ['/RoleMappings/users REMOVE']],
      ['AdminGroup', 'DELETED', []],
    ]);

    for (const wave of [...WAVES].reverse()) {
      for (const name of wave)
        await cloudformation.send(new DeleteStackCommand({ StackName: `serverlesspresso-${name}` }));
      await sandbox.settle();
    }
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({}));
    expect(Stacks.map((stack) => `${stack.StackName} ${stack.StackStatus} ${stack.StackStatusReason}`)).toEqual([]);
    const left = {
      functions: (await new LambdaClient(config).send(new ListFunctionsCommand({}))).Functions,
      roles: (await iam.send(new ListRolesCommand({}))).Roles,
      tables: (await new DynamoDBClient(config).send(new ListTablesCommand({}))).TableNames,
      machines: (await new SFNClient(config).send(new ListStateMachinesCommand({}))).stateMachines,
      buses: (await bridge.send(new ListEventBusesCommand({}))).EventBuses?.map((bus) => bus.Name),
      parameters: (await ssm.send(new GetParametersByPathCommand({ Path: '/Serverlesspresso', Recursive: true })))
        .Parameters,
    };
    expect(left).toEqual({ functions: [], roles: [], tables: [], machines: [], buses: ['default'], parameters: [] });
  }));
