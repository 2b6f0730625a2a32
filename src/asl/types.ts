/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** One entry of GetExecutionHistory, in the API's own shape (timestamp in epoch milliseconds instead of a date). */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  timestamp: number;
  type: string;
  /** The one `…EventDetails` member that goes with the type, as GetExecutionHistory names it. */
  [details: `${string}EventDetails`]: JsonObject | undefined;
}

/** What the engine asks of the outside. Every effect is answered by an `Input` of the same id, or cancelled. */
export type Effect =
  | {
      kind: 'task';
      id: string;
      stateName: string;
      /** The Resource as written: `arn:aws:states:::events:putEvents.waitForTaskToken`, a function's or activity's ARN. */
      resource: string;
      /** Evaluated Parameters or Arguments (or the state's input where neither is written). */
      parameters: Json;
      /** Evaluated Credentials: `{RoleArn}`. */
      credentials?: Json;
      /** Present for `.waitForTaskToken`: the token the state handed out. */
      token?: string;
      timeoutSeconds?: number;
      heartbeatSeconds?: number;
      /** 0 for the first try, counting up with each Retry. */
      attempt: number;
    }
  | { kind: 'timer'; id: string /** epoch milliseconds */; at: number }
  | { kind: 'cancel'; id: string };

/**
 * What the outside tells the engine. The engine is a function of its options and the inputs delivered so far, in order:
 * delivering the same inputs again to a fresh execution leads to the same state, effects, tokens and history. That is
 * how a running execution survives the death of its process.
 */
export type Input =
  /** The integration's call was made and answered; the state now waits for its token (`.waitForTaskToken` only). */
  | { kind: 'task-submitted'; id: string; now: number; output: Json }
  | { kind: 'task-succeeded'; id: string; now: number; output: Json }
  | { kind: 'task-failed'; id: string; now: number; error: string; cause?: string }
  | { kind: 'task-heartbeat'; id: string; now: number }
  /** A worker took an activity's task (activities only). */
  | { kind: 'task-started'; id: string; now: number; workerName?: string }
  | { kind: 'timer'; id: string; now: number }
  | { kind: 'stop'; now: number; error?: string; cause?: string };

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionOptions {
  type?: 'STANDARD' | 'EXPRESS';
  input: Json;
  /** epoch milliseconds */
  now: number;
  /** Everything random (task tokens, UUIDs, jitter, States.MathRandom without a seed) is derived from this. */
  seed: string;
  /** For the context object `$$` / `$states.context`. */
  execution: { arn: string; name: string; roleArn: string };
  stateMachine: { arn: string; name: string };
  /** Variables that are set before the first state (TestState). */
  variables?: JsonObject;
  /** The history ends with this many events, sooner than AWS ends it: for plays that must not take long. */
  maxEvents?: number;
  /** A context object to use instead of the execution's own (TestState). */
  context?: JsonObject;
  /** Told every step of a state's data flow, in order; must not throw. */
  onInspect?: (stateName: string, stage: InspectStage, value: Json) => void;
}

/** The members of TestState's inspectionData, plus where a state goes next and the details of a caught or retried error. */
export type InspectStage =
  | 'input'
  | 'afterInputPath'
  | 'afterParameters'
  | 'afterArguments'
  | 'afterItemsPath'
  | 'afterItemSelector'
  | 'afterItemBatcher'
  | 'afterItemsPointer'
  | 'maxConcurrency'
  | 'toleratedFailureCount'
  | 'toleratedFailurePercentage'
  | 'result'
  | 'afterResultSelector'
  | 'afterResultPath'
  | 'variables'
  | 'errorDetails'
  | 'nextState';

/** One running or ended execution. Synchronous and pure: no clock, no I/O, no randomness of its own. */
export interface Execution {
  readonly status: ExecutionStatus;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  readonly history: readonly HistoryEvent[];
  /** Effects not answered yet: what a driver must (re)start after a restart. */
  pending(): Effect[];
  /** Tells the engine what happened; answers with the effects that follow from it. Unknown or ended ids are ignored. */
  deliver(input: Input): Effect[];
}
