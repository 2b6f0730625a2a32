/** Many accounts at once: one that hangs, throws or is stopped is its own trouble. */
import { mkdtempSync, rmSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { halfDone, openJournal, pastRuns } from './journal.ts';
import type { Attendee } from './roster.ts';
import { type FleetEvent, type FleetOptions, LEAD, type Operation, type Result, runFleet } from './run.ts';

const people = (n: number): Attendee[] =>
  Array.from({ length: n }, (_, i) => ({
    account: String(100_000_000_000 + i),
    name: `p${i}`,
    region: 'us-east-1',
    role: 'R',
  }));

/** Timers that fire when the test says so. */
function options(more: Partial<FleetOptions> = {}): { options: FleetOptions; fire: () => void } {
  const pending = new Set<() => void>();
  return {
    options: {
      concurrency: 3,
      timeLimit: 60_000,
      signal: new AbortController().signal,
      now: () => 0,
      timer: (_, fire) => {
        pending.add(fire);
        return () => void pending.delete(fire);
      },
      explain: (error) => ({ outcome: 'unknown', summary: (error as Error).message }),
      ...more,
    },
    fire: () => {
      for (const one of [...pending]) one();
    },
  };
}

async function collect(
  events: AsyncIterable<FleetEvent>,
  see: (event: FleetEvent) => void = () => {},
): Promise<Result[]> {
  const results: Result[] = [];
  for await (const event of events) {
    see(event);
    if (event.kind === 'ended') results.push(event.result);
  }
  return results;
}
const done: Operation = async () => ({ outcome: 'done', summary: 'fine' });

test('never more than the limit at once, and everybody ends', async () => {
  let now = 0;
  let most = 0;
  const operation: Operation = async () => {
    most = Math.max(most, ++now);
    await new Promise((go) => setImmediate(go));
    now--;
    return { outcome: 'done', summary: '' };
  };
  const results = await collect(runFleet(people(20), operation, options().options));
  expect(results).toHaveLength(20);
  expect(most).toBe(3);
});

test('a few go ahead and the rest follow with the first result, or when that takes too long', async () => {
  const { options: given, fire } = options({ concurrency: 20 });
  const open = new Map<string, () => void>();
  const operation: Operation = ({ name }) =>
    new Promise((go) => open.set(name, () => go({ outcome: 'done', summary: '' })));
  const events = collect(runFleet(people(20), operation, given));
  await new Promise((go) => setImmediate(go));
  expect(open.size).toBe(LEAD);
  open.get('p1')?.();
  await new Promise((go) => setImmediate(go));
  expect(open.size).toBe(20);
  for (const end of open.values()) end();
  expect(await events).toHaveLength(20);

  open.clear();
  const again = collect(runFleet(people(20), operation, given));
  await new Promise((go) => setImmediate(go));
  fire();
  await new Promise((go) => setImmediate(go));
  expect(open.size).toBe(20);
  for (const end of open.values()) end();
  expect(await again).toHaveLength(20);
});

test('an account that throws and one that hangs do not hold up the rest', async () => {
  const { options: given, fire } = options();
  const operation: Operation = async ({ name }) => {
    if (name === 'p1') throw new Error('no way in');
    if (name === 'p2') return new Promise(() => {});
    return { outcome: 'done', summary: 'fine' };
  };
  let ended = 0;
  const results = await collect(runFleet(people(6), operation, given), (event) => {
    if (event.kind !== 'ended' || ++ended < 5) return;
    // Its time is up, and then its grace.
    setImmediate(() => {
      fire();
      setImmediate(fire);
    });
  });
  const by = Object.fromEntries(results.map(({ name, outcome }) => [name, outcome]));
  expect(by).toEqual({ p0: 'done', p1: 'unknown', p2: 'timed out', p3: 'done', p4: 'done', p5: 'done' });
});

test('Ctrl-C begins nothing more and tells of everybody', async () => {
  const stop = new AbortController();
  const operation: Operation = async (_, { signal }) => {
    await new Promise<void>((go) => signal.addEventListener('abort', () => go(), { once: true }));
    return { outcome: 'stopped', summary: 'on the way' };
  };
  const results = await collect(runFleet(people(9), operation, options({ signal: stop.signal }).options), (event) => {
    if (event.kind === 'started') stop.abort();
  });
  expect(results).toHaveLength(9);
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['stopped']));
});

test('a killed run goes on from its journal: what is done is not repeated, a torn line is dropped', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-fleet-'));
  try {
    const head = { fleet: '../monday', operation: 'reset', what: {}, started: '2026-01-01T00:00:00.000Z', accounts: 4 };
    const journal = openJournal(home, head);
    const all = people(4);
    await collect(runFleet(all.slice(0, 2), done, options().options), (event) => {
      if (event.kind === 'started') journal.begin(event.attendee.account);
      if (event.kind === 'ended') journal.end(event.result);
    });
    journal.begin(all[2]?.account ?? '');
    appendFileSync(journal.file, '{"end":{"account":"1000000');

    const [run] = pastRuns(home, '../monday', 'reset');
    expect(run).toMatchObject({ finished: false });
    expect([...(run?.begun ?? [])]).toHaveLength(3);
    const seen: string[] = [];
    const operation: Operation = async ({ name }) => {
      seen.push(name);
      return { outcome: 'done', summary: '' };
    };
    const results = await collect(runFleet(all, operation, options({ done: run?.results ?? new Map() }).options));
    expect(seen).toEqual(['p2', 'p3']);
    expect(results).toHaveLength(4);
    expect(path.dirname(journal.file).startsWith(path.join(home, 'fleets'))).toBe(true);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test('only where an earlier run has found the marker and was not done, the next one may do without it', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-fleet-'));
  try {
    const end = (account: string, outcome: Result['outcome']): Result => ({
      ...({ account, name: '', region: '', summary: '', trouble: [], started: 0, ended: 0 } as const),
      outcome,
    });
    const run = (operation: string, started: string) =>
      openJournal(home, { fleet: 'monday', operation, what: {}, started, accounts: 4 });
    const first = run('reset', '2026-01-01T00:00:00.000Z');
    for (const account of ['1', '2', '3', '4']) first.begin(account);
    for (const account of ['1', '2', '3']) first.entitle(account);
    first.end(end('2', 'done'));
    first.end(end('3', 'failed'));
    // 4 was refused, or killed before the marker was looked for: that it was begun says nothing.
    first.end(end('4', 'refused'));
    const second = run('teardown', '2026-01-02T00:00:00.000Z');
    second.entitle('3');
    second.end(end('3', 'done'));
    expect(halfDone(pastRuns(home, 'monday'))).toEqual(new Set(['1']));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
