import { expect, test } from 'vitest';
import { refuseChanging, refuseLooking } from './guard.ts';
import { parseRoster } from './roster.ts';

const roster = parseRoster(
  "name: monday\nprotect: ['222222222222']\nprotectedWords: [finance]\naccounts: ['111111111111', '222222222222', '333333333333']\n",
  { fileName: 'r.yaml', region: 'us-east-1' },
);
const facts = { actsIn: '111111111111', own: '333333333333', aliases: ['workshop-1'] };

test('only an account of the roster that nothing protects may be touched', () => {
  expect(refuseChanging('111111111111', roster, facts)).toBeUndefined();
  expect(refuseLooking('444444444444', roster, facts.own)).toBe('it is not in the roster');
  expect(refuseLooking('222222222222', roster, facts.own)).toContain('protect list');
  expect(refuseLooking('333333333333', roster, facts.own)).toContain('acts from');
});

test('a role that leads elsewhere, an alias that may not be read, a protected word: each refuses with its reason', () => {
  expect(refuseChanging('111111111111', roster, { ...facts, actsIn: '555555555555' })).toContain(
    'acts in account 555555555555',
  );
  expect(refuseChanging('111111111111', roster, { ...facts, aliases: undefined })).toContain('iam:ListAccountAliases');
  for (const alias of ['acmeprod', 'live-2', 'My-Shared', 'finance-eu'])
    expect(refuseChanging('111111111111', roster, { ...facts, aliases: ['workshop', alias] }), alias).toContain(
      'protected word',
    );
});
