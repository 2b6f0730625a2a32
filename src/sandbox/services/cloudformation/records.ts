/** What CloudFormation keeps. Stacks, their resources and events, operations under way, change sets. */
import type { Principal } from '../../identity.ts';
import type { ArchiveRef, Table } from '../../journal.ts';
import type { Context } from '../../service.ts';
import type { GivenParameter } from './template/parameters.ts';

export type Tags = Record<string, string>;

/** Everything that was asked for: the template and what goes with it. */
export interface Wish {
  templateBody: string;
  /** As given or defaulted, before Parameter Store. */
  parameters: Record<string, string>;
  /** Parameter Store's answers, by the name that was looked up. */
  stored: Record<string, string>;
  tags: Tags;
  capabilities: string[];
}

export interface OutputRecord {
  OutputKey: string;
  OutputValue: string;
  Description?: string;
  ExportName?: string;
}

export interface StackRecord {
  stackId: string;
  name: string;
  description?: string | undefined;
  status: string;
  statusReason?: string | undefined;
  created: number;
  updated?: number | undefined;
  deleted?: number | undefined;
  outputs: OutputRecord[];
  /** names of other stacks' exports that this one uses */
  imports: string[];
  roleArn?: string | undefined;
  disableRollback: boolean;
  onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  timeoutMinutes?: number | undefined;
  terminationProtection: boolean;
  policy?: string | undefined;
  changeSetId?: string | undefined;
  drift?: { status: string; checked?: number } | undefined;
  /** Tokens of requests that were answered, with what they were, so that a repetition is answered alike. */
  tokens: Record<string, string>;
}

export interface ResourceRecord {
  logicalId: string;
  type: string;
  physicalId?: string | undefined;
  /** The resource exists, as far as CloudFormation knows. */
  made: boolean;
  /** A name was picked and the making begun. */
  begun?: boolean | undefined;
  generatedName?: string | undefined;
  token: string;
  status: string;
  reason?: string | undefined;
  updated: number;
  properties: Record<string, unknown>;
  /** The properties as JSON text in the archive, for the events. */
  archived?: ArchiveRef | undefined;
  attributes: Record<string, unknown>;
  dependsOn: string[];
  deletionPolicy: string;
  updateReplacePolicy: string;
  metadata?: unknown;
  /** During an update: what was before. `null` where this update brought the resource. */
  before?: Omit<ResourceRecord, 'before'> | null | undefined;
  /** During an update: how far this resource is. */
  step?: 'in-place' | 'replacing' | 'done' | 'failed' | undefined;
  drift?: ResourceDrift | undefined;
}

export interface ResourceDrift {
  status: string;
  checked: number;
  expected: Record<string, unknown>;
  actual?: Record<string, unknown> | undefined;
  differences: { PropertyPath: string; ExpectedValue: string; ActualValue: string; DifferenceType: string }[];
}

export interface EventRecord {
  EventId: string;
  StackId: string;
  StackName: string;
  LogicalResourceId: string;
  PhysicalResourceId: string;
  ResourceType: string;
  Timestamp: number;
  ResourceStatus: string;
  ResourceStatusReason?: string | undefined;
  /** The properties as JSON text, in the archive. */
  properties?: ArchiveRef | undefined;
  ClientRequestToken?: string | undefined;
  OperationId: string;
}

/** An operation under way: it is gone when the stack has come to rest. */
export interface OperationRecord {
  stackId: string;
  id: string;
  caller: Principal;
  token?: string | undefined;
  started: number;
  cancelled?: boolean;
  retain: string[];
  force?: boolean;
  /** ContinueUpdateRollback */
  skip: string[];
}

export interface ChangeSetRecord {
  id: string;
  name: string;
  stackId: string;
  type: 'CREATE' | 'UPDATE';
  description?: string | undefined;
  status: string;
  statusReason?: string | undefined;
  executionStatus: string;
  created: number;
  given: GivenParameter[];
  wish: Wish;
  changes: unknown[];
  /** Outputs or tags of the stack differ. */
  roleArn?: string | undefined;
  onFailure?: string | undefined;
  token?: string | undefined;
}

export interface DriftRecord {
  id: string;
  stackId: string;
  /** null: every resource */
  logicalIds: string[] | null;
  caller: Principal;
  at: number;
  detection: 'DETECTION_IN_PROGRESS' | 'DETECTION_COMPLETE' | 'DETECTION_FAILED';
  reason?: string | undefined;
  status?: string | undefined;
  count?: number | undefined;
}

export const drifts = (context: Context): Table<DriftRecord> => context.table('drifts');
export const stacks = (context: Context): Table<StackRecord> => context.table('stacks');
/** Name of a stack that is not deleted → its id. */
export const names = (context: Context): Table<string> => context.table('names');
export const operations = (context: Context): Table<OperationRecord> => context.table('operations');
export const changeSets = (context: Context): Table<ChangeSetRecord> => context.table('change-sets');
export const resources = (context: Context, stackId: string): Table<ResourceRecord> =>
  context.table(`resources:${stackId.split('/').at(-1)}`);
/** `deployed`: what the stack is made of; `wanted`: what an operation under way makes of it. Apart from the stack, which changes often. */
export const wishes = (context: Context, stackId: string): Table<Wish> =>
  context.table(`wishes:${stackId.split('/').at(-1)}`);
/** Resources that an update left behind and that its clean-up deletes. */
export const doomed = (context: Context, stackId: string): Table<ResourceRecord> =>
  context.table(`doomed:${stackId.split('/').at(-1)}`);
export const events = (context: Context, stackId: string): Table<EventRecord> =>
  context.table(`events:${stackId.split('/').at(-1)}`);

/** A change of a few fields of a stack; the record that is there now counts, not the one that was read earlier. */
export function patchStack(context: Context, stackId: string, change: Partial<StackRecord>): StackRecord {
  const now = stacks(context).get(stackId);
  if (!now) throw new Error(`stack ${stackId} has no record`);
  const next = { ...now, ...change };
  stacks(context).put(stackId, next);
  return next;
}

/** Sets a stack's status and writes the event that shows it. */
export function setStackStatus(
  context: Context,
  stackId: string,
  status: string,
  reason?: string,
  change: Partial<StackRecord> = {},
): StackRecord {
  const stack = patchStack(context, stackId, { ...change, status, statusReason: reason });
  const operation = operations(context).get(stackId);
  const id = context.world.uuid();
  events(context, stackId).put(id, {
    EventId: id,
    StackId: stackId,
    StackName: stack.name,
    LogicalResourceId: stack.name,
    PhysicalResourceId: stackId,
    ResourceType: 'AWS::CloudFormation::Stack',
    Timestamp: context.now(),
    ResourceStatus: status,
    ResourceStatusReason: reason,
    ClientRequestToken: operation?.token,
    OperationId: operation?.id ?? id,
  });
  return stack;
}

/** Puts a resource's record and writes the event that shows its status. */
export function setResource(
  context: Context,
  stack: StackRecord,
  record: ResourceRecord,
  eventReason?: string,
): ResourceRecord {
  const old = resources(context, stack.stackId).get(record.logicalId);
  const archived =
    old?.archived && JSON.stringify(old.properties) === JSON.stringify(record.properties)
      ? old.archived
      : context.archive(JSON.stringify(record.properties));
  const next = { ...record, archived, updated: context.now() };
  resources(context, stack.stackId).put(record.logicalId, next);
  writeEvent(context, stack, next, eventReason);
  return next;
}

/** The event of a resource that is not the stack's record of that name (the old one of a replacement). */
export function writeEvent(context: Context, stack: StackRecord, record: ResourceRecord, reason?: string): void {
  const operation = operations(context).get(stack.stackId);
  const table = events(context, stack.stackId);
  const id = `${record.logicalId}-${record.status}-${new Date(context.now()).toISOString()}`;
  const eventId = table.has(id) ? `${id}-${context.world.uuid().slice(0, 8)}` : id;
  table.put(eventId, {
    EventId: eventId,
    StackId: stack.stackId,
    StackName: stack.name,
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId ?? '',
    ResourceType: record.type,
    Timestamp: context.now(),
    ResourceStatus: record.status,
    ResourceStatusReason: reason ?? record.reason,
    properties: record.archived,
    ClientRequestToken: operation?.token,
    OperationId: operation?.id ?? '',
  });
}
