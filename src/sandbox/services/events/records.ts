/** What EventBridge keeps, and how it is found: buses, rules with their targets, deliveries on their way. */
import { ServiceError } from '../../errors.ts';
import type { Context, Input } from '../../service.ts';

export interface BusRecord {
  name: string;
  arn: string;
  description?: string;
  /** Resource policy, JSON text. */
  policy?: string;
  kmsKeyIdentifier?: string;
  /** epoch milliseconds */
  created: number;
  modified: number;
  tags: Record<string, string>;
}

export interface RetryPolicy {
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
}

/** A target in the API's own member names. */
export interface Target {
  Id: string;
  Arn: string;
  RoleArn?: string;
  Input?: string;
  InputPath?: string;
  InputTransformer?: { InputPathsMap?: Record<string, string>; InputTemplate: string };
  SqsParameters?: { MessageGroupId?: string };
  RetryPolicy?: RetryPolicy;
  DeadLetterConfig?: { Arn?: string };
}

export interface RuleRecord {
  name: string;
  bus: string;
  arn: string;
  eventPattern: string;
  state: 'ENABLED' | 'DISABLED';
  description?: string;
  roleArn?: string;
  createdBy: string;
  tags: Record<string, string>;
  targets: Target[];
}

/** One event on its way to one target. Put before PutEvents answers, deleted when it arrived or was given up. */
export interface DeliveryRecord {
  id: string;
  ruleArn: string;
  target: Target;
  /** The whole event, JSON text. */
  event: string;
  /** Tries so far. */
  attempts: number;
  /** epoch milliseconds of PutEvents */
  accepted: number;
  /** epoch milliseconds of the next try */
  due: number;
}

export const busesOf = (context: Context) => context.table<BusRecord>('buses');
export const rulesOf = (context: Context) => context.table<RuleRecord>('rules');
export const deliveriesOf = (context: Context) => context.table<DeliveryRecord>('deliveries');

export const ruleKey = (bus: string, rule: string): string => `${bus}/${rule}`;

/** `name` or `arn:aws:events:…:event-bus/name` → name. */
export function busName(nameOrArn: unknown): string {
  if (nameOrArn === undefined || nameOrArn === null || nameOrArn === '') return 'default';
  const text = String(nameOrArn);
  const arn = /^arn:aws[\w-]*:events:[^:]*:\d{12}:event-bus\/(.+)$/.exec(text);
  return arn?.[1] ?? text;
}

/** A bus by name or ARN; the default bus is there in every account and Region without being made. */
export function findBus(context: Context, nameOrArn: unknown): BusRecord | undefined {
  if (!ownBus(context, nameOrArn)) return undefined;
  const name = busName(nameOrArn);
  const found = busesOf(context).get(name);
  if (found || name !== 'default') return found;
  return { name, arn: context.arn('event-bus/default'), created: 0, modified: 0, tags: {} };
}

/** An ARN of another account or Region names no bus of this one. */
function ownBus(context: Context, nameOrArn: unknown): boolean {
  const match = /^arn:aws[\w-]*:events:([^:]*):(\d{12}):event-bus\//.exec(String(nameOrArn ?? ''));
  return !match || (match[1] === context.region && match[2] === context.account);
}

export function busOrThrow(context: Context, nameOrArn: unknown): BusRecord {
  const bus = findBus(context, nameOrArn);
  if (!bus) throw new ServiceError('ResourceNotFoundException', `Event bus ${busName(nameOrArn)} does not exist.`);
  return bus;
}

export function ruleOrThrow(context: Context, name: unknown, bus: unknown): RuleRecord {
  const record = rulesOf(context).get(ruleKey(busOrThrow(context, bus).name, String(name)));
  if (!record)
    throw new ServiceError(
      'ResourceNotFoundException',
      `Rule ${String(name)} does not exist on EventBus ${busName(bus)}.`,
    );
  return record;
}

export const busArn = (context: Context, nameOrArn: unknown): string =>
  /^arn:/.test(String(nameOrArn ?? '')) ? String(nameOrArn) : context.arn(`event-bus/${busName(nameOrArn)}`);

/** Rules of the default bus have no bus in their ARN. */
export const ruleArn = (context: Context, bus: string, rule: string): string =>
  context.arn(bus === 'default' ? `rule/${rule}` : `rule/${bus}/${rule}`);

export const ruleResource = (input: Input, context: Context, member = 'Name'): string =>
  ruleArn(context, busName(input['EventBusName']), String(input[member] ?? ''));
