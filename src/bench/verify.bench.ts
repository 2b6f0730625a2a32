import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../aws/connection.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { factsOf, KINDS, readChecklists, verify } from '../verify/index.ts';
import { MODULES } from '../workshop.ts';

let workshop: Workshop;
const lists = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) =>
  ['setup', 'module-1', 'module-2', 'module-3'].includes(module),
);

beforeAll(async () => {
  workshop = await openWorkshop();
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-3', 'solution')));
});
afterAll(() => workshop.close());

const explain = (error: unknown) => ({ found: String(error), hint: '' });

async function run(connection: Workshop['connection'], modules = lists): Promise<number> {
  const start = performance.now();
  for await (const { module, failed, waiting, error } of verify(modules, factsOf(connection), explain))
    expect([module, failed + waiting + error]).toEqual([module, 0]);
  return performance.now() - start;
}

/** The sandbox at a distance: every call takes `latency` ms longer, and is counted. */
async function far(latency: number) {
  const calls: string[] = [];
  const { hostname, port } = new URL(workshop.sandbox.endpoint);
  const server = createServer((incoming, answer) => {
    calls.push(String(incoming.headers['x-amz-target'] ?? incoming.url));
    setTimeout(() => {
      const forward = request(
        { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (from) => {
          answer.writeHead(from.statusCode ?? 500, from.headers);
          from.pipe(answer);
        },
      );
      incoming.pipe(forward);
    }, latency);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const connection = await connect({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: workshop.account, secretAccessKey: 'test' },
  });
  return {
    calls,
    connection,
    close() {
      connection.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

test('all modules against the sandbox in under 2 s', async () => {
  const cold = await run(workshop.connection);
  const warm = Math.min(await run(workshop.connection), await run(workshop.connection), await run(workshop.connection));
  console.log(`verify: all modules in ${cold.toFixed(0)} ms at first, then ${warm.toFixed(0)} ms`);
  expect(cold).toBeLessThan(2_000);
});

test('at most 60 calls a module', async () => {
  for (const list of lists) {
    const { calls, connection, close } = await far(0);
    await run(connection, [list]);
    console.log(`verify: ${list.module} makes ${calls.length} calls`);
    expect(calls.length).toBeLessThanOrEqual(60);
    close();
  }
});

test('with 40 ms to every call, at most 1.5 times the longest chain of calls that need each other', async () => {
  // Rules, their targets, the role of a target, what it may do; the workflow, its definition, its role, what it may do in
  // part a, and once that is known in part b. Of module 3 the settings, who may serve, the app client; then what is put on a
  // session, the role of it, what that may do.
  const chain = 6;
  const { connection, close } = await far(40);
  const least = async (at: Workshop['connection']): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 4; i++) best = Math.min(best, await run(at));
    return best;
  };
  const took = await least(connection);
  // By the same detour without the distance, whose own work is not the network's.
  const detour = await far(0);
  const near = await least(detour.connection);
  detour.close();
  console.log(
    `verify: ${took.toFixed(0)} ms at 40 ms a call, of which ${near.toFixed(0)} ms are work: ${((took - near) / (chain * 40)).toFixed(2)} times the longest chain of ${chain} calls`,
  );
  close();
  expect(took - near).toBeLessThan(1.5 * chain * 40);
});

test('no call waits for another that it does not need: the longest chain, seen from far away', async () => {
  // So far that work does not count: what is left is how many calls wait for each other.
  const away = 500;
  const { connection, close } = await far(away);
  await run(connection);
  const took = await run(connection);
  const near = await run(workshop.connection);
  console.log(`verify: ${((took - near) / away).toFixed(1)} calls wait for each other`);
  close();
  expect(Math.floor((took - near) / away)).toBeLessThanOrEqual(6);
});
