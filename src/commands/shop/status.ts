import { PressoCommand } from '../../command.ts';
import { shop } from '../../flows/shop.ts';

export default class ShopStatus extends PressoCommand {
  static override summary = 'Is the shop open?';
  static override examples = ['presso shop status'];

  async run(): Promise<void> {
    const { flags } = await this.parse(ShopStatus);
    await shop(await this.connection(), 'status', flags.json);
  }
}
