import { expect, test } from 'vitest';
import { press, type ReaderState, type ReaderView, startState } from './reader.ts';
import { draw } from './screen.ts';
import { findAll, markPieces } from './search.ts';
import type { Page } from './to-terminal.ts';
import type { CodeBlock } from './tree.ts';

const page: Page = {
  lines: Array.from({ length: 60 }, (_, at) => (at === 40 ? 'here is the needle' : `line ${at}`)),
  things: [
    { kind: 'tabs', ways: ['cli', 'presso'], line: 2, end: 3 },
    {
      kind: 'code',
      block: {
        kind: 'code',
        language: 'sh',
        text: 'presso shop open',
        fragment: false,
        command: { expect: [], fails: false },
      },
      line: 4,
      end: 6,
    },
    { kind: 'hint', index: 0, title: 'Help', line: 8, end: 9 },
    { kind: 'link', href: '/m/two', text: 'two', line: 50, end: 51 },
    { kind: 'checkpoint', checks: ['m.a', 'm.b'], line: 55, end: 58 },
  ],
};
const view: ReaderView = {
  page,
  rows: 21,
  columns: 40,
  title: 'A lesson',
  contents: [
    { id: 'm/one', title: 'One', sign: '✓' },
    { id: 'm/two', title: 'Two', sign: '○' },
  ],
  at: 0,
};

function type(state: ReaderState, ...keys: string[]) {
  let last = press(state, '', view);
  for (const key of keys) last = press(last.state, key, view);
  return last;
}

test('scrolling stops at both ends', () => {
  expect(type(startState(undefined), 'k').state.top).toBe(0);
  expect(type(startState(undefined), 'j', 'j').state.top).toBe(2);
  expect(type(startState(undefined), 'G').state.top).toBe(40);
  expect(type(startState(undefined), ...Array<string>(9).fill('f')).state.top).toBe(40);
});

test('search goes to the line, to the next, and says when there is none', () => {
  const found = type(startState(undefined), '/', 'n', 'e', 'e', 'd', '\r').state;
  expect(found.top).toBe(40);
  expect(type(startState(undefined), '/', 'z', 'z', '\r').state.message).toBe('"zz" is not on this page.');
});

test('words are found over the end of a line, within frames and in capitals, and marked within their looks', () => {
  const lines = ['┃ \u001b[1mThe task\u001b[22m', '┃ token sleeps.', '', 'TASK TOKEN', 'task', '', 'token'];
  const hits = findAll(lines, 'task  token');
  expect(hits).toEqual([
    [
      { line: 0, from: 6, to: 10 },
      { line: 1, from: 2, to: 7 },
    ],
    [{ line: 3, from: 0, to: 10 }],
  ]);
  expect(markPieces(lines[0] ?? '', hits[0]?.slice(0, 1) ?? [])).toBe(
    '┃ \u001b[1mThe \u001b[7mtask\u001b[22m\u001b[7m\u001b[27m',
  );
  expect(findAll(lines, ' ')).toEqual([]);
});

test('n and N go round through what was found, until Escape lets go of it', () => {
  const two: ReaderView = { ...view, page: { lines: ['a cup', ...page.lines, 'A CUP'], things: [] } };
  const go = (state: ReaderState, ...keys: string[]): ReaderState =>
    keys.reduce((now, key) => press(now, key, two).state, state);
  const first = go(startState(undefined), '/', 'c', 'u', 'p', '\r');
  expect(first).toMatchObject({ hit: 0, top: 0, message: '/cup · 1 of 2 · n N' });
  expect(draw(first, two, true)[0]).toBe('» a \u001b[7mcup\u001b[27m');
  expect(go(first, 'n')).toMatchObject({ hit: 1, message: '/cup · 2 of 2 · n N' });
  expect(go(first, 'N')).toMatchObject({ hit: 1, message: '/cup · 2 of 2 · n N · from the end again' });
  expect(press(go(first, '\u001b'), 'n', two).effect).toEqual({ kind: 'lesson', at: 1 });
});

test('what is not on this page is offered in the lesson that has it', () => {
  const elsewhere: ReaderView = { ...view, elsewhere: (query) => (query === 'cup' ? 1 : undefined) };
  const go = (...keys: string[]) =>
    keys.reduce((now, key) => press(now.state, key, elsewhere), press(startState('cli'), '', elsewhere));
  expect(go('/', 'c', 'u', 'p', '\r').state.message).toBe('Not on this page · n: Two');
  expect(go('/', 'c', 'u', 'p', '\r', 'n')).toMatchObject({
    state: { query: 'cup', way: 'cli' },
    effect: { kind: 'lesson', at: 1 },
  });
  // Scrolling lets go of it: n is the next lesson again.
  expect(go('/', 'c', 'u', 'p', '\r', 'j', 'n').state.query).toBe('');
});

test('a command runs only after a yes', () => {
  const asked = type(startState(undefined), 'r');
  expect(asked.effect).toBeUndefined();
  expect(draw(asked.state, view, false).at(-1)).toContain('Run presso shop open? y/n');
  // At 80 columns a long command once hid how to answer.
  const long = {
    ...asked.state,
    asked: { ...(asked.state.asked as CodeBlock), text: `aws ${'x'.repeat(200)}\npresso verify` },
  };
  expect(draw(long, { ...view, columns: 80 }, false).at(-1)).toMatch(/x… and 1 more\? y: yes, any other key: no *$/);
  expect(press(asked.state, 'x', view)).toMatchObject({ state: { mode: 'read', message: 'Nothing was run.' } });
  expect(press(asked.state, 'y', view).effect).toMatchObject({ kind: 'run', block: { text: 'presso shop open' } });
});

test('tabs, hints, checkpoints, code and links each have their key', () => {
  expect(type(startState('cli'), 'w').effect).toEqual({ kind: 'way', way: 'presso' });
  expect([...type(startState(undefined), 'h').state.open]).toEqual([0]);
  expect([...type(startState(undefined), 'h', 'h').state.open]).toEqual([]);
  expect(type(startState(undefined), 'v').effect).toEqual({ kind: 'verify', checks: ['m.a', 'm.b'] });
  expect(type(startState(undefined), 'c').effect).toEqual({ kind: 'copy', text: 'presso shop open' });
  expect(type(startState(undefined), 'G', 'o').effect).toEqual({ kind: 'lesson', at: 1 });
});

test('Tab goes from thing to thing, into view', () => {
  const state = type(startState(undefined), '\t', '\t', '\t', '\t').state;
  expect(page.things[state.focus ?? -1]?.kind).toBe('link');
  expect(state.top).toBeGreaterThan(30);
  expect(draw(state, view, false).some((row) => row.startsWith('❯ line 50'))).toBe(true);
});

test('the next lesson comes by n, by the contents, and by space at the end', () => {
  expect(type(startState(undefined), 'n').effect).toEqual({ kind: 'lesson', at: 1 });
  expect(type(startState(undefined), 'p').state.message).toBe('This is the first lesson.');
  expect(type(startState(undefined), 'l', 'j', '\r').effect).toEqual({ kind: 'lesson', at: 1 });
  expect(type(startState(undefined), 'G', ' ').effect).toEqual({ kind: 'lesson', at: 1 });
});

test('a screen has as many rows as the terminal, at any size', () => {
  for (const [rows, columns] of [
    [2, 20],
    [10, 40],
    [50, 200],
  ] as const)
    for (const mode of ['read', 'contents', 'help', 'search', 'confirm'] as const) {
      const drawn = draw({ ...startState(undefined), mode }, { ...view, rows, columns }, false);
      expect(drawn).toHaveLength(rows);
      // The page itself was laid out for 40.
      if (mode !== 'read' || columns >= 40)
        for (const row of drawn) expect(row.length, row).toBeLessThanOrEqual(columns);
    }
});
