/**
 * CloudFormation StackSets, as plain values: sets, the places they are in, operations. Asked in the administrator's account.
 * One file, because every call says the same three things of itself: which set, whose permissions, which places.
 */
import type { CallAs, StackSetOperationPreferences } from '@aws-sdk/client-cloudformation';
import type { Connection } from './connection.ts';
import { PressoError } from '../errors.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client('cloudformation', async (config) => {
    const { CloudFormation } = await import('@aws-sdk/client-cloudformation');
    return new CloudFormation(config);
  });

export type Permissions = 'self-managed' | 'service-managed';

/** The administrator's side of StackSets. */
export interface SetHub {
  connection: Connection;
  permissions: Permissions;
  /** service-managed: from a delegated administrator's account instead of the management account. */
  delegated?: boolean | undefined;
  /** service-managed: the root or unit that holds every target. */
  unit?: string | undefined;
  /** self-managed: other roles than AWS's own names for them. */
  administrationRole?: string | undefined;
  executionRole?: string | undefined;
}

export interface SetState {
  name: string;
  id: string;
  permissions: Permissions;
  /** self-managed */
  administrationRole?: string;
  executionRole?: string;
  body: string;
  parameters: Record<string, string>;
  tags: Record<string, string>;
}

export interface InstanceState {
  account: string;
  region: string;
  /** CURRENT, OUTDATED, INOPERABLE */
  status: string;
  /** PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, INOPERABLE, … */
  detailed: string;
  reason?: string;
}

export interface OperationState {
  id: string;
  /** CREATE, UPDATE, DELETE, DETECT_DRIFT */
  action: string;
  /** RUNNING, SUCCEEDED, FAILED, STOPPING, STOPPED, QUEUED */
  status: string;
}

export interface ResultState {
  account: string;
  region: string;
  /** PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED */
  status: string;
  reason?: string;
}

/** How fast, and how many may fail: a count, or a percentage of the accounts of a Region. */
export interface Pace {
  concurrency: number;
  tolerance: { count: number } | { percentage: number };
}

const as = ({ permissions, delegated }: SetHub): { CallAs?: CallAs } =>
  permissions === 'service-managed' && delegated ? { CallAs: 'DELEGATED_ADMIN' } : {};

const isMissing = (error: unknown): boolean => /^StackSetNotFound/.test(errorName(error));

/** Another operation on the set is under way: only one runs at a time. */
export const isBusy = (error: unknown): boolean => /^OperationInProgress/.test(errorName(error));

/** The set of that name; undefined when there is none. */
export async function describeSet(hub: SetHub, name: string): Promise<SetState | undefined> {
  const client = await load(hub.connection);
  try {
    const { StackSet: set } = await client.describeStackSet({ StackSetName: name, ...as(hub) });
    if (!set || set.Status === 'DELETED') return undefined;
    return {
      name,
      id: set.StackSetId ?? '',
      permissions: set.PermissionModel === 'SERVICE_MANAGED' ? 'service-managed' : 'self-managed',
      ...(set.AdministrationRoleARN ? { administrationRole: set.AdministrationRoleARN } : {}),
      ...(set.ExecutionRoleName ? { executionRole: set.ExecutionRoleName } : {}),
      body: set.TemplateBody ?? '',
      parameters: Object.fromEntries((set.Parameters ?? []).map((p) => [p.ParameterKey ?? '', p.ParameterValue ?? ''])),
      tags: Object.fromEntries((set.Tags ?? []).map((t) => [t.Key ?? '', t.Value ?? ''])),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Names of the sets there are. */
export async function setNames(hub: SetHub): Promise<string[]> {
  const client = await load(hub.connection);
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listStackSets({ Status: 'ACTIVE', NextToken, ...as(hub) });
    found.push(...(page.Summaries ?? []).map(({ StackSetName = '' }) => StackSetName));
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

export async function setInstances(hub: SetHub, name: string): Promise<InstanceState[]> {
  const client = await load(hub.connection);
  const found: InstanceState[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listStackInstances({ StackSetName: name, MaxResults: 100, NextToken, ...as(hub) });
    for (const one of page.Summaries ?? [])
      found.push({
        account: one.Account ?? '',
        region: one.Region ?? '',
        status: one.Status ?? '',
        detailed: one.StackInstanceStatus?.DetailedStatus ?? '',
        ...(one.StatusReason ? { reason: one.StatusReason } : {}),
      });
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

export interface SetInput {
  name: string;
  description: string;
  body: string;
  parameters: Record<string, string>;
  tags: Record<string, string>;
}

const definition = (hub: SetHub, { name, description, body, parameters, tags }: SetInput, targeted = false) => ({
  StackSetName: name,
  Description: description,
  TemplateBody: body,
  Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  Capabilities: ['CAPABILITY_IAM' as const],
  ...(hub.permissions === 'service-managed'
    ? {
        PermissionModel: 'SERVICE_MANAGED' as const,
        // Either that or targets (API Reference, "UpdateStackSet").
        ...(targeted ? {} : { AutoDeployment: { Enabled: false, RetainStacksOnAccountRemoval: false } }),
      }
    : {
        PermissionModel: 'SELF_MANAGED' as const,
        ...(hub.administrationRole ? { AdministrationRoleARN: hub.administrationRole } : {}),
        ...(hub.executionRole ? { ExecutionRoleName: hub.executionRole } : {}),
      }),
  ...as(hub),
});

/** Somebody else's run may have made it meanwhile. @throws PressoError where the organization does not let StackSets in */
export async function createSet(hub: SetHub, input: SetInput): Promise<void> {
  const client = await load(hub.connection);
  try {
    await client.createStackSet(definition(hub, input));
  } catch (error) {
    if (/^NameAlreadyExists/.test(errorName(error))) return;
    if (!(error instanceof Error) || !/enable organizations access/i.test(error.message)) throw error;
    throw new PressoError('no-trust', 'AWS Organizations does not let StackSets in: trusted access is not enabled.', {
      hint: 'aws cloudformation activate-organizations-access   (in the management account)',
      cause: error,
    });
  }
}

/** Accounts of one Region. */
export interface Places {
  accounts: string[];
  region: string;
}

const targets = (hub: SetHub, { accounts, region }: Places) => ({
  ...(hub.permissions === 'service-managed'
    ? {
        DeploymentTargets: {
          OrganizationalUnitIds: [hub.unit ?? ''],
          Accounts: accounts,
          AccountFilterType: 'INTERSECTION' as const,
        },
      }
    : { Accounts: accounts }),
  Regions: [region],
});

const preferences = ({ concurrency, tolerance }: Pace): StackSetOperationPreferences => ({
  MaxConcurrentCount: concurrency,
  // How many work at a time has nothing to do with how many may fail.
  ConcurrencyMode: 'SOFT_FAILURE_TOLERANCE',
  ...('count' in tolerance
    ? { FailureToleranceCount: tolerance.count }
    : { FailureTolerancePercentage: tolerance.percentage }),
});

/** Starts the update of the definition and of these places; answers with the operation. */
export async function updateSet(hub: SetHub, input: SetInput, places: Places | undefined, pace: Pace): Promise<string> {
  const client = await load(hub.connection);
  const { OperationId = '' } = await client.updateStackSet({
    ...definition(hub, input, places !== undefined),
    ...(places ? targets(hub, places) : {}),
    OperationPreferences: preferences(pace),
  });
  return OperationId;
}

export async function createInstances(hub: SetHub, name: string, places: Places, pace: Pace): Promise<string> {
  const client = await load(hub.connection);
  const { OperationId = '' } = await client.createStackInstances({
    StackSetName: name,
    ...targets(hub, places),
    OperationPreferences: preferences(pace),
    ...as(hub),
  });
  return OperationId;
}

export async function updateInstances(hub: SetHub, name: string, places: Places, pace: Pace): Promise<string> {
  const client = await load(hub.connection);
  const { OperationId = '' } = await client.updateStackInstances({
    StackSetName: name,
    ...targets(hub, places),
    OperationPreferences: preferences(pace),
    ...as(hub),
  });
  return OperationId;
}

/** `retain`: the instances go, the stacks stay where they are. */
export async function deleteInstances(
  hub: SetHub,
  name: string,
  places: Places,
  pace: Pace,
  retain: boolean,
): Promise<string> {
  const client = await load(hub.connection);
  const { OperationId = '' } = await client.deleteStackInstances({
    StackSetName: name,
    ...targets(hub, places),
    OperationPreferences: preferences(pace),
    RetainStacks: retain,
    ...as(hub),
  });
  return OperationId;
}

/** Deletes the set when it is empty; false when it still holds instances. */
export async function deleteSet(hub: SetHub, name: string): Promise<boolean> {
  const client = await load(hub.connection);
  try {
    await client.deleteStackSet({ StackSetName: name, ...as(hub) });
    return true;
  } catch (error) {
    if (/^StackSetNotEmpty/.test(errorName(error))) return false;
    if (isMissing(error)) return true;
    throw error;
  }
}

export async function setOperation(hub: SetHub, name: string, id: string): Promise<OperationState> {
  const client = await load(hub.connection);
  const { StackSetOperation: one } = await client.describeStackSetOperation({
    StackSetName: name,
    OperationId: id,
    ...as(hub),
  });
  return { id, action: one?.Action ?? '', status: one?.Status ?? '' };
}

const UNDER_WAY = /^(RUNNING|STOPPING|QUEUED)$/;
export const isUnderWay = ({ status }: OperationState): boolean => UNDER_WAY.test(status);

/** The operation under way; undefined when the set rests. */
export async function runningOperation(hub: SetHub, name: string): Promise<OperationState | undefined> {
  const client = await load(hub.connection);
  const { Summaries = [] } = await client.listStackSetOperations({ StackSetName: name, MaxResults: 10, ...as(hub) });
  return Summaries.map((one) => ({
    id: one.OperationId ?? '',
    action: one.Action ?? '',
    status: one.Status ?? '',
  })).find(isUnderWay);
}

export async function operationResults(hub: SetHub, name: string, id: string): Promise<ResultState[]> {
  const client = await load(hub.connection);
  const found: ResultState[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listStackSetOperationResults({
      StackSetName: name,
      OperationId: id,
      MaxResults: 100,
      NextToken,
      ...as(hub),
    });
    for (const one of page.Summaries ?? [])
      found.push({
        account: one.Account ?? '',
        region: one.Region ?? '',
        status: one.Status ?? '',
        ...(one.StatusReason ? { reason: one.StatusReason } : {}),
      });
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}
