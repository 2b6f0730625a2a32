/**
 * A room of 160 beside a bare SDK client that makes as many calls at the same concurrency, on a sandbox that answers after
 * 40 ms. PRESSO_ROOM changes the size.
 */
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../aws/connection.ts';
import { attend, type Attendee, type Operation, runFleet, type Roster } from '../fleet/index.ts';
import { resetWork, setupWork, verifyWork, type Work } from '../flows/fleet-operations.ts';
import { chosenChecks } from '../flows/verify.ts';
import { packageRoot, templatesDir } from '../paths.ts';
import { startSandbox } from '../sandbox/index.ts';
import { clientConfig } from '../testing/sandbox.ts';

const ROOM = Number(process.env['PRESSO_ROOM'] ?? 160);
const CONCURRENCY = 50;
const HUB = '999999999999';

test(`verify and reset of ${ROOM} accounts`, async () => {
  let calls = 0;
  const onRequest = (): void => void calls++;
  subscribe('http.server.request.start', onRequest);
  const sandbox = await startSandbox({ faults: { latency: 40 } });
  const attendees: Attendee[] = Array.from({ length: ROOM }, (_, i) => ({
    account: String(100_000_000_000 + i),
    name: `p${i}`,
    region: 'us-east-1',
    role: 'OrganizationAccountAccessRole',
  }));
  const roster: Roster = { name: 'bench', attendees, protect: [], protectedWords: [] };
  for (const { account } of attendees) {
    const iam = new IAM(clientConfig(sandbox, account));
    const Statement = [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }];
    const trust = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.createRole({ RoleName: 'OrganizationAccountAccessRole', AssumeRolePolicyDocument: trust });
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await iam.attachRolePolicy({ RoleName: 'OrganizationAccountAccessRole', PolicyArn });
    iam.destroy();
  }
  const base = await connect({
    region: 'us-east-1',
    endpoint: sandbox.endpoint,
    credentials: { accessKeyId: HUB, secretAccessKey: 'test' },
  });
  const run = async (work: Work, concurrency: number, among = attendees): Promise<{ ms: number; calls: number }> => {
    const before = calls;
    const started = performance.now();
    const operation: Operation = (attendee, tools) =>
      attend(attendee, true, { base, roster, own: HUB, now: Date.now }, tools.signal, (attended) =>
        work(attended, tools),
      );
    const options = {
      concurrency,
      timeLimit: 3_600_000,
      signal: new AbortController().signal,
      now: Date.now,
      timer: (ms: number, fire: () => void) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      explain: (error: unknown) => ({ outcome: 'unknown' as const, summary: String(error) }),
    };
    for await (const event of runFleet(among, operation, options))
      if (event.kind === 'ended') expect(event.result.outcome, event.result.summary).not.toBe('unknown');
    return { ms: performance.now() - started, calls: calls - before };
  };
  /** As many calls, as many at a time as that many accounts have under way. */
  const bare = async (total: number, concurrency: number): Promise<number> => {
    const client = new EventBridge({ ...clientConfig(sandbox), maxAttempts: 3 });
    let left = total;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (left-- > 0) await client.listEventBuses({});
      }),
    );
    client.destroy();
    return performance.now() - started;
  };
  const checks = path.join(packageRoot(), 'checks');
  const setup = setupWork({ templates: templatesDir(), checkRegion: false, dryRun: false });
  await run(setup, CONCURRENCY);
  const verify = verifyWork(chosenChecks(undefined, checks), (error) => ({ found: String(error), hint: '' }));
  const reset = resetWork({
    to: 'setup',
    templates: templatesDir(),
    checks,
    checkRegion: false,
    dryRun: false,
    begun: () => true,
  });
  for (const [name, work] of Object.entries({ verify, reset })) {
    const together = await run(work, CONCURRENCY);
    const measure = await bare(together.calls, CONCURRENCY);
    const few = attendees.slice(0, 5);
    const alone = ((await run(work, 1, few)).ms / few.length) * ROOM;
    const memory = Math.round(process.memoryUsage().rss / 1_048_576);
    console.log(
      `fleet ${name}: ${ROOM} accounts, ${together.calls} calls in ${Math.round(together.ms)} ms; a bare client ${Math.round(measure)} ms (${(together.ms / measure).toFixed(2)} times); one after another ${Math.round(alone)} ms (${(alone / together.ms).toFixed(1)} times); ${memory} MB with the sandbox`,
    );
  }
  base.close();
  await sandbox.close();
  unsubscribe('http.server.request.start', onRequest);
});
