/**
 * The fixed names of the workshop, once. Pure; anyone may import it.
 * They are the names of the official workshop, so two learners cannot share an account and Region.
 */
export const BUS_NAME = 'Serverlesspresso';
export const EVENT_SOURCE = 'awsserverlessda.serverlesspresso';
export const WORKFLOW_NAME = 'OrderProcessorWorkflow';
export const PROCESSOR_ROLE_PART = '01OrderProcessorRole';
export const ORDER_MANAGER_PART = 'OrderManagerStateMachine';
export const LOG_GROUP = '/aws/events/serverlesspressoEventBus';
export const USER_POOL_NAME = 'ServerlesspressoUserPool';
export const IDENTITY_POOL_NAME = 'ServerlesspressoIdentityPool';
export const ADMIN_GROUP = 'admin';
/** Names of MQTT topics and client ids begin with this. */
export const TOPIC_PREFIX = 'serverlesspresso';
export const PARAMETER_PREFIX = '/Serverlesspresso/core/';
export const STACK_PREFIX = 'serverlesspresso-';

/** StackSets call their stacks `StackSet-<set>-<uuid>`; presso's sets have the names its stacks have without them. */
const OF_A_SET = new RegExp(`^StackSet-(${STACK_PREFIX}[a-z0-9-]+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`);
/** What CloudFormation names in such a stack begins with this: of a long stack name it takes 24 letters. */
export const SET_STACK_PREFIX = 'StackSet-serverlesspress';

/** `serverlesspresso-events` for the stack of that name and for the one that StackSets made; undefined for others. */
export const coreStackName = (name: string): string | undefined =>
  name.startsWith(STACK_PREFIX) ? name : OF_A_SET.exec(name)?.[1];
/** StackSets made it, for a set of presso's. */
export const isOfASet = (name: string): boolean => OF_A_SET.test(name);

export const MARKER = { key: 'presso:workshop', value: 'serverlesspresso' } as const;

export const TABLES = {
  config: 'serverlesspresso-config-table',
  counting: 'serverlesspresso-counting-table',
  order: 'serverlesspresso-order-table',
  validator: 'serverlesspresso-validator-table',
} as const;

/** Parts of the names of functions that learners and presso find by name. */
export const FUNCTION_PARTS = {
  workflowStarted: 'WorkflowStarted',
  waitingCompletion: 'WaitingCompletion',
  getQrCode: 'GetQRcodeFunction',
  verifyQrCode: 'VerifyQRcodeFunction',
} as const;

/** What module 4 adds: the two ways of an order into the metrics. */
export const METRICS = {
  table: { table: 'serverlesspresso-metrics-table', queue: 'MetricsQueue', rule: 'OrderMetrics-DynamoDB' },
  cloudwatch: { namespace: 'Serverlesspresso', queue: 'MetricsQueueCloudwatch', rule: 'OrderMetrics-Cloudwatch' },
  dashboard: 'Serverlesspresso_Metrics',
} as const;

/** What a learner makes in module 4 for the orders of a full shop. */
export const EXCESS_QUEUE = 'ExcessOrders';

/** detail-type of every event on the bus; all carry `EVENT_SOURCE`. */
export const EVENTS = {
  newOrder: 'Validator.NewOrder',
  workflowStarted: 'OrderProcessor.WorkflowStarted',
  processorWaiting: 'OrderProcessor.WaitingCompletion',
  shopUnavailable: 'OrderProcessor.ShopUnavailable',
  orderTimeOut: 'OrderProcessor.OrderTimeOut',
  orderFinished: 'OrderProcessor.orderFinished',
  managerWaiting: 'OrderManager.WaitingCompletion',
  makeOrder: 'OrderManager.MakeOrder',
  orderCompleted: 'OrderManager.OrderCompleted',
  orderCancelled: 'OrderManager.OrderCancelled',
  configChanged: 'ConfigService.ConfigChanged',
} as const;

export const RULES = ['logAll', 'NewOrder', 'WorkflowStarted', 'WaitingCompletion'] as const;
export const MODULES = ['setup', 'module-1', 'module-2', 'module-3', 'module-4', 'cleanup'] as const;

/** Where the workshop's services all exist and the official event set-up runs (workshop page "AWS-hosted"). */
export const WORKSHOP_REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
] as const;

/** The same event as it would stand on the bus, with a plausible detail (workshop page "Events"): for asking a rule. */
export function sampleEvent(detailType: string, where: { account: string; region: string }): Record<string, unknown> {
  const order = { orderId: '5c2d1a36-7d0e-4b3a-9d57-0a6c1d7f8e21', userId: 'customer-1' };
  const token = { TaskToken: 'AQCEAAAAKgAAAAMAAAAAAAAAAexample', ...order, Message: 'The message of the workflow' };
  const details: Record<string, Record<string, unknown>> = {
    [EVENTS.newOrder]: { ...order, bucket: 5_900_000 },
    [EVENTS.workflowStarted]: token,
    [EVENTS.processorWaiting]: { ...token, orderNumber: 1 },
    [EVENTS.shopUnavailable]: { userId: order.userId, Message: 'The shop is not ready' },
    [EVENTS.orderTimeOut]: { ...order, cause: 'Customer timedout', Message: 'The order timed out' },
    [EVENTS.orderFinished]: { ...order, Message: 'The order has reached the end' },
    [EVENTS.managerWaiting]: {
      ...order,
      orderNumber: 1,
      state: 'CREATED',
      drinkOrder: '{"drink":"Latte"}',
      robot: false,
      TS: 1_764_000_000_000,
    },
    [EVENTS.makeOrder]: { baristaUserId: 'barista-1', ...order },
    [EVENTS.orderCompleted]: { ...order, ORDERSTATE: 'Completed' },
    [EVENTS.orderCancelled]: { ...order, ORDERSTATE: 'Cancelled' },
    [EVENTS.configChanged]: { NewImage: { PK: { S: 'config' }, storeOpen: { BOOL: true } } },
  };
  return {
    version: '0',
    id: '0a1b2c3d-0000-4000-8000-000000000000',
    'detail-type': detailType,
    source: EVENT_SOURCE,
    account: where.account,
    time: '2026-01-01T00:00:00Z',
    region: where.region,
    resources: [],
    detail: details[detailType] ?? order,
  };
}
