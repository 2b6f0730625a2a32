/** Flags that the commands of a fleet share. */
import { Flags } from '@oclif/core';

export const rosterFlag = {
  roster: Flags.string({ description: 'who is in the room: YAML or CSV', helpValue: 'FILE', required: true }),
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

interface Given {
  roster: string;
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
  roster: flags.roster,
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
