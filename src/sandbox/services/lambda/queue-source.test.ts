import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../index.ts';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import { writeZip } from '../../zip.ts';

const ARN = 'arn:aws:sqs:us-east-1:123456789012:';
const TAKE = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
/** Tells the queue `seen` what it was given; fails what is called bad. */
const CODE = `
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
const sqs = new SQSClient({});
const say = (word, bodies) => sqs.send(new SendMessageCommand({
  QueueUrl: process.env.SEEN, MessageBody: JSON.stringify({ word, bodies }) }));
exports.handler = async ({ Records }) => {
  const bodies = Records.map(({ body }) => body);
  await say('begin', bodies);
  await new Promise((done) => setTimeout(done, 15));
  await say('end', bodies);
  if (bodies.includes('all bad')) throw new Error('spilt');
  return { batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

async function open(sandbox: Sandbox, actions: string[] = TAKE) {
  const config = clientConfig(sandbox);
  const sqs = new SQSClient(config);
  const lambda = new LambdaClient(config);
  const iam = new IAMClient(config);
  const queue = async (QueueName: string, Attributes: Record<string, string> = {}) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
  const seen = await queue('seen', { VisibilityTimeout: '43200' });
  const dead = await queue('dead');
  const orders = await queue('orders', {
    VisibilityTimeout: '60',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${ARN}dead`, maxReceiveCount: 2 }),
  });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'worker',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    }),
  );
  const statement = (Action: string[], name: string) => ({ Effect: 'Allow', Action, Resource: ARN + name });
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'worker',
      PolicyName: 'work',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [statement(actions, 'orders'), statement(['sqs:SendMessage'], 'seen')],
      }),
    }),
  );
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'worker',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 20,
      Role: Role?.Arn ?? '',
      Environment: { Variables: { SEEN: seen } },
      Code: { ZipFile: writeZip({ 'index.js': CODE }) },
    }),
  );
  await sandbox.settle();
  return {
    sqs,
    lambda,
    orders,
    dead,
    map: (more: Partial<ConstructorParameters<typeof CreateEventSourceMappingCommand>[0]> = {}) =>
      lambda.send(
        new CreateEventSourceMappingCommand({ FunctionName: 'worker', EventSourceArn: `${ARN}orders`, ...more }),
      ),
    send: (...bodies: string[]) =>
      Promise.all(bodies.map((MessageBody) => sqs.send(new SendMessageCommand({ QueueUrl: orders, MessageBody })))),
    async left(QueueUrl: string) {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
      return [
        Number(Attributes?.ApproximateNumberOfMessages),
        Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
      ];
    },
    /** What the function said since the last time, in order. */
    async said() {
      const all: { word: string; bodies: string[] }[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: seen, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return all;
        all.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body) as (typeof all)[0]));
      }
    },
  };
}

test('a queue is taken in batches, by at most as many at a time as the mapping allows', () =>
  withSandbox(async (sandbox) => {
    const bar = await open(sandbox);
    const bodies = Array.from({ length: 60 }, (_, i) => `order ${i}`);
    await bar.send(...bodies);
    const made = await bar.map({ BatchSize: 5, ScalingConfig: { MaximumConcurrency: 2 } });
    expect(made).toMatchObject({ State: 'Creating', BatchSize: 5, ScalingConfig: { MaximumConcurrency: 2 } });
    expect(made.StartingPosition).toBeUndefined();
    await sandbox.settle();
    const said = await bar.said();
    const begun = said.filter(({ word }) => word === 'begin');
    expect(begun).toHaveLength(12);
    expect(begun.flatMap((one) => one.bodies).sort()).toEqual([...bodies].sort());
    let running = 0;
    const most = Math.max(...said.map(({ word }) => (running += word === 'begin' ? 1 : -1)));
    expect(most).toBeLessThanOrEqual(2);
    expect(await bar.left(bar.orders)).toEqual([0, 0]);
  }));

test('what a function could not do comes back in its time, and goes to the dead-letter queue in the end', () =>
  withSandbox(async (sandbox) => {
    const bar = await open(sandbox);
    await bar.map({ BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await sandbox.settle();
    await bar.send('bad');
    await sandbox.settle();
    await bar.send('good');
    await sandbox.settle();
    // The bad one is hidden, the good one is done.
    expect(await bar.left(bar.orders)).toEqual([0, 1]);
    await bar.said();
    await sandbox.advance(60_000);
    expect((await bar.said()).map(({ bodies }) => bodies)).toEqual([['bad'], ['bad']]);
    await sandbox.advance(60_000);
    expect(await bar.said()).toEqual([]);
    expect(await bar.left(bar.dead)).toEqual([1, 0]);
    await bar.send('all bad');
    await sandbox.settle();
    expect(await bar.left(bar.orders)).toEqual([0, 1]);
  }));

test('a window fills a batch: it ends when its time is over, or sooner when the batch is full', () =>
  withSandbox(async (sandbox) => {
    const bar = await open(sandbox);
    await bar.map({ BatchSize: 3, MaximumBatchingWindowInSeconds: 30, ScalingConfig: { MaximumConcurrency: 2 } });
    await sandbox.settle();
    const begun = async () => (await bar.said()).filter(({ word }) => word === 'begin').map(({ bodies }) => bodies);
    await bar.send('one');
    await sandbox.advance(20_000);
    await bar.send('two');
    await sandbox.advance(9_000);
    expect(await begun()).toEqual([]);
    await sandbox.advance(1_000);
    expect(await begun()).toEqual([['one', 'two']]);
    await bar.send('three');
    await bar.send('four');
    await bar.send('five');
    await sandbox.settle();
    expect(await begun()).toEqual([['three', 'four', 'five']]);
  }));

test('a mapping is refused where it could not work, and follows its settings when it is changed', () =>
  withSandbox(async (sandbox) => {
    const bar = await open(sandbox);
    for (const [more, words] of [
      [{ EventSourceArn: `${ARN}none` }, 'AWS.SimpleQueueService.NonExistentQueue'],
      [{ EventSourceArn: `${ARN}seen` }, 'does not have permissions to call ReceiveMessage on SQS'],
      [{ BatchSize: 11 }, 'Maximum batch window'],
      [{ ScalingConfig: { MaximumConcurrency: 1 } }, 'greater than or equal to 2'],
      [{ StartingPosition: 'LATEST' as const }, 'StartingPosition'],
    ] as const)
      await expect(bar.map(more)).rejects.toThrow(words);
    const { UUID } = await bar.map({ Enabled: false });
    await sandbox.settle();
    await bar.send('one');
    await sandbox.settle();
    expect(await bar.said()).toEqual([]);
    await bar.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true, BatchSize: 1 }));
    await sandbox.settle();
    expect(await bar.said()).toHaveLength(2);
    await bar.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
    await sandbox.settle();
    await expect(bar.lambda.send(new GetEventSourceMappingCommand({ UUID }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await bar.send('two');
    await sandbox.settle();
    expect(await bar.left(bar.orders)).toEqual([1, 0]);
  }));
