import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { act } from '../../flows/order.ts';

export default class OrderComplete extends PressoCommand {
  static override summary = 'Hand an order over the counter: the workflow goes on and ends.';
  static override examples = ['presso order complete last', 'presso order complete 5c2d1a36 --barista bo'];
  static override args = {
    order: Args.string({ description: 'id of the order, a beginning of it, or last', required: true }),
  };
  static override flags = {
    barista: Flags.string({ description: 'id of the barista', default: 'barista-1', helpValue: 'ID' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OrderComplete);
    await act(await this.connection(), args.order, 'complete', { userId: flags.barista, admin: true }, flags.json);
  }
}
