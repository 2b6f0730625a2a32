import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { pull } from '../../flows/workflow.ts';

export default class WorkflowPull extends PressoCommand {
  static override summary = 'Write the definition of the workflow to a file, to change it in an editor.';
  static override examples = [
    'presso workflow pull',
    'presso workflow pull order.asl.json --force',
    'presso workflow pull -',
  ];
  static override args = {
    file: Args.string({ description: 'where to; NAME.asl.json without it, standard output with -' }),
  };
  static override flags = {
    name: Flags.string({
      description: 'name or ARN, where it is called otherwise than in the lesson',
      helpValue: 'NAME',
    }),
    force: Flags.boolean({ description: 'overwrite a file that says something else' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowPull);
    const { name, force, json } = flags;
    await pull(await this.connection(), { file: args.file, name, force, json });
  }
}
