/** What every command shares: the flags that say where and as whom, the connection, and one way for errors to leave. */
import { Command, Flags } from '@oclif/core';
import { devNull } from 'node:os';
import type { Connection } from './aws/connection.ts';
import { PressoError } from './errors.ts';
import { distFile } from './paths.ts';
import { homeFolder, resolveTarget, type Target, type TargetKind } from './target/index.ts';
import { ask, paint, prepareLines, tell } from './terminal.ts';
import { word } from './text.ts';

export abstract class PressoCommand extends Command {
  static override baseFlags = {
    profile: Flags.string({ description: 'AWS profile to act as', helpGroup: 'GLOBAL', helpValue: 'NAME' }),
    region: Flags.string({ description: 'AWS Region to act in', helpGroup: 'GLOBAL', helpValue: 'REGION' }),
    'endpoint-url': Flags.string({
      description: 'address of an AWS-compatible endpoint',
      helpGroup: 'GLOBAL',
      helpValue: 'URL',
    }),
    json: Flags.boolean({ description: 'print one JSON document', helpGroup: 'GLOBAL' }),
    'no-color': Flags.boolean({ description: 'print without colour', helpGroup: 'GLOBAL' }),
  };

  override async init(): Promise<void> {
    await super.init();
    if (process.stdout.isTTY || process.stderr.isTTY) await prepareLines();
  }

  #target: Target | undefined;
  #connection: Connection | undefined;

  /** The flags of setup that choose a kind; other commands have none. */
  protected kind(): TargetKind | undefined {
    return undefined;
  }

  /** Where this command acts; refused with the command that chooses when nothing says. */
  protected async target(): Promise<Target> {
    if (this.#target) return this.#target;
    const { flags } = (await this.parse(this.ctor as typeof PressoCommand)) as {
      flags: Record<string, string | undefined>;
    };
    const found = resolveTarget({
      flags: {
        kind: this.kind(),
        region: flags['region'],
        profile: flags['profile'],
        endpointUrl: flags['endpoint-url'],
      },
      env: process.env,
      cwd: process.cwd(),
    });
    if (!found)
      throw new PressoError('no-target', 'presso does not know yet where the workshop runs.', {
        hint: 'presso setup --sandbox   (or --self-hosted, --aws-hosted)',
      });
    this.#target = found;
    return found;
  }

  /** Clients for the target. For the sandbox, started if it is not running, nothing of the shell's AWS settings is used. */
  protected async connection(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const target = await this.target();
    const { connect, configuredRegion } = await import('./aws/connection.ts');
    // An account is known beforehand only on this machine: the sandbox, whatever the kind it stands in for.
    if (target.account !== undefined) {
      forgetShellSettings();
      target.endpoint ??= (await ensureSandbox(target, this.config.version)).endpoint;
      this.#connection = await connect({
        region: target.region ?? 'us-east-1',
        endpoint: target.endpoint,
        credentials: { accessKeyId: target.account, secretAccessKey: 'sandbox' },
      });
    } else {
      // An endpoint meant for the AWS CLI must not redirect single services of presso.
      for (const name of Object.keys(process.env)) if (/^AWS_ENDPOINT_URL/.test(name)) delete process.env[name];
      target.region ??= await configuredRegion(target.profile);
      if (!target.region)
        throw new PressoError('no-region', 'No Region is named by a flag, a variable or the profile.', {
          hint: `presso ${this.id?.replaceAll(':', ' ')} --region us-east-1`,
        });
      this.#connection = await connect({
        region: target.region,
        ...(target.endpoint ? { endpoint: target.endpoint } : {}),
        ...(target.profile ? { profile: target.profile } : {}),
        mfaCode: (serial) =>
          ask(`Code of the MFA device ${serial}:`, {
            sentence: 'The profile asks for an MFA code and there is no terminal.',
            hint: 'aws sts get-session-token',
          }),
      });
    }
    tell(paint().dim(describeTarget(target)));
    return this.#connection;
  }

  /**
   * This command as it was typed, to be typed again: a flag that is lost would let it do more than was shown, or elsewhere.
   * Without the flags that say only how it is shown or asked, and without those named.
   */
  protected again(...without: string[]): string {
    const left = new Set(['dry-run', 'yes', 'json', 'no-color', ...without]);
    const words: string[] = [];
    for (let at = 0; at < this.argv.length; at++) {
      const typed = this.argv[at] ?? '';
      const name = typed === '-y' ? 'yes' : (/^--([^=]+)/.exec(typed)?.[1] ?? '');
      if (!left.has(name)) words.push(word(typed));
      else if (!typed.includes('=') && this.ctor.flags[name]?.type === 'option') at++;
    }
    return ['presso', this.id?.replaceAll(':', ' '), ...words].join(' ');
  }

  override async catch(error: Error): Promise<unknown> {
    const { explainAwsError } = await import('./aws/failure.ts');
    throw explainAwsError(error, {
      sandbox: this.#target?.kind === 'sandbox',
      endpoint: this.#target?.endpoint,
      profile: this.#target?.profile,
      region: this.#target?.region,
    });
  }

  override async finally(): Promise<void> {
    this.#connection?.close();
  }
}

export function describeTarget(target: Target): string {
  const where =
    target.kind === 'sandbox'
      ? `account ${target.account ?? '000000000000'}`
      : target.profile
        ? `profile ${target.profile}`
        : 'default credentials';
  return [target.kind, where, target.region, target.endpoint].filter(Boolean).join(' · ');
}

/** The sandbox's port unless asked otherwise; when it is in use and nobody asked for it, any other is taken. */
export const SANDBOX_PORT = 4580;

/** The running sandbox of this target, started when there is none. */
export async function ensureSandbox(
  target: Target,
  version: string,
): Promise<{ endpoint: string; pid: number; port: number }> {
  const { findSandbox, launchSandbox, SandboxError } = await import('./sandbox/index.ts');
  const dir = target.data ?? `${homeFolder(process.env)}/sandbox`;
  try {
    return (
      (await findSandbox(dir)) ??
      (await launchSandbox(distFile('sandbox', 'process.js'), dir, [
        '--version',
        version,
        '--port',
        String(SANDBOX_PORT),
        '--any-port',
      ]))
    );
  } catch (error) {
    if (error instanceof SandboxError) throw new PressoError(error.code, error.message, { hint: error.hint });
    throw error;
  }
}

/** A stray profile, proxy or endpoint can never decide who gets the bill: with the sandbox as target they are not read. */
function forgetShellSettings(): void {
  for (const name of Object.keys(process.env))
    if (/^AWS_/i.test(name) || /^(HTTPS?|ALL|NO)_PROXY$/i.test(name)) delete process.env[name];
  process.env['AWS_CONFIG_FILE'] = devNull;
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = devNull;
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
}
