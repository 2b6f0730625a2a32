import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';
import { templatesDir } from '../paths.ts';
import { applySeed, difference, observeSeed, readSeed } from '../seed/index.ts';
import { asksFirst } from '../target/index.ts';
import { confirm, paint, say, sayJson } from '../terminal.ts';
import { clean, count } from '../text.ts';

export default class SeedCommand extends PressoCommand {
  static override summary = 'Put menu, shop state and counter into the tables; writes only what differs.';
  static override description =
    'Without a file it is the menu that presso brings. A counter that has counted and a shop that was closed stay as they are unless --reset-counter or --open says otherwise.';
  static override examples = ['presso seed --dry-run', 'presso seed my-menu.yaml', 'presso seed --reset-counter'];
  static override args = {
    file: Args.string({ description: 'YAML with drinks, storeOpen, maxOrdersPerUser, maxOrdersInQueue, orderNumber' }),
  };
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show the difference and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    open: Flags.boolean({ description: 'set storeOpen even where the shop was opened or closed since' }),
    'reset-counter': Flags.boolean({ description: 'set the counter back even where it has counted' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SeedCommand);
    const seed = readSeed(`${templatesDir()}/seed`, args.file);
    const connection = await this.connection();
    const changes = difference(seed, await observeSeed(connection), {
      storeOpen: flags.open,
      counter: flags['reset-counter'],
    });
    if (flags.json && (flags['dry-run'] || changes.length === 0)) return sayJson({ changes, written: false });
    if (!flags.json) {
      for (const { lines } of changes) for (const text of lines) say(`  ${clean(text)}`);
      if (changes.length === 0) return say('Menu, shop and counter are as the file says; nothing was changed.');
      if (flags['dry-run']) return say(`${count(changes.length, 'item')} would be written.\n  Next: ${this.again()}`);
    }
    const yes = flags.yes || !asksFirst(await this.target(), 'create');
    if (
      (await confirm(`Write ${count(changes.length, 'item')}?`, {
        yes,
        command: this.again(),
      })) === 'no'
    )
      return say('Nothing was changed.');
    await applySeed(connection, changes);
    if (flags.json) sayJson({ changes, written: true });
    else say(`${paint().green('✓')} ${count(changes.length, 'item')} written.\n  ${paint().dim('Next:')} presso menu`);
  }
}
