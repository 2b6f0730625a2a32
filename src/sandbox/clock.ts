/** The sandbox's time: real time plus an offset that only grows. All times are epoch milliseconds. */
export interface Timer {
  readonly at: number;
  cancel(): void;
}

interface Entry extends Timer {
  fire: () => void;
  handle: NodeJS.Timeout | undefined;
  order: number;
}

/** setTimeout cannot hold more than this; later timers are re-armed on the way. */
const LONGEST = 2 ** 31 - 1;

export class Clock {
  #offset: number;
  #order = 0;
  readonly #entries = new Set<Entry>();
  readonly #real: () => number;

  constructor(offset = 0, real: () => number = Date.now) {
    this.#offset = offset;
    this.#real = real;
  }

  /** How far the clock was moved ahead of real time, in milliseconds. */
  get offset(): number {
    return this.#offset;
  }

  now(): number {
    return this.#real() + this.#offset;
  }

  /** Calls `fire` once when the clock reaches `at`, at once if it has. */
  at(at: number, fire: () => void): Timer {
    const entry: Entry = {
      at,
      fire,
      handle: undefined,
      order: this.#order++,
      cancel: () => {
        clearTimeout(entry.handle);
        this.#entries.delete(entry);
      },
    };
    this.#entries.add(entry);
    this.#arm(entry);
    return entry;
  }

  /**
   * Moves the clock forward by `ms`. Whatever falls due on the way fires in order, each at its own time;
   * `settle` runs after each so that what follows from it can set timers of its own before the next.
   */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const target = this.now() + ms;
    await settle();
    for (;;) {
      const next = [...this.#entries].sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next || next.at > target) break;
      this.#offset = Math.max(this.#offset, next.at - this.#real());
      next.cancel();
      next.fire();
      await settle();
    }
    this.#offset = Math.max(this.#offset, target - this.#real());
    for (const entry of this.#entries) this.#arm(entry);
  }

  /** Forgets every timer; nothing fires any more. */
  stop(): void {
    for (const entry of [...this.#entries]) entry.cancel();
  }

  #arm(entry: Entry): void {
    clearTimeout(entry.handle);
    const wait = Math.max(0, entry.at - this.now());
    entry.handle = setTimeout(
      () => {
        if (this.now() < entry.at) return this.#arm(entry);
        this.#entries.delete(entry);
        entry.fire();
      },
      Math.min(wait, LONGEST),
    );
  }
}
