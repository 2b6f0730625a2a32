import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../command.ts';
import type { VerifyOptions } from '../flows/verify.ts';

export default class Verify extends PressoCommand {
  static override summary = 'Is a module done? What is right, what is wrong, why, and what to do next.';
  static override description =
    'Judges behaviour, not names of states, and only reads, unless --live lets it place test orders. Without a module it judges all that the course has. Exit code 0: everything passes; 1: something fails or waits; 2: something could not be judged.';
  static override examples = [
    'presso verify',
    'presso verify module-1',
    'presso verify module-1a',
    'presso verify module-1 --definition my-workflow.asl.json',
    'presso verify module-2 --live',
    'presso verify module-2 --watch',
    'presso verify --watch --definition my-workflow.asl.json',
    'presso verify --json',
    'presso verify --print-policy',
  ];
  static override args = { module: Args.string({ description: 'setup, module-1, module-1a, module-1b, module-2 …' }) };
  static override flags = {
    definition: Flags.string({ description: 'judge a workflow file, with no account at all', helpValue: 'FILE' }),
    live: Flags.boolean({
      description: 'also place real test orders, follow them event by event, and take them away; asks first',
      exclusive: ['definition'],
    }),
    watch: Flags.boolean({
      description: 'judge again whenever something changed, until Ctrl-C; with --json one document a line',
      exclusive: ['live'],
    }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask before --live', dependsOn: ['live'] }),
    junit: Flags.string({ description: 'also write the result as JUnit XML', helpValue: 'FILE' }),
    'print-policy': Flags.boolean({
      description: 'print the smallest IAM policy that this needs, with --live also what test orders need, and stop',
      exclusive: ['definition', 'watch', 'junit'],
    }),
    checks: Flags.string({ description: 'a folder of checks of your own', helpValue: 'DIR' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const { verifyDefinition, verifyTarget } = await import('../flows/verify.ts');
    const options = { module: args.module, checks: flags.checks, junit: flags.junit, json: flags.json };
    if (flags['print-policy']) return (await import('../flows/verify.ts')).printPolicy(options, flags.live);
    if (flags.watch) return this.watch(flags.definition, options);
    if (flags.definition !== undefined) return verifyDefinition(flags.definition, options);
    const { live, yes } = flags;
    await verifyTarget(() => this.connection(), await this.target(), { ...options, live, yes });
  }

  private async watch(definition: string | undefined, options: VerifyOptions): Promise<void> {
    const { watchDefinition, watchTarget } = await import('../flows/verify-watch.ts');
    if (definition !== undefined) return watchDefinition(definition, options);
    await watchTarget(await this.connection(), await this.target(), options);
  }
}
