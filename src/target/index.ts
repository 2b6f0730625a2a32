/**
 * Where the workshop runs: sandbox, self-hosted or aws-hosted. Only a flag, a loopback AWS_ENDPOINT_URL or the remembered
 * choice decides where; the other AWS variables decide as whom, on AWS only.
 * Touches the disk: target.json, in the nearest .presso folder upwards, else in the user's configuration folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';

export const TARGET_KINDS = ['sandbox', 'self-hosted', 'aws-hosted'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Target {
  kind: TargetKind;
  region?: string;
  profile?: string;
  /** Given by --endpoint-url or a loopback AWS_ENDPOINT_URL; the sandbox's own is found by its data folder. */
  endpoint?: string;
  /** Sandbox only: the account, named by an access key of 12 digits. */
  account?: string;
  /** Sandbox only: where its data is. */
  data?: string;
}

export interface TargetInput {
  flags: {
    kind?: TargetKind | undefined;
    region?: string | undefined;
    profile?: string | undefined;
    endpointUrl?: string | undefined;
  };
  env: Record<string, string | undefined>;
  cwd: string;
}

/** The user's configuration folder of presso: PRESSO_HOME, else the platform's own. */
export function homeFolder(env: Record<string, string | undefined>): string {
  if (env['PRESSO_HOME']) return path.resolve(env['PRESSO_HOME']);
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '.';
  return path.join(env['XDG_CONFIG_HOME'] ?? env['APPDATA'] ?? path.join(home, '.config'), 'presso');
}

/** The file that holds, or would hold, the choice. */
export function targetFile(env: Record<string, string | undefined>, cwd: string): string {
  for (let dir = path.resolve(cwd); ; dir = path.dirname(dir)) {
    const file = path.join(dir, '.presso', 'target.json');
    if (existsSync(file)) return file;
    if (dir === path.dirname(dir)) break;
  }
  return path.join(homeFolder(env), 'target.json');
}

export function isLoopback(url: string): boolean {
  try {
    return /^(127(\.\d+){3}|localhost|\[::1\])$/.test(new URL(url).hostname);
  } catch {
    return false;
  }
}

/** Where a command acts, or undefined when nothing says so. */
export function resolveTarget({ flags, env, cwd }: TargetInput): Target | undefined {
  // By its shape alone: a Region that is new is none the worse for it, but "mars" would be an empty sandbox of its own.
  if (flags.region !== undefined && !/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(flags.region))
    throw new PressoError('usage', `"${flags.region}" is not the name of a Region.`, {
      hint: 'presso status --region us-east-1',
    });
  const remembered = readTarget(targetFile(env, cwd), flags.kind);
  const base = flags.kind && flags.kind !== remembered?.kind ? { kind: flags.kind } : remembered;
  const endpoint = chosenEndpoint(flags, env);
  let target: Target | undefined = base;
  if (endpoint) {
    const kind = isLoopback(endpoint) ? (flags.kind ?? 'sandbox') : (flags.kind ?? base?.kind ?? 'self-hosted');
    if (kind === 'sandbox' && !isLoopback(endpoint))
      throw new PressoError('foreign-endpoint', `The sandbox is on this machine; ${endpoint} is not.`, {
        hint: 'presso setup --sandbox',
      });
    target = { kind, endpoint };
    if (base?.region) target.region = base.region;
  }
  if (!target) return undefined;
  if (target.kind === 'sandbox') return sandboxTarget(target, flags, env);
  const region = flags.region ?? target.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  const profile = flags.profile ?? target.profile ?? env['AWS_PROFILE'];
  return {
    kind: target.kind,
    ...(region ? { region } : {}),
    ...(profile ? { profile } : {}),
    ...(target.endpoint ? { endpoint: target.endpoint } : {}),
    // An endpoint on this machine has no credentials of AWS to show to; a key of 12 digits names its account.
    ...(target.endpoint && isLoopback(target.endpoint) ? { account: accountOf(env) } : {}),
  };
}

const accountOf = (env: TargetInput['env']): string =>
  /^\d{12}$/.test(env['AWS_ACCESS_KEY_ID'] ?? '') ? (env['AWS_ACCESS_KEY_ID'] ?? '') : '000000000000';

function chosenEndpoint(flags: TargetInput['flags'], env: TargetInput['env']): string | undefined {
  if (flags.endpointUrl !== undefined) {
    if (!/^https?:\/\/[^/]+\/?$/.test(flags.endpointUrl) || !URL.canParse(flags.endpointUrl))
      throw new PressoError('usage', `"${flags.endpointUrl}" is not the address of an endpoint.`, {
        hint: 'presso status --endpoint-url http://127.0.0.1:4566',
      });
    return flags.endpointUrl;
  }
  const fromEnv = env['AWS_ENDPOINT_URL'];
  // Any other address in that variable is a matter between the person and the AWS CLI.
  return flags.kind === undefined && fromEnv && isLoopback(fromEnv) ? fromEnv : undefined;
}

function sandboxTarget(target: Target, flags: TargetInput['flags'], env: TargetInput['env']): Target {
  if (flags.profile !== undefined)
    throw new PressoError('usage', 'The sandbox has no profiles; --profile is for AWS.', {
      hint: 'presso setup --self-hosted --profile NAME',
    });
  const accessKey = env['AWS_ACCESS_KEY_ID'] ?? '';
  return {
    kind: 'sandbox',
    region: flags.region ?? target.region ?? 'us-east-1',
    account: /^\d{12}$/.test(accessKey) ? accessKey : (target.account ?? '000000000000'),
    data: target.data ?? path.join(homeFolder(env), 'sandbox'),
    ...(target.endpoint ? { endpoint: target.endpoint } : {}),
  };
}

/** Of a choice that cannot be read nothing is kept by whoever chooses anew. */
function readTarget(file: string, chosen: TargetKind | undefined): Target | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const value = JSON.parse(text) as Partial<Target>;
    const words = [value.region, value.profile, value.data].every((one) => /^(undefined|string)$/.test(typeof one));
    if (words && TARGET_KINDS.includes(value.kind as TargetKind)) return value as Target;
  } catch {
    // said below
  }
  if (chosen) return undefined;
  throw new PressoError('target-unreadable', `The remembered target in ${file} is not readable.`, {
    hint: 'presso setup --sandbox   (or --self-hosted, --aws-hosted)',
  });
}

/** Remembers the choice, readable by a person, written whole or not at all. */
export function rememberTarget(target: Target, env: Record<string, string | undefined>, cwd: string): string {
  const file = targetFile(env, cwd);
  const { kind, region, profile, data } = target;
  const kept = {
    kind,
    region,
    profile,
    ...(kind === 'sandbox' && data !== path.join(homeFolder(env), 'sandbox') ? { data } : {}),
  };
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.part`;
  writeFileSync(part, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  renameSync(part, file);
  return file;
}

/**
 * Does a command ask before it does this here? In the sandbox nothing costs anything and making something loses nothing,
 * so only what takes away is asked about.
 */
export function asksFirst(target: Target, what: 'create' | 'remove'): boolean {
  return what === 'remove' || target.kind !== 'sandbox';
}
