/** A long run, in which sessions end: by the sandbox's clock, without waiting for it. */
import { IAM } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { callerAccount } from '../aws/account.ts';
import { connect } from '../aws/connection.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { attend } from './attend.ts';
import type { Roster } from './roster.ts';

const [HUB, ANNA] = ['999999999999', '111111111111'] as const;
const anna = { account: ANNA, name: 'Anna', region: 'us-east-1', role: 'Enter' };
const roster: Roster = { name: 'monday', attendees: [anna], protect: [], protectedWords: [] };

test('a session that ends in the middle is renewed, and the work is begun once more; one that always ends is told', () =>
  withSandbox(async (sandbox) => {
    const iam = new IAM(clientConfig(sandbox, ANNA));
    const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' };
    await iam.createRole({
      RoleName: 'Enter',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    });
    const credentials = { accessKeyId: HUB, secretAccessKey: 'x' };
    const base = await connect({ region: 'us-east-1', endpoint: sandbox.endpoint, credentials });
    const { signal } = new AbortController();
    // The hub's own clock does not see the hours go by, as when AWS ends a session before its time.
    const options = { base, roster, own: HUB, now: () => 0 };
    let begun = 0;
    const account = await attend(anna, false, options, signal, async ({ connection }) => {
      begun++;
      if (begun === 1) await sandbox.advance(2 * 3_600_000);
      return callerAccount(connection);
    });
    expect(account).toBe(ANNA);
    expect(begun).toBe(2);
    begun = 0;
    const always = attend(anna, false, options, signal, async ({ connection }) => {
      begun++;
      await sandbox.advance(2 * 3_600_000);
      return callerAccount(connection);
    });
    await expect(always).rejects.toThrow(/expired/i);
    expect(begun).toBeLessThanOrEqual(5);
    base.close();
  }));
