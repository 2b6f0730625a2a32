/** The policies that `presso fleet --print-policy` prints let a fleet do all it does, with IAM enforced, and no more. */
import { IAM } from '@aws-sdk/client-iam';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { Lambda } from '@aws-sdk/client-lambda';
import { Organizations } from '@aws-sdk/client-organizations';
import { STS } from '@aws-sdk/client-sts';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../aws/connection.ts';
import { zipOf } from '../aws/zip.ts';
import { attend, type Attended, type Finding, fleetPolicies, type Tools } from '../fleet/index.ts';
import { packageRoot, templatesDir } from '../paths.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { KINDS, readChecklists } from '../verify/index.ts';
import { MODULES } from '../workshop.ts';
import { openRoster } from './fleet-roster.ts';
import { listWork, resetWork, setupWork, teardownWork, verifyWork, type Work } from './fleet-operations.ts';

const [HUB, ATTENDEE] = ['999999999999', '111111111111'] as const;
const role = 'PressoFleet';
/** Seconds on a quiet machine, minutes on one that builds beside. */
const PATIENCE = 240_000;

/** The attendee's account in a unit of the hub's organization. */
async function foundRoom(sandbox: Sandbox, Name: string): Promise<void> {
  const hub = new Organizations(clientConfig(sandbox, HUB));
  await hub.createOrganization({});
  const root = (await hub.listRoots({})).Roots?.[0]?.Id;
  const { OrganizationalUnit } = await hub.createOrganizationalUnit({ ParentId: root, Name });
  const { Handshake } = await hub.inviteAccountToOrganization({ Target: { Id: ATTENDEE, Type: 'ACCOUNT' } });
  await new Organizations(clientConfig(sandbox, ATTENDEE)).acceptHandshake({ HandshakeId: Handshake?.Id });
  await hub.moveAccount({
    AccountId: ATTENDEE,
    SourceParentId: root,
    DestinationParentId: OrganizationalUnit?.Id,
  });
}

test(
  'hub and attendee get by with the printed policies, and the hub cannot enter without its word',
  async () => {
    const printed = fleetPolicies({
      hub: `arn:aws:iam::${HUB}:role/Hub`,
      role,
      externalId: 'monday-7',
      organization: true,
    });
    for (const document of [printed.hub.policy, printed.attendee.look, printed.attendee.change])
      expect(JSON.stringify(document).length).toBeLessThanOrEqual(6_144);
    const sandbox = await startSandbox({});
    try {
      const hub = new IAM(clientConfig(sandbox, HUB));
      const anyone = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }],
      };
      await hub.createRole({ RoleName: 'Hub', AssumeRolePolicyDocument: JSON.stringify(anyone) });
      await hub.putRolePolicy({
        RoleName: 'Hub',
        PolicyName: 'hub',
        PolicyDocument: JSON.stringify(printed.hub.policy),
      });
      const iam = new IAM(clientConfig(sandbox, ATTENDEE));
      await iam.createRole({ RoleName: role, AssumeRolePolicyDocument: JSON.stringify(printed.attendee.trust) });
      for (const name of ['look', 'change'] as const) {
        const { Policy } = await iam.createPolicy({
          PolicyName: `presso-${name}`,
          PolicyDocument: JSON.stringify(printed.attendee[name]),
        });
        await iam.attachRolePolicy({ RoleName: role, PolicyArn: Policy?.Arn ?? '' });
      }
      const { Credentials } = await new STS(clientConfig(sandbox, HUB)).assumeRole({
        RoleArn: `arn:aws:iam::${HUB}:role/Hub`,
        RoleSessionName: 'test',
      });
      const base = await connect({
        region: 'us-east-1',
        endpoint: sandbox.endpoint,
        credentials: {
          accessKeyId: Credentials?.AccessKeyId ?? '',
          secretAccessKey: 'x',
          sessionToken: Credentials?.SessionToken ?? '',
        },
      });
      await foundRoom(sandbox, 'Monday');
      const { roster } = await openRoster(base, { organization: 'Monday', role, externalId: 'monday-7' }, 'list');
      expect(roster).toMatchObject({ name: 'Monday', management: HUB, attendees: [{ account: ATTENDEE, role }] });
      const { signal } = new AbortController();
      const tools: Tools = { signal, news: () => {} };
      const options = { base, roster, own: HUB, now: Date.now };
      const [anna] = roster.attendees;
      if (!anna) throw new Error('nobody in the room');
      const work = (one: Work): Promise<Finding> =>
        attend(anna, true, options, signal, (attended: Attended) => one(attended, tools));

      await expect(
        attend({ ...anna, externalId: 'guessed' }, false, options, signal, () => Promise.resolve()),
      ).rejects.toThrow(/not authorized/);

      const templates = templatesDir();
      const checks = path.join(packageRoot(), 'checks');
      const begun = () => false;
      const reset = { templates, checks, checkRegion: false, dryRun: false, begun };
      expect(await work(listWork())).toMatchObject({ outcome: 'done' });
      expect(await work(setupWork({ templates, checkRegion: false, dryRun: false }))).toMatchObject({
        outcome: 'done',
        trouble: [],
      });
      expect(await work(resetWork({ ...reset, to: 'module-4' }))).toMatchObject({ outcome: 'done', trouble: [] });
      const refused: string[] = [];
      const lists = readChecklists(checks, MODULES, KINDS).filter(({ module }) =>
        ['setup', 'module-1', 'module-2', 'module-3'].includes(module),
      );
      const verified = await work(
        verifyWork(lists, (error) => {
          refused.push(String(error));
          return { found: String(error), hint: '' };
        }),
      );
      expect(refused).toEqual([]);
      expect(verified).toMatchObject({ outcome: 'done', trouble: [] });
      // Code changed by hand, which the reset puts back under the same policies.
      const lambda = new Lambda(clientConfig(sandbox, ATTENDEE));
      const { Functions: [one] = [] } = await lambda.listFunctions({});
      const FunctionName = one?.FunctionName;
      await lambda.updateFunctionCode({ FunctionName, ZipFile: zipOf('index.js', '// by hand') });
      expect(await work(resetWork({ ...reset, to: 'setup' }))).toMatchObject({ outcome: 'done', trouble: [] });
      expect(await work(teardownWork({ dryRun: false, begun }))).toMatchObject({ outcome: 'done' });

      // Nothing beside the workshop is within its reach.
      await attend(anna, true, options, signal, async ({ connection }) => {
        const events = await connection.client('eventbridge', async (config) => new EventBridge(config));
        await expect(events.putRule({ Name: 'nightly', EventPattern: '{"source":["payroll"]}' })).rejects.toThrow(
          /not authorized/,
        );
      });
      base.close();
    } finally {
      await sandbox.close();
    }
  },
  PATIENCE,
);
