/** What a role or a service may do, decided from policies. Pure. */
import { decide, type Json, type Policy, parsePolicy } from '../../iam-policy/index.ts';

/** One call: an IAM action on a resource's ARN. */
export interface Ask {
  action: string;
  resource: string;
  /** Condition keys that the call brings along. */
  context?: Record<string, string>;
}

export interface RoleSeen {
  arn: string;
  exists: boolean;
  /** Its trust policy. */
  trust: unknown;
  /** Those of the asks that IAM refuses. */
  refused: Ask[];
}

export const sameAsk = (a: Ask, b: Ask): boolean => a.action === b.action && a.resource === b.resource;

export const roleName = (arn: string): string => arn.split('/').at(-1) ?? arn;

/** The asks that a role's own policies and boundary do not allow. Managed policies of any version count as they stand. */
export function judgeByPolicies(
  roleArn: string,
  policies: { identity: { name: string; document: unknown }[]; boundary?: unknown },
  asks: Ask[],
  region: string,
): Ask[] {
  const identityPolicies = policies.identity.map(({ name, document }) =>
    parsePolicy(document as Json, 'identity', name),
  );
  const boundary = policies.boundary === undefined ? undefined : parsePolicy(policies.boundary as Json);
  return asks.filter(
    ({ action, resource, context }) =>
      decide({
        action,
        resource,
        principal: { arn: sessionOf(roleArn), role: roleArn },
        context: { 'aws:RequestedRegion': region, 'aws:SecureTransport': true, ...context },
        identityPolicies,
        ...(boundary ? { permissionsBoundary: boundary } : {}),
        sameAccount: true,
      }).decision !== 'allowed',
  );
}

/** Both names under which Step Functions assumes a role: the console of some years wrote the regional one. */
export const stepFunctions = (region: string): string[] => ['states.amazonaws.com', `states.${region}.amazonaws.com`];

/** Does a trust policy let the service, by any of its names, assume the role when it acts for this resource? */
export function trusts(
  trust: unknown,
  service: string | readonly string[],
  roleArn: string,
  source: { arn: string; account: string },
): boolean {
  let policy: Policy;
  try {
    policy = parsePolicy(trust as Json, 'trust');
  } catch {
    return false;
  }
  return (
    decide({
      action: 'sts:AssumeRole',
      resource: roleArn,
      principal: { service },
      context: { 'aws:SourceArn': source.arn, 'aws:SourceAccount': source.account },
      identityPolicies: [],
      resourcePolicies: [policy],
      resourceMustAllow: true,
      sameAccount: true,
    }).decision === 'allowed'
  );
}

/** The services that a trust policy names, for a sentence about it. */
export function trusted(trust: unknown): string[] {
  const statements = (trust as { Statement?: unknown })?.Statement;
  const list = (Array.isArray(statements) ? statements : [statements]) as { Principal?: unknown }[];
  const names = list.flatMap((statement) => {
    const principal = statement?.Principal;
    if (typeof principal === 'string') return [principal];
    return Object.values((principal ?? {}) as Record<string, unknown>)
      .flat()
      .map(String);
  });
  return [...new Set(names)];
}

const sessionOf = (roleArn: string): string =>
  `arn:aws:sts::${roleArn.split(':')[4] ?? ''}:assumed-role/${roleName(roleArn)}/check`;

/** One policy a statement, so that one which IAM would not take decides nothing. */
function resourcePolicies(statements: readonly unknown[]): Policy[] {
  return statements.flatMap((statement) => {
    try {
      return [parsePolicy({ Version: '2012-10-17', Statement: [statement as Json] }, 'resource')];
    } catch {
      return [];
    }
  });
}

/** Does a resource's policy let the service do this, for the resource `source`? */
export function serviceMay(
  statements: readonly unknown[],
  service: string,
  ask: Ask,
  source: { arn: string; account: string },
): boolean {
  return (
    decide({
      ...ask,
      principal: { service },
      context: { 'aws:SourceArn': source.arn, 'aws:SourceAccount': source.account },
      identityPolicies: [],
      resourcePolicies: resourcePolicies(statements),
      sameAccount: true,
    }).decision === 'allowed'
  );
}

/** Does a resource's policy let the role, or its whole account by name, do this? */
export function roleNamed(statements: readonly unknown[], roleArn: string, ask: Ask): boolean {
  return (
    decide({
      ...ask,
      principal: { arn: sessionOf(roleArn), role: roleArn },
      identityPolicies: [],
      resourcePolicies: resourcePolicies(statements),
      sameAccount: true,
    }).decision === 'allowed'
  );
}
