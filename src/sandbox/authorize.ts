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
import type { Permission } from './service.ts';

/** Policies are few and asked often: each text is parsed once. */
const parsed: Record<PolicyKind, Map<string, Policy>> = { identity: new Map(), resource: new Map(), trust: new Map() };

function policy(text: string, kind: PolicyKind = 'identity'): Policy {
  const known = parsed[kind];
  let document = known.get(text);
  if (!document) {
    document = parsePolicy(text, kind);
    if (known.size > 5_000) known.clear();
    known.set(text, document);
  }
  return document;
}

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

/** What a role was allowed, as long as it stays as it is: a changed role is a new record. */
const allowed = new WeakMap<RoleRecord, Set<string>>();
const MOST_ALLOWED = 500;

/** A service asks the same of its role again and again; answers that nothing but the role's own policies decides are kept. */
function allowedBefore(store: AccountStore, roleArn: string, permission: Permission): Set<string> | undefined {
  const role = findRole(store, roleArn);
  if (!role || role.permissionsBoundary !== undefined || permission.resourcePolicy !== undefined) return undefined;
  if (role.attachedPolicies.some((arn) => AWS_MANAGED_POLICIES[arn] === undefined)) return undefined;
  let found = allowed.get(role);
  if (!found) {
    if (!identityPolicies(store, role).every(unconditional)) return undefined;
    found = new Set();
    allowed.set(role, found);
  }
  return found;
}

/** Whether a policy's answer depends on action and resource alone: neither conditions nor variables. */
const unconditional = ({ statements }: Policy): boolean =>
  statements.every(
    ({ conditions, actions, resources }) =>
      conditions.length === 0 && [...actions, ...(resources ?? [])].every(({ source }) => !source.includes('${')),
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
  const known = caller.kind === 'role' ? allowedBefore(store, caller.roleArn, permission) : undefined;
  const request = `${permission.action} ${permission.resource}`;
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
