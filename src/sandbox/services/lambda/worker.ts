/**
 * One execution environment of a function, in a worker thread: loads the deployed code as Lambda's Node.js runtime does
 * and runs one invocation at a time. Its own esbuild entry. What it may reach: its code, node's own modules, the AWS SDK
 * that presso carries, and 127.0.0.1. One file, because the order matters in which it changes clock, console, network and
 * modules before the function's code is loaded.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { existsSync } from 'node:fs';
import Module, { createRequire, isBuiltin, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import v8 from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type {
  AnswerMessage,
  CallMessage,
  FromWorker,
  FunctionFailure,
  InvokeMessage,
  ToWorker,
  WorkerData,
} from './protocol.ts';
import { shortenSdk } from './sdk-shortcut.ts';

const data = workerData as WorkerData;
const port = parentPort;
if (!port) throw new Error('This file runs in a worker of the sandbox.');
// The thread that answers everybody goes before those that ask: where all are busy, this one gives way. On Linux a thread
// has a priority of its own; elsewhere it would be the whole process's.
if (process.platform === 'linux')
  try {
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed to (a container): it runs as before.
  }
const say = (message: FromWorker): void => port.postMessage(message);

let clockOffset = 0;
let requestId: string | undefined;

// ---- time: the function's clock is the sandbox's ----

const RealDate = Date;
const realNow = RealDate.now;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(
      target,
      args.length === 0 ? [realNow() + clockOffset] : args,
      newTarget === globalThis.Date ? target : newTarget,
    ) as object,
  apply: () => new RealDate(realNow() + clockOffset).toString(),
  get: (target, name) =>
    name === 'now' ? () => realNow() + clockOffset : (Reflect.get(target, name, target) as unknown),
});
RealDate.prototype.constructor = globalThis.Date;
const stamp = (): string => new RealDate(realNow() + clockOffset).toISOString();

// ---- what is printed goes to the function's log ----

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const log = (line: string): void => say({ kind: 'log', time: realNow() + clockOffset, line });

function errorFields(error: Error): Record<string, unknown> {
  return {
    errorType: error instanceof RuntimeFault ? error.name : (error.constructor?.name ?? 'UnknownError'),
    errorMessage: hidePath(error.message),
    stackTrace: hidePath(error.stack ?? '').split('\n'),
  };
}

function print(level: string, values: unknown[]): void {
  if (!data.jsonLogs) log(`${stamp()}\t${requestId ?? 'undefined'}\t${level}\t${hidePath(format(...values))}`);
  else if (LEVELS.indexOf(level) >= LEVELS.indexOf(data.logLevel)) log(jsonLine(level, values));
}

function jsonLine(level: string, values: unknown[]): string {
  const entry: Record<string, unknown> = { timestamp: stamp(), level, requestId };
  const [first] = values;
  if (values.length === 1) {
    try {
      entry['message'] = first;
      return JSON.stringify(entry, (_key, value: unknown) =>
        value instanceof Error ? errorFields(value) : typeof value === 'string' ? hidePath(value) : value,
      );
    } catch {
      // Not JSON (a circle in it): written as text below.
    }
  }
  entry['message'] = hidePath(format(...values));
  const error = values.find((value) => value instanceof Error);
  if (values.length > 1 && error instanceof Error) Object.assign(entry, errorFields(error));
  return JSON.stringify(entry);
}

const methods: [keyof Console, string][] = [
  ['log', 'INFO'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
  ['trace', 'TRACE'],
  ['warn', 'WARN'],
  ['error', 'ERROR'],
];
for (const [name, level] of methods) Object.assign(console, { [name]: (...values: unknown[]) => print(level, values) });

for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    for (const line of text.replace(/\n$/, '').split('\n')) log(line);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') queueMicrotask(callback as () => void);
    return true;
  }) as typeof stream.write;
}

// The function's runtime is not this Node: the SDK's advice about its version is not for the function's log.
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = ((warning: string | Error, ...more: []): void => {
  if (!/AWS SDK for JavaScript/.test(String(warning))) emitWarning(warning, ...more);
}) as typeof process.emitWarning;

// ---- the network: this machine only ----

const loopback = (host: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\]|::ffff:127(\.\d{1,3}){3})$/i.test(host);

function unreachable(host: string, what = 'connect'): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(
    `${what} ENETUNREACH ${host}: a function in the sandbox reaches 127.0.0.1 only`,
  );
  error.code = 'ENETUNREACH';
  error.syscall = what;
  return error;
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
  const options = (typeof first === 'object' && first !== null ? first : undefined) as
    | { host?: string; port?: number | string; path?: string }
    | undefined;
  const pipe = options?.path ?? (typeof first === 'string' && Number.isNaN(Number(first)) ? first : undefined);
  const host = options ? (options.host ?? 'localhost') : typeof second === 'string' ? second : 'localhost';
  const refused = pipe ?? (loopback(host) ? undefined : `${host}:${String(options?.port ?? first)}`);
  if (refused === undefined) return connect.apply(this, args as Parameters<typeof connect>);
  process.nextTick(() => this.destroy(unreachable(refused)));
  return this;
} as typeof connect;

const resolvers = dns as unknown as Record<string, unknown>;
const promised = dns.promises as unknown as Record<string, unknown>;
for (const name of Object.keys(dns).filter((key) => /^(lookup|resolve|reverse)/.test(key))) {
  const callback = resolvers[name] as (...args: unknown[]) => unknown;
  resolvers[name] = (host: string, ...rest: unknown[]): unknown => {
    if (name === 'lookup' && loopback(host)) return callback(host, ...rest);
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done, unreachable(host, name));
    return undefined;
  };
  const promise = promised[name] as ((...args: unknown[]) => Promise<unknown>) | undefined;
  if (promise)
    promised[name] = async (host: string, ...rest: unknown[]): Promise<unknown> => {
      if (name === 'lookup' && loopback(host)) return promise(host, ...rest);
      throw unreachable(host, name);
    };
}
dgram.createSocket = (() => {
  throw unreachable('udp', 'socket');
}) as unknown as typeof dgram.createSocket;
const processes = childProcess as unknown as Record<string, unknown>;
for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'])
  processes[name] = () => {
    throw new Error(`child_process.${name}: a function in the sandbox starts no other program`);
  };
syncBuiltinESMExports();

// ---- the SDK's requests to the sandbox: handed to it, for it is this very process ----

const endpoint = new URL(process.env['AWS_ENDPOINT_URL'] || 'http://127.0.0.1:0');
const answers = new Map<number, (answer: AnswerMessage['answer']) => void>();
let calls = 0;
/** A handler that calls back ends when nothing is under way; then the port alone must not keep the thread. */
let loose = false;

let shortened = false;
function shorten(): void {
  if (shortened) return;
  shortened = true;
  try {
    shortenSdk(packageRequire, endpoint, ask);
  } catch {
    // An SDK that is not as expected: its calls go over the socket.
  }
}

let asked: CallMessage[] = [];
function ask(call: Omit<CallMessage, 'id'>): Promise<AnswerMessage['answer']> {
  return new Promise((done) => {
    const id = ++calls;
    answers.set(id, done);
    if (loose) port?.ref();
    asked.push({ ...call, id });
    if (asked.length === 1)
      queueMicrotask(() => {
        const calls = asked;
        asked = [];
        say({ kind: 'calls', calls });
      });
  });
}

function answered({ id, answer }: AnswerMessage): void {
  const done = answers.get(id);
  answers.delete(id);
  if (loose && answers.size === 0) port?.unref();
  done?.(answer);
}

// ---- modules: the function's own files, node's, and the SDK ----

const packageRequire = createRequire(data.packageFile);
const SDK = /^@(aws-sdk|smithy|aws-crypto|aws)\//;
type Resolve = (request: string, parent: { filename?: string } | undefined, ...more: unknown[]) => string;
const modules = Module as unknown as { _resolveFilename: Resolve };
const resolveFilename = modules._resolveFilename;
const inside = (file: string): boolean => file.startsWith(data.codeDir + path.sep);
modules._resolveFilename = function (this: unknown, request, parent, ...more) {
  const from = parent?.filename;
  const bare = !request.startsWith('.') && !path.isAbsolute(request) && !isBuiltin(request);
  if (!bare || from === undefined || !inside(from)) return resolveFilename.call(this, request, parent, ...more);
  try {
    const found = resolveFilename.call(this, request, parent, ...more);
    if (inside(found)) return found;
  } catch {
    // not among the function's own modules
  }
  if (SDK.test(request)) {
    try {
      const found = packageRequire.resolve(request);
      shorten();
      return found;
    } catch {
      // not carried
    }
  }
  const error: NodeJS.ErrnoException = new Error(
    `Cannot find module '${request}'\nRequire stack:\n- ${hidePath(from)}`,
  );
  error.code = 'MODULE_NOT_FOUND';
  throw error;
};

// ---- errors, as the runtime reports them ----

const sdkDir = path.join(path.dirname(data.packageFile), 'node_modules');
const PLACES = [
  [data.codeDir, '/var/task'],
  [sdkDir, '/var/runtime/node_modules'],
].flatMap(([from = '', to = '']) => [[pathToFileURL(from).href, `file://${to}`] as const, [from, to] as const]);
const OWN_FRAME =
  /\n {4}at [^\n]*\/services\/lambda\/worker\.[jt]s:[^\n]*(\n {4}at [^\n]*\(node:internal\/(event_target|per_context\/messageport):[^\n]*)*/g;

/** Where things are in Lambda instead of on this machine; the calls of this file are none of the function's. */
function hidePath(text: string): string {
  let shown = text.includes('/worker.') ? text.replace(OWN_FRAME, '') : text;
  for (const [from, to] of PLACES) if (shown.includes(from)) shown = shown.replaceAll(from, to);
  return shown;
}

function failureOf(error: unknown): FunctionFailure {
  if (error instanceof Error)
    return {
      errorType: error.name,
      errorMessage: hidePath(error.message),
      trace: hidePath(error.stack ?? '').split('\n'),
    };
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

class RuntimeFault extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** The line the runtime writes for an error that nobody caught. */
function logFailure(what: string, error: unknown): void {
  if (data.jsonLogs) {
    print('ERROR', [error instanceof Error ? error : new Error(String(error))]);
    return;
  }
  const failure = failureOf(error);
  const shown = {
    errorType: failure.errorType,
    errorMessage: failure.errorMessage,
    ...(error instanceof Error ? { ...error } : {}),
    stack: failure.trace,
  };
  let text: string;
  try {
    text = JSON.stringify(shown);
  } catch {
    text = JSON.stringify(failure);
  }
  log(`${stamp()}\t${requestId ?? 'undefined'}\tERROR\t${what} \t${text}`);
}

// ---- the handler ----

interface LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean;
  functionVersion: string;
  functionName: string;
  memoryLimitInMB: string;
  logGroupName: string;
  logStreamName: string;
  clientContext: unknown;
  identity: undefined;
  invokedFunctionArn: string;
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
  done?: (error: unknown, result?: unknown) => void;
  succeed?: (result: unknown) => void;
  fail?: (error: unknown) => void;
}
type Handler = (
  event: unknown,
  context: LambdaContext,
  callback?: (error: unknown, result?: unknown) => void,
) => unknown;

async function loadHandler(): Promise<Handler> {
  if (data.handler.includes('..'))
    throw new RuntimeFault(
      'Runtime.MalformedHandlerName',
      `'${data.handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  const slash = data.handler.lastIndexOf('/') + 1;
  const [moduleName = '', ...exported] = data.handler.slice(slash).split('.');
  if (exported.length === 0) throw new RuntimeFault('Runtime.MalformedHandlerName', 'Bad handler');
  const base = path.join(data.codeDir, data.handler.slice(0, slash), moduleName);
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find((name) => existsSync(name));
  let loaded: unknown;
  try {
    if (!file)
      throw Object.assign(new Error(`Cannot find module '${moduleName}'\nRequire stack:\n- /var/runtime/index.mjs`), {
        code: 'MODULE_NOT_FOUND',
      });
    loaded = await load(file);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const fault = new RuntimeFault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
      fault.stack = `${fault.name}: ${fault.message}\n${error.stack ?? ''}`;
      throw fault;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
      const part = /^Cannot find (?:module|package) '(@(?:aws-sdk|smithy)\/[^']+)'/.exec(message)?.[1];
      const lacking = part ? `\nLambda has ${part}; the sandbox carries the clients of its own services only.` : '';
      throw new RuntimeFault('Runtime.ImportModuleError', `Error: ${hidePath(message)}${lacking}`);
    }
    throw error;
  }
  let handler: unknown = loaded;
  for (const name of exported) handler = (handler as Record<string, unknown> | undefined)?.[name];
  if (handler === undefined)
    throw new RuntimeFault('Runtime.HandlerNotFound', `${data.handler} is undefined or not exported`);
  if (typeof handler !== 'function')
    throw new RuntimeFault('Runtime.HandlerNotFound', `${data.handler} is not a function`);
  if (handler.length > 2 && !callbacksAllowed)
    throw new RuntimeFault(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  return handler as Handler;
}

const callbacksAllowed = Number(/^nodejs(\d+)/.exec(data.runtime)?.[1] ?? 24) < 24;

async function load(file: string): Promise<unknown> {
  if (!file.endsWith('.mjs')) {
    try {
      return createRequire(file)(file) as unknown;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error;
    }
  }
  shorten();
  return import(pathToFileURL(file).href) as Promise<unknown>;
}

function contextOf(invocation: InvokeMessage, until: number): LambdaContext {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: '$LATEST',
    functionName: data.functionName,
    memoryLimitInMB: String(data.memorySize),
    logGroupName: data.logGroup,
    logStreamName: data.logStream,
    clientContext:
      invocation.clientContext === undefined ? undefined : (JSON.parse(invocation.clientContext) as unknown),
    identity: undefined,
    invokedFunctionArn: invocation.arn,
    awsRequestId: invocation.requestId,
    getRemainingTimeInMillis: () => Math.max(0, until - realNow()),
  };
}

/** Node.js 22 and before: the handler may answer by callback, or by nothing at all when its event loop runs empty. */
function callWithCallback(handler: Handler, event: unknown, context: LambdaContext): Promise<unknown> {
  return new Promise((done, fail) => {
    const end = (error: unknown, result?: unknown): void => {
      process.removeListener('beforeExit', empty);
      loose = false;
      port?.ref();
      if (error === undefined || error === null) done(result);
      else fail(error);
    };
    const empty = (): void => end(undefined, null);
    context.succeed = (result) => end(undefined, result);
    context.fail = (error) => end(error ?? 'handled');
    context.done = end;
    const returned = handler(event, context, end);
    if (returned && typeof (returned as PromiseLike<unknown>).then === 'function')
      (returned as PromiseLike<unknown>).then((result) => end(undefined, result), end);
    else {
      process.once('beforeExit', empty);
      loose = true;
      if (answers.size === 0) port?.unref();
    }
  });
}

let settle: ((failure: FunctionFailure) => void) | undefined;

async function invoke(handler: Handler, invocation: InvokeMessage): Promise<void> {
  ({ clockOffset, requestId } = invocation);
  const began = performance.now();
  const context = contextOf(invocation, realNow() + invocation.timeout);
  const answer: { payload?: string; failure?: FunctionFailure; broken?: boolean } = {};
  // An exception that escapes while this runs ends it, and the environment with it.
  const escaped = new Promise<never>((_, fail) => {
    settle = (failure) => {
      answer.broken = true;
      fail(failure);
    };
  });
  escaped.catch(() => {});
  try {
    const event: unknown = JSON.parse(invocation.payload);
    const running = callbacksAllowed
      ? callWithCallback(handler, event, context)
      : Promise.resolve(handler(event, context));
    const result: unknown = await Promise.race([running, escaped]);
    try {
      answer.payload = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch (error) {
      throw new RuntimeFault('Runtime.MarshalError', `Unable to stringify response body: ${String(error)}`);
    }
  } catch (error) {
    if (answer.broken) answer.failure = error as FunctionFailure;
    else {
      answer.failure = failureOf(error);
      logFailure('Invoke Error', error);
    }
  }
  settle = undefined;
  say({
    kind: 'done',
    requestId: invocation.requestId,
    durationMs: performance.now() - began,
    memory: v8.getHeapStatistics().used_heap_size,
    ...answer,
  });
}

function unhandled(what: string, error: unknown, failure: FunctionFailure): void {
  logFailure(what, error);
  settle?.(failure);
}
process.on('uncaughtException', (error) => unhandled('Uncaught Exception', error, failureOf(error)));
process.on('unhandledRejection', (reason) => {
  const inner = failureOf(reason);
  const fault = new RuntimeFault('Runtime.UnhandledPromiseRejection', `${inner.errorType}: ${inner.errorMessage}`);
  unhandled('Unhandled Promise Rejection', Object.assign(fault, { reason: inner }), failureOf(fault));
});

const started = performance.now();
let loadedHandler: Handler | undefined;
port.on('message', (message: ToWorker) => {
  if (message.kind === 'answers') for (const answer of message.answers) answered(answer);
  else if (loadedHandler) void invoke(loadedHandler, message);
});
loadHandler().then(
  (handler) => {
    loadedHandler = handler;
    say({ kind: 'ready', initMs: performance.now() - started });
  },
  (error: unknown) => {
    logFailure('Uncaught Exception', error);
    say({ kind: 'init-failed', failure: failureOf(error), initMs: performance.now() - started });
  },
);
