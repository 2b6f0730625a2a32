import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';

export default class ContentProve extends PressoCommand {
  static override summary = 'Check the checks: solution and variants pass, every mistake fails exactly what it names.';
  static override description =
    'Makes every build of checks/<module>/ in a sandbox in memory, verifies it, and takes it away again. Nothing outside this process is touched. Exit code 0: every build is judged rightly; 1: some are not.';
  static override examples = [
    'presso content prove',
    'presso content prove module-1 --fast',
    'presso content prove --json',
  ];
  static override args = { module: Args.string({ description: 'only that module' }) };
  static override flags = {
    fast: Flags.boolean({ description: 'judge workflow definitions alone, without a sandbox' }),
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentProve);
    const { prove } = await import('../../flows/prove.ts');
    await prove({ module: args.module, checks: flags.checks, fast: flags.fast, json: flags.json });
  }
}
