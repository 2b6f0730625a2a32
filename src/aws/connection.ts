/**
 * One set of SDK clients for one account and Region; each client is loaded when it is first asked for.
 * The only room that imports @aws-sdk: one file a service, plain values out.
 */

import { setMaxListeners } from 'node:events';

export interface ConnectionOptions {
  region: string;
  /** Given for the sandbox and for --endpoint-url. */
  endpoint?: string;
  profile?: string;
  /** The sandbox's dummy credentials, or a role's session. Nothing else is looked up when they are given. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Asked for a code when the profile needs MFA. */
  mfaCode?: (serial: string) => Promise<string>;
  /** Rate control for many accounts: the SDK's adaptive mode. */
  adaptive?: boolean;
}

/** What STS gives for a while. */
export interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export interface ClientConfig {
  region: string;
  maxAttempts: number;
  retryMode: string;
  /** What a call goes through is put together once for each operation, not for each call: a rush makes thousands. */
  cacheMiddleware: boolean;
  disableHostPrefix?: boolean;
  useFipsEndpoint?: boolean;
  useDualstackEndpoint?: boolean;
  endpoint?: string;
  profile?: string;
  // biome-ignore lint/suspicious/noExplicitAny: every client accepts the provider's type, none exports the same one.
  credentials?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  requestHandler?: any;
}

export interface Connection {
  readonly region: string;
  /** Of the sandbox or of --endpoint-url; AWS's own where there is none. */
  readonly endpoint?: string;
  /** The client of that name, made once by `make`. */
  client<T extends { destroy(): void }>(name: string, make: (config: ClientConfig) => Promise<T>): Promise<T>;
  /** The same account, as the same caller, in another Region; closed with this one. */
  inRegion(region: string): Connection;
  /**
   * The same endpoint as another caller (a role in an attendee's account), at the pace AWS allows it. Closed by itself,
   * which ends its calls under way; its sockets are those of all others made here.
   */
  as(credentials: () => Promise<Session>, region: string): Connection;
  close(): void;
}

export async function connect(options: ConnectionOptions): Promise<Connection> {
  const config: ClientConfig = {
    region: options.region,
    maxAttempts: 5,
    retryMode: options.adaptive ? 'adaptive' : 'standard',
    cacheMiddleware: true,
  };
  if (options.endpoint) {
    config.endpoint = options.endpoint;
    config.disableHostPrefix = true;
    // Settings of the shell that only AWS's own endpoints have; with another one the SDK would refuse.
    config.useFipsEndpoint = false;
    config.useDualstackEndpoint = false;
  }
  if (options.credentials) config.credentials = options.credentials;
  else {
    const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
    config.credentials = fromNodeProviderChain({
      ...(options.profile ? { profile: options.profile } : {}),
      ...(options.mfaCode ? { mfaCodeProvider: options.mfaCode } : {}),
      clientConfig: { region: options.region },
    });
    if (options.profile) config.profile = options.profile;
  }
  return connectionOf(config);
}

function connectionOf(config: ClientConfig, lent?: Lent): Connection {
  const siblings: Connection[] = [];
  const clients = new Map<string, Promise<{ destroy(): void }>>();
  let pool: Promise<Pool> | undefined;
  /** Clients on sockets and settings that all made from here share; `ending` cuts off the calls of one of them. */
  const borrow =
    (ending?: AbortSignal): Lent =>
    async (name, make, wanted) => {
      pool ??= poolOf(config);
      const { handler, settings } = await pool;
      const client = await make({
        ...wanted,
        ...(settings.get(name) ?? settings.get('any')),
        requestHandler: guest(handler, ending),
      });
      if (!settings.has(name)) settings.set(name, ambientOf(client));
      return client;
    };
  return {
    region: config.region,
    ...(config.endpoint ? { endpoint: config.endpoint } : {}),
    inRegion(region) {
      const sibling = connectionOf({ ...config, region }, lent ?? borrow());
      siblings.push(sibling);
      return sibling;
    },
    as(credentials, region) {
      const { profile: _, ...rest } = config;
      const ending = new AbortController();
      // As many calls listen as are under way; that is no leak.
      setMaxListeners(0, ending.signal);
      const own = { ...rest, region, credentials, retryMode: 'adaptive', maxAttempts: 8 };
      const made = connectionOf(own, borrow(ending.signal));
      return {
        ...made,
        close() {
          ending.abort();
          made.close();
        },
      };
    },
    client<T extends { destroy(): void }>(name: string, make: (config: ClientConfig) => Promise<T>): Promise<T> {
      let made = clients.get(name);
      if (!made) {
        made = lent === undefined ? make(config) : lent(name, make, config);
        clients.set(name, made);
      }
      return made as Promise<T>;
    },
    close() {
      for (const sibling of siblings) sibling.close();
      for (const made of clients.values()) made.then(end).catch(() => {});
      pool?.then(({ close }) => close()).catch(() => {});
    },
  };
}

/** Cuts a client's calls off: without this the SDK would take the end of its sockets for bad luck, and try again. */
function end(client: { destroy(): void }): void {
  const { requestHandler } = (client as { config?: { requestHandler?: Handler } }).config ?? {};
  if (requestHandler)
    requestHandler.handle = () =>
      Promise.reject(Object.assign(new Error('presso has closed the connection'), { name: 'AbortError' }));
  client.destroy();
}

/** What the SDK asks of a request handler. */
interface Handler {
  metadata?: unknown;
  handle(request: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** Makes a client with what is shared. */
type Lent = <T extends { destroy(): void }>(
  name: string,
  make: (config: ClientConfig) => Promise<T>,
  wanted: ClientConfig,
) => Promise<T>;

interface Pool {
  handler: Handler;
  /** By client: what the first of its kind read from the shell and the AWS configuration, for the thousand after it. */
  settings: Map<string, Partial<ClientConfig>>;
  close(): void;
}

/** Settings of a client that are functions which answer from memory after the first time. */
const AMBIENT = [
  'useFipsEndpoint',
  'useDualstackEndpoint',
  'defaultsMode',
  'userAgentAppId',
  'disableClockSkewCorrection',
  'authSchemePreference',
  'sigv4aSigningRegionSet',
  'accountIdEndpointMode',
  'endpointDiscoveryEnabledProvider',
];

function ambientOf(client: object): Partial<ClientConfig> {
  const { config = {} } = client as { config?: Record<string, unknown> };
  return Object.fromEntries(
    AMBIENT.flatMap((name) => (typeof config[name] === 'function' ? [[name, config[name]]] : [])),
  );
}

/** Sockets and settings for many callers: those of a client that makes no call of its own. */
async function poolOf(config: ClientConfig): Promise<Pool> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  // How many calls are under way is limited by who makes them; a limit here would let those that hang hold up the rest.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1_024 };
  const client = new STSClient({
    ...config,
    requestHandler: { httpAgent: agent, httpsAgent: agent, socketTimeout: 300_000 },
  });
  return {
    handler: client.config.requestHandler as unknown as Handler,
    settings: new Map([['any', ambientOf(client)]]),
    close: () => client.destroy(),
  };
}

/** The pool's handler for one caller, whose end cuts off its own calls and nobody else's. */
const guest = (handler: Handler, ending: AbortSignal | undefined): Handler & Record<string, unknown> => ({
  metadata: handler.metadata,
  handle: (request, options = {}) => {
    if (!ending) return handler.handle(request, options);
    const { abortSignal } = options;
    return handler.handle(request, { abortSignal: abortSignal ? AbortSignal.any([abortSignal, ending]) : ending });
  },
  updateHttpClientConfig: () => {},
  httpHandlerConfigs: () => ({}),
  destroy: () => {},
});

/** The connection itself where its Region is meant or none is named, else its sibling there. */
export const inRegion = (connection: Connection, region: string | undefined): Connection =>
  region === undefined || region === connection.region ? connection : connection.inRegion(region);

/** The Region of a profile in the AWS configuration, when neither flag nor variable names one. */
export async function configuredRegion(profile: string | undefined): Promise<string | undefined> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(profile ? { profile } : {});
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
