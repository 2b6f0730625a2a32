/**
 * The AWS SDK inside a function, on the short way to the sandbox: what it asks is handed over to the thread that answers,
 * for that is this very process, and the steps that only matter on a network are left out. Whatever is not certain (an
 * error, a client or a command that somebody changed, another endpoint) goes through the SDK's own pipeline. One file, half
 * of it the shapes of what the SDK does not export: handler, signer and client are changed together or not at all.
 */
import type { AnswerMessage, CallMessage } from './protocol.ts';

/** Hands a request over; undefined when the connection was dropped. */
export type Ask = (call: Omit<CallMessage, 'id'>) => Promise<AnswerMessage['answer']>;

interface SdkRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}
interface SdkResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}
type Handle = (this: unknown, request: SdkRequest, options?: { abortSignal?: AbortSignal }) => Promise<unknown>;

interface Signing {
  signingDate?: Date;
  signingRegion?: string;
  signingService?: string;
}
interface Identity {
  accessKeyId: string;
  sessionToken?: string;
}
interface Signer {
  credentialProvider(): Promise<Identity>;
  regionProvider(): Promise<string>;
  service: string;
  signRequest(request: SdkRequest, signing?: Signing): Promise<SdkRequest>;
}

type Next = (args: { request: SdkRequest }) => Promise<{ response: unknown }>;
interface Stack {
  identify(): string[];
  add(
    middleware: (next: Next, context: Record<string, unknown>) => Next,
    options: { name: string; step: 'deserialize'; priority: 'low' },
  ): unknown;
  addRelativeTo(...args: unknown[]): unknown;
  use(...args: unknown[]): unknown;
  remove(...args: unknown[]): unknown;
  removeByTag(...args: unknown[]): unknown;
}

/** How the SDK writes a request of an operation and reads its answer (its schema-based clients). */
interface Protocol {
  serializeRequest(operation: Operation, input: unknown, context: object): Promise<SdkRequest>;
  deserializeResponse(operation: Operation, context: object, response: SdkResponse): Promise<Output>;
}
interface Operation {
  namespace: string;
  name: string;
  traits: unknown;
  input: unknown;
  output: unknown;
}
interface Output {
  $metadata: { attempts?: number; totalRetryDelay?: number };
}
interface SdkCommand {
  middlewareStack: Stack;
  schema?: [kind: number, namespace: string, name: string, traits: unknown, input: unknown, output: unknown];
  input: Record<string, unknown>;
}
interface Config {
  cacheMiddleware?: boolean;
  protocol?: Protocol;
  credentials?: () => Promise<Identity>;
  endpoint?: unknown;
  region?: unknown;
  requestHandler?: unknown;
  logger?: unknown;
}
interface SdkClient {
  config: Config;
  middlewareStack: Stack;
  handlers?: unknown;
  send(this: SdkClient, command: SdkCommand, ...more: unknown[]): unknown;
}

/** What is known of an operation of a client once it went through the whole pipeline. */
interface Route {
  operation: Operation;
  /** Of the pipeline: its configuration and the endpoint. */
  context: object;
  /** Region and service, as a credential's scope names them. */
  scope: string;
  host: string;
  /** The client's settings that this was learnt under. */
  under: unknown[];
}

const settingsOf = ({ protocol, endpoint, region, requestHandler, logger }: Config): unknown[] => [
  protocol,
  endpoint,
  region,
  requestHandler,
  logger,
];

/**
 * The services whose operations are nothing but a request and an answer: their clients add no step of their own to those
 * listed below.
 */
const PLAIN_SERVICES = new Set([
  'com.amazonaws.dynamodb',
  'com.amazonaws.eventbridge',
  'com.amazonaws.iotdataplane',
  'com.amazonaws.lambda',
  'com.amazonaws.sfn',
]);

/** The step that learns how a request of its kind is sent. */
const SCOUT = 'scoutMiddleware';

/** Steps of the pipeline that do nothing for a request that is handed over, or that are done here too. */
const PLAIN_STEPS = new Set([
  SCOUT,
  'loggerMiddleware',
  'serializerMiddleware',
  'deserializerMiddleware',
  'contentLengthMiddleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'recursionDetectionMiddleware',
  'retryMiddleware',
  'httpSigningMiddleware',
  'httpAuthSchemeMiddleware',
  'endpointV2Middleware',
]);
const isPlain = (identified: string): boolean => PLAIN_STEPS.has(identified.replace(/ .*/s, ''));

function sameSettings(config: Config, { under }: Route): boolean {
  const now = settingsOf(config);
  return under.every((one, i) => one === now[i]);
}

function queryText(query: SdkRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? name : `${encodeURIComponent(name)}=${encodeURIComponent(one ?? '')}`)),
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

const date = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '');

/**
 * The sandbox reads who calls, from where and for what, and checks no signature: what goes there names its credential
 * and is not hashed over. A signature was a seventh of what a function's calls cost.
 */
function nameCaller(
  { headers }: SdkRequest,
  { accessKeyId, sessionToken }: Identity,
  now: string,
  scope: string,
): void {
  headers['x-amz-date'] = now;
  if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken;
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${now.slice(0, 8)}/${scope}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
}

/** `load` finds the SDK's packages; throws where one of them is not as it is expected. */
export function shortenSdk(load: (name: string) => unknown, endpoint: URL, ask: Ask): void {
  const { NodeHttpHandler } = load('@smithy/node-http-handler') as {
    NodeHttpHandler: { prototype: { handle: Handle } };
  };
  const { SignatureV4 } = load('@smithy/signature-v4') as { SignatureV4: { prototype: Signer } };
  const { Client } = load('@smithy/core/client') as { Client: { prototype: SdkClient } };

  const samePort = (port: unknown): boolean => String(port ?? '') === endpoint.port;
  /** Operations that put a prefix before the host (sync-127.0.0.1) mean the same endpoint. */
  const goesHere = ({ hostname, port }: SdkRequest): boolean =>
    (hostname === endpoint.hostname || hostname.endsWith(`-${endpoint.hostname}`)) && samePort(port);

  async function handOver(request: SdkRequest): Promise<SdkResponse | undefined> {
    const { method, path, query, body = '' } = request;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
    // Bytes are a view of a larger buffer, all of which would be copied.
    const content = typeof body === 'string' ? body : new Uint8Array(body as Uint8Array);
    const answer = await ask({ method, url: path + queryText(query), headers, body: content });
    if (!answer) return undefined;
    const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
    return { statusCode: answer.status, headers: answer.headers, body: bytes };
  }
  const sendable = (body: unknown): boolean =>
    body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const dropped = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

  const unlessAborted = <T>(answer: Promise<T>, signal: AbortSignal): Promise<T> =>
    new Promise((done, fail) => {
      const abort = (): void => fail(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
      signal.addEventListener('abort', abort, { once: true });
      answer.then(done, fail).finally(() => signal.removeEventListener('abort', abort));
    });

  const { handle } = NodeHttpHandler.prototype;
  NodeHttpHandler.prototype.handle = async function (request, options) {
    const { abortSignal } = options ?? {};
    // A call that was given up already is for the real handler to refuse.
    if (!goesHere(request) || !sendable(request.body) || abortSignal?.aborted)
      return handle.call(this, request, options);
    const response = await (abortSignal ? unlessAborted(handOver(request), abortSignal) : handOver(request));
    if (!response) throw dropped();
    return { response };
  };

  const { signRequest } = SignatureV4.prototype;
  SignatureV4.prototype.signRequest = async function (request, signing = {}) {
    if (!goesHere(request)) return signRequest.call(this, request, signing);
    const region = signing.signingRegion ?? (await this.regionProvider());
    const identity = await this.credentialProvider();
    const scope = `${region}/${signing.signingService ?? this.service}`;
    nameCaller(request, identity, date(signing.signingDate ?? new Date()), scope);
    return request;
  };

  const { send } = Client.prototype;
  /** By client and kind of command; empty again when the client is changed. */
  const routes = new WeakMap<SdkClient, Map<unknown, Route | 'whole'>>();

  /** Watches a command on its way through the whole pipeline, and keeps what the next of its kind needs. */
  function scout(client: SdkClient, command: SdkCommand, known: Map<unknown, Route | 'whole'>): unknown {
    const { schema } = command;
    const kind = command.constructor;
    known.set(kind, 'whole');
    if (!schema || !PLAIN_SERVICES.has(schema[1]) || !client.config.protocol || !client.config.credentials)
      return send.call(client, command);
    const [, namespace, name, traits, input, output] = schema;
    const look =
      (next: Next, context: Record<string, unknown>): Next =>
      async (args) => {
        const { request } = args;
        const scope = /Credential=[^/]+\/\d+\/([^/]+\/[^/]+)\//.exec(request.headers['authorization'] ?? '')?.[1];
        const { pathname } = (context['endpointV2'] as { url?: URL } | undefined)?.url ?? endpoint;
        const logger = (context['logger'] as object | undefined)?.constructor.name ?? 'NoOpLogger';
        // What the command brings along is among its own steps by now.
        const steps = [...client.middlewareStack.identify(), ...command.middlewareStack.identify()];
        const plain = steps.every(isPlain) && logger === 'NoOpLogger' && pathname === '/';
        if (plain && scope !== undefined && request.hostname === endpoint.hostname && samePort(request.port)) {
          const { protocol, hostname, port } = request;
          const context_ = {
            ...client.config,
            ...context,
            endpoint: async () => ({ protocol, hostname, port, path: '/' }),
          };
          const operation = { namespace, name, traits, input, output };
          known.set(kind, {
            operation,
            context: context_,
            scope,
            host: endpoint.host,
            under: settingsOf(client.config),
          });
        }
        return next(args);
      };
    command.middlewareStack.add(look, { name: SCOUT, step: 'deserialize', priority: 'low' });
    return send.call(client, command, {});
  }

  async function straight(client: SdkClient, command: SdkCommand, route: Route): Promise<unknown> {
    const { operation, context, scope, host } = route;
    const { protocol, credentials } = client.config as Required<Config>;
    let request: SdkRequest;
    try {
      request = await protocol.serializeRequest(operation, command.input, context);
      if (!sendable(request.body)) return send.call(client, command);
      request.headers['host'] = host;
      nameCaller(request, await credentials(), date(new Date()), scope);
    } catch {
      // Input that does not fit: the SDK says so in its own way.
      return send.call(client, command);
    }
    const response = await handOver(request);
    if (response && response.statusCode < 300) {
      const { statusCode, headers, body } = response;
      try {
        const output = await protocol.deserializeResponse(operation, context, {
          statusCode,
          headers: { ...headers },
          body,
        });
        Object.assign(output.$metadata, { attempts: 1, totalRetryDelay: 0 });
        return output;
      } catch {
        // An answer that cannot be read: below.
      }
    }
    // The pipeline gets this answer as that of its first try, and makes an error or further tries of it.
    let first = true;
    command.middlewareStack.add(
      (next) => async (args) => {
        if (!first) return next(args);
        first = false;
        if (!response) throw dropped();
        return { response };
      },
      { name: 'firstAnswerMiddleware', step: 'deserialize', priority: 'low' },
    );
    return send.call(client, command, {});
  }

  Client.prototype.send = function (command, ...more) {
    let known = routes.get(this);
    if (!known) {
      known = new Map();
      routes.set(this, known);
      // A client puts its middleware in order anew for each call, which takes half of the call. The SDK can keep the
      // result (its own `cacheMiddleware`); it is let do so until somebody changes what is in the stack.
      this.config.cacheMiddleware ??= true;
      const stack = this.middlewareStack;
      for (const name of ['add', 'addRelativeTo', 'use', 'remove', 'removeByTag'] as const) {
        const change = stack[name] as (...args: unknown[]) => unknown;
        stack[name] = (...args: unknown[]) => {
          delete this.handlers;
          routes.get(this)?.clear();
          return change(...args);
        };
      }
    }
    if (more.length > 0) return send.call(this, command, ...more);
    // A command with middleware of its own is resolved by itself: options of any kind ask for that.
    if (command.middlewareStack.identify().length > 0) return send.call(this, command, {});
    const route = known.get(command.constructor);
    if (route === undefined || (route !== 'whole' && !sameSettings(this.config, route)))
      return scout(this, command, known);
    // An endpoint of EventBridge's own kind is for the SDK to refuse.
    if (route === 'whole' || command.input?.['EndpointId'] !== undefined) return send.call(this, command);
    return straight(this, command, route);
  };
}
