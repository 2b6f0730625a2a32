import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { PressoError } from '../../errors.ts';
import { recentOrders, tellStory } from '../../order/index.ts';
import { nextFor, orderLines, storyLines } from '../../report/order.ts';
import { isTerminal, paint, say, sayJson, width } from '../../terminal.ts';

export default class OrderShow extends PressoCommand {
  static override summary = 'The story of an order: each event and state with its time; or the newest orders.';
  static override description =
    'Read from the order table, the history of its execution and, where a rule logs them, the events of the bus. Task tokens are never shown.';
  static override examples = ['presso order show', 'presso order show last', 'presso order show 5c2d1a36 --json'];
  static override args = {
    order: Args.string({ description: 'id of the order, a beginning of it, or last; all orders without it' }),
  };
  static override flags = {
    limit: Flags.integer({ description: 'how many orders are listed', default: 20, min: 1, max: 1000, helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OrderShow);
    const connection = await this.connection();
    const room = isTerminal() ? width() : Number.POSITIVE_INFINITY;
    if (args.order === undefined) {
      const orders = await recentOrders(connection, flags.limit);
      if (flags.json) return sayJson(orders);
      if (orders.length === 0) return say(`There is no order yet.\n  ${paint().dim('Next:')} presso order place`);
      for (const text of orderLines(orders, room)) say(text);
      return;
    }
    const story = await tellStory(connection, args.order);
    if (!story)
      throw new PressoError(
        'no-order',
        args.order === 'last' ? 'There is no order yet.' : `Nothing is known of an order "${args.order}".`,
        { hint: args.order === 'last' ? 'presso order place' : 'presso order show' },
      );
    if (flags.json) return sayJson(story);
    for (const text of storyLines(story, room)) say(text);
    if (story.order) say(`\n  ${paint().dim('Next:')} ${nextFor(story.order)}`);
  }
}
