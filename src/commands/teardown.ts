import { Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Teardown extends PressoCommand {
  static override summary =
    'Take the workshop down: what setup and solve made, and what a learner made by hand under its names.';
  static override description =
    'Shows what goes, why it is believed to be the workshop’s, and what is left alone; then the number of the account is typed. Only what carries the workshop’s names or marker is ever removed. It looks into every Region that is enabled (account:ListRegions; without that permission into those of the workshop, and says so), and again at the end.';
  static override examples = [
    'presso teardown --dry-run',
    'presso teardown',
    'presso teardown --yes --account 000000000000',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the plan and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask; only together with --account' }),
    account: Flags.string({ description: 'the account that is meant', helpValue: 'ID' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Teardown);
    const { teardown } = await import('../flows/teardown.ts');
    await teardown({
      connection: await this.connection(),
      target: await this.target(),
      dryRun: flags['dry-run'],
      yes: flags.yes,
      account: flags.account,
      json: flags.json,
      command: this.again('account'),
    });
  }
}
