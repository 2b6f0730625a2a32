import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Checklist } from '../verify/index.ts';
import { runPresso } from '../testing/presso.ts';
import {
  buildsOf,
  checklistsOf,
  definitions,
  deployModule,
  openAccount,
  proveInAccount,
  proveUntouched,
} from './prove.ts';

const lists = checklistsOf(['setup', 'module-1', 'module-2', 'module-3', 'module-4']);
const listOf = (module: string): Checklist => {
  const list = lists.find((one) => one.module === module);
  if (!list) throw new Error(`no checks for ${module}`);
  return list;
};

describe('the checks of workflows, by definitions alone', () => {
  test('every build of module 1 that a file can show is judged as it says', async () => {
    const wrong: string[] = [];
    let judged = 0;
    for await (const { build, trouble } of definitions([listOf('module-1')])) {
      judged++;
      if (trouble.length > 0) wrong.push(`${build}: ${trouble.join('; ')}`);
    }
    expect(wrong).toEqual([]);
    expect(judged).toBeGreaterThan(95);
  });
});

/** The whole proof takes a minute and is part of `npm run soak`; here a few builds of every kind. */
describe('the checks in an account', () => {
  let account: Awaited<ReturnType<typeof openAccount>>;
  beforeAll(async () => {
    account = await openAccount();
  });
  afterAll(() => account.close());

  test.each(['setup', 'module-1', 'module-2', 'module-3'])(
    '%s, untouched: nothing that a learner builds passes',
    async (module) => {
      expect((await proveUntouched(account.connection, listOf(module))).trouble).toEqual([]);
    },
  );

  test.each([
    ['module-1', 'solution'],
    ['module-1', 'variants/cdk-style'],
    ['module-1', 'variants/optimistic-counter'],
    ['module-1', 'variants/function-takes-number'],
    ['module-1', 'mistakes/role-without-update-item'],
    ['module-1', 'mistakes/express'],
    ['module-2', 'solution'],
    ['module-2', 'variants/target-roles'],
    ['module-2', 'variants/template-names'],
    ['module-2', 'mistakes/function-without-permission'],
    ['module-2', 'mistakes/waiting-catches-the-managers-event'],
    ['module-3', 'solution'],
    ['module-3', 'variants/made-in-the-console'],
    ['module-3', 'variants/in-other-groups-too'],
    ['module-3', 'mistakes/in-another-region'],
    ['module-3', 'mistakes/blank-after-an-address'],
    ['module-3', 'mistakes/publishers-rule-disabled'],
  ])('%s %s is judged as it says', async (module, build) => {
    expect((await proveInAccount(account.connection, listOf(module), build)).trouble).toEqual([]);
  });

  test('after them the account is untouched again', async () => {
    expect((await proveUntouched(account.connection, listOf('module-2'))).trouble).toEqual([]);
    expect((await proveUntouched(account.connection, listOf('module-3'))).trouble).toEqual([]);
  });

  test('module 4 has its stacks deployed, and only then passes', async () => {
    expect((await proveUntouched(account.connection, listOf('module-4'))).trouble).toEqual([]);
    await deployModule(account, 'module-4');
    expect((await proveInAccount(account.connection, listOf('module-4'), 'solution')).trouble).toEqual([]);
  });
});

test('every folder of variants and mistakes holds a build', () => {
  for (const { module } of lists) expect(buildsOf(module)).toEqual([...new Set(buildsOf(module))]);
  expect(buildsOf('module-2').filter((name) => name.startsWith('mistakes/')).length).toBeGreaterThan(25);
});

test('the command says how many were judged, and ends with 0', async () => {
  const ran = await runPresso(['content', 'prove', 'module-1', '--fast', '--json']);
  expect(ran.stderr).not.toContain('✗');
  expect(ran.code).toBe(0);
  const { builds } = JSON.parse(ran.stdout) as { builds: { build: string; right: boolean }[] };
  expect(builds.every(({ right }) => right)).toBe(true);
});

test('a module that has no checks is answered with the nearest one', async () => {
  const ran = await runPresso(['content', 'prove', 'modul-1']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('presso content prove module-1');
});
