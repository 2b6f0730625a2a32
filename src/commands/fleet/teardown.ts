import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { commonOf, confirmFlags, fleetFlags } from '../../flows/fleet-flags.ts';

export default class FleetTeardown extends PressoCommand {
  static override summary = 'Take the workshop down in every account of a roster, and prove that nothing is left.';
  static override description =
    'Shows what it would do and does nothing until --run is given. An account that carries no marker of the workshop, is protected, or cannot be entered is left alone, with the reason. Accounts that StackSets set up are taken out of the sets first, the stacks with that; a set that nobody is in any more goes too.';
  static override examples = [
    'presso fleet teardown --roster room.yaml',
    'presso fleet teardown --roster room.yaml --run --yes --fleet monday',
  ];
  static override flags = {
    ...fleetFlags,
    ...confirmFlags,
    run: Flags.boolean({ description: 'do it' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetTeardown);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      again: (...without) => this.again('fleet', 'run', 'resume', ...without),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'teardown',
      module: undefined,
      dryRun: !flags.run,
      yes: flags.yes,
      fleet: flags.fleet,
    });
  }
}
