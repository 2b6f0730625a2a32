import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox } from '../../index.ts';

const ARN = 'arn:aws:sqs:us-east-1:123456789012:';

async function open(sandbox: Sandbox) {
  const sqs = new SQSClient(clientConfig(sandbox));
  const events = new EventBridgeClient(clientConfig(sandbox));
  const urls: Record<string, string> = {};
  for (const QueueName of ['orders', 'dead'])
    urls[QueueName] = (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  return {
    async rule(Name: string, more: Partial<Target> = {}) {
      const { RuleArn = '' } = await events.send(
        new PutRuleCommand({ Name, EventPattern: JSON.stringify({ 'detail-type': [Name] }) }),
      );
      await events.send(
        new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'queue', Arn: `${ARN}orders`, ...more }] }),
      );
      return RuleArn;
    },
    letIn: (name: string, ruleArn: string) =>
      sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: urls[name],
          Attributes: {
            Policy: JSON.stringify({
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Principal: { Service: 'events.amazonaws.com' },
                  Action: 'sqs:SendMessage',
                  Resource: ARN + name,
                  Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
                },
              ],
            }),
          },
        }),
      ),
    async put(...types: string[]) {
      await events.send(
        new PutEventsCommand({
          Entries: types.map((DetailType) => ({ Source: 'test', DetailType, Detail: JSON.stringify({ DetailType }) })),
        }),
      );
      await sandbox.settle();
    },
    async messages(name: string) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: urls[name], MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
      );
      return Messages;
    },
  };
}

test('a rule fills a queue whose policy lets that very rule in, and no other', async () => {
  const log: string[] = [];
  await withSandbox(
    async (sandbox) => {
      const bar = await open(sandbox);
      const first = await bar.rule('first');
      await bar.rule('second');
      await bar.put('first');
      expect(await bar.messages('orders')).toEqual([]);
      expect(log.find((line) => line.includes('sqs:SendMessage'))).toContain('events.amazonaws.com');
      await bar.letIn('orders', first);
      await bar.put('first', 'second');
      const [message, ...rest] = await bar.messages('orders');
      expect(JSON.parse(message?.Body ?? '')).toMatchObject({
        source: 'test',
        'detail-type': 'first',
        detail: { DetailType: 'first' },
      });
      expect(rest).toEqual([]);
    },
    { log: ({ kind, message }) => void (kind === 'delivery' && log.push(message)) },
  );
});

test('an event that cannot be delivered goes to the dead-letter queue of its target, with the reason', () =>
  withSandbox(async (sandbox) => {
    const bar = await open(sandbox);
    const rule = await bar.rule('first', { DeadLetterConfig: { Arn: `${ARN}dead` } });
    await bar.letIn('dead', rule);
    await bar.put('first');
    const [message] = await bar.messages('dead');
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ 'detail-type': 'first' });
    expect(message?.MessageAttributes).toMatchObject({
      RULE_ARN: { StringValue: rule },
      TARGET_ARN: { StringValue: `${ARN}orders` },
      ERROR_CODE: { StringValue: expect.stringContaining('AccessDenied') },
    });
  }));
