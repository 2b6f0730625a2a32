/** Amazon API Gateway's HTTP APIs, as plain values. */
import type { Connection } from './connection.ts';
import { quietly } from './leftovers.ts';

const load = (connection: Connection) =>
  connection.client(
    'apigatewayv2',
    async (config) => new (await import('@aws-sdk/client-apigatewayv2')).ApiGatewayV2(config),
  );

export interface Cors {
  origins: string[];
  methods: string[];
  headers: string[];
}

export interface HttpApi {
  id: string;
  name: string;
  endpoint: string;
  cors?: Cors;
  tags: Record<string, string>;
}

export interface ApiRoute {
  /** `GET /orders/{id}`, or `$default` */
  key: string;
  /** NONE, JWT, AWS_IAM, CUSTOM */
  authorization: string;
  authorizer?: string;
  /** One of these has to be in the token, where there are any. */
  scopes: string[];
  /** Id of the integration behind it. */
  integration?: string;
}

export interface ApiParts {
  routes: ApiRoute[];
  /** By id: the issuer and the audiences that a token is held to. */
  authorizers: Record<string, { type: string; issuer: string; audience: string[]; sources: string[] }>;
  /** By id: what is called. */
  integrations: Record<string, string>;
  /** Names of the stages that something is deployed to. */
  stages: string[];
}

/** Every HTTP API of the Region. */
export async function httpApis(connection: Connection): Promise<HttpApi[]> {
  const client = await load(connection);
  const found: HttpApi[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.getApis({ MaxResults: '100', NextToken });
    for (const {
      ApiId = '',
      Name = '',
      ApiEndpoint = '',
      ProtocolType,
      CorsConfiguration: cors,
      Tags = {},
    } of page.Items ?? [])
      if (ProtocolType === 'HTTP')
        found.push({
          id: ApiId,
          name: Name,
          endpoint: ApiEndpoint,
          tags: Tags,
          ...(cors
            ? {
                cors: {
                  origins: cors.AllowOrigins ?? [],
                  methods: cors.AllowMethods ?? [],
                  headers: cors.AllowHeaders ?? [],
                },
              }
            : {}),
        });
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

/** What an API consists of. */
export async function apiParts(connection: Connection, ApiId: string): Promise<ApiParts> {
  const client = await load(connection);
  const most = { ApiId, MaxResults: '100' };
  const [routes, authorizers, integrations, stages] = await Promise.all([
    client.getRoutes(most),
    client.getAuthorizers(most),
    client.getIntegrations(most),
    client.getStages(most),
  ]);
  return {
    routes: (routes.Items ?? []).map(
      ({ RouteKey = '', AuthorizationType, AuthorizerId, AuthorizationScopes, Target }) => ({
        key: RouteKey,
        authorization: AuthorizationType ?? 'NONE',
        scopes: AuthorizationScopes ?? [],
        ...(AuthorizerId ? { authorizer: AuthorizerId } : {}),
        ...(Target ? { integration: Target.replace(/^integrations\//, '') } : {}),
      }),
    ),
    authorizers: Object.fromEntries(
      (authorizers.Items ?? []).map(({ AuthorizerId = '', AuthorizerType, JwtConfiguration, IdentitySource }) => [
        AuthorizerId,
        {
          type: AuthorizerType ?? '',
          issuer: JwtConfiguration?.Issuer ?? '',
          audience: JwtConfiguration?.Audience ?? [],
          sources: IdentitySource ?? [],
        },
      ]),
    ),
    integrations: Object.fromEntries(
      (integrations.Items ?? []).map(({ IntegrationId = '', IntegrationUri = '' }) => [IntegrationId, IntegrationUri]),
    ),
    stages: (stages.Items ?? [])
      .filter(({ DeploymentId }) => DeploymentId !== undefined)
      .map(({ StageName = '' }) => StageName),
  };
}

/** Deletes an API with its routes, integrations, authorizers and stages; fine when it is already gone. */
export async function deleteHttpApi(connection: Connection, ApiId: string): Promise<void> {
  const client = await load(connection);
  await quietly(() => client.deleteApi({ ApiId }));
}
