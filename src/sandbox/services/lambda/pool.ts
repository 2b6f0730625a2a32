/**
 * The capped pool of worker threads that functions run in. An environment serves one invocation at a time and is used
 * again while it is warm; a function gets a second one only when its invocations wait, because starting one costs more
 * than the wait; the least recently used goes when another function needs the place or memory gets short.
 * Times here are the machine's, not the sandbox's clock: they measure real work.
 * One file: who waits, who runs and who must go is one decision.
 */
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { distFile } from '../../../paths.ts';
import type {
  AnswerMessage,
  CallMessage,
  FromWorker,
  FunctionFailure,
  InvokeMessage,
  ToWorker,
  WorkerData,
} from './protocol.ts';

export interface EnvironmentOptions {
  data: WorkerData;
  env: Record<string, string>;
  /** Takes what the function prints. */
  log(time: number, line: string, requestId: string | undefined): void;
  /** Answers what the SDK inside asks the sandbox. */
  call(message: CallMessage): Promise<AnswerMessage>;
  /** Called when the environment is gone. */
  ended(): void;
}

export interface Outcome {
  kind: 'result' | 'failure' | 'timeout' | 'init-failure';
  payload?: string;
  failure?: FunctionFailure;
  durationMs: number;
  /** Set on the first invocation of an environment. */
  initMs?: number | undefined;
  /** bytes */
  memory: number;
  environment: EnvironmentOptions;
}

interface Job {
  message: InvokeMessage;
  since: number;
  began(environment: EnvironmentOptions): void;
  done(outcome: Outcome): void;
  fail(error: unknown): void;
}

interface Environment {
  slot: Slot;
  options: EnvironmentOptions;
  worker: Worker;
  state: 'starting' | 'idle' | 'busy' | 'gone';
  used: number;
  initMs?: number | undefined;
  job?: Job | undefined;
  timer?: NodeJS.Timeout | undefined;
  began: number;
  /** To be told to the thread before this turn ends. */
  answers: AnswerMessage[];
}

/** One configuration of one function. */
interface Slot {
  key: string;
  start(): Promise<EnvironmentOptions>;
  environments: Set<Environment>;
  /** Being prepared, without a thread yet. */
  preparing: number;
  waiting: Job[];
  timer?: NodeJS.Timeout | undefined;
  retired: boolean;
}

/** Environments that are kept; more only while all of them are busy (functions that wait for functions). */
const CAP = 10;
const HARD_CAP = 40;
const IDLE_MS = 300_000;
/**
 * A second environment starts when an invocation has waited this long for the first, a third after twice as long, and so
 * on: where the machine is busy, more threads would only make each of them colder and memory short.
 */
const WAIT_MS = 100;
/** An idle environment of another function is taken away for a second one only after this long. */
const STALE_MS = 10_000;
/** Where every place is taken, a function's first environment is started after this long, a further one much later. */
const BUSY_MS = 250;
const BUSY_MORE_MS = 2_000;
const INIT_MS = 10_000;
const MEMORY_HIGH = 400 * 1024 * 1024;

export class Pool {
  readonly #slots = new Map<string, Slot>();
  readonly #environments = new Set<Environment>();
  readonly #reaper: NodeJS.Timeout;
  #closed = false;
  #starting = 0;

  constructor() {
    this.#reaper = setInterval(() => this.#reap(), 15_000).unref();
  }

  /** Runs one invocation of the function behind `key`; `start` makes an environment when one is needed. */
  run(
    key: string,
    start: () => Promise<EnvironmentOptions>,
    message: InvokeMessage,
    began: (environment: EnvironmentOptions) => void,
  ): Promise<Outcome> {
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = { key, start, environments: new Set(), preparing: 0, waiting: [], retired: false };
      this.#slots.set(key, slot);
    }
    const at = slot;
    return new Promise<Outcome>((done, fail) => {
      at.waiting.push({ message, since: performance.now(), began, done, fail });
      this.#serve(at);
    });
  }

  /** Lets the environments of every key that begins with `prefix` go, the busy ones when they are done. */
  retire(prefix: string): void {
    for (const slot of [...this.#slots.values()]) {
      if (!slot.key.startsWith(prefix)) continue;
      slot.retired = true;
      this.#slots.delete(slot.key);
      for (const environment of slot.environments) if (environment.state === 'idle') this.#end(environment);
    }
  }

  get size(): number {
    return this.#environments.size;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    const workers = [...this.#environments].map(({ worker }) => worker);
    for (const slot of this.#slots.values()) this.#giveUp(slot);
    for (const environment of [...this.#environments]) {
      // A slot that was retired is known by its environments only.
      this.#giveUp(environment.slot);
      environment.job?.fail(new Error('the sandbox is stopping'));
      environment.job = undefined;
      this.#end(environment);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #giveUp(slot: Slot): void {
    clearTimeout(slot.timer);
    for (const job of slot.waiting.splice(0)) job.fail(new Error('the sandbox is stopping'));
  }

  #serve(slot: Slot): void {
    if (this.#closed) {
      this.#giveUp(slot);
      return;
    }
    for (const environment of slot.environments) {
      if (slot.waiting.length === 0) break;
      if (environment.state === 'idle') this.#dispatch(environment);
    }
    if (slot.waiting.length > 0) this.#grow(slot);
  }

  #grow(slot: Slot): void {
    clearTimeout(slot.timer);
    slot.timer = undefined;
    const first = slot.waiting[0];
    if (!first) return;
    const mine = slot.environments.size + slot.preparing;
    const waited = performance.now() - first.since;
    const starting = slot.preparing > 0 || [...slot.environments].some(({ state }) => state === 'starting');
    const wanted = mine === 0 || (!starting && waited >= WAIT_MS * mine && mine < 10);
    if (wanted && this.#room(mine === 0, waited)) void this.#start(slot);
    if (slot.waiting.length > 0) {
      slot.timer = setTimeout(() => this.#serve(slot), mine === 0 ? 20 : WAIT_MS);
    }
  }

  /** Is there a place for one more environment? Takes away an idle one if need be; for more than the first, only an old one. */
  #room(isFirst: boolean, waited: number): boolean {
    const total = this.#total();
    const staleMs = isFirst ? 0 : STALE_MS;
    // Short of memory, a function still gets its first environment: taking others' away for it would only move the load.
    const tight = total >= CAP || (!isFirst && process.memoryUsage.rss() > MEMORY_HIGH);
    if (!tight) return true;
    const oldest = [...this.#environments]
      .filter(({ state, used }) => state === 'idle' && performance.now() - used >= staleMs)
      .sort((a, b) => a.used - b.used)[0];
    if (oldest) {
      this.#end(oldest);
      return true;
    }
    // Everything is busy: perhaps with waiting for the very function that wants to start.
    const idle = [...this.#environments].some(({ state }) => state === 'idle');
    return !idle && waited >= (isFirst ? BUSY_MS : BUSY_MORE_MS) && total < HARD_CAP;
  }

  #total(): number {
    let preparing = 0;
    for (const slot of this.#slots.values()) preparing += slot.preparing;
    return this.#environments.size + preparing;
  }

  async #start(slot: Slot): Promise<void> {
    slot.preparing++;
    let counted = false;
    let options: EnvironmentOptions;
    let worker: Worker;
    try {
      options = await slot.start();
      const file = distFile('sandbox', 'services', 'lambda', 'worker.js');
      if (!existsSync(file)) throw new Error('presso is not built: node bin/build.js makes what runs functions');
      const memory = options.data.memorySize;
      this.#small(1);
      counted = true;
      worker = new Worker(file, {
        workerData: options.data,
        env: options.env,
        argv: [],
        execArgv: [],
        stdout: true,
        stderr: true,
        trackUnmanagedFds: false,
        resourceLimits: { maxOldGenerationSizeMb: Math.max(64, memory), maxYoungGenerationSizeMb: 2 },
      });
    } catch (error) {
      slot.preparing--;
      if (counted) this.#small(-1);
      for (const job of slot.waiting.splice(0)) job.fail(error);
      return;
    }
    slot.preparing--;
    let loading = true;
    const loaded = (): void => {
      if (loading) this.#small(-1);
      loading = false;
    };
    worker.once('message', loaded);
    worker.once('exit', loaded);
    const environment: Environment = {
      slot,
      options,
      worker,
      state: 'starting',
      used: performance.now(),
      began: performance.now(),
      answers: [],
    };
    slot.environments.add(environment);
    this.#environments.add(environment);
    if (this.#closed) {
      this.#end(environment);
      this.#giveUp(slot);
      return;
    }
    worker.on('message', (message: FromWorker) => this.#hear(environment, message));
    worker.on('error', (error) => this.#crashed(environment, error));
    worker.on('exit', (code) => this.#crashed(environment, code));
    environment.timer = setTimeout(() => {
      this.#finishFirst(environment, { kind: 'timeout', durationMs: INIT_MS, memory: 0, environment: options });
      this.#end(environment);
    }, INIT_MS);
    this.#serveLater(slot);
  }

  /**
   * V8 keeps heaps small while threads start and load their code: some megabytes less each. Not longer: the flag is the
   * whole process's, and this thread would collect its garbage three times as often.
   */
  #small(change: 1 | -1): void {
    this.#starting += change;
    setFlagsFromString(this.#starting > 0 ? '--optimize-for-size' : '--no-optimize-for-size');
  }

  #serveLater(slot: Slot): void {
    if (slot.waiting.length > 0 && !slot.timer) slot.timer = setTimeout(() => this.#serve(slot), WAIT_MS);
  }

  #hear(environment: Environment, message: FromWorker): void {
    const { options, slot } = environment;
    if (message.kind === 'log') {
      options.log(message.time, message.line, environment.job?.message.requestId);
      return;
    }
    if (environment.state === 'gone') return;
    if (message.kind === 'calls') {
      for (const call of message.calls) void options.call(call).then((answer) => this.#answer(environment, answer));
      return;
    }
    if (message.kind === 'ready') {
      clearTimeout(environment.timer);
      environment.initMs = performance.now() - environment.began;
      this.#free(environment);
      return;
    }
    if (message.kind === 'init-failed') {
      const { failure, initMs } = message;
      this.#finishFirst(environment, {
        kind: 'init-failure',
        failure,
        durationMs: initMs,
        initMs,
        memory: 0,
        environment: options,
      });
      this.#end(environment);
      this.#serve(slot);
      return;
    }
    const { job } = environment;
    if (!job || job.message.requestId !== message.requestId) return;
    const { payload, failure, durationMs, memory } = message;
    this.#finish(environment, {
      ...(failure ? { kind: 'failure', failure } : { kind: 'result', payload: payload ?? 'null' }),
      durationMs,
      memory,
      initMs: environment.initMs,
      environment: options,
    });
    environment.initMs = undefined;
    if (message.broken) {
      this.#end(environment);
      this.#serve(slot);
    } else this.#free(environment);
  }

  #answer(environment: Environment, answer: AnswerMessage): void {
    environment.answers.push(answer);
    if (environment.answers.length > 1) return;
    queueMicrotask(() => {
      const answers = environment.answers.splice(0);
      if (environment.state !== 'gone') environment.worker.postMessage({ kind: 'answers', answers } satisfies ToWorker);
    });
  }

  /** An environment that never got to run: whoever waited longest hears about it. */
  #finishFirst(environment: Environment, outcome: Outcome): void {
    const job = environment.job ?? environment.slot.waiting.shift();
    environment.job = undefined;
    job?.began(environment.options);
    job?.done(outcome);
  }

  #finish(environment: Environment, outcome: Outcome): void {
    clearTimeout(environment.timer);
    const { job } = environment;
    environment.job = undefined;
    job?.done(outcome);
  }

  #free(environment: Environment): void {
    environment.state = 'idle';
    environment.used = performance.now();
    const { slot } = environment;
    if (slot.waiting.length > 0) this.#dispatch(environment);
    else if (slot.retired || this.#closed) this.#end(environment);
  }

  #dispatch(environment: Environment): void {
    const job = environment.slot.waiting.shift();
    if (!job) return;
    environment.state = 'busy';
    environment.job = job;
    environment.began = performance.now();
    job.began(environment.options);
    environment.timer = setTimeout(() => {
      this.#finish(environment, {
        kind: 'timeout',
        durationMs: job.message.timeout,
        memory: 0,
        initMs: environment.initMs,
        environment: environment.options,
      });
      this.#end(environment);
      this.#serve(environment.slot);
    }, job.message.timeout);
    environment.worker.postMessage({ kind: 'invoke', ...job.message } satisfies ToWorker);
  }

  /** The thread ended by itself: out of memory, `process.exit`, or a fault of its own. */
  #crashed(environment: Environment, why: Error | number): void {
    if (environment.state === 'gone') return;
    const outOfMemory = typeof why !== 'number' && (why as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    const reason = outOfMemory
      ? 'Runtime exited with error: signal: killed'
      : why === 0
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: ${typeof why === 'number' ? `exit status ${why}` : why.message}`;
    const job = environment.job ?? environment.slot.waiting.shift();
    environment.job = job;
    const requestId = job?.message.requestId ?? '';
    this.#finish(environment, {
      kind: 'failure',
      failure: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${reason}` },
      durationMs: performance.now() - environment.began,
      memory: outOfMemory ? environment.options.data.memorySize * 1024 * 1024 : 0,
      initMs: environment.initMs,
      environment: environment.options,
    });
    this.#end(environment);
    this.#serve(environment.slot);
  }

  #end(environment: Environment): void {
    if (environment.state === 'gone') return;
    environment.state = 'gone';
    clearTimeout(environment.timer);
    environment.slot.environments.delete(environment);
    this.#environments.delete(environment);
    void environment.worker.terminate();
    environment.options.ended();
  }

  #reap(): void {
    const now = performance.now();
    const idle = [...this.#environments].filter(({ state }) => state === 'idle').sort((a, b) => a.used - b.used);
    let short = process.memoryUsage.rss() > MEMORY_HIGH;
    for (const environment of idle)
      if (now - environment.used > IDLE_MS || (short && now - environment.used > STALE_MS)) {
        this.#end(environment);
        short = false;
      }
    for (const [key, slot] of this.#slots)
      if (slot.environments.size === 0 && slot.preparing === 0 && slot.waiting.length === 0) this.#slots.delete(key);
  }
}
