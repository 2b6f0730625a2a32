import { ServiceError } from '../../../errors.ts';
import { retag, wire } from './apigateway-v2.ts';
import { STRINGS, TEXT_MAP } from './shape.ts';
import type { Properties, ResourceType, Work } from './type.ts';

/** An API from an OpenAPI document is another way to make one; the sandbox has not got it. */
const NOT_CARRIED = ['Body', 'BodyS3Location', 'BasePath', 'FailOnWarnings', 'DisableSchemaValidation'];

function refuse(properties: Properties): void {
  for (const name of NOT_CARRIED)
    if (properties[name] !== undefined)
      throw new ServiceError(
        'BadRequestException',
        `The sandbox does not carry the property ${name} of AWS::ApiGatewayV2::Api.`,
      );
}

function arnOf(id: string, work: Work): string {
  return `arn:aws:apigateway:${work.region}::/apis/${id}`;
}

function attributes(id: string, endpoint: unknown, work: Work): Record<string, unknown> {
  return {
    ApiId: id,
    ApiEndpoint: endpoint,
    ExecuteApiArn: `arn:aws:execute-api:${work.region}:${work.account}:${id}`,
  };
}

export const api: ResourceType = {
  properties: {
    Name: 'string',
    ProtocolType: 'string',
    Description: 'string',
    Version: 'string',
    CorsConfiguration: {
      AllowOrigins: STRINGS,
      AllowCredentials: 'boolean',
      ExposeHeaders: STRINGS,
      AllowHeaders: STRINGS,
      AllowMethods: STRINGS,
      MaxAge: 'integer',
    },
    DisableExecuteApiEndpoint: 'boolean',
    IpAddressType: 'string',
    RouteSelectionExpression: 'string',
    ApiKeySelectionExpression: 'string',
    RouteKey: 'string',
    Target: 'string',
    CredentialsArn: 'string',
    Body: 'json',
    BodyS3Location: 'json',
    BasePath: 'string',
    FailOnWarnings: 'boolean',
    DisableSchemaValidation: 'boolean',
    Tags: TEXT_MAP,
  },
  replaces: ['ProtocolType'],
  attributes: ['ApiEndpoint', 'ApiId', 'ExecuteApiArn'],
  tags: { property: 'Tags', form: 'map' },
  async create(properties, work) {
    refuse(properties);
    const made = await work.call('apigateway', 'CreateApi', wire(properties, ['Tags']));
    const id = String(made['apiId']);
    work.made(id);
    return { id, attributes: attributes(id, made['apiEndpoint'], work) };
  },
  async update(id, properties, before, work) {
    refuse(properties);
    const { Tags: _tags, ProtocolType: _type, ...rest } = properties;
    if (properties['CorsConfiguration'] === undefined && before['CorsConfiguration'] !== undefined)
      await work.call('apigateway', 'DeleteCorsConfiguration', { apiId: id });
    const made = await work.call('apigateway', 'UpdateApi', { ...wire(rest), apiId: id });
    await retag(arnOf(id, work), before, properties, work);
    return { id, attributes: attributes(id, made['apiEndpoint'], work) };
  },
  async delete(id, _properties, work) {
    await work.call('apigateway', 'DeleteApi', { apiId: id });
  },
  async read(id, expected, work) {
    const found = await work.call('apigateway', 'GetApi', { apiId: id });
    const cors = found['corsConfiguration'] as Properties | undefined;
    const asked = wire({ CorsConfiguration: expected['CorsConfiguration'] ?? {} })['corsConfiguration'];
    return {
      Name: found['name'],
      ProtocolType: found['protocolType'],
      Description: found['description'],
      CorsConfiguration:
        JSON.stringify(sorted(cors)) === JSON.stringify(sorted(asked)) ? expected['CorsConfiguration'] : cors,
    };
  },
};

function sorted(value: unknown): unknown {
  return Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
