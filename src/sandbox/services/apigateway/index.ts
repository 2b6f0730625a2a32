/**
 * Amazon API Gateway version 2: HTTP APIs with their stages, routes, integrations and JWT authorizers, as resources.
 * Calls to the APIs themselves are not served yet. Touches only the account's records.
 */
import type { Route, Service } from '../../service.ts';
import { apiActions } from './actions/apis.ts';
import { KINDS, partActions } from './actions/parts.ts';

const query = { maxResults: 'maxResults', nextToken: 'nextToken' };
const api = '/v2/apis/{apiId}';

const routes: Route[] = [
  { method: 'POST', path: '/v2/apis', action: 'CreateApi', status: 201 },
  { method: 'GET', path: '/v2/apis', action: 'GetApis', query },
  { method: 'GET', path: api, action: 'GetApi' },
  { method: 'PATCH', path: api, action: 'UpdateApi' },
  { method: 'DELETE', path: api, action: 'DeleteApi', status: 204 },
  { method: 'DELETE', path: `${api}/cors`, action: 'DeleteCorsConfiguration', status: 204 },
  ...KINDS.flatMap((kind): Route[] => {
    const all = `${api}/${kind.kind}`;
    const one = `${all}/{${kind.id}}`;
    return [
      { method: 'POST', path: all, action: `Create${kind.noun}`, status: 201 },
      { method: 'GET', path: all, action: `Get${kind.noun}s`, query },
      { method: 'GET', path: one, action: `Get${kind.noun}` },
      { method: 'PATCH', path: one, action: `Update${kind.noun}` },
      { method: 'DELETE', path: one, action: `Delete${kind.noun}`, status: 204 },
    ];
  }),
  { method: 'POST', path: '/v2/tags/{resourceArn+}', action: 'TagResource', status: 201 },
  { method: 'GET', path: '/v2/tags/{resourceArn+}', action: 'GetTags' },
  {
    method: 'DELETE',
    path: '/v2/tags/{resourceArn+}',
    action: 'UntagResource',
    query: { tagKeys: 'tagKeys' },
    status: 204,
  },
];

export const apigateway: Service = {
  name: 'apigateway',
  protocol: 'rest-json',
  routes,
  actions: { ...apiActions, ...partActions },
};
