import { Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';
import { runRush } from '../flows/order-rush.ts';
import { asksFirst } from '../target/index.ts';

/** ListExecutions, which the workflow calls for every order, is good for two calls a second in most Regions. */
const AWS_RATE = 2;

export default class Rush extends PressoCommand {
  static override summary = 'Rush hour: many orders at once, placed, made and handed over.';
  static override description =
    'Each order is by a customer of its own and goes through the functions of the shop. Says how many were served, how fast, and whether every number was given once. On AWS it asks first and keeps to two orders a second unless --rate says otherwise. More than 20 orders at once are turned away by a workflow that minds its capacity: --until placed shows it.';
  static override examples = [
    'presso rush',
    'presso rush --orders 100 --tokens',
    'presso rush --orders 21 --until placed --in-flight 21 --tokens',
  ];
  static override flags = {
    orders: Flags.integer({ char: 'n', description: 'how many', default: 10, min: 1, max: 100_000, helpValue: 'N' }),
    'in-flight': Flags.integer({ description: 'how many at once', default: 16, min: 1, max: 100, helpValue: 'N' }),
    rate: Flags.integer({ description: 'how many are placed a second at most', min: 1, max: 1_000, helpValue: 'N' }),
    until: Flags.option({
      options: ['placed', 'completed'] as const,
      description: 'how far each order goes',
      default: 'completed' as const,
    })(),
    tokens: Flags.boolean({ description: 'let the code of the moment be good for as many orders as this needs' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rush);
    const { orders, until, tokens, json } = flags;
    const asks = asksFirst(await this.target(), 'create');
    const rate = flags.rate ?? (asks ? AWS_RATE : undefined);
    const yes = flags.yes || !asks;
    const wish = {
      orders,
      until,
      tokens,
      json,
      rate,
      yes,
      inFlight: flags['in-flight'],
      sandbox: !asks,
      command: this.again(),
    };
    await runRush(await this.connection(), wish);
  }
}
