/** What the apps call, and who may: the routes of each microservice (workshop page "HTTP API"). Pure. */
import type { ApiParts, ApiRoute, HttpApi } from '../../aws/http-apis.ts';
import { type API_SETTINGS, PUT_BACK, SETTINGS } from './settings.ts';

export type ApiName = (typeof API_SETTINGS)[number];

interface Call {
  method: string;
  path: string;
  /** Anyone may, signed in or not. */
  open?: true;
}

export const CALLS: Record<ApiName, Call[]> = {
  configapi: [
    { method: 'GET', path: '/config', open: true },
    { method: 'PUT', path: '/store' },
  ],
  ordermanagerapi: [
    { method: 'GET', path: '/orders' },
    { method: 'GET', path: '/orders/{id}' },
    { method: 'PUT', path: '/orders/{id}' },
    { method: 'GET', path: '/myOrders' },
  ],
  validatorapi: [
    { method: 'GET', path: '/qr-code' },
    { method: 'POST', path: '/qr-code' },
  ],
  publisherapi: [{ method: 'POST', path: '/listen' }],
};

export interface ApiSeen {
  api: HttpApi;
  parts: ApiParts;
}

export interface Lock {
  /** `https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC` */
  issuer: string;
  /** Id of the app client. */
  client: string;
}

const bare = (path: string): string => path.replace(/\{[^}]*\}/g, '{}');

/** The most exact of the routes that a call would take: its own, one for any method, a greedy one, the default. */
function routeOf(call: Call, routes: readonly ApiRoute[]): ApiRoute | undefined {
  const fits = (key: string, method: string): boolean => {
    const [verb = '', path = ''] = key.split(' ');
    return verb === method && bare(path) === bare(call.path);
  };
  return (
    routes.find(({ key }) => fits(key, call.method)) ??
    routes.find(({ key }) => fits(key, 'ANY')) ??
    routes.filter(({ key }) => greedy(key, call)).sort((a, b) => b.key.length - a.key.length)[0] ??
    routes.find(({ key }) => key === '$default')
  );
}

function greedy(key: string, call: Call): boolean {
  const [verb = '', path = ''] = key.split(' ');
  const stem = /^(.*\/)\{[^}]+\+\}$/.exec(path)?.[1];
  return (verb === call.method || verb === 'ANY') && stem !== undefined && `${call.path}/`.startsWith(stem);
}

/** What is wrong with one microservice's API; undefined when a page can use it and nobody else can. */
export function apiTrouble(
  name: ApiName,
  { api, parts }: ApiSeen,
  lock: Lock,
  functions: readonly string[],
): { found: string; hint?: string } | undefined {
  const it = `the ${SETTINGS[name]} (${api.id})`;
  if (parts.stages.length === 0)
    return { found: `${it} is deployed to no stage, so nothing answers`, hint: 'Deploy it to the stage $default.' };
  for (const call of CALLS[name]) {
    const what = `${call.method} ${call.path}`;
    const route = routeOf(call, parts.routes);
    if (!route) return { found: `${it} has no route ${what}`, hint: PUT_BACK };
    const uri = parts.integrations[route.integration ?? ''];
    if (uri === undefined) return { found: `${what} of ${it} leads nowhere`, hint: PUT_BACK };
    const target = /:function:([\w-]+)/.exec(uri)?.[1];
    if (target !== undefined && !functions.includes(target))
      return { found: `${what} of ${it} calls the function ${target}, which is not there`, hint: PUT_BACK };
    const loose = call.open ? undefined : lockTrouble(what, it, route, parts, lock);
    if (loose) return loose;
  }
  return corsTrouble(it, api, CALLS[name]);
}

function lockTrouble(
  what: string,
  it: string,
  route: ApiRoute,
  parts: ApiParts,
  lock: Lock,
): { found: string; hint: string } | undefined {
  if (route.authorization === 'NONE')
    return {
      found: `${what} of ${it} asks nobody who they are`,
      hint: 'Give the route the JWT authorizer of the API.',
    };
  if (route.authorization === 'AWS_IAM')
    return {
      found: `${what} of ${it} asks for AWS credentials, and the apps send the token of the sign-in`,
      hint: 'Give the route the JWT authorizer of the API.',
    };
  // Somebody's own authorizer cannot be looked into; that it is there is all that can be said.
  if (route.authorization !== 'JWT') return undefined;
  const authorizer = parts.authorizers[route.authorizer ?? ''];
  if (!authorizer) return { found: `the authorizer of ${what} of ${it} is not there`, hint: PUT_BACK };
  if (!authorizer.sources.some((source) => /^\$request\.header\.authorization$/i.test(source)))
    return {
      found: `the authorizer of ${what} of ${it} looks for the token in ${authorizer.sources.join(', ') || 'no place'}, and the apps send it in the header Authorization`,
      hint: 'The identity source of the authorizer is $request.header.Authorization.',
    };
  // The ID token, which says who somebody is, carries no scopes (Amazon Cognito Developer Guide, "Understanding the ID token").
  if (route.scopes.length > 0)
    return {
      found: `${what} of ${it} asks for the scope ${route.scopes.join(' or ')}, which the token of the apps does not have`,
      hint: 'Take the scopes off the route.',
    };
  if (authorizer.issuer.replace(/\/$/, '') !== lock.issuer)
    return {
      found: `${what} of ${it} takes tokens of ${authorizer.issuer}, and the apps sign in at ${lock.issuer}`,
      hint: 'The issuer of the authorizer is the user pool that the apps sign in to.',
    };
  if (!authorizer.audience.includes(lock.client))
    return {
      found: `${what} of ${it} takes tokens for ${authorizer.audience.join(', ') || 'nobody'}, and the apps' client is ${lock.client}`,
      hint: 'The audience of the authorizer is the id of the app client.',
    };
  return undefined;
}

function corsTrouble(
  it: string,
  { cors }: HttpApi,
  calls: readonly Call[],
): { found: string; hint?: string } | undefined {
  if (!cors || cors.origins.length === 0)
    return { found: `${it} lets no page of another origin ask (CORS)`, hint: PUT_BACK };
  const methods = new Set(cors.methods.map((method) => method.toUpperCase()));
  const missing = calls.find(({ method }) => !methods.has('*') && !methods.has(method));
  if (missing) return { found: `CORS of ${it} does not allow ${missing.method}`, hint: PUT_BACK };
  const headers = cors.headers.map((header) => header.toLowerCase());
  return headers.includes('authorization') || headers.includes('*') || calls.every(({ open }) => open)
    ? undefined
    : { found: `CORS of ${it} does not allow the header authorization`, hint: PUT_BACK };
}
