// One file because it is one account: the core is deployed once, and each test mends what it broke.
import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { CognitoIdentity } from '@aws-sdk/client-cognito-identity';
import { CognitoIdentityProvider } from '@aws-sdk/client-cognito-identity-provider';
import { IAM } from '@aws-sdk/client-iam';
import { IoT } from '@aws-sdk/client-iot';
import { Lambda } from '@aws-sdk/client-lambda';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listRules, putRule, putTargets, type Rule, removeTargets } from '../aws/events.ts';
import { listFunctions, listRoles } from '../aws/find.ts';
import { allowRule, functionPolicy, removePermission } from '../aws/functions.ts';
import { changeParameter, readParameter } from '../aws/parameters.ts';
import { putRolePolicy, setTrust } from '../aws/roles.ts';
import { createUser, deleteUser, joinGroup, userPoolsNamed } from '../aws/user-pools.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { makeBuild, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, MODULES, PARAMETER_PREFIX, USER_POOL_NAME } from '../workshop.ts';
import { factsOf, KINDS, readChecklists, type Result, verify } from './index.ts';

let workshop: Workshop;
let cognito: CognitoIdentityProvider;
let pool: string;
const list = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) => module === 'module-3');

async function results(): Promise<Result[]> {
  const explain = (error: unknown) => ({ found: String(error), hint: '' });
  const found: Result[] = [];
  for await (const { checks } of verify(list, factsOf(workshop.connection), explain)) found.push(...checks);
  return found;
}
const admin = async (): Promise<string> => {
  const { status, found } = (await results()).find(({ id }) => id === 'module-3.admin') as Result;
  return `${status}: ${found}`;
};
const faults = async (): Promise<string[]> =>
  (await results()).flatMap(({ id, status, found }) => (/fail|error/.test(status) ? [`${id}: ${found}`] : []));

beforeAll(async () => {
  workshop = await openWorkshop();
  cognito = new CognitoIdentityProvider(clientConfig(workshop.sandbox, workshop.account));
  pool = (await userPoolsNamed(workshop.connection, USER_POOL_NAME))[0] ?? '';
});
afterAll(() => workshop.close());

test('while nobody may serve, one check fails and everything that came with the core waits', async () => {
  const found = await results();
  expect(found.map(({ id, status }) => [id, status])).toEqual(
    found.map(({ id }) => [id, id === 'module-3.admin' ? 'fail' : 'waiting']),
  );
  expect(await admin()).toBe(`fail: nobody is in the user pool ${pool} yet`);
});

const ann = { UserPoolId: '', Username: 'ann@example.com' };

test('the user who comes nearest is named, with what is missing', async () => {
  const { connection } = workshop;
  ann.UserPoolId = pool;
  await createUser(connection, pool, { name: 'ann@example.com', password: 'Tempor-4ry', temporary: true });
  expect(await admin()).toBe('fail: nobody is in the group admin; ann@example.com of the pool is not');
  await cognito.createGroup({ UserPoolId: pool, GroupName: 'Admins' });
  await cognito.adminAddUserToGroup({ ...ann, GroupName: 'Admins' });
  expect(await admin()).toBe('fail: ann@example.com is in the group "Admins", and the apps ask for "admin"');
  await cognito.deleteGroup({ UserPoolId: pool, GroupName: 'Admins' });
  await joinGroup(connection, pool, 'ann@example.com', 'admin');
  expect(await admin()).toBe('pass: ann@example.com, who chooses a password at the first sign-in');
  await cognito.adminDisableUser(ann);
  expect(await admin()).toBe('fail: ann@example.com is in the group admin and is disabled');
  await createUser(connection, pool, { name: 'bo@example.com', password: 'Perm4nent-', temporary: false });
  await joinGroup(connection, pool, 'bo@example.com', 'admin');
  expect(await admin()).toBe('pass: bo@example.com');
  await deleteUser(connection, pool, 'ann@example.com');
  await deleteUser(connection, pool, 'bo@example.com');
});

test('the solution passes every check, as often as it is asked', async () => {
  await makeBuild(workshop, readBuild(path.join(checksDir(), 'module-3', 'solution')));
  const first = await results();
  expect(first.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(await results()).toEqual(first);
  expect(await faults()).toEqual([]);
});

const parameter = async (name: string): Promise<string> =>
  (await readParameter(workshop.connection, `${PARAMETER_PREFIX}${name}`)) ?? '';
/** Another value for as long as the work lasts. */
async function withParameter(name: string, value: (was: string) => string, work: () => Promise<void>): Promise<void> {
  const was = await parameter(name);
  await changeParameter(workshop.connection, `${PARAMETER_PREFIX}${name}`, value(was));
  try {
    await work();
  } finally {
    await changeParameter(workshop.connection, `${PARAMETER_PREFIX}${name}`, was);
  }
}

test('a setting with a blank, of another Region or of nothing is told apart, and what rests on it waits', async () => {
  await withParameter(
    'configapi',
    (was) => `${was} `,
    async () =>
      expect(await faults()).toEqual([
        expect.stringMatching(
          /^module-3\.settings: the API of the config service in the parameter \/Serverlesspresso\/core\/configapi has a blank at its end \("https:.* "\)$/,
        ),
      ]),
  );
  await withParameter(
    'ordermanagerapi',
    (was) => was.replace('us-east-1', 'eu-west-1'),
    async () => expect(await faults()).toEqual([expect.stringMatching(/of Region eu-west-1, and this is us-east-1$/)]),
  );
  await withParameter(
    'userpoolclient',
    () => 'abcdefghijklmnopqrstuvwxyz',
    async () => expect(await faults()).toEqual([expect.stringMatching(/the user pool .* has no app client abc/)]),
  );
  await withParameter(
    'identitypool',
    () => 'us-east-1:00000000-0000-4000-8000-000000000000',
    async () =>
      expect(await faults()).toEqual([expect.stringMatching(/the identity pool us-east-1:0000.* is not there$/)]),
  );
  await withParameter(
    'validatorapi',
    (was) => was.replace(/\/\/\w+/, '//abcdefghij'),
    async () =>
      expect(await faults()).toEqual([
        expect.stringMatching(/^module-3\.apis: the API of the QR validator, https:\/\/abcdefghij\..* is not there$/),
      ]),
  );
  expect(await faults()).toEqual([]);
});

test('an app client with a secret, or without a way to sign in, is of no use to a page', async () => {
  const made = await cognito.createUserPoolClient({ UserPoolId: pool, ClientName: 'secret', GenerateSecret: true });
  const secret = made.UserPoolClient?.ClientId ?? '';
  await withParameter(
    'userpoolclient',
    () => secret,
    async () => expect(await faults()).toEqual([expect.stringMatching(/has a secret, which a page cannot keep$/)]),
  );
  await cognito.deleteUserPoolClient({ UserPoolId: pool, ClientId: secret });
  const ClientId = await parameter('userpoolclient');
  const { UserPoolClient } = await cognito.describeUserPoolClient({ UserPoolId: pool, ClientId });
  const { ExplicitAuthFlows, PreventUserExistenceErrors, ClientName } = UserPoolClient ?? {};
  await cognito.updateUserPoolClient({ UserPoolId: pool, ClientId, ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'] });
  expect(await faults()).toEqual([expect.stringMatching(/nobody can sign in through the app client/)]);
  await cognito.updateUserPoolClient({
    UserPoolId: pool,
    ClientId,
    ExplicitAuthFlows,
    PreventUserExistenceErrors,
    ClientName,
  });
  expect(await faults()).toEqual([]);
});

test('an API that asks nobody, takes other tokens, lost a route or lets no page ask', async () => {
  const gateway = new ApiGatewayV2(clientConfig(workshop.sandbox, workshop.account));
  const ApiId = /\/\/(\w+)\./.exec(await parameter('ordermanagerapi'))?.[1] ?? '';
  const { Items: routes = [] } = await gateway.getRoutes({ ApiId });
  const orders = routes.find(({ RouteKey }) => RouteKey === 'GET /orders');
  const { AuthorizerId, Target } = orders ?? {};
  let RouteId = orders?.RouteId;
  const remake = async (route: {
    AuthorizationType: 'NONE' | 'JWT';
    AuthorizerId?: string | undefined;
    AuthorizationScopes?: string[];
  }) => {
    await gateway.deleteRoute({ ApiId, RouteId });
    RouteId = (await gateway.createRoute({ ApiId, RouteKey: 'GET /orders', Target, ...route })).RouteId;
  };
  await remake({ AuthorizationType: 'NONE' });
  expect(await faults()).toEqual([
    expect.stringMatching(/^module-3\.apis: GET \/orders of the API of the order manager .* asks nobody who they are$/),
  ]);
  await remake({ AuthorizationType: 'JWT', AuthorizerId, AuthorizationScopes: ['orders/read'] });
  expect(await faults()).toEqual([expect.stringMatching(/asks for the scope orders\/read, which the token/)]);
  await remake({ AuthorizationType: 'JWT', AuthorizerId });
  expect(await faults()).toEqual([]);

  const { JwtConfiguration } = await gateway.getAuthorizer({ ApiId, AuthorizerId });
  await gateway.updateAuthorizer({
    ApiId,
    AuthorizerId,
    JwtConfiguration: { ...JwtConfiguration, Audience: ['somebody-else'] },
  });
  expect(await faults()).toEqual([expect.stringMatching(/takes tokens for somebody-else, and the apps' client is/)]);
  await gateway.updateAuthorizer({ ApiId, AuthorizerId, JwtConfiguration });
  await gateway.updateAuthorizer({ ApiId, AuthorizerId, IdentitySource: ['$request.querystring.token'] });
  expect(await faults()).toEqual([expect.stringMatching(/looks for the token in \$request\.querystring\.token, and/)]);
  await gateway.updateAuthorizer({ ApiId, AuthorizerId, IdentitySource: ['$request.header.Authorization'] });

  await gateway.deleteRoute({ ApiId, RouteId });
  expect(await faults()).toEqual([expect.stringMatching(/has no route GET \/orders$/)]);
  await gateway.createRoute({ ApiId, RouteKey: 'GET /orders', AuthorizationType: 'JWT', AuthorizerId, Target });

  const { CorsConfiguration } = await gateway.getApi({ ApiId });
  await gateway.updateApi({ ApiId, CorsConfiguration: { ...CorsConfiguration, AllowHeaders: ['content-type'] } });
  expect(await faults()).toEqual([expect.stringMatching(/CORS of .* does not allow the header authorization$/)]);
  await gateway.deleteCorsConfiguration({ ApiId });
  expect(await faults()).toEqual([expect.stringMatching(/lets no page of another origin ask \(CORS\)$/)]);
  await gateway.updateApi({ ApiId, CorsConfiguration });
  expect(await faults()).toEqual([]);
});

test('a listener is stopped by a role, by a missing tag, by a policy of IoT', async () => {
  const { connection } = workshop;
  const identities = new CognitoIdentity(clientConfig(workshop.sandbox, workshop.account));
  const IdentityPoolId = await parameter('identitypool');
  const IdentityProviderName = `cognito-idp.us-east-1.amazonaws.com/${pool}`;
  const tag = (PrincipalTags: Record<string, string>) =>
    identities.setPrincipalTagAttributeMap({ IdentityPoolId, IdentityProviderName, UseDefaults: false, PrincipalTags });
  await tag({});
  expect(await faults()).toEqual([
    expect.stringMatching(
      /^module-3\.listen: the role .*CustomerRole.*, which a customer gets, may not do iot:Subscribe on topicfilter\/serverlesspresso-user-…$/,
    ),
  ]);
  await tag({ userId: 'email' });
  expect(await faults()).toHaveLength(1);
  await tag({ userId: 'sub' });

  const iam = new IAM(clientConfig(workshop.sandbox, workshop.account));
  const RoleName = (await listRoles(connection)).find(({ name }) => name.includes('-AdminRole-'))?.name ?? '';
  const { AssumeRolePolicyDocument = '' } = (await iam.getRole({ RoleName })).Role ?? {};
  const trust = decodeURIComponent(AssumeRolePolicyDocument);
  await setTrust(connection, RoleName, JSON.parse(trust.replace(IdentityPoolId, 'us-east-1:another')) as unknown);
  expect(await faults()).toEqual([expect.stringMatching(/may not take the role .*AdminRole.* for who serves$/)]);
  await setTrust(connection, RoleName, JSON.parse(trust) as unknown);

  const iot = new IoT(clientConfig(workshop.sandbox, workshop.account));
  const { policyName } = (await iot.listPolicies({})).policies?.[0] ?? {};
  const { policyDocument = '' } = await iot.getPolicy({ policyName });
  await iot.createPolicyVersion({
    policyName,
    setAsDefault: true,
    policyDocument: policyDocument.replace('iot:Receive', 'iot:Publish'),
  });
  expect(await faults()).toEqual([expect.stringMatching(/the IoT policy .* does not allow iot:Receive on topic/)]);
  await iot.setDefaultPolicyVersion({ policyName, policyVersionId: '1' });
  expect(await faults()).toEqual([]);
});

test('the news stop where a rule is off, where a function may not be invoked, where it may not publish', async () => {
  const { connection } = workshop;
  const rules = await listRules(connection, BUS_NAME);
  const rule = (part: string): Rule => rules.find(({ name }) => name.includes(part)) as Rule;
  const orders = rule('OrderEventsRule');
  await putRule(connection, { ...orders, state: 'DISABLED' });
  expect(await faults()).toEqual([
    expect.stringMatching(
      /^module-3\.publisher: Validator\.NewOrder, .* and 7 more do not reach serverlesspresso-admin: the rule ".*OrderEventsRule.*" is disabled$/,
    ),
  ]);
  const pattern = orders.pattern ?? '';
  await putRule(connection, { ...orders, pattern: pattern.replace('"OrderManager.MakeOrder",', '') });
  expect(await faults()).toEqual([
    expect.stringMatching(/OrderManager\.MakeOrder does not reach serverlesspresso-admin: no rule catches it for/),
  ]);
  await putRule(connection, orders);

  const config = rule('ConfigEventsRule');
  await removeTargets(connection, BUS_NAME, config.name, ['function']);
  expect(await faults()).toEqual([
    expect.stringMatching(/ConfigService\.ConfigChanged does not reach serverlesspresso-config: no rule catches it/),
  ]);
  await putTargets(connection, BUS_NAME, config.name, config.targets);

  const name = (await listFunctions(connection)).find((one) => one.includes('-Publish-')) ?? '';
  const statement = (await functionPolicy(connection, name)).find((one) =>
    JSON.stringify(one).includes('ConfigEventsRule'),
  );
  await removePermission(connection, name, statement?.Sid ?? '');
  expect(await faults()).toEqual([
    expect.stringMatching(
      /does not reach serverlesspresso-config: the rule ".*ConfigEventsRule.*" may not invoke the function .*Publish/,
    ),
  ]);
  await allowRule(connection, name, 'again', config.arn);

  const lambda = new Lambda(clientConfig(workshop.sandbox, workshop.account));
  const topic = (TOPIC_PREFIX: string) =>
    lambda.updateFunctionConfiguration({ FunctionName: name, Environment: { Variables: { TOPIC_PREFIX } } });
  await topic('coffee');
  expect(await faults()).toEqual(['module-3.publisher: no function publishes to serverlesspresso-admin']);
  await topic('serverlesspresso');

  const role = (await listRoles(connection)).find((one) => one.name.includes('-PublishRole-'))?.name ?? '';
  const iam = new IAM(clientConfig(workshop.sandbox, workshop.account));
  const { PolicyDocument = '' } = await iam.getRolePolicy({ RoleName: role, PolicyName: 'Work' });
  const document = decodeURIComponent(PolicyDocument);
  await putRolePolicy(connection, role, 'Work', JSON.parse(document.replace('serverlesspresso-user-*', 'users')));
  expect(await faults()).toEqual([
    expect.stringMatching(/the role .*PublishRole.* may not do iot:Publish on serverlesspresso-user-…$/),
  ]);
  await putRolePolicy(connection, role, 'Work', JSON.parse(document));
  expect(await faults()).toEqual([]);
});
