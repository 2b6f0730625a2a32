import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { place } from '../../flows/order.ts';

export default class OrderPlace extends PressoCommand {
  static override summary = 'Place an order as a customer who scans the QR code.';
  static override description =
    'Takes a token of the code of this moment through the functions of the validator, prints the id of the order, and waits until the workflow has taken it or says what happened instead.';
  static override examples = ['presso order place', 'presso order place --user ann'];
  static override flags = {
    user: Flags.string({ description: 'id of the customer', default: 'customer-1', helpValue: 'ID' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrderPlace);
    const sandbox = (await this.target()).kind === 'sandbox';
    await place(await this.connection(), flags.user, { json: flags.json, sandbox });
  }
}
