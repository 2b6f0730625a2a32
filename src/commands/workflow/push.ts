import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { push } from '../../flows/workflow.ts';
import { asksFirst } from '../../target/index.ts';

export default class WorkflowPush extends PressoCommand {
  static override summary = 'Check a definition, show what it changes, and make or update the workflow with it.';
  static override description =
    'What AWS would refuse, and every placeholder left in, is named with line and column, and nothing is pushed. A new workflow is STANDARD and acts as the role that the core prepared.';
  static override examples = [
    'presso workflow push OrderProcessorWorkflow.asl.json',
    'presso workflow push order.asl.json --dry-run',
  ];
  static override args = {
    file: Args.string({ description: 'a definition in the States Language, as JSON', required: true }),
  };
  static override flags = {
    name: Flags.string({
      description: 'name or ARN, where it is called otherwise than in the lesson',
      helpValue: 'NAME',
    }),
    'dry-run': Flags.boolean({ description: 'check and show the difference, change nothing' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowPush);
    const { name, json } = flags;
    const yes = flags.yes || !asksFirst(await this.target(), 'create');
    await push(await this.connection(), {
      file: args.file,
      name,
      yes,
      json,
      dryRun: flags['dry-run'],
      command: this.again(),
    });
  }
}
