import { PressoCommand } from '../../command.ts';
import { shop } from '../../flows/shop.ts';

export default class ShopOpen extends PressoCommand {
  static override summary = 'Open the shop: orders are taken.';
  static override examples = ['presso shop open'];

  async run(): Promise<void> {
    const { flags } = await this.parse(ShopOpen);
    await shop(await this.connection(), 'open', flags.json);
  }
}
