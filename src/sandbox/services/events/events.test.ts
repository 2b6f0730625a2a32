import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  TestEventPatternCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox } from '../../index.ts';
import type { LogLine } from '../../world.ts';

const client = (sandbox: Sandbox) => new EventBridgeClient(clientConfig(sandbox));
const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const entry = (detail: unknown, more: object = {}) => ({
  Source: 'awsserverlessda.serverlesspresso',
  DetailType: 'Validator.NewOrder',
  Detail: JSON.stringify(detail),
  EventBusName: 'Serverlesspresso',
  ...more,
});

test('a bus is made, described, listed page by page, and not deleted while it has rules', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    expect((await events.send(new DescribeEventBusCommand({}))).Arn).toBe(
      'arn:aws:events:us-east-1:123456789012:event-bus/default',
    );
    await events.send(new CreateEventBusCommand({ Name: 'Serverlesspresso', Tags: [{ Key: 'a', Value: 'b' }] }));
    expect(await refusal(events.send(new CreateEventBusCommand({ Name: 'Serverlesspresso' })))).toBe(
      'ResourceAlreadyExistsException: Event bus Serverlesspresso already exists.',
    );
    const first = await events.send(new ListEventBusesCommand({ Limit: 1 }));
    const second = await events.send(new ListEventBusesCommand({ Limit: 1, NextToken: first.NextToken }));
    expect([first.EventBuses?.[0]?.Name, second.EventBuses?.[0]?.Name, second.NextToken]).toEqual([
      'Serverlesspresso',
      'default',
      undefined,
    ]);
    expect(await refusal(events.send(new ListEventBusesCommand({ NextToken: 'bm9uc2Vuc2U' })))).toMatch(/Token/);
    await events.send(
      new PutRuleCommand({ Name: 'r', EventBusName: 'Serverlesspresso', EventPattern: '{"source":["a"]}' }),
    );
    expect(await refusal(events.send(new DeleteEventBusCommand({ Name: 'Serverlesspresso' })))).toBe(
      "ValidationException: EventBus can't be deleted since it has rules.",
    );
    await events.send(new DeleteRuleCommand({ Name: 'r', EventBusName: 'Serverlesspresso' }));
    await events.send(new DeleteEventBusCommand({ Name: 'Serverlesspresso' }));
    expect(await refusal(events.send(new DescribeEventBusCommand({ Name: 'Serverlesspresso' })))).toBe(
      'ResourceNotFoundException: Event bus Serverlesspresso does not exist.',
    );
    expect(await refusal(events.send(new DeleteEventBusCommand({ Name: 'default' })))).toBe(
      'ValidationException: Cannot delete event bus default.',
    );
  });
});

test('names, patterns, states and schedules are judged as EventBridge judges them', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    const put = (input: object) => refusal(events.send(new PutRuleCommand({ Name: 'r', ...input })));
    expect(await put({ Name: 'a b', EventPattern: '{"source":["a"]}' })).toBe(
      "ValidationException: 1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
    );
    expect(await put({})).toBe(
      'ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.',
    );
    expect(await put({ EventPattern: '{"source":"a"}' })).toMatch(
      /^InvalidEventPatternException: Event pattern is not valid\. Reason: "source" must be an object or an array/,
    );
    expect(await put({ EventPattern: JSON.stringify({ source: ['x'.repeat(2100)] }) })).toMatch(/^LimitExceeded/);
    expect(await put({ ScheduleExpression: 'rate(1 minute)' })).toMatch(/ScheduleExpression/);
    expect(await put({ EventBusName: 'nowhere', EventPattern: '{"source":["a"]}' })).toBe(
      'ResourceNotFoundException: Event bus nowhere does not exist.',
    );
  });
});

test('a rule is listed, turned off and on, tagged, and kept while it has targets', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    const { RuleArn } = await events.send(
      new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["a"]}', Description: 'd' }),
    );
    expect(RuleArn).toBe('arn:aws:events:us-east-1:123456789012:rule/r');
    await events.send(new DisableRuleCommand({ Name: 'r' }));
    expect(await events.send(new DescribeRuleCommand({ Name: 'r' }))).toMatchObject({
      State: 'DISABLED',
      CreatedBy: '123456789012',
      EventBusName: 'default',
      Description: 'd',
    });
    await events.send(new TagResourceCommand({ ResourceARN: RuleArn, Tags: [{ Key: 'k', Value: 'v' }] }));
    expect((await events.send(new ListTagsForResourceCommand({ ResourceARN: RuleArn }))).Tags).toEqual([
      { Key: 'k', Value: 'v' },
    ]);
    await events.send(new UntagResourceCommand({ ResourceARN: RuleArn, TagKeys: ['k'] }));
    expect((await events.send(new ListTagsForResourceCommand({ ResourceARN: RuleArn }))).Tags).toEqual([]);
    const bus = 'arn:aws:events:us-east-1:123456789012:event-bus/other';
    await events.send(new CreateEventBusCommand({ Name: 'other' }));
    await events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '1', Arn: bus }] }));
    expect((await events.send(new ListRuleNamesByTargetCommand({ TargetArn: bus }))).RuleNames).toEqual(['r']);
    expect(await refusal(events.send(new DeleteRuleCommand({ Name: 'r' })))).toBe(
      "ValidationException: Rule can't be deleted since it has targets.",
    );
    const removed = await events.send(new RemoveTargetsCommand({ Rule: 'r', Ids: ['1', '2'] }));
    expect([removed.FailedEntryCount, removed.FailedEntries?.[0]?.TargetId]).toEqual([1, '2']);
    await events.send(new DeleteRuleCommand({ Name: 'r' }));
    expect((await events.send(new ListRulesCommand({}))).Rules).toEqual([]);
    expect(await refusal(events.send(new DescribeRuleCommand({ Name: 'r' })))).toBe(
      'ResourceNotFoundException: Rule r does not exist on EventBus default.',
    );
  });
});

test('targets that cannot work are refused with the reason', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    await events.send(new CreateEventBusCommand({ Name: 'other' }));
    await events.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["a"]}' }));
    const put = (...Targets: { Id: string; Arn: string }[]) =>
      refusal(events.send(new PutTargetsCommand({ Rule: 'r', Targets })));
    const Arn = 'arn:aws:events:us-east-1:123456789012:event-bus/other';
    expect(await put({ Id: '1', Arn: 'nonsense' })).toBe(
      'ValidationException: Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.',
    );
    expect(await put({ Id: '1', Arn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s' })).toMatch(/does not carry/);
    const role = { RoleArn: 'arn:aws:iam::123456789012:role/nobody' };
    expect(await put({ Id: '1', Arn, ...role })).toBe(
      "ValidationException: Provided role 'arn:aws:iam::123456789012:role/nobody' cannot be assumed by principal 'events.amazonaws.com'.",
    );
    const template = { InputTransformer: { InputPathsMap: { a: '$.detail.a' }, InputTemplate: '{"x": <b>}' } };
    expect(await put({ Id: '1', Arn, ...template })).toBe(
      'ValidationException: InputTemplate for target 1 contains invalid placeholder b.',
    );
    expect(await put({ Id: '1', Arn, ...{ Input: '{' } })).toMatch(/JSON syntax error in input for target 1/);
    expect(await put(...Array.from({ length: 6 }, (_, i) => ({ Id: String(i), Arn })))).toBe(
      'LimitExceededException: The requested resource exceeds the maximum number allowed.',
    );
    expect((await events.send(new ListTargetsByRuleCommand({ Rule: 'r' }))).Targets).toEqual([]);
  });
});

test('each bad entry of PutEvents fails alone; too many or too large fail together', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    const answer = await events.send(
      new PutEventsCommand({
        Entries: [
          entry({ a: 1 }, { EventBusName: undefined }),
          entry('text', { EventBusName: undefined }),
          { Source: 'a', DetailType: 'b' },
          entry({}, { Source: 'aws.s3', EventBusName: undefined }),
          entry({}, { EventBusName: 'nowhere' }),
        ],
      }),
    );
    expect(answer.FailedEntryCount).toBe(3);
    expect(answer.Entries?.map((one) => one.ErrorCode ?? typeof one.EventId)).toEqual([
      'string',
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
      'string',
    ]);
    expect(answer.Entries?.[2]?.ErrorMessage).toBe(
      'Parameter Detail is not valid. Reason: Detail is a required argument.',
    );
    const many = Array.from({ length: 11 }, () => entry({}));
    expect(await refusal(events.send(new PutEventsCommand({ Entries: many })))).toMatch(
      /at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10$/,
    );
    // A space behind the name was taken for the name of a bus that is not there, and the event was lost.
    const spaced = [entry({}), entry({}, { EventBusName: 'Serverlesspresso ' })];
    expect(await refusal(events.send(new PutEventsCommand({ Entries: spaced })))).toMatch(
      /^ValidationException: 1 validation error detected: Value 'Serverlesspresso ' at 'entries\.2\.member\.eventBusName' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
    );
    const large = entry({ text: 'x'.repeat(1024 * 1024) });
    expect(await refusal(events.send(new PutEventsCommand({ Entries: [large] })))).toBe(
      'ValidationException: Total size of the entries in the request is over the limit.',
    );
  });
});

test('TestEventPattern decides, and refuses what is not a pattern or not an event', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    const event = {
      id: '1',
      account: '123456789012',
      source: 's',
      time: '2026-01-01T00:00:00Z',
      region: 'us-east-1',
      resources: [],
      'detail-type': 't',
    };
    const ask = (EventPattern: string, Event: unknown) =>
      events
        .send(new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(Event) }))
        .then((answer) => answer.Result)
        .catch((error: Error) => error.name);
    expect(await ask('{"source":["s"]}', event)).toBe(true);
    expect(await ask('{"source":["S"]}', event)).toBe(false);
    expect(await ask('{"source":[]}', event)).toBe('InvalidEventPatternException');
    expect(await ask('{"source":["s"]}', { source: 's' })).toBe('ValidationException');
  });
});

test('the policy of a bus grows and shrinks by statements', async () => {
  await withSandbox(async (sandbox) => {
    const events = client(sandbox);
    const permission = { Action: 'events:PutEvents', Principal: '111111111111', StatementId: 'one' };
    await events.send(new PutPermissionCommand(permission));
    await events.send(new PutPermissionCommand({ ...permission, Principal: '*', StatementId: 'two' }));
    const policy = JSON.parse((await events.send(new DescribeEventBusCommand({}))).Policy ?? '') as {
      Statement: unknown[];
    };
    expect(policy.Statement).toEqual([
      {
        Sid: 'one',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111111111111:root' },
        Action: 'events:PutEvents',
        Resource: 'arn:aws:events:us-east-1:123456789012:event-bus/default',
      },
      expect.objectContaining({ Sid: 'two', Principal: '*' }),
    ]);
    expect(await refusal(events.send(new RemovePermissionCommand({ StatementId: 'three' })))).toBe(
      'ResourceNotFoundException: Statement with the provided id does not exist.',
    );
    await events.send(new RemovePermissionCommand({ RemoveAllPermissions: true }));
    expect((await events.send(new DescribeEventBusCommand({}))).Policy).toBeUndefined();
  });
});

test('a delivery that is refused is given up and said in the log, without the event’s detail', async () => {
  const lines: LogLine[] = [];
  await withSandbox(
    async (sandbox) => {
      const events = client(sandbox);
      await events.send(new CreateEventBusCommand({ Name: 'Serverlesspresso' }));
      await events.send(
        new PutRuleCommand({
          Name: 'NewOrder',
          EventBusName: 'Serverlesspresso',
          EventPattern: '{"detail-type":["Validator.NewOrder"]}',
        }),
      );
      const Arn = 'arn:aws:events:us-east-1:123456789012:event-bus/gone';
      await events.send(
        new PutTargetsCommand({ Rule: 'NewOrder', EventBusName: 'Serverlesspresso', Targets: [{ Id: '1', Arn }] }),
      );
      await events.send(new PutEventsCommand({ Entries: [entry({ TaskToken: 'secret' })] }));
      await events.send(new PutEventsCommand({ Entries: [entry({}, { DetailType: 'Other' })] }));
      await sandbox.settle();
      const failures = lines.filter((line) => line.kind === 'delivery').map((line) => line.message);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(
        /rule\/Serverlesspresso\/NewOrder could not deliver event \S+ \(Validator\.NewOrder\) to \S+\/gone: ResourceNotFoundException: .* does not exist\.$/,
      );
      expect(failures[0]).not.toContain('secret');
    },
    { log: (line) => void lines.push(line) },
  );
});
