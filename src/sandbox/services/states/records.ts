/** What Step Functions keeps, how ARNs are read, and the errors that every action shares. */
import type { ExecutionStatus, Input as EngineInput } from '../../../asl/index.ts';
import { ServiceError } from '../../errors.ts';
import type { ArchiveRef } from '../../journal.ts';
import type { Context } from '../../service.ts';

export type MachineType = 'STANDARD' | 'EXPRESS';

export interface MachineRecord {
  name: string;
  arn: string;
  type: MachineType;
  definition: string;
  roleArn: string;
  status: 'ACTIVE' | 'DELETING';
  /** epoch milliseconds */
  created: number;
  updated?: number;
  revisionId?: string;
  loggingConfiguration: Record<string, unknown>;
  tracingConfiguration: { enabled: boolean };
  tags: Record<string, string>;
}

/** What an execution is started with: enough to play it again from what was delivered to it. */
export interface StartRecord {
  /** Short, for the keys of its inputs. */
  id: string;
  arn: string;
  name: string;
  machineArn: string;
  roleArn: string;
  /** Key of the definition's text among the definitions: the machine may be updated while this runs. */
  definition: string;
  /** JSON text */
  input: string;
  /** epoch milliseconds */
  started: number;
  seed: string;
  traceHeader?: string;
}

/** An ended execution, as far as lists need it; the rest lies in the archive. */
export interface EndRecord {
  status: ExecutionStatus;
  /** epoch milliseconds */
  started: number;
  stopped: number;
  ref: ArchiveRef;
}

/** What the archive holds of an ended execution. Its history follows from start and inputs. */
export interface ArchivedExecution {
  start: StartRecord;
  inputs: EngineInput[];
  output?: string;
  error?: string;
  cause?: string;
}

export interface ActivityRecord {
  name: string;
  arn: string;
  created: number;
  tags: Record<string, string>;
}

export const machinesOf = (context: Context) => context.table<MachineRecord>('machines');
export const definitionsOf = (context: Context) => context.table<string>('definitions');
export const startsOf = (context: Context) => context.table<StartRecord>('running');
export const inputsOf = (context: Context) => context.table<EngineInput>('inputs');
/** By `machine:execution`. */
export const endsOf = (context: Context) => context.table<EndRecord>('ended');
export const activitiesOf = (context: Context) => context.table<ActivityRecord>('activities');

export interface ParsedArn {
  region: string;
  account: string;
  /** `stateMachine`, `execution`, `express`, `activity` */
  kind: string;
  /** What stands after the kind, at its colons. */
  parts: string[];
}

export const invalidArn = (why: string): ServiceError => new ServiceError('InvalidArn', `Invalid Arn: '${why}'`);

/** Reads an ARN of Step Functions of one of `kinds`; throws InvalidArn in AWS's words. */
export function readArn(value: unknown, kinds: readonly string[]): ParsedArn {
  const text = String(value ?? '');
  const parts = text.split(':');
  if (parts[0] !== 'arn') throw invalidArn(`Invalid ARN prefix: ${text}`);
  if (parts.length < 7 || parts[2] !== 'states')
    throw invalidArn(`Resource type not valid in this context: ${parts[5] ?? ''}`);
  const [, , , region = '', account = '', kind = '', ...rest] = parts;
  if (!kinds.includes(kind)) throw invalidArn(`Resource type not valid in this context: ${kind}`);
  return { region, account, kind, parts: rest };
}

export const machineArn = (context: Context, name: string): string => context.arn(`stateMachine:${name}`);

export function machineDoesNotExist(arn: unknown): ServiceError {
  return new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(arn)}'`);
}

/** A machine by its ARN, here and not on its way out. */
export function machineOrThrow(context: Context, arn: unknown): MachineRecord {
  const { parts, region, account } = readArn(arn, ['stateMachine']);
  if (parts.length > 1)
    throw new ServiceError('ValidationException', 'The sandbox does not carry versions and aliases of state machines.');
  const record =
    region === context.region && account === context.account ? machinesOf(context).get(parts[0] ?? '') : undefined;
  if (!record) throw machineDoesNotExist(arn);
  return record;
}

export function executionDoesNotExist(arn: unknown): ServiceError {
  return new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(arn)}'`);
}

/** `machine:execution` of an execution's ARN. */
export function executionKey(context: Context, arn: unknown): string {
  const { parts, region, account } = readArn(arn, ['execution']);
  if (region !== context.region || account !== context.account) throw executionDoesNotExist(arn);
  return parts.join(':');
}

/** "StartExecution", name: what a name must not contain. */
const BAD_NAME = /[\s<>{}[\]?*"#%\\^|~`$&,;:/]|[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udfff]/;

export function checkName(name: unknown): string {
  const text = String(name ?? '');
  if (text.length === 0 || text.length > 80 || BAD_NAME.test(text))
    throw new ServiceError('InvalidName', `Invalid Name: '${text}'`);
  return text;
}

/** "Step Functions service quotas": input or output of an execution or task, UTF-8. */
export const MOST_BYTES = 262_144;

/** Throws for an input that is no JSON, in the words of AWS's parser for the commonest mistakes. */
export function checkJson(text: string, code: string, prefix: string, empty: string): void {
  if (Buffer.byteLength(text) > MOST_BYTES)
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value at '${code === 'InvalidOutput' ? 'output' : 'input'}' failed to satisfy constraint: Member must have length less than or equal to ${MOST_BYTES}`,
    );
  if (text.trim() === '') throw new ServiceError(code, `${prefix}: '${empty}'`);
  try {
    JSON.parse(text);
  } catch (error) {
    throw new ServiceError(code, `${prefix}: '${parserComplaint(text, error)}'`);
  }
}

function parserComplaint(text: string, error: unknown): string {
  const trimmed = text.trim();
  const word = /^[A-Za-z_$][\w$]*/.exec(trimmed)?.[0];
  if (word && !['true', 'false', 'null'].includes(word))
    return `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`;
  const field = /^\{\s*([^"\s}])/.exec(trimmed)?.[1];
  if (field)
    return `Unexpected character ('${field}' (code ${field.codePointAt(0)})): was expecting double-quote to start field name`;
  const message = error instanceof Error ? error.message : String(error);
  return /end of JSON|Unterminated/i.test(message) ? 'Unexpected end-of-input' : message;
}
