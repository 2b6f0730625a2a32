import { Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Reset extends PressoCommand {
  static override summary = 'Put the account back: to just set up, or to where a module begins.';
  static override description =
    'Takes away what a learner made and left (workflow, rules, roles, orders, users, logs), puts menu, shop and counter back, makes stacks anew that were changed by hand or half deleted, and with --to builds the modules before. ' +
    'Shows the plan with its reasons, then the number of the account is typed. Stopped in the middle, the same command goes on.';
  static override examples = [
    'presso reset --dry-run',
    'presso reset --to module-2',
    'presso reset --yes --account 000000000000',
  ];
  static override flags = {
    to: Flags.string({ description: 'setup, or the module that is to begin', helpValue: 'MODULE', default: 'setup' }),
    'dry-run': Flags.boolean({ description: 'show the plan and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask; only together with --account' }),
    account: Flags.string({ description: 'the account that is meant', helpValue: 'ID' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Reset);
    const { reset } = await import('../flows/reset.ts');
    await reset({
      connection: await this.connection(),
      target: await this.target(),
      to: flags.to,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      account: flags.account,
      json: flags.json,
      command: this.again('account'),
    });
  }
}
