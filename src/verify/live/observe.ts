/** Reads what becomes of a test order: the executions that are about it, and where each stands. */
import type { Connection } from '../../aws/connection.ts';
import { describeExecution, type ExecutionDetail, executionHistory, listExecutions } from '../../aws/states.ts';
import type { RunSeen } from './types.ts';

/** Newest executions that are looked at: a test order's is among the first, also in a busy shop. */
const DEPTH = 60;

export interface RunFinder {
  /** Executions since this finder was made whose input names one of `marks`; each is described as it is now. */
  find(marks: readonly string[]): Promise<ExecutionDetail[]>;
  /** Executions since then whose input names no order at all: a rule that hands on something else starts such. */
  strays(): Promise<ExecutionDetail[]>;
}

/** Remembers which executions were there before, so that only new ones are described. */
export async function runFinder(connection: Connection, machine: string): Promise<RunFinder> {
  const old = new Set((await listExecutions(connection, machine, DEPTH)).map(({ arn }) => arn));
  const inputs = new Map<string, string>();
  const fresh = async (wanted: (input: string) => boolean): Promise<ExecutionDetail[]> => {
    const listed = (await listExecutions(connection, machine, DEPTH)).filter(({ arn }) => !old.has(arn));
    const found = await Promise.all(
      listed.map(async ({ arn }) => {
        const known = inputs.get(arn);
        if (known !== undefined && !wanted(known)) return undefined;
        const detail = await describeExecution(connection, arn);
        inputs.set(arn, detail.input);
        return wanted(detail.input) ? detail : undefined;
      }),
    );
    return found.filter((one) => one !== undefined);
  };
  return {
    find: (marks) => fresh((input) => marks.some((mark) => input.includes(mark))),
    strays: () => fresh((input) => !/order_?id/i.test(input)),
  };
}

/** An execution, and the state in which it stands or stood last. */
export async function seeRun(connection: Connection, arn: string): Promise<RunSeen> {
  const [{ name, status, error, cause }, history] = await Promise.all([
    describeExecution(connection, arn),
    executionHistory(connection, arn),
  ]);
  const state = history.findLast(({ type }) => type.endsWith('StateEntered'))?.state;
  return {
    name,
    arn,
    status,
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
    ...(state === undefined ? {} : { state }),
  };
}
