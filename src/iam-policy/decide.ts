// One file because it is one decision: which statements apply, and how those of all policies add up.
import { type Context, lookupIn } from './condition.ts';
import type { Policy, Principal, Statement } from './document.ts';
import { fits, type Lookup, type Template } from './pattern.ts';

/** Who asks. Give what is known; a role's session has `arn` and `role`, a service only `service`. */
export interface Caller {
  /** `arn:aws:iam::…:user/…`, `arn:aws:sts::…:assumed-role/<role>/<session>`, `arn:aws:iam::…:root`; undefined for a service or nobody. */
  arn?: string;
  /** ARN of the role behind a session, with its path. Where missing it is made of the session's ARN, without a path. */
  role?: string;
  /** A service that calls as itself: `events.amazonaws.com`; several names where any of them will do (global and regional). */
  service?: string | readonly string[];
  /** The provider that vouches for a caller without credentials: `cognito-identity.amazonaws.com`. */
  federated?: string;
}

export interface AccessRequest {
  /** `events:PutEvents`. */
  action: string;
  /** The resource's ARN, or `*` for actions without one. */
  resource: string;
  principal: Caller;
  /** Context keys in any case, with one value or several. The caller's own keys are added where missing. */
  context?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  identityPolicies: readonly Policy[];
  /** Policies of the resource; for sts:AssumeRole the role's trust policy. */
  resourcePolicies?: readonly Policy[];
  permissionsBoundary?: Policy;
  sessionPolicies?: readonly Policy[];
  /** Whether the caller's account owns the resource. */
  sameAccount: boolean;
  /** The resource's policy must allow, even within the account: true for roles (trust policies) and keys. */
  resourceMustAllow?: boolean;
}

export type PolicySource = 'identity' | 'resource' | 'trust' | 'boundary' | 'session';

/** A statement that applies to a request. */
export interface MatchedStatement {
  source: PolicySource;
  policy: string | undefined;
  sid: string | undefined;
  index: number;
  effect: 'Allow' | 'Deny';
}

export interface Outcome {
  decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** All statements that apply, of all policies. */
  statements: readonly MatchedStatement[];
  /** Where denied: the kind of policy that denies, or that fails to allow. */
  because?: PolicySource;
}

/**
 * Decides a request ("Policy evaluation logic", IAM User Guide): an explicit deny anywhere decides; within an account the
 * identity's or the resource's policy must allow, across accounts both; a permissions boundary and a session policy only
 * narrow. What a resource's policy gives to a user or a session by name is not narrowed; what it gives to the account only
 * lets that account's identity policies decide.
 */
export function decide(request: AccessRequest): Outcome {
  const { principal, sameAccount } = request;
  const context = contextOf(request);
  const statements: MatchedStatement[] = [];
  const identity = gather(request.identityPolicies, 'identity');
  const resource = gather(request.resourcePolicies ?? [], 'resource');
  const boundary = request.permissionsBoundary && gather([request.permissionsBoundary], 'boundary');
  const session = request.sessionPolicies?.length ? gather(request.sessionPolicies, 'session') : undefined;

  const denied = statements.find((statement) => statement.effect === 'Deny');
  if (denied) return { decision: 'explicitDeny', statements, because: denied.source };

  const allowed: Outcome = { decision: 'allowed', statements };
  const missing = (because: PolicySource): Outcome => ({ decision: 'implicitDeny', statements, because });
  const own: PolicySource = request.resourcePolicies?.[0]?.kind === 'trust' ? 'trust' : 'resource';

  if (principal.arn === undefined) return resource.grant === 'none' ? missing(own) : allowed;
  if (sameAccount && resource.grant === 'caller') return allowed;
  const identityAllows = identity.grant !== 'none' || isRoot(principal.arn);
  if (sameAccount) {
    if (request.resourceMustAllow && resource.grant === 'none') return missing(own);
    if (resource.grant !== 'role' && !identityAllows) return missing('identity');
  } else {
    if (!identityAllows) return missing('identity');
    if (resource.grant === 'none') return missing(own);
  }
  if (boundary && boundary.grant === 'none') return missing('boundary');
  if (session && session.grant === 'none') return missing('session');
  return allowed;

  /** Notes the statements that apply and says how near to the caller the strongest Allow comes. */
  function gather(policies: readonly Policy[], source: PolicySource): { grant: Grant } {
    let grant: Grant = 'none';
    const lookup = lookupIn(context);
    for (const policy of policies)
      for (const statement of policy.statements) {
        const nearness = applies(statement, request, context, lookup);
        if (nearness === 'none') continue;
        const where = policy.kind === 'trust' ? 'trust' : source;
        const { sid, index, effect } = statement;
        statements.push({ source: where, policy: policy.name, sid, index, effect });
        if (effect === 'Allow' && GRANTS.indexOf(nearness) > GRANTS.indexOf(grant)) grant = nearness;
      }
    return { grant };
  }
}

/** How near to the caller a statement names it: not at all, its account, its role (or anybody), the caller itself. */
type Grant = 'none' | 'account' | 'role' | 'caller';
const GRANTS: readonly Grant[] = ['none', 'account', 'role', 'caller'];

function applies(statement: Statement, request: AccessRequest, context: Context, lookup: Lookup): Grant {
  const has = (templates: readonly Template[], text: string, fold: boolean) =>
    templates.some((one) => one.source === '*' || fits(one, text, lookup, fold ? 'anything' : 'arn', fold));
  if (has(statement.actions, request.action, true) === statement.notActions) return 'none';
  if (statement.resources && has(statement.resources, request.resource, false) === statement.notResources)
    return 'none';
  const grant = statement.principals ? named(statement, statement.principals, request.principal) : 'caller';
  if (grant === 'none' || !statement.conditions.every((one) => one.holds(context))) return 'none';
  return grant;
}

function named(statement: Statement, principals: readonly Principal[], caller: Caller): Grant {
  let best: Grant = 'none';
  for (const principal of principals) {
    const grant = grantTo(principal, caller);
    if (GRANTS.indexOf(grant) > GRANTS.indexOf(best)) best = grant;
  }
  if (!statement.notPrincipals) return best;
  return best === 'none' ? 'role' : 'none';
}

function grantTo({ type, value }: Principal, caller: Caller): Grant {
  if (type === '*') return 'role';
  if (type === 'Service') return servicesOf(caller).includes(value) ? 'caller' : 'none';
  if (type === 'Federated') return caller.federated === value ? 'caller' : 'none';
  if (type !== 'AWS' || caller.arn === undefined) return 'none';
  if (value === caller.arn) return isRoot(value) ? 'account' : 'caller';
  if (value === roleOf(caller)) return 'role';
  const account = /^\d{12}$/.test(value) ? value : /^arn:[^:]+:iam::(\d{12}):root$/.exec(value)?.[1];
  return account !== undefined && account === accountOf(caller) ? 'account' : 'none';
}

const isRoot = (arn: string): boolean => /^arn:[^:]+:iam::\d{12}:root$/.test(arn);

const servicesOf = ({ service }: Caller): readonly string[] =>
  service === undefined ? [] : typeof service === 'string' ? [service] : service;

const accountOf = (caller: Caller): string | undefined => caller.arn?.split(':')[4];

function roleOf(caller: Caller): string | undefined {
  if (caller.role !== undefined) return caller.role;
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(caller.arn ?? '');
  return session ? `arn:${session[1]}:iam::${session[2]}:role/${session[3]}` : undefined;
}

/** The keys every request has ("AWS global condition context keys", properties of the principal), then the request's own. */
function contextOf(request: AccessRequest): Context {
  const { principal: caller } = request;
  const context = new Map<string, readonly string[]>();
  context.set('aws:principalisawsservice', [String(servicesOf(caller).length > 0)]);
  const [service] = servicesOf(caller);
  if (service !== undefined) {
    context.set('aws:principalservicename', [service]);
    context.set('aws:principalservicenameslist', servicesOf(caller));
  }
  if (caller.arn !== undefined) {
    context.set('aws:principalarn', [roleOf(caller) ?? caller.arn]);
    context.set('aws:principalaccount', [accountOf(caller) ?? '']);
    const user = /:user\/(?:.*\/)?([^/]+)$/.exec(caller.arn)?.[1];
    if (user !== undefined) context.set('aws:username', [user]);
    const type = isRoot(caller.arn)
      ? 'Account'
      : user !== undefined
        ? 'User'
        : roleOf(caller)
          ? 'AssumedRole'
          : undefined;
    if (type) context.set('aws:principaltype', [type]);
  }
  for (const [key, value] of Object.entries(request.context ?? {}))
    context.set(key.toLowerCase(), typeof value === 'object' ? value : [String(value)]);
  return context;
}
