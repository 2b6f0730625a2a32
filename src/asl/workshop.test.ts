import { describe, expect, test } from 'vitest';
import { simulate, type TaskAnswer, type TaskEffect } from './simulate.ts';
import type { Json, JsonObject } from './types.ts';

const PUT = 'arn:aws:states:::events:putEvents';
const entry = (DetailType: string, Detail: JsonObject): JsonObject => ({
  Entries: [{ Detail, DetailType, EventBusName: 'Serverlesspresso', Source: 'awsserverlessda.serverlesspresso' }],
});

/** The order workflow of the workshop, told in the language of lessons until 2024. */
const jsonPath: JsonObject = {
  StartAt: 'Shop',
  States: {
    Shop: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: { TableName: 'serverlesspresso-config-table', Key: { PK: { S: 'config' } } },
      ResultPath: '$.GetStore',
      Next: 'Open?',
    },
    'Open?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.GetStore.Item.storeOpen.BOOL', BooleanEquals: true, Next: 'List' }],
      Default: 'Unavailable',
    },
    List: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:listExecutions',
      Parameters: { 'StateMachineArn.$': '$$.StateMachine.Id', MaxResults: 100, StatusFilter: 'RUNNING' },
      ResultPath: '$.isCapacityAvailable',
      Next: 'Full?',
    },
    'Full?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.isCapacityAvailable.Executions[20]', IsPresent: true, Next: 'Unavailable' }],
      Default: 'Started',
    },
    Started: {
      Type: 'Task',
      Resource: `${PUT}.waitForTaskToken`,
      HeartbeatSeconds: 900,
      Parameters: entry('OrderProcessor.WorkflowStarted', {
        'TaskToken.$': '$$.Task.Token',
        'orderId.$': '$.detail.orderId',
      }),
      ResultPath: null,
      Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.error', Next: 'Late' }],
      Next: 'Number',
    },
    Number: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:updateItem',
      Parameters: { TableName: 'serverlesspresso-counting-table' },
      ResultSelector: { 'orderNumber.$': '$.Attributes.IDvalue.N' },
      ResultPath: '$.Order.Payload',
      Next: 'Finished',
    },
    Finished: {
      Type: 'Task',
      Resource: PUT,
      Parameters: entry('OrderProcessor.orderFinished', { 'n.$': '$.Order.Payload.orderNumber' }),
      End: true,
    },
    Late: { Type: 'Pass', Result: 'Customer timedout', ResultPath: '$.cause', Next: 'TimedOut' },
    TimedOut: {
      Type: 'Task',
      Resource: PUT,
      Parameters: entry('OrderProcessor.OrderTimeOut', { 'cause.$': '$.cause', 'orderId.$': '$.detail.orderId' }),
      End: true,
    },
    Unavailable: { Type: 'Task', Resource: PUT, Parameters: entry('OrderProcessor.ShopUnavailable', {}), End: true },
  },
};

/** The same in JSONata. */
const jsonata: JsonObject = {
  QueryLanguage: 'JSONata',
  StartAt: 'Shop',
  States: {
    Shop: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Arguments: { TableName: 'serverlesspresso-config-table', Key: { PK: { S: 'config' } } },
      Assign: { open: '{% $states.result.Item.storeOpen.BOOL %}', order: '{% $states.input.detail %}' },
      Next: 'Open?',
    },
    'Open?': { Type: 'Choice', Choices: [{ Condition: '{% $open %}', Next: 'List' }], Default: 'Unavailable' },
    List: {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:sfn:listExecutions',
      Arguments: { StateMachineArn: '{% $states.context.StateMachine.Id %}', MaxResults: 100, StatusFilter: 'RUNNING' },
      Output: { running: '{% $count($states.result.Executions) %}' },
      Next: 'Full?',
    },
    'Full?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.running > 20 %}', Next: 'Unavailable' }],
      Default: 'Started',
    },
    Started: {
      Type: 'Task',
      Resource: `${PUT}.waitForTaskToken`,
      HeartbeatSeconds: 900,
      Arguments: entry('OrderProcessor.WorkflowStarted', {
        TaskToken: '{% $states.context.Task.Token %}',
        orderId: '{% $order.orderId %}',
      }),
      Catch: [{ ErrorEquals: ['States.Timeout'], Assign: { cause: 'Customer timedout' }, Next: 'TimedOut' }],
      Next: 'Number',
    },
    Number: {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:updateItem',
      Arguments: { TableName: 'serverlesspresso-counting-table' },
      Assign: { n: '{% $states.result.Attributes.IDvalue.N %}' },
      Next: 'Finished',
    },
    Finished: {
      Type: 'Task',
      Resource: PUT,
      Arguments: entry('OrderProcessor.orderFinished', { n: '{% $n %}' }),
      End: true,
    },
    TimedOut: {
      Type: 'Task',
      Resource: PUT,
      Arguments: entry('OrderProcessor.OrderTimeOut', { cause: '{% $cause %}', orderId: '{% $order.orderId %}' }),
      End: true,
    },
    Unavailable: { Type: 'Task', Resource: PUT, Arguments: entry('OrderProcessor.ShopUnavailable', {}), End: true },
  },
};

interface Shop {
  open: boolean;
  running: number;
  customer: boolean;
}

const answers =
  ({ open, running, customer }: Shop) =>
  ({ resource }: TaskEffect): TaskAnswer => {
    if (resource.endsWith('getItem')) return { output: { Item: { storeOpen: { BOOL: open } } } };
    if (resource.endsWith('listExecutions'))
      return { output: { Executions: Array.from({ length: running }, (_, n) => ({ n })) } };
    if (resource.endsWith('updateItem')) return { output: { Attributes: { IDvalue: { N: '42' } } } };
    const submitted = { FailedEntryCount: 0 };
    if (!resource.endsWith('.waitForTaskToken')) return { output: submitted };
    return customer ? { submitted, output: {}, after: 60_000 } : { pending: true, submitted };
  };

const said = (tasks: TaskEffect[]): [Json, Json][] =>
  tasks
    .map(({ parameters }) => (parameters as JsonObject).Entries)
    .filter(Array.isArray)
    .map(([sent]) => [(sent as JsonObject).DetailType as Json, (sent as JsonObject).Detail as Json]);

describe.each([
  ['JSONPath', jsonPath],
  ['JSONata', jsonata],
])("the workshop's workflow in %s", (_, workflow) => {
  const input = { detail: { orderId: '1', userId: 'u' } };
  const play = (shop: Partial<Shop>) =>
    simulate(workflow, { input, task: answers({ open: true, running: 1, customer: true, ...shop }) });

  test('an order is served', () => {
    const { execution, tasks } = play({});
    expect(execution.status).toBe('SUCCEEDED');
    expect(said(tasks)).toEqual([
      ['OrderProcessor.WorkflowStarted', { TaskToken: tasks[2]?.token, orderId: '1' }],
      ['OrderProcessor.orderFinished', { n: '42' }],
    ]);
  });

  test('a closed shop and a full one turn the customer away; twenty others in progress are still none too many', () => {
    expect(said(play({ open: false }).tasks)).toEqual([['OrderProcessor.ShopUnavailable', {}]]);
    expect(said(play({ running: 21 }).tasks)).toEqual([['OrderProcessor.ShopUnavailable', {}]]);
    expect(said(play({ running: 20 }).tasks)).toHaveLength(2);
  });

  test('a customer who never orders times out after fifteen minutes', () => {
    const { execution, tasks, now } = play({ customer: false });
    expect(execution.status).toBe('SUCCEEDED');
    expect(said(tasks).at(-1)).toEqual(['OrderProcessor.OrderTimeOut', { cause: 'Customer timedout', orderId: '1' }]);
    expect(now - (execution.history[0]?.timestamp ?? 0)).toBe(900_000);
  });

  test('an own ARN comes from the context object', () => {
    expect(play({}).tasks[1]?.parameters).toMatchObject({
      StateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Workflow',
    });
  });
});
