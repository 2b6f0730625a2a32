/** Starting the sandbox, detached or in front. */
import { SANDBOX_PORT } from '../command.ts';
import { PressoError } from '../errors.ts';
import { distFile } from '../paths.ts';
import { findSandbox, launchSandbox, type RunningSandbox, startSandbox } from '../sandbox/index.ts';
import { paint, say, sayJson, tell } from '../terminal.ts';

export interface StartOptions {
  dir: string;
  version: string;
  json: boolean;
  port?: number | undefined;
  as?: string | undefined;
  'no-iam': boolean;
  latency?: number | undefined;
  throttle?: string | undefined;
  fault?: string | undefined;
  drop?: string | undefined;
  seed?: number | undefined;
  eventual?: number | undefined;
  window?: number | undefined;
}

const FAULTS = ['latency', 'throttle', 'fault', 'drop', 'seed', 'eventual', 'window'] as const;

export async function startDetached(options: StartOptions): Promise<void> {
  const already = await findSandbox(options.dir);
  if (already) {
    const other =
      (options.port !== undefined && options.port !== already.port) ||
      options.as !== undefined ||
      options['no-iam'] ||
      FAULTS.some((name) => options[name] !== undefined);
    if (other)
      throw new PressoError(
        'already-running',
        `A sandbox is already running on ${already.endpoint} with other settings.`,
        { hint: 'presso sandbox stop' },
      );
    show(already, options, 'is already running');
    return;
  }
  const args = ['--version', options.version, '--port', String(options.port ?? SANDBOX_PORT)];
  if (options.port === undefined) args.push('--any-port');
  if (options['no-iam']) args.push('--no-iam');
  if (options.as !== undefined) args.push('--as', options.as);
  for (const name of FAULTS) if (options[name] !== undefined) args.push(`--${name}`, String(options[name]));
  show(await launchSandbox(distFile('sandbox', 'process.js'), options.dir, args), options, 'is running');
}

function show(running: RunningSandbox, options: StartOptions, what: string): void {
  if (options.json) return void sayJson({ endpoint: running.endpoint, pid: running.pid, data: options.dir });
  say(`${paint().green('✓')} The sandbox ${what} on ${running.endpoint} (process ${running.pid}).`);
  say(`  State: ${options.dir}`);
  say(`  ${paint().dim('Next:')} presso env   (what the AWS CLI needs)`);
}

/** Runs it in this process until Ctrl-C. */
export async function startHere(options: StartOptions): Promise<void> {
  const sandbox = await startSandbox({
    port: options.port ?? SANDBOX_PORT,
    anyPort: options.port === undefined,
    dir: options.dir,
    version: options.version,
    pace: 15,
    enforceIam: !options['no-iam'],
    ...(options.as === undefined ? {} : { callerRole: options.as }),
    ...(options.eventual === undefined ? {} : { eventual: options.eventual }),
    faults: {
      latency: options.latency,
      throttle: Number(options.throttle ?? 0),
      fault: Number(options.fault ?? 0),
      drop: Number(options.drop ?? 0),
      seed: options.seed,
      window: options.window,
    },
    log: (line) => tell(`${line.time} ${line.kind} ${line.message}`),
  });
  if (options.json) sayJson({ endpoint: sandbox.endpoint, pid: process.pid, data: options.dir });
  else say(`${paint().green('✓')} The sandbox is running on ${sandbox.endpoint}; Ctrl-C ends it.`);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
    void sandbox.closed.then(() => done());
  });
  await sandbox.close();
}
