/**
 * The embedded cloud: an AWS-compatible endpoint on the loopback interface, in plain Node.
 * Promise: what is built behaves as AWS; what is not is refused by name; state survives a kill; nothing leaves 127.0.0.1.
 * The disk is touched by journal.ts, lock and world file here, and dynalite; the network by server.ts.
 */
import type { Sandbox, SandboxOptions } from './start.ts';

export { SandboxError } from './errors.ts';
export {
  clockAhead,
  control,
  findSandbox,
  type Health,
  launchSandbox,
  type RunningSandbox,
  stopSandbox,
} from './launch.ts';
export type { Sandbox, SandboxOptions } from './start.ts';

/** Starts the sandbox in this process. Throws SandboxError when the port is taken, the folder is not usable or in use. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { startSandbox: start } = await import('./start.ts');
  return start(options);
}
