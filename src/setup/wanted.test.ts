import { expect, test } from 'vitest';
import { runtimeNotice } from './wanted.ts';

const file = { runtime: 'nodejs24.x', runtimes: [{ name: 'nodejs24.x', blockCreate: '2028-06-01' }] };

test('the runtime is spoken of from 180 days before AWS stops creating functions with it', () => {
  expect(runtimeNotice(file, '2027-12-03')).toBeUndefined();
  expect(runtimeNotice(file, '2027-12-04')).toEqual({ runtime: 'nodejs24.x', days: 180, blockCreate: '2028-06-01' });
  expect(runtimeNotice(file, '2028-06-02')?.days).toBe(-1);
});
