/** Who may sign in, made through the real binary: the password is shown once and kept nowhere. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { groupMembers, listUsers, userPoolsNamed } from '../aws/user-pools.ts';
import { type Ran, runPresso } from '../testing/presso.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { USER_POOL_NAME } from '../workshop.ts';

let workshop: Workshop;
let pool: string;
const home = mkdtempSync(path.join(tmpdir(), 'presso-user-'));
beforeAll(async () => {
  workshop = await openWorkshop();
  pool = (await userPoolsNamed(workshop.connection, USER_POOL_NAME))[0] ?? '';
});
afterAll(async () => {
  await workshop.close();
  rmSync(home, { recursive: true, force: true });
});

const presso = (...args: string[]): Promise<Ran> =>
  runPresso([...args, '--endpoint-url', workshop.sandbox.endpoint], {
    home,
    env: { AWS_ACCESS_KEY_ID: workshop.account },
  });
const admins = async (): Promise<string[]> =>
  ((await groupMembers(workshop.connection, pool, 'admin')) ?? []).map(({ shown }) => shown).sort();
const mails = async (): Promise<string[]> =>
  (await listUsers(workshop.connection, pool)).map(({ shown }) => shown).sort();

/** Everything that presso has written down on this machine. */
function written(dir = home): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('what is no mail address is refused, and a dry run makes nobody', async () => {
  for (const mail of ['a\u001b[31m@c.d', `${'a'.repeat(200)}@c.d`]) {
    const refused = await presso('user', 'add', mail);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is not a mail address');
    expect(refused.stderr).not.toContain('\u001b');
  }
  const dry = await presso('user', 'add', 'ann@example.com', '--dry-run');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed') });
  expect(await mails()).toEqual([]);
});

test('a barista and a customer, each with a password that is told once and kept nowhere', async () => {
  const ann = await presso('user', 'add', 'ann@example.com', '--yes');
  const [, password = ''] = /with the password (\S+)/.exec(ann.stdout) ?? [];
  expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z2-9]{4}(-[A-Za-z2-9]{4}){3}$/);
  expect(await admins()).toEqual(['ann@example.com']);
  const again = await presso('user', 'add', 'ann@example.com', '--yes');
  expect(again.stdout).toContain('nothing was changed');
  expect(again.stdout).not.toContain('password');
  const cleo = await presso('user', 'add', 'cleo@example.com', '--customer', '--yes', '--json');
  const { signIn } = JSON.parse(cleo.stdout) as { signIn: { user: string; password: string }[] };
  expect(signIn).toEqual([{ user: 'cleo@example.com', password: expect.any(String) }]);
  expect(signIn[0]?.password).not.toBe(password);
  expect(await admins()).toEqual(['ann@example.com']);
  expect(written()).not.toContain(password);
});

test('module 3 is solved and taken back, and others are left alone', async () => {
  const solved = await presso('solve', 'module-3', '--yes');
  expect(solved.code).toBe(0);
  const [, password = ''] = /barista@example\.com signs in with the password (\S+)/.exec(solved.stdout) ?? [];
  expect(password).not.toBe('');
  expect(await admins()).toEqual(['ann@example.com', 'barista@example.com']);
  expect(written()).toContain('barista@example.com');
  expect(written()).not.toContain(password);
  expect((await presso('solve', 'module-3', '--yes')).stdout).toContain('nothing was changed');
  const verified = await presso('verify', 'module-3', '--json');
  expect(JSON.parse(verified.stdout)).toMatchObject({ modules: [{ module: 'module-3', passed: 5 }] });
  expect((await presso('solve', 'module-3', '--undo', '--yes')).code).toBe(0);
  expect(await mails()).toEqual(['ann@example.com', 'cleo@example.com']);
});
