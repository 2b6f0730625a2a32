import { PressoCommand } from '../command.ts';
import { PressoError } from '../errors.ts';
import { menuOf, observeSeed } from '../seed/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { clean } from '../text.ts';

export default class Menu extends PressoCommand {
  static override summary = 'The menu as it stands in the config table.';
  static override examples = ['presso menu', 'presso menu --json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(Menu);
    const menu = menuOf(await observeSeed(await this.connection()));
    if (!menu) throw new PressoError('no-menu', 'There is no menu in the config table.', { hint: 'presso seed' });
    if (flags.json) return sayJson(menu);
    const c = paint();
    for (const { drink, available, modifiers } of menu) {
      say(`${available ? c.green('●') : c.dim('○')} ${c.bold(clean(drink))}${available ? '' : ' (not available)'}`);
      for (const { Name, Options } of modifiers ?? []) say(`    ${clean(Name)}: ${Options.map(clean).join(', ')}`);
    }
  }
}
