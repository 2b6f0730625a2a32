/** Starts the sandbox in this process: data folder, lock, world file, server. Touches the disk and the network. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Clock } from './clock.ts';
import { SandboxError } from './errors.ts';
import { createFaults, type FaultOptions } from './faults.ts';
import { createSandboxServer, serviceAnswer } from './server.ts';
import { allServices } from './services/index.ts';
import { type LogLine, World } from './world.ts';

export interface SandboxOptions {
  /** 0 takes any free port. */
  port?: number;
  /** Take any other port when that one is in use. */
  anyPort?: boolean;
  /** 127.0.0.1 unless asked. */
  host?: string;
  /** Where state is kept; memory only without it. */
  dir?: string;
  version?: string;
  /** How long an IN_PROGRESS lasts, in milliseconds. */
  pace?: number;
  enforceIam?: boolean;
  /** Run the caller under this role instead of as the administrator. */
  callerRole?: string;
  faults?: FaultOptions;
  /** How late ListExecutions is, in milliseconds. */
  eventual?: number;
  log?: (line: LogLine) => void;
  random?: (length: number) => Uint8Array;
}

export interface Sandbox {
  endpoint: string;
  port: number;
  nonce: string;
  /** Moves the clock; what falls due on the way happens in order. */
  advance(ms: number): Promise<void>;
  /** Waits until deliveries and executions are done or wait for the clock or a token. */
  settle(): Promise<void>;
  reset(account?: string): Promise<void>;
  close(): Promise<void>;
  /** Resolves when it has closed, however that came about. */
  closed: Promise<void>;
}

/** Data written by a newer format is not touched. */
const FORMAT = 1;

interface WorldFile {
  format: number;
  clockOffset: number;
}

/** Starts the sandbox in this process. Throws SandboxError when the port is taken, the folder is not usable or in use. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { dir, host = '127.0.0.1' } = options;
  const unlock = dir === undefined ? undefined : await lock(dir);
  try {
    return await start(options, dir, host, async () => unlock?.());
  } catch (error) {
    await unlock?.();
    throw error;
  }
}

async function start(
  options: SandboxOptions,
  dir: string | undefined,
  host: string,
  unlock: () => Promise<void>,
): Promise<Sandbox> {
  const file = dir === undefined ? undefined : readWorldFile(dir);
  const clock = new Clock(file?.clockOffset ?? 0);
  const nonce = randomBytes(16).toString('hex');
  const faults = createFaults(options.faults ?? {});
  const makeWorld = (): World => {
    const made = new World({
      dir,
      clock,
      services: allServices(),
      ...(options.random ? { random: options.random } : {}),
      pace: options.pace ?? 0,
      enforceIam: options.enforceIam ?? true,
      callerRole: options.callerRole,
      eventual: options.eventual,
      log: options.log ?? (() => {}),
    });
    made.door = (wire) => serviceAnswer(wire, made, faults);
    return made;
  };
  let world = makeWorld();
  let closing: Promise<void> | undefined;
  let tellClosed = (): void => {};
  const closed = new Promise<void>((done) => {
    tellClosed = done;
  });
  const saveClock = (): void => {
    if (dir !== undefined) writeAtomically(path.join(dir, 'world.json'), { format: FORMAT, clockOffset: clock.offset });
  };

  const reset = async (account?: string): Promise<void> => {
    const endpoint = world.endpoint;
    await world.close();
    if (dir !== undefined) {
      rmSync(path.join(dir, 'accounts', account ?? ''), { recursive: true, force: true });
      mkdirSync(path.join(dir, 'accounts'), { recursive: true, mode: 0o700 });
    }
    world = makeWorld();
    world.endpoint = endpoint;
    if (dir !== undefined) wakeAccounts(dir, world);
  };
  const advance = async (ms: number): Promise<void> => {
    await clock.advance(ms, () => world.settle());
    saveClock();
  };
  const close = (): Promise<void> => {
    closing ??= (async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
      await world.close();
      if (dir !== undefined) {
        saveClock();
        rmSync(path.join(dir, 'sandbox.json'), { force: true });
      }
      await unlock();
      tellClosed();
    })();
    return closing;
  };

  const server = createSandboxServer(
    () => world,
    {
      version: options.version ?? '0',
      nonce,
      started: Date.now(),
      clock,
      stop: () => void close(),
      moveClock: advance,
      reset,
    },
    faults,
  );
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? new SandboxError(
              'port-in-use',
              `Port ${options.port} is in use by another program.`,
              `presso sandbox start --port ${(options.port ?? 0) + 1}`,
            )
          : new SandboxError(
              'cannot-listen',
              `The sandbox cannot listen on ${host}:${options.port}: ${error.message}.`,
              'presso sandbox start --port 4566',
            ),
      ),
    );
    server.listen(options.port ?? 0, host, () => done());
  }).catch((error: unknown) => {
    if (!(options.anyPort && error instanceof SandboxError && error.code === 'port-in-use')) throw error;
    return new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(0, host, () => done());
    });
  });
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  world.endpoint = endpoint;
  if (dir !== undefined) {
    saveClock();
    writeAtomically(path.join(dir, 'sandbox.json'), {
      pid: process.pid,
      port,
      endpoint,
      version: options.version ?? '0',
      nonce,
      started: new Date().toISOString(),
    });
    wakeAccounts(dir, world);
  }
  return { endpoint, port, nonce, advance, settle: () => world.settle(), reset, close, closed };
}

/** What was under way when the last process ended goes on: each account's data is opened, which wakes its services. */
function wakeAccounts(dir: string, world: World): void {
  const accounts = readdirSync(path.join(dir, 'accounts')).filter((name) => /^\d{12}$/.test(name));
  world.background('waking accounts', async () => {
    for (const account of accounts) await world.open(account);
  });
}

async function lock(dir: string): Promise<() => Promise<void>> {
  try {
    mkdirSync(path.join(dir, 'accounts'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(dir, error);
  }
  // LevelDB holds an operating-system lock on its folder, which ends with the process, however it dies.
  const { ClassicLevel } = await import('classic-level');
  const level = new ClassicLevel(path.join(dir, 'lock'));
  try {
    await level.open();
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    if (cause?.code === 'LEVEL_LOCKED')
      throw new SandboxError('data-in-use', `Another sandbox is using ${dir}.`, 'presso sandbox stop');
    throw notWritable(dir, error);
  }
  return () => level.close();
}

function notWritable(dir: string, error: unknown): SandboxError {
  const reason =
    error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
  return new SandboxError(
    'data-not-writable',
    `The sandbox cannot write its data to ${dir}: ${reason.replace(/\.$/, '')}.`,
    'presso sandbox start --data DIR',
  );
}

function readWorldFile(dir: string): WorldFile | undefined {
  let text: string;
  try {
    text = readFileSync(path.join(dir, 'world.json'), 'utf8');
  } catch {
    return undefined;
  }
  let file: Partial<WorldFile>;
  try {
    file = JSON.parse(text) as Partial<WorldFile>;
  } catch {
    throw new SandboxError(
      'data-damaged',
      `The sandbox's file ${path.join(dir, 'world.json')} is damaged.`,
      'presso sandbox reset',
    );
  }
  if ((file.format ?? 0) > FORMAT)
    throw new SandboxError(
      'data-newer',
      `The sandbox's data in ${dir} was written by a newer presso.`,
      'npm install --global presso@latest',
    );
  return { format: file.format ?? FORMAT, clockOffset: Number(file.clockOffset ?? 0) };
}

function writeAtomically(file: string, value: unknown): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(part, file);
}
