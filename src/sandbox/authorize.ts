/** Decides calls by IAM: identity policies of the caller's role and the resource's own policy, same account. */
import { decide, deniedMessage, parsePolicy, type PolicyDocument } from './policy.ts';
import { ServiceError } from './errors.ts';
import type { ManagedPolicyRecord, RoleRecord } from './iam-records.ts';
import { type Principal, principalArn } from './identity.ts';
import type { AccountStore } from './journal.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import type { Permission } from './service.ts';

const parsed = new Map<string, PolicyDocument>();

/** Policies are few and asked often: each text is parsed once. */
function policy(text: string): PolicyDocument {
  let document = parsed.get(text);
  if (!document) {
    document = parsePolicy(text);
    if (parsed.size > 5_000) parsed.clear();
    parsed.set(text, document);
  }
  return document;
}

export function findRole(store: AccountStore, roleArn: string): RoleRecord | undefined {
  const role = store.table<RoleRecord>('iam', '', 'roles').get(roleArn.split('/').at(-1) ?? '');
  return role?.arn === roleArn ? role : undefined;
}

function identityPolicies(store: AccountStore, role: RoleRecord): PolicyDocument[] {
  const managed = store.table<ManagedPolicyRecord>('iam', '', 'policies');
  return [
    ...Object.values(role.inlinePolicies).map(policy),
    ...role.attachedPolicies.flatMap((arn) => {
      const builtIn = AWS_MANAGED_POLICIES[arn];
      if (builtIn) return [policy(builtIn)];
      const record = managed.get(arn);
      const text = record?.versions[record.defaultVersionId]?.document;
      return text === undefined ? [] : [policy(text)];
    }),
  ];
}

/** What IAM decides for `caller`; `extra` are further identity policies (JSON text), as a simulation brings them. */
export function judge(
  store: AccountStore,
  caller: Principal,
  permission: Permission,
  now: number,
  region: string,
  extra: string[] = [],
): ReturnType<typeof decide> {
  const role = caller.kind === 'role' ? findRole(store, caller.roleArn) : undefined;
  const request = {
    action: permission.action,
    resource: permission.resource,
    principal:
      caller.kind === 'service'
        ? { service: caller.service }
        : {
            account: caller.account,
            arn: principalArn(caller),
            ...(caller.kind === 'role' ? { roleArn: caller.roleArn } : {}),
          },
    context: {
      'aws:currenttime': new Date(now).toISOString(),
      'aws:requestedregion': region,
      'aws:principalaccount': caller.account,
      ...(caller.kind === 'service' && caller.sourceArn ? { 'aws:sourcearn': caller.sourceArn } : {}),
      ...(caller.kind === 'service' ? { 'aws:sourceaccount': caller.sourceAccount ?? caller.account } : {}),
      ...Object.fromEntries(
        Object.entries(role?.tags ?? {}).map(([key, value]) => [`aws:principaltag/${key.toLowerCase()}`, value]),
      ),
      ...permission.context,
    },
    identityPolicies: [...(role ? identityPolicies(store, role) : []), ...extra.map(policy)],
    resourcePolicies: permission.resourcePolicy ? [policy(permission.resourcePolicy)] : [],
    sameAccount: true,
  };
  return decide(request);
}

/** Throws AccessDeniedException, worded as AWS words it, unless `caller` may do this. */
export function authorize(
  store: AccountStore,
  caller: Principal,
  permission: Permission,
  now: number,
  region: string,
): void {
  if (caller.kind === 'admin') return;
  if (judge(store, caller, permission, now, region).decision === 'allowed') return;
  throw new ServiceError(
    'AccessDeniedException',
    deniedMessage({ principalArn: principalArn(caller), action: permission.action, resource: permission.resource }),
    403,
  );
}

/** May this service (or principal) assume the role by its trust policy? */
export function mayAssume(
  role: RoleRecord,
  by: { service: string } | { account: string; arn: string },
  context: Record<string, string>,
): boolean {
  const document = policy(role.trustPolicy);
  return (
    decide({
      action: 'sts:AssumeRole',
      resource: role.arn,
      principal: by,
      context,
      identityPolicies: [],
      resourcePolicies: [document],
      sameAccount: true,
    }).decision === 'allowed'
  );
}
