import { Args } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { commonOf, fleetFlags } from '../../flows/fleet-flags.ts';

export default class FleetVerify extends PressoCommand {
  static override summary = 'How far is everybody, and which check stops most of them?';
  static override description =
    'Judges every account of a roster as presso verify judges one. Only reads. Exit code 0: everybody passes; 1: not yet; 2: somebody could not be judged.';
  static override examples = [
    'presso fleet verify --roster room.yaml',
    'presso fleet verify module-1 --roster room.yaml --group table-3 --html room.html',
  ];
  static override args = { module: Args.string({ description: 'setup, module-1, module-1a, module-1b, module-2 …' }) };
  static override flags = fleetFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FleetVerify);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      again: (...without) => this.again('fleet', 'run', 'resume', ...without),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'verify',
      module: args.module,
      dryRun: false,
      yes: false,
      fleet: undefined,
    });
  }
}
