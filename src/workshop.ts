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
export const ADMIN_GROUP = 'admin';
export const PARAMETER_PREFIX = '/Serverlesspresso/core/';
export const STACK_PREFIX = 'serverlesspresso-';

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

export const TOPICS = { admin: 'serverlesspresso-admin', config: 'serverlesspresso-config' } as const;

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
