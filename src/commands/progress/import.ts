import { Args } from '@oclif/core';
import { PressoCommand } from '../../command.ts';

export default class ProgressImport extends PressoCommand {
  static override summary = 'Take over progress from another machine; of two looks at a check the later one counts.';
  static override examples = ['presso progress import progress.json'];
  static override args = { file: Args.string({ description: 'made by presso progress export', required: true }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProgressImport);
    const { importProgress } = await import('../../flows/lesson-progress.ts');
    importProgress(args.file, flags.json);
  }
}
