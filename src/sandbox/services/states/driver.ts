/**
 * Plays executions in real time: carries the engine's effects out (tasks, timers), delivers what comes of them, and keeps
 * what is needed to go on after the process died. One file because it is one life cycle: start, deliver, end, wake.
 *
 * A STANDARD execution is a start record and an input record for everything delivered to it; the engine, given the same
 * again, is where it was. At its end both make room for a small record, and the replay lies in the archive.
 */
import { createHash } from 'node:crypto';
import {
  type Effect,
  type Execution,
  type HistoryEvent,
  type Input as EngineInput,
  type Json,
  startExecution,
} from '../../../asl/index.ts';
import type { Timer } from '../../clock.ts';
import type { Principal } from '../../identity.ts';
import type { Context } from '../../service.ts';
import { TaskFailure, type TaskOutcome, runTask } from './integrations/index.ts';
import {
  type ArchivedExecution,
  definitionsOf,
  type EndRecord,
  endsOf,
  inputsOf,
  machinesOf,
  type MachineRecord,
  type MachineType,
  type StartRecord,
  startsOf,
} from './records.ts';

export type TaskEffect = Extract<Effect, { kind: 'task' }>;
type Delivered = EngineInput extends infer I ? (I extends { now: number } ? Omit<I, 'now'> : never) : never;

/** A running execution. */
export interface Live {
  start: StartRecord;
  type: MachineType;
  execution: Execution;
  tasks: Map<string, TaskEffect>;
  /** What `task-submitted` said, by task: a `.sync` goes on from it. */
  submitted: Map<string, Json>;
  timers: Map<string, Timer>;
  inputs: EngineInput[];
  /** The session name of the role in all of this execution's calls. */
  session: string;
  /** Called at the end. */
  waiting: ((ended: Ended) => void)[];
}

export interface Ended {
  start: StartRecord;
  status: Execution['status'];
  stopped: number;
  output?: string;
  error?: string;
  cause?: string;
}

export interface ActivityTask {
  live: Live;
  task: TaskEffect;
  token: string;
}

const drivers = new WeakMap<object, Map<string, Driver>>();

/** The driver of this account and Region. */
export function driverOf(context: Context): Driver {
  let regions = drivers.get(context.store);
  if (!regions) {
    regions = new Map();
    drivers.set(context.store, regions);
  }
  let driver = regions.get(context.region);
  if (!driver) {
    // The driver outlives the request: it acts for itself, each task under its machine's role.
    driver = new Driver({ ...context, caller: { kind: 'admin', account: context.account } });
    regions.set(context.region, driver);
  }
  return driver;
}

export class Driver {
  readonly context: Context;
  /** By ARN. */
  readonly #live = new Map<string, Live>();
  readonly #byMachine = new Map<string, Set<Live>>();
  readonly #tokens = new Map<string, { live: Live; task: TaskEffect }>();
  /** Which machine's task a token was for, of the last ones that are over: IAM still asks. */
  readonly #over = new Map<string, string>();
  readonly #activityQueues = new Map<string, ActivityTask[]>();
  readonly #activityWaiters = new Map<string, ((task: ActivityTask | undefined) => void)[]>();
  /** The last histories that were played again: a client reads them page after page. */
  readonly #replayed = new Map<string, readonly HistoryEvent[]>();

  constructor(context: Context) {
    this.context = context;
  }

  live(arn: string): Live | undefined {
    return this.#live.get(arn);
  }

  /** Running executions of a machine, newest first. */
  running(machineArn: string): Live[] {
    return [...(this.#byMachine.get(machineArn) ?? [])].reverse();
  }

  byToken(token: string): { live: Live; task: TaskEffect } | undefined {
    return this.#tokens.get(token);
  }

  /** The machine whose task this token is or was for, as far as it is known. */
  machineOfToken(token: string): string | undefined {
    return this.#tokens.get(token)?.live.start.machineArn ?? this.#over.get(token);
  }

  #retire(token: string, machineArn: string): void {
    if (!this.#tokens.delete(token)) return;
    this.#over.set(token, machineArn);
    if (this.#over.size > 1_000) this.#over.delete(this.#over.keys().next().value ?? '');
  }

  start(machine: MachineRecord, arn: string, name: string, input: string, traceHeader?: string): Live {
    const { world } = this.context;
    const definition = definitionId(machine);
    if (!definitionsOf(this.context).has(definition)) definitionsOf(this.context).put(definition, machine.definition);
    const start: StartRecord = {
      id: world.suffix(10),
      arn,
      name,
      machineArn: machine.arn,
      roleArn: machine.roleArn,
      definition,
      input,
      started: this.context.now(),
      seed: world.suffix(22),
      ...(traceHeader === undefined ? {} : { traceHeader }),
    };
    if (machine.type === 'STANDARD') startsOf(this.context).put(start.id, start);
    const { live, effects } = this.#begin(start, machine.type);
    this.#carryOut(live, effects);
    this.#afterwards(live);
    return live;
  }

  #begin(start: StartRecord, type: MachineType): { live: Live; effects: Effect[] } {
    const { execution, effects } = play(this.context, start, type);
    const live: Live = { ...liveStandIn(start), type, execution };
    this.#live.set(start.arn, live);
    const others = this.#byMachine.get(start.machineArn) ?? new Set();
    this.#byMachine.set(start.machineArn, others.add(live));
    return { live, effects };
  }

  /** Plays every execution that was running when the process ended, and goes on. */
  wake(): void {
    const inputs = new Map<string, EngineInput[]>();
    for (const [key, input] of inputsOf(this.context).entries()) {
      const [id = '', at] = key.split('/');
      const list = inputs.get(id) ?? [];
      list[Number(at)] = input;
      inputs.set(id, list);
    }
    const woken: Live[] = [];
    for (const start of [...startsOf(this.context).values()]) {
      if (this.#live.has(start.arn)) continue;
      if (endsOf(this.context).get(keyOf(start.arn))?.started === start.started) {
        // Killed between the last line of an execution and the removal of its first.
        startsOf(this.context).delete(start.id);
        continue;
      }
      const { live } = this.#begin(start, 'STANDARD');
      for (const input of inputs.get(start.id) ?? []) {
        if (!input) continue;
        live.execution.deliver(input);
        live.inputs.push(input);
        if (input.kind === 'task-submitted') live.submitted.set(input.id, input.output);
      }
      woken.push(live);
    }
    // Only when all are there again, since one may wait for another. A callback that was asked for already is waited for;
    // everything else that has no answer is asked again.
    for (const live of woken) {
      if (live.execution.status === 'RUNNING') this.#carryOut(live, live.execution.pending());
      this.#afterwards(live);
    }
    for (const [id, list] of inputs)
      if (!startsOf(this.context).has(id)) for (const at of list.keys()) inputsOf(this.context).delete(`${id}/${at}`);
  }

  /** Tells an execution what happened; false when that concerns it no more. */
  deliver(live: Live, input: Delivered): boolean {
    if (live.execution.status !== 'RUNNING') return false;
    if ('id' in input && !(input.kind === 'timer' ? live.timers.has(input.id) : live.tasks.has(input.id))) return false;
    const stamped = { ...input, now: this.context.now() } as EngineInput;
    if (live.type === 'STANDARD') inputsOf(this.context).put(`${live.start.id}/${live.inputs.length}`, stamped);
    live.inputs.push(stamped);
    if (stamped.kind === 'task-submitted') live.submitted.set(stamped.id, stamped.output);
    if (stamped.kind === 'timer') live.timers.delete(stamped.id);
    if (stamped.kind === 'task-succeeded' || stamped.kind === 'task-failed') this.#forget(live, stamped.id);
    this.#carryOut(live, live.execution.deliver(stamped));
    this.#afterwards(live);
    return true;
  }

  /** Resolves when the execution has ended. */
  ended(live: Live): Promise<Ended> {
    if (live.execution.status !== 'RUNNING') return Promise.resolve(endOf(live, this.context.now()));
    return new Promise((done) => live.waiting.push(done));
  }

  #carryOut(live: Live, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'cancel') {
        live.timers.get(effect.id)?.cancel();
        live.timers.delete(effect.id);
        this.#forget(live, effect.id);
      } else if (effect.kind === 'timer') {
        live.timers.set(
          effect.id,
          this.context.world.clock.at(effect.at, () => void this.deliver(live, { kind: 'timer', id: effect.id })),
        );
      } else this.#ask(live, effect);
    }
  }

  #ask(live: Live, task: TaskEffect): void {
    live.tasks.set(task.id, task);
    if (task.token !== undefined) this.#tokens.set(task.token, { live, task });
    if (/^arn:aws[\w-]*:states:[^:]+:\d*:activity:/.test(task.resource)) {
      this.#offer(live, task);
      return;
    }
    const submitted = live.submitted.get(task.id);
    if (submitted !== undefined && task.token !== undefined) return;
    this.context.world.background('Step Functions task', async () => {
      let outcome: TaskOutcome;
      try {
        outcome = await runTask(this, live, task, submitted);
      } catch (error) {
        // A stop ends the call, not the task: it is asked again when the sandbox is back.
        if (this.context.world.stopping) return;
        const failure = error instanceof TaskFailure ? error : new TaskFailure('States.Runtime', String(error));
        this.deliver(live, { kind: 'task-failed', id: task.id, error: failure.error, cause: failure.cause });
        return;
      }
      if ('output' in outcome && task.token === undefined)
        this.deliver(live, { kind: 'task-succeeded', id: task.id, output: outcome.output });
      else if ('output' in outcome) this.deliver(live, { kind: 'task-submitted', id: task.id, output: outcome.output });
    });
  }

  #forget(live: Live, id: string): void {
    const task = live.tasks.get(id);
    if (!task) return;
    live.tasks.delete(id);
    live.submitted.delete(id);
    if (task.token !== undefined) this.#retire(task.token, live.start.machineArn);
    if (/:activity:/.test(task.resource)) {
      this.#retire(activityToken(live, task), live.start.machineArn);
      const queue = this.#activityQueues.get(task.resource);
      const at = queue?.findIndex((one) => one.live === live && one.task.id === id) ?? -1;
      if (at >= 0) queue?.splice(at, 1);
    }
  }

  /** An activity's task goes to the worker that waits, or waits for one. */
  #offer(live: Live, task: TaskEffect): void {
    const offered: ActivityTask = { live, task, token: activityToken(live, task) };
    this.#tokens.set(offered.token, { live, task });
    const started = live.inputs.some((input) => input.kind === 'task-started' && input.id === task.id);
    if (started) return;
    const waiter = this.#activityWaiters.get(task.resource)?.shift();
    if (waiter) {
      waiter(offered);
      return;
    }
    const queue = this.#activityQueues.get(task.resource) ?? [];
    queue.push(offered);
    this.#activityQueues.set(task.resource, queue);
  }

  /** The next task of an activity, or undefined when `until` (epoch milliseconds) comes first. */
  nextActivityTask(arn: string, until: number): Promise<ActivityTask | undefined> {
    const queued = this.#activityQueues.get(arn)?.shift();
    if (queued) return Promise.resolve(queued);
    return new Promise((done) => {
      const waiters = this.#activityWaiters.get(arn) ?? [];
      const waiter = (task: ActivityTask | undefined): void => {
        timer.cancel();
        done(task);
      };
      const timer = this.context.world.clock.at(until, () => {
        waiters.splice(waiters.indexOf(waiter), 1);
        done(undefined);
      });
      waiters.push(waiter);
      this.#activityWaiters.set(arn, waiters);
    });
  }

  /** What an end brings with it. */
  #afterwards(live: Live): void {
    if (live.execution.status === 'RUNNING') {
      // "DeleteStateMachine": executions of a machine that is being deleted end at their next transition.
      if (live.inputs.length > 0 && this.#machineOf(live)?.status === 'DELETING') this.deliver(live, { kind: 'stop' });
      return;
    }
    if (!this.#live.delete(live.start.arn)) return;
    const others = this.#byMachine.get(live.start.machineArn);
    others?.delete(live);
    if (others?.size === 0) this.#byMachine.delete(live.start.machineArn);
    for (const timer of live.timers.values()) timer.cancel();
    live.timers.clear();
    for (const id of [...live.tasks.keys()]) this.#forget(live, id);
    const ended = endOf(live, this.context.now());
    if (live.type === 'STANDARD') this.#put(live, ended);
    for (const done of live.waiting) done(ended);
    this.removeWhenIdle(live.start.machineArn);
  }

  #put(live: Live, ended: Ended): void {
    const { start, status, stopped, ...result } = ended;
    const archived: ArchivedExecution = { start, inputs: live.inputs, ...result };
    const record: EndRecord = {
      status,
      started: start.started,
      stopped,
      ref: this.context.archive(JSON.stringify(archived)),
    };
    endsOf(this.context).put(keyOf(start.arn), record);
    startsOf(this.context).delete(start.id);
    for (let i = 0; i < live.inputs.length; i++) inputsOf(this.context).delete(`${start.id}/${i}`);
  }

  #machineOf(live: Live): MachineRecord | undefined {
    return machinesOf(this.context).get(live.start.machineArn.split(':')[6] ?? '');
  }

  /** A machine that is being deleted goes with its last execution. */
  removeWhenIdle(machineArn: string): void {
    const name = machineArn.split(':')[6] ?? '';
    if (machinesOf(this.context).get(name)?.status !== 'DELETING' || this.#byMachine.has(machineArn)) return;
    this.context.world.background('deleting a state machine', async () => {
      await this.context.world.pause();
      const machine = machinesOf(this.context).get(name);
      if (machine?.status === 'DELETING' && !this.#byMachine.has(machineArn)) machinesOf(this.context).delete(name);
    });
  }

  async archived(record: EndRecord): Promise<ArchivedExecution> {
    return JSON.parse(await this.context.unarchive(record.ref)) as ArchivedExecution;
  }

  /** The history of an ended execution, played again. */
  async history(key: string, record: EndRecord): Promise<readonly HistoryEvent[]> {
    let events = this.#replayed.get(key);
    if (!events) {
      const { start, inputs } = await this.archived(record);
      const { execution } = play(this.context, start, 'STANDARD');
      for (const input of inputs) execution.deliver(input);
      events = execution.history;
      if (this.#replayed.size >= 4) this.#replayed.delete([...this.#replayed.keys()][0] ?? '');
      this.#replayed.set(key, events);
    }
    return events;
  }

  /** The session under which an execution's calls are made. Throws what `assume` throws. */
  actAs(live: Live, roleArn = live.start.roleArn): Promise<Principal> {
    return this.context.world.assume(roleArn, 'states.amazonaws.com', live.session, {
      account: roleArn.split(':')[4] || this.context.account,
      sourceArn: live.start.machineArn,
    });
  }
}

/** What calls need to know of an execution, where there is none (TestState). */
export function liveStandIn(start: StartRecord): Live {
  return {
    start,
    type: 'EXPRESS',
    execution: { status: 'RUNNING', history: [], pending: () => [], deliver: () => [] },
    tasks: new Map(),
    submitted: new Map(),
    timers: new Map(),
    inputs: [],
    session: createHash('sha256').update(start.seed).digest('hex').slice(0, 32),
    waiting: [],
  };
}

function play(context: Context, start: StartRecord, type: MachineType): { execution: Execution; effects: Effect[] } {
  return startExecution(definitionsOf(context).get(start.definition) ?? '', {
    type,
    input: JSON.parse(start.input) as Json,
    now: start.started,
    seed: start.seed,
    execution: { arn: start.arn, name: start.name, roleArn: start.roleArn },
    stateMachine: { arn: start.machineArn, name: start.machineArn.split(':')[6] ?? '' },
  });
}

function endOf(live: Live, now: number): Ended {
  const { status, output, error, cause } = live.execution;
  return {
    start: live.start,
    status,
    stopped: now,
    ...(output === undefined ? {} : { output: JSON.stringify(output) }),
    ...(error === undefined ? {} : { error }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** `machine:execution` */
/** A machine that is changed is another record. */
const definitionIds = new WeakMap<MachineRecord, string>();

/** Names a definition by its content: executions of the same one share it on disk. */
function definitionId(machine: MachineRecord): string {
  let id = definitionIds.get(machine);
  if (id === undefined) {
    id = createHash('sha256').update(machine.definition).digest('base64url').slice(0, 22);
    definitionIds.set(machine, id);
  }
  return id;
}

const keyOf = (arn: string): string => arn.split(':').slice(6).join(':');

/** Activities hand their token to a worker, not to the state: it is made here, always the same for the same task. */
function activityToken(live: Live, task: TaskEffect): string {
  const bytes = createHash('sha512').update(`${live.start.seed} ${task.id}`).digest();
  return `AQCIAAAAKgAAAAMAAAAAAAAAA${Buffer.concat([bytes, bytes, bytes]).toString('base64')}`;
}
