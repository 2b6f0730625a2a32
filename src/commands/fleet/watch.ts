import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { PressoError } from '../../errors.ts';
import { fleetFlags, roomOf, rosterFlag } from '../../flows/fleet-flags.ts';

export default class FleetWatch extends PressoCommand {
  static override summary = 'Keep up to date how far everybody is: in the terminal and on a page in the browser.';
  static override description =
    'Judges every account of a roster again and again, as presso fleet verify does once. Only reads. The page is for this machine alone. An account is left alone for --every seconds between two visits, longer where AWS throttles. Ctrl-C ends it; presso fleet report tells the last picture again.';
  static override examples = [
    'presso fleet watch room.yaml',
    'presso fleet watch room.yaml --module module-2 --group table-3 --every 30',
  ];
  static override args = { roster: Args.string({ description: 'who is in the room: YAML or CSV' }) };
  static override flags = {
    ...rosterFlag,
    roster: Flags.string({ description: 'the same as a flag', helpValue: 'FILE', exclusive: ['organization'] }),
    only: fleetFlags.only,
    group: fleetFlags.group,
    module: Flags.string({ description: 'only this module', helpValue: 'MODULE' }),
    every: Flags.integer({ description: 'seconds between two visits of one account', default: 15, min: 1, max: 3_600 }),
    port: Flags.integer({ description: 'port of the page; 0: any free one (4590 unless taken)', min: 0, max: 65_535 }),
    concurrency: fleetFlags.concurrency,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FleetWatch);
    const roster = args.roster ?? flags.roster;
    const named = [args.roster, flags.roster, flags.organization].filter((one) => one !== undefined);
    if (named.length !== 1)
      throw new PressoError('usage', 'Which room? Name its roster or its unit, once.', {
        hint: 'presso fleet watch room.yaml',
      });
    const { watch } = await import('../../flows/fleet-watch.ts');
    await watch({
      connection: await this.connection(),
      target: await this.target(),
      room: roomOf({ ...flags, roster }),
      only: flags.only ?? [],
      group: flags.group,
      module: flags.module,
      concurrency: flags.concurrency,
      every: flags.every,
      port: flags.port,
      json: flags.json,
    });
  }
}
