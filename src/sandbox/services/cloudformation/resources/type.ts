/** What CloudFormation knows of a resource type. One file a type; the table is resources/index.ts. */
import type { Input } from '../../../service.ts';
import { ServiceError } from '../../../errors.ts';
import type { Members } from './shape.ts';

// biome-ignore lint/suspicious/noExplicitAny: properties have passed the type's own shape before a provider sees them.
export type Properties = Record<string, any>;

/** What a provider works with: one resource of one stack, and AWS's API under the rights of who owns the stack. */
export interface Work {
  /** Calls a service as the stack's caller or role. */
  call(service: string, action: string, input: Input): Promise<Input>;
  readonly account: string;
  readonly region: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  /** The same text as long as this resource is being made, after a restart too: for idempotent APIs. */
  readonly token: string;
  /** `<stack>-<LogicalId>-<RANDOM12>`, cut to `limit`; lower case where the service wants that. */
  name(limit: number, lower?: boolean): string;
  /** `id` is about to be made: should this process end before `made`, it is looked for and removed. */
  intend(id: string): void;
  /** `id` exists from here on: a rollback deletes it. */
  made(id: string): void;
  /** Asks again, with a pause between, until the answer is true. Throws when it never is. */
  settled(check: () => Promise<boolean>): Promise<void>;
}

/** What a resource is called (Ref gives this) and what Fn::GetAtt may ask for. */
export interface Made {
  id: string;
  attributes?: Record<string, unknown>;
}

export interface ResourceType {
  properties: Members;
  /** Properties whose change needs a new resource. */
  replaces: readonly string[];
  /** More of them, when only some changes do. */
  replacesWhen?(before: Properties, after: Properties): string[];
  attributes: readonly string[];
  /** The property with the name that somebody chose; with it a replacement cannot be made beside the old one. */
  nameProperty?: string;
  tags?: { property: string; form: 'list' | 'map' };
  snapshot?: boolean;
  create(properties: Properties, work: Work): Promise<Made>;
  /** Absent: nothing of the type can be changed in place. */
  update?(id: string, properties: Properties, before: Properties, work: Work): Promise<Made>;
  delete(id: string, properties: Properties, work: Work): Promise<void>;
  /**
   * The properties as they are now, for drift detection: each property that can be told is a member, undefined where it is
   * not set. Undefined (or a not-found error) when the resource is gone.
   */
  read?(id: string, expected: Properties, work: Work): Promise<Properties | undefined>;
}

/** Something of this name is there already: the registry's own words are put around it. */
export function alreadyExists(id: string): ServiceError {
  return new ServiceError('AlreadyExists', id, 409);
}

export function isNotFound(error: unknown): boolean {
  return (
    error instanceof ServiceError &&
    (/NotFound|NoSuchEntity|DoesNotExist|NonExistent/.test(error.code) || error.status === 404)
  );
}

/** Undefined instead of an error when what was asked for is not there. */
export async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export function jsonText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Only the members that were given. */
export function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function pick(from: Properties, names: readonly string[]): Record<string, unknown> {
  return given(Object.fromEntries(names.map((name) => [name, from[name]])));
}

export function tagMap(tags: { Key: string; Value: string }[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

/** What to tag anew and what to untag, from two maps. */
export function tagChanges(
  before: Record<string, string>,
  after: Record<string, string>,
): { set: Record<string, string>; remove: string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    remove: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
  };
}
