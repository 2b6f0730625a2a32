/** Invoke: at once, or accepted now and tried up to three times (Lambda Developer Guide, "Asynchronous invocation"). */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { findFunction, functionArn, functionName, invalid } from '../names.ts';
import type { AsyncInvocation, FunctionRecord } from '../records.ts';
import { runFunction } from '../run.ts';
import { policyText } from './policy.ts';

const LARGEST = { RequestResponse: 6_291_456, Event: 1_048_576, DryRun: 6_291_456 };
/** Waits before the second and the third attempt. */
const RETRY_MS = [60_000, 120_000];
const OLDEST_MS = 6 * 3_600_000;

function payloadOf(input: Input, type: keyof typeof LARGEST): string {
  const given: unknown = input['Payload'];
  const text =
    given === undefined
      ? ''
      : given instanceof Uint8Array
        ? Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString('utf8')
        : String(given);
  const size = Buffer.byteLength(text);
  if (size > LARGEST[type])
    throw new ServiceError(
      'RequestTooLargeException',
      `${size} byte payload is too large for the ${type} invocation type (limit ${LARGEST[type]} bytes)`,
      413,
      { Type: 'User' },
    );
  if (text === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw new ServiceError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : String(error)}`,
      400,
      { Type: 'User' },
    );
  }
  return text;
}

const TYPES = ['RequestResponse', 'Event', 'DryRun'] as const;

const invoke: Action = {
  permissions(input, context) {
    const { name } = functionName(input['FunctionName'], context);
    const record = context.table<FunctionRecord>('functions').get(name);
    return [
      {
        action: 'lambda:InvokeFunction',
        resource: functionArn(name, context),
        resourcePolicy: record ? policyText(record) : undefined,
      },
    ];
  },
  async run(input, context) {
    const record = findFunction(input, context);
    const type = (input['InvocationType'] ?? 'RequestResponse') as (typeof TYPES)[number];
    if (!TYPES.includes(type))
      throw invalid(
        `1 validation error detected: Value '${String(type)}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
      );
    const logType: unknown = input['LogType'] ?? 'None';
    if (logType !== 'None' && logType !== 'Tail')
      throw invalid(
        `1 validation error detected: Value '${String(logType)}' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]`,
      );
    const clientContext =
      input['ClientContext'] === undefined
        ? undefined
        : Buffer.from(String(input['ClientContext']), 'base64').toString('utf8');
    const payload = payloadOf(input, type);
    if (type === 'DryRun') return { $status: 204, StatusCode: 204, Payload: '' };
    if (type === 'Event') {
      const invocation: AsyncInvocation = {
        requestId: context.requestId,
        name: record.name,
        payload,
        accepted: context.now(),
        attempt: 0,
        due: context.now(),
        ...(clientContext === undefined ? {} : { clientContext }),
      };
      context.table<AsyncInvocation>('invocations').put(invocation.requestId, invocation);
      attempt(invocation, context);
      return { $status: 202, StatusCode: 202, Payload: '' };
    }
    const { requestId } = context;
    const answer = await runFunction(record, { payload, requestId, clientContext }, context);
    return {
      $status: 200,
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      Payload: Buffer.from(answer.payload),
      ...(answer.failed ? { FunctionError: 'Unhandled' } : {}),
      ...(logType === 'Tail' ? { LogResult: Buffer.from(answer.tail).toString('base64') } : {}),
    };
  },
};

/** Sets the next attempt of an accepted invocation on its way, now or at its time; also after a restart. */
export function attempt(invocation: AsyncInvocation, context: Context): void {
  if (invocation.due > context.now()) {
    context.world.clock.at(invocation.due, () => begin(invocation, context));
    return;
  }
  begin(invocation, context);
}

function begin(invocation: AsyncInvocation, context: Context): void {
  context.world.background(`invocation of ${invocation.name}`, async () => {
    const invocations = context.table<AsyncInvocation>('invocations');
    const record = context.table<FunctionRecord>('functions').get(invocation.name);
    if (!record || context.world.stopping) {
      if (!record) invocations.delete(invocation.requestId);
      return;
    }
    let failed: string | undefined;
    try {
      const answer = await runFunction(record, invocation, context);
      if (answer.failed) failed = answer.payload;
    } catch (error) {
      // A stop ends the attempt, not the invocation: it is tried again when the sandbox is back.
      if (context.world.stopping) return;
      failed = error instanceof Error ? error.message : String(error);
    }
    const wait = RETRY_MS[invocation.attempt];
    if (failed === undefined) invocations.delete(invocation.requestId);
    else if (wait === undefined || context.now() + wait > invocation.accepted + OLDEST_MS) {
      invocations.delete(invocation.requestId);
      context.world.log(
        'function',
        `${record.name} ${invocation.requestId}: given up after ${invocation.attempt + 1} attempts`,
      );
    } else {
      const again = { ...invocation, attempt: invocation.attempt + 1, due: context.now() + wait };
      invocations.put(invocation.requestId, again);
      attempt(again, context);
    }
  });
}

export const invokeActions: Record<string, Action> = { Invoke: invoke };
