import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';

export default class Learn extends PressoCommand {
  static override summary = 'Read, do, check and go on, on the whole screen; ? shows the keys.';
  static override examples = ['presso learn', 'presso learn module-1/is-the-shop-open'];
  static override args = { name: Args.string({ description: 'where to begin; without it where you left off' }) };
  static override flags = {
    content: Flags.string({ description: 'a folder of lessons of your own', helpValue: 'DIR' }),
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Learn);
    const { learn } = await import('../flows/lesson-reader.ts');
    await learn({ ...flags, endpointUrl: flags['endpoint-url'] }, args.name, () => this.connection());
  }
}
