/**
 * Where log events lie: new ones as one record a PutLogEvents, and once a stream holds enough of them, together as one
 * chunk in the archive, so that memory does not grow with what is logged. Events are found again in the order of their
 * ids, which begin with the timestamp.
 */
import type { ArchiveRef, Table } from '../../journal.ts';
import type { Context } from '../../service.ts';

export interface GroupRecord {
  name: string;
  /** epoch milliseconds */
  created: number;
  retentionInDays?: number;
  tags: Record<string, string>;
  /** How many streams were ever made: their ordinals keep event ids apart. */
  streamsMade: number;
}

export interface StreamRecord {
  group: string;
  name: string;
  created: number;
  ordinal: number;
  firstEvent?: number;
  lastEvent?: number;
  lastIngestion?: number;
  storedBytes: number;
  /** Events ever written: the next one's number. */
  sequence: number;
  batches: { from: number; to: number; bytes: number };
  chunks: { from: number; to: number };
}

/** timestamp, ingestion time (both epoch milliseconds), number in the stream, message */
type Row = [number, number, number, string];

interface Chunk {
  ref: ArchiveRef;
  /** the smallest and the largest event id */
  min: string;
  max: string;
}

export interface StoredEvent {
  id: string;
  stream: string;
  timestamp: number;
  ingestion: number;
  message: string;
}

/** A stream's buffer goes to the archive above this many bytes. */
const BUFFER = 32 * 1024;
export const ID_LENGTH = 56;
export const LOWEST_ID = '0'.repeat(ID_LENGTH);
/** What AWS counts for an event beside its message (PutLogEvents). */
export const EVENT_OVERHEAD = 26;

export const groups = (context: Context): Table<GroupRecord> => context.table<GroupRecord>('groups');
export const streams = (context: Context): Table<StreamRecord> => context.table<StreamRecord>('streams');
const batches = (context: Context): Table<Row[]> => context.table<Row[]>('batches');
const chunks = (context: Context): Table<Chunk> => context.table<Chunk>('chunks');

/** Neither name can hold a colon. */
export const streamKey = (group: string, stream: string): string => `${group}:${stream}`;

export function streamsOf(context: Context, group: string): StreamRecord[] {
  return [...streams(context).values()].filter((stream) => stream.group === group);
}

export function eventId(timestamp: number, ordinal: number, sequence: number): string {
  return `${String(timestamp).padStart(20, '0')}${String(ordinal).padStart(14, '0')}${String(sequence).padStart(22, '0')}`;
}

/** An id above every one of earlier times and below every one of `timestamp` and later, so that a scan skips whole chunks. */
function boundary(timestamp: number): string | undefined {
  return timestamp > 0 ? `${String(timestamp - 1).padStart(20, '0')}${'9'.repeat(ID_LENGTH - 20)}` : undefined;
}

/** The time before which a group's events are gone, by its retention. */
export function retainedSince(group: GroupRecord, now: number): number {
  return group.retentionInDays === undefined ? 0 : now - group.retentionInDays * 86_400_000;
}

/** Appends events (ordered by time) to a stream and answers the stream as it is then. */
export function append(
  context: Context,
  stream: StreamRecord,
  events: { timestamp: number; message: string }[],
): StreamRecord {
  const key = streamKey(stream.group, stream.name);
  const now = context.now();
  let { sequence } = stream;
  let bytes = 0;
  const rows = events.map(({ timestamp, message }): Row => {
    bytes += Buffer.byteLength(message) + EVENT_OVERHEAD;
    return [timestamp, now, sequence++, message];
  });
  const times = rows.map(([timestamp]) => timestamp);
  batches(context).put(`${key}:${stream.batches.to}`, rows);
  let changed: StreamRecord = {
    ...stream,
    sequence,
    firstEvent: Math.min(stream.firstEvent ?? Number.POSITIVE_INFINITY, times[0] ?? 0),
    lastEvent: Math.max(stream.lastEvent ?? 0, times.at(-1) ?? 0),
    lastIngestion: now,
    storedBytes: stream.storedBytes + bytes,
    batches: { ...stream.batches, to: stream.batches.to + 1, bytes: stream.batches.bytes + bytes },
  };
  if (changed.batches.bytes > BUFFER) changed = archiveBuffer(context, changed, key);
  streams(context).put(key, changed);
  return changed;
}

function archiveBuffer(context: Context, stream: StreamRecord, key: string): StreamRecord {
  const rows: Row[] = [];
  for (let batch = stream.batches.from; batch < stream.batches.to; batch++) {
    rows.push(...(batches(context).get(`${key}:${batch}`) ?? []));
    batches(context).delete(`${key}:${batch}`);
  }
  const ids = rows.map(([timestamp, , sequence]) => eventId(timestamp, stream.ordinal, sequence)).sort();
  chunks(context).put(`${key}:${stream.chunks.to}`, {
    ref: context.archive(JSON.stringify(rows)),
    min: ids[0] ?? LOWEST_ID,
    max: ids.at(-1) ?? LOWEST_ID,
  });
  let { from } = stream.chunks;
  const group = groups(context).get(stream.group);
  const oldest = eventId(Math.max(0, group ? retainedSince(group, context.now()) : 0), 0, 0);
  // What retention has taken is forgotten here; it is hidden from readers before.
  for (let first = chunks(context).get(`${key}:${from}`); first && first.max < oldest; ) {
    chunks(context).delete(`${key}:${from++}`);
    first = chunks(context).get(`${key}:${from}`);
  }
  return {
    ...stream,
    batches: { from: stream.batches.to, to: stream.batches.to, bytes: 0 },
    chunks: { from, to: stream.chunks.to + 1 },
  };
}

export function removeStream(context: Context, stream: StreamRecord): void {
  const key = streamKey(stream.group, stream.name);
  for (let batch = stream.batches.from; batch < stream.batches.to; batch++) batches(context).delete(`${key}:${batch}`);
  for (let chunk = stream.chunks.from; chunk < stream.chunks.to; chunk++) chunks(context).delete(`${key}:${chunk}`);
  streams(context).delete(key);
}

interface Source {
  min: string;
  max: string;
  load(): Promise<StoredEvent[]>;
}

function sources(context: Context, stream: StreamRecord): Source[] {
  const key = streamKey(stream.group, stream.name);
  const toEvents = (rows: Row[]): StoredEvent[] =>
    rows.map(([timestamp, ingestion, sequence, message]) => ({
      id: eventId(timestamp, stream.ordinal, sequence),
      stream: stream.name,
      timestamp,
      ingestion,
      message,
    }));
  const found: Source[] = [];
  for (let number = stream.chunks.from; number < stream.chunks.to; number++) {
    const chunk = chunks(context).get(`${key}:${number}`);
    if (!chunk) continue;
    const { ref, min, max } = chunk;
    found.push({ min, max, load: async () => toEvents(JSON.parse(await context.unarchive(ref)) as Row[]) });
  }
  const buffered: Row[] = [];
  for (let batch = stream.batches.from; batch < stream.batches.to; batch++)
    buffered.push(...(batches(context).get(`${key}:${batch}`) ?? []));
  const events = toEvents(buffered);
  if (events.length > 0) {
    const ids = events.map((event) => event.id).sort();
    found.push({ min: ids[0] ?? '', max: ids.at(-1) ?? '', load: () => Promise.resolve(events) });
  }
  return found;
}

export interface Scan {
  /** Only ids above this one. */
  after?: string | undefined;
  /** Only ids below this one. */
  before?: string | undefined;
  /** From the oldest on, or from the newest back. */
  direction: 'forward' | 'backward';
  /** Only events of this time or later, in epoch milliseconds. */
  since: number;
  /** Only events before this time. */
  until: number;
  accept(event: StoredEvent): boolean;
  limit: number;
  /** Stops before the messages together are larger than this. */
  bytes: number;
}

/**
 * Reads streams in the order of their events, loading chunks only as far as needed.
 * @returns the events in the direction's order, and whether there are more
 */
export async function scan(
  context: Context,
  from: StreamRecord[],
  wanted: Scan,
): Promise<{ events: StoredEvent[]; more: boolean }> {
  const forward = wanted.direction === 'forward';
  const { accept } = wanted;
  const highest = (a: string | undefined, b: string | undefined): string | undefined => ((a ?? '') > (b ?? '') ? a : b);
  const after = highest(wanted.after, boundary(wanted.since));
  const end = Number.isFinite(wanted.until) ? (boundary(wanted.until) ?? LOWEST_ID) : undefined;
  const before = end !== undefined && (wanted.before === undefined || end < wanted.before) ? end : wanted.before;
  const order = (a: string, b: string): number => (a === b ? 0 : a < b === forward ? -1 : 1);
  const near = (source: Source): string => (forward ? source.min : source.max);
  const queue = from
    .flatMap((stream) => sources(context, stream))
    .filter((source) => (after === undefined || source.max > after) && (before === undefined || source.min < before))
    .sort((a, b) => order(near(a), near(b)));
  const events: StoredEvent[] = [];
  let bytes = 0;
  let pending: StoredEvent[] = [];
  /** Gives out what no later source can precede; false when the page is full. */
  const drain = (until: string | undefined): boolean => {
    let taken = 0;
    for (const event of pending) {
      if (until !== undefined && order(event.id, until) >= 0) break;
      const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD;
      if (events.length >= wanted.limit || (bytes + size > wanted.bytes && events.length > 0)) return false;
      events.push(event);
      bytes += size;
      taken++;
    }
    pending = pending.slice(taken);
    return true;
  };
  for (const source of queue) {
    if (!drain(near(source))) return { events, more: true };
    for (const event of await source.load())
      if ((after === undefined || event.id > after) && (before === undefined || event.id < before) && accept(event))
        pending.push(event);
    pending.sort((a, b) => order(a.id, b.id));
  }
  const complete = drain(undefined);
  return { events, more: !complete };
}
