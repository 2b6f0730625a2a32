import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { send } from '../../flows/events.ts';
import { asksFirst } from '../../target/index.ts';
import { BUS_NAME, EVENT_SOURCE } from '../../workshop.ts';

export default class EventsSend extends PressoCommand {
  static override summary = 'Send one event to the bus, and see which rules take it.';
  static override description =
    'Shows the event and what each rule makes of it, then sends it. Without --detail it carries the example of the workshop.';
  static override examples = [
    'presso events send Validator.NewOrder --dry-run --explain',
    `presso events send Validator.NewOrder --detail '{"orderId": "1", "userId": "ann"}'`,
    'presso events send OrderProcessor.orderFinished --detail @event.json',
  ];
  static override args = { type: Args.string({ description: 'detail-type of the event', required: true }) };
  static override flags = {
    detail: Flags.string({ description: 'detail of the event: JSON, or @file', helpValue: 'JSON' }),
    source: Flags.string({ description: 'source of the event', default: EVENT_SOURCE, helpValue: 'NAME' }),
    bus: Flags.string({ description: 'the bus that gets it', default: BUS_NAME, helpValue: 'NAME' }),
    explain: Flags.boolean({ description: 'say of every rule that does not take it which field says no' }),
    'dry-run': Flags.boolean({ description: 'show the event and the rules, send nothing' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EventsSend);
    const { detail, source, bus, explain, json } = flags;
    const yes = flags.yes || !asksFirst(await this.target(), 'create');
    const wish = {
      detailType: args.type,
      detail,
      source,
      bus,
      explain,
      yes,
      json,
      dryRun: flags['dry-run'],
      command: this.again(),
    };
    await send(await this.connection(), wish);
  }
}
