import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { AccountStore } from './journal.ts';

const folders: string[] = [];
function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-journal-'));
  folders.push(dir);
  return dir;
}
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

test('what is read back is what was there, in the order it was first put, however changes fell into turns', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: fc.constantFrom('a', 'b', 'c', 'd') }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.constantFrom('a', 'b', 'c', 'd') }) },
    { weight: 1, arbitrary: fc.constant('turn' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const dir = folder();
      const store = await AccountStore.open('123456789012', dir);
      const table = store.table<number>('service', '', 'kind');
      for (const [at, one] of steps.entries())
        if (one === 'turn') await store.flushed();
        else if ('put' in one) table.put(one.put, at);
        else table.delete(one.remove);
      const there = [...table.entries()];
      await store.close();
      const again = await AccountStore.open('123456789012', dir);
      expect([...again.table<number>('service', '', 'kind').entries()]).toEqual(there);
      await again.close();
    }),
    { numRuns: 60 },
  );
});

test('a record that comes and goes within a turn is never written', async () => {
  const dir = folder();
  const store = await AccountStore.open('123456789012', dir);
  const table = store.table<string>('events', 'us-east-1', 'deliveries');
  table.put('kept', 'on its way');
  table.put('arrived', 'at once');
  table.delete('arrived');
  await store.close();
  const file = path.join(dir, 'journal.0');
  expect(existsSync(file)).toBe(true);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('on its way');
  expect(text).not.toContain('arrived');
});
