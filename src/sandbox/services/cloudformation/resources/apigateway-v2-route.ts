import { partOfApi } from './apigateway-v2.ts';
import { STRINGS } from './shape.ts';

export const route = partOfApi({
  name: 'Route',
  properties: {
    'RouteKey!': 'string',
    Target: 'string',
    AuthorizationType: 'string',
    AuthorizerId: 'string',
    AuthorizationScopes: STRINGS,
    OperationName: 'string',
    ApiKeyRequired: 'boolean',
    ModelSelectionExpression: 'string',
    RouteResponseSelectionExpression: 'string',
    RequestModels: 'json',
    RequestParameters: 'json',
  },
  free: ['RequestModels', 'RequestParameters'],
});
