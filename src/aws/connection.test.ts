/** Many callers on the same sockets: each ends its own calls, and an end is an end. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connect, type Session } from './connection.ts';
import { callerAccount } from './account.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Answers who the caller is, but for callers of one access key, who wait for ever. */
async function endpoint(silent: string): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  server = createServer((request, response) => {
    asked++;
    request.resume();
    const key = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (key === silent) return;
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${key}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

const session = (accessKeyId: string) => async (): Promise<Session> => ({
  accessKeyId,
  secretAccessKey: 'x',
  sessionToken: 'x',
  expiration: new Date(Date.now() + 3_600_000),
});
const baseOf = (endpoint: string, accessKeyId: string) =>
  connect({ region: 'us-east-1', endpoint, credentials: { accessKeyId, secretAccessKey: 'x' } });

test('who is closed ends its own calls and nobody else’s', async () => {
  const { url } = await endpoint('HANGS');
  const base = await baseOf(url, 'HUB');
  const [hangs, works] = [base.as(session('HANGS'), 'us-east-1'), base.as(session('WORKS'), 'us-east-1')];
  const waiting = callerAccount(hangs).catch((error: Error) => error.name);
  expect(await callerAccount(works)).toBe('WORKS');
  hangs.close();
  expect(await waiting).toBe('AbortError');
  expect(await callerAccount(works)).toBe('WORKS');
  works.close();
  base.close();
});

test('a call that is never answered ends with its connection, and is not tried again: else the process would never end', async () => {
  const { url, asked } = await endpoint('HUB');
  const base = await baseOf(url, 'HUB');
  const waiting = callerAccount(base).catch((error: Error) => error.name);
  while (asked() === 0) await new Promise((go) => setImmediate(go));
  base.close();
  expect(await waiting).toBe('AbortError');
  expect(asked()).toBe(1);
});
