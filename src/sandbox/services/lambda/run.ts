/** One invocation, from payload to answer, with the lines that Lambda itself writes around it. */
import { ServiceError } from '../../errors.ts';
import type { Context } from '../../service.ts';
import { environmentKey, type FunctionEnvironment, running, startEnvironment } from './environments.ts';
import type { Outcome } from './pool.ts';
import type { FunctionFailure } from './protocol.ts';
import type { FunctionRecord } from './records.ts';

export interface Invocation {
  payload: string;
  requestId: string;
  clientContext?: string | undefined;
  /** As it was named by the caller. */
  arn?: string;
}

export interface Answer {
  payload: string;
  /** Set when the function failed. */
  failed: boolean;
  /** The last 4 KB of what it logged. */
  tail: string;
}

const LARGEST_ANSWER = 6_291_556;
const TAIL = 4_096;

/** Runs a function once. Throws only what is not the function's own fault. */
export async function runFunction(record: FunctionRecord, invocation: Invocation, context: Context): Promise<Answer> {
  if (record.state === 'Pending')
    throw new ServiceError(
      'ResourceConflictException',
      `The operation cannot be performed at this time. The function is currently in the following state: ${record.state}`,
      409,
    );
  const { pool } = running(context.world);
  const { requestId } = invocation;
  let environment: FunctionEnvironment | undefined;
  const outcome = await pool.run(
    environmentKey(record, context),
    () => startEnvironment(record, context),
    {
      requestId,
      payload: invocation.payload,
      timeout: record.timeout * 1_000,
      arn: invocation.arn ?? record.arn,
      clientContext: invocation.clientContext,
      clockOffset: context.world.clock.offset,
    },
    (options) => {
      environment = options as FunctionEnvironment;
      environment.tail = [];
      say(environment, context, startLine(record, requestId, context));
    },
  );
  const at = (outcome.environment ?? environment) as FunctionEnvironment;
  const answer = answerOf(record, outcome, requestId);
  if (outcome.kind === 'timeout' && record.logging.format === 'Text')
    say(at, context, `${iso(context)} ${requestId} Task timed out after ${record.timeout}.00 seconds\n`);
  if (outcome.failure?.errorType === 'Runtime.ExitError' && record.logging.format === 'Text')
    say(at, context, `${outcome.failure.errorMessage}\nRuntime.ExitError`);
  for (const line of endLines(record, outcome, requestId, context)) say(at, context, line);
  if (answer.failed) context.world.log('function', `${record.name} ${requestId}: ${answer.payload.slice(0, 400)}`);
  const tail = at.tail.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
  return { ...answer, tail: Buffer.from(tail).subarray(-TAIL).toString('utf8') };
}

function answerOf(record: FunctionRecord, outcome: Outcome, requestId: string): Omit<Answer, 'tail'> {
  const failed = (failure: FunctionFailure): Omit<Answer, 'tail'> => ({
    payload: JSON.stringify(failure),
    failed: true,
  });
  if (outcome.kind === 'timeout')
    return failed({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after ${record.timeout}.00 seconds`,
    });
  if (outcome.failure) return failed(outcome.failure);
  const payload = outcome.payload ?? 'null';
  const size = Buffer.byteLength(payload);
  if (size > LARGEST_ANSWER)
    return failed({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${LARGEST_ANSWER} bytes).`,
    });
  return { payload, failed: false };
}

const iso = (context: Context): string => new Date(context.now()).toISOString();

function say(environment: FunctionEnvironment, context: Context, line: string): void {
  environment.tail.push(line);
  environment.logs.write([{ timestamp: context.now(), message: line }]);
}

/** Lambda Developer Guide, "Working with Lambda function logs" and "System logs in JSON format". */
function startLine(record: FunctionRecord, requestId: string, context: Context): string {
  return record.logging.format === 'Text'
    ? `START RequestId: ${requestId} Version: $LATEST\n`
    : JSON.stringify({ time: iso(context), type: 'platform.start', record: { requestId, version: '$LATEST' } });
}

function endLines(record: FunctionRecord, outcome: Outcome, requestId: string, context: Context): string[] {
  const duration = outcome.durationMs.toFixed(2);
  const billed = Math.ceil(outcome.durationMs + (outcome.initMs ?? 0));
  const used = Math.min(record.memorySize, Math.ceil(outcome.memory / 1024 / 1024));
  const status = outcome.kind === 'timeout' ? 'timeout' : outcome.kind === 'result' ? undefined : 'error';
  const kind = outcome.failure?.errorType ?? '';
  // What the function itself throws is an answer; only the runtime's own errors make a status.
  const shown = status === 'error' && !kind.startsWith('Runtime.') ? undefined : status;
  if (record.logging.format === 'JSON')
    return [
      JSON.stringify({
        time: iso(context),
        type: 'platform.report',
        record: {
          requestId,
          metrics: {
            durationMs: Number(duration),
            billedDurationMs: billed,
            memorySizeMB: record.memorySize,
            maxMemoryUsedMB: used,
            ...(outcome.initMs === undefined ? {} : { initDurationMs: Number(outcome.initMs.toFixed(2)) }),
          },
          status: status === 'timeout' ? 'timeout' : status === 'error' ? 'error' : 'success',
          ...(status === 'error' ? { errorType: kind } : {}),
        },
      }),
    ];
  const init = outcome.initMs === undefined ? '' : `Init Duration: ${outcome.initMs.toFixed(2)} ms\t`;
  const state = shown === undefined ? '' : `Status: ${shown}\t${shown === 'error' ? `Error Type: ${kind}\t` : ''}`;
  return [
    `END RequestId: ${requestId}\n`,
    `REPORT RequestId: ${requestId}\tDuration: ${duration} ms\tBilled Duration: ${billed} ms\tMemory Size: ${record.memorySize} MB\tMax Memory Used: ${used} MB\t${init}${state}\n`,
  ];
}
