import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';

export default class ProgressExport extends PressoCommand {
  static override summary = 'Write what you have read and passed to a file that a person can read.';
  static override examples = ['presso progress export progress.json', 'presso progress export > progress.json'];
  static override args = { file: Args.string({ description: 'where to; standard output without it' }) };
  static override flags = { force: Flags.boolean({ description: 'overwrite a file that is there' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProgressExport);
    const { exportProgress } = await import('../../flows/lesson-progress.ts');
    exportProgress(args.file, { force: flags.force, json: flags.json });
  }
}
