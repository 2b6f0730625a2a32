/**
 * A build: what a learner would have made, read from build.yaml and the files beside it. Touches the disk. One file, because
 * it is one format: what a field of build.yaml may hold stands beside how it is read.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { PressoError } from '../errors.ts';
import { BUS_NAME } from '../workshop.ts';

/** By a fixed name, or by a part of one that CloudFormation or the console made up. */
export type NameRef = { name: string } | { contains: string } | { arn: string };

export interface WorkflowWanted {
  kind: 'workflow';
  name: string;
  type: 'STANDARD' | 'EXPRESS';
  /** ASL, with `${…}` still in it */
  definition: string;
  role: NameRef;
}

/** A function of the learner's own: one file of code, `export const handler` or `exports.handler`. */
export interface FunctionWanted {
  kind: 'function';
  name: string;
  /** file name inside the package, and its text */
  file: string;
  code: string;
  role: NameRef;
}

export interface RoleWanted {
  kind: 'role';
  name: string;
  path: string;
  /** Who may assume it. */
  service: string;
  policies: Record<string, unknown>;
}

export interface TargetWanted {
  id: string;
  workflow?: string;
  function?: NameRef;
  logGroup?: string;
  /** Anything else, by its ARN. */
  arn?: string;
  /** Name of a role of this build, or of the account. */
  role?: string;
  input?: string;
  inputPath?: string;
  inputTransformer?: unknown;
}

export interface RuleWanted {
  kind: 'rule';
  name: string;
  bus: string;
  state: 'ENABLED' | 'DISABLED';
  /** JSON text, as it is put */
  pattern: string;
  targets: TargetWanted[];
}

export interface PermissionWanted {
  kind: 'permission';
  function: NameRef;
  rule: string;
}

/** Which user pool: the workshop's own, or one of this name in this Region. */
export interface PoolPlace {
  /** Of a pool beside the workshop's; without it the workshop's is meant. */
  pool?: string;
  region?: string;
}

/** A user pool beside the workshop's. */
export interface PoolWanted extends PoolPlace {
  kind: 'pool';
  name: string;
}

export interface GroupWanted extends PoolPlace {
  kind: 'group';
  name: string;
}

export interface UserWanted extends PoolPlace {
  kind: 'user';
  /** A mail address. */
  name: string;
  groups: string[];
  /** FORCE_CHANGE_PASSWORD: whoever signs in first chooses a password. */
  status: 'CONFIRMED' | 'FORCE_CHANGE_PASSWORD';
  enabled: boolean;
}

/** A parameter of the core, changed by hand; `${value}` is what stands there. */
export interface ParameterWanted {
  kind: 'parameter';
  name: string;
  value: string;
}

/** A rule that the core brought along, changed by hand. */
export interface CoreRuleWanted {
  kind: 'core rule';
  /** a part of its name */
  name: string;
  bus: string;
  state?: 'ENABLED' | 'DISABLED';
  pattern?: string;
}

export type Wanted =
  | WorkflowWanted
  | FunctionWanted
  | RoleWanted
  | RuleWanted
  | PermissionWanted
  | PoolWanted
  | GroupWanted
  | UserWanted
  | ParameterWanted
  | CoreRuleWanted;
/** In the order in which they are made: what others use comes first. */
const KINDS = [
  'role',
  'function',
  'workflow',
  'rule',
  'permission',
  'pool',
  'group',
  'user',
  'parameter',
  'core rule',
] as const;

export interface Build {
  /** In the order in which they are made. */
  resources: Wanted[];
  /** Check ids that must fail on it; none for a solution or a variant. */
  fail: string[];
  /** Words that the findings and hints of those checks must hold. */
  says: string[];
  /** `live` where a definition alone cannot tell. */
  judge: 'definition' | 'live';
}

interface BuildFile {
  extends?: string;
  resources?: Record<string, unknown>[];
  remove?: string[];
  expect?: { fail?: string[]; says?: string | string[] };
  judge?: string;
}

/**
 * Reads `dir`/build.yaml. A build that `extends` another takes its resources; one of the same kind and name (permissions:
 * same function and rule) replaces it in place, others are added, and `remove: [kind name]` takes some away. A workflow or
 * rule that replaces another takes over every field that it does not name; a workflow's `change` alters the definition:
 * `{at: /States/Read shop state/Next, to: value}`, without `to` what stands there is taken out.
 */
export function readBuild(dir: string): Build {
  const file = path.join(dir, 'build.yaml');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PressoError('no-build', `There is no build in ${dir} (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso solve --help',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw bad(`${file}:${line}:${col}`, error.message.split('\n')[0] ?? 'not YAML');
  }
  const value = (document.toJS() ?? {}) as BuildFile;
  const base: Build =
    value.extends === undefined
      ? { resources: [], fail: [], says: [], judge: 'definition' }
      : readBuild(path.resolve(dir, value.extends));
  const resources = [...base.resources];
  for (const remove of value.remove ?? []) {
    const at = resources.findIndex((resource) => identify(resource) === remove);
    if (at < 0) throw bad(file, `remove: there is no "${remove}" to take away`);
    resources.splice(at, 1);
  }
  for (const raw of value.resources ?? []) {
    const before = resources.find(
      ({ kind, ...one }) => kind === raw['kind'] && 'name' in one && one.name === raw['name'],
    );
    const wanted = toWanted(raw, dir, file, before);
    const at = resources.findIndex((resource) => identify(resource) === identify(wanted));
    if (at < 0) resources.push(wanted);
    else resources[at] = wanted;
  }
  // Whoever uses a thing comes after it, wherever a build that extends another has put it.
  resources.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  return {
    resources,
    fail: value.expect?.fail ?? [],
    says: [value.expect?.says ?? []].flat(),
    judge: value.judge === 'live' ? 'live' : 'definition',
  };
}

const refText = (ref: NameRef): string =>
  'name' in ref ? ref.name : 'contains' in ref ? `*${ref.contains}*` : ref.arn;

/** `rule NewOrder`, `permission *WorkflowStarted* WorkflowStarted`: what a build calls it. */
export function identify(resource: Wanted): string {
  return resource.kind === 'permission'
    ? `permission ${refText(resource.function)} ${resource.rule}`
    : `${resource.kind} ${resource.name}`;
}

function bad(where: string, what: string): PressoError {
  return new PressoError('bad-build', `${where}: ${what}.`, { hint: 'presso solve --help' });
}

function toWanted(raw: Record<string, unknown>, dir: string, file: string, before: Wanted | undefined): Wanted {
  const { kind } = raw;
  const name = String(raw['name'] ?? '');
  if (!KINDS.includes(kind as never))
    throw bad(file, `"${String(kind)}" is not a kind of resource; there are ${KINDS.join(', ')}`);
  if (kind !== 'permission' && name === '') throw bad(file, `a ${String(kind)} has no name`);
  if (kind === 'workflow') return toWorkflow(raw, name, dir, file, before?.kind === 'workflow' ? before : undefined);
  if (kind === 'function')
    return {
      kind,
      name,
      file: `index${path.extname(String(raw['code'] ?? 'index.mjs'))}`,
      code: readBeside(dir, raw['code'], file),
      role: toRef(raw['role'], file),
    };
  if (kind === 'role')
    return {
      kind,
      name,
      path: String(raw['path'] ?? '/'),
      service: String(raw['service'] ?? ''),
      policies: (raw['policies'] ?? {}) as Record<string, unknown>,
    };
  if (kind === 'permission') return { kind, function: toRef(raw['function'], file), rule: String(raw['rule'] ?? '') };
  if (kind === 'pool' || kind === 'group' || kind === 'user') return toPerson(raw, kind, name, file, before);
  if (kind === 'parameter') return { kind, name, value: String(raw['value'] ?? '') };
  if (kind === 'core rule')
    return {
      kind,
      name,
      bus: String(raw['bus'] ?? BUS_NAME),
      ...(raw['state'] === undefined ? {} : { state: raw['state'] === 'DISABLED' ? 'DISABLED' : 'ENABLED' }),
      ...(raw['pattern'] === undefined ? {} : { pattern: JSON.stringify(raw['pattern']) }),
    };
  const base = before?.kind === 'rule' ? before : undefined;
  const pattern = raw['pattern'] ?? base?.pattern;
  const targets = raw['targets'] as Record<string, unknown>[] | undefined;
  return {
    kind: 'rule',
    name,
    bus: String(raw['bus'] ?? base?.bus ?? ''),
    state: (raw['state'] ?? base?.state) === 'DISABLED' ? 'DISABLED' : 'ENABLED',
    pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
    targets:
      targets === undefined && base
        ? base.targets
        : (targets ?? []).map((target) => ({
            ...(target as unknown as TargetWanted),
            id: String(target['id'] ?? 'target'),
            ...(target['function'] === undefined ? {} : { function: toRef(target['function'], file) }),
          })),
  };
}

/** A user that replaces another takes over every field that it does not name. */
function toPerson(
  raw: Record<string, unknown>,
  kind: 'pool' | 'group' | 'user',
  name: string,
  file: string,
  before: Wanted | undefined,
): Wanted {
  const place: PoolPlace = {
    ...(raw['pool'] === undefined ? {} : { pool: String(raw['pool']) }),
    ...(raw['region'] === undefined ? {} : { region: String(raw['region']) }),
  };
  if (kind === 'pool') return { kind, name, ...place, pool: name };
  if (kind === 'group') return { kind, name, ...place };
  if (!/^[^\s@]+@[^\s@]+$/.test(name)) throw bad(file, `the user "${name}" is named by a mail address`);
  const base = before?.kind === 'user' ? before : undefined;
  return {
    kind,
    name,
    groups: raw['groups'] === undefined ? (base?.groups ?? []) : (raw['groups'] as unknown[]).map(String),
    status: (raw['status'] ?? base?.status) === 'FORCE_CHANGE_PASSWORD' ? 'FORCE_CHANGE_PASSWORD' : 'CONFIRMED',
    enabled: (raw['enabled'] ?? base?.enabled) !== false,
    ...place,
  };
}

function readBeside(dir: string, name: unknown, file: string): string {
  const source = path.join(dir, String(name ?? ''));
  try {
    return readFileSync(source, 'utf8');
  } catch {
    throw bad(file, `${source} cannot be read`);
  }
}

function toWorkflow(
  raw: Record<string, unknown>,
  name: string,
  dir: string,
  file: string,
  before: WorkflowWanted | undefined,
): WorkflowWanted {
  const written =
    raw['definition'] === undefined && before ? before.definition : readBeside(dir, raw['definition'], file);
  const changes = (raw['change'] ?? []) as { at: string; to?: unknown }[];
  return {
    kind: 'workflow',
    name,
    type: (raw['type'] ?? before?.type) === 'EXPRESS' ? 'EXPRESS' : 'STANDARD',
    definition: changes.length > 0 ? changed(written, changes, file) : written,
    role: raw['role'] === undefined && before ? before.role : toRef(raw['role'], file),
  };
}

/** The definition with values put in, or taken out, where JSON pointers say. */
function changed(definition: string, changes: { at: string; to?: unknown }[], file: string): string {
  const root = JSON.parse(definition) as Record<string, unknown>;
  for (const change of changes) {
    const steps = change.at
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    const holder = steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], root);
    if (!holder || typeof holder !== 'object') throw bad(file, `change: there is nothing at ${change.at}`);
    if ('to' in change) (holder as Record<string, unknown>)[last] = change.to;
    else if (!(last in holder)) throw bad(file, `change: there is nothing at ${change.at} to take out`);
    else if (Array.isArray(holder)) holder.splice(Number(last), 1);
    else delete (holder as Record<string, unknown>)[last];
  }
  return `${JSON.stringify(root, null, 2)}\n`;
}

function toRef(value: unknown, file: string): NameRef {
  if (typeof value === 'string') return value.startsWith('arn:') ? { arn: value } : { name: value };
  if (value && typeof value === 'object') {
    const { contains, name, arn } = value as Record<string, unknown>;
    if (typeof contains === 'string') return { contains };
    if (typeof name === 'string') return { name };
    if (typeof arn === 'string') return { arn };
  }
  throw bad(file, 'a name is a text, or {contains: …}, {name: …}, {arn: …}');
}

const refOf = (ref: NameRef): ((name: string, arn: string) => boolean) => {
  if ('name' in ref) return (name) => name === ref.name;
  if ('contains' in ref) return (name) => name.includes(ref.contains);
  return (_, arn) => arn === ref.arn;
};

/** Those of `all` that a reference means. */
export const meant = <T extends { name: string; arn: string }>(ref: NameRef, all: T[]): T[] =>
  all.filter(({ name, arn }) => refOf(ref)(name, arn));
