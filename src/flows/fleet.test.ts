/** A small room, from opening to closing time, by the real binary on one sandbox port. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { BUS_NAME, TABLES } from '../workshop.ts';

const HUB = '999999999999';
const [ANNA, BO, DAN, PROD] = ['111111111111', '222222222222', '444444444444', '555555555555'];
const home = mkdtempSync(path.join(tmpdir(), 'presso-fleet-'));
const roster = path.join(home, 'room.yaml');
let sandbox: Sandbox;

const presso = (...args: string[]) =>
  runPresso([...args, '--endpoint-url', sandbox.endpoint], { home, env: { AWS_ACCESS_KEY_ID: HUB } });
const inRoom = (operation: string, ...args: string[]) => presso('fleet', operation, ...args, '--roster', roster);
const outcomes = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(stdout) as { accounts: { name: string; outcome: string }[] }).accounts.map((one) => [
      one.name,
      one.outcome,
    ]),
  );

async function open(account: string, externalId?: string): Promise<void> {
  const iam = new IAM(clientConfig(sandbox, account));
  await iam.createRole({
    RoleName: 'OrganizationAccountAccessRole',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${HUB}:root` },
          Action: 'sts:AssumeRole',
          ...(externalId ? { Condition: { StringEquals: { 'sts:ExternalId': externalId } } } : {}),
        },
      ],
    }),
  });
  await iam.attachRolePolicy({
    RoleName: 'OrganizationAccountAccessRole',
    PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  });
}

beforeAll(async () => {
  sandbox = await startSandbox({});
  for (const account of [ANNA, BO, PROD] as string[]) await open(account);
  await new IAM(clientConfig(sandbox, PROD)).createAccountAlias({ AccountAlias: 'acme-prod' });
  writeFileSync(
    roster,
    `name: monday\naccounts:\n  - {id: ${ANNA}, name: "<b>Anna</b>", group: t1}\n  - {id: ${BO}, name: Bo, group: t2}\n  - {id: ${DAN}, name: Dan}\n  - {id: ${PROD}, name: Prod}\n`,
  );
});
afterAll(async () => {
  await sandbox.close();
  rmSync(home, { recursive: true, force: true });
});

// Nine runs of the binary: seconds on a quiet machine, minutes on one that builds beside.
const PATIENCE = 240_000;

test(
  'a room is opened, looked at, put back and closed; who cannot be entered or is protected is told and left',
  async () => {
    const listed = await inRoom('list', '--json');
    expect(outcomes(listed.stdout)).toEqual({
      '<b>Anna</b>': 'done',
      Bo: 'done',
      Dan: 'unknown',
      Prod: 'done',
    });
    expect(listed.code).toBe(2);

    expect((await inRoom('setup', '--yes', '--fleet', 'tuesday')).stderr).toContain('not of "tuesday"');

    const set = await inRoom('setup', '--json', '--yes', '--fleet', 'monday');
    expect(outcomes(set.stdout)).toEqual({
      '<b>Anna</b>': 'done',
      Bo: 'done',
      Dan: 'unknown',
      Prod: 'refused',
    });
    expect(set.stdout).toContain('holds the protected word \\"prod\\"');

    // Bo gets on with it; Anna's table is gone; somebody else's rule stands beside.
    const solved = await runPresso(['solve', 'module-2', '--yes', '--endpoint-url', sandbox.endpoint], {
      home,
      env: { AWS_ACCESS_KEY_ID: BO as string },
    });
    expect(solved).toMatchObject({ code: 0 });
    const bus = new EventBridge(clientConfig(sandbox, BO));
    await bus.putRule({ Name: 'nightly', EventPattern: '{"source":["payroll"]}' });
    await new DynamoDB(clientConfig(sandbox, ANNA)).deleteTable({ TableName: TABLES.counting });

    const page = path.join(home, 'room.html');
    const csv = path.join(home, 'room.csv');
    const verified = await inRoom(
      'verify',
      'module-2',
      '--only',
      ANNA ?? '',
      '--only',
      'Bo',
      '--html',
      page,
      '--csv',
      csv,
    );
    expect(verified.stdout).toContain('Where they are:');
    expect(verified.stdout).toMatch(/✓ 222222222222 {2}Bo.*module-2 (\d+)\/\1/);
    expect(readFileSync(csv, 'utf8').split('\r\n')[0]).toBe(
      'account,name,group,region,outcome,summary,module-2,trouble',
    );
    expect(readFileSync(page, 'utf8')).toContain('What to explain again');

    // Nothing happens without --run.
    const dry = await inRoom('reset', '--group', 't2');
    expect(dry.stdout).toContain('nothing was done');
    expect((await bus.listRules({ EventBusName: BUS_NAME })).Rules?.map(({ Name }) => Name)).toContain('NewOrder');

    const reset = await inRoom('reset', '--run', '--json', '--yes', '--fleet', 'monday', '--html', page);
    expect(outcomes(reset.stdout)).toEqual({
      '<b>Anna</b>': 'done',
      Bo: 'done',
      Dan: 'unknown',
      Prod: 'refused',
    });
    expect((await bus.listRules({ EventBusName: BUS_NAME })).Rules?.map(({ Name }) => Name)).not.toContain('NewOrder');
    expect((await bus.listRules({})).Rules?.map(({ Name }) => Name)).toEqual(['nightly']);
    expect(readFileSync(page, 'utf8')).toContain('&lt;b&gt;Anna&lt;/b&gt;');
    expect(readFileSync(page, 'utf8')).not.toMatch(/<b>Anna|src=|href=/);

    const again = await inRoom('reset', '--run', '--yes', '--fleet', 'monday', '--failed', '--json');
    expect(Object.keys(outcomes(again.stdout))).toEqual(['Dan', 'Prod']);

    const down = await inRoom('teardown', '--run', '--json', '--yes', '--fleet', 'monday');
    expect(outcomes(down.stdout)).toMatchObject({ '<b>Anna</b>': 'done', Bo: 'done' });
    for (const account of [ANNA, BO] as string[])
      expect((await new CloudFormation(clientConfig(sandbox, account)).describeStacks({})).Stacks).toEqual([]);
    expect((await inRoom('report', '--json')).stdout).toContain('"operation": "verify"');

    // What lies on disk afterwards holds no session.
    const files = readdirSync(path.join(home, 'fleets', 'monday'));
    expect(files.length).toBeGreaterThan(4);
    for (const file of files)
      expect(readFileSync(path.join(home, 'fleets', 'monday', file), 'utf8')).not.toMatch(
        /ASIA|secretAccess|sessionToken/i,
      );
    expect(existsSync(path.join(home, 'target.json'))).toBe(false);
  },
  PATIENCE,
);

test('the account that presso acts from is never in a room', async () => {
  const own = path.join(home, 'own.csv');
  writeFileSync(own, `${ANNA},Anna\n${HUB},Me\n`);
  const ran = await presso('fleet', 'list', '--roster', own);
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.stderr).toContain(`The roster lists ${HUB} (Me), which is the account presso acts from.`);
});
