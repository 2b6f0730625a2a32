/**
 * AWS Lambda: runs the deployed code in worker threads of a capped pool. Promise: the very file that is deployed runs,
 * under the function's role, with nothing of this machine but 127.0.0.1; what was accepted is run although the sandbox dies.
 * Touch the world: environments.ts (unpacked code), pool.ts (threads), worker.ts (the thread itself).
 */
import type { Route, Service } from '../../service.ts';
import { becomeActive, functionActions, giveCode } from './actions/functions.ts';
import { attempt, invokeActions } from './actions/invoke.ts';
import { mappingActions, resumeMappings } from './actions/mappings.ts';
import { policyActions } from './actions/policy.ts';
import { closeEnvironments } from './environments.ts';
import type { AsyncInvocation, FunctionRecord } from './records.ts';

const FUNCTIONS = '/2015-03-31/functions';
const MAPPINGS = '/2015-03-31/event-source-mappings';
const paging = { Marker: 'Marker', MaxItems: 'MaxItems' };
const qualified = { Qualifier: 'Qualifier' };

const routes: Route[] = [
  { method: 'POST', path: FUNCTIONS, action: 'CreateFunction', status: 201 },
  { method: 'GET', path: FUNCTIONS, action: 'ListFunctions', query: paging },
  { method: 'GET', path: `${FUNCTIONS}/{FunctionName}`, action: 'GetFunction', query: qualified },
  { method: 'DELETE', path: `${FUNCTIONS}/{FunctionName}`, action: 'DeleteFunction', query: qualified },
  {
    method: 'GET',
    path: `${FUNCTIONS}/{FunctionName}/configuration`,
    action: 'GetFunctionConfiguration',
    query: qualified,
  },
  { method: 'PUT', path: `${FUNCTIONS}/{FunctionName}/configuration`, action: 'UpdateFunctionConfiguration' },
  { method: 'PUT', path: `${FUNCTIONS}/{FunctionName}/code`, action: 'UpdateFunctionCode' },
  { method: 'GET', path: `${FUNCTIONS}/{FunctionName}/versions`, action: 'ListVersionsByFunction', query: paging },
  {
    method: 'POST',
    path: `${FUNCTIONS}/{FunctionName}/invocations`,
    action: 'Invoke',
    query: qualified,
    headers: {
      'x-amz-invocation-type': 'InvocationType',
      'x-amz-log-type': 'LogType',
      'x-amz-client-context': 'ClientContext',
    },
    payload: 'Payload',
    output: {
      payload: 'Payload',
      headers: {
        FunctionError: 'x-amz-function-error',
        LogResult: 'x-amz-log-result',
        ExecutedVersion: 'x-amz-executed-version',
      },
    },
  },
  {
    method: 'POST',
    path: `${FUNCTIONS}/{FunctionName}/policy`,
    action: 'AddPermission',
    query: qualified,
    status: 201,
  },
  { method: 'GET', path: `${FUNCTIONS}/{FunctionName}/policy`, action: 'GetPolicy', query: qualified },
  {
    method: 'DELETE',
    path: `${FUNCTIONS}/{FunctionName}/policy/{StatementId}`,
    action: 'RemovePermission',
    query: { Qualifier: 'Qualifier', RevisionId: 'RevisionId' },
  },
  { method: 'GET', path: '/2016-08-19/account-settings', action: 'GetAccountSettings' },
  { method: 'GET', path: '/2017-03-31/tags/{Resource+}', action: 'ListTags' },
  { method: 'POST', path: '/2017-03-31/tags/{Resource+}', action: 'TagResource', status: 204 },
  {
    method: 'DELETE',
    path: '/2017-03-31/tags/{Resource+}',
    action: 'UntagResource',
    query: { tagKeys: 'TagKeys' },
    status: 204,
  },
  { method: 'POST', path: MAPPINGS, action: 'CreateEventSourceMapping', status: 202 },
  {
    method: 'GET',
    path: MAPPINGS,
    action: 'ListEventSourceMappings',
    query: { ...paging, EventSourceArn: 'EventSourceArn', FunctionName: 'FunctionName' },
  },
  { method: 'GET', path: `${MAPPINGS}/{UUID}`, action: 'GetEventSourceMapping' },
  { method: 'PUT', path: `${MAPPINGS}/{UUID}`, action: 'UpdateEventSourceMapping', status: 202 },
  { method: 'DELETE', path: `${MAPPINGS}/{UUID}`, action: 'DeleteEventSourceMapping', status: 202 },
];

export const lambda: Service = {
  name: 'lambda',
  protocol: 'rest-json',
  routes,
  give: giveCode,
  actions: { ...functionActions, ...invokeActions, ...policyActions, ...mappingActions },
  wakeOn: ['functions', 'invocations', 'mappings'],
  wake(context) {
    for (const record of context.table<FunctionRecord>('functions').values()) becomeActive(record, context);
    for (const invocation of [...context.table<AsyncInvocation>('invocations').values()]) attempt(invocation, context);
    resumeMappings(context);
  },
  close: closeEnvironments,
};
