/** HTTP APIs and the tags of APIs and stages (Amazon API Gateway Version 2 API Reference). */
import { boolean, integer, list, map, must, structure, text } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import {
  type ApiRecord,
  apiAt,
  apis,
  autoDeploy,
  bad,
  gatewayArn,
  given,
  idField,
  iso,
  member,
  missing,
  newId,
  on,
  type PartKind,
  paged,
  paging,
  partKey,
  parts,
  partsOf,
  read,
} from '../records.ts';

export const tagsField = () => map(must.text({ max: 256 }), { key: must.text({ min: 1, max: 128 }), max: 50 });
const words = () => list(must.text({ min: 1, max: 1024 }));
const SETTINGS = {
  name: text({ min: 1, max: 128 }),
  description: text({ max: 1024 }),
  version: text({ max: 64 }),
  corsConfiguration: structure({
    allowCredentials: boolean(),
    allowHeaders: words(),
    allowMethods: words(),
    allowOrigins: words(),
    exposeHeaders: words(),
    maxAge: integer({ min: -1, max: 86_400 }),
  }),
  disableExecuteApiEndpoint: boolean(),
  routeSelectionExpression: text(),
};
type Settings = ReturnType<typeof read<typeof SETTINGS>>;

/** API Gateway Developer Guide, "Configure CORS for HTTP APIs": a wildcard and credentials exclude each other. */
function check(wanted: Settings): void {
  const cors = wanted.corsConfiguration;
  if (cors?.allowCredentials === true)
    for (const name of ['allowHeaders', 'allowMethods', 'allowOrigins', 'exposeHeaders'] as const)
      if (cors[name]?.includes('*'))
        throw bad(`Access-Control-Allow-Credentials cannot be used together with the wildcard in ${name}.`);
  for (const origin of cors?.allowOrigins ?? [])
    if (origin !== '*' && !/^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^/\s]+)$/i.test(origin))
      throw bad('Invalid format for origin. Origin must be a scheme, a host and, where needed, a port.');
  for (const method of cors?.allowMethods ?? [])
    if (!/^(?:\*|GET|PUT|POST|DELETE|HEAD|PATCH|OPTIONS)$/.test(method)) throw bad(`Invalid CORS method ${method}.`);
  if (
    wanted.routeSelectionExpression !== undefined &&
    !/^\$\{?request\.method\}? \$\{?request\.path\}?$/.test(wanted.routeSelectionExpression)
  )
    throw bad('The route selection expression of an HTTP API is $request.method $request.path.');
}

function apiOut(context: Context, api: ApiRecord): Record<string, unknown> {
  return {
    apiEndpoint: `https://${api.id}.execute-api.${context.region}.amazonaws.com`,
    apiId: api.id,
    createdDate: iso(api.created),
    protocolType: 'HTTP',
    apiKeySelectionExpression: '$request.header.x-api-key',
    disableExecuteApiEndpoint: false,
    routeSelectionExpression: '$request.method $request.path',
    tags: api.tags,
    ...api.settings,
  };
}

const pathOf = (input: Input): string => `/apis/${member(input, 'apiId')}`;

const createApi: Action = {
  permissions: on('POST', () => '/apis'),
  run(input, context) {
    const { protocolType, tags, ...wanted } = read(input, {
      ...SETTINGS,
      name: must.text({ min: 1, max: 128 }),
      protocolType: must.text({ oneOf: ['HTTP', 'WEBSOCKET'] }),
      tags: tagsField(),
    });
    if (protocolType !== 'HTTP') throw bad('The sandbox does not carry WEBSOCKET APIs.');
    check(wanted);
    const api: ApiRecord = {
      id: newId(context, 10),
      created: context.now(),
      settings: given(wanted),
      tags: tags ?? {},
    };
    apis(context).put(api.id, api);
    return apiOut(context, api);
  },
};

const getApi: Action = {
  permissions: on('GET', pathOf),
  run: (input, context) => apiOut(context, apiAt(context, read(input, { apiId: idField() }).apiId)),
};

const getApis: Action = {
  permissions: on('GET', () => '/apis'),
  run(input, context) {
    const found = paged([...apis(context).values()], read(input, paging), 'apis');
    return { items: found.items.map((api) => apiOut(context, api)), nextToken: found.nextToken };
  },
};

const updateApi: Action = {
  permissions: on('PATCH', pathOf),
  run(input, context) {
    const { apiId, ...wanted } = read(input, { ...SETTINGS, apiId: idField() });
    check(wanted);
    const api = apiAt(context, apiId);
    const changed = { ...api, settings: { ...api.settings, ...given(wanted) } };
    apis(context).put(apiId, changed);
    autoDeploy(context, apiId);
    return apiOut(context, changed);
  },
};

const deleteCorsConfiguration: Action = {
  permissions: on('DELETE', (input) => `${pathOf(input)}/cors`),
  run(input, context) {
    const api = apiAt(context, read(input, { apiId: idField() }).apiId);
    const { corsConfiguration: _gone, ...settings } = api.settings;
    apis(context).put(api.id, { ...api, settings });
    autoDeploy(context, api.id);
    return {};
  },
};

const deleteApi: Action = {
  permissions: on('DELETE', pathOf),
  run(input, context) {
    const api = apiAt(context, read(input, { apiId: idField() }).apiId);
    for (const kind of ['stages', 'routes', 'integrations', 'authorizers', 'deployments'] satisfies PartKind[])
      for (const part of partsOf(context, kind, api.id)) parts(context, kind).delete(partKey(api.id, part.id));
    apis(context).delete(api.id);
    return {};
  },
};

/** The tags behind an ARN of an API or a stage, and how to change them. */
function tagged(
  context: Context,
  arn: string,
): { tags: Record<string, string>; put(tags: Record<string, string>): void } {
  const prefix = gatewayArn(context, '/apis/');
  const [api, word, stage, ...rest] = arn.startsWith(prefix) ? arn.slice(prefix.length).split('/') : [];
  if (api === undefined || rest.length > 0 || (word !== undefined && (word !== 'stages' || !stage)))
    throw bad(`Invalid resource ARN: ${arn}`);
  const record = apis(context).get(api);
  if (!record) throw missing(`Invalid API identifier specified ${context.account}:${api}`);
  if (stage === undefined) return { tags: record.tags, put: (tags) => apis(context).put(api, { ...record, tags }) };
  const found = parts(context, 'stages').get(partKey(api, stage));
  if (!found) throw missing(`Invalid stage identifier specified ${stage}`);
  return { tags: found.tags, put: (tags) => parts(context, 'stages').put(partKey(api, stage), { ...found, tags }) };
}

const onTags =
  (method: 'GET' | 'POST' | 'DELETE'): Action['permissions'] =>
  (input, context) => [
    {
      action: `apigateway:${method}`,
      resource: gatewayArn(context, `/tags/${encodeURIComponent(member(input, 'resourceArn'))}`),
    },
  ];

const tagResource: Action = {
  permissions: onTags('POST'),
  run(input, context) {
    const wanted = read(input, { resourceArn: must.text(), tags: { ...tagsField(), required: true } });
    const resource = tagged(context, wanted.resourceArn);
    const tags = { ...resource.tags, ...wanted.tags };
    if (Object.keys(tags).length > 50) throw bad('A resource has no more than 50 tags.');
    resource.put(tags);
    return {};
  },
};

const untagResource: Action = {
  permissions: onTags('DELETE'),
  run(input, context) {
    const wanted = read(input, { resourceArn: must.text(), tagKeys: must.list(must.text()) });
    const resource = tagged(context, wanted.resourceArn);
    resource.put(Object.fromEntries(Object.entries(resource.tags).filter(([key]) => !wanted.tagKeys.includes(key))));
    return {};
  },
};

const getTags: Action = {
  permissions: onTags('GET'),
  run: (input, context) => ({ tags: tagged(context, read(input, { resourceArn: must.text() }).resourceArn).tags }),
};

export const apiActions: Record<string, Action> = {
  CreateApi: createApi,
  GetApi: getApi,
  GetApis: getApis,
  UpdateApi: updateApi,
  DeleteApi: deleteApi,
  DeleteCorsConfiguration: deleteCorsConfiguration,
  TagResource: tagResource,
  UntagResource: untagResource,
  GetTags: getTags,
};
