import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { SFN } from '@aws-sdk/client-sfn';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, expect, test } from 'vitest';
import { distFile } from '../paths.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { findSandbox, launchSandbox, startSandbox, stopSandbox } from './index.ts';

const made: string[] = [];
const folder = (): string => {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-sandbox-'));
  made.push(dir);
  return dir;
};
afterEach(async () => {
  for (const dir of made.splice(0)) {
    await stopSandbox(dir).catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  }
});

const put = (sandbox: { endpoint: string }, name: string, account?: string) =>
  new SSMClient(clientConfig(sandbox, account)).send(
    new PutParameterCommand({ Name: name, Value: 'kept', Type: 'String' }),
  );
const get = (sandbox: { endpoint: string }, name: string, account?: string) =>
  new SSMClient(clientConfig(sandbox, account)).send(new GetParameterCommand({ Name: name }));

test('what was answered is there after a kill -9, and a torn tail is dropped', async () => {
  const dir = folder();
  const running = await launchSandbox(distFile('sandbox', 'process.js'), dir, []);
  await put(running, '/kept');
  process.kill(running.pid, 'SIGKILL');
  const account = path.join(dir, 'accounts/123456789012');
  const journal = path.join(account, readdirSync(account).find((name) => name.startsWith('journal.')) ?? '');
  appendFileSync(journal, '0badc0de ["ssm|us-east-1|par');
  const again = await launchSandbox(distFile('sandbox', 'process.js'), dir, []);
  expect((await get(again, '/kept')).Parameter?.Value).toBe('kept');
  // And it goes on writing where the good part ended.
  await put(again, '/later');
  await stopSandbox(dir);
  const third = await launchSandbox(distFile('sandbox', 'process.js'), dir, []);
  expect((await get(third, '/later')).Parameter?.Value).toBe('kept');
});

test('damage in the middle is reported, not guessed around', async () => {
  const dir = folder();
  const first = await startSandbox({ dir });
  await put(first, '/one');
  await put(first, '/two');
  await first.close();
  const account = path.join(dir, 'accounts/123456789012');
  const journal = path.join(account, readdirSync(account).find((name) => name.startsWith('journal.')) ?? '');
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('/one', '/ONE'));
  const again = await startSandbox({ dir });
  try {
    await expect(get(again, '/two')).rejects.toThrow(/damaged in the middle.*presso sandbox reset/s);
  } finally {
    await again.close();
  }
});

test('a second sandbox on the same data is refused, and so is data of a newer version', async () => {
  const dir = folder();
  const first = await startSandbox({ dir });
  await expect(startSandbox({ dir })).rejects.toMatchObject({ code: 'data-in-use', hint: 'presso sandbox stop' });
  await first.close();
  writeFileSync(path.join(dir, 'world.json'), JSON.stringify({ format: 99, clockOffset: 0 }));
  await expect(startSandbox({ dir })).rejects.toMatchObject({ code: 'data-newer' });
});

test('a port in use is said, with a command that works', async () => {
  const blocker = createServer();
  await new Promise<void>((done) => blocker.listen(0, '127.0.0.1', () => done()));
  const { port } = blocker.address() as { port: number };
  try {
    await expect(startSandbox({ port })).rejects.toMatchObject({
      code: 'port-in-use',
      hint: `presso sandbox start --port ${port + 1}`,
    });
    const other = await startSandbox({ port, anyPort: true });
    expect(other.port).not.toBe(port);
    await other.close();
  } finally {
    blocker.close();
  }
});

test('a folder that cannot be written is said', async () => {
  const file = path.join(folder(), 'file');
  writeFileSync(file, '');
  chmodSync(file, 0o400);
  await expect(startSandbox({ dir: path.join(file, 'data') })).rejects.toMatchObject({ code: 'data-not-writable' });
});

test('the process is found by its file, known by its nonce, and stops over HTTP', async () => {
  const dir = folder();
  const running = await launchSandbox(distFile('sandbox', 'process.js'), dir, []);
  expect((await findSandbox(dir))?.pid).toBe(running.pid);
  const refused = await fetch(`${running.endpoint}/_presso/stop`, { method: 'POST' });
  expect(refused.status).toBe(403);
  writeFileSync(path.join(dir, 'sandbox.json'), JSON.stringify({ ...running, nonce: 'someone else' }));
  expect(await findSandbox(dir)).toBeUndefined();
  writeFileSync(path.join(dir, 'sandbox.json'), JSON.stringify(running));
  await stopSandbox(dir);
  expect(existsSync(path.join(dir, 'sandbox.json'))).toBe(false);
});

test('accounts stand side by side, and one can be emptied alone', async () => {
  const dir = folder();
  const sandbox = await startSandbox({ dir });
  try {
    await put(sandbox, '/name', '111111111111');
    await put(sandbox, '/name', '222222222222');
    await sandbox.reset('111111111111');
    await expect(get(sandbox, '/name', '111111111111')).rejects.toMatchObject({ name: 'ParameterNotFound' });
    expect((await get(sandbox, '/name', '222222222222')).Parameter?.Value).toBe('kept');
  } finally {
    await sandbox.close();
  }
});

test('a moved clock stays moved over a restart', async () => {
  const dir = folder();
  const first = await startSandbox({ dir });
  await first.advance(3_600_000);
  await first.close();
  const again = await startSandbox({ dir });
  const health = (await (await fetch(`${again.endpoint}/_presso/health`)).json()) as { clockOffset: number };
  expect(health.clockOffset).toBeGreaterThanOrEqual(3_600_000);
  await again.close();
});

test('a body that is too large, or not what it says it is, is refused as AWS refuses it', () =>
  withSandbox(async (sandbox) => {
    const send = (body: Buffer, headers: Record<string, string>) =>
      fetch(sandbox.endpoint, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-amz-json-1.1', ...headers },
      });
    const large = await send(Buffer.alloc(17 * 1024 * 1024, ' '), {});
    expect([large.status, large.headers.get('x-amzn-errortype')]).toEqual([413, 'RequestEntityTooLargeException']);
    const torn = await send(Buffer.from('not gzip'), { 'content-encoding': 'gzip' });
    expect([torn.status, await torn.json()]).toMatchObject([400, { __type: 'SerializationException' }]);
    const parameters = new SSMClient(clientConfig(sandbox));
    await expect(
      parameters.send(new PutParameterCommand({ Name: '/large', Value: ' '.repeat(17 * 1024 * 1024), Type: 'String' })),
    ).rejects.toMatchObject({ name: 'RequestEntityTooLargeException' });
  }));

test('throttling, failures and dropped connections come when asked for, the same for the same seed', async () => {
  const run = () =>
    withSandbox(
      async (sandbox) => {
        const seen: string[] = [];
        for (let i = 0; i < 40; i++)
          seen.push(
            await put(sandbox, `/p${i}`).then(
              () => 'fine',
              (error: Error) => error.name,
            ),
          );
        return seen;
      },
      { faults: { throttle: 0.2, fault: 0.2, drop: 0.1, seed: 7 } },
    );
  const seen = await run();
  expect(new Set(seen).size).toBeGreaterThanOrEqual(4);
  expect(seen).toContain('ThrottlingException');
  expect(seen).toContain('ServiceUnavailable');
  expect(await run()).toEqual(seen);
});

test('callers run under a role when asked to, and may do what it may', async () => {
  const dir = folder();
  const first = await startSandbox({ dir });
  const iam = new IAM(clientConfig(first));
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  });
  await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: trust });
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }] };
  await iam.putRolePolicy({ RoleName: 'reader', PolicyName: 'read', PolicyDocument: JSON.stringify(policy) });
  await put(first, '/there');
  await first.close();
  const second = await startSandbox({ dir, callerRole: 'arn:aws:iam::123456789012:role/reader' });
  try {
    expect((await get(second, '/there')).Parameter?.Value).toBe('kept');
    await expect(put(second, '/more')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /assumed-role\/reader\/presso is not authorized to perform: ssm:PutParameter .* because no identity-based policy allows/,
      ),
    });
  } finally {
    await second.close();
  }
});

test('ListExecutions lags behind when asked to', () =>
  withSandbox(
    async (sandbox) => {
      const config = clientConfig(sandbox);
      const trust = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      });
      const { Role } = await new IAM(config).createRole({ RoleName: 'runner', AssumeRolePolicyDocument: trust });
      const sfn = new SFN(config);
      const definition = JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } });
      const { stateMachineArn } = await sfn.createStateMachine({ name: 'slow', definition, roleArn: Role?.Arn });
      await sfn.startExecution({ stateMachineArn });
      const running = async () =>
        (await sfn.listExecutions({ stateMachineArn, statusFilter: 'RUNNING' })).executions?.length;
      expect(await running()).toBe(0);
      await sandbox.advance(6_000);
      expect(await running()).toBe(1);
      await sandbox.advance(55_000);
      expect(await running()).toBe(1);
      await sandbox.advance(6_000);
      expect(await running()).toBe(0);
    },
    { eventual: 5_000 },
  ));

test('in front it ends with SIGINT and leaves no file behind', async () => {
  const dir = folder();
  const child = spawn(process.execPath, [distFile('sandbox', 'process.js'), '--data', dir], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await new Promise((done) => child.once('message', done));
  const code = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  expect(await code).toBe(0);
  expect(existsSync(path.join(dir, 'sandbox.json'))).toBe(false);
});

test('what is not built is in the log, whole calls and parts of calls, each once', () => {
  const lines: string[] = [];
  return withSandbox(
    async (sandbox) => {
      const ssm = new SSMClient(clientConfig(sandbox));
      await expect(
        ssm.send(new PutParameterCommand({ Name: 'p', Value: 'v', Type: 'String', Policies: '[]' })),
      ).rejects.toThrow('The sandbox does not carry');
      const sfn = new SFN(clientConfig(sandbox));
      await expect(sfn.listMapRuns({ executionArn: 'x' })).rejects.toThrow('The sandbox does not carry');
      expect(lines).toEqual([
        expect.stringMatching(/^ssm:PutParameter: The sandbox does not carry .*Policies/),
        'states:ListMapRuns was asked for and is not built; the caller was refused.',
      ]);
    },
    { log: ({ kind, message }) => void (kind === 'not-built' && lines.push(message)) },
  );
});
