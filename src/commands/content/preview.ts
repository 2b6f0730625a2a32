import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';

export default class ContentPreview extends PressoCommand {
  static override summary = 'Show the lessons in a browser on this machine, again whenever a file changes.';
  static override examples = ['presso content preview', 'presso content preview ./my-course --port 4000'];
  static override args = { dir: Args.string({ description: "a folder of Markdoc; without it presso's own course" }) };
  static override flags = {
    port: Flags.integer({
      description: 'where to listen on 127.0.0.1; 0 takes a free one',
      min: 0,
      max: 65_535,
      default: 4590,
    }),
    checks: Flags.string({ description: 'the checks that belong to it', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContentPreview);
    const { preview } = await import('../../flows/content-preview.ts');
    await preview({ content: args.dir, checks: flags.checks, region: flags.region }, flags.port);
  }
}
