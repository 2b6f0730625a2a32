/** An ordered store of texts: LevelDB in a folder, or an ordered list in memory. Reads are immediate; one write at a time. */
import { mkdirSync } from 'node:fs';
import type { Range } from './dynalite.ts';

export type Write = { key: string; value: string } | { key: string; value?: undefined };

export interface OrderedStore {
  get(key: string): string | undefined;
  /** All of them or none, and in this order; done when the operating system has them. */
  write(writes: Write[]): Promise<void>;
  /** Entries in key order, in chunks. */
  range(range: Range): AsyncIterable<[string, string][]>;
  close(): Promise<void>;
}

export async function openStore(dir: string | undefined): Promise<OrderedStore> {
  return dir === undefined ? new MemoryStore() : openLevel(dir);
}

const CHUNK = 100;

async function openLevel(dir: string): Promise<OrderedStore> {
  const { ClassicLevel } = await import('classic-level');
  mkdirSync(dir, { recursive: true });
  const level = new ClassicLevel<string, string>(dir, { writeBufferSize: 1024 * 1024, cacheSize: 1024 * 1024 });
  await level.open();
  return {
    get: (key) => level.getSync(key),
    async write(writes) {
      await level.batch(
        writes.map(({ key, value }) => (value === undefined ? { type: 'del', key } : { type: 'put', key, value })),
      );
    },
    async *range({ limit = -1, ...range }) {
      const iterator = level.iterator({ ...range, limit });
      try {
        for (;;) {
          const chunk = await iterator.nextv(limit > 0 ? Math.min(limit, CHUNK) : CHUNK);
          if (chunk.length === 0) return;
          yield chunk;
        }
      } finally {
        await iterator.close();
      }
    },
    close: () => level.close(),
  };
}

class MemoryStore implements OrderedStore {
  readonly #values = new Map<string, string>();
  readonly #keys: string[] = [];

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  async write(writes: Write[]): Promise<void> {
    for (const { key, value } of writes) {
      const known = this.#values.has(key);
      if (value === undefined) {
        if (known) this.#keys.splice(this.#position(key), 1);
        this.#values.delete(key);
      } else {
        if (!known) this.#keys.splice(this.#position(key), 0, key);
        this.#values.set(key, value);
      }
    }
  }

  async *range({ gt, gte, lt, lte, reverse, limit = -1 }: Range): AsyncIterable<[string, string][]> {
    const from = gt !== undefined ? this.#position(`${gt}\0`) : gte !== undefined ? this.#position(gte) : 0;
    const to =
      lt !== undefined ? this.#position(lt) : lte !== undefined ? this.#position(`${lte}\0`) : this.#keys.length;
    const keys = this.#keys.slice(from, Math.max(from, to));
    if (reverse) keys.reverse();
    const wanted = limit >= 0 ? keys.slice(0, limit) : keys;
    const entries = wanted.map((key): [string, string] => [key, this.#values.get(key) ?? '']);
    for (let i = 0; i < entries.length; i += CHUNK) yield entries.slice(i, i + CHUNK);
  }

  async close(): Promise<void> {}

  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
