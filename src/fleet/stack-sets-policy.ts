/** The smallest policies for a room that StackSets set up: the hub's, the accounts', and the roles StackSets go by. Pure. */
import type { Permissions } from '../aws/stack-sets.ts';
import { SET_STACK_PREFIX, STACK_PREFIX } from '../workshop.ts';
import { actions, allow, type Document, document, fleetPolicies, type Policies, type Statement } from './policy.ts';
import { ADMINISTRATION_ROLE, EXECUTION_ROLE } from './stack-sets.ts';

interface StackSetPolicies extends Policies {
  /** Self-managed permissions; with the others AWS makes its own roles. */
  stackSets?: {
    /** In the hub. */
    administration: { role: string; trust: Document; policy: Document };
    /** In each account. */
    execution: { role: string; trust: Document; look: Document; change: Document };
  };
}

/** As `fleetPolicies`, for `--engine stacksets`. */
export function stackSetPolicies(
  options: Parameters<typeof fleetPolicies>[0] & { permissions: Permissions },
): StackSetPolicies {
  const service = options.permissions === 'service-managed';
  const account = options.hub.startsWith('arn:') ? (options.hub.split(':')[4] ?? '') : options.hub;
  const policies = fleetPolicies({
    ...options,
    made: SET_STACK_PREFIX,
    organization: service || options.organization === true,
  });
  const { look, change } = policies.attendee;
  const hub = { policy: document([...policies.hub.policy.Statement, ...sets(account)]) };
  if (service) return { ...policies, hub };
  const trust = (Principal: Statement['Principal'], condition?: Record<string, string>): Document =>
    document([
      {
        Effect: 'Allow',
        Principal,
        Action: ['sts:AssumeRole'],
        ...(condition ? { Condition: { StringEquals: condition } } : {}),
      },
    ]);
  return {
    ...policies,
    hub,
    stackSets: {
      administration: {
        role: ADMINISTRATION_ROLE,
        trust: trust({ Service: 'cloudformation.amazonaws.com' }, { 'aws:SourceAccount': account }),
        policy: document([allow('EnterAttendees', ['sts:AssumeRole'], [`arn:aws:iam::*:role/${EXECUTION_ROLE}`])]),
      },
      execution: {
        role: EXECUTION_ROLE,
        trust: trust({ AWS: `arn:aws:iam::${account}:role/${ADMINISTRATION_ROLE}` }),
        look,
        change,
      },
    },
  };
}

/** The core's sets in the hub: theirs by name, and nobody else's targets. */
const sets = (account: string): Statement[] => [
  allow(
    'StackSets',
    actions(
      'cloudformation',
      `CreateStackSet UpdateStackSet DeleteStackSet DescribeStackSet TagResource CreateStackInstances
       UpdateStackInstances DeleteStackInstances ListStackInstances ListStackSetOperations DescribeStackSetOperation
       ListStackSetOperationResults`,
    ),
    [
      `arn:aws:cloudformation:*:${account}:stackset/${STACK_PREFIX}*`,
      `arn:aws:cloudformation:*:${account}:stackset-target/${STACK_PREFIX}*`,
      'arn:aws:cloudformation:*::type/resource/*',
    ],
  ),
  allow('WhichStackSets', ['cloudformation:ListStackSets'], ['*']),
];
