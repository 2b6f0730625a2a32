import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { PressoError } from '../../errors.ts';
import { dataFolder, inPressosVoice } from '../../flows/sandbox.ts';
import { control, findSandbox } from '../../sandbox/index.ts';
import { confirm, paint, say, sayJson } from '../../terminal.ts';

export default class SandboxReset extends PressoCommand {
  static override summary = 'Empty the sandbox: every stack, table, workflow and log of it, or of one account.';
  static override examples = ['presso sandbox reset --yes', 'presso sandbox reset --account 210987654321'];
  static override flags = {
    data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }),
    account: Flags.string({ description: 'only this account', helpValue: 'ID' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxReset);
    const dir = dataFolder(flags.data);
    if (flags.account !== undefined && !/^\d{12}$/.test(flags.account))
      throw new PressoError('usage', `"${flags.account}" is not an account of 12 digits.`, {
        hint: 'presso sandbox reset --account 000000000000',
      });
    const running = await findSandbox(dir);
    if (!running && existsSync(dir) && !existsSync(path.join(dir, 'accounts')))
      throw new PressoError(
        'not-sandbox-data',
        `${dir} does not hold a sandbox's state, so nothing in it was touched.`,
        { hint: 'presso sandbox status' },
      );
    const what = flags.account === undefined ? 'everything' : `account ${flags.account}`;
    const answer = await confirm(`Delete ${what} in the sandbox on ${dir}?`, {
      yes: flags.yes,
      command: this.again(),
    });
    if (answer === 'no') return void say('Nothing was changed.');
    if (running)
      await inPressosVoice(() =>
        control(running, `reset${flags.account === undefined ? '' : `?account=${flags.account}`}`),
      );
    else {
      rmSync(path.join(dir, 'accounts', flags.account ?? ''), { recursive: true, force: true });
      if (flags.account === undefined) rmSync(path.join(dir, 'world.json'), { force: true });
    }
    if (flags.json) sayJson({ reset: flags.account ?? 'all' });
    else
      say(
        `${paint().green('✓')} The sandbox is empty${flags.account === undefined ? '' : ` of account ${flags.account}`}.\n  ${paint().dim('Next:')} presso setup --sandbox`,
      );
  }
}
