/** Functions: `lambda:invoke` ("Invoke an AWS Lambda function with Step Functions") and a function's ARN as the resource. */
import type { Json } from '../../../../asl/index.ts';
import type { Input } from '../../../service.ts';
import { asObject, type Dialect, failureOf, sdkMetadata, type Task, TaskFailure, type TaskOutcome } from './outcome.ts';

const dialect: Dialect = { prefix: 'Lambda', base: 'AWSLambdaException', service: 'AWSLambda', version: 1 };

/** The answer's payload as text, whatever the wire made of it. */
function payloadOf(answer: Input): string {
  const { Payload: payload } = answer;
  if (payload === undefined || payload === null) return '';
  if (payload instanceof Uint8Array) return Buffer.from(payload).toString('utf8');
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

function parsed(text: string): Json {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** A function that threw: its error's type is the error, all it said is the cause. */
function throwFunctionError(text: string): never {
  const { errorType } = asObject(parsed(text));
  if (typeof errorType === 'string' && errorType !== '') throw new TaskFailure(errorType, text);
  throw new TaskFailure(
    'Lambda.Unknown',
    `The cause could not be determined because Lambda did not return an error type. Returned payload: ${text}`,
  );
}

/** Functions are called in the Region and account that their ARN names. */
const placeOf = (name: string): { region?: string } => {
  const region = /^arn:aws[\w-]*:lambda:([^:]+):/.exec(name)?.[1];
  return region === undefined ? {} : { region };
};

async function invoke(task: Task, input: Input): Promise<{ answer: Input; text: string; requestId: string }> {
  const requestId = task.driver.context.world.uuid();
  let answer: Input;
  try {
    answer = await task.call('lambda', 'Invoke', input, placeOf(String(input['FunctionName'])));
  } catch (error) {
    throw failureOf(error, dialect, requestId);
  }
  const text = payloadOf(answer);
  if (answer['FunctionError'] !== undefined) throwFunctionError(text);
  return { answer, text, requestId };
}

export async function lambdaInvoke(task: Task): Promise<TaskOutcome> {
  const parameters = asObject(task.effect.parameters);
  const { FunctionName, Payload, Qualifier, InvocationType, ClientContext, LogType, ...others } = parameters;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new TaskFailure('States.Runtime', `The field "${unknown}" is not supported by Step Functions`);
  const { answer, text, requestId } = await invoke(task, {
    FunctionName,
    ...(Qualifier === undefined ? {} : { Qualifier }),
    ...(ClientContext === undefined ? {} : { ClientContext }),
    ...(LogType === undefined ? {} : { LogType }),
    InvocationType: InvocationType ?? 'RequestResponse',
    Payload: Buffer.from(JSON.stringify(Payload ?? {})),
  });
  const version = String(answer['ExecutedVersion'] ?? '$LATEST');
  return {
    output: {
      ExecutedVersion: version,
      Payload: parsed(text),
      ...sdkMetadata(requestId, task.driver.context.now(), text, {
        'Content-Type': 'application/json',
        'X-Amz-Executed-Version': version,
        'x-amzn-Remapped-Content-Length': '0',
      }),
      StatusCode: Number(answer['StatusCode'] ?? answer['$status'] ?? 200),
    },
  };
}

export async function invokeDirectly(task: Task): Promise<TaskOutcome> {
  const { text } = await invoke(task, {
    FunctionName: task.effect.resource,
    InvocationType: 'RequestResponse',
    Payload: Buffer.from(JSON.stringify(task.effect.parameters)),
  });
  return { output: parsed(text) };
}
