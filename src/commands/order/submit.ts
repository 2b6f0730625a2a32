import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { submit } from '../../flows/order.ts';

export default class OrderSubmit extends PressoCommand {
  static override summary = 'Choose the drink of an order, as its customer.';
  static override description = 'The order manager checks it against the menu; an order off the menu changes nothing.';
  static override examples = [
    'presso order submit last --drink Latte',
    'presso order submit 5c2d1a36 --drink Cappuccino --modifier "Milk=Oat milk" --modifier Cocoa',
  ];
  static override args = {
    order: Args.string({ description: 'id of the order, a beginning of it, or last', required: true }),
  };
  static override flags = {
    drink: Flags.string({ char: 'd', description: 'a drink of the menu', required: true, helpValue: 'NAME' }),
    modifier: Flags.string({
      char: 'm',
      description: 'an answer to a question of the drink; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME=ANSWER',
    }),
    user: Flags.string({ description: 'id of the customer; whoever placed the order unless given', helpValue: 'ID' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OrderSubmit);
    const wish = { drink: flags.drink, modifiers: flags.modifier ?? [], user: flags.user };
    await submit(await this.connection(), args.order, wish, flags.json);
  }
}
