import { CloudWatchLogsClient, CreateLogGroupCommand, PutResourcePolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import type { Rule } from '../aws/events.ts';
import { connect } from '../aws/connection.ts';
import { toBusEvent } from '../aws/logs.ts';
import { draftLines, eventLine, verdictLines } from '../report/events.ts';
import type { Sandbox } from '../sandbox/index.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { BUS_NAME, EVENT_SOURCE, LOG_GROUP, sampleEvent } from '../workshop.ts';
import { draftEvent, followLog, judgeRules, loggingRules, meantType } from './index.ts';

const ACCOUNT = '000000000000';
const TOKEN = 'AQCEAAAAKgAAAAMAAAAAAAAAAsecret';

async function openBus(sandbox: Sandbox) {
  const config = clientConfig(sandbox, ACCOUNT);
  const [events, logs] = [new EventBridgeClient(config), new CloudWatchLogsClient(config)];
  await events.send(new CreateEventBusCommand({ Name: BUS_NAME }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  await logs.send(
    new PutResourcePolicyCommand({
      policyName: 'events',
      policyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/events/*:*`,
          },
        ],
      }),
    }),
  );
  const rule = async (Name: string) => {
    const EventPattern = JSON.stringify({ source: [EVENT_SOURCE] });
    await events.send(new PutRuleCommand({ Name, EventBusName: BUS_NAME, EventPattern }));
    const Arn = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${LOG_GROUP}`;
    await events.send(new PutTargetsCommand({ Rule: Name, EventBusName: BUS_NAME, Targets: [{ Id: 'log', Arn }] }));
  };
  const put = async (DetailType: string, detail: object) => {
    const Detail = JSON.stringify(detail);
    await events.send(
      new PutEventsCommand({ Entries: [{ EventBusName: BUS_NAME, Source: EVENT_SOURCE, DetailType, Detail }] }),
    );
    await sandbox.settle();
  };
  const presso = (...args: string[]) => runPresso([...args, '--endpoint-url', sandbox.endpoint]);
  return { rule, put, presso };
}

test('tail tells every event of the log, without task tokens, and refuses where no rule logs', () =>
  withSandbox(async (sandbox) => {
    const { rule, put, presso } = await openBus(sandbox);
    expect(await presso('events', 'tail', '--no-follow')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('presso solve module-2'),
    });
    await rule('logAll');
    await put('OrderProcessor.WorkflowStarted', { orderId: 'o-1', userId: 'ann', TaskToken: TOKEN });
    await put('OrderProcessor.orderFinished', { orderId: 'o-1', userId: 'ann' });
    const told = await presso('events', 'tail', '--no-follow');
    expect(told.code).toBe(0);
    const types = told.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1]);
    expect(types).toEqual(['OrderProcessor.WorkflowStarted', 'OrderProcessor.orderFinished']);
    const json = await presso(
      'events',
      'tail',
      '--no-follow',
      '--json',
      '--detail-type',
      'OrderProcessor.WorkflowStarted',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      detailType: 'OrderProcessor.WorkflowStarted',
      detail: { orderId: 'o-1', userId: 'ann' },
    });
    expect(told.stdout + json.stdout).not.toContain(TOKEN);
    // So long ago by the clock of the sandbox, which is not this machine's.
    await sandbox.advance(600_000);
    await put('OrderProcessor.OrderTimeOut', { orderId: 'o-2' });
    const late = await presso('events', 'tail', '--no-follow', '--since', '1m');
    expect(late.stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('OrderProcessor.OrderTimeOut')]);
  }));

test('following tells what comes, once, even where two rules log it, and Ctrl-C ends it with 130', () =>
  withSandbox(async (sandbox) => {
    const { rule, put } = await openBus(sandbox);
    await rule('logAll');
    await rule('logAllAgain');
    await put('Before', { orderId: 'o-0' });
    const ran = await runPresso(['events', 'tail', '--since', '1h', '--endpoint-url', sandbox.endpoint], {
      interruptWhen: (stdout) => stdout.includes('Before'),
    });
    expect(ran.code).toBe(130);
    expect(ran.stdout.match(/Before/g)).toHaveLength(1);

    const connection = await connect({
      region: 'us-east-1',
      endpoint: sandbox.endpoint,
      credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'test' },
    });
    const stop = new AbortController();
    const told: string[] = [];
    let round = 0;
    const time = {
      now: () => Date.now(),
      // Between two looks at the log something happens, instead of time passing.
      sleep: async () => {
        round++;
        if (round <= 2) await put(`After ${round}`, { orderId: `o-${round}` });
        else stop.abort();
      },
    };
    for await (const { detailType } of followLog(connection, { once: false }, time, stop.signal)) told.push(detailType);
    connection.close();
    expect(told).toEqual(['After 1', 'After 2']);
  }));

test('send shows the event and which rules take it, and the bus gets it; --dry-run sends nothing', () =>
  withSandbox(async (sandbox) => {
    const { rule, presso } = await openBus(sandbox);
    await rule('logAll');
    const dry = await presso('events', 'send', 'OrderProcessor.WorkflowStarted', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('logAll takes it') });
    expect(dry.stdout).toContain('(not shown)');
    const sent = await presso('events', 'send', 'OrderProcessor.orderFinished', '--detail', '{"orderId":"mine"}');
    expect(sent.code).toBe(0);
    await sandbox.settle();
    const logged = await presso('events', 'tail', '--no-follow', '--json');
    expect(
      logged.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toEqual([expect.objectContaining({ detailType: 'OrderProcessor.orderFinished', detail: { orderId: 'mine' } })]);
    expect(await presso('events', 'send', 'A', '--bus', 'serverlesspresso')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no bus serverlesspresso here.'),
    });
    expect(await presso('events', 'send', 'A', '--detail', '[1]')).toMatchObject({ code: 2 });
  }));

const ruleOf = (name: string, pattern: object, state = 'ENABLED'): Rule => ({
  name,
  arn: `arn:aws:events:us-east-1:${ACCOUNT}:rule/${BUS_NAME}/${name}`,
  bus: BUS_NAME,
  state,
  pattern: JSON.stringify(pattern),
  targets: [{ id: '1', arn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${LOG_GROUP}:*` }],
});

test('rules that take the event come first; of the others the field that says no is named', () => {
  const drafted = draftEvent(
    { detailType: 'OrderProcessor.WaitingCompletion', source: EVENT_SOURCE },
    { account: ACCOUNT, region: 'us-east-1' },
    0,
  );
  const verdicts = judgeRules(
    [
      ruleOf('lower case', { 'detail-type': ['orderprocessor.waitingcompletion'] }),
      ruleOf('off', { source: [EVENT_SOURCE] }, 'DISABLED'),
      ruleOf('on', { source: [EVENT_SOURCE] }),
    ],
    drafted,
  );
  expect(verdicts.map(({ rule, matches, disabled }) => [rule, matches, disabled])).toEqual([
    ['off', true, true],
    ['on', true, false],
    ['lower case', false, false],
  ]);
  const lines = verdictLines(verdicts, true);
  expect(lines[0]).toBe(`✓ off takes it, but is disabled → to ${LOG_GROUP}`);
  expect(lines.at(-1)).toContain('upper and lower case');
});

test('only an enabled rule to the log group of the workshop counts as logging', () => {
  const elsewhere: Rule = {
    ...ruleOf('x', {}),
    targets: [{ id: '1', arn: 'arn:aws:logs:us-east-1:1:log-group:/other' }],
  };
  expect(loggingRules([ruleOf('a', {}), ruleOf('b', {}, 'DISABLED'), elsewhere]).map(({ name }) => name)).toEqual([
    'a',
  ]);
});

test('no task token and no control character leaves through a line or a draft', () => {
  const told = toBusEvent({
    id: 'l-1',
    at: 1,
    message: JSON.stringify({
      ...sampleEvent('OrderProcessor.WorkflowStarted', { account: ACCOUNT, region: 'us-east-1' }),
      detail: { TaskToken: TOKEN, orderId: 'o-1\u001b[2J', inner: [{ taskToken: TOKEN }] },
    }),
  });
  if (!told) throw new Error('the event was not read');
  expect(JSON.stringify(told)).not.toContain(TOKEN);
  expect(eventLine(told, 120)).not.toContain('\u001b');
  expect(draftLines({ detail: { TaskToken: TOKEN } }).join('')).not.toContain(TOKEN);
  expect(toBusEvent({ id: 'l-2', at: 1, message: 'START RequestId' })).toBeUndefined();
});

test('a misspelt detail-type brings up the one that was meant', () => {
  expect(meantType('OrderProcessor.OrderFinished')).toBe('OrderProcessor.orderFinished');
  expect(meantType('OrderProcessor.orderFinished')).toBeUndefined();
  expect(meantType('Something else')).toBeUndefined();
});
