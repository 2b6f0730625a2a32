import { expect, test } from 'vitest';
import type { Result } from '../fleet/index.ts';
import { PLANNED, tableLines, toCsv, toHtml, totals } from './fleet.ts';

const result = (i: number, own: Partial<Result>): Result => ({
  account: String(100_000_000_000 + i),
  name: `p${i}`,
  region: 'us-east-1',
  outcome: 'done',
  summary: 'nothing to do',
  trouble: [],
  started: 0,
  ended: 2_000,
  ...own,
});
const modules = (passed: number) => ({
  detail: {
    modules: [
      { module: 'setup', passed: 16, total: 16, error: 0, open: [] },
      {
        module: 'module-1',
        passed,
        total: 9,
        error: 0,
        open: passed < 9 ? [{ id: 'module-1a.capacity', title: 'A <full> shop turns customers away' }] : [],
      },
    ],
  },
});
const when = '2026-01-05T09:00:00Z';
const text = (html: string): string =>
  html
    .slice(html.indexOf('<main>'))
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

test('in the page of a verification whoever is not done is on the way, and beside the figures stands what stops them', () => {
  const room = [
    result(1, { outcome: 'failed', summary: 'setup 16/16, module-1 3/9', ...modules(3) }),
    result(2, { summary: 'setup 16/16, module-1 9/9', ...modules(9) }),
    result(3, { outcome: 'unknown', summary: 'AWS refused', trouble: ['no role'] }),
  ];
  const html = toHtml('monday', 'verify', room, { when });
  const seen = text(html);
  expect(seen).toContain('1 done · 1 unknown · 1 on the way');
  expect(seen).toContain('→ on the way p1 100000000001 16 of 16 3 of 9 A &lt;full&gt; shop turns customers away');
  expect(seen).toContain('✓ done p2 100000000002 16 of 16 9 of 9');
  // Figures stand in columns of their own; they are not said once more in words.
  expect(seen).not.toContain('module-1 3/9');
  expect(seen).toMatch(/! unknown p3 100000000003 AWS refused no role/);
  expect(html).toContain('>Stopped by</th>');
  expect(html).not.toContain('>Group</th>');
  expect(html).not.toContain('<full>');
  // The same who failed in something that was to be done has failed.
  expect(text(toHtml('monday', 'reset', room, { when }))).toContain('✗ failed p1');
});

test('a page has a column of groups where there are groups, and tells what was done where nothing was checked', () => {
  const html = toHtml('monday', 'reset', [result(1, { group: 'table 4' }), result(2, {})], { when });
  expect(html).toContain('>Group</th>');
  expect(html).toContain('<td>table 4</td>');
  expect(html).toContain('>What</th>');
  expect(text(html)).toContain('✓ done p1 100000000001 table 4 nothing to do');
});

test('of a plan nobody says that it is done', () => {
  const room = [result(1, { summary: 'would remove 3' }), result(2, { outcome: 'failed', summary: 'throttled' })];
  expect(totals(room, 0, 0, `reset ${PLANNED}`)).toBe('1 ready · 1 failed');
  expect(totals(room, 0, 0, 'reset')).toBe('1 done · 1 failed');
  expect(text(toHtml('monday', `reset ${PLANNED}`, room, { when }))).toContain('✓ ready p1');
});

test('a table begins with trouble and strips what would steer a terminal; a spreadsheet runs no cell', () => {
  const room = [
    result(1, {}),
    result(2, {
      outcome: 'timed out',
      name: '\u001b[2J=1+1',
      summary: 'after 600 s',
      trouble: ['a', 'b', 'c', 'd', 'e', 'f'],
    }),
  ];
  const lines = tableLines(room, (_, mark) => mark);
  expect(lines[0]).toMatch(/^! 100000000002 .*timed out: after 600 s {2}2\.?0? s/);
  expect(lines.slice(1, 7)).toEqual(['      a', '      b', '      c', '      d', '      e', '      … and 1 more']);
  expect(lines.join('\n')).not.toContain('\u001b');
  expect(toCsv(room).split('\r\n')[2]).toContain(",'=1+1,");
});
