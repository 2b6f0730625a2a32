/**
 * The driver: fibers (generators) for the workflow, its branches and iterations, the effects they wait for, and the
 * history they write. It knows nothing of states; what runs in a fiber is in states/.
 */
import { StatesError } from './errors.ts';
import { failureDetails, History, HistoryFull, inputDetails, MAX_EVENTS, outputDetails } from './history.ts';
import { tooLarge } from './json.ts';
import { Dice } from './random.ts';
import type {
  Effect,
  Execution,
  ExecutionOptions,
  ExecutionStatus,
  HistoryEvent,
  Input,
  Json,
  JsonObject,
} from './types.ts';

/** How a branch or an iteration ended. */
export type Outcome = { output: Json } | { failure: Failure };

/** What wakes a fiber: an input for one of its effects, or the end of one of its children. */
export type Signal = { kind: 'input'; input: Input } | { kind: 'child'; child: Fiber; outcome: Outcome };

export type Process<T> = Generator<void, T, Signal>;

/** A failure with its final cause, on its way up to a Catch or to the end of the execution. */
export class Failure extends Error {
  readonly error: string | undefined;
  readonly reason: string | undefined;
  /** A time-out that came from a missed heartbeat. */
  readonly heartbeat: boolean;

  constructor(error: string | undefined, reason: string | undefined, heartbeat = false) {
    super(reason ?? error ?? '');
    this.error = error;
    this.reason = reason;
    this.heartbeat = heartbeat;
  }
}

export class Fiber {
  readonly parent: Fiber | undefined;
  readonly children = new Set<Fiber>();
  readonly effects = new Set<string>();
  /** A child execution of a distributed map writes no events into its parent's history. */
  readonly silent: boolean;
  process: Process<Json> | undefined;
  lastEvent: number;
  ended = false;

  constructor(parent: Fiber | undefined, lastEvent: number, silent: boolean) {
    this.parent = parent;
    this.lastEvent = lastEvent;
    this.silent = silent;
  }
}

const FIVE_MINUTES = 300;

export class Engine implements Execution {
  readonly options: ExecutionOptions;
  readonly dice: Dice;
  status: ExecutionStatus = 'RUNNING';
  output?: Json;
  error?: string;
  cause?: string;
  now: number;
  readonly #history: History;
  readonly #owners = new Map<string, Fiber>();
  readonly #pending = new Map<string, Effect>();
  readonly #ready: [Fiber, Signal | undefined][] = [];
  readonly #root: Fiber;
  #out: Effect[] = [];
  #serial = 0;
  #deadline: string | undefined;

  constructor(options: ExecutionOptions) {
    this.options = options;
    this.now = options.now;
    this.dice = new Dice(options.seed);
    this.#history = new History(
      options.maxEvents ?? (options.type === 'EXPRESS' ? Number.POSITIVE_INFINITY : MAX_EVENTS),
    );
    this.#root = new Fiber(undefined, 0, false);
  }

  get history(): readonly HistoryEvent[] {
    return this.#history.events;
  }

  /** Starts the workflow; answers with its first effects. */
  start(body: (fiber: Fiber) => Process<Json>, timeoutSeconds: number | undefined): Effect[] {
    const { input, execution, type } = this.options;
    this.log(this.#root, 'ExecutionStarted', 'executionStarted', {
      ...inputDetails(JSON.stringify(input)),
      roleArn: execution.roleArn,
    });
    // AWS counts the first state from the beginning, not from ExecutionStarted (GetExecutionHistory, "Examples").
    this.#root.lastEvent = 0;
    const limit = type === 'EXPRESS' ? Math.min(timeoutSeconds ?? FIVE_MINUTES, FIVE_MINUTES) : timeoutSeconds;
    if (limit !== undefined) this.#deadline = this.#ask({ kind: 'timer', id: '', at: this.now + limit * 1000 });
    this.#root.process = body(this.#root);
    this.#ready.push([this.#root, undefined]);
    return this.#run();
  }

  pending(): Effect[] {
    return [...this.#pending.values()];
  }

  deliver(input: Input): Effect[] {
    if (this.status !== 'RUNNING') return [];
    this.#out = [];
    if (input.kind === 'stop') {
      this.now = Math.max(this.now, input.now);
      this.#end('ABORTED', input.error, input.cause);
      return this.#out;
    }
    const effect = this.#pending.get(input.id);
    if (!effect || (effect.kind === 'timer') !== (input.kind === 'timer')) return [];
    this.now = Math.max(this.now, input.now);
    if (input.id === this.#deadline) {
      this.#end('TIMED_OUT', 'States.Timeout', undefined);
      return this.#out;
    }
    const owner = this.#owners.get(input.id);
    if (input.kind === 'timer' || input.kind === 'task-succeeded' || input.kind === 'task-failed')
      this.#forget(input.id);
    if (owner) this.#ready.push([owner, { kind: 'input', input }]);
    return this.#run();
  }

  /** Writes an event; answers with its id. */
  log(fiber: Fiber, type: string, name?: string, details?: JsonObject): number {
    if (fiber.silent) return fiber.lastEvent;
    fiber.lastEvent = this.#history.add(type, fiber.lastEvent, this.now, name, details);
    return fiber.lastEvent;
  }

  /** Asks something of the outside on behalf of a fiber; answers with the effect's id. */
  ask(fiber: Fiber, effect: Effect): string {
    const id = this.#ask(effect);
    this.#owners.set(id, fiber);
    fiber.effects.add(id);
    return id;
  }

  timer(fiber: Fiber, at: number): string {
    return this.ask(fiber, { kind: 'timer', id: '', at });
  }

  /** Takes back what was asked and not answered yet. */
  cancel(id: string | undefined): void {
    if (id === undefined || !this.#pending.has(id)) return;
    this.#forget(id);
    const asked = this.#out.findIndex((effect) => effect.kind !== 'cancel' && effect.id === id);
    if (asked >= 0) this.#out.splice(asked, 1);
    else this.#out.push({ kind: 'cancel', id });
  }

  /** Starts a child of a fiber; its end reaches the parent as a signal. */
  spawn(parent: Fiber, body: (fiber: Fiber) => Process<Json>, silent = false): Fiber {
    const child = new Fiber(parent, parent.lastEvent, silent || parent.silent);
    parent.children.add(child);
    child.process = body(child);
    this.#ready.push([child, undefined]);
    return child;
  }

  /** Ends a child, and all that it has started, before its time. */
  abort(fiber: Fiber): void {
    if (fiber.ended) return;
    fiber.ended = true;
    for (const id of [...fiber.effects]) this.cancel(id);
    for (const child of fiber.children) this.abort(child);
    fiber.parent?.children.delete(fiber);
  }

  #ask(effect: Effect): string {
    const id = `${effect.kind}-${++this.#serial}`;
    const asked = { ...effect, id } as Effect;
    this.#pending.set(id, asked);
    this.#out.push(asked);
    return id;
  }

  #forget(id: string): void {
    this.#pending.delete(id);
    this.#owners.get(id)?.effects.delete(id);
    this.#owners.delete(id);
  }

  #run(): Effect[] {
    for (let at = 0; at < this.#ready.length && this.status === 'RUNNING'; at++) {
      const [fiber, signal] = this.#ready[at] as [Fiber, Signal | undefined];
      if (!fiber.ended) this.#resume(fiber, signal);
      if (at > 1000) {
        this.#ready.splice(0, at + 1);
        at = -1;
      }
    }
    this.#ready.length = 0;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #resume(fiber: Fiber, signal: Signal | undefined): void {
    let outcome: Outcome;
    try {
      const step = fiber.process?.next(signal as Signal);
      if (!step?.done) return;
      outcome = { output: step.value };
    } catch (error) {
      outcome = { failure: toFailure(error) };
      // A full history ends the execution wherever it happens; no Catch may write on.
      if (error instanceof HistoryFull && fiber.parent) {
        this.#end('FAILED', error.error, error.reason);
        return;
      }
    }
    const { parent } = fiber;
    this.abort(fiber);
    if (parent) this.#ready.push([parent, { kind: 'child', child: fiber, outcome }]);
    else this.#finish(fiber, outcome);
  }

  #finish(fiber: Fiber, outcome: Outcome): void {
    if ('failure' in outcome) {
      this.#end('FAILED', outcome.failure.error, outcome.failure.reason);
      return;
    }
    const text = JSON.stringify(outcome.output);
    if (tooLarge(text)) {
      this.#end(
        'FAILED',
        'States.DataLimitExceeded',
        'The execution returned a result with a size exceeding the maximum number of bytes service limit.',
      );
      return;
    }
    this.status = 'SUCCEEDED';
    this.output = outcome.output;
    this.log(fiber, 'ExecutionSucceeded', 'executionSucceeded', outputDetails(text));
    this.#release();
  }

  #end(status: 'FAILED' | 'TIMED_OUT' | 'ABORTED', error: string | undefined, cause: string | undefined): void {
    const [type, name] = {
      FAILED: ['ExecutionFailed', 'executionFailed'],
      TIMED_OUT: ['ExecutionTimedOut', 'executionTimedOut'],
      ABORTED: ['ExecutionAborted', 'executionAborted'],
    }[status] as [string, string];
    this.status = status;
    if (error !== undefined) this.error = error;
    if (cause !== undefined) this.cause = cause;
    this.#root.lastEvent = this.#history.events.length;
    this.log(this.#root, type, name, failureDetails(error, cause));
    this.#release();
  }

  #release(): void {
    for (const id of [...this.#pending.keys()]) this.cancel(id);
    this.abort(this.#root);
  }
}

/** Anything thrown on the way becomes a failure: the engine itself throws nothing. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof StatesError) return new Failure(error.error, error.reason);
  return new Failure('States.Runtime', error instanceof Error ? error.message : String(error));
}
