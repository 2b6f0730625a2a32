import { Flags } from '@oclif/core';
import { PressoCommand } from '../../../command.ts';
import { dataFolder, runningSandbox } from '../../../flows/sandbox.ts';
import { say, sayJson } from '../../../terminal.ts';
import { duration } from '../../../text.ts';

export default class SandboxClock extends PressoCommand {
  static override summary = 'What time is it in the sandbox?';
  static override examples = ['presso sandbox clock', 'presso sandbox clock advance 15m'];
  static override flags = { data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxClock);
    const { health } = await runningSandbox(dataFolder(flags.data));
    if (flags.json) sayJson({ now: health.now, clockOffset: health.clockOffset });
    else say(`${health.now}${health.clockOffset > 0 ? ` (${duration(health.clockOffset)} ahead)` : ''}`);
  }
}
