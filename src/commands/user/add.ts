import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { asksFirst } from '../../target/index.ts';

export default class UserAdd extends PressoCommand {
  static override summary = 'Let somebody sign in to the apps: a barista or display, or a customer.';
  static override description =
    'Makes the user in the user pool of the workshop, without a mail to anybody, and puts them in the group of those who serve. The password is made up and shown once. Somebody who is there already keeps theirs, and only what is missing is added.';
  static override examples = ['presso user add ann@example.com', 'presso user add cleo@example.com --customer'];
  static override args = {
    mail: Args.string({ description: 'mail address, which is the name to sign in with', required: true }),
  };
  static override flags = {
    customer: Flags.boolean({ description: 'somebody who orders, and may not serve' }),
    'dry-run': Flags.boolean({ description: 'show what is missing and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UserAdd);
    const { addUser } = await import('../../flows/user.ts');
    const yes = flags.yes || !asksFirst(await this.target(), 'create');
    await addUser(await this.connection(), {
      mail: args.mail,
      customer: flags.customer,
      dryRun: flags['dry-run'],
      yes,
      json: flags.json,
    });
  }
}
