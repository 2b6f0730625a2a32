import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';
import { EXIT, PressoError } from '../errors.ts';
import { templatesDir } from '../paths.ts';
import type { TargetKind } from '../target/index.ts';

export default class Setup extends PressoCommand {
  static override summary =
    'Deploy the core of the coffee bar, or check the one an event deployed, and seed it; later the stacks of module 4.';
  static override description =
    'Shows who and where first, then what would change and what it costs, then asks. Run twice, the second changes nothing. ' +
    'Ctrl-C stops watching only: the same command goes on.';
  static override examples = [
    'presso setup --sandbox',
    'presso setup --self-hosted --region eu-west-1 --dry-run',
    'presso setup --aws-hosted',
    'presso setup --export ./templates',
    'presso setup module-4',
  ];
  static override args = {
    module: Args.string({
      description: 'setup (the core), or module-4 on top of it',
      options: ['setup', 'module-4'],
      default: 'setup',
    }),
  };
  static override flags = {
    sandbox: Flags.boolean({
      description: 'everything on this laptop, no account',
      exclusive: ['self-hosted', 'aws-hosted', 'profile'],
    }),
    'self-hosted': Flags.boolean({ description: 'deploy into your own AWS account', exclusive: ['aws-hosted'] }),
    'aws-hosted': Flags.boolean({ description: 'an account of an AWS event: deploy nothing, check what is there' }),
    'dry-run': Flags.boolean({ description: 'show the plan and stop' }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    export: Flags.string({
      description: 'write the finished templates to a folder, for the CloudFormation console',
      helpValue: 'DIR',
      exclusive: ['dry-run', 'yes'],
    }),
  };

  #kind: TargetKind | undefined;

  protected override kind(): TargetKind | undefined {
    return this.#kind;
  }

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Setup);
    if (flags.export !== undefined) {
      const { exportTemplates } = await import('../flows/export.ts');
      return exportTemplates(templatesDir(), flags.export, args.module, flags.json);
    }
    this.#kind = flags.sandbox
      ? 'sandbox'
      : flags['self-hosted']
        ? 'self-hosted'
        : flags['aws-hosted']
          ? 'aws-hosted'
          : undefined;
    const { chooseKind, runSetup } = await import('../flows/setup.ts');
    this.#kind ??= await chooseKind({
      region: flags.region,
      profile: flags.profile,
      endpointUrl: flags['endpoint-url'],
    });
    const outcome = await runSetup({
      connection: await this.connection(),
      target: await this.target(),
      module: args.module,
      remember: flags['endpoint-url'] === undefined,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      json: flags.json,
      command: this.again(),
    });
    if (outcome === 'failed')
      throw new PressoError('quiet', 'A stack failed.', {
        hint: args.module === 'setup' ? 'presso setup' : `presso setup ${args.module}`,
        exit: EXIT.no,
      });
  }
}
