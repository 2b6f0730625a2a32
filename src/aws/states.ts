/** AWS Step Functions, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { sfnClient } from './find.ts';

export interface StateMachine {
  name: string;
  arn: string;
  type: string;
  status: string;
  definition: string;
  roleArn: string;
}

export async function describeStateMachine(connection: Connection, arn: string): Promise<StateMachine | undefined> {
  const sfn = await sfnClient(connection);
  try {
    const found = await sfn.describeStateMachine({ stateMachineArn: arn });
    return {
      name: found.name ?? '',
      arn,
      type: found.type ?? 'STANDARD',
      status: found.status ?? '',
      definition: found.definition ?? '',
      roleArn: found.roleArn ?? '',
    };
  } catch (error) {
    if (errorName(error) === 'StateMachineDoesNotExist') return undefined;
    throw error;
  }
}

export interface StateMachineInput {
  name: string;
  type: 'STANDARD' | 'EXPRESS';
  definition: string;
  roleArn: string;
  tags: Record<string, string>;
}

export async function createStateMachine(connection: Connection, input: StateMachineInput): Promise<string> {
  const sfn = await sfnClient(connection);
  const { stateMachineArn } = await sfn.createStateMachine({
    name: input.name,
    type: input.type,
    definition: input.definition,
    roleArn: input.roleArn,
    tags: Object.entries(input.tags).map(([key, value]) => ({ key, value })),
  });
  return stateMachineArn ?? '';
}

export async function updateStateMachine(
  connection: Connection,
  arn: string,
  change: { definition: string; roleArn: string },
): Promise<void> {
  const sfn = await sfnClient(connection);
  await sfn.updateStateMachine({ stateMachineArn: arn, ...change });
}

export async function deleteStateMachine(connection: Connection, arn: string): Promise<void> {
  const sfn = await sfnClient(connection);
  await sfn.deleteStateMachine({ stateMachineArn: arn });
}

export interface ExecutionSummary {
  arn: string;
  name: string;
  status: string;
  /** epoch milliseconds */
  started: number;
  stopped?: number;
}

/** Executions, newest first, at most `limit`. */
export async function listExecutions(
  connection: Connection,
  arn: string,
  limit: number,
  status?: 'RUNNING',
): Promise<ExecutionSummary[]> {
  const sfn = await sfnClient(connection);
  const found: ExecutionSummary[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.listExecutions({
      stateMachineArn: arn,
      maxResults: Math.min(limit, 1_000),
      nextToken,
      ...(status ? { statusFilter: status } : {}),
    });
    for (const execution of page.executions ?? [])
      found.push({
        arn: execution.executionArn ?? '',
        name: execution.name ?? '',
        status: execution.status ?? '',
        started: execution.startDate?.getTime() ?? 0,
        ...(execution.stopDate ? { stopped: execution.stopDate.getTime() } : {}),
      });
    nextToken = page.nextToken;
  } while (nextToken && found.length < limit);
  return found.slice(0, limit);
}

export interface ExecutionDetail extends ExecutionSummary {
  input: string;
  output?: string;
  error?: string;
  cause?: string;
}

export async function describeExecution(connection: Connection, arn: string): Promise<ExecutionDetail> {
  const sfn = await sfnClient(connection);
  const found = await sfn.describeExecution({ executionArn: arn });
  return {
    arn,
    name: found.name ?? '',
    status: found.status ?? '',
    started: found.startDate?.getTime() ?? 0,
    ...(found.stopDate ? { stopped: found.stopDate.getTime() } : {}),
    input: found.input ?? '{}',
    ...(found.output ? { output: found.output } : {}),
    ...(found.error ? { error: found.error } : {}),
    ...(found.cause ? { cause: found.cause } : {}),
  };
}

export interface HistoryEntry {
  id: number;
  type: string;
  /** epoch milliseconds */
  at: number;
  /** The state entered or left, where the event has one. */
  state?: string;
  error?: string;
  cause?: string;
}

export async function executionHistory(connection: Connection, arn: string): Promise<HistoryEntry[]> {
  const sfn = await sfnClient(connection);
  const found: HistoryEntry[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.getExecutionHistory({ executionArn: arn, maxResults: 1_000, nextToken });
    for (const event of page.events ?? []) {
      const failed =
        event.taskFailedEventDetails ??
        event.executionFailedEventDetails ??
        event.lambdaFunctionFailedEventDetails ??
        event.taskTimedOutEventDetails;
      found.push({
        id: event.id ?? 0,
        type: event.type ?? '',
        at: event.timestamp?.getTime() ?? 0,
        ...(event.stateEnteredEventDetails?.name ? { state: event.stateEnteredEventDetails.name } : {}),
        ...(event.stateExitedEventDetails?.name ? { state: event.stateExitedEventDetails.name } : {}),
        ...(failed?.error ? { error: failed.error } : {}),
        ...(failed?.cause ? { cause: failed.cause } : {}),
      });
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}

/** A task that an execution gave out. */
export interface ExecutionTask {
  /** Number of the event in the history with which it was given out. */
  id: number;
  state: string;
  /** What the task was given. A token of it can end the order: never show it. */
  parameters: unknown;
  /** What came back, where it has. */
  output?: unknown;
}

/** The tasks of an execution in the order in which they were given out (API Reference, "HistoryEvent"). */
export async function executionTasks(connection: Connection, arn: string): Promise<ExecutionTask[]> {
  const sfn = await sfnClient(connection);
  const tasks = new Map<number, ExecutionTask>();
  const before = new Map<number, number>();
  const states = new Map<number, string>();
  let nextToken: string | undefined;
  do {
    const page = await sfn.getExecutionHistory({ executionArn: arn, maxResults: 1_000, nextToken });
    for (const event of page.events ?? []) {
      const { id = 0, previousEventId = 0 } = event;
      before.set(id, previousEventId);
      const state = event.stateEnteredEventDetails?.name ?? states.get(previousEventId) ?? '';
      states.set(id, state);
      const given = event.taskScheduledEventDetails?.parameters ?? event.lambdaFunctionScheduledEventDetails?.input;
      if (given !== undefined) tasks.set(id, { id, state, parameters: parsed(given) });
      const output = event.taskSucceededEventDetails?.output ?? event.lambdaFunctionSucceededEventDetails?.output;
      if (output === undefined) continue;
      for (let at = previousEventId; at > 0; at = before.get(at) ?? 0) {
        const task = tasks.get(at);
        if (!task) continue;
        task.output = parsed(output);
        break;
      }
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return [...tasks.values()];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns a task token, as whoever was waited for does. */
export async function sendTaskSuccess(connection: Connection, token: string, output: string): Promise<void> {
  const sfn = await sfnClient(connection);
  await sfn.sendTaskSuccess({ taskToken: token, output });
}

export async function stopExecution(connection: Connection, arn: string, cause: string): Promise<void> {
  const sfn = await sfnClient(connection);
  await sfn.stopExecution({ executionArn: arn, cause });
}

export interface MachineRun {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
}

/** Runs an EXPRESS state machine and waits for its end, as an API does that answers its caller. */
export async function runExpress(connection: Connection, arn: string, input: string): Promise<MachineRun> {
  const sfn = await sfnClient(connection);
  return toRun(await sfn.startSyncExecution({ stateMachineArn: arn, input }));
}

/** Starts an execution of a STANDARD state machine, under a name of its own if it gets none; answers with its ARN. */
export async function startExecution(
  connection: Connection,
  arn: string,
  input: string,
  name?: string,
): Promise<string> {
  const sfn = await sfnClient(connection);
  const started = await sfn.startExecution({ stateMachineArn: arn, input, ...(name === undefined ? {} : { name }) });
  return started.executionArn ?? '';
}

const toRun = (run: {
  status?: string | undefined;
  output?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}): MachineRun => ({
  status: run.status ?? '',
  ...(run.output === undefined ? {} : { output: run.output }),
  ...(run.error === undefined ? {} : { error: run.error }),
  ...(run.cause === undefined ? {} : { cause: run.cause }),
});
