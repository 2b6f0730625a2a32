import { beforeAll, expect, test } from 'vitest';
import { fitted, prepareLines } from './terminal.ts';

beforeAll(prepareLines);

test('a row with columns is broken between words, under its last column', () => {
  expect(fitted('  + create  events          The event bus, and the log group that the rule fills', 60)).toBe(
    [
      '  + create  events          The event bus, and the log group',
      '                            that the rule fills',
    ].join('\n'),
  );
});

test('a sentence without columns is broken at the edge; a long word stays whole', () => {
  expect(fitted('one two three four five', 20)).toBe('one two three four\nfive');
  const arn = `arn:aws:states:us-east-1:000000000000:stateMachine:${'x'.repeat(60)}`;
  expect(fitted(`See ${arn} there`, 40)).toContain(arn);
  expect(fitted('short', 40)).toBe('short');
});
