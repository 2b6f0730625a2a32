/** From an HTTP request to a service, an action and its input. Pure. */
import { ServiceError } from './errors.ts';
import { decodeJson } from './protocols/json.ts';
import { decodeQuery } from './protocols/query.ts';
import { decodeRest, matchRoute } from './protocols/rest.ts';
import { remember } from './remember.ts';
import type { Input, Route, Service } from './service.ts';

export interface WireRequest {
  method: string;
  /** path and query, as sent */
  url: string;
  /** lower-case names */
  headers: Record<string, string>;
  body: Buffer;
}

export interface Dispatch {
  service: Service;
  action: string;
  input: Input;
  region: string;
  accessKey: string;
  /** What the caller speaks, and is answered in. */
  protocol: Service['protocol'];
  route?: Route;
}

const DEFAULT_REGION = 'us-east-1';

/** What older clients sign IoT with (the AWS CLI 2.9 signs its control plane as `execute-api`). */
const OTHER_NAMES: Record<string, string> = { iotdevicegateway: 'iotdata', 'execute-api': 'iot' };

export function dispatch(request: WireRequest, services: ReadonlyMap<string, Service>): Dispatch {
  const { pathname, searchParams } = split(request.url);
  const credential =
    credentialOf(request.headers['authorization'] ?? '') ??
    /^([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request$/.exec(searchParams.get('X-Amz-Credential') ?? '');
  const accessKey = credential?.[1] ?? '';
  const region = credential?.[2] ?? DEFAULT_REGION;
  const target = request.headers['x-amz-target'];
  const service = findService(credential?.[3], target, services);
  const older = service.query !== undefined && target === undefined;
  const protocol = older ? 'query' : service.protocol;
  const known = { service, region, accessKey, protocol };

  if (protocol === 'json-1.0' || protocol === 'json-1.1') {
    const action = target?.slice(target.lastIndexOf('.') + 1) ?? '';
    if (!action) throw new ServiceError('MissingAction', 'The request has no X-Amz-Target header.', 400);
    return { ...known, action, input: service.raw ? {} : decodeJson(request.body) };
  }
  if (protocol === 'query') {
    const form = request.method === 'POST' ? new URLSearchParams(request.body.toString('utf8')) : searchParams;
    const { action, input } = decodeQuery(form);
    if (!action) throw new ServiceError('MissingAction', 'The request is missing an action.', 400);
    return { ...known, action, input: service.query?.read?.(action, input) ?? input };
  }
  const match = matchRoute(service.routes ?? [], request.method, pathname);
  if (!match)
    throw new ServiceError(
      'UnknownOperationException',
      `The sandbox does not carry ${service.name}: ${request.method} ${pathname}.`,
      404,
    );
  return {
    ...known,
    action: match.route.action,
    input: decodeRest(match, searchParams, request.headers, request.body),
    route: match.route,
  };
}

/** Key, Region and service of what stands before a signature: a caller's are the same all day. */
const credentialBefore = remember(1_000, (start) => /Credential=([^/,\s]+)\/\d+\/([^/,\s]+)\/([^/,\s]+)$/.exec(start));

function credentialOf(authorization: string): RegExpExecArray | null {
  const end = authorization.indexOf('/aws4_request');
  return end < 0 ? null : credentialBefore(authorization.slice(0, end));
}

/** Path and query as they were sent; URL itself takes as long as the rest of a dispatch, and is needed for odd paths only. */
function split(url: string): { pathname: string; searchParams: URLSearchParams } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  if (!/^\/(?!\/)[\w/%.~:$,=+@-]*$/.test(path) || path.includes('/.')) return new URL(url, 'http://localhost');
  return { pathname: path, searchParams: at < 0 ? NO_QUERY : new URLSearchParams(url.slice(at)) };
}
const NO_QUERY = new URLSearchParams();

function findService(
  signingName: string | undefined,
  target: string | undefined,
  services: ReadonlyMap<string, Service>,
): Service {
  const name = (signingName && OTHER_NAMES[signingName]) ?? signingName;
  const byName = name === undefined ? undefined : services.get(name);
  if (byName) return byName;
  const prefix = target?.slice(0, target.lastIndexOf('.'));
  if (name === undefined && prefix !== undefined)
    for (const service of services.values()) if (service.targetPrefix === prefix) return service;
  throw new ServiceError(
    'UnknownOperationException',
    name === undefined
      ? 'The request is not signed for a service (no Credential in the Authorization header).'
      : `The sandbox does not carry the service ${name}.`,
    404,
  );
}
