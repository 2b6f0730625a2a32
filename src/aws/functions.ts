/** AWS Lambda functions, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { lambdaClient } from './find.ts';
import { unzip, zipOf } from './zip.ts';

export interface Invocation {
  status: number;
  /** The function's answer, parsed. */
  payload: unknown;
  /** `Unhandled`, when the function failed. */
  error?: string;
}

export async function invoke(connection: Connection, name: string, payload: unknown): Promise<Invocation> {
  const lambda = await lambdaClient(connection);
  const answer = await lambda.invoke({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) });
  const text = answer.Payload ? Buffer.from(answer.Payload).toString('utf8') : '';
  return {
    status: answer.StatusCode ?? 0,
    payload: text === '' ? undefined : JSON.parse(text),
    ...(answer.FunctionError ? { error: answer.FunctionError } : {}),
  };
}

export async function functionArn(connection: Connection, name: string): Promise<string> {
  const lambda = await lambdaClient(connection);
  return (await lambda.getFunctionConfiguration({ FunctionName: name })).FunctionArn ?? '';
}

export interface PolicyStatement {
  Sid?: string;
  Effect: string;
  Principal: unknown;
  Action: unknown;
  Resource: unknown;
  Condition?: Record<string, Record<string, string>>;
}

/** The statements of a function's own policy, or of one of its versions or aliases; none when it has none. */
export async function functionPolicy(
  connection: Connection,
  name: string,
  qualifier?: string,
): Promise<PolicyStatement[]> {
  const lambda = await lambdaClient(connection);
  try {
    const { Policy } = await lambda.getPolicy({ FunctionName: name, ...(qualifier ? { Qualifier: qualifier } : {}) });
    return (JSON.parse(Policy ?? '{}') as { Statement?: PolicyStatement[] }).Statement ?? [];
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return [];
    throw error;
  }
}

/** Lets the rule invoke the function. */
export async function allowRule(
  connection: Connection,
  name: string,
  statementId: string,
  ruleArn: string,
): Promise<void> {
  const lambda = await lambdaClient(connection);
  await lambda.addPermission({
    FunctionName: name,
    StatementId: statementId,
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    SourceArn: ruleArn,
  });
}

/** Takes a statement out of a function's policy; fine when it is already gone. */
export async function removePermission(connection: Connection, name: string, statementId: string): Promise<void> {
  const lambda = await lambdaClient(connection);
  try {
    await lambda.removePermission({ FunctionName: name, StatementId: statementId });
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
}

/** Makes a function of one file, for the newest Node runtime that the workshop's own functions use. */
export async function createFunction(
  connection: Connection,
  wanted: { name: string; file: string; code: string; roleArn: string; tags: Record<string, string> },
): Promise<void> {
  const lambda = await lambdaClient(connection);
  await lambda.createFunction({
    FunctionName: wanted.name,
    Role: wanted.roleArn,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: zipOf(wanted.file, wanted.code) },
    Timeout: 15,
    Tags: wanted.tags,
  });
}

/** Deletes a function; fine when it is already gone. */
export async function deleteFunction(connection: Connection, name: string): Promise<void> {
  const lambda = await lambdaClient(connection);
  try {
    await lambda.deleteFunction({ FunctionName: name });
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
}

export interface FunctionSettings {
  name: string;
  arn: string;
  /** ARN of the role that it runs as. */
  role: string;
  environment: Record<string, string>;
}

/** Every function, with what it is told by its environment. */
export async function functionSettings(connection: Connection): Promise<FunctionSettings[]> {
  const lambda = await lambdaClient(connection);
  const found: FunctionSettings[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.listFunctions({ Marker });
    found.push(
      ...(page.Functions ?? []).map(({ FunctionName, FunctionArn, Role, Environment }) => ({
        name: FunctionName ?? '',
        arn: FunctionArn ?? '',
        role: Role ?? '',
        environment: Environment?.Variables ?? {},
      })),
    );
    Marker = page.NextMarker;
  } while (Marker);
  return found;
}

/** Name → SHA-256 of the deployed archive (base64), of every function. */
export async function codeHashes(connection: Connection): Promise<Map<string, string>> {
  const lambda = await lambdaClient(connection);
  const found = new Map<string, string>();
  let Marker: string | undefined;
  do {
    const page = await lambda.listFunctions({ Marker });
    for (const { FunctionName = '', CodeSha256 = '' } of page.Functions ?? []) found.set(FunctionName, CodeSha256);
    Marker = page.NextMarker;
  } while (Marker);
  return found;
}

/** The files of a function's deployed archive, fetched from where GetFunction says. Throws when they cannot be had. */
export async function deployedFiles(connection: Connection, name: string): Promise<Map<string, string>> {
  const lambda = await lambdaClient(connection);
  const { Code } = await lambda.getFunction({ FunctionName: name });
  if (!Code?.Location) throw new Error('GetFunction tells no address of its code');
  const answer = await fetch(Code.Location, { signal: AbortSignal.timeout(FETCH_MS) });
  if (!answer.ok) throw new Error(`the address of its code answered ${answer.status}`);
  return unzip(Buffer.from(await answer.arrayBuffer()));
}

const FETCH_MS = 30_000;

/** Deploys one file as a function's code and waits until it is in use. */
export async function putCode(
  connection: Connection,
  wanted: { name: string; file: string; code: string },
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const lambda = await lambdaClient(connection);
  const FunctionName = wanted.name;
  await lambda.updateFunctionCode({ FunctionName, ZipFile: zipOf(wanted.file, wanted.code) });
  for (let wait = 50, waited = 0; waited < 60_000; waited += wait, wait = Math.min(wait * 2, 2_000)) {
    const { LastUpdateStatus, LastUpdateStatusReason } = await lambda.getFunctionConfiguration({ FunctionName });
    if (LastUpdateStatus === 'Failed') throw new Error(LastUpdateStatusReason ?? 'Lambda could not take the code');
    if (LastUpdateStatus !== 'InProgress') return;
    await pause(wait);
  }
}
