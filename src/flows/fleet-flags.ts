/** Flags that the commands of a fleet share. */
import { Flags } from '@oclif/core';
import { PressoError } from '../errors.ts';
import type { Room } from './fleet-roster.ts';
import type { SetsAim } from './fleet-stack-sets-hub.ts';

export const rosterFlag = {
  roster: Flags.string({
    description: 'who is in the room: YAML or CSV',
    helpValue: 'FILE',
    exactlyOne: ['roster', 'organization'],
  }),
  organization: Flags.string({
    description:
      'the members of a unit of AWS Organizations, and of those below it: its id, or names as Workshops/Monday',
    helpValue: 'OU',
  }),
  role: Flags.string({
    description: 'name of the role in the accounts of the unit',
    helpValue: 'NAME',
    dependsOn: ['organization'],
  }),
  'external-id': Flags.string({
    description: 'what that role wants to be told',
    helpValue: 'ID',
    dependsOn: ['organization'],
  }),
};

export const reportFlags = {
  csv: Flags.string({ description: 'also write the result as CSV', helpValue: 'FILE' }),
  html: Flags.string({ description: 'also write the result as one HTML page', helpValue: 'FILE' }),
};

export const fleetFlags = {
  ...rosterFlag,
  only: Flags.string({
    description: 'only this account or name (may be given again)',
    helpValue: 'WHO',
    multiple: true,
    multipleNonGreedy: true,
  }),
  group: Flags.string({ description: 'only this group of the roster' }),
  failed: Flags.boolean({ description: 'only those that were not done in the last run' }),
  resume: Flags.boolean({ description: 'go on with an interrupted run', exclusive: ['failed', 'only', 'group'] }),
  concurrency: Flags.integer({ description: 'accounts at the same time', default: 20, min: 1, max: 200 }),
  'time-limit': Flags.integer({ description: 'minutes for one account', default: 30, min: 1, max: 240 }),
  ...reportFlags,
};

export const confirmFlags = {
  yes: Flags.boolean({ char: 'y', description: 'do not ask; only together with --fleet' }),
  fleet: Flags.string({ description: 'the name of the fleet that is meant', helpValue: 'NAME' }),
};

/** How a room is set up: through the role of each account, or through CloudFormation StackSets. */
export const engineFlags = {
  engine: Flags.string({
    description:
      'assume-role: presso deploys through the role of each account, up to a few hundred of them; stacksets: CloudFormation StackSets deploy from the hub, for more than that',
    options: ['assume-role', 'stacksets'],
    default: 'assume-role',
  }),
  permissions: Flags.string({
    description:
      'stacksets: with roles of your own in hub and accounts (unless said), or with those AWS Organizations gives',
    options: ['self-managed', 'service-managed'],
  }),
  'failure-tolerance': Flags.string({
    description:
      'stacksets: accounts of a Region that may fail before the rest is cancelled, 5 or 10% (all of them unless said)',
    helpValue: 'N',
  }),
  'administration-role': Flags.string({
    description: 'stacksets, self-managed: ARN of the hub’s role, where it is not AWS’s own name for it',
    helpValue: 'ARN',
  }),
  'execution-role': Flags.string({
    description: 'stacksets, self-managed: name of the accounts’ role, where it is not AWS’s own name for it',
    helpValue: 'NAME',
  }),
};

interface GivenEngine {
  engine: string;
  permissions?: string | undefined;
  'failure-tolerance'?: string | undefined;
  'administration-role'?: string | undefined;
  'execution-role'?: string | undefined;
}

/** What the flags say of StackSets; undefined for the other engine, which takes none of them. */
export async function setsOf(flags: GivenEngine): Promise<SetsAim | undefined> {
  const own = ['permissions', 'failure-tolerance', 'administration-role', 'execution-role'] as const;
  if (flags.engine !== 'stacksets') {
    const stray = own.find((name) => flags[name] !== undefined);
    if (stray !== undefined)
      throw new PressoError('usage', `--${stray} says something of StackSets only.`, {
        hint: 'presso fleet setup --engine stacksets',
      });
    return undefined;
  }
  const { toleranceOf } = await import('./fleet-stack-sets-hub.ts');
  const permissions = flags.permissions === 'service-managed' ? 'service-managed' : 'self-managed';
  const role = own.slice(2).find((name) => flags[name] !== undefined);
  if (permissions === 'service-managed' && role !== undefined)
    throw new PressoError('usage', `--${role} does not go with --permissions service-managed.`, {
      hint: 'presso fleet setup --help',
    });
  return {
    permissions,
    tolerance: toleranceOf(flags['failure-tolerance'] ?? '100%'),
    administrationRole: flags['administration-role'],
    executionRole: flags['execution-role'],
  };
}

interface GivenRoom {
  roster?: string | undefined;
  organization?: string | undefined;
  role?: string | undefined;
  'external-id'?: string | undefined;
}

/** Whom the flags mean. */
export const roomOf = (flags: GivenRoom): Room => ({
  roster: flags.roster,
  organization: flags.organization,
  role: flags.role,
  externalId: flags['external-id'],
});

interface Given extends GivenRoom {
  only?: string[] | undefined;
  group?: string | undefined;
  failed: boolean;
  resume: boolean;
  concurrency: number;
  'time-limit': number;
  csv?: string | undefined;
  html?: string | undefined;
  json: boolean;
}

/** What every operation takes from its flags. */
export const commonOf = (flags: Given) => ({
  room: roomOf(flags),
  only: flags.only ?? [],
  group: flags.group,
  failed: flags.failed,
  resume: flags.resume,
  concurrency: flags.concurrency,
  timeLimit: flags['time-limit'],
  csv: flags.csv,
  html: flags.html,
  json: flags.json,
});
