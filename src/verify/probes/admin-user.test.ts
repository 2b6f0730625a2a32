import { expect, test } from 'vitest';
import type { Check } from '../types.ts';
import { adminUser } from './admin-user.ts';

const check: Check = {
  id: 'module-3.admin',
  title: 'One',
  kind: 'admin-user',
  expect: {},
  hints: ['h'],
  lesson: 'l',
  needs: [],
};
const DAY = 86_400_000;
const user = (status: string, days = 0, enabled = true) => ({
  name: 'a1b2',
  shown: 'ann@example.com',
  enabled,
  status,
  modified: 100 * DAY - days * DAY,
});
const nothing = { groups: [], nearMembers: [], users: [], otherPool: undefined, elsewhere: [] };
const judge = (seen: object) =>
  adminUser.judge(check, {
    region: 'us-east-1',
    pool: 'us-east-1_AbC',
    members: [],
    temporaryDays: 7,
    at: 100 * DAY,
    instead: nothing,
    cli: 'aws',
    ...seen,
  } as never);

test.each([
  ['CONFIRMED', 'pass', 'ann@example.com'],
  ['EXTERNAL_PROVIDER', 'pass', 'ann@example.com'],
  ['UNCONFIRMED', 'fail', /has not been confirmed/],
  ['RESET_REQUIRED', 'fail', /has to have the password reset first \(RESET_REQUIRED\)/],
  ['COMPROMISED', 'fail', /COMPROMISED/],
])('somebody who is %s: %s', (status, verdict, found) => {
  const judged = judge({ members: [user(status)] });
  expect(judged.status).toBe(verdict);
  expect(judged.found).toMatch(found);
});

test('a first password is good for as long as the pool says, and no longer', () => {
  expect(judge({ members: [user('FORCE_CHANGE_PASSWORD', 6)] }).status).toBe('pass');
  const late = judge({ members: [user('FORCE_CHANGE_PASSWORD', 8)] });
  expect(late).toMatchObject({ status: 'fail', found: expect.stringMatching(/has expired after 7 days$/) });
  expect(late.hint).toBe(
    'aws cognito-idp admin-set-user-password --user-pool-id us-east-1_AbC --username a1b2 --permanent --password …',
  );
  expect(judge({ members: [user('FORCE_CHANGE_PASSWORD', 8)], temporaryDays: 30 }).status).toBe('pass');
});

test('one who can sign in is enough, wherever in the list', () => {
  expect(judge({ members: [user('CONFIRMED', 0, false), user('UNCONFIRMED'), user('CONFIRMED')] }).status).toBe('pass');
});

test('without the pool it waits, and the Region that has it is named', () => {
  expect(
    judge({ pool: undefined, members: undefined, instead: { ...nothing, elsewhere: ['eu-west-1'] } }),
  ).toMatchObject({
    status: 'waiting',
    found: 'there is no user pool ServerlesspressoUserPool in us-east-1, but in eu-west-1 it is',
    hint: expect.stringContaining('presso verify --region eu-west-1'),
  });
});

test('a pool of the same name that the apps do not use is told apart', () => {
  expect(judge({ instead: { ...nothing, otherPool: 'us-east-1_Old' } }).found).toBe(
    'somebody is in the group admin of the user pool us-east-1_Old; the apps sign in to us-east-1_AbC',
  );
});
