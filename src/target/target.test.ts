import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rememberTarget, resolveTarget } from './index.ts';

const made: string[] = [];
const folder = (): string => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-target-'));
  made.push(dir);
  return dir;
};
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

test('nothing said, nothing remembered: nowhere', () => {
  expect(resolveTarget({ flags: {}, env: { PRESSO_HOME: folder() }, cwd: folder() })).toBeUndefined();
});

test('a stray profile or endpoint of AWS decides nothing about where', () => {
  const env = {
    PRESSO_HOME: folder(),
    AWS_PROFILE: 'production',
    AWS_ENDPOINT_URL: 'https://example.com',
    AWS_REGION: 'eu-west-1',
  };
  expect(resolveTarget({ flags: {}, env, cwd: folder() })).toBeUndefined();
  rememberTarget({ kind: 'sandbox', region: 'us-east-1' }, env, '/');
  expect(resolveTarget({ flags: {}, env, cwd: '/' })).toMatchObject({
    kind: 'sandbox',
    region: 'us-east-1',
    account: '000000000000',
  });
  expect(resolveTarget({ flags: {}, env, cwd: '/' })).not.toHaveProperty('profile');
});

test('a loopback AWS_ENDPOINT_URL decides where, and an access key of 12 digits names the account', () => {
  const env = { PRESSO_HOME: folder(), AWS_ENDPOINT_URL: 'http://127.0.0.1:4580', AWS_ACCESS_KEY_ID: '123456789012' };
  expect(resolveTarget({ flags: {}, env, cwd: folder() })).toMatchObject({
    kind: 'sandbox',
    endpoint: 'http://127.0.0.1:4580',
    account: '123456789012',
  });
});

test('the nearest .presso folder upwards wins over the configuration folder, flags over both', () => {
  const env = { PRESSO_HOME: folder() };
  const project = folder();
  mkdirSync(path.join(project, '.presso'));
  mkdirSync(path.join(project, 'a/b'), { recursive: true });
  writeFileSync(
    path.join(project, '.presso/target.json'),
    JSON.stringify({ kind: 'self-hosted', region: 'eu-west-1', profile: 'mine' }),
  );
  rememberTarget({ kind: 'sandbox' }, env, '/');
  const cwd = path.join(project, 'a/b');
  expect(resolveTarget({ flags: {}, env, cwd })).toEqual({ kind: 'self-hosted', region: 'eu-west-1', profile: 'mine' });
  expect(resolveTarget({ flags: { region: 'us-west-2' }, env, cwd })).toMatchObject({
    region: 'us-west-2',
    profile: 'mine',
  });
  // Another kind is another place: its Region and profile do not carry over.
  expect(resolveTarget({ flags: { kind: 'aws-hosted' }, env, cwd })).toEqual({ kind: 'aws-hosted' });
});

test('a sandbox elsewhere, a profile for the sandbox and a broken file are refused', () => {
  const env = { PRESSO_HOME: folder() };
  expect(() =>
    resolveTarget({ flags: { kind: 'sandbox', endpointUrl: 'https://example.com' }, env, cwd: '/' }),
  ).toThrow(/is not/);
  expect(() => resolveTarget({ flags: { kind: 'sandbox', profile: 'x' }, env, cwd: '/' })).toThrow(/no profiles/);
  expect(() => resolveTarget({ flags: { endpointUrl: 'nonsense' }, env, cwd: '/' })).toThrow(/not the address/);
  writeFileSync(path.join(env.PRESSO_HOME, 'target.json'), '{"kind": "moon"}');
  expect(() => resolveTarget({ flags: {}, env, cwd: '/' })).toThrow(/not readable/);
  // What is said to help then, `presso setup --sandbox`, stumbled over the same file.
  expect(resolveTarget({ flags: { kind: 'sandbox' }, env, cwd: '/' })).toMatchObject({ kind: 'sandbox' });
  writeFileSync(path.join(env.PRESSO_HOME, 'target.json'), '{"kind": "sandbox", "data": {}}');
  expect(() => resolveTarget({ flags: {}, env, cwd: '/' })).toThrow(/not readable/);
});
