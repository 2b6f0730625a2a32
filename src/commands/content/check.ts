import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';

export default class ContentCheck extends PressoCommand {
  static override summary = 'Find what is wrong in a course: tags, links, pictures, order, code, checks, words.';
  static override description =
    'Works on any folder of Markdoc. Every finding names file, line and column, the rule, and what to do. Exit code 1 where there are errors. Nothing is run; presso content prove does that.';
  static override examples = [
    'presso content check',
    'presso content check ./my-course',
    'presso content check --json',
  ];
  static override args = {
    dir: Args.string({ description: "a folder of Markdoc, or one page; without it presso's own course" }),
  };
  static override flags = {
    checks: Flags.string({ description: 'the checks that belong to it', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentCheck);
    const { contentCheck } = await import('../../flows/content.ts');
    const commands = this.config.commands
      .filter(({ pluginName }) => pluginName === this.config.name)
      .map(({ id, flags: all }) => ({
        name: id.replaceAll(':', ' '),
        flags: Object.fromEntries(
          Object.entries(all).map(([name, flag]) => [
            name,
            { value: flag.type === 'option', ...(flag.char ? { char: flag.char } : {}) },
          ]),
        ),
      }));
    contentCheck({ dir: args.dir, checks: flags.checks, commands, json: flags.json });
  }
}
