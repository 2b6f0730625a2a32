import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { commonOf, confirmFlags, fleetFlags } from '../../flows/fleet-flags.ts';

export default class FleetReset extends PressoCommand {
  static override summary = 'Put every account of a roster back: to just set up, or to where a module begins.';
  static override description =
    'Shows what it would do and does nothing until --run is given. An account that carries no marker of the workshop, is protected, or cannot be entered is left alone, with the reason.';
  static override examples = [
    'presso fleet reset --roster room.yaml',
    'presso fleet reset --roster room.yaml --to module-2 --run',
    'presso fleet reset --roster room.yaml --run --yes --fleet monday',
  ];
  static override flags = {
    ...fleetFlags,
    ...confirmFlags,
    to: Flags.string({ description: 'setup, or the module that is to begin', helpValue: 'MODULE', default: 'setup' }),
    run: Flags.boolean({ description: 'do it' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetReset);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      again: (...without) => this.again('fleet', 'run', 'resume', ...without),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'reset',
      module: flags.to,
      dryRun: !flags.run,
      yes: flags.yes,
      fleet: flags.fleet,
    });
  }
}
