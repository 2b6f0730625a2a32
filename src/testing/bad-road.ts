/**
 * A road with holes between presso and the sandbox: calls are throttled, answered with a 503, or cut off before or after
 * they took effect, by seed; and callers can be left without any answer. A scene itself goes round it.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dice } from './mutants.ts';

export interface BadRoad {
  endpoint: string;
  /** Roles of this account are asked for in vain: the call is never answered. */
  silence(account: string): void;
  /** Calls that went through, by action. */
  calls: Map<string, number>;
  close(): Promise<void>;
}

export interface Holes {
  /** shares of calls, 0 to 1 */
  throttle: number;
  fault: number;
  drop: number;
  seed: number;
}

export async function openRoad(to: string, { throttle, fault, drop, seed }: Holes): Promise<BadRoad> {
  const roll = dice(seed);
  const silent = new Set<string>();
  const calls = new Map<string, number>();
  const { hostname, port } = new URL(to);
  const server = createServer((incoming, answer) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      const body = Buffer.concat(parts);
      const action = actionOf(incoming, body);
      if (action === 'AssumeRole' && [...silent].some((account) => body.includes(account))) return;
      const fate = roll();
      if (fate < throttle) return refuse(incoming, answer, body);
      if (fate < throttle + fault) {
        answer.writeHead(503).end();
        return;
      }
      const cut = fate < throttle + fault + drop;
      // Half of the dropped calls have taken effect: only the word of it is lost.
      if (cut && roll() < 0.5) {
        incoming.socket.destroy();
        return;
      }
      calls.set(action, (calls.get(action) ?? 0) + 1);
      const { method = 'GET', url = '/', headers } = incoming;
      const onward = request({ hostname, port, method, path: url, headers }, (from) => {
        if (cut) {
          from.resume();
          incoming.socket.destroy();
          return;
        }
        answer.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(answer);
      });
      onward.on('error', () => incoming.socket.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence: (account) => void silent.add(account),
    calls,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function actionOf({ headers, method, url }: IncomingMessage, body: Buffer): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  return /(?:^|&)Action=(\w+)/.exec(body.toString('latin1', 0, 4_000))?.[1] ?? `${method} ${url?.split(/[/?]/)[2]}`;
}

/** As each protocol says it. */
function refuse({ headers }: IncomingMessage, answer: ServerResponse, body: Buffer): void {
  if (headers['x-amz-target'] !== undefined)
    answer
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      .end('{"__type":"ThrottlingException","message":"Rate exceeded"}');
  else if (/(?:^|&)Action=/.test(body.toString('latin1', 0, 4_000)))
    answer
      .writeHead(400, { 'content-type': 'text/xml' })
      .end(
        '<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>0</RequestId></ErrorResponse>',
      );
  else
    answer
      .writeHead(429, { 'content-type': 'application/json', 'x-amzn-errortype': 'TooManyRequestsException' })
      .end('{"message":"Rate exceeded"}');
}
