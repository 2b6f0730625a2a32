/** Reading inputs of the Query protocol: every leaf is a text, an empty list comes as an empty text. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output, Permission } from '../../../service.ts';
import { names, operations, type StackRecord, stacks, type Tags, type Wish } from '../records.ts';
import { readTemplate } from '../engine/scope.ts';
import { invalid, type Template } from '../template/model.ts';
import { type GivenParameter, parameterTexts, storedParameters } from '../template/parameters.ts';
import { parseTemplate } from '../template/parse.ts';

export const LARGEST_TEMPLATE = 51_200;

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

export function templateText(input: Input, previous: string | undefined): string {
  refuse(input, 'TemplateURL');
  const body = text(input, 'TemplateBody');
  if (flag(input, 'UsePreviousTemplate')) {
    if (body !== undefined)
      throw invalid('You cannot specify both usePreviousTemplate and Template Body/Template URL.');
    if (previous === undefined) throw invalid('No previous template is there to use.');
    return previous;
  }
  if (body === undefined) throw invalid('Either Template URL or Template Body must be specified.');
  if (Buffer.byteLength(body) > LARGEST_TEMPLATE)
    throw invalid(
      `1 validation error detected: Value '${body.slice(0, 100)}...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${LARGEST_TEMPLATE}`,
    );
  return body;
}

const IAM_TYPES: Record<string, string | undefined> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
};

/** What has to be acknowledged before IAM resources are made (guide, "Acknowledging IAM resources in CloudFormation templates"). */
export function neededCapability(template: Template): { capability: string; types: string[] } | undefined {
  const found = Object.values(template.resources).filter((resource) => Object.hasOwn(IAM_TYPES, resource.Type));
  if (found.length === 0) return undefined;
  const named = found.some((resource) => {
    const property = IAM_TYPES[resource.Type];
    return property !== undefined && resource.Properties[property] !== undefined;
  });
  return {
    capability: named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM',
    types: [...new Set(found.map((resource) => resource.Type))],
  };
}

function checkCapabilities(template: Template, capabilities: string[]): void {
  for (const capability of capabilities)
    if (!['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'].includes(capability))
      throw invalid(
        `1 validation error detected: Value '[${capabilities.join(', ')}]' at 'capabilities' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [CAPABILITY_AUTO_EXPAND, CAPABILITY_NAMED_IAM, CAPABILITY_IAM]]`,
      );
  const needed = neededCapability(template);
  if (!needed || capabilities.includes('CAPABILITY_NAMED_IAM') || capabilities.includes(needed.capability)) return;
  throw new ServiceError('InsufficientCapabilitiesException', `Requires capabilities : [${needed.capability}]`, 400);
}

/** Everything a request asks for, checked as far as CloudFormation checks it before it answers. */
export async function readWish(
  input: Input,
  context: Context,
  previous: Wish | undefined,
): Promise<{ wish: Wish; template: Template; given: GivenParameter[] }> {
  const templateBody = templateText(input, previous?.templateBody);
  if (
    parseTemplate(templateBody)['Transform'] !== undefined &&
    !texts(input, 'Capabilities').includes('CAPABILITY_AUTO_EXPAND')
  )
    throw new ServiceError(
      'InsufficientCapabilitiesException',
      'Requires capabilities : [CAPABILITY_AUTO_EXPAND]',
      400,
    );
  const template = readTemplate(templateBody);
  const given = parametersOf(input);
  const parameters = parameterTexts(template, given, previous?.parameters ?? {});
  const capabilities = texts(input, 'Capabilities');
  checkCapabilities(template, capabilities);
  const wanted = [...new Set(storedParameters(template, parameters))];
  const stored: Record<string, string> = {};
  if (wanted.length > 0) {
    const answers = (await context.call('ssm', 'GetParameters', { Names: wanted.slice(0, 10) })) as {
      Parameters?: { Name: string; Value: string }[];
    };
    for (const { Name, Value } of answers.Parameters ?? []) stored[Name] = Value;
    const missing = wanted.filter((name) => !Object.hasOwn(stored, name));
    if (missing.length > 0)
      throw invalid(`Unable to fetch parameters [${missing.join(',')}] from parameter store for this account.`);
  }
  return {
    wish: { templateBody, parameters, stored, tags: tagsOf(input) ?? previous?.tags ?? {}, capabilities },
    template,
    given,
  };
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

export function busy(context: Context, stackId: string): boolean {
  return operations(context).has(stackId);
}
