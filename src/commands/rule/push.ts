import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { asksFirst } from '../../target/index.ts';

export default class RulePush extends PressoCommand {
  static override summary = 'Make or change one rule of the event bus, from a small file.';
  static override description =
    'The file holds name, pattern and target: {workflow: NAME}, {function: PART OF ITS NAME} or {logGroup: NAME}, as YAML or JSON. The role or permission that the target asks for is made along with it. What EventBridge would refuse is named with line and column, and nothing is changed.';
  static override examples = ['presso rule push new-order.yaml', 'presso rule push new-order.yaml --dry-run'];
  static override args = {
    file: Args.string({ description: 'a rule, as YAML or JSON', required: true }),
  };
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the difference and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RulePush);
    const { pushRule } = await import('../../flows/rule.ts');
    const yes = flags.yes || !asksFirst(await this.target(), 'create');
    await pushRule(await this.connection(), {
      file: args.file,
      dryRun: flags['dry-run'],
      yes,
      json: flags.json,
      command: this.again(),
    });
  }
}
