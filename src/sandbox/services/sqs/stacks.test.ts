import { CloudWatchClient, GetDashboardCommand, PutDashboardCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const template = (queue: object, policy: boolean, body: string) =>
  JSON.stringify({
    Resources: {
      Dead: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 1_209_600 } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: queue },
      ...(policy
        ? {
            Policy: {
              Type: 'AWS::SQS::QueuePolicy',
              Properties: {
                Queues: [{ Ref: 'Queue' }],
                PolicyDocument: {
                  Version: '2012-10-17',
                  Statement: [
                    {
                      Effect: 'Allow',
                      Principal: { Service: 'events.amazonaws.com' },
                      Action: 'sqs:SendMessage',
                      Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] },
                    },
                  ],
                },
              },
            },
          }
        : {}),
      Board: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardName: 'Board', DashboardBody: body } },
    },
    Outputs: { Url: { Value: { Ref: 'Queue' } }, Name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } } },
  });

test('a stack makes, changes, replaces and deletes queues, their policies and dashboards, and sees their drift', () =>
  withSandbox(async (sandbox) => {
    const cloudformation = new CloudFormationClient(clientConfig(sandbox));
    const sqs = new SQSClient(clientConfig(sandbox));
    const cloudwatch = new CloudWatchClient(clientConfig(sandbox));
    const StackName = 'bar';
    const outputs = async () => {
      await sandbox.settle();
      const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
      expect(Stacks?.[0]?.StackStatus).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
      return Object.fromEntries((Stacks?.[0]?.Outputs ?? []).map((one) => [one.OutputKey, one.OutputValue ?? '']));
    };
    const attributes = async (QueueUrl: string | undefined) =>
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};
    const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 };
    const Tags = [{ Key: 'shop', Value: 'bar' }];

    await cloudformation.send(
      new CreateStackCommand({
        StackName,
        TemplateBody: template(
          { QueueName: 'orders', VisibilityTimeout: 95, RedrivePolicy, Tags },
          true,
          '{"widgets":[]}',
        ),
      }),
    );
    const first = await outputs();
    expect(first['Name']).toBe('orders');
    expect(await attributes(first['Url'])).toMatchObject({
      VisibilityTimeout: '95',
      RedrivePolicy: expect.stringContaining('"maxReceiveCount":3'),
      Policy: expect.stringContaining('events.amazonaws.com'),
    });
    expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl: first['Url'] }))).Tags).toEqual({ shop: 'bar' });

    const drifted = async (): Promise<string[]> => {
      await cloudformation.send(new DetectStackDriftCommand({ StackName }));
      await sandbox.settle();
      const { StackResourceDrifts = [] } = await cloudformation.send(
        new DescribeStackResourceDriftsCommand({ StackName }),
      );
      return StackResourceDrifts.filter((one) => one.StackResourceDriftStatus === 'MODIFIED').map(
        (one) => `${one.LogicalResourceId} ${one.PropertyDifferences?.map(({ PropertyPath }) => PropertyPath)}`,
      );
    };
    expect(await drifted()).toEqual([]);
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: first['Url'], Attributes: { VisibilityTimeout: '30' } }));
    await cloudwatch.send(new PutDashboardCommand({ DashboardName: 'Board', DashboardBody: '{"widgets": []}' }));
    expect((await drifted()).sort()).toEqual(['Board /DashboardBody', 'Queue /VisibilityTimeout']);

    await cloudformation.send(
      new UpdateStackCommand({
        StackName,
        TemplateBody: template({ QueueName: 'orders', DelaySeconds: 5 }, false, '{"start":"-PT6H","widgets":[]}'),
      }),
    );
    await outputs();
    const changed = await attributes(first['Url']);
    expect(changed).toMatchObject({ DelaySeconds: '5', VisibilityTimeout: '30' });
    expect(changed.Policy).toBeUndefined();
    expect(changed.RedrivePolicy).toBeUndefined();
    expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl: first['Url'] }))).Tags).toBeUndefined();
    expect((await cloudwatch.send(new GetDashboardCommand({ DashboardName: 'Board' }))).DashboardBody).toContain(
      'PT6H',
    );

    await cloudformation.send(
      new UpdateStackCommand({ StackName, TemplateBody: template({ QueueName: 'other' }, false, '{"widgets":[]}') }),
    );
    expect((await outputs())['Name']).toBe('other');
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'orders' }))).QueueUrls).toBeUndefined();
    await cloudformation.send(new DeleteStackCommand({ StackName }));
    await sandbox.settle();
    expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toBeUndefined();
    await expect(cloudwatch.send(new GetDashboardCommand({ DashboardName: 'Board' }))).rejects.toThrow();
  }));
