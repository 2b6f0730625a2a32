import { PressoCommand } from '../../command.ts';
import { shop } from '../../flows/shop.ts';

export default class ShopClose extends PressoCommand {
  static override summary = 'Close the shop: the workflow turns customers away.';
  static override examples = ['presso shop close'];

  async run(): Promise<void> {
    const { flags } = await this.parse(ShopClose);
    await shop(await this.connection(), 'close', flags.json);
  }
}
