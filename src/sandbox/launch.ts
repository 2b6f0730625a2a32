/**
 * The sandbox as a process of its own: found by DIR/sandbox.json, known by its nonce, stopped over HTTP.
 * Touches the disk, the network (loopback) and starts a process.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { SandboxError } from './errors.ts';

export interface RunningSandbox {
  pid: number;
  port: number;
  endpoint: string;
  version: string;
  nonce: string;
  started: string;
}

export interface Health {
  status: string;
  version: string;
  pid: number;
  nonce: string;
  started: string;
  now: string;
  clockOffset: number;
  memory: number;
}

const LARGEST_LOG = 10 * 1024 * 1024;

/** How far the clock of the sandbox behind an endpoint was moved, in milliseconds; 0 where something else answers there. */
export async function clockAhead(endpoint: string): Promise<number> {
  try {
    const response = await fetch(`${endpoint}/_presso/health`, { signal: AbortSignal.timeout(2_000) });
    return ((await response.json()) as Partial<Health>).clockOffset ?? 0;
  } catch {
    return 0;
  }
}

/** The sandbox that uses `dir`, if one runs: its file is there and health echoes the same nonce. */
export async function findSandbox(dir: string): Promise<(RunningSandbox & { health: Health }) | undefined> {
  let file: RunningSandbox;
  try {
    file = JSON.parse(readFileSync(path.join(dir, 'sandbox.json'), 'utf8')) as RunningSandbox;
  } catch {
    return undefined;
  }
  try {
    const response = await fetch(`http://127.0.0.1:${Number(file.port)}/_presso/health`, {
      signal: AbortSignal.timeout(3_000),
    });
    const health = (await response.json()) as Health;
    return health.nonce === file.nonce ? { ...file, health } : undefined;
  } catch {
    return undefined;
  }
}

/** Asks the running sandbox for something that only who can read its file may ask. */
export async function control(running: RunningSandbox, pathAndQuery: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${running.port}/_presso/${pathAndQuery}`, {
    method: 'POST',
    headers: { 'x-presso-nonce': running.nonce },
  });
  const body = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new SandboxError('control', String(body['message']), 'presso sandbox status');
  return body;
}

/** Asks it to stop and waits until it has: its file is gone and its port is free. */
export async function stopSandbox(dir: string): Promise<RunningSandbox | undefined> {
  const running = await findSandbox(dir);
  if (!running) return undefined;
  await control(running, 'stop');
  for (let tries = 0; tries < 200; tries++) {
    if (!alive(running.pid)) return running;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new SandboxError(
    'will-not-stop',
    `The sandbox (process ${running.pid}) was asked to stop and has not.`,
    `kill ${running.pid}`,
  );
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts it detached and waits until it is ready, or says why it cannot be. `args` are process.ts's own flags. */
export async function launchSandbox(processFile: string, dir: string, args: string[]): Promise<RunningSandbox> {
  let log: number;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = path.join(dir, 'sandbox.log');
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG) renameSync(file, `${file}.1`);
    log = openSync(file, 'a', 0o600);
  } catch (error) {
    throw new SandboxError(
      'data-not-writable',
      `The sandbox cannot write its data to ${dir}: ${(error as Error).message}.`,
      'presso sandbox start --data DIR',
    );
  }
  const child = spawn(process.execPath, [processFile, '--data', dir, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: withoutForeignSettings(process.env),
  });
  const ready = await new Promise<{ error?: { code: string; sentence: string; hint: string } }>((done) => {
    child.once('message', (message) => done(message as object));
    child.once('exit', (code) =>
      done({
        error: {
          code: 'did-not-start',
          sentence: `The sandbox ended with code ${code} before it was ready; its log is ${path.join(dir, 'sandbox.log')}.`,
          hint: 'presso sandbox logs',
        },
      }),
    );
  });
  child.removeAllListeners('exit');
  if (child.connected) child.disconnect();
  child.unref();
  if (ready.error) throw new SandboxError(ready.error.code, ready.error.sentence, ready.error.hint);
  const running = await findSandbox(dir);
  if (!running)
    throw new SandboxError('did-not-start', 'The sandbox started and went away at once.', 'presso sandbox logs');
  return running;
}

/** The sandbox serves the laptop: no credentials, proxy or Node options of the shell follow it into its functions. */
function withoutForeignSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(AWS_|HTTPS?_PROXY$|ALL_PROXY$|NO_PROXY$|NODE_OPTIONS$|NODE_V8_COVERAGE$)/i.test(name),
    ),
  );
}
