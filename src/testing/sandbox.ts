import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/index.ts';

/** A sandbox in memory for one test, closed after it. */
export async function withSandbox<T>(work: (sandbox: Sandbox) => Promise<T>, options: SandboxOptions = {}): Promise<T> {
  const sandbox = await startSandbox(options);
  try {
    return await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** What an AWS SDK client needs to talk to the sandbox as the administrator of `account`. */
export function clientConfig(sandbox: { endpoint: string }, account = '123456789012') {
  return {
    endpoint: sandbox.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: account, secretAccessKey: 'test' },
    disableHostPrefix: true,
    maxAttempts: 1,
  };
}
