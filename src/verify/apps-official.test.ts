/** Accounts that an AWS event set up: other publishers, other APIs, guests who may listen. None of it is anybody's fault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, describeStack } from '../aws/cloudformation.ts';
import { listRules, putRule } from '../aws/events.ts';
import { createGroup, createUser, joinGroup, userPoolsNamed } from '../aws/user-pools.ts';
import { checksDir } from '../paths.ts';
import { OFFICIAL_CORE } from '../testing/official-core.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, MODULES, USER_POOL_NAME } from '../workshop.ts';
import { factsOf, KINDS, readChecklists, verify } from './index.ts';

const list = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) => module === 'module-3');
let workshop: Workshop;

async function statuses(): Promise<string[]> {
  const explain = (error: unknown) => ({ found: String(error), hint: '' });
  const found: string[] = [];
  for await (const { checks } of verify(list, factsOf(workshop.connection), explain))
    found.push(
      ...checks.map((check) => `${check.status} ${check.id}${check.status === 'pass' ? '' : `: ${check.found}`}`),
    );
  return found;
}

beforeAll(async () => {
  workshop = await openWorkshop({ core: false });
  await createStack(workshop.connection, { name: 'Core', body: OFFICIAL_CORE, parameters: {}, tags: {} });
  await workshop.sandbox.settle();
  const stack = await describeStack(workshop.connection, 'Core');
  expect([stack?.status, stack?.reason]).toEqual(['CREATE_COMPLETE', undefined]);
});
afterAll(() => workshop.close());

test('with somebody in the group admin everything passes', async () => {
  const { connection } = workshop;
  const [pool = ''] = await userPoolsNamed(connection, USER_POOL_NAME);
  await createUser(connection, pool, { name: 'ann@example.com', password: 'Perm4nent-', temporary: false });
  expect((await statuses())[0]).toMatch(/^fail module-3\.admin: the user pool .* has no group admin$/);
  await createGroup(connection, pool, 'admin');
  await joinGroup(connection, pool, 'ann@example.com', 'admin');
  expect(await statuses()).toEqual([
    'pass module-3.admin',
    'pass module-3.settings',
    'pass module-3.apis',
    'pass module-3.listen',
    'pass module-3.publisher',
  ]);
});

test('a publisher that was switched off is found among three', async () => {
  const { connection } = workshop;
  const rule = (await listRules(connection, BUS_NAME)).find(({ name }) => name.includes('UserPublisher'));
  if (!rule) throw new Error('no rule');
  await putRule(connection, { ...rule, state: 'DISABLED' });
  expect((await statuses()).filter((text) => !text.startsWith('pass'))).toEqual([
    expect.stringMatching(
      /^fail module-3\.publisher: .* do not reach serverlesspresso-user-…: the rule .* is disabled$/,
    ),
  ]);
  await putRule(connection, rule);
});
