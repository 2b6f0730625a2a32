import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Solve extends PressoCommand {
  static override summary = 'Build the reference solution of a module over whatever half-built things are there.';
  static override description =
    'Shows what it would make, change and replace, then asks. What is replaced is saved: --undo puts it back. Solving a module solves those before it too.';
  static override examples = [
    'presso solve module-1 --dry-run',
    'presso solve module-2',
    'presso solve module-2 --undo',
  ];
  static override args = {
    module: Args.string({ description: 'which module', required: true, options: ['module-1', 'module-2', 'module-3'] }),
  };
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and stop' }),
    undo: Flags.boolean({ description: 'take the last solve of this module back' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Solve);
    const { solve, undo } = await import('../flows/solve.ts');
    const connection = await this.connection();
    const work = {
      connection,
      target: await this.target(),
      module: args.module,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      json: flags.json,
      command: this.again(),
    };
    await (flags.undo ? undo(work) : solve(work));
  }
}
