import { partOfApi } from './apigateway-v2.ts';
import { TEXT_MAP } from './shape.ts';

export const integration = partOfApi({
  name: 'Integration',
  properties: {
    'IntegrationType!': 'string',
    IntegrationUri: 'string',
    IntegrationMethod: 'string',
    IntegrationSubtype: 'string',
    PayloadFormatVersion: 'string',
    Description: 'string',
    CredentialsArn: 'string',
    TimeoutInMillis: 'integer',
    ConnectionType: 'string',
    ConnectionId: 'string',
    RequestParameters: TEXT_MAP,
    ResponseParameters: { '*': { ResponseParameters: [{ Destination: 'string', Source: 'string' }] } },
    RequestTemplates: TEXT_MAP,
    TemplateSelectionExpression: 'string',
    PassthroughBehavior: 'string',
    ContentHandlingStrategy: 'string',
    TlsConfig: { ServerNameToVerify: 'string' },
  },
  free: ['RequestParameters', 'ResponseParameters', 'RequestTemplates'],
});
