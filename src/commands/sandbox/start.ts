import { Flags } from '@oclif/core';
import { PressoCommand, SANDBOX_PORT } from '../../command.ts';
import { PressoError } from '../../errors.ts';
import { dataFolder, inPressosVoice } from '../../flows/sandbox.ts';
import { startHere, startDetached } from '../../flows/sandbox-start.ts';

const share = (description: string) => Flags.string({ description, helpValue: '0..1' });

export default class SandboxStart extends PressoCommand {
  static override summary = 'Start the sandbox: an AWS-compatible endpoint on this laptop.';
  static override description =
    'Any AWS SDK or the AWS CLI works against it with the variables that `presso env` prints. It keeps its state between starts.';
  static override examples = [
    'presso sandbox start',
    'presso sandbox start --port 4580 --data ./cloud',
    'presso sandbox start --foreground --throttle 0.1 --latency 40',
  ];
  static override flags = {
    port: Flags.integer({
      description: `port on 127.0.0.1 (${SANDBOX_PORT}, or any free one)`,
      min: 1,
      max: 65_535,
      helpValue: 'N',
    }),
    data: Flags.string({ description: 'where its state is kept', helpValue: 'DIR' }),
    foreground: Flags.boolean({ description: 'run here, log to the terminal, end with Ctrl-C' }),
    as: Flags.string({
      description: 'run callers under this role instead of as the administrator',
      helpValue: 'ROLE_ARN',
    }),
    'no-iam': Flags.boolean({ description: 'allow every call, whatever the policies say', exclusive: ['as'] }),
    latency: Flags.integer({ description: 'delay every answer', min: 0, max: 60_000, helpValue: 'MS' }),
    throttle: share('share of calls to throttle'),
    fault: share('share of calls to fail with a 503'),
    drop: share('share of connections to drop'),
    eventual: Flags.integer({
      description: 'let ListExecutions lag behind, as AWS may',
      min: 0,
      max: 60_000,
      helpValue: 'MS',
    }),
    window: Flags.integer({
      description: 'refuse what was signed longer ago than this (on AWS 300000)',
      min: 1_000,
      helpValue: 'MS',
    }),
    seed: Flags.integer({ description: 'seed of the faults', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SandboxStart);
    if (flags.as !== undefined && !/^arn:aws:iam::\d{12}:role\/.+$/.test(flags.as))
      throw new PressoError('usage', `"${flags.as}" is not the ARN of a role.`, {
        hint: 'presso sandbox start --as arn:aws:iam::000000000000:role/NAME',
      });
    for (const name of ['throttle', 'fault', 'drop'] as const) {
      const text = flags[name];
      if (text !== undefined && !(text.trim() !== '' && Number(text) >= 0 && Number(text) <= 1))
        throw new PressoError('usage', `--${name} is a share from 0 to 1, not "${text}".`, {
          hint: `presso sandbox start --${name} 0.1`,
        });
    }
    const options = { ...flags, 'no-iam': flags['no-iam'], dir: dataFolder(flags.data), version: this.config.version };
    await inPressosVoice(() => (flags.foreground ? startHere(options) : startDetached(options)));
  }
}
