import { expect, test } from 'vitest';
import { withSandbox } from '../../../testing/sandbox.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers come off the wire.
type Answer = any;

/** Calls as an SDK does: there is no client of this service among the project's packages. */
const client =
  (sandbox: { endpoint: string }) =>
  async (method: string, path: string, body?: unknown, service = 'apigateway'): Promise<Answer> => {
    const response = await fetch(`${sandbox.endpoint}${path}`, {
      method,
      headers: {
        'content-type': service === 'apigateway' ? 'application/json' : 'application/x-amz-json-1.1',
        authorization: `AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/${service}/aws4_request`,
        ...(service === 'apigateway' ? {} : { 'x-amz-target': 'AWSCognitoIdentityProviderService.CreateUserPool' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : (JSON.parse(text) as Answer);
    if (!response.ok)
      throw Object.assign(new Error(answer.message), {
        name: response.headers.get('x-amzn-errortype'),
        status: response.status,
      });
    return { ...answer, $status: response.status };
  };

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:ConfigApi';

async function makeApi(call: ReturnType<typeof client>): Promise<string> {
  const made = await call('POST', '/v2/apis', { name: 'serverlesspresso-config', protocolType: 'HTTP' });
  return `/v2/apis/${made.apiId}`;
}

async function makeAuthorizer(call: ReturnType<typeof client>, api: string): Promise<string> {
  const { UserPool } = await call('POST', '/', { PoolName: 'p' }, 'cognito-idp');
  const made = await call('POST', `${api}/authorizers`, {
    name: 'SignedIn',
    authorizerType: 'JWT',
    identitySource: ['$request.header.Authorization'],
    jwtConfiguration: {
      audience: ['client'],
      issuer: `https://cognito-idp.us-east-1.amazonaws.com/${UserPool.Id}`,
    },
  });
  return made.authorizerId;
}

test('an API is made, changed, tagged, listed in pages and deleted with its parts', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const corsConfiguration = { allowOrigins: ['http://localhost:8080'], allowMethods: ['GET'], maxAge: 300 };
    const made = await call('POST', '/v2/apis', {
      name: 'config',
      protocolType: 'HTTP',
      corsConfiguration,
      tags: { 'presso:workshop': 'serverlesspresso' },
    });
    expect(made).toMatchObject({
      $status: 201,
      apiEndpoint: `https://${made.apiId}.execute-api.us-east-1.amazonaws.com`,
      protocolType: 'HTTP',
      corsConfiguration,
      tags: { 'presso:workshop': 'serverlesspresso' },
    });
    expect(made.apiId).toMatch(/^[a-z0-9]{10}$/);
    const api = `/v2/apis/${made.apiId}`;
    await call('PATCH', api, { description: 'menu' });
    expect(await call('GET', api)).toMatchObject({ name: 'config', description: 'menu', corsConfiguration });
    const tags = `/v2/tags/${encodeURIComponent(`arn:aws:apigateway:us-east-1::/apis/${made.apiId}`)}`;
    await call('POST', tags, { tags: { a: 'b' } });
    await call('DELETE', `${tags}?tagKeys=${encodeURIComponent('presso:workshop')}`);
    expect((await call('GET', tags)).tags).toEqual({ a: 'b' });
    await makeApi(call);
    const first = await call('GET', '/v2/apis?maxResults=1');
    expect(first.items).toHaveLength(1);
    const second = await call('GET', `/v2/apis?maxResults=1&nextToken=${first.nextToken}`);
    expect(second.items).toHaveLength(1);
    expect(second.nextToken).toBeUndefined();
    expect((await call('DELETE', api)).$status).toBe(204);
    await expect(call('GET', `${api}/routes`)).rejects.toMatchObject({
      name: 'NotFoundException',
      message: `Invalid API identifier specified 123456789012:${made.apiId}`,
      status: 404,
    });
  }));

test('a route needs a well-formed key of its own, a target and an authorizer that exist', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const api = await makeApi(call);
    const integration = await call('POST', `${api}/integrations`, {
      integrationType: 'AWS_PROXY',
      integrationUri: FUNCTION,
      payloadFormatVersion: '2.0',
    });
    expect(integration).toMatchObject({ integrationMethod: 'POST', timeoutInMillis: 30_000 });
    const target = `integrations/${integration.integrationId}`;
    const route = await call('POST', `${api}/routes`, { routeKey: 'GET /config', target });
    expect(route).toMatchObject({ $status: 201, authorizationType: 'NONE' });
    await expect(call('POST', `${api}/routes`, { routeKey: 'GET /config' })).rejects.toMatchObject({
      name: 'ConflictException',
      message: 'Route with key GET /config already exists for this API',
    });
    await expect(call('POST', `${api}/routes`, { routeKey: 'config' })).rejects.toThrow('not formatted properly');
    await expect(call('POST', `${api}/routes`, { routeKey: 'PUT /x', target: 'integrations/none' })).rejects.toThrow(
      'Integration none does not exist',
    );
    await expect(call('DELETE', `${api}/${target}`)).rejects.toMatchObject({ name: 'ConflictException' });
    const authorizerId = await makeAuthorizer(call, api);
    await call('PATCH', `${api}/routes/${route.routeId}`, { authorizationType: 'JWT', authorizerId });
    await expect(call('DELETE', `${api}/authorizers/${authorizerId}`)).rejects.toMatchObject({
      name: 'ConflictException',
    });
    await call('DELETE', `${api}/routes/${route.routeId}`);
    await call('DELETE', `${api}/authorizers/${authorizerId}`);
    await call('DELETE', `${api}/${target}`);
    expect((await call('GET', `${api}/routes`)).items).toEqual([]);
  }));

test('the default stage deploys by itself', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const api = await makeApi(call);
    const stage = await call('POST', `${api}/stages`, {
      stageName: '$default',
      autoDeploy: true,
      defaultRouteSettings: { throttlingBurstLimit: 200, throttlingRateLimit: 99.5 },
    });
    expect(stage).toMatchObject({ stageName: '$default', defaultRouteSettings: { throttlingRateLimit: 99.5 } });
    await call('POST', `${api}/routes`, { routeKey: '$default' });
    const after = await call('GET', `${api}/stages/%24default`);
    expect(after.deploymentId).toMatch(/^[a-z0-9]{6}$/);
    expect(after.deploymentId).not.toBe(stage.deploymentId);
    expect((await call('GET', `${api}/deployments`)).items).toMatchObject([
      { deploymentId: after.deploymentId, autoDeployed: true, deploymentStatus: 'DEPLOYED' },
    ]);
    await call('DELETE', `${api}/stages/%24default`);
    expect((await call('GET', `${api}/stages`)).items).toEqual([]);
  }));

test('an issuer that nobody answers for, and what is not built, is refused', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const api = await makeApi(call);
    await expect(
      call('POST', `${api}/authorizers`, {
        name: 'a',
        authorizerType: 'JWT',
        identitySource: ['$request.header.Authorization'],
        jwtConfiguration: {
          audience: ['client'],
          issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_None12345',
        },
      }),
    ).rejects.toThrow('Issuer must have a valid discovery endpoint');
    await expect(call('POST', '/v2/apis', { name: 'w', protocolType: 'WEBSOCKET' })).rejects.toThrow('WEBSOCKET');
    await expect(call('POST', '/v2/apis', { name: 'w', protocolType: 'HTTP', target: FUNCTION })).rejects.toThrow(
      'target',
    );
    await expect(
      call('POST', `${api}/integrations`, { integrationType: 'HTTP_PROXY', integrationUri: 'https://example.com' }),
    ).rejects.toThrow('HTTP_PROXY');
    await expect(call('GET', '/v2/domainnames')).rejects.toMatchObject({ name: 'UnknownOperationException' });
  }));

test('inputs may be written as the SDKs and CloudFormation write them', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const made = await call('POST', '/v2/apis', {
      Name: 'config',
      ProtocolType: 'HTTP',
      CorsConfiguration: { AllowOrigins: ['*'] },
      Tags: { Key: 'V' },
    });
    expect(made).toMatchObject({ name: 'config', corsConfiguration: { allowOrigins: ['*'] }, tags: { Key: 'V' } });
  }));
