/** The plain part of IAM's decision (Effect, Action, Resource, Principal with wildcards); the engine takes its place. */
export interface PolicyDocument {
  Statement: Record<string, unknown>[];
}
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
const like = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
    'is',
  ).test(text);

export function parsePolicy(text: string): PolicyDocument {
  const { Statement } = JSON.parse(text) as { Statement: Record<string, unknown> | Record<string, unknown>[] };
  return { Statement: Array.isArray(Statement) ? Statement : [Statement] };
}

interface Request {
  action: string;
  resource: string;
  principal: { service?: string; account?: string; arn?: string; roleArn?: string };
  identityPolicies: PolicyDocument[];
  resourcePolicies: PolicyDocument[];
  [more: string]: unknown;
}

export function decide(request: Request): { decision: 'allowed' | 'explicitDeny' | 'implicitDeny' } {
  let allowed = false;
  for (const [document, ofResource] of [
    ...request.identityPolicies.map((d) => [d, false] as const),
    ...request.resourcePolicies.map((d) => [d, true] as const),
  ])
    for (const statement of document.Statement) {
      const actions = list(statement['Action']).some((pattern) => like(pattern, request.action));
      const resources =
        statement['Resource'] === undefined ||
        list(statement['Resource']).some((pattern) => like(pattern, request.resource));
      const who = statement['Principal'] as Record<string, unknown> | string | undefined;
      const names = typeof who === 'string' ? [who] : Object.values(who ?? {}).flatMap(list);
      const { service, account, arn, roleArn } = request.principal;
      const principal =
        !ofResource ||
        names.some(
          (name) => name === '*' || [service, account, arn, roleArn, `arn:aws:iam::${account}:root`].includes(name),
        );
      if (!actions || !resources || !principal) continue;
      if (statement['Effect'] === 'Deny') return { decision: 'explicitDeny' };
      allowed = true;
    }
  return { decision: allowed ? 'allowed' : 'implicitDeny' };
}

export function deniedMessage(denied: { principalArn: string; action: string; resource: string }): string {
  return `User: ${denied.principalArn} is not authorized to perform: ${denied.action} on resource: ${denied.resource} because no identity-based policy allows the ${denied.action} action`;
}
