import { expect, test } from 'vitest';
import { authorize } from './authorize.ts';
import type { RoleRecord } from './iam-records.ts';
import type { Principal } from './identity.ts';
import { AccountStore } from './journal.ts';

const account = '123456789012';
const roleArn = `arn:aws:iam::${account}:role/Worker`;
const caller: Principal = { kind: 'role', account, roleArn, sessionName: 'session' };
const allow = (Resource: string, Condition?: object): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource, ...(Condition ? { Condition } : {}) }],
  });

async function asked(policies: Record<string, string>[]): Promise<boolean[]> {
  const store = await AccountStore.open(account, undefined);
  return policies.map((inlinePolicies) => {
    const role = { arn: roleArn, name: 'Worker', inlinePolicies, attachedPolicies: [], tags: {} };
    store.table<RoleRecord>('iam', '', 'roles').put('Worker', role as unknown as RoleRecord);
    const may = (): boolean => {
      try {
        authorize(store, caller, { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:::queue' }, 0, 'us-east-1');
        return true;
      } catch {
        return false;
      }
    };
    const first = may();
    expect(may()).toBe(first);
    return first;
  });
}

test('what a role was allowed is asked anew once the role has changed', async () => {
  const yes = { work: allow('*') };
  const deny = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: 'sqs:SendMessage', Resource: '*' }],
  });
  expect(await asked([yes, {}, yes, { ...yes, deny }, yes])).toEqual([true, false, true, false, true]);
});

test('an answer that a condition decides is never kept', async () => {
  const store = await AccountStore.open(account, undefined);
  const until = { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } };
  const role = { arn: roleArn, name: 'Worker', inlinePolicies: { work: allow('*', until) }, attachedPolicies: [] };
  store.table<RoleRecord>('iam', '', 'roles').put('Worker', role as unknown as RoleRecord);
  const at = (time: string) => (): void =>
    authorize(store, caller, { action: 'sqs:SendMessage', resource: '*' }, Date.parse(time), 'us-east-1');
  expect(at('2029-12-31')).not.toThrow();
  expect(at('2030-01-02')).toThrow(/not authorized/);
});
