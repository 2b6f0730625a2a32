import { expect, test } from 'vitest';
import type { Result } from '../fleet/index.ts';
import { changeLine, note, screen, startWatched, whereLine } from './fleet-watch.ts';

const clock = (ms: number): string => `${ms} ms`;
const attendee = (i: number) => ({
  account: String(100_000_000_000 + i),
  name: `p${i}`,
  region: 'us-east-1',
  role: 'R',
});
function result(i: number, passed: number, outcome: Result['outcome'] = 'failed'): Result {
  const open = [{ id: 'module-1a.workflow', title: 'The workflow is there' }];
  const detail = { modules: [{ module: 'module-1', passed, total: 16, error: 0, open }] };
  return {
    ...attendee(i),
    outcome,
    summary: 'module-1',
    trouble: [],
    started: 0,
    ended: 60_000,
    ...(outcome === 'failed' ? { detail } : { summary: 'AWS refused' }),
  };
}
const options = {
  columns: 80,
  rows: 24,
  now: 600_000,
  clock,
  every: 15_000,
  address: 'http://127.0.0.1:4590/',
  strong: (text: string) => text,
  faint: (text: string) => text,
  alarm: (text: string) => text,
};

test('a room of 160 fits the screen: totals, what stops most, then who cannot be seen and who stands longest', () => {
  const watched = startWatched('monday\u001b[2J', 160);
  for (let i = 0; i < 160; i++)
    note(watched, {
      kind: 'ended',
      attendee: attendee(i),
      again: false,
      result: result(i, i % 16, i === 77 ? 'unknown' : 'failed'),
    });
  const rows = screen(watched, options);
  expect(rows.length).toBeLessThanOrEqual(24);
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80);
  expect(rows.join('\n')).not.toContain('\u001b');
  const text = rows.join('\n');
  expect(text).toContain('160 of 160 looked at');
  expect(text).toMatch(/module-1 +159/);
  expect(text).toMatch(/159 {2}module-1a\.workflow/);
  const first = rows[rows.indexOf('Who to look at first') + 1] ?? '';
  expect(first).toContain('p77 (unknown): AWS refused');
  expect(text).toContain('module-1 0/16  for 9 min');
  expect(text).toMatch(/… and \d+ more$/);
  // Even a very small window shows the totals.
  expect(screen(watched, { ...options, rows: 6, columns: 30 }).length).toBeLessThanOrEqual(6);
});

test('only what changes is told; a visit that the end cut off is not taken for news', () => {
  const watched = startWatched('monday', 2);
  const end = (one: Result) => note(watched, { kind: 'ended', attendee: attendee(0), again: true, result: one });
  expect(end(result(0, 3))).toMatchObject({ from: undefined, to: 'module-1 3/16' });
  expect(end(result(0, 3))).toBeUndefined();
  const change = end(result(0, 4));
  expect(change && changeLine(change, clock)).toBe('60000 ms    100000000000  p0: module-1 3/16 → module-1 4/16');
  expect(end(result(0, 0, 'stopped'))).toBeUndefined();
  expect(whereLine(watched)).toBe('module-1 1 · 1 still to be looked at');
});
