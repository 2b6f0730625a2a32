import { expect, test } from 'vitest';
import { rosterOfUnit } from './roster-organization.ts';

const options = { unit: 'Monday', region: 'eu-west-1', own: '999999999999', management: '888888888888' };
const member = (id: string, state = 'ACTIVE', below: string[] = []) => ({ id, name: `n${id[0]}`, state, below });

test('members of units below are in their group; who is not active, manages or is the caller is left out and named', () => {
  const roster = rosterOfUnit(
    [
      member('111111111111'),
      member('222222222222', 'SUSPENDED'),
      member('333333333333', 'ACTIVE', ['Row 1', 'Left']),
      member('444444444444', 'CLOSED', ['Row 1']),
      member('888888888888'),
      member('999999999999'),
    ],
    { ...options, role: 'Workshop', externalId: 'monday-7' },
  );
  expect(roster.name).toBe('Monday');
  expect(roster.attendees).toEqual([
    { account: '111111111111', name: 'n1', region: 'eu-west-1', role: 'Workshop', externalId: 'monday-7' },
    {
      account: '333333333333',
      name: 'n3',
      region: 'eu-west-1',
      role: 'Workshop',
      externalId: 'monday-7',
      group: 'Row 1/Left',
    },
  ]);
  expect(roster.leftOut?.map(({ account, why }) => `${account} ${why}`)).toEqual([
    '222222222222 it is suspended',
    '444444444444 it is closed',
    '888888888888 it is the organization’s management account',
    '999999999999 it is the account presso acts from',
  ]);
});

test('a unit without anybody to work with is refused with the reason', () => {
  expect(() => rosterOfUnit([], options)).toThrow('The unit Monday holds no accounts.');
  expect(() => rosterOfUnit([member('222222222222', 'SUSPENDED')], options)).toThrow(
    'The unit Monday holds no account to work in: 1 account left out (222222222222: it is suspended).',
  );
});
