/** What a worker and its host say to each other. Types only: the worker is a file of its own. */

/** An error as a function's caller sees it (Lambda Developer Guide, "Understanding retry behavior in Lambda"). */
export interface FunctionFailure {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

export interface WorkerData {
  codeDir: string;
  /** Anything inside presso's package: SDK clients are resolved from there. */
  packageFile: string;
  handler: string;
  runtime: string;
  functionName: string;
  memorySize: number;
  logGroup: string;
  logStream: string;
  jsonLogs: boolean;
  /** The lowest level that is logged, in JSON format. */
  logLevel: string;
}

export interface InvokeMessage {
  requestId: string;
  payload: string;
  /** milliseconds this invocation may take */
  timeout: number;
  arn: string;
  clientContext?: string | undefined;
  /** How far the sandbox's clock is ahead of the machine's. */
  clockOffset: number;
}

/** A request of the SDK to the sandbox's endpoint, handed over instead of sent through a socket. */
export interface CallMessage {
  id: number;
  method: string;
  /** path and query */
  url: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** Its answer; without one the connection was dropped (a fault that was asked for, or a stop). */
export interface AnswerMessage {
  id: number;
  answer?: { status: number; headers: Record<string, string>; body: Uint8Array | string };
}

/** To wake the other thread costs more than what is said: what comes up within one turn goes in one message. */
export type ToWorker = ({ kind: 'invoke' } & InvokeMessage) | { kind: 'answers'; answers: AnswerMessage[] };

export type FromWorker =
  | { kind: 'calls'; calls: CallMessage[] }
  | { kind: 'ready'; initMs: number }
  | { kind: 'init-failed'; failure: FunctionFailure; initMs: number }
  | { kind: 'log'; time: number; line: string }
  | {
      kind: 'done';
      requestId: string;
      durationMs: number;
      /** bytes of heap in use */
      memory: number;
      payload?: string;
      failure?: FunctionFailure;
      /** The environment cannot be used again (an uncaught exception). */
      broken?: boolean;
    };
