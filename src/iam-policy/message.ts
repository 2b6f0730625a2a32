import type { AccessRequest, Outcome, PolicySource } from './decide.ts';

/** "Troubleshoot access denied error messages": each kind of policy as its sentence has it, without and with a deny. */
const WORDS: Record<PolicySource, { kind: string; denies: string }> = {
  identity: { kind: 'identity-based policy', denies: 'an identity-based policy' },
  resource: { kind: 'resource-based policy', denies: 'a resource-based policy' },
  trust: { kind: 'role trust policy', denies: 'the role trust policy' },
  boundary: { kind: 'permissions boundary', denies: 'a permissions boundary' },
  session: { kind: 'session policy', denies: 'a session policy' },
};

/**
 * AWS's sentence for a request that was denied: who is not authorized to perform what on which resource, and the kind of policy
 * that denies it or fails to allow it.
 * @param options.reason false for the answers that keep the reason to themselves (sts:AssumeRole across accounts, for one).
 */
export function deniedMessage(
  request: Pick<AccessRequest, 'principal' | 'action' | 'resource'>,
  outcome: Pick<Outcome, 'decision' | 'because'>,
  options: { reason?: boolean } = {},
): string {
  const { principal, action, resource } = request;
  const who = principal.arn ?? [principal.service ?? 'anonymous'].flat()[0];
  const sentence = `User: ${who} is not authorized to perform: ${action}${resource === '*' ? '' : ` on resource: ${resource}`}`;
  if (options.reason === false || outcome.because === undefined) return sentence;
  const words = WORDS[outcome.because];
  return outcome.decision === 'explicitDeny'
    ? `${sentence} with an explicit deny in ${words.denies}`
    : `${sentence} because no ${words.kind} allows the ${action} action`;
}
