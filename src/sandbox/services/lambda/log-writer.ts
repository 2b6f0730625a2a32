/** Sends what functions print to CloudWatch Logs, as the function's role and behind its back: no invocation waits for it. */
import { ServiceError } from '../../errors.ts';
import type { Principal } from '../../identity.ts';
import type { Context } from '../../service.ts';

interface LogEvent {
  timestamp: number;
  message: string;
}

/** milliseconds: what is waited for more lines, and where lines have just been written (a busy function) */
const MOMENT = 25;
const LONGER_MOMENT = 400;

/** The log stream of one environment. */
export class LogWriter {
  readonly #context: Context;
  readonly #group: string;
  readonly #stream: string;
  readonly #as: Principal;
  #queue: LogEvent[] = [];
  #writing = false;
  #made = false;
  /** When lines were written last, by the machine's clock. */
  #wrote = Number.NEGATIVE_INFINITY;
  /** Logs refuse this role: nothing is written, as on AWS, and the sandbox's own log says so once. */
  #denied = false;

  constructor(context: Context, group: string, stream: string, as: Principal) {
    this.#context = context;
    this.#group = group;
    this.#stream = stream;
    this.#as = as;
  }

  write(events: LogEvent[]): void {
    if (this.#denied || events.length === 0) return;
    this.#queue.push(...events);
    if (this.#writing) return;
    this.#writing = true;
    this.#context.world.background(`logs of ${this.#group}`, () => this.#drain());
  }

  async #drain(): Promise<void> {
    try {
      // What is said within a moment goes out together: the lines of a whole invocation, of several when they are short.
      const busy = performance.now() - this.#wrote < 2 * LONGER_MOMENT;
      await new Promise<void>((done) => setTimeout(done, busy ? LONGER_MOMENT : MOMENT));
      while (this.#queue.length > 0 && !this.#denied) {
        const events = this.#queue.splice(0, 1_000).sort((a, b) => a.timestamp - b.timestamp);
        if (!this.#made) await this.#make();
        await this.#call('PutLogEvents', { logEvents: events });
        this.#wrote = performance.now();
      }
    } catch (error) {
      this.#queue = [];
      if (!(error instanceof ServiceError)) throw error;
      if (error.code === 'ResourceNotFoundException') this.#made = false;
      else {
        this.#denied = true;
        this.#context.world.log('function', `${this.#group}: nothing is logged: ${error.message}`);
      }
    } finally {
      this.#writing = false;
    }
  }

  async #make(): Promise<void> {
    try {
      await this.#call('CreateLogStream');
    } catch (error) {
      const code = error instanceof ServiceError ? error.code : '';
      if (code === 'ResourceNotFoundException') {
        await this.#call('CreateLogGroup', {}, true);
        await this.#call('CreateLogStream');
      } else if (code !== 'ResourceAlreadyExistsException') throw error;
    }
    this.#made = true;
  }

  async #call(action: string, more: Record<string, unknown> = {}, ofGroup = false): Promise<void> {
    const input = { logGroupName: this.#group, ...(ofGroup ? {} : { logStreamName: this.#stream }), ...more };
    await this.#context.call('logs', action, input, { as: this.#as });
  }
}
