/** The one door: an HTTP server on the loopback interface. Foreign Host and Origin headers are refused (DNS rebinding). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Clock } from './clock.ts';
import { type Dispatch, dispatch, type WireRequest } from './dispatch.ts';
import { NOT_CARRIED, SandboxError, ServiceError } from './errors.ts';
import type { Faults } from './faults.ts';
import { encodeJson, encodeJsonError } from './protocols/json.ts';
import { encodeQuery, encodeQueryError } from './protocols/query.ts';
import { encodeRest } from './protocols/rest.ts';
import { checkRegion } from './regions.ts';
import { checkSigned } from './signature.ts';
import type { World } from './world.ts';

export interface Control {
  version: string;
  nonce: string;
  started: number;
  clock: Clock;
  stop(): void;
  moveClock(ms: number): Promise<void>;
  reset(account: string | undefined): Promise<void>;
}

interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
}

/** The largest request AWS's services here accept is a 4 MB function inside a 6 MB call. */
const LARGEST_BODY = 16 * 1024 * 1024;

export function createSandboxServer(current: () => World, control: Control, faults: Faults): Server {
  const server = createServer((request, response) => {
    answer(request, current(), control, faults)
      .then((result) => {
        if (result === 'drop') return void request.socket.destroy();
        send(response, result);
      })
      .catch((error: unknown) => {
        if (request.socket.destroyed) return;
        send(response, { status: 500, headers: { 'content-type': 'text/plain' }, body: String(error) });
      });
  });
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  return server;
}

function send(response: ServerResponse, { status, headers, body }: WireResponse): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.end(bytes);
}

async function answer(
  request: IncomingMessage,
  world: World,
  control: Control,
  faults: Faults,
): Promise<WireResponse | 'drop'> {
  const foreign = foreignCaller(request);
  if (foreign) return { status: 403, headers: { 'content-type': 'text/plain' }, body: foreign };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(',') : (value ?? '');
  const body = await readBody(request).catch((error: unknown) => {
    if (error instanceof ServiceError) return errorAnswer(error, undefined, world.uuid(), headers);
    throw error;
  });
  if (!Buffer.isBuffer(body)) return body;
  const wire: WireRequest = { method: request.method ?? 'GET', url: request.url ?? '/', headers, body };
  if (wire.url.startsWith('/_presso/')) return controlAnswer(wire, world, control);
  return serviceAnswer(wire, world, faults);
}

function foreignCaller(request: IncomingMessage): string | undefined {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (!/^(127\.0\.0\.1|localhost|\[::1\]|[a-z0-9-]+\.localhost)$/.test(host))
    return `The sandbox answers to 127.0.0.1 and localhost only, not to the host "${host.slice(0, 100)}".`;
  const { origin } = request.headers;
  if (origin && !/^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(origin))
    return 'The sandbox answers to pages of this machine only.';
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks = await new Promise<Buffer[]>((done, fail) => {
    const taken: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LARGEST_BODY)
        fail(new ServiceError('RequestEntityTooLargeException', 'The request is larger than 16 MB.', 413));
      else taken.push(chunk);
    });
    request.once('end', () => done(taken));
    request.once('error', fail);
    request.once('close', () => fail(new Error('the request ended before its body')));
  });
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  if (request.headers['content-encoding'] !== 'gzip') return bytes;
  // Clients compress what is long (PutMetricData).
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_BODY });
  } catch {
    throw new ServiceError('SerializationException', 'The request body is not what its Content-Encoding says.', 400);
  }
}

/** A service's answer to a request as it came off the wire, or by a shorter way from a function (World.door). */
export async function serviceAnswer(wire: WireRequest, world: World, faults: Faults): Promise<WireResponse | 'drop'> {
  const requestId = world.uuid();
  let found: Dispatch | undefined;
  try {
    found = dispatch(wire, world.services);
    const { service, action, input, region, accessKey, route } = found;
    const { window } = faults;
    if (window !== undefined) checkSigned(wire.headers['x-amz-date'], service, [Date.now(), world.clock.now()], window);
    if ((await faults.before(service.name, action)) === 'drop') return 'drop';
    const { store, caller } = await world.identify(accessKey);
    checkRegion(store, service, region);
    const context = world.context(service, store, region, caller, requestId);
    if (service.raw && !Object.hasOwn(service.actions, action)) {
      const raw = await service.raw({ action, body: wire.body, headers: wire.headers }, context);
      await store.flushed();
      return raw;
    }
    const output = await world.invoke(
      service,
      action,
      service.raw ? JSON.parse(wire.body.toString() || '{}') : input,
      context,
    );
    // An answer is given only when what it says is on disk.
    await store.flushed();
    const common = { 'x-amzn-requestid': requestId };
    if (found.protocol === 'query')
      return {
        status: 200,
        headers: { ...common, 'content-type': 'text/xml' },
        body: encodeQuery(
          action,
          service.query?.write?.(action, output ?? {}) ?? output,
          requestId,
          service.query?.xmlNamespace ?? service.xmlNamespace ?? '',
        ),
      };
    if (route) {
      const rest = encodeRest(route, output);
      return { ...rest, headers: { ...common, ...rest.headers } };
    }
    return {
      status: 200,
      headers: {
        ...common,
        'content-type': `application/x-amz-json-${service.protocol === 'json-1.1' ? '1.1' : '1.0'}`,
      },
      body: encodeJson(output),
    };
  } catch (error) {
    const fault = asServiceError(error, world, found);
    return errorAnswer(fault, found, requestId, wire.headers);
  }
}

function asServiceError(error: unknown, world: World, found: Dispatch | undefined): ServiceError {
  if (error instanceof ServiceError) {
    if (!found) world.log('not-built', error.message);
    // Of a whole call the world has told already.
    else if (error.message.includes(NOT_CARRIED) && !/^(UnknownOperationException|InvalidAction)$/.test(error.code))
      world.log('not-built', `${found.service.name}:${found.action}: ${error.message}`);
    return error;
  }
  const message = error instanceof SandboxError ? `${error.message} Try: ${error.hint}` : String(error);
  world.log(
    'sandbox',
    `${found?.service.name ?? '?'}:${found?.action ?? '?'}: ${error instanceof Error ? (error.stack ?? message) : message}`,
  );
  return new ServiceError('InternalFailure', `The sandbox failed: ${message}`, 500);
}

function errorAnswer(
  error: ServiceError,
  found: Dispatch | undefined,
  requestId: string,
  headers: WireRequest['headers'],
): WireResponse {
  const protocol = found?.protocol ?? (headers['content-type']?.includes('urlencoded') ? 'query' : 'json-1.0');
  const form = found?.service.query;
  const code = form?.codes[error.code] ?? error.code;
  const common = {
    'x-amzn-requestid': requestId,
    // The older code goes along in JSON too, as AWS does for what has changed its protocol.
    ...(form && protocol !== 'query'
      ? { 'x-amzn-query-error': `${code};${error.status >= 500 ? 'Receiver' : 'Sender'}` }
      : {}),
  };
  if (protocol === 'query')
    return {
      status: error.status,
      headers: { ...common, 'content-type': 'text/xml' },
      body: encodeQueryError(
        new ServiceError(code, error.message, error.status, error.detail),
        requestId,
        form?.xmlNamespace ?? found?.service.xmlNamespace ?? '',
      ),
    };
  return {
    status: error.status,
    headers: {
      ...common,
      'content-type': protocol === 'rest-json' ? 'application/json' : `application/x-amz-${protocol}`,
      'x-amzn-errortype': error.code,
    },
    body: encodeJsonError(error),
  };
}

/** presso's own door beside AWS's: health for anyone on this machine, the rest for who can read the nonce. */
async function controlAnswer(wire: WireRequest, world: World, control: Control): Promise<WireResponse> {
  const url = new URL(wire.url, 'http://localhost');
  const json = (status: number, value: unknown): WireResponse => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  if (wire.method === 'GET' && url.pathname === '/_presso/health')
    return json(200, {
      status: 'ready',
      version: control.version,
      pid: process.pid,
      nonce: control.nonce,
      started: new Date(control.started).toISOString(),
      now: new Date(world.clock.now()).toISOString(),
      clockOffset: world.clock.offset,
      memory: process.memoryUsage().rss,
    });
  const given = /^\/_presso\/given\/([a-z-]+)\/(.+)$/.exec(url.pathname);
  if (wire.method === 'GET' && given) {
    const found = await world.services.get(given[1] ?? '')?.give?.(given[2] ?? '', url.searchParams, world);
    return found ?? json(403, { message: 'This address gives nothing, or no longer.' });
  }
  if (wire.method !== 'POST') return json(404, { message: `There is no ${url.pathname} here.` });
  if (wire.headers['x-presso-nonce'] !== control.nonce)
    return json(403, { message: 'This needs the nonce of sandbox.json in the X-Presso-Nonce header.' });
  if (url.pathname === '/_presso/stop') {
    setImmediate(() => control.stop());
    return json(202, { status: 'stopping' });
  }
  if (url.pathname === '/_presso/settle') {
    await world.settle();
    return json(200, {});
  }
  if (url.pathname === '/_presso/clock') {
    const ms = Number(url.searchParams.get('advance'));
    if (!Number.isFinite(ms) || ms < 0 || ms > 366 * 86_400_000)
      return json(400, { message: 'advance is a number of milliseconds from 0 to one year.' });
    await control.moveClock(ms);
    return json(200, { now: new Date(world.clock.now()).toISOString(), clockOffset: world.clock.offset });
  }
  if (url.pathname === '/_presso/reset') {
    await control.reset(url.searchParams.get('account') ?? undefined);
    return json(200, {});
  }
  return json(404, { message: `There is no ${url.pathname} here.` });
}
