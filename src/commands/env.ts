import { Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';
import { environment, type Shell, shellLines } from '../report/env.ts';
import { say, sayJson } from '../terminal.ts';

export default class Env extends PressoCommand {
  static override summary = 'What the AWS CLI and SDKs need to work where presso does.';
  static override description =
    'The variables serve SDKs and the AWS CLI from 2.13 on. Older ones ignore AWS_ENDPOINT_URL and would call real AWS: with those always pass --endpoint-url.';
  static override examples = ['eval "$(presso env)"', 'presso env --shell powershell', 'presso env --json'];
  static override flags = {
    shell: Flags.string({ description: 'for which shell', options: ['sh', 'powershell', 'cmd'], default: 'sh' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Env);
    await this.connection();
    const variables = environment(await this.target());
    if (flags.json) return sayJson(variables);
    for (const text of shellLines(variables, flags.shell as Shell)) say(text);
  }
}
