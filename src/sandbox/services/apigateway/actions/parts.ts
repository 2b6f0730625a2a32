/**
 * Stages, routes, integrations, authorizers and deployments: the parts of an API, all made, read, changed and deleted alike.
 * One file because they differ in their members and in a few rules only, which stand side by side here.
 */
import { boolean, integer, list, map, must, number, type Shape, structure, text } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import {
  apiAt,
  autoDeploy,
  bad,
  conflict,
  deletePart,
  given,
  idField,
  iso,
  member,
  newId,
  on,
  type PartKind,
  type PartRecord,
  paged,
  paging,
  partAt,
  partKey,
  parts,
  partsOf,
  putPart,
  read,
  type Settings,
} from '../records.ts';
import { tagsField } from './apis.ts';

interface Kind {
  kind: PartKind;
  /** `Route`, as in CreateRoute, GetRoute, GetRoutes. */
  noun: string;
  /** The member that names one. */
  id: string;
  idLength: number;
  shape: Shape;
  /** Members that have to be there when one is made. */
  required: string[];
  /** What is so unless said otherwise. */
  defaults: Settings;
  /** The rules beyond each member: of a new part or of one as it will be after a change. */
  check?(settings: Settings, context: Context, api: string, before: PartRecord | undefined): void | Promise<void>;
  /** Why it may not be deleted now. */
  mayDelete?(part: PartRecord, context: Context): void;
  /** More that an answer shows. */
  shown?(part: PartRecord): Settings;
}

const ROUTE_KEY = /^(?:\$default|(?:ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/\S*)$/;

const route: Kind = {
  kind: 'routes',
  noun: 'Route',
  id: 'routeId',
  idLength: 7,
  shape: {
    routeKey: text({ min: 1, max: 512 }),
    target: text({ max: 128 }),
    authorizationType: text({ oneOf: ['NONE', 'AWS_IAM', 'CUSTOM', 'JWT'] }),
    authorizerId: text({ max: 64 }),
    authorizationScopes: list(must.text({ min: 1, max: 64 })),
    operationName: text({ max: 64 }),
    apiKeyRequired: boolean(),
  },
  required: ['routeKey'],
  defaults: { authorizationType: 'NONE', apiKeyRequired: false },
  check(settings, context, api, before) {
    const { routeKey, target, authorizationType, authorizerId, apiKeyRequired } = settings;
    if (!ROUTE_KEY.test(String(routeKey)))
      throw bad(
        'The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"',
      );
    if (apiKeyRequired === true) throw bad('API keys are supported for WebSocket APIs only.');
    for (const other of partsOf(context, 'routes', api))
      if (other.settings['routeKey'] === routeKey && other.id !== before?.id)
        throw conflict(`Route with key ${String(routeKey)} already exists for this API`);
    if (target !== undefined) {
      const id = /^integrations\/(.+)$/.exec(String(target))?.[1];
      if (id === undefined) throw bad('The target of a route is integrations/ and the id of an integration.');
      if (!parts(context, 'integrations').has(partKey(api, id)))
        throw bad(`Integration ${id} does not exist in this API.`);
    }
    if (authorizationType === 'AWS_IAM' || authorizationType === 'CUSTOM')
      throw bad(`The sandbox does not carry the authorization type ${authorizationType}.`);
    if (authorizationType === 'JWT' && authorizerId === undefined)
      throw bad('Authorizer id is required for authorization type JWT.');
    if (authorizationType !== 'JWT' && authorizerId !== undefined)
      throw bad('An authorizer needs the authorization type JWT.');
    if (authorizerId !== undefined && !parts(context, 'authorizers').has(partKey(api, String(authorizerId))))
      throw bad(`Authorizer ${String(authorizerId)} does not exist in this API.`);
  },
};

const FUNCTION = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/;
const INVOCATION = /^arn:aws:apigateway:[a-z0-9-]+:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/;

const integration: Kind = {
  kind: 'integrations',
  noun: 'Integration',
  id: 'integrationId',
  idLength: 7,
  shape: {
    integrationType: text({ oneOf: ['AWS', 'HTTP', 'MOCK', 'HTTP_PROXY', 'AWS_PROXY'] }),
    integrationUri: text({ max: 2048 }),
    integrationMethod: text({ max: 64 }),
    payloadFormatVersion: text({ oneOf: ['1.0', '2.0'] }),
    timeoutInMillis: integer({ min: 50, max: 30_000 }),
    connectionType: text({ oneOf: ['INTERNET'] }),
    description: text({ max: 1024 }),
  },
  required: ['integrationType'],
  defaults: { connectionType: 'INTERNET', integrationMethod: 'POST', timeoutInMillis: 30_000 },
  check({ integrationType, integrationUri, payloadFormatVersion }) {
    if (integrationType !== 'AWS_PROXY')
      throw bad(
        `The sandbox does not carry the integration type ${String(integrationType)}, only AWS_PROXY of a function.`,
      );
    const uri = String(integrationUri ?? '');
    if (!FUNCTION.test(INVOCATION.exec(uri)?.[1] ?? uri)) throw bad('Invalid integration URI specified.');
    if (payloadFormatVersion === undefined)
      throw bad('PayloadFormatVersion is a required parameter for integration type AWS_PROXY.');
  },
  mayDelete(part, context) {
    const user = partsOf(context, 'routes', part.api).find(
      (one) => one.settings['target'] === `integrations/${part.id}`,
    );
    if (user) throw conflict(`Cannot delete Integration '${part.id}' because it is referenced by Route '${user.id}'.`);
  },
};

const authorizer: Kind = {
  kind: 'authorizers',
  noun: 'Authorizer',
  id: 'authorizerId',
  idLength: 6,
  shape: {
    name: text({ min: 1, max: 128 }),
    authorizerType: text({ oneOf: ['REQUEST', 'JWT'] }),
    identitySource: list(must.text({ min: 1, max: 1024 })),
    jwtConfiguration: structure({ audience: list(must.text({ min: 1, max: 1024 })), issuer: text({ max: 2048 }) }),
  },
  required: ['name', 'authorizerType', 'identitySource'],
  defaults: {},
  async check(settings, context, api, before) {
    if (settings['authorizerType'] !== 'JWT') throw bad('The sandbox does not carry REQUEST authorizers.');
    const sources = settings['identitySource'] as string[];
    if (sources.length !== 1 || !/^\$request\.(?:header|querystring)\.[\w-]+$/.test(sources[0] ?? ''))
      throw bad(
        'IdentitySource for JWT authorizer must be one of $request.header.<name> and $request.querystring.<name>.',
      );
    const { audience, issuer } = (settings['jwtConfiguration'] ?? {}) as { audience?: string[]; issuer?: string };
    if (issuer === undefined) throw bad('Issuer is required for JWT authorizer.');
    if (!audience || audience.length === 0) throw bad('Audience is required for JWT authorizer.');
    for (const other of partsOf(context, 'authorizers', api))
      if (other.settings['name'] === settings['name'] && other.id !== before?.id)
        throw bad(`Authorizer name must be unique. Authorizer ${String(settings['name'])} already exists in this API.`);
    await checkIssuer(issuer, context);
  },
  mayDelete(part, context) {
    const user = partsOf(context, 'routes', part.api).find((one) => one.settings['authorizerId'] === part.id);
    if (user) throw conflict(`Cannot delete authorizer '${part.id}', is referenced by Route '${user.id}'.`);
  },
};

/** API Gateway reads the issuer's discovery document; the only issuers here are the sandbox's own user pools. */
async function checkIssuer(issuer: string, context: Context): Promise<void> {
  const [, region, pool] = /^https:\/\/cognito-idp\.([a-z0-9-]+)\.amazonaws\.com\/([\w-]+)\/?$/.exec(issuer) ?? [];
  if (region !== undefined && pool !== undefined) {
    const as = { kind: 'admin', account: context.account } as const;
    try {
      await context.call('cognito-idp', 'DescribeUserPool', { UserPoolId: pool }, { as, region });
      return;
    } catch {
      // refused below, as an issuer that nobody answers for
    }
  }
  throw bad(
    `Caught exception when connecting to ${issuer}/.well-known/openid-configuration for issuer ${issuer}. Please try again later. Error: Invalid issuer: ${issuer}. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'`,
  );
}

const routeSettings = () => ({
  detailedMetricsEnabled: boolean(),
  throttlingBurstLimit: integer({ min: 0 }),
  throttlingRateLimit: number({ min: 0 }),
});

const stage: Kind = {
  kind: 'stages',
  noun: 'Stage',
  id: 'stageName',
  idLength: 0,
  shape: {
    autoDeploy: boolean(),
    deploymentId: text({ max: 64 }),
    description: text({ max: 1024 }),
    defaultRouteSettings: structure(routeSettings()),
    routeSettings: map(must.structure(routeSettings())),
    stageVariables: map(must.text({ max: 512 })),
  },
  required: [],
  defaults: {
    autoDeploy: false,
    defaultRouteSettings: { detailedMetricsEnabled: false },
    routeSettings: {},
    stageVariables: {},
  },
  check(settings, context, api, before) {
    const { deploymentId } = settings;
    if (
      settings['autoDeploy'] === true &&
      deploymentId !== undefined &&
      deploymentId !== before?.settings['deploymentId']
    )
      throw bad('Deployment ID cannot be specified for a stage with AutoDeploy.');
    if (deploymentId !== undefined && !parts(context, 'deployments').has(partKey(api, String(deploymentId))))
      throw bad(`Deployment ${String(deploymentId)} does not exist in this API.`);
  },
  shown: (part) => ({ createdDate: iso(part.created), lastUpdatedDate: iso(part.modified), tags: part.tags }),
};

const deployment: Kind = {
  kind: 'deployments',
  noun: 'Deployment',
  id: 'deploymentId',
  idLength: 6,
  shape: { description: text({ max: 1024 }) },
  required: [],
  defaults: { autoDeployed: false, deploymentStatus: 'DEPLOYED' },
  mayDelete(part, context) {
    const user = partsOf(context, 'stages', part.api).find((one) => one.settings['deploymentId'] === part.id);
    if (user) throw bad(`Active stages pointing to this deployment must be moved or deleted: ${user.id}`);
  },
  shown: (part) => ({ createdDate: iso(part.created) }),
};

export const KINDS: Kind[] = [route, integration, authorizer, stage, deployment];

function out(kind: Kind, part: PartRecord): Record<string, unknown> {
  return { [kind.id]: part.id, ...part.settings, ...kind.shown?.(part) };
}

function idOf(kind: Kind, wanted: Record<string, unknown>): { apiId: string; id: string } {
  return { apiId: String(wanted['apiId']), id: String(wanted[kind.id]) };
}

const all = (kind: Kind) => (input: Input) => `/apis/${member(input, 'apiId')}/${kind.kind}`;
const one = (kind: Kind) => (input: Input) => `${all(kind)(input)}/${member(input, kind.id)}`;

const create = (kind: Kind): Action => ({
  permissions: on('POST', all(kind)),
  async run(input, context) {
    const named: Shape =
      kind.kind === 'stages'
        ? { stageName: must.text({ min: 1, max: 128, pattern: /\$default|[\w-]+/ }), tags: tagsField() }
        : kind.kind === 'deployments'
          ? { stageName: text({ max: 128 }) }
          : {};
    const wanted: Record<string, unknown> = read(input, { ...kind.shape, ...named, apiId: idField() });
    const apiId = String(wanted['apiId']);
    apiAt(context, apiId);
    const absent = kind.required.find((name) => wanted[name] === undefined);
    if (absent !== undefined) throw bad(`${absent.charAt(0).toUpperCase()}${absent.slice(1)} is a required parameter.`);
    const { apiId: _api, stageName, tags, ...members } = wanted;
    const settings = { ...kind.defaults, ...given(members) };
    await kind.check?.(settings, context, apiId, undefined);
    const id = kind.kind === 'stages' ? String(stageName) : newId(context, kind.idLength);
    if (parts(context, kind.kind).has(partKey(apiId, id))) throw conflict('Stage already exists');
    const deployed =
      kind.kind === 'deployments' && stageName !== undefined
        ? partAt(context, 'stages', apiId, String(stageName))
        : undefined;
    if (deployed?.settings['autoDeploy'] === true) throw bad('Deployment cannot be made for a stage with AutoDeploy.');
    const now = context.now();
    const part: PartRecord = {
      api: apiId,
      id,
      created: now,
      modified: now,
      settings,
      tags: (tags ?? {}) as Record<string, string>,
    };
    putPart(context, kind.kind, part);
    if (kind.kind === 'stages') autoDeploy(context, apiId);
    if (deployed) putPart(context, 'stages', { ...deployed, settings: { ...deployed.settings, deploymentId: id } });
    return out(kind, partAt(context, kind.kind, apiId, id));
  },
});

const get = (kind: Kind): Action => ({
  permissions: on('GET', one(kind)),
  run(input, context) {
    const { apiId, id } = idOf(kind, read(input, { apiId: idField(), [kind.id]: idField() }));
    return out(kind, partAt(context, kind.kind, apiId, id));
  },
});

const getAll = (kind: Kind): Action => ({
  permissions: on('GET', all(kind)),
  run(input, context) {
    const wanted = read(input, { ...paging, apiId: idField() });
    apiAt(context, wanted.apiId);
    const found = paged(partsOf(context, kind.kind, wanted.apiId), wanted, `${kind.kind} ${wanted.apiId}`);
    return { items: found.items.map((part) => out(kind, part)), nextToken: found.nextToken };
  },
});

const update = (kind: Kind): Action => ({
  permissions: on('PATCH', one(kind)),
  async run(input, context) {
    const wanted: Record<string, unknown> = read(input, { ...kind.shape, apiId: idField(), [kind.id]: idField() });
    const { apiId, id } = idOf(kind, wanted);
    const part = partAt(context, kind.kind, apiId, id);
    const { apiId: _api, ...members } = wanted;
    // The stage's name, like every id, is not among its settings; nor can it be changed.
    const changes = Object.fromEntries(Object.entries(given(members)).filter(([name]) => name !== kind.id));
    const settings: Settings = { ...part.settings, ...changes };
    // Without authorization there is no authorizer to keep.
    if (changes['authorizationType'] === 'NONE' && changes['authorizerId'] === undefined)
      delete settings['authorizerId'];
    await kind.check?.(settings, context, apiId, part);
    putPart(context, kind.kind, { ...part, settings });
    if (kind.kind === 'stages') autoDeploy(context, apiId);
    return out(kind, partAt(context, kind.kind, apiId, id));
  },
});

const remove = (kind: Kind): Action => ({
  permissions: on('DELETE', one(kind)),
  run(input, context) {
    const { apiId, id } = idOf(kind, read(input, { apiId: idField(), [kind.id]: idField() }));
    const part = partAt(context, kind.kind, apiId, id);
    kind.mayDelete?.(part, context);
    deletePart(context, kind.kind, part);
    return {};
  },
});

export const partActions: Record<string, Action> = Object.fromEntries(
  KINDS.flatMap((kind) => [
    [`Create${kind.noun}`, create(kind)],
    [`Get${kind.noun}`, get(kind)],
    [`Get${kind.noun}s`, getAll(kind)],
    [`Update${kind.noun}`, update(kind)],
    [`Delete${kind.noun}`, remove(kind)],
  ]),
);
