/** Rosters as people really make them: by hand, in spreadsheets, in a hurry. */
import { expect, test } from 'vitest';
import { parseRoster } from './roster.ts';

const read = (text: string, fileName = 'monday.csv') => parseRoster(text, { fileName, region: 'us-east-1' });
const refused = (text: string, fileName = 'monday.csv'): string => {
  try {
    read(text, fileName);
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was taken';
};

test('a spreadsheet of any country is read: BOM, CRLF, semicolons, quotes with line breaks', () => {
  const roster = read(
    '\uFEFFAccount ID;Name;Region;Group\r\n111111111111;"Anna ""A""\nBauer";eu-west-1;t1\r\n222222222222;Bo;;\r\n',
  );
  expect(roster.name).toBe('monday');
  expect(roster.attendees).toEqual([
    {
      account: '111111111111',
      name: 'Anna "A"\nBauer',
      region: 'eu-west-1',
      role: 'OrganizationAccountAccessRole',
      group: 't1',
    },
    { account: '222222222222', name: 'Bo', region: 'us-east-1', role: 'OrganizationAccountAccessRole' },
  ]);
});

test('a list without headings is account, name, Region, role, group', () => {
  expect(read('111111111111,Anna,eu-west-1,Hub,t1').attendees).toMatchObject([{ role: 'Hub', group: 't1' }]);
});

test('YAML keeps the zero that YAML itself would lose, and has defaults and a protect list', () => {
  const roster = read(
    "name: monday\nregion: eu-west-1\nrole: Hub\nexternalId: x1\nprotect: ['333333333333']\naccounts:\n  - id: 012345678901\n    name: Anna\n  - 222222222222\n",
    'room.yaml',
  );
  expect(roster).toMatchObject({ name: 'monday', protect: ['333333333333'] });
  expect(roster.attendees).toEqual([
    { account: '012345678901', name: 'Anna', region: 'eu-west-1', role: 'Hub', externalId: 'x1' },
    { account: '222222222222', name: '222222222222', region: 'eu-west-1', role: 'Hub', externalId: 'x1' },
  ]);
});

test('a zero that somebody protected from the spreadsheet is taken; lines may end as on an old Mac', () => {
  const roster = read(`account,name\r="012345678901",Anna\r'098765432109,Bo\r"=""011111111111""",Cy\r`);
  expect(roster.attendees.map(({ account, name }) => [account, name])).toEqual([
    ['012345678901', 'Anna'],
    ['098765432109', 'Bo'],
    ['011111111111', 'Cy'],
  ]);
  expect(refused('account\r\r12345678\r')).toContain('monday.csv:3:1: the account "12345678" has 8 digits');
});

test('every mistake is told with line and column, at once', () => {
  const said = refused(
    'account,name,region\n111111111111,A,us-esat-1\n12345678901,B,\n111111111111,C,\n1.23457E+11,D,\nabc,E,\n1111-1111-1112,F,\n',
  );
  expect(said).toContain('monday.csv:2:16: there is no Region "us-esat-1"; did you mean us-east-1');
  expect(said).toContain(
    'monday.csv:3:1: the account "12345678901" has 11 digits; a spreadsheet drops leading zeros, so it is probably 012345678901',
  );
  expect(said).toContain('monday.csv:4:1: the account 111111111111 stands on line 2 already');
  expect(said).toContain('monday.csv:5:1: a spreadsheet has turned the account into "1.23457E+11"');
  expect(said).toContain('monday.csv:6:1: "abc" is not an account number of 12 digits');
  expect(said).toContain('monday.csv:7:1: write the account "1111-1111-1112" without its dashes');
  expect(refused('name: x\naccounts:\n  - {id: "111111111111", regoin: eu-west-1}\n', 'r.yaml')).toContain(
    'r.yaml:3:26: "regoin" is not known here; did you mean region',
  );
});

test('what is no roster is refused, whatever it is', () => {
  expect(refused('')).toContain('monday.csv:1:1: the roster is empty');
  expect(refused('\uFEFF \r\n')).toContain('empty');
  expect(refused('account,name\n')).toContain('lists no accounts');
  expect(refused('name,region\nA,us-east-1\n')).toContain('no column called account');
  expect(refused('account,name\n111111111111,"A\n')).toContain('monday.csv:2:14: a quote is opened and never closed');
  expect(refused('accounts: [\n', 'r.yaml')).toContain('this is not YAML');
  expect(refused('accounts: ["111111111111"]\n', 'r.yaml')).toContain('needs the name of its fleet');
  expect(refused('111111111111,A,us-east-1,arn:aws:iam::222222222222:role/X')).toContain('in another account');
});

test('10,000 lines are read in no time, one more is refused', () => {
  const lines = (n: number): string =>
    Array.from({ length: n }, (_, i) => `${String(100_000_000_000 + i)},Person ${i}`).join('\n');
  expect(read(lines(10_000)).attendees).toHaveLength(10_000);
  expect(refused(lines(10_001))).toContain('10000 is the most');
});
