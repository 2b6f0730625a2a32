import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../../command.ts';
import { dataFolder, inPressosVoice, parseSpan, runningSandbox } from '../../../flows/sandbox.ts';
import { control } from '../../../sandbox/index.ts';
import { paint, say, sayJson } from '../../../terminal.ts';

export default class SandboxClockAdvance extends PressoCommand {
  static override summary = 'Move the sandbox clock forward: everything that waits for it happens, in order.';
  static override description =
    'The way to see a customer or barista time out without waiting for a quarter of an hour.';
  static override examples = ['presso sandbox clock advance 15m', 'presso sandbox clock advance 90s'];
  static override args = { span: Args.string({ description: '30s, 15m, 2h, 1d', required: true }) };
  static override flags = { data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SandboxClockAdvance);
    const ms = parseSpan(args.span);
    const running = await runningSandbox(dataFolder(flags.data));
    const { now } = await inPressosVoice(() => control(running, `clock?advance=${ms}`));
    if (flags.json) sayJson({ now });
    else say(`${paint().green('✓')} It is now ${String(now)} in the sandbox.`);
  }
}
