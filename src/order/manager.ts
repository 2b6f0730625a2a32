/**
 * The order manager, asked without its API: the official set-up has no one function for the calls of that API, there the
 * API itself starts the state machine. Its input is the same in every set-up (workshop, "The order manager").
 */
import type { Connection } from '../aws/connection.ts';
import { describeExecution, type MachineRun, runExpress, startExecution } from '../aws/states.ts';
import type { Answer } from './calls.ts';
import type { Time } from './time.ts';

export interface ManagerInput {
  action: '' | 'make' | 'unmake' | 'complete' | 'cancel';
  orderId: string;
  baristaUserId: string;
  body: Record<string, unknown>;
}

/** What a refusal of the state machine is in HTTP. The last is what the official one ends with when a condition fails. */
const STATUS_OF: Record<string, number> = {
  'Order.BadRequest': 400,
  'Order.OffMenu': 400,
  'Order.Forbidden': 403,
  'Order.NotFound': 404,
  'Order.Conflict': 409,
  'Order.Unavailable': 503,
  'DynamoDB.ConditionalCheckFailedException': 409,
};

const PATIENCE = 15_000;

export async function askManager(
  connection: Connection,
  machine: { arn: string; type: string },
  input: ManagerInput,
  time: Time,
): Promise<Answer> {
  const text = JSON.stringify(input);
  const run =
    machine.type === 'EXPRESS'
      ? await runExpress(connection, machine.arn, text)
      : await finished(connection, await startExecution(connection, machine.arn, text), time);
  return answerOfRun(run, input);
}

/** Pure. */
export function answerOfRun({ status, error = '', cause }: MachineRun, { orderId, action }: ManagerInput): Answer {
  if (status === 'SUCCEEDED') return { status: 202, body: { orderId, action, status: 'accepted' } };
  if (status === 'RUNNING' || status === 'TIMED_OUT')
    return { status: 504, body: { message: 'The order manager took too long.' } };
  const message = [error, cause].filter((part) => part !== undefined && part !== '').join(': ');
  const known = STATUS_OF[error];
  return known === undefined
    ? { status: 500, body: { message: `it ended as ${status}${message ? `: ${message}` : ''}` } }
    : { status: known, body: { message: cause || error } };
}

async function finished(connection: Connection, execution: string, time: Time): Promise<MachineRun> {
  const until = time.now() + PATIENCE;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    const run = await describeExecution(connection, execution);
    if (run.status !== 'RUNNING' || time.now() >= until) return run;
    await time.sleep(pause);
  }
}
