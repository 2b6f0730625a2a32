import { readFileSync, statSync, watchFile } from 'node:fs';
import path from 'node:path';
import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { PressoError } from '../../errors.ts';
import { dataFolder, startCommand } from '../../flows/sandbox.ts';
import { say } from '../../terminal.ts';
import { clean } from '../../text.ts';

export default class SandboxLogs extends PressoCommand {
  static override summary = 'What the sandbox says: refused calls, failed deliveries, trouble.';
  static override examples = ['presso sandbox logs', 'presso sandbox logs --lines 200', 'presso sandbox logs --follow'];
  static override flags = {
    data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }),
    lines: Flags.integer({
      description: 'how many of the last lines',
      default: 50,
      min: 1,
      max: 100_000,
      helpValue: 'N',
    }),
    follow: Flags.boolean({ char: 'f', description: 'wait for more until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxLogs);
    const file = path.join(dataFolder(flags.data), 'sandbox.log');
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      throw new PressoError('no-log', `There is no log in ${path.dirname(file)}: no sandbox has run there.`, {
        hint: startCommand(path.dirname(file)),
      });
    }
    for (const entry of text.trimEnd().split('\n').slice(-flags.lines)) say(clean(entry));
    if (!flags.follow) return;
    let at = statSync(file).size;
    // Polling, because file notices do not reach everywhere (network drives, WSL).
    watchFile(file, { interval: 300 }, (now) => {
      if (now.size < at) at = 0;
      const more = readFileSync(file).subarray(at, now.size).toString('utf8').trimEnd();
      at = now.size;
      if (more) say(clean(more));
    });
    await new Promise(() => {});
  }
}
