/** The first real cause of a stack's failure, as a sentence with a way out. Pure. */
import type { StackEvent } from '../aws/cloudformation.ts';

export interface Cause {
  sentence: string;
  hint: string;
  resource?: string;
}

/** What CloudFormation says of resources that failed only because another did. */
const ECHO =
  /^Resource (creation|update) cancelled|^The following resource\(s\) failed|^Resource creation Initiated|^Rollback requested/i;

/** Reasons that have a better sentence than their own, with a fix. First match wins. */
const KNOWN: { reason: RegExp; sentence: (resource: string, text: string) => string; hint: string }[] = [
  {
    reason: /already exists|AlreadyExists/i,
    sentence: (resource) =>
      `${resource} could not be made because that name is already taken in this account and Region.`,
    hint: 'presso teardown --dry-run   (shows what is left over)',
  },
  {
    reason: /runtime parameter of (\S+) is no longer supported|(not|no longer) supported for creating/i,
    sentence: (resource) => `${resource} could not be made because AWS has retired its Lambda runtime.`,
    hint: 'npm install --global presso@latest',
  },
  {
    reason: /not authorized|AccessDenied|UnauthorizedTaggingOperation/i,
    sentence: (resource, text) => `${resource} could not be made because these credentials may not do it: ${text}`,
    hint: 'aws sts get-caller-identity   (a role that may make IAM roles is needed)',
  },
  {
    reason: /LimitExceeded|limit exceeded|quota/i,
    sentence: (resource, text) => `${resource} could not be made because a quota of the account is used up: ${text}`,
    hint: 'presso doctor',
  },
  {
    reason: /Throttling|Rate exceeded|TooManyRequests/i,
    sentence: (resource) => `${resource} could not be made because AWS throttled this account.`,
    hint: 'presso setup   (runs again and goes on)',
  },
];

export function diagnose(events: StackEvent[], status: string): Cause {
  const failures = events.filter((event) => /_FAILED$/.test(event.status) && event.reason && !ECHO.test(event.reason));
  const first = failures.find(({ type }) => type !== 'AWS::CloudFormation::Stack') ?? failures[0];
  if (!first?.reason) {
    const said = events.findLast((event) => event.type === 'AWS::CloudFormation::Stack' && event.reason)?.reason;
    return {
      sentence: `The stack ended as ${status}${said ? `: ${unwrap(said)}` : '.'}`,
      hint: 'presso setup   (runs again and goes on)',
    };
  }
  const text = unwrap(first.reason);
  const resource = `${first.logicalId} (${first.type})`;
  const known = KNOWN.find(({ reason }) => reason.test(first.reason ?? ''));
  return known
    ? { sentence: known.sentence(resource, text), hint: known.hint, resource: first.logicalId }
    : {
        sentence: `${resource} failed: ${text}`,
        hint: 'presso setup   (runs again and goes on)',
        resource: first.logicalId,
      };
}

/** CloudFormation wraps what the service said in a message of its own handler, sometimes twice. */
export function unwrap(reason: string): string {
  const inner = /^Resource handler returned message: "([\s\S]*?)" \(RequestToken:/.exec(reason)?.[1] ?? reason;
  return inner
    .replace(/ \(Service: [^()]*(?:\([^()]*\)[^()]*)*\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.*$/, '.');
}
