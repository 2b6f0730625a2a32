import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { act } from '../../flows/order.ts';

export default class OrderCancel extends PressoCommand {
  static override summary = 'Cancel an order that has a number, as a barista or as its customer.';
  static override examples = ['presso order cancel last', 'presso order cancel 5c2d1a36 --user customer-1'];
  static override args = {
    order: Args.string({ description: 'id of the order, a beginning of it, or last', required: true }),
  };
  static override flags = {
    barista: Flags.string({ description: 'id of the barista', default: 'barista-1', helpValue: 'ID' }),
    user: Flags.string({
      description: 'act as this customer instead, who may cancel only an order of their own',
      helpValue: 'ID',
      exclusive: ['barista'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OrderCancel);
    const who = { userId: flags.user ?? flags.barista, admin: flags.user === undefined };
    await act(await this.connection(), args.order, 'cancel', who, flags.json);
  }
}
