/**
 * What a service of the sandbox is: a signing name, a wire protocol, and a table of actions. Each action states what IAM
 * has to allow, and answers with plain values in the API's own member names; a `Date` is written as the protocol does.
 */
import type { Principal } from './identity.ts';
import type { AccountStore, ArchiveRef, Table } from './journal.ts';
import type { World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: inputs come off the wire and every action reads its own with care.
export type Input = Record<string, any>;
export type Output = Record<string, unknown> | undefined;

/** One thing that IAM decides before an action runs. */
export interface Permission {
  /** `events:PutRule` */
  action: string;
  /** ARN, or `*` where the action has no resource. */
  resource: string;
  /** Policy of the resource, where it has one (JSON text). */
  resourcePolicy?: string | undefined;
  /** Condition keys beside the global ones: `events:source`, `iam:PassedToService`. */
  context?: Record<string, string | string[]>;
}

export interface Context {
  readonly world: World;
  readonly account: string;
  readonly region: string;
  readonly caller: Principal;
  readonly requestId: string;
  readonly store: AccountStore;
  /** epoch milliseconds */
  now(): number;
  /** This service's records of a kind in this account and Region. */
  table<T>(kind: string): Table<T>;
  archive(text: string): ArchiveRef;
  unarchive(ref: ArchiveRef): Promise<string>;
  /** `arn:aws:<service>:<region>:<account>:<resource>` of this service. */
  arn(resource: string): string;
  /** Calls another service as the caller of this one, or as `as`. The same table that HTTP uses, IAM included. */
  call(service: string, action: string, input: Input, options?: { as?: Principal; region?: string }): Promise<Input>;
}

export interface Action {
  /** What the caller needs. An action without it is open to any caller (sts:GetCallerIdentity). */
  permissions?(input: Input, context: Context): Permission[];
  run(input: Input, context: Context): Output | Promise<Output>;
}

/** A REST route: how a request becomes an action's input, and its output a response. */
export interface Route {
  method: string;
  /** `/2015-03-31/functions/{FunctionName}/code`; `{Name+}` takes the rest of the path, slashes included. */
  path: string;
  action: string;
  /** Wire name in the query string → member. */
  query?: Record<string, string>;
  /** Header (lower case) → member. */
  headers?: Record<string, string>;
  /** The member that takes the raw body, as a Buffer; the body is JSON otherwise. */
  payload?: string;
  /** HTTP status of success; 200 if not said. `$status` in the output wins. */
  status?: number;
  output?: {
    /** The member (Buffer or string) that is the raw body. */
    payload?: string;
    /** Member → header. */
    headers?: Record<string, string>;
  };
}

export interface Service {
  /** The name in the credential scope of a signature: `states`, `events`. */
  name: string;
  protocol: 'json-1.0' | 'json-1.1' | 'query' | 'rest-json';
  /** JSON protocols: what stands before the dot of X-Amz-Target. */
  targetPrefix?: string;
  /** Query protocol: xmlns of the response. */
  xmlNamespace?: string;
  /** A service of a JSON protocol that older clients (the AWS CLI 2.9) still speak the query protocol to. */
  query?: QueryForm;
  /** Global services (IAM) keep their records outside Regions. */
  global?: boolean;
  routes?: Route[];
  actions: Record<string, Action>;
  /** Takes the whole request by itself (dynalite's tables); IAM still comes first. */
  raw?(request: RawRequest, context: Context): Promise<RawResponse>;
  /** What is given to who knows its address alone, at `/_presso/given/<service>/…`, as AWS's presigned addresses are. */
  give?(path: string, query: URLSearchParams, world: World): Promise<RawResponse | undefined>;
  /** Called once for each account and Region with records of this service, when an account's data is opened: timers are set again, deliveries go on. */
  wake?(context: Context): void | Promise<void>;
  /** The kinds of records whose presence in a Region asks for `wake`. */
  wakeOn?: string[];
  /** Called when the sandbox stops: workers and files are closed. */
  close?(world: World): Promise<void>;
}

export interface QueryForm {
  xmlNamespace: string;
  /** Name of an error in the JSON protocol → its older code, where they differ; both protocols tell it. */
  codes: Record<string, string>;
  /** The members as the JSON protocol has them, where the form writes them otherwise. */
  read?(action: string, form: Input): Input;
  /** The answer as the older one wrote it. */
  write?(action: string, output: Record<string, unknown>): Record<string, unknown>;
}

export interface RawRequest {
  action: string;
  body: Buffer;
  headers: Record<string, string>;
}

export interface RawResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}
