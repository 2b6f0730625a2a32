/** Reading and refusing what requests on StackSets say (API Reference, "CreateStackSet" and its neighbours). */
import { ServiceError } from '../../../errors.ts';
import type { Context, Input, Permission } from '../../../service.ts';
import { flag, list, parametersOf, text, texts } from '../actions/input.ts';
import { invalid } from '../template/model.ts';
import type { GivenParameter } from '../template/parameters.ts';
import { type Preferences, type StackSetRecord, stackSets, type Targets } from './records.ts';

export const notFound = (nameOrId: string): ServiceError =>
  new ServiceError('StackSetNotFoundException', `StackSet ${nameOrId} not found`, 404);

export function constraint(value: string | null, at: string, words: string): ServiceError {
  const shown = value === null ? 'Value null' : `Value '${value}'`;
  return invalid(`1 validation error detected: ${shown} at '${at}' failed to satisfy constraint: ${words}`);
}

/** The set of that name, or of that id (`name:uuid`); a deleted one is found by its id alone. */
export function findSet(context: Context, nameOrId: string): StackSetRecord | undefined {
  const byId = stackSets(context).get(nameOrId.startsWith('arn:') ? (nameOrId.split('/').at(-1) ?? '') : nameOrId);
  if (byId) return byId;
  return [...stackSets(context).values()].find(({ name, status }) => status === 'ACTIVE' && name === nameOrId);
}

export function needSet(context: Context, input: Input): StackSetRecord {
  const name = text(input, 'StackSetName');
  if (name === undefined) throw constraint(null, 'stackSetName', 'Member must not be null');
  const found = findSet(context, name);
  if (!found || found.status === 'DELETED') throw notFound(name);
  return found;
}

export const setArn = (context: Context, set: { id: string }): string => context.arn(`stackset/${set.id}`);

/** What IAM is asked before anything on a set; `targets` where the request names accounts or units. */
export const setRights =
  (name: string, targets = false) =>
  (input: Input, context: Context): Permission[] => {
    const given = text(input, 'StackSetName') ?? '*';
    const set = findSet(context, given);
    const id = set?.id ?? `${given}:*`;
    const action = `cloudformation:${name}`;
    const regions = texts(input, 'Regions');
    const where = targets && regions.length > 0 ? { context: { 'cloudformation:TargetRegion': regions } } : {};
    const asked: Permission[] = [{ action, resource: context.arn(`stackset/${id}`), ...where }];
    if (targets) {
      const { accounts, units } = targetsOf(input);
      for (const target of [...accounts, ...units])
        asked.push({ action, resource: context.arn(`stackset-target/${id}/${target}`), ...where });
    }
    const role = text(input, 'AdministrationRoleARN');
    if (role !== undefined)
      asked.push({
        action: 'iam:PassRole',
        resource: role,
        context: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
      });
    return asked;
  };

export function oneOf<T extends string>(input: Input, name: string, values: readonly T[]): T | undefined {
  const value = text(input, name);
  if (value === undefined) return undefined;
  if (!(values as readonly string[]).includes(value))
    throw constraint(
      value,
      `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      `Member must satisfy enum value set: [${values.join(', ')}]`,
    );
  return value as T;
}

const struct = (input: Input, name: string): Input => {
  const value: unknown = input[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Input) : {};
};

export function onlyMembers(input: Input, at: string, members: string): void {
  const known = new Set(members.split(' '));
  for (const name of Object.keys(input))
    if (!known.has(name)) throw invalid(`The sandbox does not carry the parameter ${at}.${name} of this action.`);
}

function whole(input: Input, name: string, least: number, most: number): number | undefined {
  const value = text(input, name);
  if (value === undefined) return undefined;
  const at = `operationPreferences.${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const number = Number(value);
  if (!/^-?\d+$/.test(value)) throw new ServiceError('MalformedInput', `Invalid integer for ${at}: ${value}`, 400);
  if (number < least) throw constraint(value, at, `Member must have value greater than or equal to ${least}`);
  if (number > most) throw constraint(value, at, `Member must have value less than or equal to ${most}`);
  return number;
}

export function preferencesOf(input: Input, regions: string[]): Preferences {
  const given = struct(input, 'OperationPreferences');
  onlyMembers(
    given,
    'OperationPreferences',
    'RegionConcurrencyType RegionOrder FailureToleranceCount FailureTolerancePercentage MaxConcurrentCount MaxConcurrentPercentage ConcurrencyMode',
  );
  const preferences: Preferences = {
    regionOrder: texts(given, 'RegionOrder'),
    regionConcurrency: oneOf(given, 'RegionConcurrencyType', ['SEQUENTIAL', 'PARALLEL']),
    toleranceCount: whole(given, 'FailureToleranceCount', 0, Number.MAX_SAFE_INTEGER),
    tolerancePercentage: whole(given, 'FailureTolerancePercentage', 0, 100),
    maxCount: whole(given, 'MaxConcurrentCount', 1, Number.MAX_SAFE_INTEGER),
    maxPercentage: whole(given, 'MaxConcurrentPercentage', 1, 100),
    mode: oneOf(given, 'ConcurrencyMode', ['STRICT_FAILURE_TOLERANCE', 'SOFT_FAILURE_TOLERANCE']),
  };
  if (preferences.toleranceCount !== undefined && preferences.tolerancePercentage !== undefined)
    throw invalid('You can specify either FailureToleranceCount or FailureTolerancePercentage, but not both.');
  if (preferences.maxCount !== undefined && preferences.maxPercentage !== undefined)
    throw invalid('You can specify either MaxConcurrentCount or MaxConcurrentPercentage, but not both.');
  const stray = preferences.regionOrder.find((region) => !regions.includes(region));
  if (stray !== undefined && regions.length > 0)
    throw invalid(`Region order contains the Region ${stray}, which is not among the Regions of the operation.`);
  return preferences;
}

export function shownPreferences(preferences: Preferences): Record<string, unknown> {
  return {
    RegionConcurrencyType: preferences.regionConcurrency,
    RegionOrder: preferences.regionOrder,
    FailureToleranceCount: preferences.toleranceCount,
    FailureTolerancePercentage: preferences.tolerancePercentage,
    MaxConcurrentCount: preferences.maxCount,
    MaxConcurrentPercentage: preferences.maxPercentage,
    ConcurrencyMode: preferences.mode,
  };
}

/** The accounts and units a request names, wherever it names them; unchecked. */
export function targetsOf(input: Input): Targets {
  const targets = struct(input, 'DeploymentTargets');
  return {
    accounts: [...texts(input, 'Accounts'), ...texts(targets, 'Accounts')],
    units: texts(targets, 'OrganizationalUnitIds'),
    filter: text(targets, 'AccountFilterType'),
  };
}

/** Checked as far as the request alone tells. */
export function checkTargets(input: Input, set: StackSetRecord): Targets {
  const given = struct(input, 'DeploymentTargets');
  onlyMembers(given, 'DeploymentTargets', 'Accounts OrganizationalUnitIds AccountFilterType');
  const targets = targetsOf(input);
  oneOf(given, 'AccountFilterType', ['NONE', 'INTERSECTION', 'DIFFERENCE', 'UNION']);
  if (texts(input, 'Accounts').length > 0 && Object.keys(given).length > 0)
    throw invalid('You can specify Accounts or DeploymentTargets, but not both.');
  const wrong = targets.accounts.find((account) => !/^\d{12}$/.test(account));
  if (wrong !== undefined)
    throw constraint(
      `[${targets.accounts.join(', ')}]`,
      'accounts',
      'Member must satisfy constraint: [Member must satisfy regular expression pattern: ^[0-9]{12}$]',
    );
  if (set.permissionModel === 'SELF_MANAGED' && targets.units.length > 0)
    throw invalid('StackSets with SELF_MANAGED permission model can only have accounts as target');
  if (set.permissionModel === 'SERVICE_MANAGED' && texts(input, 'Accounts').length > 0)
    throw invalid('StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target');
  const strange = targets.units.find((unit) => !/^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$/.test(unit));
  if (strange !== undefined)
    throw constraint(
      `[${targets.units.join(', ')}]`,
      'deploymentTargets.organizationalUnitIds',
      'Member must satisfy constraint: [Member must satisfy regular expression pattern: ^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$]',
    );
  return targets;
}

export function regionsOf(input: Input): string[] {
  const regions = [...new Set(texts(input, 'Regions'))];
  const wrong = regions.find((region) => !/^[a-zA-Z0-9-]{1,128}$/.test(region));
  if (wrong !== undefined)
    throw constraint(
      `[${regions.join(', ')}]`,
      'regions',
      'Member must satisfy constraint: [Member must satisfy regular expression pattern: ^[a-zA-Z0-9-]{1,128}$]',
    );
  return regions;
}

/** The overrides of a request; undefined when it says nothing of them. */
export function overridesOf(input: Input, set: StackSetRecord): GivenParameter[] | undefined {
  if (input['ParameterOverrides'] === undefined) return undefined;
  const given = parametersOf({ Parameters: list(input, 'ParameterOverrides') });
  const strange = given.map(({ ParameterKey }) => ParameterKey).filter((key) => !Object.hasOwn(set.parameters, key));
  if (strange.length > 0) throw invalid(`Parameters: [${strange.join(', ')}] do not exist in the template`);
  for (const { ParameterKey, ParameterValue, UsePreviousValue } of given)
    if (UsePreviousValue && ParameterValue !== undefined)
      throw invalid(
        `Invalid input for parameter key ${ParameterKey}. Cannot specify usePreviousValue as true and non empty value for a parameter`,
      );
  return given;
}

export function operationIdOf(input: Input, context: Context): string {
  const id = text(input, 'OperationId');
  if (id === undefined) return context.world.uuid();
  if (!/^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$/.test(id))
    throw constraint(id, 'operationId', 'Member must satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*');
  return id;
}

export function pageSize(input: Input): number {
  const size = Number(text(input, 'MaxResults') ?? 100);
  if (!Number.isInteger(size) || size < 1 || size > 100)
    throw constraint(String(size), 'maxResults', 'Member must have value between 1 and 100');
  return size;
}

/** `Filters`, each with a name and one value. */
export function filtersOf(input: Input, names: readonly string[]): { name: string; value: string }[] {
  return list(input, 'Filters').map((item) => {
    const { Name = '', Values = '' } = item as { Name?: string; Values?: string };
    if (!names.includes(Name))
      throw constraint(Name, 'filters.1.member.name', `Member must satisfy enum value set: [${names.join(', ')}]`);
    return { name: Name, value: Values };
  });
}

export function managedOf(input: Input): boolean | undefined {
  const given = struct(input, 'ManagedExecution');
  onlyMembers(given, 'ManagedExecution', 'Active');
  return flag(given, 'Active');
}

export function autoDeploymentOf(input: Input): StackSetRecord['autoDeployment'] {
  if (typeof input['AutoDeployment'] !== 'object') return undefined;
  const given = struct(input, 'AutoDeployment');
  onlyMembers(given, 'AutoDeployment', 'Enabled RetainStacksOnAccountRemoval');
  if (flag(given, 'Enabled'))
    throw invalid(
      'The sandbox does not carry AutoDeployment.Enabled: accounts that join later are added by a request.',
    );
  return { enabled: false, retain: flag(given, 'RetainStacksOnAccountRemoval') ?? false };
}

export function checkName(input: Input): string {
  const name = text(input, 'StackSetName');
  if (name === undefined) throw constraint(null, 'stackSetName', 'Member must not be null');
  if (name.length > 128) throw constraint(name, 'stackSetName', 'Member must have length less than or equal to 128');
  if (!/^[a-zA-Z][-a-zA-Z0-9]*$/.test(name))
    throw constraint(name, 'stackSetName', 'Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*');
  return name;
}

export function checkDescription(input: Input): string | undefined {
  const description = text(input, 'Description');
  if (description !== undefined && description.length > 1024)
    throw constraint(description, 'description', 'Member must have length less than or equal to 1024');
  return description;
}

export function rolesOf(input: Input, model: StackSetRecord['permissionModel'], previous?: StackSetRecord) {
  const administrationRoleArn = text(input, 'AdministrationRoleARN');
  const executionRoleName = text(input, 'ExecutionRoleName');
  if (model === 'SERVICE_MANAGED') {
    if (administrationRoleArn !== undefined || executionRoleName !== undefined)
      throw invalid(
        'StackSets with SERVICE_MANAGED permission model do not take AdministrationRoleARN or ExecutionRoleName',
      );
    return {};
  }
  if (administrationRoleArn !== undefined && (administrationRoleArn.length < 20 || administrationRoleArn.length > 2048))
    throw constraint(
      administrationRoleArn,
      'administrationRoleARN',
      administrationRoleArn.length < 20
        ? 'Member must have length greater than or equal to 20'
        : 'Member must have length less than or equal to 2048',
    );
  if (executionRoleName !== undefined && !/^[a-zA-Z_0-9+=,.@-]{1,64}$/.test(executionRoleName))
    throw constraint(
      executionRoleName,
      'executionRoleName',
      'Member must satisfy regular expression pattern: [a-zA-Z_0-9+=,.@-]+',
    );
  return {
    administrationRoleArn: administrationRoleArn ?? previous?.administrationRoleArn,
    executionRoleName: executionRoleName ?? previous?.executionRoleName,
  };
}
