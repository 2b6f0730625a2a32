import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Hint extends PressoCommand {
  static override summary =
    'The next hint for a check; ask again for the one after, at last for the shape of the solution.';
  static override examples = ['presso hint module-1a.open', 'presso hint module-1b.customer-times-out'];
  static override args = {
    check: Args.string({ description: 'id of a check, as presso verify shows it', required: true }),
  };
  static override flags = {
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Hint);
    const { hint } = await import('../flows/lesson-hint.ts');
    hint({ ...flags, endpointUrl: flags['endpoint-url'] }, args.check, flags.json);
  }
}
