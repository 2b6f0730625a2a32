import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Added to an environment that has nothing of the shell's AWS settings. */
  env?: Record<string, string>;
  /** Where it runs and keeps what it remembers; a folder of its own, removed afterwards, unless given. */
  home?: string;
  /** Called with what was said so far on standard output and standard error; true sends Ctrl-C. */
  interruptWhen?: (stdout: string, stderr: string) => boolean;
}

/** Runs the real binary as a person would, without a terminal, and waits for its end. */
export async function runPresso(args: string[], options: RunOptions = {}): Promise<Ran> {
  const home = options.home ?? mkdtempSync(path.join(tmpdir(), 'presso-home-'));
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|PRESSO_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST|DEBUG$)/.test(name),
  );
  const child = spawn(process.execPath, [BINARY, ...args], {
    cwd: home,
    env: { ...Object.fromEntries(kept), PRESSO_HOME: home, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  const interruptNow = (): void => {
    if (interrupted || !options.interruptWhen?.(stdout, stderr)) return;
    interrupted = true;
    child.kill('SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    interruptNow();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    interruptNow();
  });
  try {
    const code = await new Promise<number>((done, fail) => {
      child.once('error', fail);
      child.once('close', (status) => done(status ?? -1));
    });
    return { code, stdout, stderr };
  } finally {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  }
}
