/** A room watched by the real binary, and its page read by a real HTTP client. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { BUS_NAME } from '../workshop.ts';

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const HUB = '999999999999';
const [ANNA, DAN] = ['111111111111', '444444444444'];
const home = mkdtempSync(path.join(tmpdir(), 'presso-watch-'));
const roster = path.join(home, 'room.yaml');
let sandbox: Sandbox;
let child: ChildProcess | undefined;

beforeAll(async () => {
  sandbox = await startSandbox({});
  const iam = new IAM(clientConfig(sandbox, ANNA));
  const Statement = [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }];
  await iam.createRole({
    RoleName: 'OrganizationAccountAccessRole',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await iam.attachRolePolicy({ RoleName: 'OrganizationAccountAccessRole', PolicyArn });
  writeFileSync(
    roster,
    `name: monday\naccounts:\n  - {id: ${ANNA}, name: "<img src=x onerror=alert(1)>"}\n  - {id: ${DAN}, name: Dan}\n`,
  );
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await sandbox.close();
  rmSync(home, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}
const ask = (address: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> =>
  new Promise((done, fail) => {
    request(address, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on('error', fail)
      .end();
  });

test('the page follows the room, refuses strangers, and says when the watch has ended', async () => {
  const args = ['fleet', 'watch', roster, '--module', 'setup', '--every', '1', '--port', '0'];
  const watch = spawn(process.execPath, [BINARY, ...args, '--endpoint-url', sandbox.endpoint], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', PRESSO_HOME: home, AWS_ACCESS_KEY_ID: HUB },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = watch;
  let said = '';
  let told = '';
  const address = await new Promise<string>((done) => {
    watch.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (found) done(found);
    });
  });
  watch.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });

  let news = '';
  let heard = (): void => {};
  const stream = new Promise<void>((ended) => {
    get(`${address}changes`, (response) => {
      expect(response.headers['content-type']).toBe('text/event-stream');
      response.setEncoding('utf8').on('data', (text: string) => {
        news += text;
        heard();
      });
      response.on('close', ended);
    });
  });
  /** Reads the page again with each word of the stream, as its script does. */
  const until = async (wanted: RegExp): Promise<string> => {
    for (;;) {
      const word = new Promise<void>((go) => {
        heard = go;
      });
      const { body } = await ask(`${address}main`);
      if (wanted.test(body)) return body;
      await word;
    }
  };
  await until(/Dan[\s\S]*AWS refused/);
  await until(/&lt;img src=x[\s\S]*0 of (\d+)/);
  await new EventBridge(clientConfig(sandbox, ANNA)).createEventBus({ Name: BUS_NAME });
  await until(/1 of (\d+)/);

  const page = await ask(address);
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.body).not.toMatch(/<img|https?:\/\/|src="(?!\/watch\.js)|href=/);
  expect((await ask(`${address}watch.js`)).body).toContain('EventSource');
  const port = new URL(address).port;
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.1:1'])
    expect(await ask(`${address}main`, { headers: { host } })).toMatchObject({ status: 403 });
  expect(await ask(`${address}main`, { headers: { origin: 'http://evil.example' } })).toMatchObject({ status: 403 });
  expect(await ask(address, { method: 'POST' })).toMatchObject({ status: 405 });
  expect(await ask(`${address}../../etc/passwd`)).toMatchObject({ status: 404 });

  const gone = new Promise<number | null>((done) => void watch.once('close', done));
  watch.kill('SIGINT');
  expect(await gone).toBe(130);
  await stream;
  expect(news).toContain('event: end');
  expect(told).toMatch(/111111111111 {2}<img src=x onerror=alert\(1\)>: setup 0\/(\d+) → setup 1\/\1/);
  expect(told).toContain('The watch of monday has ended after');
  const { stdout } = await runPresso(['fleet', 'report', '--roster', roster, '--json'], { home });
  expect(JSON.parse(stdout)).toMatchObject({ totals: { failed: 1, unknown: 1 } });
});

test('a port that is taken, and a room that is not named, are told', async () => {
  const taken = await runPresso(
    ['fleet', 'watch', roster, '--port', String(sandbox.port), '--endpoint-url', sandbox.endpoint],
    { home, env: { AWS_ACCESS_KEY_ID: HUB } },
  );
  expect(taken).toMatchObject({ code: 2 });
  expect(taken.stderr).toContain(`Port ${sandbox.port} is in use.`);
  expect((await runPresso(['fleet', 'watch'], { home })).stderr).toContain('Which room?');
});
