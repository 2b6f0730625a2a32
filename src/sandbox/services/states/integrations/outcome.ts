/** How the calls of tasks end, in the words of Step Functions. */
import type { Json, JsonObject } from '../../../../asl/index.ts';
import { ServiceError } from '../../../errors.ts';
import type { Input } from '../../../service.ts';
import type { Driver, Live, TaskEffect } from '../driver.ts';

export class TaskFailure extends Error {
  readonly error: string;
  override readonly cause: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
    this.cause = cause;
  }
}

/** `later`: the answer will be delivered by somebody else. */
export type TaskOutcome = { output: Json } | { later: true };

export interface Task {
  driver: Driver;
  live: Live;
  effect: TaskEffect;
  submitted: Json | undefined;
  /** '', `sync`, `sync:2` or `waitForTaskToken` */
  pattern: string;
  /** Calls a service under the state machine's role (or the state's Credentials). */
  call(service: string, action: string, input: Input, where?: { region?: string }): Promise<Input>;
}

/** Names under which AWS's SDK for Java knows the errors of a service. */
export interface Dialect {
  /** `DynamoDB`, `Sfn` */
  prefix: string;
  /** The error that stands for all that the service's model does not name: `DynamoDB.AmazonDynamoDBException`. */
  base: string;
  /** `AmazonDynamoDBv2` */
  service: string;
  /** Optimized integrations speak version 1 of the SDK, `aws-sdk:` ones version 2. */
  version: 1 | 2;
  /** Error codes that every service may answer and none of these models names. */
  unmodelled?: readonly string[];
}

const UNMODELLED = [
  'AccessDeniedException',
  'AccessDenied',
  'ValidationException',
  'ValidationError',
  'SerializationException',
  'ThrottlingException',
  'Throttling',
  'UnknownOperationException',
  'InvalidAction',
  'UnrecognizedClientException',
];

/** The error and cause of a refused call ("Handling errors in Step Functions workflows"). */
export function failureOf(error: unknown, dialect: Dialect, requestId: string): TaskFailure {
  if (error instanceof TaskFailure) return error;
  if (!(error instanceof ServiceError)) {
    const message = error instanceof Error ? error.message : String(error);
    return new TaskFailure(`${dialect.prefix}.${dialect.base}`, message);
  }
  const { code, message } = error;
  const modelled = !(dialect.unmodelled ?? UNMODELLED).includes(code);
  const name = modelled ? (/(Exception|Error)$/.test(code) ? code : `${code}Exception`) : dialect.base;
  // Services that speak JSON refuse with 400, whatever the reason; Lambda says 403.
  const status = error.status === 403 && !/Lambda/.test(dialect.service) ? 400 : error.status;
  const cause =
    dialect.version === 1
      ? `${message} (Service: ${dialect.service}; Status Code: ${status}; Error Code: ${code}; Request ID: ${requestId}; Proxy: null)`
      : `${message} (Service: ${dialect.service}, Status Code: ${status}, Request ID: ${requestId})`;
  return new TaskFailure(`${dialect.prefix}.${name}`, cause);
}

/** The two members that optimized integrations add to an answer. */
export function sdkMetadata(
  requestId: string,
  now: number,
  body: string,
  headers: Record<string, string> = { 'Content-Type': 'application/x-amz-json-1.0' },
): JsonObject {
  const all: Record<string, string> = {
    Connection: 'keep-alive',
    'Content-Length': String(Buffer.byteLength(body)),
    Date: new Date(now).toUTCString(),
    'x-amzn-RequestId': requestId,
    ...headers,
  };
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
      HttpHeaders: all,
      HttpStatusCode: 200,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}

export const asObject = (parameters: Json): JsonObject =>
  parameters !== null && typeof parameters === 'object' && !Array.isArray(parameters) ? parameters : {};

/** AWS keeps a text as it is and writes any other value as JSON, where the API wants a text that holds JSON. */
export const asJsonText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** An answer as plain JSON; dates as `date` writes them. */
export function plain(value: unknown, date: (date: Date) => Json): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return date(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => plain(item, date));
  if (typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, plain(item, date)]),
    );
  return value as Json;
}
