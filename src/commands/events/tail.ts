import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { tail } from '../../flows/events.ts';

export default class EventsTail extends PressoCommand {
  static override summary = 'Follow the events of the bus as the rule logAll writes them down.';
  static override description =
    'One line an event, without task tokens, until Ctrl-C (exit code 130). With --json each line is a JSON document.';
  static override examples = [
    'presso events tail',
    'presso events tail --since 10m --no-follow',
    'presso events tail --detail-type Validator.NewOrder --json',
  ];
  static override flags = {
    since: Flags.string({ description: 'also what was logged so long ago: 30s, 10m, 2h', helpValue: 'SPAN' }),
    'detail-type': Flags.string({
      description: 'only events of this type; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TYPE',
    }),
    follow: Flags.boolean({
      description: 'wait for what comes; --no-follow shows what is there (10m unless --since) and ends',
      default: true,
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(EventsTail);
    const { since, follow, json } = flags;
    const sandbox = (await this.target()).kind === 'sandbox';
    await tail(await this.connection(), { since, types: flags['detail-type'] ?? [], follow, json, sandbox });
  }
}
