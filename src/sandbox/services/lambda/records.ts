/** What Lambda keeps in the account's journal. */
import type { ArchiveRef } from '../../journal.ts';

export interface FunctionRecord {
  name: string;
  arn: string;
  runtime: string;
  role: string;
  handler: string;
  description: string;
  /** seconds */
  timeout: number;
  /** MB */
  memorySize: number;
  /** MB */
  ephemeral: number;
  architecture: string;
  environment: Record<string, string>;
  /** The zip, in base64, in the archive. */
  code: ArchiveRef;
  codeSize: number;
  /** SHA-256 of the zip, in base64 */
  codeSha256: string;
  tracing: 'Active' | 'PassThrough';
  logging: { format: 'Text' | 'JSON'; group: string; applicationLevel?: string; systemLevel?: string };
  tags: Record<string, string>;
  /** epoch milliseconds */
  modified: number;
  revisionId: string;
  state: 'Pending' | 'Active';
  update: 'Successful' | 'InProgress';
  /** Statements of the resource policy, in the order they were added. */
  policy: PolicyStatement[];
  policyRevision: string;
}

export interface PolicyStatement {
  Sid: string;
  Effect: 'Allow';
  Principal: string | { Service: string } | { AWS: string };
  Action: string;
  Resource: string;
  Condition?: Record<string, Record<string, string>>;
}

/** An invocation that nobody waits for, kept until it succeeds or is given up. */
export interface AsyncInvocation {
  requestId: string;
  name: string;
  payload: string;
  clientContext?: string;
  /** epoch milliseconds */
  accepted: number;
  attempt: number;
  /** When the next attempt is due. */
  due: number;
}

export interface MappingRecord {
  uuid: string;
  functionName: string;
  functionArn: string;
  source: string;
  batchSize: number;
  enabled: boolean;
  state: 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';
  startingPosition?: string;
  /** seconds */
  window: number;
  /** -1: until the record expires */
  maximumRetryAttempts: number;
  /** seconds; -1: until the record expires */
  maximumRecordAge: number;
  bisect: boolean;
  reportsFailures: boolean;
  /** ScalingConfig.MaximumConcurrency of a queue. */
  concurrency?: number;
  filters: string[];
  tags: Record<string, string>;
  /** epoch milliseconds */
  modified: number;
  lastResult: string;
}
