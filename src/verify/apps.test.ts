// One file because it is one account: the core is deployed once, and each test mends what it broke.
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createUser, deleteUser, joinGroup, userPoolsNamed } from '../aws/user-pools.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { MODULES, USER_POOL_NAME } from '../workshop.ts';
import { factsOf, KINDS, readChecklists, type Result, verify } from './index.ts';

let workshop: Workshop;
let cognito: CognitoIdentityProvider;
let pool: string;
const list = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) => module === 'module-3');

async function results(): Promise<Result[]> {
  const explain = (error: unknown) => ({ found: String(error), hint: '' });
  const found: Result[] = [];
  for await (const { checks } of verify(list, factsOf(workshop.connection), explain)) found.push(...checks);
  return found;
}
const admin = async (): Promise<string> => {
  const { status, found } = (await results()).find(({ id }) => id === 'module-3.admin') as Result;
  return `${status}: ${found}`;
};
const faults = async (): Promise<string[]> =>
  (await results()).flatMap(({ id, status, found }) => (/fail|error/.test(status) ? [`${id}: ${found}`] : []));

beforeAll(async () => {
  workshop = await openWorkshop();
  cognito = new CognitoIdentityProvider(clientConfig(workshop.sandbox, workshop.account));
  pool = (await userPoolsNamed(workshop.connection, USER_POOL_NAME))[0] ?? '';
});
afterAll(() => workshop.close());

test('while nobody may serve, one check fails and everything that came with the core waits', async () => {
  const found = await results();
  expect(found.map(({ id, status }) => [id, status])).toEqual(
    found.map(({ id }) => [id, id === 'module-3.admin' ? 'fail' : 'waiting']),
  );
  expect(await admin()).toBe(`fail: nobody is in the user pool ${pool} yet`);
});

const ann = { UserPoolId: '', Username: 'ann@example.com' };

test('the user who comes nearest is named, with what is missing', async () => {
  const { connection } = workshop;
  ann.UserPoolId = pool;
  await createUser(connection, pool, { name: 'ann@example.com', password: 'Tempor-4ry', temporary: true });
  expect(await admin()).toBe('fail: nobody is in the group admin; ann@example.com of the pool is not');
  await cognito.createGroup({ UserPoolId: pool, GroupName: 'Admins' });
  await cognito.adminAddUserToGroup({ ...ann, GroupName: 'Admins' });
  expect(await admin()).toBe('fail: ann@example.com is in the group "Admins", and the apps ask for "admin"');
  await cognito.deleteGroup({ UserPoolId: pool, GroupName: 'Admins' });
  await joinGroup(connection, pool, 'ann@example.com', 'admin');
  expect(await admin()).toBe('pass: ann@example.com, who chooses a password at the first sign-in');
  await cognito.adminDisableUser(ann);
  expect(await admin()).toBe('fail: ann@example.com is in the group admin and is disabled');
  await createUser(connection, pool, { name: 'bo@example.com', password: 'Perm4nent-', temporary: false });
  await joinGroup(connection, pool, 'bo@example.com', 'admin');
  expect(await admin()).toBe('pass: bo@example.com');
  await deleteUser(connection, pool, 'ann@example.com');
  await deleteUser(connection, pool, 'bo@example.com');
});

test('the solution passes every check, as often as it is asked', async () => {
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-3', 'solution')));
  const first = await results();
  expect(first.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(await results()).toEqual(first);
  expect(await faults()).toEqual([]);
});
