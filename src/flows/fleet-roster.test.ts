/** Whose accounts a room may hold, by the sandbox's organizations. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionsOf } from '../aws/assume.ts';
import { connect, type Connection } from '../aws/connection.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { openRoster, readRoster } from './fleet-roster.ts';

const [MANAGEMENT, HUB, ANNA, BO] = ['999999999999', '888888888888', '111111111111', '222222222222'] as const;
const dir = mkdtempSync(path.join(tmpdir(), 'presso-room-'));
const file = path.join(dir, 'room.csv');
let sandbox: Sandbox;
let ids: Record<string, string>;
const bases: Connection[] = [];

const as = async (account: string): Promise<Connection> => {
  const base = await connect({
    region: 'us-east-1',
    endpoint: sandbox.endpoint,
    credentials: { accessKeyId: account, secretAccessKey: 'x' },
  });
  bases.push(base);
  return base;
};

beforeAll(async () => {
  sandbox = await startSandbox({});
  const client = new Organizations(clientConfig(sandbox, MANAGEMENT));
  await client.createOrganization({});
  const root = (await client.listRoots({})).Roots?.[0]?.Id ?? '';
  const unit = async (ParentId: string, Name: string): Promise<string> =>
    (await client.createOrganizationalUnit({ ParentId, Name })).OrganizationalUnit?.Id ?? '';
  const room = await unit(root, 'Room');
  const row = await unit(room, 'Row 1');
  ids = { root, room, row };
  for (const [account, to] of [
    [HUB, room],
    [ANNA, room],
    [BO, row],
  ] as const) {
    const { Handshake } = await client.inviteAccountToOrganization({ Target: { Id: account, Type: 'ACCOUNT' } });
    await new Organizations(clientConfig(sandbox, account)).acceptHandshake({ HandshakeId: Handshake?.Id });
    await client.moveAccount({ AccountId: account, SourceParentId: root, DestinationParentId: to });
  }
});
afterAll(async () => {
  for (const base of bases) base.close();
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the management account is refused from a file, and left out of a unit', async () => {
  const hub = await as(HUB);
  writeFileSync(file, `${ANNA},Anna\n${MANAGEMENT},Boss\n`);
  await expect(openRoster(hub, { roster: file }, 'reset')).rejects.toMatchObject({
    code: 'management-account',
    message: `The roster lists ${MANAGEMENT} (Boss), which is the management account of the organization.`,
  });
  writeFileSync(file, `${ANNA},Anna\n${HUB},Hub\n`);
  await expect(openRoster(hub, { roster: file }, 'reset')).rejects.toMatchObject({ code: 'own-account' });
  const { roster } = await openRoster(await as(MANAGEMENT), { organization: ids['root'] }, 'list');
  expect(roster.attendees.map(({ account }) => account)).toEqual([HUB, ANNA, BO]);
  expect(roster.leftOut?.map(({ account }) => account)).toEqual([MANAGEMENT]);
});

test('a unit is found by its id or by names; only management and delegated administrators may ask', async () => {
  const [management, hub] = [await as(MANAGEMENT), await as(HUB)];
  const byName = await openRoster(management, { organization: 'Room/Row 1' }, 'list');
  expect(byName.roster.attendees.map(({ account }) => account)).toEqual([BO]);
  expect((await openRoster(management, { organization: ids['row'] }, 'list')).roster).toEqual(byName.roster);
  await expect(openRoster(management, { organization: 'Room/Row1' }, 'list')).rejects.toThrow(
    'There is no unit "Row1" in the organization; did you mean Row 1.',
  );
  await expect(openRoster(management, { organization: 'ou-abcd-00000000' }, 'list')).rejects.toMatchObject({
    code: 'no-unit',
  });
  await expect(openRoster(hub, { organization: 'Room' }, 'list')).rejects.toMatchObject({ code: 'denied' });
  await new Organizations(clientConfig(sandbox, MANAGEMENT)).registerDelegatedAdministrator({
    AccountId: HUB,
    ServicePrincipal: 'member.org.stacksets.cloudformation.amazonaws.com',
  });
  const { roster } = await openRoster(hub, { organization: 'Room' }, 'list');
  expect(roster.attendees.map(({ account, group }) => [account, group])).toEqual([
    [ANNA, undefined],
    [BO, 'Row 1'],
  ]);
  expect(roster.leftOut).toMatchObject([{ account: HUB, why: 'it is the account presso acts from' }]);
  await expect(openRoster(await as('777777777777'), { organization: 'Room' }, 'list')).rejects.toMatchObject({
    code: 'no-organization',
  });
});

test('a unit of more than one page is read to its end, who is closed is left out by name', async () => {
  const client = new Organizations(clientConfig(sandbox, MANAGEMENT));
  const { OrganizationalUnit } = await client.createOrganizationalUnit({ ParentId: ids['root'], Name: 'Hall' });
  const accounts = Array.from({ length: 43 }, (_, index) => String(500_000_000_000 + index));
  for (const account of accounts) {
    const { Handshake } = await client.inviteAccountToOrganization({ Target: { Id: account, Type: 'ACCOUNT' } });
    await new Organizations(clientConfig(sandbox, account)).acceptHandshake({ HandshakeId: Handshake?.Id });
    const move = { SourceParentId: ids['root'], DestinationParentId: OrganizationalUnit?.Id };
    await client.moveAccount({ AccountId: account, ...move });
  }
  await client.closeAccount({ AccountId: accounts[30] });
  const { roster } = await openRoster(await as(MANAGEMENT), { organization: 'Hall' }, 'list');
  expect(roster.attendees.map(({ account }) => account)).toEqual(accounts.filter((_, index) => index !== 30));
  expect(roster.leftOut).toMatchObject([{ account: accounts[30], why: 'it is closed' }]);
});

test('a file may be UTF-16, as spreadsheets save Unicode text', () => {
  const text = '\uFEFFaccount\tname\r\n011111111111\tZoë\r\n';
  writeFileSync(file, Buffer.from(text, 'utf16le'));
  expect(readRoster(file, 'us-east-1').attendees).toMatchObject([{ account: '011111111111', name: 'Zoë' }]);
  writeFileSync(file, Buffer.from(text, 'utf16le').swap16());
  expect(readRoster(file, 'us-east-1').attendees).toMatchObject([{ account: '011111111111', name: 'Zoë' }]);
});

test('where the organization may not be asked, the roster is read and that is told', async () => {
  const iam = new IAM(clientConfig(sandbox, HUB));
  const trust = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };
  const { Role } = await iam.createRole({
    RoleName: 'Blind',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  });
  const sessions = sessionsOf(await as(HUB), { roleArn: Role?.Arn ?? '', sessionName: 'blind' }, Date.now);
  const blind = (await as(HUB)).as(sessions.provide, 'us-east-1');
  bases.push(blind);
  writeFileSync(file, `${ANNA},Anna\n`);
  const { roster, unguarded } = await openRoster(blind, { roster: file }, 'reset');
  expect(roster.attendees).toHaveLength(1);
  expect(unguarded).toContain('organizations:DescribeOrganization');
  await expect(openRoster(blind, { organization: 'Room' }, 'reset')).rejects.toMatchObject({ code: 'denied' });
});
