/** What the actions of HTTP APIs share: records, ids, errors, permissions, pages, and the names of members. */
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { must, page, readMembers, type Shape, text } from '../../members.ts';
import type { Action, Context, Input } from '../../service.ts';

/** Members as the API names them on the wire, in the order of its documents; dates are ISO 8601 texts. */
export type Settings = Record<string, unknown>;

export interface ApiRecord {
  id: string;
  created: number;
  settings: Settings;
  tags: Record<string, string>;
}

/** A stage, route, integration, authorizer or deployment of an API. */
export interface PartRecord {
  api: string;
  id: string;
  created: number;
  modified: number;
  settings: Settings;
  tags: Record<string, string>;
}

export type PartKind = 'stages' | 'routes' | 'integrations' | 'authorizers' | 'deployments';

export const apis = (context: Context): Table<ApiRecord> => context.table<ApiRecord>('apis');
export const parts = (context: Context, kind: PartKind): Table<PartRecord> => context.table<PartRecord>(kind);
/** Neither API ids nor the ids of their parts hold a slash. */
export const partKey = (api: string, id: string): string => `${api}/${id}`;

export const bad = (message: string): ServiceError => new ServiceError('BadRequestException', message, 400);
export const conflict = (message: string): ServiceError => new ServiceError('ConflictException', message, 409);
export const missing = (message: string): ServiceError => new ServiceError('NotFoundException', message, 404);

/** Members whose keys are the caller's own words. */
const MAPS = new Set(['tags', 'stageVariables', 'routeSettings']);

/**
 * The API's documents write members in small letters (`apiId`), its SDKs and CloudFormation in capital ones (`ApiId`): both
 * are read, and answered as on the wire.
 */
function wireNames(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => wireNames(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = isMap ? key : `${key.charAt(0).toLowerCase()}${key.slice(1)}`;
      return [name, wireNames(item, !isMap && MAPS.has(name))];
    }),
  );
}

export const read = <S extends Shape>(input: Input, shape: S) =>
  readMembers(wireNames(input) as Input, shape, 'BadRequestException');

export const member = (input: Input, name: string): string =>
  String(input[name] ?? input[`${name.charAt(0).toUpperCase()}${name.slice(1)}`] ?? '');

export const idField = () => must.text({ min: 1, max: 128 });
export const paging = { maxResults: text({ pattern: /\d{1,4}/ }), nextToken: text() };

/** Ids of API Gateway are lower-case letters and digits. */
export const newId = (context: Context, length: number): string => context.world.suffix(length).toLowerCase();

export function apiAt(context: Context, id: string): ApiRecord {
  const api = apis(context).get(id);
  if (!api) throw missing(`Invalid API identifier specified ${context.account}:${id}`);
  return api;
}

const NAMES: Record<PartKind, string> = {
  stages: 'stage',
  routes: 'Route',
  integrations: 'Integration',
  authorizers: 'Authorizer',
  deployments: 'Deployment',
};

export function partAt(context: Context, kind: PartKind, api: string, id: string): PartRecord {
  apiAt(context, api);
  const part = parts(context, kind).get(partKey(api, id));
  if (!part) throw missing(`Invalid ${NAMES[kind]} identifier specified ${id}`);
  return part;
}

export function partsOf(context: Context, kind: PartKind, api: string): PartRecord[] {
  return [...parts(context, kind).values()].filter((part) => part.api === api);
}

/** Drops members that were not given, so that they do not cover what is there. */
export function given(members: Record<string, unknown>): Settings {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** ARNs of this service have no account: `arn:aws:apigateway:us-east-1::/apis/abc`. */
export const gatewayArn = (context: Context, path: string): string => `arn:aws:apigateway:${context.region}::${path}`;

/** Service Authorization Reference, "API Gateway Management V2": an action is the HTTP method, a resource the path. */
export const on =
  (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: (input: Input) => string): Action['permissions'] =>
  (input, context) => [{ action: `apigateway:${method}`, resource: gatewayArn(context, path(input)) }];

export function paged<T>(
  items: T[],
  wanted: { maxResults?: string | undefined; nextToken?: string | undefined },
  kind: string,
): { items: T[]; nextToken: string | undefined } {
  const size = wanted.maxResults === undefined ? 100 : Number(wanted.maxResults);
  if (size < 1) throw bad('Invalid maxResults.');
  const found = page(items, wanted.nextToken, size, kind, () => bad('Invalid nextToken.'));
  return { items: found.items, nextToken: found.next };
}

export const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Puts a part whose API has changed under way: stages that deploy by themselves take the change on. */
export function putPart(context: Context, kind: PartKind, part: PartRecord): PartRecord {
  const changed = { ...part, modified: context.now() };
  parts(context, kind).put(partKey(part.api, part.id), changed);
  if (kind !== 'stages' && kind !== 'deployments') autoDeploy(context, part.api);
  return changed;
}

export function deletePart(context: Context, kind: PartKind, part: PartRecord): void {
  parts(context, kind).delete(partKey(part.api, part.id));
  if (kind !== 'stages' && kind !== 'deployments') autoDeploy(context, part.api);
}

/** One deployment stands for all that a stage made by itself: each change renews it. */
export function autoDeploy(context: Context, api: string): void {
  for (const stage of partsOf(context, 'stages', api)) {
    if (stage.settings['autoDeploy'] !== true) continue;
    const before = stage.settings['deploymentId'];
    const id = newId(context, 6);
    if (typeof before === 'string') {
      const old = parts(context, 'deployments').get(partKey(api, before));
      if (old?.settings['autoDeployed'] === true) parts(context, 'deployments').delete(partKey(api, before));
    }
    const now = context.now();
    const settings = {
      autoDeployed: true,
      deploymentStatus: 'DEPLOYED',
      description: 'Automatic deployment triggered by changes to the Api configuration',
    };
    parts(context, 'deployments').put(partKey(api, id), { api, id, created: now, modified: now, settings, tags: {} });
    parts(context, 'stages').put(partKey(api, stage.id), {
      ...stage,
      modified: now,
      settings: {
        ...stage.settings,
        deploymentId: id,
        lastDeploymentStatusMessage: `Successfully deployed stage with deployment ID '${id}'`,
      },
    });
  }
}
