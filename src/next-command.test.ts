/**
 * The next command to type does what was shown, where it was shown, and no more: without --account it once emptied the whole
 * sandbox, without the file it brought back the first menu, and without --name it wrote over another workflow.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openJournal } from './fleet/index.ts';
import { stopSandbox } from './sandbox/index.ts';
import { runPresso } from './testing/presso.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-next-'));
const presso = (...args: string[]) => runPresso(args, { home });
const ACCOUNT = '000000000000';

const next = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await presso(...args);
  return /Next: (.*)/.exec(stdout + stderr)?.[1] ?? stdout + stderr;
};

beforeAll(async () => {
  expect(await presso('setup', '--sandbox')).toMatchObject({ code: 0 });
  writeFileSync(path.join(home, 'our menu.yaml'), 'drinks:\n  - { drink: Tea, icon: barista-icons_latte }\n');
  writeFileSync(path.join(home, 'flow.json'), JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Succeed' } } }));
  writeFileSync(path.join(home, 'room.csv'), 'account,name,group\n111111111111,Anna,t1\n222222222222,Bo,t2\n');
}, 60_000);
afterAll(async () => {
  await stopSandbox(path.join(home, 'sandbox'));
  rmSync(home, { recursive: true, force: true });
});

test.each([
  [['sandbox', 'reset', '--account', '111111111111'], 'presso sandbox reset --account 111111111111 --yes'],
  [['sandbox', 'reset', '--data', 'another one'], 'presso sandbox reset --data "another one" --yes'],
  [['seed', 'our menu.yaml', '--open', '--dry-run'], 'presso seed "our menu.yaml" --open'],
  [['workflow', 'push', 'flow.json', '--name', 'Mine', '--dry-run'], 'presso workflow push flow.json --name Mine'],
  [['teardown', '--region', 'us-east-1', '--dry-run'], 'presso teardown --region us-east-1'],
  [
    ['teardown', '-y', '--account', '111111111111', '--region=us-east-1'],
    `presso teardown --region=us-east-1 --yes --account ${ACCOUNT}`,
  ],
  [
    ['fleet', 'reset', '--roster', 'room.csv', '--to', 'module-2', '--group', 't1'],
    'presso fleet reset --roster room.csv --to module-2 --group t1 --run',
  ],
  [
    ['fleet', 'reset', '--roster', 'room.csv', '--to', 'module-2', '--only', 'Bo', '--run', '--yes'],
    'presso fleet reset --roster room.csv --to module-2 --only Bo --run --yes --fleet room',
  ],
  [['sandbox', 'stop', '--data', 'elsewhere'], `presso sandbox start --data ${path.join(home, 'elsewhere')}`],
  [['sandbox', 'clock', '--data', 'elsewhere'], `presso sandbox start --data ${path.join(home, 'elsewhere')}`],
  [['solve', 'module-1', '--region', 'us-east-1', '--dry-run'], 'presso solve module-1 --region us-east-1'],
  [['hint', 'role'], 'presso hint module-1a.role'],
])('after presso %j', async (args, command) => {
  expect(await next(...args)).toBe(command);
});

test('--resume goes on with those a run was begun for, not with the whole room', async () => {
  openJournal(home, {
    fleet: 'room',
    operation: 'list',
    what: { module: '', dryRun: true, roster: 'room.csv' },
    started: new Date().toISOString(),
    accounts: 1,
    chosen: ['222222222222'],
  });
  const { stdout } = await presso('fleet', 'list', '--roster', 'room.csv', '--resume', '--json');
  expect((JSON.parse(stdout) as { accounts: { name: string }[] }).accounts.map(({ name }) => name)).toEqual(['Bo']);
});

test('Ctrl-C in the middle of a solve ends with the change under way, and says how to go on', async () => {
  await presso('sandbox', 'stop');
  await presso('sandbox', 'start', '--latency', '60');
  const ran = await runPresso(['solve', 'module-2'], { home, interruptWhen: (_, stderr) => stderr.includes('✓ ') });
  expect(ran).toMatchObject({ code: 130 });
  expect(ran.stderr).toMatch(/✗ presso stopped after \d+ of \d+ changes\.\n {2}Next: presso solve module-2 {3}\(/);
  // The next command starts the sandbox anew, as quick as ever.
  await presso('sandbox', 'stop');
  expect(await presso('solve', 'module-2')).toMatchObject({ code: 0 });
}, 60_000);

test('setup --export with --json prints one document', async () => {
  const { stdout } = await presso('setup', '--export', 'out', '--json');
  const { files } = JSON.parse(stdout) as { files: string[] };
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) expect(readFileSync(path.join(home, file), 'utf8')).toContain('Resources:');
});
