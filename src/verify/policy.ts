/**
 * The smallest policy that verify works with, for the modules that are asked for. Pure. Actions are listed one by one, so
 * that a look through them tells what presso can see, and with `live` what it can touch.
 */
import { FUNCTION_PARTS, LOG_GROUP, ORDER_MANAGER_PART, STACK_PREFIX, TABLES, WORKFLOW_NAME } from '../workshop.ts';

export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: { Sid: string; Effect: 'Allow'; Action: string[]; Resource: string[] }[];
}

/** By module, the actions that read. (GetCallerIdentity needs no permission; the account's alias is only shown.) What is denied is an error of its check, with its name. */
const READS: Record<string, string> = {
  setup: `cloudformation:DescribeStacks cognito-idp:GetGroup cognito-idp:ListUserPools dynamodb:DescribeTable
    events:DescribeEventBus events:ListTagsForResource iam:GetRole iam:ListRoles
    iam:SimulatePrincipalPolicy lambda:ListFunctions logs:DescribeLogGroups logs:DescribeResourcePolicies
    states:ListStateMachines`,
  'module-1': `iam:GetRole iam:ListRoles iam:SimulatePrincipalPolicy states:DescribeStateMachine
    states:ListStateMachines`,
  'module-2': `events:DescribeEventBus events:ListEventBuses events:ListRules events:ListTargetsByRule
    events:TestEventPattern iam:GetRole iam:SimulatePrincipalPolicy lambda:GetPolicy lambda:ListFunctions
    logs:DescribeLogGroups logs:DescribeResourcePolicies states:DescribeStateMachine states:ListStateMachines`,
  'module-3': `apigateway:GET cloudformation:DescribeStackResources cloudformation:DescribeStacks
    cognito-identity:DescribeIdentityPool cognito-identity:GetIdentityPoolRoles
    cognito-identity:GetPrincipalTagAttributeMap cognito-identity:ListIdentityPools
    cognito-idp:DescribeUserPool cognito-idp:DescribeUserPoolClient cognito-idp:GetGroup cognito-idp:ListGroups
    cognito-idp:ListUserPools cognito-idp:ListUsers cognito-idp:ListUsersInGroup events:DescribeEventBus
    events:ListRules events:ListTargetsByRule events:TestEventPattern iam:GetRole iam:SimulatePrincipalPolicy
    iot:DescribeEndpoint iot:GetPolicy lambda:GetPolicy lambda:ListFunctions ssm:GetParameters`,
  'module-4': `cloudwatch:GetDashboard cloudwatch:GetMetricData cloudwatch:ListMetrics events:DescribeEventBus
    events:ListEventBuses events:ListRules events:ListTargetsByRule events:TestEventPattern iam:GetRole
    iam:SimulatePrincipalPolicy lambda:GetPolicy lambda:ListEventSourceMappings lambda:ListFunctions
    logs:DescribeLogGroups logs:DescribeResourcePolicies sqs:GetQueueAttributes sqs:GetQueueUrl
    states:DescribeStateMachine states:ListStateMachines`,
  cleanup: `account:ListRegions apigateway:GET cloudformation:DescribeStacks cloudwatch:GetDashboard
    cognito-identity:ListIdentityPools cognito-idp:ListUserPools dynamodb:ListTables events:DescribeEventBus
    iam:GetPolicy iam:GetPolicyVersion iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoles
    iam:ListRoleTags iot:ListPolicies lambda:ListFunctions logs:DescribeLogGroups logs:DescribeResourcePolicies
    sqs:GetQueueAttributes sqs:ListQueueTags sqs:ListQueues ssm:GetParametersByPath states:ListStateMachines`,
};

/** How checks read items of the workshop's tables. */
const READS_ITEMS: Record<string, string[]> = { setup: ['dynamodb:GetItem'], 'module-4': ['dynamodb:Query'] };

const table = (name: string): string => `arn:aws:dynamodb:*:*:table/${name}`;
const named = (service: string, name: string): string => `arn:aws:${service}:*:*:${name}`;

/** For the partition `aws`. `live`: also what a test order needs, which changes the account. */
export function verifyPolicy(modules: readonly string[], live: boolean): PolicyDocument {
  const asked = live ? [...new Set([...modules, 'module-1', 'module-2'])] : modules;
  const reads = new Set(asked.flatMap((module) => (READS[module] ?? '').trim().split(/\s+/)));
  reads.delete('');
  const allow = (Sid: string, Action: string[], Resource: string[]) => ({
    Sid,
    Effect: 'Allow' as const,
    Action,
    Resource,
  });
  const items = new Set(asked.flatMap((module) => READS_ITEMS[module] ?? []));
  if (live) for (const action of ['dynamodb:GetItem', 'dynamodb:Query']) items.add(action);
  const tables = [table(`${STACK_PREFIX}*`), ...(live ? [table(`${TABLES.order}/index/*`)] : [])];
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Look', [...reads].sort(), ['*']),
      ...(items.size > 0 ? [allow('ReadTheWorkshopsTables', [...items].sort(), tables)] : []),
      ...(live ? LIVE.map(([sid, actions, resources]) => allow(sid, actions, resources)) : []),
    ],
  };
}

/** What places a test order, follows it, and takes it away. */
const LIVE: [sid: string, actions: string[], resources: string[]][] = [
  [
    'CallTheShop',
    ['lambda:InvokeFunction'],
    [FUNCTION_PARTS.getQrCode, FUNCTION_PARTS.verifyQrCode, 'OrdersApi'].map((part) =>
      named('lambda', `function:*${part}*`),
    ),
  ],
  [
    'AskTheOrderManager',
    ['states:StartExecution', 'states:StartSyncExecution'],
    [named('states', `stateMachine:*${ORDER_MANAGER_PART}*`)],
  ],
  [
    'PlayTheWorkflow',
    ['states:ListExecutions', 'states:StartExecution'],
    [named('states', `stateMachine:*${WORKFLOW_NAME}*`)],
  ],
  // A token names no execution, so no resource can be given for it.
  ['ReturnTokens', ['states:SendTaskSuccess'], ['*']],
  [
    'FollowOrders',
    ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
    [named('states', 'execution:*')],
  ],
  ['ReadTheLog', ['logs:FilterLogEvents'], [named('logs', `log-group:${LOG_GROUP}:*`)]],
  ['TakeTheOrderAway', ['dynamodb:DeleteItem'], [table(TABLES.order)]],
  ['PutTheTokenBack', ['dynamodb:UpdateItem'], [table(TABLES.validator)]],
];
