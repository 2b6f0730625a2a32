import { expect, test } from 'vitest';
import type { Check } from '../types.ts';
import { PROBES } from './index.ts';

/** The verdict of a probe on what it would have seen. */
function judge(kind: string, expect: Record<string, unknown>, seen: unknown, stacks: string[] = []) {
  const check: Check = { id: 'setup.one', title: 'One', kind, expect, hints: ['h'], lesson: 'l', needs: [] };
  return PROBES[kind]?.judge(check, (kind === 'table-item' ? seen : { seen, stacks }) as never);
}

const order = {
  table: 'serverlesspresso-order-table',
  keys: ['PK (S)', 'SK (S)'],
  named: ['GSI-status'],
  indexes: [['PK (S)', 'TS (N)']],
};
const shape = {
  status: 'ACTIVE',
  keys: ['PK (S)', 'SK (S)'],
  indexes: { 'GSI-status': ['ORDERSTATE (S)', 'SK (S)'], byTime: ['PK (S)', 'TS (N)'] },
};
const table = (change: object, elsewhere: string[] = []) =>
  judge('table', order, { shape: { ...shape, ...change }, region: 'eu-west-1', elsewhere });

test('a table has the key, the indexes and the stream that its microservice needs', () => {
  expect(table({})).toMatchObject({ status: 'pass' });
  expect(table({ keys: ['PK (N)'] })?.found).toBe('the key of serverlesspresso-order-table is PK (N)');
  expect(table({ indexes: { byTime: ['PK (S)', 'TS (N)'] } })?.found).toMatch(/has no index GSI-status/);
  expect(table({ indexes: { 'GSI-status': [] } })?.found).toMatch(/no index .* has the key PK \(S\), TS \(N\)/);
  expect(table({ status: 'CREATING' })).toMatchObject({ status: 'error', found: expect.stringMatching(/is CREATING/) });
});

test('a config table needs a stream that carries new images', () => {
  const config = (stream?: string) =>
    judge(
      'table',
      { table: 'serverlesspresso-config-table', keys: ['PK (S)'], stream: true },
      {
        shape: { status: 'ACTIVE', keys: ['PK (S)'], indexes: {}, ...(stream ? { stream } : {}) },
        region: '',
        elsewhere: [],
      },
    );
  expect(config('NEW_AND_OLD_IMAGES')).toMatchObject({ status: 'pass' });
  expect(config('KEYS_ONLY')?.found).toMatch(/carries KEYS_ONLY/);
  expect(config()?.found).toMatch(/has no stream/);
});

test('a table that is only in another Region is found there', () => {
  expect(
    judge('table', order, { shape: undefined, region: 'eu-west-1', elsewhere: ['us-east-1', 'us-west-2'] }),
  ).toMatchObject({
    status: 'fail',
    found: 'there is no table serverlesspresso-order-table in eu-west-1, but in us-east-1 and us-west-2 it is',
    hint: expect.stringMatching(/presso verify --region us-east-1/),
  });
});

test('while a stack is being deployed nothing is said to be missing for good', () => {
  const seen = { arn: undefined, region: 'us-east-1', elsewhere: [] };
  expect(judge('event-bus', {}, seen)?.status).toBe('fail');
  expect(judge('event-bus', {}, seen, ['serverlesspresso-events (CREATE_IN_PROGRESS)'])).toMatchObject({
    status: 'error',
    found: expect.stringMatching(/serverlesspresso-events \(CREATE_IN_PROGRESS\) is still being changed/),
  });
});

test('an attribute that is misspelt is told from one that is missing', () => {
  const item = (attributes: object) =>
    judge(
      'table-item',
      { table: 'T', key: 'config', attributes: { storeOpen: 'boolean' } },
      { item: { PK: 'config', ...attributes } },
    );
  expect(item({ storeOpen: false })).toMatchObject({ status: 'pass' });
  expect(item({ storeopen: true })?.found).toMatch(/has no storeOpen; it has "storeopen"/);
  expect(item({})?.found).toMatch(/has no storeOpen$/);
  expect(judge('table-item', { table: 'T', key: 'k', attributes: {} }, { tableMissing: true })?.status).toBe('waiting');
});

test("an event's account need not bring the right to log, presso's own set-up must", () => {
  const seen = (own: boolean) => ({ account: '123456789012', region: 'us-east-1', documents: [], own });
  expect(judge('event-log-policy', {}, seen(false))).toMatchObject({ status: 'pass' });
  expect(judge('event-log-policy', {}, seen(true))).toMatchObject({ status: 'fail' });
});

test('what has no name of the workshop is named as missing', () => {
  expect(judge('functions', { contain: ['A', 'B'] }, ['x-A-1'])?.found).toBe("no function's name contains B");
  expect(judge('order-manager', {}, [])?.found).toBe('there is no state machine');
  expect(judge('user-pool', { group: true }, { pools: ['p'], group: false })?.found).toMatch(/has no group admin/);
  expect(judge('user-pool', {}, { pools: [], group: false })?.status).toBe('fail');
  expect(judge('event-log', {}, false)?.status).toBe('fail');
  expect(judge('prepared-role', {}, { workflow: 'arn', roles: [] })?.found).toMatch(/01OrderProcessorRole$/);
});
