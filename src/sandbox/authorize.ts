/** Decides calls by IAM: identity policies of the caller's role and the resource's own policy, same account. */
import {
  type AccessRequest,
  type Caller,
  decide,
  deniedMessage,
  type Outcome,
  type Policy,
  type PolicyKind,
  parsePolicy,
} from '../iam-policy/index.ts';
import { ServiceError } from './errors.ts';
import type { ManagedPolicyRecord, RoleRecord } from './iam-records.ts';
import { type Principal, principalArn } from './identity.ts';
import type { AccountStore } from './journal.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import { remember } from './remember.ts';
import type { Permission } from './service.ts';

/** Policies are few and asked often: each text is parsed once. */
const parsed: Record<PolicyKind, (text: string) => Policy> = {
  identity: remember(5_000, (text) => parsePolicy(text, 'identity')),
  resource: remember(5_000, (text) => parsePolicy(text, 'resource')),
  trust: remember(5_000, (text) => parsePolicy(text, 'trust')),
};
const policy = (text: string, kind: PolicyKind = 'identity'): Policy => parsed[kind](text);

export function findRole(store: AccountStore, roleArn: string): RoleRecord | undefined {
  const role = store.table<RoleRecord>('iam', '', 'roles').get(roleArn.split('/').at(-1) ?? '');
  return role?.arn === roleArn ? role : undefined;
}

function identityPolicies(store: AccountStore, role: RoleRecord): Policy[] {
  return [
    ...Object.values(role.inlinePolicies).map((text) => policy(text)),
    ...role.attachedPolicies.flatMap((arn) => managedPolicy(store, arn) ?? []),
  ];
}

function managedPolicy(store: AccountStore, arn: string): Policy | undefined {
  const builtIn = AWS_MANAGED_POLICIES[arn];
  if (builtIn) return policy(builtIn);
  const record = store.table<ManagedPolicyRecord>('iam', '', 'policies').get(arn);
  const text = record?.versions[record.defaultVersionId]?.document;
  return text === undefined ? undefined : policy(text);
}

/** What IAM decides for `caller`; `extra` are further identity policies (JSON text), as a simulation brings them. */
export function judge(
  store: AccountStore,
  caller: Principal,
  permission: Permission,
  now: number,
  region: string,
  extra: string[] = [],
): Outcome & { request: AccessRequest } {
  const role = caller.kind === 'role' ? findRole(store, caller.roleArn) : undefined;
  const boundary = role?.permissionsBoundary === undefined ? undefined : managedPolicy(store, role.permissionsBoundary);
  const request: AccessRequest = {
    action: permission.action,
    resource: permission.resource,
    principal: callerOf(caller),
    context: {
      'aws:CurrentTime': new Date(now).toISOString(),
      'aws:RequestedRegion': region,
      ...(caller.kind === 'service' && caller.sourceArn ? { 'aws:SourceArn': caller.sourceArn } : {}),
      ...(caller.kind === 'service' ? { 'aws:SourceAccount': caller.sourceAccount ?? caller.account } : {}),
      ...Object.fromEntries(Object.entries(role?.tags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
      ...permission.context,
    },
    identityPolicies: [...(role ? identityPolicies(store, role) : []), ...extra.map((text) => policy(text))],
    resourcePolicies: permission.resourcePolicy ? [policy(permission.resourcePolicy, 'resource')] : [],
    ...(boundary ? { permissionsBoundary: boundary } : {}),
    sameAccount: true,
  };
  return { ...decide(request), request };
}

function callerOf(caller: Principal): Caller {
  if (caller.kind === 'service') return { service: caller.service };
  return { arn: principalArn(caller), ...(caller.kind === 'role' ? { role: caller.roleArn } : {}) };
}

/** What was allowed by a role, or by a resource's policy to a service, as long as these stay: a changed one is another object. */
const allowed = new WeakMap<RoleRecord | Policy, Set<string>>();
const MOST_ALLOWED = 500;

function allowedBy(
  giver: RoleRecord | Policy,
  policies: () => Policy[],
  keys: ReadonlySet<string>,
): Set<string> | undefined {
  let found = allowed.get(giver);
  if (!found && policies().every((one) => decidedBy(one, keys))) {
    found = new Set();
    allowed.set(giver, found);
  }
  return found;
}

/**
 * The same is asked again and again, of a service's role and of a function's or a log group's own policy. Answers that depend
 * on nothing but these and on who asks are kept.
 */
function allowedBefore(store: AccountStore, caller: Principal, permission: Permission): Set<string> | undefined {
  if (caller.kind === 'service') {
    if (permission.resourcePolicy === undefined || permission.context) return undefined;
    const own = policy(permission.resourcePolicy, 'resource');
    return allowedBy(own, () => [own], SOURCE_KEYS);
  }
  const role = caller.kind === 'role' ? findRole(store, caller.roleArn) : undefined;
  if (!role || role.permissionsBoundary !== undefined || permission.resourcePolicy !== undefined) return undefined;
  if (role.attachedPolicies.some((arn) => AWS_MANAGED_POLICIES[arn] === undefined)) return undefined;
  return allowedBy(role, () => identityPolicies(store, role), NO_KEYS);
}

const NO_KEYS: ReadonlySet<string> = new Set();
/** What a service's call says of itself; both are in the name its answers are kept under. */
const SOURCE_KEYS: ReadonlySet<string> = new Set(['aws:sourcearn', 'aws:sourceaccount']);

/** Whether a policy's answer depends on action, resource and these keys alone: no other conditions, no variables. */
const decidedBy = ({ statements }: Policy, keys: ReadonlySet<string>): boolean =>
  statements.every(
    ({ conditions, actions, resources }) =>
      conditions.every(({ key, values }) => keys.has(key.toLowerCase()) && !values.some((one) => one.includes('${'))) &&
      [...actions, ...(resources ?? [])].every(({ source }) => !source.includes('${')),
  );

/** Throws AccessDeniedException, worded as AWS words it, unless `caller` may do this. */
export function authorize(
  store: AccountStore,
  caller: Principal,
  permission: Permission,
  now: number,
  region: string,
): void {
  if (caller.kind === 'admin') return;
  const known = allowedBefore(store, caller, permission);
  const by =
    caller.kind === 'service' ? `${caller.service} ${caller.sourceArn} ${caller.sourceAccount ?? caller.account} ` : '';
  const request = `${by}${permission.action} ${permission.resource}`;
  if (known?.has(request)) return;
  const outcome = judge(store, caller, permission, now, region);
  if (outcome.decision === 'allowed') {
    if (known && known.size < MOST_ALLOWED) known.add(request);
    return;
  }
  throw new ServiceError('AccessDeniedException', deniedMessage(outcome.request, outcome), 403);
}

const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** May this service (or principal, whose own policies were asked before) assume the role by its trust policy? */
export function mayAssume(role: RoleRecord, by: Caller, context: Record<string, string>): boolean {
  return (
    decide({
      action: 'sts:AssumeRole',
      resource: role.arn,
      principal: by,
      context,
      identityPolicies: by.service === undefined ? [policy(EVERYTHING)] : [],
      resourcePolicies: [policy(role.trustPolicy, 'trust')],
      resourceMustAllow: true,
      sameAccount: true,
    }).decision === 'allowed'
  );
}
