/** Flags that the commands of a fleet share. */
import { Flags } from '@oclif/core';
import type { Room } from './fleet-roster.ts';

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
