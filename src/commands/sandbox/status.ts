import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { EXIT, PressoError } from '../../errors.ts';
import { dataFolder, startCommand } from '../../flows/sandbox.ts';
import { findSandbox } from '../../sandbox/index.ts';
import { say, sayJson } from '../../terminal.ts';
import { duration } from '../../text.ts';

export default class SandboxStatus extends PressoCommand {
  static override summary = 'Is the sandbox running, where, and what does its clock say?';
  static override description = 'Exit code 0 when it runs, 1 when it does not.';
  static override examples = ['presso sandbox status', 'presso sandbox status --json'];
  static override flags = { data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStatus);
    const dir = dataFolder(flags.data);
    const running = await findSandbox(dir);
    if (flags.json)
      sayJson(
        running
          ? { running: true, endpoint: running.endpoint, data: dir, ...running.health, nonce: undefined }
          : { running: false, data: dir },
      );
    else if (running) {
      const { health } = running;
      say(
        `The sandbox is running on ${running.endpoint} (process ${running.pid}, ${Math.round(health.memory / 1024 / 1024)} MB).`,
      );
      say(`  State: ${dir}`);
      say(`  Clock: ${health.now}${health.clockOffset > 0 ? `, moved ahead by ${duration(health.clockOffset)}` : ''}`);
    } else say(`No sandbox is running on ${dir}.\n  Next: ${startCommand(dir)}`);
    if (!running) throw new PressoError('quiet', 'not running', { hint: startCommand(dir), exit: EXIT.no });
  }
}
