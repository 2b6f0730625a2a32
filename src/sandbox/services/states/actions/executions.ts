/** Executions: started, stopped, described, listed, and their history. */
import type { HistoryEvent } from '../../../../asl/index.ts';
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, must, page, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { driverOf, type Live } from '../driver.ts';
import {
  checkJson,
  checkName,
  type EndRecord,
  endsOf,
  executionDoesNotExist,
  executionKey,
  type MachineRecord,
  machineOrThrow,
} from '../records.ts';
import { onMachine } from '../machine-checks.ts';
import { invalidToken } from './machines.ts';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const;
/** "StartExecution": a name can be used again after 90 days. */
const NAME_KEPT = 90 * 86_400_000;

const onExecution =
  (action: string) =>
  (input: Input): Permission[] => [{ action: `states:${action}`, resource: String(input['executionArn'] ?? '*') }];

const startShape = {
  stateMachineArn: must.text({ min: 1, max: 256 }),
  name: text(),
  input: text(),
  traceHeader: text({ max: 256 }),
};

function ready(input: Input, context: Context): { machine: MachineRecord; name: string; text: string; trace?: string } {
  const given = readMembers(input, startShape);
  const machine = machineOrThrow(context, given.stateMachineArn);
  const body = given.input ?? '{}';
  checkJson(body, 'InvalidExecutionInput', 'Invalid State Machine Execution Input', 'Invalid execution input.');
  const name = given.name === undefined ? context.world.uuid() : checkName(given.name);
  if (machine.status === 'DELETING')
    throw new ServiceError('StateMachineDeleting', `State Machine is being deleted: '${machine.arn}'`);
  return { machine, name, text: body, ...(given.traceHeader === undefined ? {} : { trace: given.traceHeader }) };
}

const expressArn = (context: Context, machine: MachineRecord, name: string): string =>
  context.arn(`express:${machine.name}:${name}:${context.world.uuid()}`);

const startExecution: Action = {
  permissions: onMachine('StartExecution'),
  run(input, context) {
    const { machine, name, text: body, trace } = ready(input, context);
    const driver = driverOf(context);
    if (machine.type === 'EXPRESS') {
      const live = driver.start(machine, expressArn(context, machine, name), name, body, trace);
      return { executionArn: live.start.arn, startDate: new Date(live.start.started) };
    }
    const arn = context.arn(`execution:${machine.name}:${name}`);
    const running = driver.live(arn);
    const key = `${machine.name}:${name}`;
    const ended = endsOf(context).get(key);
    const taken = running ? running.start.input !== body : ended && ended.stopped + NAME_KEPT > context.now();
    if (taken) throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    if (ended) endsOf(context).delete(key);
    const { start } = running ?? driver.start(machine, arn, name, body, trace);
    return { executionArn: arn, startDate: new Date(start.started) };
  },
};

const startSyncExecution: Action = {
  permissions: onMachine('StartSyncExecution'),
  async run(input, context) {
    const { includedData, ...rest } = input;
    if (includedData !== undefined && includedData !== 'ALL_DATA' && includedData !== 'METADATA_ONLY')
      throw new ServiceError('ValidationException', `The sandbox does not carry includedData ${String(includedData)}.`);
    const { machine, name, text: body, trace } = ready(rest, context);
    if (machine.type !== 'EXPRESS') throw notSupported();
    const driver = driverOf(context);
    const live = driver.start(machine, expressArn(context, machine, name), name, body, trace);
    const ended = await driver.ended(live);
    const { start, status, stopped, output, error, cause } = ended;
    return {
      executionArn: start.arn,
      stateMachineArn: start.machineArn,
      name,
      startDate: new Date(start.started),
      stopDate: new Date(stopped),
      status,
      error,
      cause,
      input: body,
      inputDetails: { included: true },
      ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
      traceHeader: trace,
      billingDetails: {
        billedMemoryUsedInMB: 64,
        billedDurationInMilliseconds: Math.max(100, Math.ceil((stopped - start.started) / 100) * 100),
      },
    };
  },
};

export const notSupported = (): ServiceError =>
  new ServiceError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');

/** A running execution, or what is left of an ended one. */
function findExecution(context: Context, arn: string): { key: string; live?: Live; ended?: EndRecord } {
  const key = executionKey(context, arn);
  const live = driverOf(context).live(arn);
  if (live) return { key, live };
  const ended = endsOf(context).get(key);
  if (!ended) throw executionDoesNotExist(arn);
  return { key, ended };
}

const stopExecution: Action = {
  permissions: onExecution('StopExecution'),
  run(input, context) {
    const { executionArn, error, cause } = readMembers(input, {
      executionArn: must.text({ min: 1, max: 256 }),
      error: text({ max: 256 }),
      cause: text({ max: 32_768 }),
    });
    const { live, ended } = findExecution(context, executionArn);
    if (live)
      driverOf(context).deliver(live, {
        kind: 'stop',
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
      });
    // An execution that has ended stays as it is.
    return { stopDate: new Date(ended?.stopped ?? context.now()) };
  },
};

const describeExecution: Action = {
  permissions: onExecution('DescribeExecution'),
  async run(input, context) {
    const { executionArn } = readMembers(input, {
      executionArn: must.text({ min: 1, max: 256 }),
      includedData: text({ oneOf: ['ALL_DATA', 'METADATA_ONLY'] }),
    });
    const { live, ended } = findExecution(context, executionArn);
    const archived = ended ? await driverOf(context).archived(ended) : undefined;
    const start = live?.start ?? archived?.start;
    if (!start) throw executionDoesNotExist(executionArn);
    const status = ended?.status ?? 'RUNNING';
    const redrivable = status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
    return {
      executionArn: start.arn,
      stateMachineArn: start.machineArn,
      name: start.name,
      status,
      startDate: new Date(start.started),
      stopDate: ended ? new Date(ended.stopped) : undefined,
      input: start.input,
      inputDetails: { included: true },
      ...(archived?.output === undefined ? {} : { output: archived.output, outputDetails: { included: true } }),
      error: archived?.error,
      cause: archived?.cause,
      traceHeader: start.traceHeader,
      redriveCount: 0,
      redriveStatus: redrivable ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      redriveStatusReason: redrivable ? undefined : `Execution is ${status} and cannot be redriven`,
    };
  },
};

interface Listed {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: string;
  startDate: Date;
  stopDate?: Date;
}

const listExecutions: Action = {
  permissions: onMachine('ListExecutions'),
  run(input, context) {
    const { stateMachineArn, statusFilter, maxResults, nextToken } = readMembers(input, {
      stateMachineArn: must.text({ min: 1, max: 256 }),
      statusFilter: text({ oneOf: STATUSES }),
      maxResults: integer({ min: 0, max: 1000 }),
      nextToken: text({ min: 1, max: 3096 }),
    });
    const machine = machineOrThrow(context, stateMachineArn);
    if (machine.type === 'EXPRESS') throw notSupported();
    const all: Listed[] = [];
    // With --eventual the list tells what was true a while ago, as AWS's may.
    const horizon = context.now() - (context.world.options.eventual ?? 0);
    if (statusFilter === undefined || statusFilter === 'RUNNING')
      for (const { start } of driverOf(context).running(machine.arn))
        if (start.started <= horizon)
          all.push({
            executionArn: start.arn,
            stateMachineArn: machine.arn,
            name: start.name,
            status: 'RUNNING',
            startDate: new Date(start.started),
          });
    if (statusFilter !== 'RUNNING' || context.world.options.eventual) {
      const prefix = `${machine.name}:`;
      for (const [key, record] of endsOf(context).entries())
        if (key.startsWith(prefix) && record.started <= horizon) {
          const status = record.stopped > horizon ? 'RUNNING' : record.status;
          if (statusFilter !== undefined && status !== statusFilter) continue;
          all.push({
            executionArn: context.arn(`execution:${key}`),
            stateMachineArn: machine.arn,
            name: key.slice(prefix.length),
            status,
            startDate: new Date(record.started),
            ...(status === 'RUNNING' ? {} : { stopDate: new Date(record.stopped) }),
          });
        }
    }
    all.sort((a, b) => b.startDate.getTime() - a.startDate.getTime());
    const kind = `executions ${machine.arn} ${statusFilter ?? ''}`;
    const { items, next } = page(all, nextToken, maxResults || 100, kind, invalidToken);
    return { executions: items, nextToken: next };
  },
};

const getExecutionHistory: Action = {
  permissions: onExecution('GetExecutionHistory'),
  async run(input, context) {
    const { executionArn, maxResults, reverseOrder, nextToken, includeExecutionData } = readMembers(input, {
      executionArn: must.text({ min: 1, max: 256 }),
      maxResults: integer({ min: 0, max: 1000 }),
      reverseOrder: boolean(),
      nextToken: text({ min: 1, max: 1024 }),
      includeExecutionData: boolean(),
    });
    const { key, live, ended } = findExecution(context, executionArn);
    const events = live ? live.execution.history : await driverOf(context).history(key, ended as EndRecord);
    const ordered = reverseOrder ? [...events].reverse() : [...events];
    const kind = `history ${key} ${reverseOrder ?? false}`;
    const { items, next } = page(ordered, nextToken, maxResults || 100, kind, invalidToken);
    return { events: items.map((event) => shown(event, includeExecutionData ?? true)), nextToken: next };
  },
};

const DATA = new Set(['input', 'output', 'parameters', 'inputDetails', 'outputDetails', 'assignedVariables']);

function shown(event: HistoryEvent, withData: boolean): Record<string, unknown> {
  const { timestamp, ...rest } = event;
  const found: Record<string, unknown> = { ...rest, timestamp: new Date(timestamp) };
  if (!withData)
    for (const [name, details] of Object.entries(found))
      if (name.endsWith('EventDetails'))
        found[name] = Object.fromEntries(Object.entries(details as object).filter(([member]) => !DATA.has(member)));
  return found;
}

export const executions: Record<string, Action> = {
  StartExecution: startExecution,
  StartSyncExecution: startSyncExecution,
  StopExecution: stopExecution,
  DescribeExecution: describeExecution,
  ListExecutions: listExecutions,
  GetExecutionHistory: getExecutionHistory,
};
