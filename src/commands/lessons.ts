import { Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Lessons extends PressoCommand {
  static override summary = 'The lessons of the course, how far you are, and which one is next.';
  static override description =
    '✓ done, ◐ begun, ○ not yet. A lesson with checks is done when presso verify has seen them pass.';
  static override examples = ['presso lessons', 'presso lessons --json'];
  static override flags = {
    content: Flags.string({ description: 'a folder of lessons of your own', helpValue: 'DIR' }),
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Lessons);
    const { listLessons } = await import('../flows/lesson.ts');
    listLessons({ ...flags, endpointUrl: flags['endpoint-url'] }, flags.json);
  }
}
