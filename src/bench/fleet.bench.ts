/**
 * A room of 160 beside bare SDK clients that make the very same calls at the same concurrency, on a sandbox in a process of
 * its own that answers after 40 ms; and the memory that 1,000 accounts take. PRESSO_ROOM and PRESSO_MANY change the sizes.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from '../aws/connection.ts';
import { attend, type Attendee, type Operation, runFleet, type Roster } from '../fleet/index.ts';
import { resetWork, setupWork, verifyWork, type Work } from '../flows/fleet-operations.ts';
import { chosenChecks } from '../flows/verify.ts';
import { distFile, packageRoot, templatesDir } from '../paths.ts';

const ROOM = Number(process.env['PRESSO_ROOM'] ?? 160);
const MANY = Number(process.env['PRESSO_MANY'] ?? 1_000);
const LATENCY = Number(process.env['PRESSO_LATENCY'] ?? 40);
const CONCURRENCY = 50;
const HUB = '999999999999';
const ROLE = 'OrganizationAccountAccessRole';

const attendees: Attendee[] = Array.from({ length: Math.max(ROOM, MANY) }, (_, i) => ({
  account: String(100_000_000_000 + i),
  name: `p${i}`,
  region: 'us-east-1',
  role: ROLE,
}));
const roster: Roster = { name: 'bench', attendees, protect: [], protectedWords: [] };
const room = attendees.slice(0, ROOM);

let sandbox: ChildProcess;
let endpoint: string;
let base: Connection;
let calls = 0;
const onCall = (): void => void calls++;

beforeAll(async () => {
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  sandbox = fork(distFile('sandbox', 'process.js'), ['--port', String(port), '--latency', String(LATENCY)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise((ready) => sandbox.once('message', ready));
  base = await connect({ region: 'us-east-1', endpoint, credentials: { accessKeyId: HUB, secretAccessKey: 'test' } });
  const open = [...attendees];
  const next = async (): Promise<void> => {
    for (let one = open.shift(); one; one = open.shift()) await openDoor(one.account);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, next));
  subscribe('http.client.request.start', onCall);
});
afterAll(() => {
  unsubscribe('http.client.request.start', onCall);
  base.close();
  sandbox.kill('SIGKILL');
});

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });

const plain = (account: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: account, secretAccessKey: 'test' },
  disableHostPrefix: true,
});

async function openDoor(account: string): Promise<void> {
  const iam = new IAM(plain(account));
  const Statement = [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }];
  const trust = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.createRole({ RoleName: ROLE, AssumeRolePolicyDocument: trust });
  await iam.attachRolePolicy({ RoleName: ROLE, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  iam.destroy();
}

interface Measured {
  ms: number;
  /** CPU of this process, milliseconds */
  cpu: number;
  calls: number;
  /** until the first account had ended */
  first: number;
}

async function measured(work: (first: () => void) => Promise<void>): Promise<Measured> {
  const [before, cpu, started] = [calls, process.cpuUsage(), performance.now()];
  let first = 0;
  await work(() => {
    first ||= performance.now() - started;
  });
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - started, cpu: (user + system) / 1_000, calls: calls - before, first };
}

const run = (work: Work, concurrency: number, among = room, from = base): Promise<Measured> =>
  measured(async (first) => {
    const operation: Operation = (attendee, tools) =>
      attend(attendee, true, { base: from, roster, own: HUB, now: Date.now }, tools.signal, (attended) =>
        work(attended, tools),
      );
    const events = runFleet(among, operation, {
      concurrency,
      timeLimit: 3_600_000,
      signal: new AbortController().signal,
      now: Date.now,
      timer: (ms, fire) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      explain: (error) => ({ outcome: 'unknown', summary: String(error) }),
    });
    for await (const event of events) {
      if (event.kind !== 'ended') continue;
      first();
      expect(event.result.outcome, event.result.summary).not.toBe('unknown');
    }
  });

interface Sent {
  key: string;
  command: { constructor: new (input: never) => never; input: never };
}
type Sender = { send: (command: never, ...more: never[]) => Promise<unknown>; destroy(): void };
type Sending = new (config: object) => Sender;

/** The calls that one account takes, and the client of each. */
async function callsOf(work: Work): Promise<{ sent: Sent[]; clients: Map<string, () => Sender> }> {
  const sent: Sent[] = [];
  const clients = new Map<string, () => Sender>();
  const account = room[0]?.account ?? '';
  const spy = (on: Connection, as: string): Connection => ({
    ...on,
    as: (credentials, region) => spy(on.as(credentials, region), account),
    inRegion: (region) => spy(on.inRegion(region), as),
    async client(name, make) {
      const client = await on.client(name, make);
      const key = `${name} ${on.region} ${as}`;
      const own = Object.create(client) as typeof client;
      const { send } = client as unknown as Sender;
      (own as unknown as Sender).send = (command: never, ...more) => {
        sent.push({ key, command });
        return send.call(client, command, ...more);
      };
      const Client = client.constructor as Sending;
      clients.set(key, () => new Client({ ...plain(as), region: on.region }));
      return own;
    },
  });
  await run(work, 1, room.slice(0, 1), spy(base, HUB));
  return { sent, clients };
}

/** As many accounts' calls as `times`, by clients that do nothing else, one of each kind. */
const bare = (
  sent: Sent[],
  clients: Map<string, () => Sender>,
  times: number,
  concurrency = CONCURRENCY,
): Promise<Measured> =>
  measured(async () => {
    const made = new Map([...clients].map(([key, make]) => [key, make()]));
    let at = 0;
    const next = async (): Promise<void> => {
      for (let i = at++; i < sent.length * times; i = at++) {
        const one = sent[i % sent.length];
        if (!one) return;
        const { constructor: Command, input } = one.command;
        // What is not there answers with an error, which is an answer.
        await made
          .get(one.key)
          ?.send(new Command(input))
          .catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: concurrency }, next));
    for (const client of made.values()) client.destroy();
  });

/** The smallest call there is, as often. */
const smallest = (total: number): Promise<Measured> =>
  measured(async () => {
    const client = new EventBridge(plain(HUB));
    let left = total;
    const next = async (): Promise<void> => {
      while (left-- > 0) await client.listEventBuses({});
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
    client.destroy();
  });

/** presso itself over the first `many` accounts: milliseconds until the first result and the end, most memory in MB. */
async function throughBinary(args: string[], many: number): Promise<{ first: number; ms: number; most: number }> {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-bench-'));
  const file = path.join(home, 'room.csv');
  writeFileSync(
    file,
    ['account,name,region', ...attendees.slice(0, many).map((one) => `${one.account},${one.name},${one.region}`)].join(
      '\n',
    ),
  );
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      path.join(packageRoot(), 'bin', 'run.js'),
      'fleet',
      ...args,
      '--roster',
      file,
      '--concurrency',
      String(CONCURRENCY),
      '--endpoint-url',
      endpoint,
    ],
    { env: { ...env, PRESSO_HOME: home, AWS_ACCESS_KEY_ID: HUB }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [first, most] = [0, 0];
  const look = (text: Buffer): void => {
    if (/^[✓✗] /m.test(text.toString())) first ||= performance.now() - started;
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  const watch = setInterval(() => {
    most = Math.max(most, peakOf(child.pid ?? 0));
  }, 100);
  await new Promise((done) => child.once('close', done));
  clearInterval(watch);
  rmSync(home, { recursive: true, force: true });
  return { first, ms: performance.now() - started, most };
}

/** The most memory a process has had, MB; 0 where the system does not say (it is Linux that does). */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

const times = (a: number, b: number): string => `${(a / b).toFixed(2)} times`;

test(`verify and reset of ${ROOM} accounts`, async () => {
  const checks = path.join(packageRoot(), 'checks');
  const setup = await run(setupWork({ templates: templatesDir(), checkRegion: false, dryRun: false }), CONCURRENCY);
  console.log(`fleet setup: ${ROOM} accounts, ${setup.calls} calls in ${Math.round(setup.ms)} ms`);
  const aim = { to: 'setup', templates: templatesDir(), checks, checkRegion: false, dryRun: false, begun: () => true };
  const works = {
    verify: verifyWork(chosenChecks(undefined, checks), (error) => ({ found: String(error), hint: '' }), true),
    reset: resetWork(aim),
  };
  for (const [name, work] of Object.entries(works)) {
    const { sent, clients } = await callsOf(work);
    // Both once before, so that neither pays for what the other has loaded.
    await run(work, CONCURRENCY, room.slice(0, 20));
    await bare(sent, clients, 20);
    const together = await run(work, CONCURRENCY);
    const same = await bare(sent, clients, ROOM);
    const small = await smallest(together.calls);
    const few = room.slice(0, 5);
    const alone = ((await run(work, 1, few)).ms / few.length) * ROOM;
    const inTurn = ((await bare(sent, clients, few.length, 1)).ms / few.length) * ROOM;
    const binary = await throughBinary([name], ROOM);
    console.log(
      [
        `fleet ${name}: ${ROOM} accounts, ${together.calls} calls in ${Math.round(together.ms)} ms, the first after ${Math.round(together.first)} ms`,
        `  bare clients, the same calls: ${same.calls} in ${Math.round(same.ms)} ms (${times(together.ms, same.ms)}; CPU a call ${(together.cpu / together.calls).toFixed(2)} against ${(same.cpu / same.calls).toFixed(2)} ms, ${times(together.cpu / together.calls, same.cpu / same.calls)})`,
        `  a bare client, as many of the smallest call: ${Math.round(small.ms)} ms (${times(together.ms, small.ms)}; CPU ${times(together.cpu, small.cpu)})`,
        `  one account after another, call after call: ${Math.round(inTurn)} ms (${(inTurn / together.ms).toFixed(1)} times as long; at least 30)`,
        `  one account after another, by presso, whose calls of one account go side by side: ${Math.round(alone)} ms (${(alone / together.ms).toFixed(1)} times as long)`,
        `  presso fleet ${name}: ${Math.round(binary.ms)} ms, the first on the screen after ${Math.round(binary.first)} ms (2,000)`,
      ].join('\n'),
    );
  }
});

test(`${MANY} accounts in one process`, async () => {
  const { first, ms, most } = await throughBinary(['verify'], MANY);
  console.log(
    `presso fleet verify: ${MANY} accounts in ${Math.round(ms)} ms, the first after ${Math.round(first)} ms, ${Math.round(most)} MB at most (under 400)`,
  );
});
