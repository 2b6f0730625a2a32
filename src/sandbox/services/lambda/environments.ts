/** What an execution environment is made of: the code on disk, the variables, a session of the function's role, its log. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../../paths.ts';
import { ServiceError } from '../../errors.ts';
import type { SessionRecord } from '../../iam-records.ts';
import { sessionAccessKey } from '../../identity.ts';
import type { Context } from '../../service.ts';
import type { World } from '../../world.ts';
import { readZip } from '../../zip.ts';
import { LogWriter } from './log-writer.ts';
import { type EnvironmentOptions, Pool } from './pool.ts';
import type { AnswerMessage, CallMessage } from './protocol.ts';
import type { FunctionRecord } from './records.ts';

const SESSION_MS = 12 * 3_600_000;

interface Running {
  pool: Pool;
  /** Where code is unpacked, each archive under its digest. */
  codeDir: string;
  temporary: boolean;
}

const worlds = new WeakMap<World, Running>();

export function running(world: World): Running {
  let found = worlds.get(world);
  if (!found) {
    const { dir } = world.options;
    const codeDir =
      dir === undefined ? mkdtempSync(path.join(tmpdir(), 'presso-functions-')) : path.join(dir, 'functions');
    found = { pool: new Pool(), codeDir, temporary: dir === undefined };
    worlds.set(world, found);
  }
  return found;
}

export async function closeEnvironments(world: World): Promise<void> {
  const found = worlds.get(world);
  if (!found) return;
  worlds.delete(world);
  await found.pool.close();
  if (found.temporary) rmSync(found.codeDir, { recursive: true, force: true });
}

/** Names the environments of a function; every change of it begins with the same words and ends otherwise. */
export const environmentPrefix = (record: FunctionRecord): string => `${record.arn} `;
export const environmentKey = (record: FunctionRecord, context: Context): string =>
  // A session of the role lasts twelve hours: what starts later is an environment of its own.
  `${environmentPrefix(record)}${record.revisionId} ${Math.floor(context.now() / (SESSION_MS / 2))}`;

/** The lines of one environment, before they are written; the host adds START, END and REPORT. */
export interface FunctionEnvironment extends EnvironmentOptions {
  logs: LogWriter;
  /** Of the invocation that runs: what it said, for LogType Tail. */
  tail: string[];
}

export async function startEnvironment(record: FunctionRecord, context: Context): Promise<FunctionEnvironment> {
  const { world } = context;
  const principal = await world
    .assume(record.role, 'lambda.amazonaws.com', record.name, { account: context.account, sourceArn: record.arn })
    .catch(() => {
      throw new ServiceError(
        'AccessDeniedException',
        'The role defined for the function cannot be assumed by Lambda.',
        403,
      );
    });
  const codeDir = await unpack(record, context);
  const accessKeyId = sessionAccessKey(context.account, world.random(8));
  const sessions = context.store.table<SessionRecord>('sts', '', 'sessions');
  for (const session of [...sessions.values()])
    if (session.expires < context.now()) sessions.delete(session.accessKeyId);
  sessions.put(accessKeyId, {
    accessKeyId,
    roleArn: record.role,
    sessionName: record.name,
    expires: context.now() + SESSION_MS,
  });
  const day = new Date(context.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const logStream = `${day}/[$LATEST]${Buffer.from(world.random(16)).toString('hex')}`;
  const logs = new LogWriter(context, record.logging.group, logStream, principal);
  const environment: FunctionEnvironment = {
    logs,
    tail: [],
    data: {
      codeDir,
      packageFile: path.join(packageRoot(), 'package.json'),
      handler: record.handler,
      runtime: record.runtime,
      functionName: record.name,
      memorySize: record.memorySize,
      logGroup: record.logging.group,
      logStream,
      jsonLogs: record.logging.format === 'JSON',
      logLevel: record.logging.applicationLevel ?? 'INFO',
    },
    env: {
      ...record.environment,
      ...variables(record, context, { accessKeyId, logStream, codeDir }),
    },
    log(time, line) {
      environment.tail.push(line);
      logs.write([{ timestamp: time, message: line }]);
    },
    call: (message) => answerCall(message, context),
    ended: () => void sessions.delete(accessKeyId),
  };
  return environment;
}

/** The same request through the same dispatch, IAM and faults as over HTTP; only the socket is saved. */
async function answerCall(message: CallMessage, context: Context): Promise<AnswerMessage> {
  const { id, method, url, headers, body } = message;
  try {
    const wire = { method, url, headers, body: Buffer.from(body as string) };
    const answer = (await context.world.door?.(wire)) ?? 'drop';
    if (answer !== 'drop') return { id, answer };
  } catch (error) {
    context.world.log('sandbox', `a function's request: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { id };
}

/** Lambda Developer Guide, "Defined runtime environment variables"; nothing of the host's environment is among them. */
function variables(
  record: FunctionRecord,
  context: Context,
  { accessKeyId, logStream, codeDir }: { accessKeyId: string; logStream: string; codeDir: string },
): Record<string, string> {
  const { world, region } = context;
  return {
    _HANDLER: record.handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${record.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: record.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.memorySize),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: record.logging.group,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: world.suffix(40),
    AWS_SESSION_TOKEN: world.suffix(64),
    AWS_ENDPOINT_URL: world.endpoint,
    // Files and services of this machine that the SDK would look at otherwise.
    AWS_CONFIG_FILE: path.join(codeDir, '.no-config'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(codeDir, '.no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    LAMBDA_TASK_ROOT: codeDir,
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    TZ: record.environment['TZ'] ?? ':UTC',
  };
}

/** The function's files on disk, under the digest of their archive. */
async function unpack(record: FunctionRecord, context: Context): Promise<string> {
  const { codeDir } = running(context.world);
  const dir = path.join(codeDir, Buffer.from(record.codeSha256, 'base64').toString('hex').slice(0, 32));
  if (existsSync(dir)) return dir;
  // Node looks for the nearest package.json upwards: without one here, a project of ES modules around the data folder
  // would turn a function's index.js into one.
  const scope = path.join(codeDir, 'package.json');
  if (!existsSync(scope)) {
    mkdirSync(codeDir, { recursive: true });
    writeFileSync(scope, '{}\n');
  }
  const entries = readZip(Buffer.from(await context.unarchive(record.code), 'base64'));
  // Made beside and renamed: what is there is whole, whenever the process ends.
  const part = `${dir}.${Buffer.from(context.world.random(4)).toString('hex')}.part`;
  for (const { name, bytes } of entries) {
    const file = path.join(part, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  if (entries.length === 0) mkdirSync(part, { recursive: true });
  if (entries.some(({ name }) => name.endsWith('.mjs') || name === 'package.json')) linkSdk(codeDir);
  try {
    renameSync(part, dir);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
  return dir;
}

/** ES modules find packages by folders only: the SDK's scope is linked beside the unpacked code. */
function linkSdk(codeDir: string): void {
  const link = path.join(codeDir, 'node_modules', '@aws-sdk');
  if (existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  const require = createRequire(path.join(packageRoot(), 'package.json'));
  const client = path.dirname(require.resolve('@aws-sdk/client-dynamodb/package.json'));
  rmSync(link, { force: true });
  symlinkSync(path.dirname(client), link, 'junction');
}
