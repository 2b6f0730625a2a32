import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { commonOf, confirmFlags, fleetFlags } from '../../flows/fleet-flags.ts';

export default class FleetSetup extends PressoCommand {
  static override summary = 'Deploy and seed the core in every account of a roster.';
  static override description =
    'With --dry-run it finds what would go wrong before a room opens: quotas, log resource policies, taken names, roles that cannot be assumed. Through an assumed role a few hundred accounts go well.';
  static override examples = [
    'presso fleet setup --roster room.yaml --dry-run',
    'presso fleet setup --roster room.yaml --yes --fleet monday',
  ];
  static override flags = {
    ...fleetFlags,
    ...confirmFlags,
    'dry-run': Flags.boolean({ description: 'show what would be done and what would go wrong' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetSetup);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'setup',
      module: undefined,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      fleet: flags.fleet,
    });
  }
}
