/** Sessions of a long run: renewed before they end, and after AWS has ended one. */
import { IAM } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import type { Sandbox } from '../sandbox/index.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { callerAccount } from './account.ts';
import { sessionsOf } from './assume.ts';
import { connect } from './connection.ts';
import { errorName, isExpired } from './failure.ts';

const [HUB, ANNA] = ['999999999999', '111111111111'] as const;

async function baseOf(sandbox: Sandbox) {
  const iam = new IAM(clientConfig(sandbox, ANNA));
  const { Role } = await iam.createRole({
    RoleName: 'Enter',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }],
    }),
  });
  const credentials = { accessKeyId: HUB, secretAccessKey: 'x' };
  const base = await connect({ region: 'us-east-1', endpoint: sandbox.endpoint, credentials });
  return { base, role: { roleArn: Role?.Arn ?? '', sessionName: 'test' } };
}

test('a session is renewed before its hour is over, once for all who ask at the same time', () =>
  withSandbox(async (sandbox) => {
    const { base, role } = await baseOf(sandbox);
    let ahead = 0;
    const sessions = sessionsOf(base, role, () => Date.now() + ahead);
    const [first, same] = await Promise.all([sessions.provide(), sessions.provide()]);
    expect(same.accessKeyId).toBe(first.accessKeyId);
    ahead = 54 * 60_000;
    expect((await sessions.provide()).accessKeyId).toBe(first.accessKeyId);
    ahead = 56 * 60_000;
    const [next, too] = await Promise.all([sessions.provide(), sessions.provide()]);
    expect(next.accessKeyId).not.toBe(first.accessKeyId);
    expect(too.accessKeyId).toBe(next.accessKeyId);
    base.close();
  }));

test('a session that AWS ended in the middle is known by its error, and the next one goes on', () =>
  withSandbox(async (sandbox) => {
    const { base, role } = await baseOf(sandbox);
    const sessions = sessionsOf(base, role, Date.now);
    const first = base.as(sessions.provide, 'us-east-1');
    expect(await callerAccount(first)).toBe(ANNA);
    await sandbox.advance(2 * 3_600_000);
    const ended = await callerAccount(first).catch((error: unknown) => error);
    expect(errorName(ended)).toMatch(/Expired/);
    expect(isExpired(ended)).toBe(true);
    first.close();
    sessions.renew();
    const second = base.as(sessions.provide, 'us-east-1');
    expect(await callerAccount(second)).toBe(ANNA);
    second.close();
    base.close();
  }));
