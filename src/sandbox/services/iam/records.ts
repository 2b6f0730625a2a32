/** What IAM's actions share: fields of names and paths, the tables, and how roles and policies are written in answers. */
import { ServiceError } from '../../errors.ts';
import type { ManagedPolicyRecord, RoleRecord } from '../../iam-records.ts';
import type { Table } from '../../journal.ts';
import { AWS_MANAGED_POLICIES } from '../../managed-policies.ts';
import { type Field, integer, list, must, page, readMembers, type Shape, text } from '../../members.ts';
import type { Action, Context, Input, Permission } from '../../service.ts';

export const NAME_PATTERN = /[\w+=,.@-]+/;
export const name = (max: number): Field<string, true> => must.text({ min: 1, max, pattern: NAME_PATTERN });
export const arn = (): Field<string, true> => must.text({ min: 20, max: 2048 });
export const path = (): Field<string, false> =>
  text({
    min: 1,
    max: 512,
    pattern: /(?:\u002F)|(?:\u002F[\u0021-\u007E]+\u002F)/,
    shown: '(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)',
  });
export const pathPrefix = (): Field<string, false> => text({ min: 1, max: 512, pattern: /\u002F[\u0021-\u007E]*/ });
export const document = (max = 131_072): Field<string, true> => must.text({ min: 1, max });
export const description = (): Field<string, false> => text({ max: 1000 });
export const paging = { Marker: text({ min: 1, max: 320 }), MaxItems: integer({ min: 1, max: 1000 }) };
export const tagList = () =>
  list(must.structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) }));

/** IAM's name for a bad input is ValidationError. */
export const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape, 'ValidationError');

export const roles = (context: Context): Table<RoleRecord> => context.table<RoleRecord>('roles');
export const policies = (context: Context): Table<ManagedPolicyRecord> =>
  context.table<ManagedPolicyRecord>('policies');

export function noSuchEntity(message: string): ServiceError {
  return new ServiceError('NoSuchEntity', message, 404);
}

export function limitExceeded(message: string): ServiceError {
  return new ServiceError('LimitExceeded', message, 409);
}

export function deleteConflict(message: string): ServiceError {
  return new ServiceError('DeleteConflict', message, 409);
}

/** Names are unique without regard to case, and are found only in their own. */
export function roleNamed(context: Context, roleName: string): RoleRecord {
  const role = roles(context).get(roleName);
  if (!role) throw noSuchEntity(`The role with name ${roleName} cannot be found.`);
  return role;
}

export function putRole(context: Context, role: RoleRecord): void {
  roles(context).put(role.name, role);
}

/** A managed policy of the account, or AWS's own, as a record. */
export function findPolicy(context: Context, policyArn: string): ManagedPolicyRecord | undefined {
  const own = policies(context).get(policyArn);
  if (own) return own;
  const builtIn = Object.hasOwn(AWS_MANAGED_POLICIES, policyArn) ? AWS_MANAGED_POLICIES[policyArn] : undefined;
  if (builtIn === undefined) return undefined;
  const [, itsPath, itsName] = /:policy(\/(?:.*\/)?)([^/]+)$/.exec(policyArn) ?? [];
  // AWS's policies were there before any account of the sandbox; the date is that of AWS's first managed policies.
  const created = Date.UTC(2015, 1, 6, 18, 39, 46);
  return {
    name: itsName ?? '',
    path: itsPath ?? '/',
    arn: policyArn,
    policyId: stableId('ANPA', policyArn),
    created,
    defaultVersionId: 'v1',
    versions: { v1: { document: builtIn, created } },
    tags: {},
  };
}

export function isAwsManaged(policyArn: string): boolean {
  return policyArn.startsWith('arn:aws:iam::aws:policy/');
}

function stableId(prefix: string, seed: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let hash = 2166136261;
  let id = prefix;
  for (let i = 0; i < 17; i++) {
    for (const character of `${seed}${i}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
    id += letters[hash & 31];
  }
  return id;
}

/** AROA… and ANPA…: 21 letters and digits. */
export function newId(context: Context, prefix: 'AROA' | 'ANPA'): string {
  return stableId(prefix, context.world.uuid());
}

/** Policy documents travel URL-encoded (RFC 3986) in IAM's answers. */
export function encodeDocument(json: string): string {
  return encodeURIComponent(json).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function tagsOut(tags: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Adds tags to `current`; keys are unique without regard to case, and a resource has at most 50. */
export function mergeTags(
  current: Record<string, string>,
  added: { Key: string; Value: string }[] | undefined,
): Record<string, string> {
  const merged = { ...current };
  const seen = new Set<string>();
  for (const { Key, Value } of added ?? []) {
    const lower = Key.toLowerCase();
    if (seen.has(lower))
      throw new ServiceError(
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
        400,
      );
    seen.add(lower);
    if (lower.startsWith('aws:'))
      throw new ServiceError('InvalidInput', 'User-specified tags cannot begin with aws:', 400);
    for (const old of Object.keys(merged)) if (old.toLowerCase() === lower) delete merged[old];
    merged[Key] = Value;
  }
  if (Object.keys(merged).length > 50) throw limitExceeded('The number of tags has reached the maximum limit.');
  return merged;
}

export function roleOut(role: RoleRecord): Record<string, unknown> {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.created),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDuration,
  };
}

export function attachmentCount(context: Context, policyArn: string): number {
  let count = 0;
  for (const role of roles(context).values()) if (role.attachedPolicies.includes(policyArn)) count++;
  return count;
}

/** Roles that the policy bounds. */
export function boundaryCount(context: Context, policyArn: string): number {
  let count = 0;
  for (const role of roles(context).values()) if (role.permissionsBoundary === policyArn) count++;
  return count;
}

export function policyOut(context: Context, policy: ManagedPolicyRecord): Record<string, unknown> {
  const versions = Object.values(policy.versions);
  return {
    PolicyName: policy.name,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: attachmentCount(context, policy.arn),
    PermissionsBoundaryUsageCount: boundaryCount(context, policy.arn),
    IsAttachable: true,
    CreateDate: new Date(policy.created),
    UpdateDate: new Date(Math.max(...versions.map((version) => version.created))),
  };
}

/** One page of a list in IAM's own members. */
export function paged<T>(
  items: T[],
  { Marker, MaxItems }: { Marker?: string | undefined; MaxItems?: number | undefined },
  kind: string,
): { items: T[]; rest: { IsTruncated: boolean; Marker: string | undefined } } {
  const found = page(
    items,
    Marker,
    MaxItems ?? 100,
    kind,
    () => new ServiceError('ValidationError', 'Invalid Marker.', 400),
  );
  return { items: found.items, rest: { IsTruncated: found.next !== undefined, Marker: found.next } };
}

/** What a call about a role needs: the action on the role's ARN, path included where the role is there. */
export function onRole(
  action: string,
  more?: (input: Input) => Record<string, string | string[]>,
): Action['permissions'] {
  return (input, context): Permission[] => {
    const roleName = String(input['RoleName'] ?? '');
    const resource = roles(context).get(roleName)?.arn ?? context.arn(`role${input['Path'] ?? '/'}${roleName}`);
    return [
      { action, resource, ...(more ? { context: more(input) } : {}) },
      // What is made with tags is also tagged.
      ...(action === 'iam:CreateRole' && input['Tags'] ? [{ action: 'iam:TagRole', resource }] : []),
    ];
  };
}

export const onPolicy =
  (action: string): Action['permissions'] =>
  (input) => [{ action, resource: String(input['PolicyArn'] ?? '*') }];

export const onAccount =
  (action: string): Action['permissions'] =>
  () => [{ action, resource: '*' }];
