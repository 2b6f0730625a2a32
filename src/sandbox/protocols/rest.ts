/** REST JSON (Smithy: aws.protocols#restJson1): a route gives path, query and headers their member names. */
import type { Input, Output, Route } from '../service.ts';
import { decodeJson, encodeJson } from './json.ts';

export interface RouteMatch {
  route: Route;
  path: Record<string, string>;
}

export function matchRoute(routes: Route[], method: string, pathname: string): RouteMatch | undefined {
  for (const route of routes) {
    if (route.method !== method) continue;
    const path = matchPath(route.path, pathname);
    if (path) return { route, path };
  }
  return undefined;
}

interface Template {
  names: string[];
  pattern: RegExp;
}
const templates = new Map<string, Template>();

function templateOf(path: string): Template {
  let template = templates.get(path);
  if (!template) {
    const names: string[] = [];
    const pattern = path
      .replace(/[.*?^$()|[\]\\]/g, '\\$&')
      .replace(/\{(\w+)(\\?\+)?\}/g, (_, name: string, greedy?: string) => {
        names.push(name);
        return greedy ? '(.+)' : '([^/]+)';
      });
    template = { names, pattern: new RegExp(`^${pattern}/?$`) };
    templates.set(path, template);
  }
  return template;
}

function matchPath(path: string, pathname: string): Record<string, string> | undefined {
  const { names, pattern } = templateOf(path);
  const found = pattern.exec(pathname);
  if (!found) return undefined;
  try {
    return Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? '')]));
  } catch {
    return undefined;
  }
}

export function decodeRest(
  match: RouteMatch,
  query: URLSearchParams,
  headers: Record<string, string>,
  body: Buffer,
): Input {
  const { route } = match;
  const input: Input = {};
  if (route.payload) input[route.payload] = body;
  else Object.assign(input, decodeJson(body));
  for (const [wire, member] of Object.entries(route.query ?? {})) {
    const values = query.getAll(wire);
    if (values.length > 0) input[member] = values.length > 1 ? values : values[0];
  }
  for (const [header, member] of Object.entries(route.headers ?? {}))
    if (headers[header] !== undefined) input[member] = headers[header];
  return Object.assign(input, match.path);
}

export function encodeRest(
  route: Route,
  output: Output,
): { status: number; headers: Record<string, string>; body: Buffer } {
  const members: Record<string, unknown> = { ...output };
  const status = typeof members['$status'] === 'number' ? members['$status'] : (route.status ?? 200);
  delete members['$status'];
  const headers: Record<string, string> = {};
  for (const [member, header] of Object.entries(route.output?.headers ?? {})) {
    if (members[member] !== undefined) headers[header] = String(members[member]);
    delete members[member];
  }
  if (route.output?.payload) {
    const raw = members[route.output.payload];
    const body = raw instanceof Uint8Array ? Buffer.from(raw) : Buffer.from(typeof raw === 'string' ? raw : '');
    return { status, headers, body };
  }
  const body = status === 204 ? Buffer.alloc(0) : Buffer.from(encodeJson(members));
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}
