/** Clocks that are wrong and sessions that end: by the SDK, against the sandbox. */
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { STS } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { runPresso } from '../testing/presso.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { explainAwsError, isExpired } from './failure.ts';

const HOURS = 3_600_000;
/** As AWS: five minutes. */
const STRICT = { faults: { window: 300_000 } };
const where = { sandbox: false };
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a clock that is wrong is told with how far, and is no sign-in that has expired', () =>
  withSandbox(async (sandbox) => {
    // One attempt: the SDK would set itself right by the time of the first refusal.
    const behind = new STS({ ...clientConfig(sandbox), systemClockOffset: -3 * HOURS });
    const refused = await failureOf(behind.getCallerIdentity({}));
    expect(refused).toMatchObject({ name: 'SignatureDoesNotMatch' });
    expect(isExpired(refused)).toBe(false);
    expect(explainAwsError(refused, where)).toMatchObject({
      code: 'clock',
      message: 'The clock of this machine is 3 hours behind, and AWS refuses what is signed by it.',
      hint: expect.stringContaining('run the same command again'),
    });
    const early = new CloudWatchLogs({ ...clientConfig(sandbox), systemClockOffset: 20 * 60_000 });
    const ahead = await failureOf(early.describeLogGroups({}));
    expect(ahead).toMatchObject({ name: 'InvalidSignatureException' });
    expect(explainAwsError(ahead, where)).toMatchObject({
      message: expect.stringMatching(/is (20|15|25) minutes ahead/),
    });
  }, STRICT));

/** A machine whose clock is three hours late, for one process. */
const late = `data:text/javascript,${encodeURIComponent(`const Real = Date, off = -3 * 3600000;
globalThis.Date = class extends Real {
  constructor(...given) { super(...(given.length > 0 ? given : [Real.now() + off])); }
  static now() { return Real.now() + off; }
};`)}`;

test('on a machine with a wrong clock commands work all the same, by the time that AWS tells', () =>
  withSandbox(async (sandbox) => {
    const env = { NODE_OPTIONS: `--import=${late}` };
    const { stdout, stderr } = await runPresso(['status', '--endpoint-url', sandbox.endpoint], { env });
    expect(stderr).not.toContain('clock');
    expect(stdout).toContain('account 000000000000');
  }, STRICT));

test('a moved sandbox clock is no reason to refuse who goes by the real one', () =>
  withSandbox(async (sandbox) => {
    await sandbox.advance(48 * HOURS);
    expect((await new STS(clientConfig(sandbox)).getCallerIdentity({})).Account).toBe('123456789012');
  }, STRICT));

test('unless asked, any date will do: requests are written by hand and replayed', () =>
  withSandbox(async (sandbox) => {
    const old = new STS({ ...clientConfig(sandbox), systemClockOffset: -300 * 24 * HOURS });
    expect((await old.getCallerIdentity({})).Account).toBe('123456789012');
  }));
