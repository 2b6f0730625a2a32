import { startExecution } from './index.ts';
import type { Effect, Execution, ExecutionOptions, Input, Json, JsonObject } from './types.ts';

export type TaskEffect = Extract<Effect, { kind: 'task' }>;

/**
 * What a handler says to a task: its output, a failure, or that nobody answers (it then runs into its time-out).
 * `after` milliseconds of virtual time pass first. `submitted` is the answer of the call itself where the task then
 * waits for its token.
 */
export type TaskAnswer =
  | { output: Json; after?: number; submitted?: Json }
  | { error: string; cause?: string; after?: number; submitted?: Json }
  | { pending: true; submitted?: Json };

export interface SimulateOptions extends Partial<ExecutionOptions> {
  input: Json;
  /** Answers tasks. Without it every task is left without an answer. */
  task?: (effect: TaskEffect, now: number) => TaskAnswer;
  /** More inputs may be delivered than this and the play is stopped, still RUNNING (default 100,000). */
  maxInputs?: number;
}

/** A finished play. `status` is RUNNING where nothing is left that could go on by itself. */
export interface Simulation {
  execution: Execution;
  /** Everything that was delivered, in order: enough to play the execution again. */
  inputs: Input[];
  /** Every task that was asked for, in order. */
  tasks: TaskEffect[];
  /** Virtual epoch milliseconds at the end. */
  now: number;
}

const DEFAULTS = {
  now: Date.UTC(2026, 0, 1),
  seed: 'simulate',
  execution: {
    arn: 'arn:aws:states:us-east-1:123456789012:execution:Workflow:simulated',
    name: 'simulated',
    roleArn: 'arn:aws:iam::123456789012:role/Workflow',
  },
  stateMachine: { arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Workflow', name: 'Workflow' },
} satisfies Partial<ExecutionOptions>;

/** Plays an execution to its end with handlers instead of services, jumping over every wait. */
export function simulate(definition: JsonObject | string, options: SimulateOptions): Simulation {
  const { task, maxInputs = 100_000, ...rest } = options;
  const { execution, effects } = startExecution(definition, { ...DEFAULTS, ...rest });
  const agenda = new Agenda();
  const inputs: Input[] = [];
  const tasks: TaskEffect[] = [];
  let now = rest.now ?? DEFAULTS.now;
  const take = (asked: Effect[]) => {
    for (const effect of asked) {
      if (effect.kind === 'cancel') agenda.cancel(effect.id);
      else if (effect.kind === 'timer') agenda.add(Math.max(now, effect.at), { kind: 'timer', id: effect.id, now: 0 });
      else {
        tasks.push(effect);
        schedule(agenda, effect, now, task?.(effect, now) ?? { pending: true });
      }
    }
  };
  take(effects);
  while (execution.status === 'RUNNING' && inputs.length < maxInputs) {
    const next = agenda.next();
    if (!next) break;
    now = next.at;
    const input = { ...next.input, now };
    inputs.push(input);
    take(execution.deliver(input));
  }
  return { execution, inputs, tasks, now };
}

function schedule(agenda: Agenda, { id }: TaskEffect, now: number, answer: TaskAnswer): void {
  if (answer.submitted !== undefined) agenda.add(now, { kind: 'task-submitted', id, now: 0, output: answer.submitted });
  if ('output' in answer)
    agenda.add(now + (answer.after ?? 0), { kind: 'task-succeeded', id, now: 0, output: answer.output });
  else if ('error' in answer)
    agenda.add(now + (answer.after ?? 0), {
      kind: 'task-failed',
      id,
      now: 0,
      error: answer.error,
      ...(answer.cause !== undefined && { cause: answer.cause }),
    });
}

type Planned = Exclude<Input, { kind: 'stop' }>;

/** What will happen when, earliest first; what is planned for the same moment happens in the order it was planned. */
class Agenda {
  readonly #heap: { at: number; order: number; input: Planned }[] = [];
  readonly #cancelled = new Set<string>();
  #order = 0;

  add(at: number, input: Planned): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, input };
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#before(entry, heap[above] as typeof entry)) break;
      heap[place] = heap[above] as typeof entry;
      place = above;
    }
    heap[place] = entry;
  }

  cancel(id: string): void {
    this.#cancelled.add(id);
  }

  next(): { at: number; input: Planned } | undefined {
    for (;;) {
      const first = this.#pop();
      if (!first || !this.#cancelled.has(first.input.id)) return first;
    }
  }

  #before(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #pop(): { at: number; input: Planned } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = place * 2 + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const lesser =
        right < heap.length && this.#before(heap[right] as typeof last, heap[left] as typeof last) ? right : left;
      if (!this.#before(heap[lesser] as typeof last, last)) break;
      heap[place] = heap[lesser] as typeof last;
      place = lesser;
    }
    heap[place] = last;
    return first;
  }
}
