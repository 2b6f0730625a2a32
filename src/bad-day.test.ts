/** Bad input and bad days, through the real binary: one sentence, the next command, the right exit code, nothing changed. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { stopSandbox } from './sandbox/index.ts';
import { type Ran, runPresso } from './testing/presso.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-bad-'));
writeFileSync(path.join(home, 'garbage.yaml'), 'drinks: [\u0000{');
writeFileSync(path.join(home, 'garbage.json'), '{"StartAt": ');
mkdirSync(path.join(home, 'empty'));
const presso = (...args: string[]) => runPresso(args, { home });

afterAll(async () => {
  await stopSandbox(path.join(home, 'sandbox'));
  rmSync(home, { recursive: true, force: true });
});

/** `✗ One sentence.` and `  Next: a command`, with nothing like a stack. */
function toldWell(ran: Ran, code = 2): string {
  expect(ran.code, ran.stdout + ran.stderr).toBe(code);
  const lines = ran.stderr.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('✗ '));
  expect(at, ran.stderr).toBeGreaterThanOrEqual(0);
  expect(lines[at + 1], ran.stderr).toMatch(/^ {2}Next: \S/);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  return lines[at] ?? '';
}

async function withEndpoint<T>(listener: RequestListener, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test.each([
  [['setup', '--sandbox', '--self-hosted'], /cannot also be provided|exclusive/],
  [['setup', '--sandbox', '--profile', 'x'], /--profile|no profiles/],
  [['setup', 'module-77'], /module-77/],
  [['setup'], /Nothing says where/],
  [['status'], /does not know yet where/],
  [['setup', '--self-hosted', '--endpoint-url', 'nonsense'], /not the address/],
  [['status', '--region', ''], /"" is not the name of a Region/],
  [['setup', '--sandbox', '--region', 'mars'], /"mars" is not the name of a Region/],
  [['setup', '--sandbox', '--endpoint-url', 'https://example.com'], /is not/],
  [['brew'], /not a command/],
  [['solve'], /module/i],
  [['verify', 'module-9', '--definition', 'garbage.json'], /not JSON|no checks/],
  [['verify', '--definition', 'nowhere.json'], /cannot be read/],
  // Nothing to judge was a score of 0/0 and an exit code of 0.
  [['verify', '--checks', 'nowhere', '--endpoint-url', 'http://127.0.0.1:9'], /no <module>\/checks\.yaml in nowhere/],
  [['verify', '--checks', 'garbage.json', '--endpoint-url', 'http://127.0.0.1:9'], /no <module>\/checks\.yaml in garb/],
  [['content', 'prove', '--checks', 'nowhere'], /no <module>\/checks\.yaml/],
  [['content', 'check', '--checks', 'nowhere'], /no <module>\/checks\.yaml/],
  [['content', 'check', 'empty'], /no page of Markdoc/],
  [['hint', 'role', '--checks', 'nowhere'], /no <module>\/checks\.yaml/],
  // Before anything is judged: afterwards the result would be lost, or stand beside a second document.
  [['verify', '--junit', 'empty', '--endpoint-url', 'http://127.0.0.1:9'], /empty cannot be written \(EISDIR\)/],
  [['lesson', 'next', '--way', 'consle'], /no way "consle"; there are console, cli, presso/],
  [['seed', 'nowhere.yaml', '--endpoint-url', 'http://127.0.0.1:9'], /cannot be read/],
  [['seed', 'garbage.yaml', '--endpoint-url', 'http://127.0.0.1:9'], /garbage\.yaml/],
  [['sandbox', 'start', '--port', '99999'], /99999/],
  [['sandbox', 'start', '--throttle', '7'], /share from 0 to 1/],
  [['sandbox', 'clock', 'advance', 'soon'], /span of time/],
  [['sandbox', 'clock', 'advance', '15m'], /No sandbox is running/],
  [['sandbox', 'logs'], /no log/],
  [['sandbox', 'reset', '--account', '12'], /12 digits/],
  [['sandbox', 'start', '--data', 'garbage.json/data'], /cannot write/],
])('presso %j', async (args, sentence) => {
  expect(toldWell(await presso(...args))).toMatch(sentence);
});

test('an endpoint that is not there', async () => {
  expect(toldWell(await presso('status', '--endpoint-url', 'http://127.0.0.1:9'))).toMatch(
    /does not answer \(ECONNREFUSED\)/,
  );
});

test('an endpoint that answers 403', () =>
  withEndpoint(
    (_, response) =>
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end('<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>'),
    async (url) => {
      expect(toldWell(await presso('setup', '--sandbox', '--endpoint-url', url))).toMatch(/refused|403/);
    },
  ));

test('an endpoint that throttles and does not stop', () =>
  withEndpoint(
    (_, response) =>
      response
        .writeHead(400, { 'content-type': 'text/xml' })
        .end('<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>'),
    async (url) => {
      expect(toldWell(await presso('setup', '--sandbox', '--endpoint-url', url))).toMatch(/throttled/);
    },
  ));

test('an endpoint that drops every connection', () =>
  withEndpoint(
    (request) => request.socket.destroy(),
    async (url) => {
      expect(toldWell(await presso('setup', '--sandbox', '--endpoint-url', url))).toMatch(/does not answer/);
    },
  ));

test('an endpoint that answers with a page instead of an API', () =>
  withEndpoint(
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>'),
    async (url) => {
      toldWell(await presso('setup', '--sandbox', '--endpoint-url', url));
    },
  ));

test('a set-up gets through throttling, server errors and dropped connections', async () => {
  const started = await presso(
    'sandbox',
    'start',
    '--throttle',
    '0.1',
    '--fault',
    '0.05',
    '--drop',
    '0.02',
    '--seed',
    '3',
  );
  expect(started.code, started.stderr).toBe(0);
  const ran = await presso('setup', '--sandbox');
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  const again = await presso('setup', '--sandbox');
  expect(again.stdout).toContain('nothing was changed');
});

test.skipIf(!existsSync('/dev/full'))('a full disk under the result is told in a sentence', async () => {
  const run = fileURLToPath(new URL('../bin/run.js', import.meta.url));
  const failed = await promisify(execFile)('sh', ['-c', '"$0" "$1" lessons > /dev/full', process.execPath, run], {
    env: { ...process.env, PRESSO_HOME: home },
  }).catch((error: unknown) => error as { code: number; stderr: string });
  expect(toldWell({ code: 0, ...failed, stdout: '' })).toMatch(/cannot be written \(ENOSPC\)/);
});

test('what changes things is refused where nobody can be asked', async () => {
  expect(toldWell(await presso('teardown'))).toMatch(/no terminal to ask/);
  expect(toldWell(await presso('sandbox', 'reset'))).toMatch(/no terminal to ask/);
});
