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

const PASSED = ['admin', 'settings', 'apis', 'listen', 'publisher'].map((name) => `pass module-3.${name}`);

async function deploy(body: string): Promise<void> {
  workshop = await openWorkshop({ core: false });
  await createStack(workshop.connection, { name: 'Core', body, parameters: {}, tags: {} });
  await workshop.sandbox.settle();
  const stack = await describeStack(workshop.connection, 'Core');
  expect([stack?.status, stack?.reason]).toEqual(['CREATE_COMPLETE', undefined]);
}
async function makeAnn(): Promise<void> {
  const { connection } = workshop;
  const [pool = ''] = await userPoolsNamed(connection, USER_POOL_NAME);
  await createUser(connection, pool, { name: 'ann@example.com', password: 'Perm4nent-', temporary: false });
  await createGroup(connection, pool, 'admin');
  await joinGroup(connection, pool, 'ann@example.com', 'admin');
}

beforeAll(() => deploy(OFFICIAL_CORE));
afterAll(() => workshop.close());

test('with somebody in the group admin everything passes', async () => {
  expect((await statuses())[0]).toMatch(/^fail module-3\.admin: the user pool .* has no group admin$/);
  await makeAnn();
  expect(await statuses()).toEqual(PASSED);
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

test('since 2025 AppSync Events carries the news, and nobody needs an identity for it', async () => {
  await workshop.close();
  const api = 'https://abcdefghijklmnop.appsync-api.us-east-1.amazonaws.com/event';
  const body = OFFICIAL_CORE.replaceAll(
    'IOT_TOPIC: serverlesspresso-',
    `EVENT_API: '${api}', CHANNEL: serverlesspresso/`,
  )
    .replaceAll('serverlesspresso/user-', 'serverlesspresso/user')
    .replace('IdentityPoolName: ServerlesspressoIdentityPool', 'IdentityPoolName: Another')
    .replace('[iot:Connect, iot:Publish]', '[appsync:EventPublish]');
  await deploy(body);
  await makeAnn();
  expect(await statuses()).toEqual(PASSED);
});

test('publishers whose environment says no topic are known by their names', async () => {
  await workshop.close();
  await deploy(
    OFFICIAL_CORE.replaceAll('IOT_TOPIC: serverlesspresso-', 'CHANNEL: ').replace('iot:Publish', 'iot:Look'),
  );
  await makeAnn();
  expect(await statuses()).toEqual(PASSED);
});
