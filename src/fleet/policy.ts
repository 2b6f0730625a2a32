/**
 * The smallest policies that a fleet works with: what the hub may do, and what its role in an attendee's account may do.
 * Pure. Actions are listed one by one, and changes only on the workshop's own names, so that a look through them tells
 * what presso could touch at worst.
 */
import {
  BUS_NAME,
  EXCESS_QUEUE,
  LOG_GROUP,
  METRICS,
  PARAMETER_PREFIX,
  STACK_PREFIX,
  WORKFLOW_NAME,
} from '../workshop.ts';
import { DEFAULT_ROLE } from './roster.ts';

export interface Policies {
  hub: { policy: Document };
  attendee: {
    role: string;
    trust: Document /** reads: enough for list, verify and every dry run */;
    look: Document /** besides `look`: setup, reset and teardown */;
    change: Document;
  };
}

export interface Document {
  Version: '2012-10-17';
  Statement: Statement[];
}
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: { AWS: string } | { Service: string };
  Action: string[];
  Resource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export const actions = (service: string, names: string): string[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => `${service}:${name}`);
export const allow = (
  Sid: string,
  Action: string[],
  Resource: string[],
  Condition?: Statement['Condition'],
): Statement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
});

const LOOK = [
  ...actions(
    'cloudformation',
    `DescribeStacks DescribeStackEvents DescribeStackResources GetTemplate DetectStackDrift DetectStackResourceDrift
     DescribeStackDriftDetectionStatus DescribeStackResourceDrifts`,
  ),
  ...actions('events', 'DescribeEventBus ListEventBuses ListRules DescribeRule ListTargetsByRule TestEventPattern'),
  ...actions(
    'states',
    `ListStateMachines DescribeStateMachine ListTagsForResource ListExecutions DescribeExecution GetExecutionHistory
     ValidateStateMachineDefinition`,
  ),
  ...actions(
    'lambda',
    'ListFunctions GetFunction GetFunctionConfiguration GetPolicy GetEventSourceMapping ListEventSourceMappings GetAccountSettings ListTags',
  ),
  ...actions(
    'iam',
    `ListAccountAliases ListRoles GetRole ListRoleTags ListRolePolicies GetRolePolicy ListAttachedRolePolicies ListPolicies
     GetPolicy GetPolicyVersion ListPolicyVersions ListEntitiesForPolicy SimulatePrincipalPolicy`,
  ),
  ...actions(
    'logs',
    'DescribeLogGroups DescribeLogStreams DescribeResourcePolicies FilterLogEvents ListTagsForResource',
  ),
  ...actions('dynamodb', 'ListTables DescribeTable DescribeTimeToLive DescribeContinuousBackups ListTagsOfResource'),
  ...actions('ssm', 'GetParameter GetParameters GetParametersByPath DescribeParameters ListTagsForResource'),
  ...actions(
    'cognito-idp',
    `ListUserPools DescribeUserPool DescribeUserPoolClient ListUsers ListUsersInGroup AdminGetUser AdminListGroupsForUser
     ListGroups GetGroup GetUserPoolMfaConfig ListTagsForResource`,
  ),
  ...actions(
    'cognito-identity',
    'ListIdentityPools DescribeIdentityPool GetIdentityPoolRoles GetPrincipalTagAttributeMap ListTagsForResource',
  ),
  ...actions(
    'iot',
    'ListPolicies GetPolicy ListPolicyVersions ListTargetsForPolicy ListTagsForResource DescribeEndpoint',
  ),
  ...actions('sqs', 'GetQueueAttributes GetQueueUrl ListQueues ListQueueTags'),
  ...actions('cloudwatch', 'GetDashboard ListDashboards ListMetrics GetMetricStatistics ListTagsForResource'),
  'apigateway:GET',
  'account:ListRegions',
];

/** Who is in a unit, and in those below it (`--organization`). */
const UNITS = actions(
  'organizations',
  'ListRoots DescribeOrganizationalUnit ListOrganizationalUnitsForParent ListAccountsForParent',
);

/**
 * For the partition `aws`. `hub` is the account that presso acts from, or the ARN of its role. `organization`: the roster is
 * a unit of AWS Organizations.
 */
export function fleetPolicies(options: {
  hub: string;
  role?: string;
  externalId?: string;
  organization?: boolean;
  /** What CloudFormation's own names in the core's stacks begin with; not the same where StackSets made them. */
  made?: string;
}): Policies {
  const role = options.role ?? DEFAULT_ROLE;
  const hub = options.hub.startsWith('arn:') ? options.hub : `arn:aws:iam::${options.hub}:root`;
  return {
    hub: {
      policy: document([
        allow('EnterAttendees', ['sts:AssumeRole'], [`arn:aws:iam::*:role/${role}`]),
        // So that the management account is refused, whoever wrote it into a roster.
        allow('KnowTheManagementAccount', ['organizations:DescribeOrganization'], ['*']),
        ...(options.organization ? [allow('WhoIsInAUnit', UNITS, ['*'])] : []),
      ]),
    },
    attendee: {
      role,
      trust: document([
        {
          Effect: 'Allow',
          Principal: { AWS: hub },
          Action: ['sts:AssumeRole'],
          ...(options.externalId ? { Condition: { StringEquals: { 'sts:ExternalId': options.externalId } } } : {}),
        },
      ]),
      look: document([
        allow('Look', LOOK, ['*']),
        allow('ReadTheWorkshopsTables', actions('dynamodb', 'GetItem BatchGetItem Query Scan'), [
          `arn:aws:dynamodb:*:*:table/${STACK_PREFIX}*`,
        ]),
      ]),
      change: document(changing(options.made ?? STACK_PREFIX)),
    },
  };
}

export const document = (statements: Statement[]): Document => ({ Version: '2012-10-17', Statement: statements });

/** `made`: what CloudFormation's own names in the core's stacks begin with. */
const rolesOf = (made: string): string[] => [
  `arn:aws:iam::*:role/${made}*`,
  `arn:aws:iam::*:role/service-role/StepFunctions-*`,
  `arn:aws:iam::*:role/service-role/Amazon_EventBridge_Invoke_*`,
];

const changing = (made: string): Statement[] => [
  allow('Stacks', actions('cloudformation', 'CreateStack UpdateStack DeleteStack ContinueUpdateRollback TagResource'), [
    `arn:aws:cloudformation:*:*:stack/${made}*`,
  ]),
  allow(
    'BusAndRules',
    actions(
      'events',
      'CreateEventBus DeleteEventBus UpdateEventBus PutRule DeleteRule PutTargets RemoveTargets TagResource UntagResource',
    ),
    [`arn:aws:events:*:*:event-bus/${BUS_NAME}`, `arn:aws:events:*:*:rule/${BUS_NAME}/*`],
  ),
  allow(
    'Workflows',
    actions(
      'states',
      'CreateStateMachine UpdateStateMachine DeleteStateMachine StopExecution TagResource UntagResource',
    ),
    [
      ...[WORKFLOW_NAME, `${made}*`, 'OrderManagerStateMachine*'].map(
        (name) => `arn:aws:states:*:*:stateMachine:${name}`,
      ),
      `arn:aws:states:*:*:execution:${WORKFLOW_NAME}:*`,
    ],
  ),
  allow(
    'Functions',
    actions(
      'lambda',
      `CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction AddPermission RemovePermission
       TagResource UntagResource`,
    ),
    [`arn:aws:lambda:*:*:function:${made}*`],
  ),
  allow(
    'Streams',
    actions(
      'lambda',
      'CreateEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping TagResource UntagResource',
    ),
    ['*'],
  ),
  allow(
    'Roles',
    actions(
      'iam',
      `CreateRole DeleteRole UpdateRole UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy DetachRolePolicy
       AttachRolePolicy TagRole UntagRole`,
    ),
    rolesOf(made),
  ),
  allow('GiveRoles', ['iam:PassRole'], rolesOf(made), {
    StringEquals: {
      'iam:PassedToService': [
        'lambda.amazonaws.com',
        'states.amazonaws.com',
        'events.amazonaws.com',
        'cognito-identity.amazonaws.com',
        'cognito-idp.amazonaws.com',
      ],
    },
  }),
  allow('ConsolePolicies', actions('iam', 'DeletePolicy DeletePolicyVersion'), [
    'arn:aws:iam::*:policy/service-role/*',
  ]),
  allow(
    'Logs',
    actions(
      'logs',
      'CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy DeleteLogStream TagResource UntagResource',
    ),
    [`/aws/lambda/${made}`, made, LOG_GROUP].map((name) => `arn:aws:logs:*:*:log-group:${name}*`),
  ),
  allow('LogPolicies', actions('logs', 'PutResourcePolicy DeleteResourcePolicy'), ['*']),
  allow(
    'Tables',
    actions(
      'dynamodb',
      `CreateTable UpdateTable DeleteTable UpdateTimeToLive UpdateContinuousBackups TagResource UntagResource PutItem
       UpdateItem DeleteItem BatchWriteItem`,
    ),
    [`arn:aws:dynamodb:*:*:table/${STACK_PREFIX}*`],
  ),
  allow('ChangesOfTables', actions('dynamodb', 'DescribeStream GetRecords GetShardIterator ListStreams'), [
    `arn:aws:dynamodb:*:*:table/${STACK_PREFIX}*/stream/*`,
  ]),
  allow(
    'Parameters',
    actions('ssm', 'PutParameter DeleteParameter DeleteParameters AddTagsToResource RemoveTagsFromResource'),
    [`arn:aws:ssm:*:*:parameter${PARAMETER_PREFIX}*`],
  ),
  allow(
    'UserPools',
    actions(
      'cognito-idp',
      `CreateUserPool UpdateUserPool DeleteUserPool SetUserPoolMfaConfig CreateUserPoolClient UpdateUserPoolClient
       DeleteUserPoolClient CreateGroup UpdateGroup DeleteGroup AdminCreateUser AdminSetUserPassword AdminEnableUser
       AdminAddUserToGroup AdminDeleteUser DeleteUserPoolDomain TagResource UntagResource`,
    ),
    ['*'],
  ),
  allow(
    'IdentityPools',
    actions(
      'cognito-identity',
      'CreateIdentityPool UpdateIdentityPool DeleteIdentityPool SetIdentityPoolRoles SetPrincipalTagAttributeMap TagResource UntagResource',
    ),
    ['*'],
  ),
  allow(
    'IotPolicies',
    actions(
      'iot',
      'CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion TagResource UntagResource',
    ),
    [`arn:aws:iot:*:*:policy/${made}*`],
  ),
  allow('Listeners', actions('iot', 'DetachPolicy DetachPrincipalPolicy'), ['*']),
  allow(
    'Apis',
    actions('apigateway', 'POST PUT PATCH DELETE TagResource UntagResource'),
    ['/apis', '/apis/*', '/tags/*'].map((path) => `arn:aws:apigateway:*::${path}`),
  ),
  allow(
    'Metrics',
    [
      ...actions('sqs', 'CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue'),
      ...actions('cloudwatch', 'PutDashboard DeleteDashboards TagResource UntagResource'),
    ],
    [
      `arn:aws:sqs:*:*:${METRICS.table.queue}*`,
      `arn:aws:sqs:*:*:${EXCESS_QUEUE}`,
      `arn:aws:sqs:*:*:${made}*`,
      `arn:aws:cloudwatch::*:dashboard/${METRICS.dashboard}`,
    ],
  ),
];
