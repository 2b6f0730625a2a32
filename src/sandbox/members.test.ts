import { expect, test } from 'vitest';
import { ServiceError } from './errors.ts';
import { boolean, integer, list, map, must, page, readMembers, structure, text } from './members.ts';

const SHAPE = {
  Name: must.text({ min: 2, max: 4, pattern: /[a-z]+/ }),
  Count: integer({ max: 9 }),
  On: boolean(),
  Kind: text({ oneOf: ['A', 'B'] }),
  Tags: list(must.structure({ Key: must.text() }), { max: 2 }),
  Map: map(must.text({ max: 1 })),
  Deep: structure({ Secret: text({ min: 5, secret: true }) }),
};

test('every fault of an input is told at once, as AWS words them', () => {
  const input = { Name: 'A', Count: 10, Kind: 'C', Tags: [{}], Map: { k: 'vv' }, Deep: { Secret: 'word' } };
  expect(() => readMembers(input, SHAPE)).toThrow(
    [
      "7 validation errors detected: Value 'A' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
      "Value 'A' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
      "Value '10' at 'count' failed to satisfy constraint: Member must have value less than or equal to 9",
      "Value 'C' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [A, B]",
      "Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
      "Value 'vv' at 'map.k.member' failed to satisfy constraint: Member must have length less than or equal to 1",
      "Value at 'deep.secret' failed to satisfy constraint: Member must have length greater than or equal to 5",
    ].join('; '),
  );
});

test('texts of the query protocol become numbers, booleans and lists', () => {
  expect(readMembers({ Name: 'ab', Count: '3', On: 'true', Tags: '' }, SHAPE)).toEqual({
    Name: 'ab',
    Count: 3,
    On: true,
    Tags: [],
  });
});

test('a member that is not listed is refused by its name, and a wrong type as AWS calls it', () => {
  expect(() => readMembers({ Name: 'ab', Deep: { Other: 1 } }, SHAPE)).toThrow('deep.Other');
  expect(() => readMembers({ Name: 5 }, SHAPE)).toThrow('NUMBER_VALUE can not be converted to a String');
});

test('a page goes on where the last one ended, and takes no token of another list', () => {
  const bad = () => new ServiceError('Bad', 'bad token');
  const first = page(['a', 'b', 'c'], undefined, 2, 'letters', bad);
  expect(first.items).toEqual(['a', 'b']);
  expect(page(['a', 'b', 'c'], first.next, 2, 'letters', bad)).toEqual({ items: ['c'], next: undefined });
  expect(() => page([1, 2, 3], first.next, 2, 'numbers', bad)).toThrow('bad token');
});
