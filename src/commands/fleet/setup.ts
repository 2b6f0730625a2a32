import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { commonOf, confirmFlags, engineFlags, fleetFlags, setsOf } from '../../flows/fleet-flags.ts';

export default class FleetSetup extends PressoCommand {
  static override summary = 'Deploy and seed the core in every account of a roster.';
  static override description =
    'With --dry-run it finds what would go wrong before a room opens: quotas, log resource policies, taken names, roles that cannot be assumed. Through an assumed role a few hundred accounts go well; --engine stacksets is for more. It takes one stack set for each template of the core, in the hub’s account and the Region of --region, adds who is missing and updates who is outdated; --concurrency is how many accounts an operation works on at a time. Ctrl-C stops watching, not the deployment, and the same command goes on. fleet teardown takes the accounts out of the sets again.';
  static override examples = [
    'presso fleet setup --roster room.yaml --dry-run',
    'presso fleet setup --roster room.yaml --yes --fleet monday',
    'presso fleet setup --roster room.yaml --engine stacksets --dry-run',
  ];
  static override flags = {
    ...fleetFlags,
    ...confirmFlags,
    ...engineFlags,
    'dry-run': Flags.boolean({ description: 'show what would be done and what would go wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetSetup);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      again: (...without) => this.again('fleet', 'run', 'resume', ...without),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'setup',
      module: undefined,
      sets: await setsOf(flags),
      dryRun: flags['dry-run'],
      yes: flags.yes,
      fleet: flags.fleet,
    });
  }
}
