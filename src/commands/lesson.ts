import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Lesson extends PressoCommand {
  static override summary = 'Read one lesson: filled in with the names of your own target, a screen at a time.';
  static override description = 'Asks nothing of AWS. Into a pipe the whole lesson is written at once.';
  static override examples = [
    'presso lesson next',
    'presso lesson module-1/is-the-shop-open',
    'presso lesson is-the-shop-open --way presso',
    'presso lesson next --plain',
  ];
  static override args = { name: Args.string({ description: 'id of a lesson, a module, or next', default: 'next' }) };
  static override flags = {
    plain: Flags.boolean({
      description: 'for screen readers: no drawing, in reading order, a paragraph a line (always, with PRESSO_PLAIN=1)',
    }),
    width: Flags.integer({ description: 'columns', min: 20, max: 1_000, helpValue: 'N' }),
    way: Flags.string({ description: 'only the steps of one way: console, cli or presso', helpValue: 'WAY' }),
    hints: Flags.boolean({ description: 'with the hints open' }),
    content: Flags.string({ description: 'a folder of lessons of your own', helpValue: 'DIR' }),
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Lesson);
    const { showLesson } = await import('../flows/lesson.ts');
    await showLesson({ ...flags, endpointUrl: flags['endpoint-url'] }, args.name, {
      plain: flags.plain,
      width: flags.width,
      way: flags.way,
      hints: flags.hints,
      json: flags.json,
    });
  }
}
