// One file, because a message's way through the actions is what is tested, and each test walks a part of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { startSandbox } from '../../index.ts';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

async function queue(sqs: SQSClient, QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';
}

const send = (sqs: SQSClient, QueueUrl: string, MessageBody: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

async function receive(sqs: SQSClient, QueueUrl: string, more = {}): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'], ...more }),
  );
  return Messages;
}

async function attribute(sqs: SQSClient, QueueUrl: string, name: string): Promise<string | undefined> {
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name as 'All'] });
  const attributes: Record<string, string> = (await sqs.send(asked)).Attributes ?? {};
  return attributes[name];
}

test('a message is hidden while somebody has it, comes back when its time is over, and ends when it is deleted', () =>
  withSandbox(async (sandbox) => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const url = await queue(sqs, 'orders', { VisibilityTimeout: '60' });
    const { MessageId } = await send(sqs, url, 'one espresso');
    const [first] = await receive(sqs, url);
    expect(first).toMatchObject({
      MessageId,
      Body: 'one espresso',
      Attributes: { ApproximateReceiveCount: '1', SenderId: '123456789012' },
    });
    expect(await receive(sqs, url)).toEqual([]);
    expect(await attribute(sqs, url, 'ApproximateNumberOfMessagesNotVisible')).toBe('1');

    await sandbox.advance(60_000);
    const [second] = await receive(sqs, url);
    expect(second?.Attributes?.['ApproximateReceiveCount']).toBe('2');
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);

    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 }),
    );
    const [third] = await receive(sqs, url);
    // An older handle succeeds and deletes nothing.
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    expect(await attribute(sqs, url, 'ApproximateNumberOfMessagesNotVisible')).toBe('1');
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: third?.ReceiptHandle }));
    await sandbox.advance(60_000);
    expect(await receive(sqs, url)).toEqual([]);
    await expect(sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: 'nothing' }))).rejects.toMatchObject(
      { name: 'ReceiptHandleIsInvalid' },
    );
    await expect(
      sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: url,
          ReceiptHandle: third?.ReceiptHandle,
          VisibilityTimeout: 5,
        }),
      ),
    ).rejects.toThrow('Message does not exist or is not available for visibility timeout change');
  }));

test('whoever waits for messages gets one as it comes, as its delay ends, or nothing when the time is over', () =>
  withSandbox(async (sandbox) => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const url = await queue(sqs, 'orders', { ReceiveMessageWaitTimeSeconds: '20', VisibilityTimeout: '600' });
    const waiting = receive(sqs, url);
    await send(sqs, url, 'now');
    expect((await waiting).map(({ Body }) => Body)).toEqual(['now']);

    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'later', DelaySeconds: 10 }));
    expect(await receive(sqs, url, { WaitTimeSeconds: 0 })).toEqual([]);
    expect(await attribute(sqs, url, 'ApproximateNumberOfMessagesDelayed')).toBe('1');
    let got: Message[] | undefined;
    const delayed = receive(sqs, url).then((messages) => {
      got = messages;
    });
    await attribute(sqs, url, 'QueueArn');
    await sandbox.advance(10_000);
    await delayed;
    expect(got?.map(({ Body }) => Body)).toEqual(['later']);

    const none = receive(sqs, url);
    await attribute(sqs, url, 'QueueArn');
    await sandbox.advance(20_000);
    expect(await none).toEqual([]);
  }));

test('a message received too often goes to the dead-letter queue, which can refuse other queues', () =>
  withSandbox(async (sandbox) => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const dead = await queue(sqs, 'dead');
    const deadArn = await attribute(sqs, dead, 'QueueArn');
    const redrive = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 2 });
    const url = await queue(sqs, 'orders', { VisibilityTimeout: '30', RedrivePolicy: redrive });
    await send(sqs, url, 'spilt');
    for (const count of ['1', '2']) {
      expect((await receive(sqs, url))[0]?.Attributes?.['ApproximateReceiveCount']).toBe(count);
      await sandbox.advance(30_000);
    }
    expect(await receive(sqs, url)).toEqual([]);
    const [buried] = await receive(sqs, dead);
    expect(buried).toMatchObject({
      Body: 'spilt',
      Attributes: {
        DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:123456789012:orders',
        ApproximateReceiveCount: '3',
      },
    });
    const sources = await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }));
    expect(sources.queueUrls).toEqual([url]);

    await expect(
      queue(sqs, 'other', {
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${deadArn}x`, maxReceiveCount: 2 }),
      }),
    ).rejects.toThrow('Dead letter target does not exist.');
    await sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: dead,
        Attributes: { RedriveAllowPolicy: JSON.stringify({ redrivePermission: 'denyAll' }) },
      }),
    );
    await send(sqs, url, 'kept');
    for (const _ of [1, 2]) {
      await receive(sqs, url);
      await sandbox.advance(30_000);
    }
    expect((await receive(sqs, url)).map(({ Body }) => Body)).toEqual(['kept']);
  }));

test('batches succeed and fail entry by entry, and attributes come with their digests', () =>
  withSandbox(async (sandbox) => {
    // The client itself compares the digests of bodies.
    const sqs = new SQSClient(clientConfig(sandbox));
    const url = await queue(sqs, 'orders');
    const sent = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'a', MessageBody: 'latté', MessageAttributes: { Shots: { DataType: 'Number', StringValue: '2' } } },
          { Id: 'b', MessageBody: '\u0000' },
        ],
      }),
    );
    // Computed by the rules of "Calculating the MD5 message digest for message attributes".
    expect(sent.Successful).toMatchObject([{ Id: 'a', MD5OfMessageAttributes: 'cec0725f93a6756f06f56a025a54c005' }]);
    expect(sent.Failed).toMatchObject([{ Id: 'b', Code: 'InvalidMessageContents', SenderFault: true }]);
    const [message] = await receive(sqs, url, { MessageAttributeNames: ['Sh.*'] });
    expect(message?.MessageAttributes).toEqual({ Shots: { DataType: 'Number', StringValue: '2' } });
    const gone = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: '1', ReceiptHandle: message?.ReceiptHandle },
          { Id: '2', ReceiptHandle: 'x' },
        ],
      }),
    );
    expect(gone.Successful).toEqual([{ Id: '1' }]);
    expect(gone.Failed).toMatchObject([{ Id: '2', Code: 'ReceiptHandleIsInvalid' }]);
    for (const [Entries, name] of [
      [[], 'EmptyBatchRequest'],
      [Array.from({ length: 11 }, (_, i) => ({ Id: `${i}`, MessageBody: 'x' })), 'TooManyEntriesInBatchRequest'],
      [['a', 'a'].map((Id) => ({ Id, MessageBody: 'x' })), 'BatchEntryIdsNotDistinct'],
      [[{ Id: 'a b', MessageBody: 'x' }], 'InvalidBatchEntryId'],
      [['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })), 'BatchRequestTooLong'],
    ] as const)
      await expect(
        sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [...Entries] })),
      ).rejects.toMatchObject({ name });
  }));

test('queues are found, listed in pages, compared, changed, tagged, purged and deleted', () =>
  withSandbox(async (sandbox) => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const urls = [];
    for (const name of ['a1', 'a2', 'a3', 'b']) urls.push(await queue(sqs, name));
    const page = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'a', MaxResults: 2 }));
    expect(page.QueueUrls).toEqual(urls.slice(0, 2));
    const rest = await sqs.send(
      new ListQueuesCommand({ QueueNamePrefix: 'a', MaxResults: 2, NextToken: page.NextToken }),
    );
    expect(rest.QueueUrls).toEqual([urls[2]]);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'b' }))).QueueUrl).toBe(urls[3]);
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'c' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Error: { Code: 'AWS.SimpleQueueService.NonExistentQueue' },
    });

    const QueueUrl = urls[0];
    expect(await queue(sqs, 'a1')).toBe(QueueUrl);
    await expect(queue(sqs, 'a1', { VisibilityTimeout: '31' })).rejects.toMatchObject({ name: 'QueueNameExists' });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '31' } }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({
      VisibilityTimeout: '31',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      QueueArn: 'arn:aws:sqs:us-east-1:123456789012:a1',
    });
    for (const [name, value, error] of [
      ['VisibilityTimeout', '43201', 'InvalidAttributeValue'],
      ['Colour', 'red', 'InvalidAttributeName'],
      ['Policy', '{', 'InvalidAttributeValue'],
      ['KmsMasterKeyId', 'alias/mine', 'UnsupportedOperation'],
      ['FifoQueue', 'true', 'UnsupportedOperation'],
    ] as const)
      await expect(
        sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { [name]: value } })),
      ).rejects.toMatchObject({ name: error });
    await expect(queue(sqs, 'line.fifo', { FifoQueue: 'true' })).rejects.toThrow('FIFO');

    await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { one: '1', two: '2' } }));
    await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['one'] }));
    expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ two: '2' });

    await send(sqs, QueueUrl ?? '', 'x');
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await attribute(sqs, QueueUrl ?? '', 'ApproximateNumberOfMessages')).toBe('0');
    await expect(sqs.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({ name: 'PurgeQueueInProgress' });
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    await expect(send(sqs, QueueUrl ?? '', 'x')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  }));

test('a message that is too long, empty, or older than the queue keeps it is not there', () =>
  withSandbox(async (sandbox) => {
    const sqs = new SQSClient(clientConfig(sandbox));
    const url = await queue(sqs, 'orders', { MessageRetentionPeriod: '60', MaximumMessageSize: '1024' });
    await expect(send(sqs, url, 'x'.repeat(1_025))).rejects.toThrow('Message must be shorter than 1024 bytes');
    await expect(send(sqs, url, '')).rejects.toThrow('The request must contain the parameter MessageBody.');
    await send(sqs, url, 'x'.repeat(1_024));
    await sandbox.advance(60_000);
    expect(await receive(sqs, url)).toEqual([]);
    await expect(receive(sqs, url, { MaxNumberOfMessages: 11 })).rejects.toThrow('Must be between 1 and 10');
    await expect(receive(sqs, url, { ReceiveRequestAttemptId: 'x' })).rejects.toThrow('ReceiveRequestAttemptId');
  }));

test('what was accepted is there after the process died, and what was hidden comes back at its time', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-sqs-'));
  try {
    let sandbox = await startSandbox({ dir });
    let sqs = new SQSClient(clientConfig(sandbox));
    const before = await queue(sqs, 'orders', { VisibilityTimeout: '60' });
    await send(sqs, before, 'hidden');
    await receive(sqs, before);
    await send(sqs, before, 'there');
    await sandbox.close();
    sandbox = await startSandbox({ dir });
    sqs = new SQSClient(clientConfig(sandbox));
    // The URL has an older port in it.
    const url = before.replace(/^https?:\/\/[^/]+/, sandbox.endpoint);
    expect((await receive(sqs, url)).map(({ Body }) => Body)).toEqual(['there']);
    const waiting = receive(sqs, url, { WaitTimeSeconds: 20 });
    await attribute(sqs, url, 'QueueArn');
    await sandbox.advance(45_000);
    expect(await waiting).toEqual([]);
    await sandbox.advance(15_000);
    expect((await receive(sqs, url, { MaxNumberOfMessages: 10 })).map(({ Body }) => Body).sort()).toEqual([
      'hidden',
      'there',
    ]);
    await sandbox.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Clients from before 2023, the AWS CLI 2.9 among them, write forms and read XML. */
test('the query protocol does the same', () =>
  withSandbox(async (sandbox) => {
    const form = async (fields: Record<string, string>) => {
      const answer = await fetch(sandbox.endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          authorization:
            'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: new URLSearchParams({ Version: '2012-11-05', ...fields }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const made = await form({
      Action: 'CreateQueue',
      QueueName: 'orders',
      'Attribute.1.Name': 'VisibilityTimeout',
      'Attribute.1.Value': '45',
      'Tag.1.Key': 'presso:workshop',
      'Tag.1.Value': 'serverlesspresso',
    });
    const QueueUrl = /<QueueUrl>(.*)<\/QueueUrl>/.exec(made.text)?.[1] ?? '';
    const attributes = await form({ Action: 'GetQueueAttributes', QueueUrl, 'AttributeName.1': 'VisibilityTimeout' });
    expect(attributes.text).toContain('<Attribute><Name>VisibilityTimeout</Name><Value>45</Value></Attribute>');
    await form({
      Action: 'SendMessageBatch',
      QueueUrl,
      'SendMessageBatchRequestEntry.1.Id': 'a',
      'SendMessageBatchRequestEntry.1.MessageBody': 'a & b',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Name': 'Shots',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType': 'Number',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue': '2',
      'SendMessageBatchRequestEntry.2.Id': 'b',
      'SendMessageBatchRequestEntry.2.MessageBody': 'second',
    });
    const got = await form({
      Action: 'ReceiveMessage',
      QueueUrl,
      MaxNumberOfMessages: '10',
      'MessageAttributeName.1': 'All',
    });
    expect(got.text.match(/<Message>/g)).toHaveLength(2);
    expect(got.text).toContain('<Body>a &amp; b</Body>');
    expect(got.text).toContain(
      '<MessageAttribute><Name>Shots</Name><Value><DataType>Number</DataType><StringValue>2</StringValue></Value></MessageAttribute>',
    );
    expect((await form({ Action: 'ListQueues' })).text).toContain(`<QueueUrl>${QueueUrl}</QueueUrl>`);
    const none = await form({ Action: 'GetQueueUrl', QueueName: 'none' });
    expect(none.status).toBe(400);
    expect(none.text).toContain('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>');
  }));
