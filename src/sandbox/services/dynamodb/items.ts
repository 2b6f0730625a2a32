/**
 * The items of one account and Region, with their indexes and stream records. A write is staged in one step of the event
 * loop and goes to LevelDB as one batch together with its stream records and the sequence counter, one batch at a time
 * and in order: so a kill leaves a beginning of what happened, a stream record is there exactly when its write is, and
 * a reader of a stream never sees a later record before an earlier one.
 * One file: staging, writing and reading share what is staged and not yet written.
 */
import path from 'node:path';
import { Stream } from 'node:stream';
import type { Context, Input, Output } from '../../service.ts';
import type { World } from '../../world.ts';
import {
  type ActionStore,
  asServiceError,
  dynalite,
  type Item,
  invalid,
  itemAction,
  type KeyedStore,
  MAX_ITEM_SIZE,
  type Range,
} from './dynalite.ts';
import { type OrderedStore, openStore, type Write } from './level.ts';
import { type StreamRecord, streamKey, streamRecord } from './stream-records.ts';
import { findTable, type TableRecord } from './tables.ts';

const COUNTER = 'sequence';
const itemsOf = (table: TableRecord): string => `i!${table.TableId}!`;
const indexOf = (table: TableRecord, index: string): string => `x!${table.TableId}!${index}!`;

/** What one request is about to write; nothing of it is seen by others before `commit`. */
export class Stage {
  readonly writes = new Map<string, string | undefined>();
  /** What was there before, of each item touched. */
  readonly changes: { table: TableRecord; before: Item | undefined; after: Item | undefined }[] = [];
  /** The item an action read last, for ReturnValuesOnConditionCheckFailure. */
  lastRead: Item | undefined;
  /** Its key, and the text of what was written last: neither is parsed or written out twice. */
  lastKey = '';
  lastWritten: { item: Item; text: string } | undefined;
}

export class ItemStore {
  readonly #level: OrderedStore;
  readonly #world: World;
  /** Staged, not yet in LevelDB. */
  readonly #pending = new Map<string, { value: string | undefined; batch: number }>();
  #queue: Write[] = [];
  #announce = new Set<string>();
  #batch = 0;
  /** Told when the queue that is being filled has landed. */
  #landing: { promise: Promise<void>; done: () => void; fail: (error: unknown) => void } | undefined;
  #inFlight: Promise<void> | undefined;
  #draining = false;
  #sequence: number;

  private constructor(level: OrderedStore, world: World) {
    this.#level = level;
    this.#world = world;
    this.#sequence = Number(level.get(COUNTER) ?? 0);
  }

  static async open(world: World, account: string, region: string): Promise<ItemStore> {
    const { dir } = world.options;
    const folder = dir === undefined ? undefined : path.join(dir, 'accounts', account, `dynamodb-${region}`);
    return new ItemStore(await openStore(folder), world);
  }

  /** The number of the last stream record, of any stream here. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Runs one of dynalite's actions on `stage`. It answers before this returns; its errors are thrown as AWS answers them. */
  run(action: string, data: Input, stage: Stage, context: Context): Output {
    let answer: { error: unknown; output: Output } | undefined;
    itemAction(action)(this.#actionStore(stage, context), data, (error, output) => {
      answer = { error, output };
    });
    if (!answer) throw new Error(`${action} did not answer at once`);
    if (answer.error) throw asServiceError(answer.error);
    return answer.output;
  }

  /** Query and Scan: read from LevelDB what was committed before they came. */
  async read(action: 'Query' | 'Scan', data: Input, context: Context): Promise<Output> {
    await this.#committed();
    return await new Promise<Output>((done, fail) => {
      itemAction(action)(this.#actionStore(new Stage(), context), data, (error, output) =>
        error ? fail(asServiceError(error)) : done(output),
      );
    });
  }

  get(table: TableRecord, key: string): Item | undefined {
    return this.#get(`${itemsOf(table)}${key}`, undefined);
  }

  /** A text kept beside the items (a transaction's token), written with `stage`. */
  note(key: string): string | undefined {
    return this.#text(`n!${key}`);
  }

  /** Makes a stage everybody's, with its stream records. Resolves when it would survive a kill. */
  async commit(stage: Stage, context: Context, notes: Record<string, string> = {}): Promise<void> {
    const writes: Write[] = [...stage.writes].map(([key, value]) => (value === undefined ? { key } : { key, value }));
    for (const [key, value] of Object.entries(notes)) writes.push({ key: `n!${key}`, value });
    const counter = this.#sequence;
    for (const { table, before, after } of stage.changes) {
      if (!table.stream?.enabled || same(before, after)) continue;
      this.#sequence++;
      const record = streamRecord(table, table.stream, before, after, this.#sequence, context);
      writes.push({ key: streamKey(table.stream.id, this.#sequence), value: JSON.stringify(record) });
      this.#announce.add(table.stream.arn);
    }
    if (this.#sequence !== counter) writes.push({ key: COUNTER, value: String(this.#sequence) });
    await this.write(writes);
  }

  async write(writes: Write[]): Promise<void> {
    if (writes.length === 0) return;
    const batch = this.#batch;
    for (const write of writes) {
      this.#pending.set(write.key, { value: write.value, batch });
      this.#queue.push(write);
    }
    this.#landing ??= landing();
    const { promise } = this.#landing;
    if (!this.#draining) void this.#drain();
    await promise;
  }

  /** One batch in flight at a time; whatever comes meanwhile goes together into the next. */
  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#landing) {
      const writes = this.#queue;
      const topics = this.#announce;
      const batch = this.#batch++;
      const landed = this.#landing;
      this.#queue = [];
      this.#announce = new Set();
      this.#landing = undefined;
      this.#inFlight = landed.promise;
      try {
        await this.#level.write(writes);
        for (const { key } of writes) if (this.#pending.get(key)?.batch === batch) this.#pending.delete(key);
        landed.done();
        for (const topic of topics) this.#world.announce(`dynamodb:${topic}`);
      } catch (error) {
        landed.fail(error);
      }
    }
    this.#inFlight = undefined;
    this.#draining = false;
  }

  async #committed(): Promise<void> {
    await (this.#landing?.promise ?? this.#inFlight);
  }

  /** Stream records after `after`, at most `limit` and about 1 MB of them. */
  async records(streamId: string, after: number, limit: number): Promise<StreamRecord[]> {
    const records: StreamRecord[] = [];
    let size = 0;
    const range = { gt: streamKey(streamId, after), lte: streamKey(streamId, this.#sequence), limit };
    for await (const chunk of this.#level.range(range))
      for (const [, text] of chunk) {
        size += text.length;
        if (records.length > 0 && size > 1024 * 1024) return records;
        records.push(JSON.parse(text) as StreamRecord);
      }
    return records;
  }

  /** Drops stream records that are older than `before` (epoch milliseconds). */
  async trim(streamId: string, before: number): Promise<void> {
    const old: Write[] = [];
    const range = { gt: streamKey(streamId, 0), lte: streamKey(streamId, this.#sequence) };
    outer: for await (const chunk of this.#level.range(range))
      for (const [key, text] of chunk) {
        const record = JSON.parse(text) as StreamRecord;
        if (record.dynamodb.ApproximateCreationDateTime * 1000 >= before) break outer;
        old.push({ key });
      }
    await this.write(old);
  }

  /** How many items there are, and about how large they are in bytes. */
  async size(table: TableRecord): Promise<{ count: number; bytes: number }> {
    await this.#committed();
    let count = 0;
    let bytes = 0;
    for await (const chunk of this.#level.range(within(itemsOf(table))))
      for (const [, text] of chunk) {
        count++;
        bytes += text.length;
      }
    return { count, bytes };
  }

  /** Fills a new index from the items that are there. */
  async fillIndex(table: TableRecord, index: { IndexName: string }): Promise<void> {
    await this.#committed();
    for await (const chunk of this.#level.range(within(itemsOf(table)))) {
      const writes: Write[] = [];
      for (const [key, text] of chunk) {
        // An item written meanwhile has its entry already; the one read here may be old.
        if (this.#pending.has(key)) continue;
        const { puts } = dynalite().db.getIndexActions([index], undefined, JSON.parse(text) as Item, table);
        for (const put of puts)
          writes.push({ key: `${indexOf(table, put.index)}${put.key}`, value: JSON.stringify(put.item) });
      }
      await this.write(writes);
    }
  }

  async dropIndex(table: TableRecord, index: string): Promise<void> {
    await this.#clear(indexOf(table, index));
  }

  async dropTable(table: TableRecord): Promise<void> {
    for (const prefix of [itemsOf(table), `x!${table.TableId}!`, ...(table.streams ?? []).map(({ id }) => `s!${id}!`)])
      await this.#clear(prefix);
  }

  async close(): Promise<void> {
    await this.#committed();
    await this.#level.close();
  }

  async #clear(prefix: string): Promise<void> {
    await this.#committed();
    for await (const chunk of this.#level.range(within(prefix))) await this.write(chunk.map(([key]) => ({ key })));
  }

  #text(key: string): string | undefined {
    const pending = this.#pending.get(key);
    return pending ? pending.value : this.#level.get(key);
  }

  #get(key: string, stage: Stage | undefined): Item | undefined {
    const text = stage?.writes.has(key) ? stage.writes.get(key) : this.#text(key);
    return text === undefined ? undefined : (JSON.parse(text) as Item);
  }

  #actionStore(stage: Stage, context: Context): ActionStore {
    return {
      options: { maxItemSize: MAX_ITEM_SIZE },
      getTable: (name, checkStatus, done) => {
        const answer = typeof checkStatus === 'function' ? checkStatus : done;
        try {
          answer?.(undefined, findTable(context, name, checkStatus !== false));
        } catch (error) {
          answer?.(error);
        }
      },
      getItemDb: (name) => {
        const table = findTable(context, name, true);
        return this.#keyed(itemsOf(table), stage, table);
      },
      getIndexDb: (_type, name, index) => this.#keyed(indexOf(findTable(context, name, true), index), stage),
    };
  }

  #keyed(prefix: string, stage: Stage, table?: TableRecord): KeyedStore {
    const change = (key: string, after: Item | undefined): void => {
      if (!table) return;
      const before = stage.lastKey === prefix + key ? stage.lastRead : this.#get(prefix + key, stage);
      stage.changes.push({ table, before, after });
      stage.lastKey = '';
    };
    return {
      lock: (_key, held) => held((done) => done),
      get: (key, done) => {
        const item = this.#get(prefix + key, stage);
        if (table) {
          stage.lastRead = item;
          stage.lastKey = prefix + key;
        }
        done(undefined, item);
      },
      put: (key, item, done) => {
        if (table) refuseEmptyIndexKeys(table, item);
        change(key, item);
        const text = stage.lastWritten?.item === item ? stage.lastWritten.text : JSON.stringify(item);
        stage.lastWritten = { item, text };
        stage.writes.set(prefix + key, text);
        done();
      },
      del: (key, done) => {
        change(key, undefined);
        stage.writes.set(prefix + key, undefined);
        done();
      },
      createValueStream: (range) => this.#values(prefix, range),
    };
  }

  /** Values of a range as dynalite reads them: an emitter of `data` and `end` that can be destroyed. */
  #values(prefix: string, range: Range): Stream {
    // A Stream and not any emitter: dynalite's reader listens to anything else twice.
    const emitter = new Stream();
    let over = false;
    Object.assign(emitter, {
      destroy: () => {
        over = true;
      },
    });
    const bounds: Range = { ...within(prefix) };
    if (range.reverse) bounds.reverse = true;
    if (range.limit !== undefined) bounds.limit = range.limit;
    if (range.gte !== undefined) bounds.gte = prefix + range.gte;
    if (range.gt !== undefined) {
      delete bounds.gte;
      bounds.gt = prefix + range.gt;
    }
    if (range.lt !== undefined) bounds.lt = prefix + range.lt;
    if (range.lte !== undefined) {
      delete bounds.lt;
      bounds.lte = prefix + range.lte;
    }
    const feed = async (): Promise<void> => {
      for await (const chunk of this.#level.range(bounds)) {
        for (const [, text] of chunk) {
          if (over) return;
          emitter.emit('data', JSON.parse(text));
        }
        if (over) return;
      }
      emitter.emit('end');
    };
    feed().catch((error: unknown) => emitter.emit('error', error));
    return emitter;
  }
}

function landing(): { promise: Promise<void>; done: () => void; fail: (error: unknown) => void } {
  let done = (): void => {};
  let fail = (_error: unknown): void => {};
  const promise = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  promise.catch(() => {});
  return { promise, done, fail };
}

/** dynalite lets these through (Developer Guide, "Secondary indexes": key attributes are never empty). */
function refuseEmptyIndexKeys(table: TableRecord, item: Item): void {
  for (const index of [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])])
    for (const { AttributeName } of index.KeySchema) {
      const value = item[AttributeName];
      if (value && (value['S'] === '' || value['B'] === ''))
        throw invalid(
          `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${value['S'] === '' ? 'string' : 'binary'} value. IndexName: ${index.IndexName}, IndexKey: ${AttributeName}`,
        );
    }
}

/** Keys that begin with `prefix`. */
const within = (prefix: string): { gte: string; lt: string } => ({ gte: prefix, lt: `${prefix}\x7f` });

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key as keyof typeof a], b[key as keyof typeof b]));
}

const stores = new WeakMap<World, Map<string, Promise<ItemStore>>>();

/** The items of the context's account and Region, opened when they are first touched. */
export function openItems(context: Context): Promise<ItemStore> {
  const { world, account, region } = context;
  let open = stores.get(world);
  if (!open) {
    open = new Map();
    stores.set(world, open);
  }
  const key = `${account}/${region}`;
  let store = open.get(key);
  if (!store) {
    store = ItemStore.open(world, account, region);
    open.set(key, store);
  }
  return store;
}

export async function closeItems(world: World): Promise<void> {
  for (const store of stores.get(world)?.values() ?? []) await (await store).close();
  stores.delete(world);
}
