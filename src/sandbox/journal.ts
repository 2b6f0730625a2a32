/**
 * The state of one account on disk: a snapshot, a checksummed journal of what changed since, and an archive of values
 * that are kept but rarely read (ended executions, log events). A torn tail of the journal is dropped; damage anywhere
 * else is reported, never guessed around. One file, because reading back is only as right as it is the mirror of writing.
 */
import { existsSync, mkdirSync, readFileSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { SandboxError } from './errors.ts';

/** Where a value lies in the archive. */
export interface ArchiveRef {
  offset: number;
  length: number;
}

/** Records of one kind. Values are plain JSON; a value that was read is changed only by putting a new one. */
export interface Table<T> {
  get(id: string): T | undefined;
  has(id: string): boolean;
  put(id: string, value: T): void;
  delete(id: string): boolean;
  /** Values in the order they were first put. */
  values(): IterableIterator<T>;
  entries(): IterableIterator<[string, T]>;
  readonly size: number;
}

/** Key of the table, id and value of a record; without a value it was deleted. */
type Change = [string, string, unknown?];

const COMPACT_ABOVE = 8 * 1024 * 1024;

export class AccountStore {
  readonly account: string;
  readonly #dir: string | undefined;
  readonly #tables = new Map<string, Map<string, unknown>>();
  /** Service → Region → kind. */
  readonly #views = new Map<string, Map<string, Map<string, Table<unknown>>>>();
  #generation = 0;
  #journal: FileHandle | undefined;
  #archive: FileHandle | undefined;
  #archiveEnd = 0;
  #archiveTail: Promise<void> = Promise.resolve();
  readonly #archiveMemory: Buffer[] = [];
  /** Not yet written; undefined where a later change made a line needless. */
  #queued: (Change | undefined)[] = [];
  /** Where the changes of a record lie in the queue, and whether it is new in it. */
  #places = new Map<string, { isNew: boolean; at: number[] }>();
  #writing: Promise<void> | undefined;
  #journalBytes = 0;
  #snapshotBytes = 0;
  #closed = false;
  #failure: unknown;

  private constructor(account: string, dir: string | undefined) {
    this.account = account;
    this.#dir = dir;
  }

  /** Opens the store in `dir`; without one it lives in memory only. */
  static async open(account: string, dir: string | undefined): Promise<AccountStore> {
    const store = new AccountStore(account, dir);
    if (dir) await store.#load(dir);
    return store;
  }

  /** The same table is asked for with every call, so each is made once. */
  table<T>(service: string, region: string, kind: string): Table<T> {
    const ofService = known(this.#views, service, () => new Map());
    const ofRegion = known(ofService, region, () => new Map());
    return known(ofRegion, kind, () => this.#view(`${service}|${region}|${kind}`)) as Table<T>;
  }

  #view(key: string): Table<unknown> {
    const map = known(this.#tables, key, () => new Map<string, unknown>());
    return {
      get: (id) => map.get(id),
      has: (id) => map.has(id),
      put: (id, value) => {
        this.#append([key, id, value], !map.has(id));
        map.set(id, value);
      },
      delete: (id) => {
        const had = map.delete(id);
        if (had) this.#append([key, id], false);
        return had;
      },
      values: () => map.values(),
      entries: () => map.entries(),
      get size() {
        return map.size;
      },
    };
  }

  /** Regions in which `service` has records of `kind`. */
  regions(service: string, kind: string): string[] {
    const found: string[] = [];
    for (const [key, map] of this.#tables) {
      const [itsService, region, itsKind] = key.split('|');
      if (itsService === service && itsKind === kind && map.size > 0) found.push(region ?? '');
    }
    return found;
  }

  /** Keeps `text` on disk and out of memory; put the reference into a record to find it again. */
  archive(text: string): ArchiveRef {
    const bytes = Buffer.from(text, 'utf8');
    const ref = { offset: this.#archiveEnd, length: bytes.length };
    this.#archiveEnd += bytes.length;
    if (!this.#dir) {
      this.#archiveMemory.push(bytes);
      return ref;
    }
    this.#archiveTail = this.#archiveTail.then(async () => {
      this.#archive ??= await open(
        path.join(this.#dir ?? '', 'archive'),
        existsSync(path.join(this.#dir ?? '', 'archive')) ? 'r+' : 'w+',
      );
      writeAll(this.#archive.fd, bytes, ref.offset);
    });
    this.#archiveTail.catch((error: unknown) => {
      this.#failure ??= error;
    });
    return ref;
  }

  async unarchive(ref: ArchiveRef): Promise<string> {
    if (!this.#dir) {
      let at = 0;
      for (const bytes of this.#archiveMemory) {
        if (at === ref.offset) return bytes.toString('utf8');
        at += bytes.length;
      }
      return '';
    }
    await this.#archiveTail;
    this.#archive ??= await open(path.join(this.#dir, 'archive'), 'r');
    const bytes = Buffer.alloc(ref.length);
    await this.#archive.read(bytes, 0, ref.length, ref.offset);
    return bytes.toString('utf8');
  }

  /** Resolves when everything put so far has been handed to the operating system: it survives a kill of this process. */
  async flushed(): Promise<void> {
    while (this.#queued.length > 0 || this.#writing) {
      if (this.#failure) break;
      await (this.#writing ?? this.#write());
    }
    if (this.#dir) await this.#archiveTail;
    if (this.#failure) throw this.#failure;
  }

  get dirty(): boolean {
    return this.#queued.length > 0 || this.#writing !== undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flushed();
    this.#closed = true;
    await this.#journal?.sync();
    await this.#journal?.close();
    await this.#archive?.close();
  }

  #append(change: Change, isNew: boolean): void {
    if (!this.#dir || this.#closed) return;
    this.#spare(change, isNew);
    // One write a turn of the loop: everything put in the same turn goes to disk together.
    if (!this.#writing) this.#writing = new Promise<void>((done) => setImmediate(done)).then(() => this.#write());
    this.#writing.catch(() => {});
  }

  /**
   * Queues a change and takes back what it makes needless: a record that comes and goes within a turn (a delivery that
   * arrives at once) is never written, and of one that changes twice only the last value is.
   */
  #spare(change: Change, isNew: boolean): void {
    const name = `${change[0]}\0${change[1]}`;
    const queued = this.#queued;
    const place = this.#places.get(name);
    if (!place) {
      this.#places.set(name, { isNew, at: [queued.length] });
      queued.push(change);
      return;
    }
    if (place.isNew && change.length === 2) {
      for (const at of place.at) queued[at] = undefined;
      this.#places.delete(name);
      return;
    }
    // What is new keeps its first line, and what was deleted that one: they say where it stands among the others.
    const last = place.at.at(-1) ?? 0;
    if ((!place.isNew || place.at.length > 1) && queued[last]?.length === 3) queued[last] = undefined;
    place.at.push(queued.length);
    queued.push(change);
  }

  async #write(): Promise<void> {
    const changes = this.#queued;
    this.#queued = [];
    this.#places = new Map();
    try {
      // The archive first: a record never points at bytes that are not there.
      await this.#archiveTail;
      const lines = changes.flatMap((change) => (change ? [JSON.stringify(change)] : []));
      const text = lines.map((line) => `${checksum(line)} ${line}\n`).join('');
      if (text) {
        this.#journal ??= await open(this.#journalFile(this.#generation), 'a');
        writeAll(this.#journal.fd, Buffer.from(text));
        this.#journalBytes += text.length;
      }
      if (this.#journalBytes > COMPACT_ABOVE && this.#journalBytes > 4 * this.#snapshotBytes) await this.#compact();
    } catch (error) {
      this.#failure ??= error;
      throw error;
    } finally {
      this.#writing = this.#queued.length > 0 ? this.#write() : undefined;
      this.#writing?.catch(() => {});
    }
  }

  async #compact(): Promise<void> {
    const next = this.#generation + 1;
    // Taken together with emptying the queue: what is put from here on goes to the new journal.
    this.#queued = [];
    this.#places = new Map();
    const lines: string[] = [];
    for (const [key, map] of this.#tables) for (const [id, value] of map) lines.push(JSON.stringify([key, id, value]));
    const text = `${lines.map((line) => `${checksum(line)} ${line}\n`).join('')}end ${lines.length}\n`;
    const file = path.join(this.#dir ?? '', `snapshot.${next}`);
    const handle = await open(`${file}.part`, 'w');
    await handle.write(text);
    await handle.sync();
    await handle.close();
    await rename(`${file}.part`, file);
    const old = this.#journal;
    this.#journal = await open(this.#journalFile(next), 'a');
    await old?.close();
    const previous = this.#generation;
    this.#generation = next;
    this.#snapshotBytes = text.length;
    this.#journalBytes = 0;
    await rm(this.#journalFile(previous), { force: true });
    await rm(path.join(this.#dir ?? '', `snapshot.${previous}`), { force: true });
  }

  #journalFile(generation: number): string {
    return path.join(this.#dir ?? '', `journal.${generation}`);
  }

  async #load(dir: string): Promise<void> {
    mkdirSync(dir, { recursive: true });
    const names = await readdir(dir);
    const snapshots = names
      .map((name) => /^snapshot\.(\d+)$/.exec(name)?.[1])
      .filter((text): text is string => text !== undefined)
      .map(Number)
      .sort((a, b) => b - a);
    this.#generation = snapshots[0] ?? 0;
    if (this.#generation > 0) {
      const file = path.join(dir, `snapshot.${this.#generation}`);
      const text = readFileSync(file, 'utf8');
      const last = /(?:^|\n)end (\d+)\n$/.exec(text);
      const kept = this.#replay(text.slice(0, last ? last.index + 1 : text.length), file, false);
      if (!last || kept.count !== Number(last[1])) throw damaged(file);
      this.#snapshotBytes = text.length;
    }
    const file = this.#journalFile(this.#generation);
    if (existsSync(file)) {
      const bytes = readFileSync(file);
      const kept = this.#replay(bytes.toString('utf8'), file, true);
      this.#journal = await open(file, 'r+');
      if (kept.bytes < bytes.length) await this.#journal.truncate(kept.bytes);
      await this.#journal.close();
      this.#journal = await open(file, 'a');
      this.#journalBytes = kept.bytes;
    }
    const archive = path.join(dir, 'archive');
    if (existsSync(archive)) {
      this.#archive = await open(archive, 'r+');
      this.#archiveEnd = (await this.#archive.stat()).size;
    }
  }

  /** Applies each good line; a bad one is a torn tail when nothing good follows it. */
  #replay(text: string, file: string, tornTailAllowed: boolean): { count: number; bytes: number } {
    let count = 0;
    let at = 0;
    let bytes = 0;
    while (at < text.length) {
      const end = text.indexOf('\n', at);
      const line = end < 0 ? undefined : text.slice(at, end);
      const record = line === undefined ? undefined : parse(line);
      if (!record) {
        const rest = end < 0 ? '' : text.slice(end + 1);
        const goodLater = rest.split('\n').some((later) => parse(later) !== undefined);
        if (!tornTailAllowed || goodLater) throw damaged(file);
        break;
      }
      const [key, id, value] = record;
      const map = known(this.#tables, key, () => new Map<string, unknown>());
      if (record.length === 2) map.delete(id);
      else map.set(id, value);
      count++;
      bytes += Buffer.byteLength(line ?? '') + 1;
      at = end + 1;
    }
    return { count, bytes };
  }
}

/** What a map has under `key`; made, and kept there, when it is asked for first. */
function known<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** At once: for some kilobytes into the system's cache, another thread would cost more than the write itself. */
function writeAll(file: number, bytes: Buffer, position?: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, position === undefined ? null : position + done);
}

function checksum(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}

function parse(line: string): [string, string, unknown?] | undefined {
  if (line.length < 10 || line[8] !== ' ') return undefined;
  const body = line.slice(9);
  if (checksum(body) !== line.slice(0, 8)) return undefined;
  return JSON.parse(body) as [string, string, unknown?];
}

function damaged(file: string): SandboxError {
  return new SandboxError(
    'data-damaged',
    `The sandbox's data file ${file} is damaged in the middle, so its state cannot be trusted.`,
    'presso sandbox reset',
  );
}
