import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connection } from '../../aws/connection.ts';
import { listRules, putRule } from '../../aws/events.ts';
import { listFunctions } from '../../aws/find.ts';
import { removePermission } from '../../aws/functions.ts';
import { setAttributes } from '../../aws/items.ts';
import { createUser, joinGroup, workshopPool } from '../../aws/user-pools.ts';
import { checksDir } from '../../paths.ts';
import { readBuild } from '../../solve/build.ts';
import { makeBuild, openWorkshop, type Workshop } from '../../testing/workshop.ts';
import { BUS_NAME, TABLES } from '../../workshop.ts';
import { changesBetween } from './changes.ts';
import { PACE, type Watched, watchAccount, watchFile } from './watch.ts';

let workshop: Workshop;
const folder = mkdtempSync(path.join(tmpdir(), 'presso-watch-'));
beforeAll(async () => {
  workshop = await openWorkshop();
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-2', 'solution')));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await workshop?.close();
});

/** A clock that moves only when somebody sleeps; what was slept is kept. */
function clock() {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms: number) {
      slept.push(ms);
      now += ms;
    },
  };
}

/** A watch whose every look is followed by `act`; ends when that answers false. */
async function watched(act: (looks: number, seen: Watched[]) => Promise<boolean>, connection: Connection) {
  const stop = new AbortController();
  const time = clock();
  const seen: Watched[] = [];
  const sleep = async (ms: number): Promise<void> => {
    await time.sleep(ms);
    if (!(await act(time.slept.length, seen))) stop.abort();
  };
  for await (const one of watchAccount(connection, { now: time.now, sleep }, stop.signal)) seen.push(one);
  return { seen, slept: time.slept };
}

test('what somebody changes in the account is named; orders that use up numbers are no change', async () => {
  const { connection } = workshop;
  const [rule] = (await listRules(connection, BUS_NAME)).filter(({ name }) => name === 'NewOrder');
  if (!rule) throw new Error('There is no rule NewOrder.');
  const acts = [
    () => putRule(connection, { ...rule, state: 'DISABLED' }),
    () => setAttributes(connection, TABLES.counting, { PK: 'orderID' }, { IDvalue: 7 }),
    () => setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: false }),
    () => putRule(connection, { name: 'Extra', bus: BUS_NAME, pattern: '{"source":["x"]}' }),
    async () => {
      const pool = (await workshopPool(connection)) ?? '';
      await createUser(connection, pool, { name: 'ann@example.com', password: 'Perm4nent-', temporary: false });
      await joinGroup(connection, pool, 'ann@example.com', 'admin');
    },
  ];
  const { seen } = await watched(async (looks) => {
    await acts[looks - 1]?.();
    return looks <= acts.length;
  }, connection);
  expect(seen).toEqual([
    { kind: 'changed', what: [] },
    { kind: 'changed', what: ['the rule "NewOrder"'] },
    { kind: 'changed', what: ['the shop'] },
    { kind: 'changed', what: ['the rule "Extra" is new'] },
    { kind: 'changed', what: ['the user ann@example.com of the group admin is new'] },
  ]);
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-2', 'solution')));
  await setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: true });
});

test('permissions are looked at too, if less often', async () => {
  const { connection } = workshop;
  const [name = ''] = (await listFunctions(connection)).filter((one) => one.includes('WaitingCompletion'));
  const { seen } = await watched(async (looks) => {
    if (looks === 2) await removePermission(connection, name, 'presso-WaitingCompletion');
    return looks < 7;
  }, connection);
  expect(seen.flatMap((one) => (one.kind === 'changed' ? one.what : []))).toEqual([
    `who may invoke the function ${name}`,
  ]);
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-2', 'solution')));
});

test('never two looks within two seconds; they grow rarer while nothing happens, and once a minute all is judged', async () => {
  const { seen, slept } = await watched(async (looks) => looks < 12, workshop.connection);
  expect(Math.min(...slept)).toBeGreaterThanOrEqual(2_000);
  expect(slept.at(-1)).toBe(PACE.most);
  expect(slept).toEqual([...slept].sort((a, b) => a - b));
  // The first look, and the one after a minute.
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(PACE.whole);
  expect(seen).toEqual([
    { kind: 'changed', what: [] },
    { kind: 'changed', what: [] },
  ]);
});

test('where AWS throttles, the pauses double; then it goes on', async () => {
  let refusals = 3;
  const busy = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata: {} });
  const connection: Connection = {
    ...workshop.connection,
    client: (name, make) => (refusals-- > 0 ? Promise.reject(busy) : workshop.connection.client(name, make)),
  };
  const { seen } = await watched(async (_looks, told) => told.at(-1)?.kind !== 'changed', connection);
  const pauses = seen.flatMap((one) => (one.kind === 'trouble' ? [one.pause] : []));
  expect(pauses.length).toBeGreaterThan(0);
  expect(pauses).toEqual(pauses.map((_, i) => PACE.least * 2 ** (i + 1)));
  expect(seen.slice(pauses.length)).toEqual([{ kind: 'well' }, { kind: 'changed', what: [] }]);
});

test('a file is another when its content is, whatever its times say', async () => {
  const file = path.join(folder, 'workflow.json');
  writeFileSync(file, '{"a":1}');
  const { atime, mtime } = statSync(file);
  const acts: (() => void)[] = [
    // The same content, written again.
    () => writeFileSync(file, '{"a":1}'),
    // Replaced, as editors do.
    () => {
      writeFileSync(`${file}.new`, '{"a":2}');
      renameSync(`${file}.new`, file);
    },
    // A network drive whose times stand still.
    () => {
      writeFileSync(file, '{"a":3}');
      utimesSync(file, atime, mtime);
    },
    () => rmSync(file),
  ];
  const stop = new AbortController();
  const time = clock();
  let yielded = 0;
  const sleep = async (ms: number): Promise<void> => {
    await time.sleep(ms);
    // Each act has four seconds in which it may be seen.
    if (time.now() < 4_000 * (next + 1)) return;
    const act = acts[next++];
    if (act) act();
    else stop.abort();
  };
  let next = 0;
  for await (const _ of watchFile(file, { now: time.now, sleep }, stop.signal)) yielded++;
  expect(yielded).toBe(1 + 3);
});

test('what is new, other and gone is told apart', () => {
  const look = (text: Record<string, string>) => new Map(Object.entries(text));
  expect(changesBetween(look({ a: '1', b: '1', c: '1' }), look({ a: '1', b: '2', d: '1' }))).toEqual([
    'b',
    'd is new',
    'c is gone',
  ]);
});
