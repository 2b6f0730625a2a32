import {
  CloudFormationClient,
  CreateStackCommand,
  type CreateStackCommandInput,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../index.ts';

interface Bench {
  sandbox: Sandbox;
  cloudformation: CloudFormationClient;
  create(name: string, template: string, more?: Partial<CreateStackCommandInput>): Promise<string>;
  update(name: string, template: string, more?: Partial<CreateStackCommandInput>): Promise<string>;
  remove(name: string): Promise<void>;
  status(name: string): Promise<string>;
  /** `LogicalId STATUS reason`, oldest first. */
  events(name: string): Promise<string[]>;
  resources(name: string): Promise<Record<string, string>>;
}

function bench(work: (bench: Bench) => Promise<void>, options: SandboxOptions = {}): Promise<void> {
  return withSandbox(async (sandbox) => {
    const cloudformation = new CloudFormationClient(clientConfig(sandbox));
    const status = async (name: string): Promise<string> =>
      (await cloudformation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0]?.StackStatus ?? '';
    await work({
      sandbox,
      cloudformation,
      status,
      async create(name, template, more = {}) {
        const { StackId = '' } = await cloudformation.send(
          new CreateStackCommand({
            StackName: name,
            TemplateBody: template,
            Capabilities: ['CAPABILITY_IAM'],
            ...more,
          }),
        );
        await sandbox.settle();
        return StackId;
      },
      async update(name, template, more = {}) {
        await cloudformation.send(
          new UpdateStackCommand({
            StackName: name,
            TemplateBody: template,
            Capabilities: ['CAPABILITY_IAM'],
            ...more,
          }),
        );
        await sandbox.settle();
        return status(name);
      },
      async remove(name) {
        await cloudformation.send(new DeleteStackCommand({ StackName: name }));
        await sandbox.settle();
      },
      async events(name) {
        const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: name }));
        return StackEvents.reverse().map((event) =>
          [event.LogicalResourceId, event.ResourceStatus, event.ResourceStatusReason ?? ''].join(' ').trim(),
        );
      },
      async resources(name) {
        const { StackResourceSummaries = [] } = await cloudformation.send(
          new ListStackResourcesCommand({ StackName: name }),
        );
        return Object.fromEntries(
          StackResourceSummaries.map((item) => [item.LogicalResourceId ?? '', item.PhysicalResourceId ?? '']),
        );
      },
    });
  }, options);
}

const BUS = `
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: { Name: Coffee }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [shop] }
  Name:
    Type: AWS::SSM::Parameter
    Properties: { Name: /coffee/bus, Type: String, Value: !GetAtt Bus.Arn }
Outputs:
  Rule: { Value: !Ref Rule }
`;

test('a stack makes its resources in order, shows each step, and takes them away again', () =>
  bench(async ({ sandbox, create, status, events, remove, resources }) => {
    const id = await create('coffee', BUS);
    expect(await status('coffee')).toBe('CREATE_COMPLETE');
    expect(await events('coffee')).toEqual(
      expect.arrayContaining([
        'coffee CREATE_IN_PROGRESS User Initiated',
        'Bus CREATE_IN_PROGRESS',
        'Bus CREATE_IN_PROGRESS Resource creation Initiated',
        'Bus CREATE_COMPLETE',
        'Rule CREATE_COMPLETE',
        'coffee CREATE_COMPLETE',
      ]),
    );
    const shown = await events('coffee');
    expect(shown.indexOf('Bus CREATE_COMPLETE')).toBeLessThan(shown.indexOf('Rule CREATE_IN_PROGRESS'));
    const { Rule = '' } = await resources('coffee');
    expect(Rule).toMatch(/^Coffee\|coffee-Rule-[A-Za-z0-9]{12}$/);
    const ssm = new SSMClient(clientConfig(sandbox));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/coffee/bus' }));
    expect(Parameter?.Value).toBe('arn:aws:events:us-east-1:123456789012:event-bus/Coffee');
    await remove('coffee');
    expect(await status(id)).toBe('DELETE_COMPLETE');
    await expect(status('coffee')).rejects.toThrow('Stack with id coffee does not exist');
    await expect(ssm.send(new GetParameterCommand({ Name: '/coffee/bus' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  }));
