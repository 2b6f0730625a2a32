/** What the sandbox commands share: its data folder, and its errors in presso's voice. */
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { findSandbox, type Health, type RunningSandbox, SandboxError } from '../sandbox/index.ts';
import { homeFolder, resolveTarget } from '../target/index.ts';
import { word } from '../text.ts';

/** --data, else the remembered target's, else the one in the user's configuration folder. */
export function dataFolder(flag: string | undefined): string {
  if (flag !== undefined) return path.resolve(flag);
  const target = resolveTarget({ flags: {}, env: process.env, cwd: process.cwd() });
  return (target?.kind === 'sandbox' && target.data) || path.join(homeFolder(process.env), 'sandbox');
}

export async function inPressosVoice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SandboxError) throw new PressoError(error.code, error.message, { hint: error.hint });
    throw error;
  }
}

/** What starts the sandbox of that folder: without it another one would start. */
export const startCommand = (dir: string): string =>
  `presso sandbox start${dir === dataFolder(undefined) ? '' : ` --data ${word(dir)}`}`;

/** The running sandbox, or a refusal that names the command that starts it. */
export async function runningSandbox(dir: string): Promise<RunningSandbox & { health: Health }> {
  const running = await findSandbox(dir);
  if (!running) throw new PressoError('not-running', `No sandbox is running on ${dir}.`, { hint: startCommand(dir) });
  return running;
}

/** `90s`, `15m`, `2h`, `1d` in milliseconds. */
export function parseSpan(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[found?.[2] ?? ''];
  const ms = unit === undefined ? Number.NaN : Number(found?.[1]) * unit;
  if (!Number.isFinite(ms) || ms > 366 * 86_400_000)
    throw new PressoError('usage', `"${text}" is not a span of time of at most a year.`, {
      hint: 'presso sandbox clock advance 15m',
    });
  return ms;
}
