import { partOfApi } from './apigateway-v2.ts';
import { STRINGS } from './shape.ts';

export const authorizer = partOfApi({
  name: 'Authorizer',
  properties: {
    'Name!': 'string',
    'AuthorizerType!': 'string',
    IdentitySource: STRINGS,
    JwtConfiguration: { Issuer: 'string', Audience: STRINGS },
    AuthorizerUri: 'string',
    AuthorizerCredentialsArn: 'string',
    AuthorizerPayloadFormatVersion: 'string',
    AuthorizerResultTtlInSeconds: 'integer',
    EnableSimpleResponses: 'boolean',
    IdentityValidationExpression: 'string',
  },
});
