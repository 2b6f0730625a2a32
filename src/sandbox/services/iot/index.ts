/** AWS IoT's control plane as far as the workshop goes: the data endpoint, policies and whom they are attached to. */
import type { Route, Service } from '../../service.ts';
import { attachmentActions } from './actions/attachments.ts';
import { endpointActions } from './actions/endpoint.ts';
import { policyActions } from './actions/policies.ts';
import { tagActions } from './actions/tags.ts';

const paging = { marker: 'marker', pageSize: 'pageSize' };
const routes: Route[] = [
  { method: 'GET', path: '/endpoint', action: 'DescribeEndpoint', query: { endpointType: 'endpointType' } },
  {
    method: 'GET',
    path: '/policies',
    action: 'ListPolicies',
    query: { ...paging, isAscendingOrder: 'ascendingOrder' },
  },
  { method: 'POST', path: '/policies/{policyName}', action: 'CreatePolicy' },
  { method: 'GET', path: '/policies/{policyName}', action: 'GetPolicy' },
  { method: 'DELETE', path: '/policies/{policyName}', action: 'DeletePolicy' },
  {
    method: 'POST',
    path: '/policies/{policyName}/version',
    action: 'CreatePolicyVersion',
    query: { setAsDefault: 'setAsDefault' },
  },
  { method: 'GET', path: '/policies/{policyName}/version', action: 'ListPolicyVersions' },
  { method: 'GET', path: '/policies/{policyName}/version/{policyVersionId}', action: 'GetPolicyVersion' },
  { method: 'DELETE', path: '/policies/{policyName}/version/{policyVersionId}', action: 'DeletePolicyVersion' },
  { method: 'PATCH', path: '/policies/{policyName}/version/{policyVersionId}', action: 'SetDefaultPolicyVersion' },
  { method: 'PUT', path: '/target-policies/{policyName}', action: 'AttachPolicy' },
  { method: 'POST', path: '/target-policies/{policyName}', action: 'DetachPolicy' },
  {
    method: 'POST',
    path: '/attached-policies/{target+}',
    action: 'ListAttachedPolicies',
    query: { ...paging, recursive: 'recursive' },
  },
  { method: 'POST', path: '/policy-targets/{policyName}', action: 'ListTargetsForPolicy', query: paging },
  { method: 'POST', path: '/tags', action: 'TagResource' },
  { method: 'POST', path: '/untag', action: 'UntagResource' },
  {
    method: 'GET',
    path: '/tags',
    action: 'ListTagsForResource',
    query: { resourceArn: 'resourceArn', nextToken: 'nextToken' },
  },
];

export const iot: Service = {
  name: 'iot',
  protocol: 'rest-json',
  routes,
  actions: { ...endpointActions, ...policyActions, ...attachmentActions, ...tagActions },
};
