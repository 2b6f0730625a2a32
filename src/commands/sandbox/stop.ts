import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { dataFolder, inPressosVoice, startCommand } from '../../flows/sandbox.ts';
import { stopSandbox } from '../../sandbox/index.ts';
import { paint, say, sayJson } from '../../terminal.ts';

export default class SandboxStop extends PressoCommand {
  static override summary = 'Stop the sandbox; its state stays.';
  static override examples = ['presso sandbox stop'];
  static override flags = { data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStop);
    const dir = dataFolder(flags.data);
    const stopped = await inPressosVoice(() => stopSandbox(dir));
    if (flags.json) sayJson({ stopped: stopped !== undefined });
    else if (stopped)
      say(
        `${paint().green('✓')} The sandbox has stopped; its state is in ${dir}.\n  ${paint().dim('Next:')} ${startCommand(dir)}`,
      );
    else say(`No sandbox is running on ${dir}.\n  ${paint().dim('Next:')} ${startCommand(dir)}`);
  }
}
