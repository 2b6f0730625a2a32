/** A room looked at again and again: never too often, never all at once, less where AWS is unwilling. */
import { expect, test } from 'vitest';
import type { Attendee } from './roster.ts';
import type { Operation } from './run.ts';
import { nextVisit, watchFleet } from './watch.ts';

const people: Attendee[] = ['p0', 'p1', 'p2', 'p3'].map((name, i) => ({
  account: String(100_000_000_000 + i),
  name,
  region: 'us-east-1',
  role: 'R',
}));
const EVERY = 15_000;

/** Runs a watch on a clock of its own for so long (milliseconds); answers with who was visited when. */
async function visitsWithin(
  ms: number,
  operation: Operation,
  throttled = (_: string) => false,
): Promise<[string, number][]> {
  const timers = new Set<{ at: number; fire: () => void }>();
  const stop = new AbortController();
  const seen: [string, number][] = [];
  let now = 0;
  const events = watchFleet(people, operation, {
    concurrency: 4,
    every: EVERY,
    timeLimit: 10_000_000,
    signal: stop.signal,
    now: () => now,
    timer: (wait, fire) => {
      const timer = { at: now + wait, fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    explain: (error) => ({ outcome: 'unknown', summary: (error as Error).message }),
    throttled,
  });
  const read = (async () => {
    for await (const event of events) if (event.kind === 'started') seen.push([event.attendee.name, event.at]);
  })();
  for (;;) {
    await new Promise((go) => setImmediate(go));
    const [next] = [...timers].sort((a, b) => a.at - b.at);
    if (!next || next.at > ms) break;
    timers.delete(next);
    now = next.at;
    next.fire();
  }
  stop.abort();
  await read;
  return seen;
}

const done: Operation = async () => ({ outcome: 'done', summary: '' });
const of = (seen: [string, number][], name: string): number[] =>
  seen.filter(([who]) => who === name).map(([, at]) => at);

test('everybody at once at first, then spread over the round, and never sooner than asked', async () => {
  const seen = await visitsWithin(120_000, done);
  expect(seen.slice(0, 4).map(([, at]) => at)).toEqual([0, 0, 0, 0]);
  for (const { name } of people) {
    const times = of(seen, name);
    expect(times.length).toBeGreaterThan(5);
    for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(EVERY);
  }
  const later = new Set(seen.filter(([, at]) => at > 0).map(([, at]) => at));
  expect(later.size).toBe(seen.length - 4);
});

test('who is throttled, or cannot be seen, is asked less and less often; the rest as before', async () => {
  const operation: Operation = async ({ name }) => {
    if (name === 'p2') throw new Error('no way in');
    return { outcome: 'done', summary: '' };
  };
  const seen = await visitsWithin(600_000, operation, (account) => account === people[1]?.account);
  expect(of(seen, 'p0').length).toBeGreaterThan(35);
  for (const name of ['p1', 'p2']) {
    expect(of(seen, name).length).toBeLessThan(8);
    expect(of(seen, name).length).toBeGreaterThan(3);
  }
});

test('an account that answers slowly is left alone for as long as it took', () => {
  const slow = { started: 0, ended: 90_000, strikes: 0, visits: 2 };
  expect(nextVisit(slow, EVERY, 0, 160)).toBe(180_000);
});
