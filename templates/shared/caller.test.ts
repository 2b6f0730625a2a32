import { describe, expect, test } from 'vitest';
import { callerOf, groupsOf } from './caller.mjs';
import { plainItem } from './plain.mjs';

const event = (claims: Record<string, unknown>) => ({ requestContext: { authorizer: { jwt: { claims } } } });

describe('groups of a caller', () => {
  test.each([
    ['[admin]', ['admin']],
    ['[admin other]', ['admin', 'other']],
    ['admin', ['admin']],
    [
      ['other', 'admin'],
      ['other', 'admin'],
    ],
    ['[]', []],
    ['', []],
    [undefined, []],
  ])('%j are %j', (claim, groups) => {
    expect(groupsOf({ 'cognito:groups': claim })).toEqual(groups);
  });

  test.each(['[administrators]', '[not-admin]', '[x,admin]', '[[admin]]', '[Admin]', '[admin'])(
    'that only look like admin are not: %s',
    (claim) => {
      expect(callerOf(event({ sub: 'u', 'cognito:groups': claim }))).toEqual({ userId: 'u', isAdmin: false });
    },
  );

  test('make an admin, and nobody without a token is anyone', () => {
    expect(callerOf(event({ sub: 'u', 'cognito:groups': '[other admin]' }))).toEqual({ userId: 'u', isAdmin: true });
    expect(callerOf(event({ 'cognito:groups': '[admin]' }))).toBeUndefined();
    expect(callerOf({ requestContext: {} })).toBeUndefined();
    expect(callerOf({})).toBeUndefined();
  });
});

test('a row of a table is read as plain values, nested ones too', () => {
  expect(
    plainItem({
      PK: { S: 'menu' },
      price: { N: '2.5' },
      none: { NULL: true },
      value: { L: [{ M: { drink: { S: 'Latte' }, available: { BOOL: false }, modifiers: { L: [] } } }] },
    }),
  ).toEqual({
    PK: 'menu',
    price: 2.5,
    none: undefined,
    value: [{ drink: 'Latte', available: false, modifiers: [] }],
  });
});
