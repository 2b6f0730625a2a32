import { expect, test } from 'vitest';
import type { JsonObject, TaskEffect } from '../../asl/index.ts';
import { judgeByPolicies, roleNamed, serviceMay, stepFunctions, trusted, trusts } from './judge.ts';
import { callsOfPartA, needsOf } from './needs.ts';

const WORKFLOW = 'arn:aws:states:us-east-1:123456789012:stateMachine:OrderProcessorWorkflow';
const ROLE = 'arn:aws:iam::123456789012:role/service-role/Mine';
const task = (resource: string, parameters: JsonObject, more: Partial<TaskEffect> = {}): TaskEffect => ({
  kind: 'task',
  id: '1',
  stateName: 'A state',
  resource: resource.startsWith('arn:') ? resource : `arn:aws:states:::${resource}`,
  parameters,
  attempt: 0,
  ...more,
});
const needs = (...tasks: TaskEffect[]) =>
  needsOf(tasks, WORKFLOW).map(({ action, resource }) => `${action} ${resource}`);
const table = (name: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/serverlesspresso-${name}-table`;
const put = (entry: JsonObject) => task('events:putEvents', { Entries: [entry] });

test.each([
  [task('dynamodb:getItem', { TableName: 'serverlesspresso-config-table' }), `dynamodb:GetItem ${table('config')}`],
  [task('aws-sdk:dynamodb:updateItem', { TableName: table('counting') }), `dynamodb:UpdateItem ${table('counting')}`],
  [task('aws-sdk:sfn:listExecutions', { StateMachineArn: WORKFLOW }), `states:ListExecutions ${WORKFLOW}`],
  [
    task('events:putEvents.waitForTaskToken', { Entries: [{ EventBusName: 'Serverlesspresso' }] }),
    'events:PutEvents arn:aws:events:us-east-1:123456789012:event-bus/Serverlesspresso',
  ],
  [
    task('aws-sdk:eventbridge:putEvents', {
      Entries: [{ EventBusName: 'arn:aws:events:us-east-1:123456789012:event-bus/Serverlesspresso' }],
    }),
    'events:PutEvents arn:aws:events:us-east-1:123456789012:event-bus/Serverlesspresso',
  ],
  [put({ Source: 'mine' }), 'events:PutEvents arn:aws:events:us-east-1:123456789012:event-bus/default'],
  [
    task('lambda:invoke', { FunctionName: 'number', Qualifier: 'live' }),
    'lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:number:live',
  ],
  [
    task('arn:aws:lambda:us-east-1:123456789012:function:number:$LATEST', {}),
    'lambda:InvokeFunction arn:aws:lambda:us-east-1:123456789012:function:number',
  ],
  [
    task('sqs:sendMessage', { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/late' }),
    'sqs:SendMessage arn:aws:sqs:us-east-1:123456789012:late',
  ],
])('what a call needs: %#', (call, need) => {
  expect(needs(call, call)).toEqual([need]);
});

test('the role is not blamed for a resource that is wrong in itself, nor for what another role does', () => {
  expect(
    needs(
      task('dynamodb:getItem', { TableName: 'serverlesspresso-konfig-table' }),
      task('aws-sdk:sfn:listExecutions', { StateMachineArn: 'YOUR_STATE_MACHINE_ARN' }),
      task('aws-sdk:sfn:listExecutions', { StateMachineArn: WORKFLOW.replace('us-east-1', 'eu-west-1') }),
      put({ EventBusName: 'serverlesspresso', Source: 'awsserverlessda.serverlesspresso' }),
      task('dynamodb:getItem', { TableName: 'serverlesspresso-config-table' }, { credentials: { RoleArn: ROLE } }),
      task('aws-sdk:s3:getObject', { Bucket: 'menu' }),
    ),
  ).toEqual([]);
});

test('part a ends where the order is announced', () => {
  const calls = [
    put({ DetailType: 'OrderProcessor.ShopUnavailable' }),
    put({ DetailType: 'OrderProcessor.WorkflowStarted' }),
  ];
  expect(callsOfPartA(calls)).toEqual(calls.slice(0, 1));
  expect(callsOfPartA(calls.slice(0, 1))).toEqual(calls.slice(0, 1));
});

const allow = (Action: string, Resource: string, more: object = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource, ...more }],
});
const event = {
  action: 'events:PutEvents',
  resource: 'arn:aws:events:us-east-1:123456789012:event-bus/Serverlesspresso',
  context: { 'events:source': 'awsserverlessda.serverlesspresso' },
};

test('by its policies a role may do what one of them allows, none denies and the boundary leaves', () => {
  const only = { Condition: { StringEquals: { 'events:source': 'awsserverlessda.serverlesspresso' } } };
  const policies = (...documents: unknown[]) => ({
    identity: documents.map((document) => ({ name: 'one', document })),
  });
  const refused = (of: Parameters<typeof judgeByPolicies>[1]) => judgeByPolicies(ROLE, of, [event], 'us-east-1').length;
  expect(refused(policies())).toBe(1);
  expect(refused(policies(allow('dynamodb:*', '*'), allow('events:Put*', '*', only)))).toBe(0);
  expect(
    refused(
      policies(allow('events:*', '*'), {
        ...allow('events:*', '*'),
        Statement: [{ Effect: 'Deny', Action: 'events:PutEvents', Resource: '*' }],
      }),
    ),
  ).toBe(1);
  expect(refused({ ...policies(allow('*', '*')), boundary: allow('dynamodb:*', '*') })).toBe(1);
});

test('who may assume a role, under which name and for whom', () => {
  const trust = (principal: object, condition?: object) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: principal,
        Action: 'sts:AssumeRole',
        ...(condition ? { Condition: condition } : {}),
      },
    ],
  });
  const source = { arn: WORKFLOW, account: '123456789012' };
  const may = (policy: unknown) => trusts(policy, stepFunctions('us-east-1'), ROLE, source);
  expect(may(trust({ Service: 'states.amazonaws.com' }))).toBe(true);
  expect(may(trust({ Service: 'states.us-east-1.amazonaws.com' }))).toBe(true);
  expect(may(trust({ Service: ['lambda.amazonaws.com', 'states.amazonaws.com'] }))).toBe(true);
  expect(may(trust({ Service: 'events.amazonaws.com' }))).toBe(false);
  expect(
    may(trust({ Service: 'states.amazonaws.com' }, { StringEquals: { 'aws:SourceAccount': '123456789012' } })),
  ).toBe(true);
  expect(may(trust({ Service: 'states.amazonaws.com' }, { ArnLike: { 'aws:SourceArn': `${WORKFLOW}Old` } }))).toBe(
    false,
  );
  expect(may({ nonsense: true })).toBe(false);
  expect(trusted(trust({ Service: ['a.amazonaws.com'], AWS: 'arn:aws:iam::123456789012:root' }))).toEqual([
    'a.amazonaws.com',
    'arn:aws:iam::123456789012:root',
  ]);
});

test('a resource policy lets in whom it names, and a statement that is none lets in nobody', () => {
  const ask = { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:us-east-1:123456789012:function:f' };
  const rule = { arn: 'arn:aws:events:us-east-1:123456789012:rule/Serverlesspresso/NewOrder', account: '123456789012' };
  const statement = (principal: unknown, condition?: object) => ({
    Effect: 'Allow',
    Principal: principal,
    Action: ask.action,
    Resource: ask.resource,
    ...(condition ? { Condition: condition } : {}),
  });
  const events = { Service: 'events.amazonaws.com' };
  const may = (...statements: unknown[]) => serviceMay(statements, 'events.amazonaws.com', ask, rule);
  expect(may(statement(events))).toBe(true);
  expect(may(statement(events, { ArnLike: { 'AWS:SourceArn': `${rule.arn.replace('NewOrder', '*')}` } }))).toBe(true);
  expect(may(statement(events, { ArnLike: { 'AWS:SourceArn': `${rule.arn}s` } }))).toBe(false);
  expect(may({ nonsense: true }, statement({ Service: 's3.amazonaws.com' }))).toBe(false);
  expect(roleNamed([statement({ AWS: ROLE })], ROLE, ask)).toBe(true);
  expect(roleNamed([statement(events)], ROLE, ask)).toBe(false);
});
