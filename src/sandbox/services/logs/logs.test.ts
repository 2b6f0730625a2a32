import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteResourcePolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  DescribeResourcePoliciesCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutResourcePolicyCommand,
  PutRetentionPolicyCommand,
  StartQueryCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import { World } from '../../world.ts';
import { parseFilterPattern } from './filter-pattern.ts';
import { logs as service } from './index.ts';
import { append, type GroupRecord, type StreamRecord } from './storage.ts';

const G = '/aws/events/serverlesspressoEventBus';

async function withStreams(sandbox: { endpoint: string }, ...names: string[]): Promise<CloudWatchLogsClient> {
  const logs = new CloudWatchLogsClient(clientConfig(sandbox));
  await logs.send(new CreateLogGroupCommand({ logGroupName: G }));
  for (const name of names) await logs.send(new CreateLogStreamCommand({ logGroupName: G, logStreamName: name }));
  return logs;
}

const put = (logs: CloudWatchLogsClient, logStreamName: string, events: [number, string][]) =>
  logs.send(
    new PutLogEventsCommand({
      logGroupName: G,
      logStreamName,
      logEvents: events.map(([timestamp, message]) => ({ timestamp, message })),
    }),
  );

test('groups are made once, listed by prefix in pages, tagged, given a retention and deleted with what they hold', () =>
  withSandbox(async (sandbox) => {
    const logs = await withStreams(sandbox, 's');
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName: G }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    });
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/aws/lambda/f', tags: { a: 'b' } }));
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: G, retentionInDays: 7 }));
    await expect(
      logs.send(new PutRetentionPolicyCommand({ logGroupName: G, retentionInDays: 8 })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const first = await logs.send(new DescribeLogGroupsCommand({ limit: 1 }));
    expect(first.logGroups).toMatchObject([
      { logGroupName: G, arn: `arn:aws:logs:us-east-1:123456789012:log-group:${G}:*`, retentionInDays: 7 },
    ]);
    const rest = await logs.send(new DescribeLogGroupsCommand({ nextToken: first.nextToken, limit: 1 }));
    expect(rest.logGroups?.map((group) => group.logGroupName)).toEqual(['/aws/lambda/f']);
    expect(rest.nextToken).toBeUndefined();
    const resourceArn = 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f';
    await logs.send(new TagResourceCommand({ resourceArn, tags: { c: 'd' } }));
    await logs.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
    expect((await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ c: 'd' });
    await put(logs, 's', [[Date.now(), 'x']]);
    await logs.send(new DeleteLogGroupCommand({ logGroupName: G }));
    await expect(put(logs, 's', [[Date.now(), 'x']])).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The specified log group does not exist.',
    });
    await withStreams(sandbox, 's');
    const again = await logs.send(new GetLogEventsCommand({ logGroupName: G, logStreamName: 's' }));
    expect(again.events).toEqual([]);
  }));

test('a stream is read forward and back by its tokens, which stand still at the ends', () =>
  withSandbox(async (sandbox) => {
    const logs = await withStreams(sandbox, 's');
    const t = Date.now();
    await put(logs, 's', [
      [t, 'a'],
      [t, 'b'],
      [t + 1, 'c'],
    ]);
    const get = async (more: { nextToken?: string | undefined; limit?: number; startFromHead?: boolean }) => {
      const page = await logs.send(new GetLogEventsCommand({ logGroupName: G, logStreamName: 's', ...more }));
      return { text: page.events?.map((e) => e.message).join(''), f: page.nextForwardToken, b: page.nextBackwardToken };
    };
    const head = await get({ startFromHead: true, limit: 2 });
    expect(head.text).toBe('ab');
    const next = await get({ nextToken: head.f });
    expect(next.text).toBe('c');
    const end = await get({ nextToken: next.f });
    expect(end).toMatchObject({ text: '', f: next.f });
    expect((await get({ nextToken: end.b })).text).toBe('abc');
    await put(logs, 's', [[t + 2, 'd']]);
    expect((await get({ nextToken: end.f })).text).toBe('d');
    const tail = await get({ limit: 2 });
    expect(tail.text).toBe('cd');
    const between = await logs.send(
      new GetLogEventsCommand({ logGroupName: G, logStreamName: 's', startTime: t, endTime: t + 1 }),
    );
    expect(between.events?.map((event) => event.message)).toEqual(['a', 'b']);
    const before = await get({ nextToken: tail.b, limit: 1 });
    expect(before.text).toBe('b');
    await expect(get({ nextToken: 'f/1/s' })).rejects.toThrow('The specified nextToken is invalid.');
  }));

test('events of several streams are filtered in the order of time, in pages, also from the archive', () =>
  withSandbox(async (sandbox) => {
    const logs = await withStreams(sandbox, 'one', 'two');
    const t = Date.now() - 1000;
    const fill = 'x'.repeat(3000);
    for (let i = 0; i < 30; i++)
      await put(logs, i % 2 ? 'one' : 'two', [[t + i, `event ${i} ${i % 3 ? 'odd' : 'Third'} ${fill}`]]);
    const filter = (input: Partial<FilterLogEventsCommandInput>) =>
      logs.send(new FilterLogEventsCommand({ logGroupName: G, ...input }));
    const numbers: (string | undefined)[] = [];
    let nextToken: string | undefined;
    let pages = 0;
    do {
      const page = await filter({ limit: 7, nextToken });
      numbers.push(...(page.events ?? []).map((event) => event.message?.split(' ')[1]));
      nextToken = page.nextToken;
      pages++;
    } while (nextToken);
    expect(numbers).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    expect(pages).toBe(5);
    const matching = async (filterPattern: string, more: Partial<FilterLogEventsCommandInput> = {}) =>
      (await filter({ filterPattern, ...more })).events?.length;
    expect(await matching('Third')).toBe(10);
    expect(await matching('third')).toBe(0);
    expect(await matching('event -Third')).toBe(20);
    expect(await matching('?Third ?odd')).toBe(30);
    expect(await matching('"event 2"')).toBe(11);
    expect(await matching('Third', { logStreamNames: ['one'] })).toBe(5);
    expect(await matching('', { startTime: t + 10, endTime: t + 12 })).toBe(3);
    await expect(filter({ filterPattern: '[a, b]' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
    // These were called invalid, though AWS takes them.
    await expect(filter({ filterPattern: '{ $.detail-type = %Order% }' })).rejects.toThrow(
      'The sandbox does not carry regular expressions of filter patterns',
    );
    await expect(filter({ filterPattern: '{ $.items[*].name = "x" }' })).rejects.toThrow(
      'The sandbox does not carry wildcards in selectors of filter patterns',
    );
    expect(await matching('{ $.detail-type = "%none* $.x*" }')).toBe(0);
    await expect(filter({ filterPattern: 'Validator.NewOrder' })).rejects.toThrow(
      "Invalid character(s) in term 'Validator.NewOrder'",
    );
  }));

test('batches out of order, too wide or too old are treated as CloudWatch Logs treats them', () =>
  withSandbox(async (sandbox) => {
    const logs = await withStreams(sandbox, 's');
    const t = Date.now();
    await expect(
      put(logs, 's', [
        [t, 'a'],
        [t - 1, 'b'],
      ]),
    ).rejects.toThrow('must be in chronological order');
    await expect(
      put(logs, 's', [
        [t - 86_400_001, 'a'],
        [t, 'b'],
      ]),
    ).rejects.toThrow('cannot span more than 24 hours');
    const old = await put(logs, 's', [[t - 15 * 86_400_000, 'a']]);
    expect(old.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    const early = await put(logs, 's', [
      [t, 'now'],
      [t + 3 * 3_600_000, 'later'],
    ]);
    expect(early.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
    const read = await logs.send(new GetLogEventsCommand({ logGroupName: G, logStreamName: 's' }));
    expect(read.events?.map((event) => event.message)).toEqual(['now']);
  }));

test('streams are listed by name or by their last event', () =>
  withSandbox(async (sandbox) => {
    const logs = await withStreams(sandbox, 'a', 'b', 'c');
    const t = Date.now();
    await put(logs, 'b', [[t - 10, 'x']]);
    await put(logs, 'a', [[t - 20, 'x']]);
    await put(logs, 'c', [[t - 30, 'x']]);
    const names = async (input: { orderBy?: 'LogStreamName' | 'LastEventTime'; descending?: boolean }) =>
      (await logs.send(new DescribeLogStreamsCommand({ logGroupName: G, ...input }))).logStreams
        ?.map((stream) => stream.logStreamName)
        .join('');
    expect(await names({})).toBe('abc');
    expect(await names({ orderBy: 'LastEventTime', descending: true })).toBe('bac');
    await expect(
      logs.send(new DescribeLogStreamsCommand({ logGroupName: G, orderBy: 'LastEventTime', logStreamNamePrefix: 'a' })),
    ).rejects.toThrow('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }));

const policy = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TrustEventsToStoreLogEvent',
        Effect: 'Allow',
        Principal: { Service: service },
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/*:*',
      },
    ],
  });

test('ten resource policies a Region, checked, replaced by name, deleted', () =>
  withSandbox(async (sandbox) => {
    const logs = new CloudWatchLogsClient(clientConfig(sandbox));
    const policyDocument = policy('events.amazonaws.com');
    const send = (policyName: string, document = policyDocument) =>
      logs.send(new PutResourcePolicyCommand({ policyName, policyDocument: document }));
    for (let i = 0; i < 10; i++) await send(`p${i}`);
    await send('p0');
    await expect(send('p10')).rejects.toMatchObject({ name: 'LimitExceededException' });
    await expect(send('p0', '{}')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await logs.send(new DeleteResourcePolicyCommand({ policyName: 'p9' }));
    const left = await logs.send(new DescribeResourcePoliciesCommand({}));
    expect(left.resourcePolicies).toHaveLength(9);
    expect(left.resourcePolicies?.[0]).toMatchObject({ policyName: 'p0', policyDocument });
  }));

test('a service writes to a group only where a resource policy of the Region lets it', async () => {
  const world = new World({ services: [service] });
  const as = { kind: 'service', account: '123456789012', service: 'events.amazonaws.com' } as const;
  const where = { account: '123456789012', region: 'us-east-1' };
  const stream = { logGroupName: G, logStreamName: 's' };
  await world.call('logs', 'CreateLogGroup', { logGroupName: G }, where);
  await expect(world.call('logs', 'CreateLogStream', stream, { ...where, as })).rejects.toMatchObject({
    code: 'AccessDeniedException',
  });
  await world.call(
    'logs',
    'PutResourcePolicy',
    { policyName: 'p', policyDocument: policy('events.amazonaws.com') },
    where,
  );
  // Two policies with the same Sid, as two set-ups leave them, broke the decision once.
  await world.call(
    'logs',
    'PutResourcePolicy',
    { policyName: 'q', policyDocument: policy('events.amazonaws.com') },
    where,
  );
  await world.call('logs', 'CreateLogStream', stream, { ...where, as });
  const logEvents = [{ timestamp: world.clock.now(), message: 'm' }];
  await world.call('logs', 'PutLogEvents', { ...stream, logEvents }, { ...where, as });
  const other = { ...stream, logGroupName: '/other' };
  await world.call('logs', 'CreateLogGroup', { logGroupName: '/other' }, where);
  await expect(world.call('logs', 'CreateLogStream', other, { ...where, as })).rejects.toMatchObject({
    code: 'AccessDeniedException',
  });
  await world.close();
});

test('what was logged survives a restart, the archived part too, and memory holds only the newest', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-logs-'));
  try {
    const messages = Array.from({ length: 25 }, (_, i) => `${i} ${'y'.repeat(4000)}`);
    await withSandbox(
      async (sandbox) => {
        const logs = await withStreams(sandbox, 's');
        for (const message of messages) await put(logs, 's', [[Date.now(), message]]);
      },
      { dir },
    );
    await withSandbox(
      async (sandbox) => {
        const logs = new CloudWatchLogsClient(clientConfig(sandbox));
        const input = { logGroupName: G, logStreamName: 's', startFromHead: true };
        const { events } = await logs.send(new GetLogEventsCommand(input));
        expect(events?.map((event) => event.message)).toEqual(messages);
      },
      { dir },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a busy stream keeps at most a chunk of its events among the records', async () => {
  const world = new World({ services: [service] });
  const store = await world.open('123456789012');
  const context = world.context(service, store, 'us-east-1', { kind: 'admin', account: '123456789012' });
  await service.actions['CreateLogGroup']?.run({ logGroupName: G }, context);
  await service.actions['CreateLogStream']?.run({ logGroupName: G, logStreamName: 's' }, context);
  let stream = context.table<StreamRecord>('streams').get(`${G}:s`);
  for (let i = 0; i < 2000 && stream; i++)
    stream = append(context, stream, [{ timestamp: i + 1, message: 'z'.repeat(700) }]);
  expect(context.table('batches').size).toBeLessThan(64);
  expect(context.table('chunks').size).toBeGreaterThan(30);
  expect(context.table<GroupRecord>('groups').size).toBe(1);
  await world.close();
});

test('what is not built is refused by its name', () =>
  withSandbox(async (sandbox) => {
    const logs = new CloudWatchLogsClient(clientConfig(sandbox));
    await expect(
      logs.send(new StartQueryCommand({ queryString: 'fields @message', startTime: 0, endTime: 1 })),
    ).rejects.toThrow('logs:StartQuery');
    await expect(
      logs.send(new CreateLogGroupCommand({ logGroupName: 'g', kmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' })),
    ).rejects.toThrow('kmsKeyId');
  }));

test.each([
  ['{ $.detail-type = "Order*.WaitingCompletion" }', true],
  ['{ $.detail-type = "OrderManager" }', false],
  ['{ $.detail-type != "OrderManager" }', true],
  ['{ $.detail.missing != "x" }', false],
  ['{ $.detail.missing NOT EXISTS }', true],
  ['{ $.detail.orderNumber >= 7 && $.detail.orderNumber < 8 }', true],
  ['{ $.detail.orderNumber > 7 || ($.detail.robot IS FALSE && $.detail.items[1] = tea) }', true],
  ['{ ($.detail.orderNumber > 7 || $.detail.robot IS FALSE) && $.detail.items[1] = milk }', false],
  ['{ $.[\'detail-type\'] = "*" }', true],
  ['{ $.detail.note IS NULL }', true],
])('User Guide, "JSON log events": %s: %s', (pattern, matches) => {
  const event = {
    'detail-type': 'OrderManager.WaitingCompletion',
    detail: { orderNumber: 7, robot: false, items: ['coffee', 'tea'], note: null },
  };
  expect(parseFilterPattern(pattern)(JSON.stringify(event))).toBe(matches);
  expect(parseFilterPattern(pattern)('not json')).toBe(false);
});

test.each(['{ $.a }', '{ $.a = }', '{ $.a > b }', '{ $.a = 1', '{ a = 1 }', '{ $.a = 1 } x', '{}'])(
  'a pattern that cannot be read is refused: %s',
  (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow('Invalid filter pattern');
  },
);
