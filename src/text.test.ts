import { expect, test } from 'vitest';
import { clean, cut, duration, nearest, word } from './text.ts';

test('text from elsewhere cannot steer a terminal', () => {
  expect(clean('a\u001b[31mred\u001b[0m\u001b]0;title\u0007b\rc\u202ed')).toBe('aredbcd');
  expect(clean('two\nlines\tand é 漢 🙂')).toBe('two\nlines\tand é 漢 🙂');
});

test('spans read like speech', () => {
  expect([0, 950, 4_200, 60_000, 185_000].map(duration)).toEqual(['0 ms', '950 ms', '4.2 s', '1 min', '3 min 5 s']);
});

test('what is too long ends with a mark, between letters and not within one', () => {
  expect([cut('coffee', 6), cut('coffee bar', 8), cut('🙂🙂🙂', 2), cut('ab', 0)]).toEqual([
    'coffee',
    'coffee…',
    '🙂…',
    '…',
  ]);
});

test('a slip of the finger finds its word, a stranger does not', () => {
  expect(nearest('setpu', ['setup', 'seed', 'solve'])).toBe('setup');
  expect(nearest('kubernetes', ['setup', 'seed', 'solve'])).toBeUndefined();
});

test('a word of a command is one word to a shell', () => {
  expect(['menu.yaml', 'my menu.yaml', 'a"b', '$HOME', "it's $5", ''].map(word)).toEqual([
    'menu.yaml',
    '"my menu.yaml"',
    `'a"b'`,
    `'$HOME'`,
    `'it'\\''s $5'`,
    '""',
  ]);
});
