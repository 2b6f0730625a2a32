/** Reading inputs of the Query protocol: every leaf is a text, an empty list comes as an empty text. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output, Permission } from '../../../service.ts';
import { names, type StackRecord, stacks, type Tags } from '../records.ts';
import { invalid } from '../template/model.ts';
import type { GivenParameter } from '../template/parameters.ts';

/** An action that takes exactly these members; anything else is refused by its name. */
export function action(
  members: string,
  permission: string | ((input: Input, context: Context) => Permission[]),
  run: (input: Input, context: Context) => Output | Promise<Output>,
): Action {
  const known = new Set(members.split(' '));
  return {
    permissions:
      typeof permission === 'string'
        ? (input, context) => [{ action: `cloudformation:${permission}`, resource: stackArn(input, context) }]
        : permission,
    run(input, context) {
      for (const name of Object.keys(input))
        if (!known.has(name)) throw invalid(`The sandbox does not carry the parameter ${name} of this action.`);
      return run(input, context);
    },
  };
}

/** The ARN that IAM decides on, whether the stack is there or not. */
function stackArn(input: Input, context: Context): string {
  const given = text(input, 'StackName');
  if (given === undefined) return '*';
  if (given.startsWith('arn:')) return given;
  const id = names(context).get(given);
  return id ?? context.arn(`stack/${given}/*`);
}

export function text(input: Input, name: string): string | undefined {
  const value: unknown = input[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') return String(value);
  return value;
}

export function required(input: Input, name: string): string {
  const value = text(input, name);
  if (value === undefined)
    throw invalid(
      `1 validation error detected: Value null at '${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must not be null`,
    );
  return value;
}

export function flag(input: Input, name: string): boolean | undefined {
  const value = text(input, name);
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ServiceError('MalformedInput', `Invalid boolean value for ${name}: ${value}`, 400);
}

export function list(input: Input, name: string): unknown[] {
  const value: unknown = input[name];
  return Array.isArray(value) ? value : [];
}

export function texts(input: Input, name: string): string[] {
  return list(input, name).map(String);
}

/** What the sandbox has no use for is refused, not ignored; an empty list asks for nothing. */
export function refuse(input: Input, ...members: string[]): void {
  for (const name of members) {
    const value: unknown = input[name];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    throw invalid(`The sandbox does not carry ${name}.`);
  }
}

/** RollbackConfiguration is taken when it asks for nothing. */
export function refuseTriggers(input: Input): void {
  const configuration = input['RollbackConfiguration'] as Record<string, unknown> | string | undefined;
  if (typeof configuration !== 'object') return;
  refuse(configuration, 'RollbackTriggers');
  if (Number(configuration['MonitoringTimeInMinutes'] ?? 0) !== 0)
    throw invalid('The sandbox does not carry RollbackConfiguration.');
}

/** DeploymentConfig, mode STANDARD: only its DisableRollback counts. */
export function deploymentRollback(input: Input): boolean | undefined {
  const config: unknown = input['DeploymentConfig'];
  if (typeof config !== 'object' || config === null) return undefined;
  const { Mode, DisableRollback, ...rest } = config as Record<string, string>;
  const [unknown] = Object.keys(rest);
  if (unknown) throw invalid(`The sandbox does not carry DeploymentConfig.${unknown}.`);
  // Express mode answers before resources have settled and leaves rollback off unless asked; the result is the same.
  if (Mode !== undefined && Mode !== 'STANDARD' && Mode !== 'EXPRESS')
    throw invalid(
      `1 validation error detected: Value '${Mode}' at 'deploymentConfig.mode' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]`,
    );
  return DisableRollback === undefined ? Mode === 'EXPRESS' : DisableRollback === 'true';
}

export function parametersOf(input: Input): GivenParameter[] {
  const found = list(input, 'Parameters').map((item) => {
    const { ParameterKey, ParameterValue, UsePreviousValue } = item as Record<string, string | undefined>;
    return {
      ParameterKey: ParameterKey ?? '',
      ...(ParameterValue === undefined ? {} : { ParameterValue }),
      ...(UsePreviousValue === 'true' ? { UsePreviousValue: true } : {}),
    };
  });
  const twice = found.find(
    (item, index) => found.findIndex((other) => other.ParameterKey === item.ParameterKey) !== index,
  );
  if (twice) throw invalid(`Duplicate parameter key: ${twice.ParameterKey}`);
  return found;
}

/** Tags as a map; undefined when the request says nothing of them (an update keeps what is there). */
export function tagsOf(input: Input): Tags | undefined {
  if (input['Tags'] === undefined) return undefined;
  const tags: Tags = {};
  for (const item of list(input, 'Tags')) {
    const { Key = '', Value = '' } = item as Record<string, string | undefined>;
    if (/^aws:/i.test(Key)) throw invalid('aws: prefixed tag key names are not allowed for external use.');
    if (Key === '' || Key.length > 128 || Value.length > 256)
      throw invalid(`1 validation error detected: Value '${Key}' at 'tags.key' failed to satisfy constraint`);
    if (Object.hasOwn(tags, Key)) throw invalid(`Duplicate tag keys found: ${Key}`);
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50) throw invalid('Too many tags: a stack has at most 50.');
  return tags;
}

export function shownTags(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function checkStackName(name: string): string {
  if (!/^[a-zA-Z][-a-zA-Z0-9]*$/.test(name))
    throw invalid(
      `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
    );
  if (name.length > 128)
    throw invalid(
      `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must have length less than or equal to 128`,
    );
  return name;
}

/** A stack by name (one that is not deleted) or by id. */
export function findStack(context: Context, nameOrId: string): StackRecord | undefined {
  const id = nameOrId.startsWith('arn:') ? nameOrId : names(context).get(nameOrId);
  return id === undefined ? undefined : stacks(context).get(id);
}

export function needStack(context: Context, nameOrId: string, message?: string): StackRecord {
  const found = findStack(context, nameOrId);
  if (!found) throw invalid(message ?? `Stack with id ${nameOrId} does not exist`);
  return found;
}

/** The stack of a change, which must not be deleted. */
export function liveStack(context: Context, nameOrId: string): StackRecord {
  const found = findStack(context, nameOrId);
  if (!found || found.status === 'DELETE_COMPLETE') throw invalid(`Stack [${nameOrId}] does not exist`);
  return found;
}

/** A request that was answered before under this token: the same one is answered again, another one is refused. */
export function answeredBefore(stack: StackRecord | undefined, token: string | undefined, what: string): boolean {
  if (!stack || token === undefined || !Object.hasOwn(stack.tokens, token)) return false;
  if (stack.tokens[token] === what) return true;
  throw new ServiceError(
    'TokenAlreadyExistsException',
    `The client request token ${token} was already used by another request.`,
    400,
  );
}

export function checkToken(input: Input): string | undefined {
  const token = text(input, 'ClientRequestToken') ?? text(input, 'ClientToken');
  if (token !== undefined && !/^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$/.test(token))
    throw invalid(
      `1 validation error detected: Value '${token}' at 'clientRequestToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*`,
    );
  return token;
}

/** The role a request names, and the right to pass it. */
export function passRole(input: Input): Permission[] {
  const role = text(input, 'RoleARN');
  if (role === undefined) return [];
  return [
    { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
  ];
}

/** One page of `all`; the token is where the next one starts. */
export function page<T>(
  all: readonly T[],
  input: Input,
  size: number,
  keyOf: (item: T) => string,
): { items: T[]; NextToken: string | undefined } {
  const token = text(input, 'NextToken');
  let from = 0;
  if (token !== undefined) {
    const key = Buffer.from(token, 'base64url').toString();
    from = all.findIndex((item) => keyOf(item) === key);
    if (from < 0) throw invalid('The NextToken is not valid.');
  }
  const next = all[from + size];
  return {
    items: all.slice(from, from + size),
    NextToken: next === undefined ? undefined : Buffer.from(keyOf(next)).toString('base64url'),
  };
}
