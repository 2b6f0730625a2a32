import { expect, test } from 'vitest';
import { PressoError } from '../errors.ts';
import { difference, parseSeed } from './rows.ts';

const drinks = `drinks:
  - drink: Espresso
    icon: barista-icons_espresso
  - drink: Latte
    icon: barista-icons_latte
    available: false
    modifiers:
      - { Name: Milk, Options: [Oat, Soy] }
`;

const failure = (text: string): string => {
  try {
    parseSeed(text, 'menu.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(PressoError);
    return (error as PressoError).message;
  }
  return 'accepted';
};

test('a seed file says only what it mentions', () => {
  expect(parseSeed('storeOpen: false\n', 'shop.yaml')).toEqual({ shop: { storeOpen: false } });
  expect(parseSeed(drinks, 'menu.yaml').drinks?.[1]).toEqual({
    drink: 'Latte',
    icon: 'barista-icons_latte',
    available: false,
    modifiers: [{ Name: 'Milk', Options: ['Oat', 'Soy'] }],
  });
});

test.each([
  ['drinks: [', /^menu\.yaml:1:\d+: this is not YAML/],
  ['', /a seed file is a mapping/],
  ['drinks: []', /^menu\.yaml:1:9: the menu is empty/],
  ['drink: Espresso', /^menu\.yaml:1:1: "drink" is not known here/],
  [
    'drinks:\n  - drink: Mocha\n    icon: barista-icons_mocha\n',
    /^menu\.yaml:3:11: there is no icon "barista-icons_mocha"/,
  ],
  [
    `${drinks}  - drink: espresso\n    icon: barista-icons_espresso\n`,
    /^menu\.yaml:9:12: the drink "espresso" stands twice/,
  ],
  ['maxOrdersPerUser: -1', /^menu\.yaml:1:19: maxOrdersPerUser is a whole number/],
  ['maxOrdersInQueue: 1.5', /whole number/],
  ['storeOpen: maybe', /^menu\.yaml:1:12: storeOpen is true or false/],
  ['orderNumber: "7"', /whole number/],
  ['drinks:\n  - icon: barista-icons_latte\n', /drink \(the name\) is a text/],
])('%j is refused where it is wrong', (text, message) => {
  expect(failure(text)).toMatch(message);
});

test('only what differs is written', () => {
  const seed = parseSeed(`${drinks}storeOpen: true\nmaxOrdersPerUser: 1\norderNumber: 0\n`, 'seed.yaml');
  const same = { drinks: seed.drinks, shop: { storeOpen: true, maxOrdersPerUser: 1, extra: 'kept' }, orderNumber: 0 };
  expect(difference(seed, same, {})).toEqual([]);
  const changes = difference(seed, { ...same, shop: { storeOpen: true, maxOrdersPerUser: 5 } }, {});
  expect(changes).toMatchObject([
    { key: 'config', kind: 'set', attributes: { maxOrdersPerUser: 1 }, lines: ['maxOrdersPerUser: 5 → 1'] },
  ]);
});

test('a counter that counts and a shop that was closed stay as they are unless asked', () => {
  const seed = parseSeed('storeOpen: true\norderNumber: 0\n', 'seed.yaml');
  const now = { shop: { storeOpen: false }, orderNumber: 41 };
  expect(difference(seed, now, {})).toEqual([]);
  expect(difference(seed, now, { storeOpen: true, counter: true }).map(({ attributes }) => attributes)).toEqual([
    { storeOpen: true },
    { IDvalue: 0 },
  ]);
});
