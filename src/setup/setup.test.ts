/** `presso setup` against accounts in odd states: what it predicts, what it clears by itself, what it leaves alone. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../aws/connection.ts';
import { templatesDir } from '../paths.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { runPresso } from '../testing/presso.ts';
import { Pty } from '../testing/pty.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { BUS_NAME, MARKER, TABLES } from '../workshop.ts';
import { type DeployEvent, deploy } from './deploy.ts';
import { observeSetup } from './observe.ts';
import { planSetup } from './plan.ts';
import { wantedStacks } from './wanted.ts';

let sandbox: Sandbox;
const home = mkdtempSync(path.join(tmpdir(), 'presso-setup-'));
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(home, { recursive: true, force: true });
});

const presso = (account: string, ...args: string[]) =>
  runPresso([...args, '--endpoint-url', sandbox.endpoint], { home, env: { AWS_ACCESS_KEY_ID: account } });
const cloudformation = (account: string) => new CloudFormation(clientConfig(sandbox, account));
const stacksOf = async (account: string) =>
  ((await cloudformation(account).describeStacks({})).Stacks ?? []).map(
    ({ StackName, StackStatus }) => `${StackName} ${StackStatus}`,
  );

const TABLE = (name: string, keys = 'KeySchema: [{ AttributeName: PK, KeyType: HASH }]') => `
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: ${name}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      ${keys}
`;

async function stack(account: string, name: string, body: string, tagged: boolean): Promise<void> {
  await cloudformation(account).createStack({
    StackName: name,
    TemplateBody: body,
    ...(tagged ? { Tags: [{ Key: MARKER.key, Value: MARKER.value }] } : {}),
  });
  await sandbox.settle();
}

test('a dry run shows the plan and changes nothing', async () => {
  const ran = await presso('111111111111', 'setup', '--sandbox', '--dry-run');
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain('+ create  order-manager');
  expect(ran.stderr).toContain('What it costs');
  expect(await stacksOf('111111111111')).toEqual([]);
});

test('names that were taken by hand are told before anything is made', async () => {
  await new EventBridge(clientConfig(sandbox, '222222222222')).createEventBus({ Name: BUS_NAME });
  const ran = await presso('222222222222', 'setup', '--sandbox');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/✗ Names of the workshop are taken .* made by hand: event bus Serverlesspresso/);
  expect(await stacksOf('222222222222')).toEqual([]);
});

test('names that another stack holds are told with that stack', async () => {
  await stack('333333333333', 'aws-event-core', TABLE(TABLES.order), false);
  const ran = await presso('333333333333', 'setup', '--sandbox');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('by the stack aws-event-core');
  expect(await stacksOf('333333333333')).toEqual(['aws-event-core CREATE_COMPLETE']);
});

test('a stack of our name without our tag is refused and left', async () => {
  await stack('444444444444', 'serverlesspresso-counting', TABLE('somebody-else'), false);
  const ran = await presso('444444444444', 'setup', '--sandbox');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('that presso did not make');
  expect(await stacksOf('444444444444')).toEqual(['serverlesspresso-counting CREATE_COMPLETE']);
});

test('what earlier attempts left is cleared: a rollback, an unexecuted change set, a template of before', async () => {
  const account = '555555555555';
  // A table without its key rolls back; the dead end for newcomers.
  await stack(account, 'serverlesspresso-counting', TABLE(TABLES.counting, ''), true);
  await stack(account, 'serverlesspresso-events', 'Resources: { Group: { Type: AWS::Logs::LogGroup } }', true);
  await cloudformation(account).createChangeSet({
    StackName: 'serverlesspresso-config',
    ChangeSetName: 'left',
    ChangeSetType: 'CREATE',
    TemplateBody: TABLE('x'),
  });
  await sandbox.settle();
  expect((await stacksOf(account)).sort()).toEqual([
    'serverlesspresso-config REVIEW_IN_PROGRESS',
    'serverlesspresso-counting ROLLBACK_COMPLETE',
    'serverlesspresso-events CREATE_COMPLETE',
  ]);
  const ran = await presso(account, 'setup', '--sandbox');
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  expect(ran.stderr).toMatch(/± delete and create again counting/);
  const after = await stacksOf(account);
  expect(after).toHaveLength(8);
  expect(after.filter((text) => !/(CREATE|UPDATE)_COMPLETE$/.test(text))).toEqual([]);
  const { Item } = await new DynamoDB(clientConfig(sandbox, account)).getItem({
    TableName: TABLES.counting,
    Key: { PK: { S: 'orderID' } },
  });
  expect(Item?.['IDvalue']).toEqual({ N: '0' });
});

test('in a narrow terminal an output that does not fit beside its name can be copied from a line of its own', async () => {
  const pty = new Pty(['setup', '--sandbox', '--endpoint-url', sandbox.endpoint], {
    home,
    rows: 60,
    env: { AWS_ACCESS_KEY_ID: '555555555555' },
  });
  try {
    expect(await pty.ended, pty.text()).toBe(0);
    expect(pty.text()).toContain('nothing was changed');
    expect(pty.screen.lines()).toContainEqual(
      expect.stringMatching(/^ {2}serverlesspresso-order-manager-WaitingCompletion-\w{12}$/),
    );
    // What is longer than a line is broken by the terminal alone: no line end of ours gets into the clipboard.
    expect(pty.raw).toMatch(/\n {2}arn:aws:states:us-east-1:555555555555:stateMachine:[\w-]{60,}\r/);
    expect(pty.screen.overruns).toBe(1);
  } finally {
    pty.close();
  }
});

test('at an event nothing is deployed, and what is missing is named', async () => {
  const empty = await presso('666666666666', 'setup', '--aws-hosted');
  expect(empty.code).toBe(1);
  expect(empty.stdout).toContain('✗ event bus Serverlesspresso');
  expect(await stacksOf('666666666666')).toEqual([]);
  const whole = await presso('555555555555', 'setup', '--aws-hosted');
  expect(whole, whole.stdout).toMatchObject({ code: 0 });
  expect(whole.stdout).toContain('✓ menu in the config table');
});

test('the finished templates are written for the console, and nothing is overwritten', async () => {
  const dir = path.join(home, 'templates');
  expect((await runPresso(['setup', '--export', dir], { home })).code).toBe(0);
  expect(readdirSync(dir)).toHaveLength(8);
  expect((await runPresso(['setup', '--export', dir], { home })).code).toBe(2);
});

test('a sign-in that expires in the middle is told, and the deployment goes on once it is renewed', async () => {
  let refusals = 3;
  const proxy = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.includes('Action=DescribeStackEvents') && refusals > 0) {
        refusals--;
        outgoing
          .writeHead(403, { 'content-type': 'text/xml' })
          .end(
            '<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>',
          );
        return;
      }
      const forwarded = httpRequest(
        `${sandbox.endpoint}${incoming.url}`,
        { method: incoming.method, headers: { ...incoming.headers, host: '127.0.0.1' } },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forwarded.end(body);
    });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', () => done()));
  const connection = await connect({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    credentials: { accessKeyId: '777777777777', secretAccessKey: 'x' },
  });
  try {
    const wanted = wantedStacks(templatesDir()).filter(({ name }) => name === 'counting');
    const plan = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: false }));
    const seen: DeployEvent[] = [];
    const pause = () => new Promise<void>((done) => setImmediate(done));
    for await (const event of deploy(connection, wanted, plan.steps, {
      signal: new AbortController().signal,
      now: Date.now,
      pause,
    }))
      seen.push(event);
    expect(seen.filter(({ kind }) => kind === 'signed-out').length).toBeGreaterThan(0);
    expect(seen.at(-1)).toMatchObject({ kind: 'stack', state: 'done' });
  } finally {
    connection.close();
    proxy.closeAllConnections();
    proxy.close();
  }
});
