import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { start } from '../../flows/workflow-start.ts';
import { asksFirst } from '../../target/index.ts';

export default class WorkflowStart extends PressoCommand {
  static override summary = 'Start the workflow once by hand, and follow it until it waits for somebody or ends.';
  static override description =
    'Without --input it gets a new order as the validator would send it. Says in which state it waits, and what to type next. Exit code 1 when it fails; Ctrl-C stops the following, not the execution.';
  static override examples = [
    'presso workflow start',
    'presso workflow start --execution shop-is-closed',
    'presso workflow start --input order.json --no-follow',
  ];
  static override flags = {
    input: Flags.string({
      description: 'its input: a file of JSON, or - for standard input',
      helpValue: 'FILE',
      exclusive: ['event'],
    }),
    event: Flags.string({ description: 'the sample of this event as input', helpValue: 'TYPE' }),
    execution: Flags.string({ description: 'name of the execution', helpValue: 'NAME' }),
    name: Flags.string({
      description: 'name or ARN, where the workflow is called otherwise than in the lesson',
      helpValue: 'NAME',
    }),
    follow: Flags.boolean({ description: 'tell its states until it waits or ends', default: true, allowNo: true }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowStart);
    const { input, event, execution, name, follow, json } = flags;
    const target = await this.target();
    const yes = flags.yes || !asksFirst(target, 'create');
    const sandbox = target.kind === 'sandbox';
    await start(await this.connection(), {
      input,
      event,
      execution,
      name,
      follow,
      json,
      yes,
      sandbox,
      command: this.again(),
    });
  }
}
