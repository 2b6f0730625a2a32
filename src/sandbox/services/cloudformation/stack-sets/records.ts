/** What StackSets keep, in the account and Region of their administrator: sets, instances, operations, results. */
import type { Principal } from '../../../identity.ts';
import type { Table } from '../../../journal.ts';
import type { Context } from '../../../service.ts';
import type { Tags } from '../records.ts';

export type PermissionModel = 'SELF_MANAGED' | 'SERVICE_MANAGED';

export interface StackSetRecord {
  /** `name:uuid` */
  id: string;
  name: string;
  description?: string | undefined;
  status: 'ACTIVE' | 'DELETED';
  templateBody: string;
  /** Every parameter of the template that has a value, given or by default; not yet looked up in Parameter Store. */
  parameters: Record<string, string>;
  capabilities: string[];
  tags: Tags;
  permissionModel: PermissionModel;
  /** SELF_MANAGED */
  administrationRoleArn?: string | undefined;
  executionRoleName?: string | undefined;
  /** SERVICE_MANAGED */
  autoDeployment?: { enabled: boolean; retain: boolean } | undefined;
  /** Operations that conflict wait for each other instead of being refused. */
  managedExecution: boolean;
  token?: string | undefined;
}

export type InstanceStatus = 'CURRENT' | 'OUTDATED' | 'INOPERABLE';
export type DetailedStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'INOPERABLE';

export interface InstanceRecord {
  account: string;
  region: string;
  /** Missing where no stack was made, or where its making failed. */
  stackId?: string | undefined;
  /** `StackSet-<set>-<uuid>`, picked before the stack is asked for, so that a restart asks for the same one. */
  stackName?: string | undefined;
  overrides: Record<string, string>;
  status: InstanceStatus;
  detailed: DetailedStatus;
  reason?: string | undefined;
  lastOperationId: string;
  /** SERVICE_MANAGED: the unit that was named as target. */
  unit?: string | undefined;
}

export interface Preferences {
  regionOrder: string[];
  regionConcurrency?: 'SEQUENTIAL' | 'PARALLEL' | undefined;
  toleranceCount?: number | undefined;
  tolerancePercentage?: number | undefined;
  maxCount?: number | undefined;
  maxPercentage?: number | undefined;
  mode?: 'STRICT_FAILURE_TOLERANCE' | 'SOFT_FAILURE_TOLERANCE' | undefined;
}

export interface Targets {
  accounts: string[];
  units: string[];
  filter?: string | undefined;
}

export type OperationAction = 'CREATE' | 'UPDATE' | 'DELETE';
export type OperationStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'STOPPING' | 'STOPPED' | 'QUEUED';

export interface SetOperationRecord {
  id: string;
  stackSetId: string;
  action: OperationAction;
  status: OperationStatus;
  preferences: Preferences;
  retainStacks?: boolean | undefined;
  administrationRoleArn?: string | undefined;
  executionRoleName?: string | undefined;
  targets?: Targets | undefined;
  /** What was asked for, as text: the same request under the same id is answered again. */
  fingerprint: string;
  caller: Principal;
  created: number;
  ended?: number | undefined;
}

export interface ResultRecord {
  account: string;
  region: string;
  status: 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  reason?: string | undefined;
  gate?: { status: 'SKIPPED' | 'FAILED'; reason: string } | undefined;
  unit?: string | undefined;
}

const uuidOf = (setId: string): string => setId.split(':').at(-1) ?? '';
export const placeOf = (account: string, region: string): string => `${account}/${region}`;

export const stackSets = (context: Context): Table<StackSetRecord> => context.table('stack-sets');
/** By `account/region`. */
export const instances = (context: Context, setId: string): Table<InstanceRecord> =>
  context.table(`stack-set-instances:${uuidOf(setId)}`);
export const setOperations = (context: Context, setId: string): Table<SetOperationRecord> =>
  context.table(`stack-set-operations:${uuidOf(setId)}`);
/** By `account/region`. */
export const results = (context: Context, setId: string, operationId: string): Table<ResultRecord> =>
  context.table(`stack-set-results:${uuidOf(setId)}:${operationId}`);
/** Set id → the operation under way; gone when the set has come to rest. */
export const underWay = (context: Context): Table<string> => context.table('stack-sets-under-way');

export function patchInstance(
  context: Context,
  setId: string,
  place: string,
  change: Partial<InstanceRecord>,
): InstanceRecord {
  const table = instances(context, setId);
  const now = table.get(place);
  if (!now) throw new Error(`stack instance ${place} has no record`);
  const next = { ...now, ...change };
  table.put(place, next);
  return next;
}
