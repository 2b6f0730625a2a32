/** `states:startExecution` and its `.sync` forms ("Start a new AWS Step Functions state machine from a running execution"). */
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../../../asl/index.ts';
import { ServiceError } from '../../../errors.ts';
import { driverOf, type Ended } from '../driver.ts';
import { type EndRecord, endsOf, executionKey } from '../records.ts';
import {
  asJsonText,
  asObject,
  type Dialect,
  failureOf,
  sdkMetadata,
  type Task,
  TaskFailure,
  type TaskOutcome,
} from './outcome.ts';

const dialect: Dialect = {
  prefix: 'StepFunctions',
  base: 'AWSStepFunctionsException',
  service: 'AWSStepFunctions',
  version: 1,
};

export async function startNested(task: Task): Promise<TaskOutcome> {
  const { world } = task.driver.context;
  const sync = task.pattern === 'sync' || task.pattern === 'sync:2';
  const known = task.submitted === undefined ? undefined : asObject(task.submitted)['ExecutionArn'];
  if (sync && typeof known === 'string') return follow(task, known);
  const parameters = asObject(task.effect.parameters);
  const requestId = world.uuid();
  // A name of its own for each task: asked again after a crash, it starts nothing twice.
  const name = parameters['Name'] ?? nameFor(task);
  let arn: string;
  let started: Date;
  try {
    const answer = await task.call('states', 'StartExecution', {
      stateMachineArn: parameters['StateMachineArn'],
      name,
      ...(parameters['Input'] === undefined ? {} : { input: asJsonText(parameters['Input']) }),
      ...(parameters['TraceHeader'] === undefined ? {} : { traceHeader: parameters['TraceHeader'] }),
    });
    arn = String(answer['executionArn']);
    started = answer['startDate'] as Date;
  } catch (error) {
    const again =
      parameters['Name'] === undefined && error instanceof ServiceError && error.code === 'ExecutionAlreadyExists';
    const existing = again ? /'(arn:[^']+)'/.exec(error.message)?.[1] : undefined;
    if (existing === undefined) throw failureOf(error, dialect, requestId);
    arn = existing;
    started = new Date(task.driver.context.now());
  }
  const output: JsonObject = { ExecutionArn: arn, StartDate: started.getTime() };
  Object.assign(output, sdkMetadata(requestId, task.driver.context.now(), JSON.stringify(output)));
  if (!sync) return { output };
  task.driver.deliver(task.live, { kind: 'task-submitted', id: task.effect.id, output });
  return follow(task, arn);
}

function nameFor(task: Task): string {
  const digest = createHash('sha256').update(`${task.live.start.seed} ${task.effect.id}`).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/** Answers the task when the execution has ended; nothing waits for that here. */
async function follow(task: Task, arn: string): Promise<TaskOutcome> {
  const { driver, live, effect } = task;
  const nested = driverOf(driver.context).live(arn);
  if (nested) {
    void driver.ended(nested).then((ended) => answer(task, ended));
    return { later: true };
  }
  const record = endsOf(driver.context).get(executionKey(driver.context, arn));
  if (!record) throw new TaskFailure('States.TaskFailed', `Execution Does Not Exist: '${arn}'`);
  const ended = await restored(task, record);
  if (live.tasks.has(effect.id)) answer(task, ended);
  return { later: true };
}

async function restored(task: Task, record: EndRecord): Promise<Ended> {
  const { start, output, error, cause } = await task.driver.archived(record);
  return {
    start,
    status: record.status,
    stopped: record.stopped,
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

function answer(task: Task, ended: Ended): void {
  const { driver, live, effect, pattern } = task;
  const { start } = ended;
  const json = (text: string): Json => (pattern === 'sync:2' ? (JSON.parse(text) as Json) : text);
  const described: JsonObject = {
    ...(ended.cause === undefined ? {} : { Cause: ended.cause }),
    ...(ended.error === undefined ? {} : { Error: ended.error }),
    ExecutionArn: start.arn,
    Input: json(start.input),
    InputDetails: { Included: true },
    Name: start.name,
    ...(ended.output === undefined ? {} : { Output: json(ended.output), OutputDetails: { Included: true } }),
    RedriveCount: 0,
    StartDate: start.started,
    StateMachineArn: start.machineArn,
    Status: ended.status,
    StopDate: ended.stopped,
  };
  if (ended.status === 'SUCCEEDED') driver.deliver(live, { kind: 'task-succeeded', id: effect.id, output: described });
  else
    driver.deliver(live, {
      kind: 'task-failed',
      id: effect.id,
      error: 'States.TaskFailed',
      cause: JSON.stringify(described),
    });
}
