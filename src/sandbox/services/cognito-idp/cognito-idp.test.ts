import { createHash, getDiffieHellman } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { withSandbox } from '../../../testing/sandbox.ts';
import { makeVerifier } from './passwords.ts';

type Json = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: answers come off the wire.
type Answer = any;

/** Calls as an SDK does: there is no client of this service among the project's packages. */
const client =
  (sandbox: { endpoint: string }) =>
  async (action: string, input: Json): Promise<Answer> => {
    const response = await fetch(sandbox.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
        authorization: 'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/cognito-idp/aws4_request',
      },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as Json;
    if (response.status !== 200) throw Object.assign(new Error(String(answer['message'])), { name: answer['__type'] });
    return answer;
  };

async function makePool(call: ReturnType<typeof client>, more: Json = {}): Promise<string> {
  const made = await call('CreateUserPool', {
    PoolName: 'ServerlesspressoUserPool',
    UsernameAttributes: ['email'],
    ...more,
  });
  return made.UserPool.Id as string;
}

const user = (UserPoolId: string, Username: string, more: Json = {}) => ({
  UserPoolId,
  Username,
  MessageAction: 'SUPPRESS',
  ...more,
});

test('a pool shows what it was made with, goes back to defaults on update, and is deleted with what it holds', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const UserPoolId = await makePool(call, { AutoVerifiedAttributes: ['email'], UserPoolTags: { a: 'b' } });
    expect(UserPoolId).toMatch(/^us-east-1_[A-Za-z0-9]{9}$/);
    const { UserPool } = await call('DescribeUserPool', { UserPoolId });
    expect(UserPool).toMatchObject({
      Name: 'ServerlesspressoUserPool',
      Arn: `arn:aws:cognito-idp:us-east-1:123456789012:userpool/${UserPoolId}`,
      AutoVerifiedAttributes: ['email'],
      UsernameAttributes: ['email'],
      UserPoolTags: { a: 'b' },
      Policies: { PasswordPolicy: { MinimumLength: 8, RequireSymbols: true } },
    });
    expect(UserPool.SchemaAttributes.map((attribute: Answer) => attribute.Name)).toContain('email');
    await call('UpdateUserPool', { UserPoolId, DeletionProtection: 'ACTIVE' });
    const after = await call('DescribeUserPool', { UserPoolId });
    expect(after.UserPool.AutoVerifiedAttributes).toBeUndefined();
    await expect(call('DeleteUserPool', { UserPoolId })).rejects.toThrow('deletion protection is activated');
    await call('UpdateUserPool', { UserPoolId });
    await call('DeleteUserPool', { UserPoolId });
    await expect(call('DescribeUserPool', { UserPoolId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `User pool ${UserPoolId} does not exist.`,
    });
  }));

test('app clients are made, changed, listed and deleted', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const UserPoolId = await makePool(call);
    const made = await call('CreateUserPoolClient', {
      UserPoolId,
      ClientName: 'apps',
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
    });
    const { ClientId } = made.UserPoolClient;
    expect(ClientId).toMatch(/^[a-z0-9]{26}$/);
    expect(made.UserPoolClient.ClientSecret).toBeUndefined();
    const other = await call('CreateUserPoolClient', { UserPoolId, ClientName: 'secret', GenerateSecret: true });
    expect(other.UserPoolClient.ClientSecret).toMatch(/^[a-z0-9]{51}$/);
    await call('UpdateUserPoolClient', { UserPoolId, ClientId, ClientName: 'renamed' });
    const listed = await call('ListUserPoolClients', { UserPoolId, MaxResults: 1 });
    expect(listed.UserPoolClients).toMatchObject([{ ClientId, ClientName: 'renamed' }]);
    expect(listed.NextToken).toBeDefined();
    await call('DeleteUserPoolClient', { UserPoolId, ClientId });
    await expect(call('DescribeUserPoolClient', { UserPoolId, ClientId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  }));

test('the admin user is made without mail, given a password for good, and put into the admin group', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const UserPoolId = await makePool(call);
    await call('CreateGroup', { UserPoolId, GroupName: 'admin', Precedence: 1 });
    await expect(call('CreateGroup', { UserPoolId, GroupName: 'admin' })).rejects.toMatchObject({
      name: 'GroupExistsException',
    });
    const made = await call('AdminCreateUser', user(UserPoolId, 'barista@example.com'));
    const sub = made.User.Username as string;
    expect(sub).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.User).toMatchObject({ UserStatus: 'FORCE_CHANGE_PASSWORD', Enabled: true });
    await expect(call('AdminCreateUser', user(UserPoolId, 'barista@example.com'))).rejects.toMatchObject({
      name: 'UsernameExistsException',
    });
    const Username = 'barista@example.com';
    await expect(
      call('AdminSetUserPassword', { UserPoolId, Username, Password: 'short', Permanent: true }),
    ).rejects.toMatchObject({
      name: 'InvalidPasswordException',
      message: 'Password did not conform with policy: Password not long enough',
    });
    await call('AdminSetUserPassword', { UserPoolId, Username, Password: 'Espresso-2026', Permanent: true });
    await call('AdminAddUserToGroup', { UserPoolId, Username, GroupName: 'admin' });
    const found = await call('AdminGetUser', { UserPoolId, Username });
    expect(found).toMatchObject({ Username: sub, UserStatus: 'CONFIRMED' });
    expect(found.UserAttributes).toContainEqual({ Name: 'email', Value: Username });
    const inGroup = await call('ListUsersInGroup', { UserPoolId, GroupName: 'admin' });
    expect(inGroup.Users.map((member: Answer) => member.Username)).toEqual([sub]);
    const groups = await call('AdminListGroupsForUser', { UserPoolId, Username: sub });
    expect(groups.Groups).toMatchObject([{ GroupName: 'admin' }]);
    await call('AdminRemoveUserFromGroup', { UserPoolId, Username, GroupName: 'admin' });
    expect((await call('ListUsersInGroup', { UserPoolId, GroupName: 'admin' })).Users).toEqual([]);
    await call('AdminDisableUser', { UserPoolId, Username });
    expect((await call('AdminGetUser', { UserPoolId, Username })).Enabled).toBe(false);
    await call('AdminDeleteUser', { UserPoolId, Username });
    await expect(call('AdminGetUser', { UserPoolId, Username })).rejects.toMatchObject({
      name: 'UserNotFoundException',
      message: 'User does not exist.',
    });
  }));

test('attributes keep to the schema, and users are found by a filter, in pages', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const UserPoolId = await makePool(call, { Schema: [{ Name: 'shop', AttributeDataType: 'String', Mutable: true }] });
    for (const name of ['ann', 'bob', 'abe'])
      await call(
        'AdminCreateUser',
        user(UserPoolId, `${name}@example.com`, { UserAttributes: [{ Name: 'custom:shop', Value: name }] }),
      );
    const more = { UserPoolId, CustomAttributes: [{ Name: 'table', AttributeDataType: 'Number' }] };
    await call('AddCustomAttributes', more);
    await expect(call('AddCustomAttributes', more)).rejects.toThrow('custom:table');
    const emails = (answer: Answer) =>
      answer.Users.map((one: Answer) => one.Attributes.find((attribute: Answer) => attribute.Name === 'email').Value);
    expect(emails(await call('ListUsers', { UserPoolId, Filter: 'email ^= "a"' }))).toEqual([
      'ann@example.com',
      'abe@example.com',
    ]);
    const first = await call('ListUsers', { UserPoolId, Limit: 2 });
    const second = await call('ListUsers', { UserPoolId, Limit: 2, PaginationToken: first.PaginationToken });
    expect(emails(second)).toEqual(['abe@example.com']);
    await expect(
      call('AdminUpdateUserAttributes', {
        UserPoolId,
        Username: 'ann@example.com',
        UserAttributes: [{ Name: 'custom:none', Value: 'x' }],
      }),
    ).rejects.toThrow('Type for attribute {custom:none} could not be determined');
    await expect(
      call('AdminUpdateUserAttributes', {
        UserPoolId,
        Username: 'ann@example.com',
        UserAttributes: [{ Name: 'email', Value: 'bob@example.com' }],
      }),
    ).rejects.toMatchObject({ name: 'AliasExistsException' });
    await expect(call('AdminCreateUser', user(UserPoolId, 'no-address'))).rejects.toThrow(
      'Username should be an email.',
    );
  }));

test('signing in, mail, triggers and second factors are refused by name', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const UserPoolId = await makePool(call);
    await expect(call('InitiateAuth', {})).rejects.toThrow('cognito-idp:InitiateAuth');
    await expect(call('AdminCreateUser', { UserPoolId, Username: 'a@example.com' })).rejects.toThrow('SUPPRESS');
    await expect(
      makePool(call, { LambdaConfig: { PreSignUp: 'arn:aws:lambda:us-east-1:123456789012:function:f' } }),
    ).rejects.toThrow('PreSignUp');
    await expect(makePool(call, { MfaConfiguration: 'ON' })).rejects.toThrow('mfaConfiguration');
  }));

test('no password is written to disk', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-cognito-'));
  try {
    await withSandbox(
      async (sandbox) => {
        const call = client(sandbox);
        const UserPoolId = await makePool(call);
        await call('AdminCreateUser', user(UserPoolId, 'a@example.com', { TemporaryPassword: 'Secret-Word-1' }));
      },
      { dir },
    );
    const account = path.join(dir, 'accounts', '123456789012');
    const written = readdirSync(account).map((name) => readFileSync(path.join(account, name), 'utf8'));
    expect(written.join('')).toContain('a@example.com');
    expect(written.join('')).not.toContain('Secret-Word-1');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('RFC 5054: the verifier is g to the power of x in the 3072 bit group', () => {
  const salt = Buffer.alloc(16, 0x80);
  const { verifier } = makeVerifier(salt, 'us-east-1_Pool', 'ann', 'Espresso-2026');
  const sha = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  const x = sha(Buffer.concat([Buffer.from([0]), salt, sha('Poolann:Espresso-2026')]));
  const prime = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
  let result = 1n;
  let base = 2n;
  for (let power = BigInt(`0x${x.toString('hex')}`); power > 0n; power >>= 1n) {
    if (power & 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  expect(BigInt(`0x${verifier}`)).toBe(result);
});
