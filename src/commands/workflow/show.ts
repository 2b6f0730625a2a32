import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { show } from '../../flows/workflow.ts';

export default class WorkflowShow extends PressoCommand {
  static override summary = 'The workflow of the learner: type, role, states and last executions.';
  static override examples = ['presso workflow show', 'presso workflow show --json'];
  static override flags = {
    name: Flags.string({
      description: 'name or ARN, where it is called otherwise than in the lesson',
      helpValue: 'NAME',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowShow);
    await show(await this.connection(), flags.name, flags.json);
  }
}
