/**
 * What the learner has read, and which checks passed when and where. One file for a person to read, in the folder of presso:
 * written whole or not at all. Touches the disk.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { word } from '../text.ts';
import type { Mark } from './tree.ts';

export interface CheckRecord {
  status: 'pass' | 'fail' | 'waiting' | 'error';
  /** ISO time of the last look. */
  at: string;
}

export interface PlaceRecord {
  checks: Record<string, CheckRecord>;
  /** How many hints of a check were asked for. */
  hints?: Record<string, number>;
  /** ISO time of the last look. */
  at: string;
}

export interface Progress {
  version: 1;
  /** The lesson read last. */
  here?: string;
  /** Which tabs the learner follows: `console`, `cli`, `presso`. */
  way?: string;
  /** Lessons, and how far: opened, or read to the end. */
  lessons: Record<string, { opened: string; read?: string }>;
  /** By `kind/account/region`. */
  places: Record<string, PlaceRecord>;
}

export interface ProgressPlace {
  kind: string;
  account: string;
  region: string;
}

export const placeKey = ({ kind, account, region }: ProgressPlace): string => `${kind}/${account}/${region}`;
export const progressFile = (home: string): string => path.join(home, 'progress.json');

const empty = (): Progress => ({ version: 1, lessons: {}, places: {} });

/** What is remembered in `home`; nothing yet is an empty record. A file that cannot be read is refused, never overwritten. */
export function readProgress(home: string): Progress {
  const file = progressFile(home);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty();
    throw new PressoError('progress-unreadable', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso doctor',
    });
  }
  return parseProgress(text, file);
}

/** Progress out of `text`; `file` names it where something is wrong. */
export function parseProgress(text: string, file: string): Progress {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const refuse = (what: string): never => {
    throw new PressoError('progress-unreadable', `${file} does not hold progress of presso: ${what}.`, {
      hint: `mv ${word(file)} ${word(`${file}.old`)}   (and go on with a new one)`,
    });
  };
  if (!isRecord(value)) return refuse('it is not a JSON object');
  if (value['version'] !== 1) return refuse(`its version is ${JSON.stringify(value['version'])}, not 1`);
  const { here, way, lessons, places } = value;
  const out = empty();
  if (typeof here === 'string') out.here = here;
  if (typeof way === 'string') out.way = way;
  for (const [id, one] of Object.entries(isRecord(lessons) ? lessons : {})) {
    if (!isRecord(one) || typeof one['opened'] !== 'string') return refuse(`the lesson "${id}" has no time`);
    out.lessons[id] = { opened: one['opened'], ...(typeof one['read'] === 'string' ? { read: one['read'] } : {}) };
  }
  for (const [key, place] of Object.entries(isRecord(places) ? places : {})) {
    if (!isRecord(place)) return refuse(`the place "${key}" is not an object`);
    const checks: PlaceRecord['checks'] = {};
    for (const [id, one] of Object.entries(isRecord(place['checks']) ? place['checks'] : {})) {
      if (!isRecord(one) || !/^(pass|fail|waiting|error)$/.test(String(one['status'])))
        return refuse(`the check "${id}" has no status`);
      checks[id] = { status: one['status'] as CheckRecord['status'], at: String(one['at'] ?? '') };
    }
    const hints = isRecord(place['hints'])
      ? Object.fromEntries(Object.entries(place['hints']).map(([id, times]) => [id, Number(times) || 0]))
      : undefined;
    out.places[key] = { checks, ...(hints ? { hints } : {}), at: String(place['at'] ?? '') };
  }
  return out;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads, changes and writes; two at once keep each a whole file, and the later one wins. */
export function updateProgress(home: string, change: (progress: Progress) => void): Progress {
  const progress = readProgress(home);
  change(progress);
  writeProgress(home, progress);
  return progress;
}

export function writeProgress(home: string, progress: Progress): void {
  const file = progressFile(home);
  const part = path.join(home, `.progress-${partName()}.part`);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(part, `${JSON.stringify(progress, null, 2)}\n`, { mode: 0o600 });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw new PressoError(
      'progress-unwritable',
      `Progress cannot be kept in ${file} (${(error as NodeJS.ErrnoException).code}).`,
      { hint: 'PRESSO_HOME=DIR presso …   (a folder that can be written)' },
    );
  }
}

let parts = 0;
/** A name that no other write has at the same time. */
const partName = (): string => `${performance.timeOrigin.toString(36).replace('.', '')}-${++parts}`;

/** Keeps what verify saw of checks at a place. */
export function recordChecks(
  home: string,
  place: ProgressPlace,
  results: Iterable<{ id: string; status: CheckRecord['status'] }>,
  now: Date,
): void {
  updateProgress(home, (progress) => {
    const at = now.toISOString();
    const record = progress.places[placeKey(place)] ?? { checks: {}, at };
    record.at = at;
    for (const { id, status } of results) record.checks[id] = { status, at };
    progress.places[placeKey(place)] = record;
  });
}

export function recordLesson(home: string, id: string, how: 'opened' | 'read', now: Date): void {
  updateProgress(home, (progress) => {
    const at = now.toISOString();
    const before = progress.lessons[id];
    progress.here = id;
    progress.lessons[id] = {
      opened: before?.opened ?? at,
      ...(how === 'read' ? { read: at } : before?.read ? { read: before.read } : {}),
    };
  });
}

/** The hint that is next for a check, from 0; asking again gives the one after, up to `last`. */
export function nextHint(home: string, place: ProgressPlace, check: string, last: number, now: Date): number {
  let index = 0;
  updateProgress(home, (progress) => {
    const key = placeKey(place);
    const record = progress.places[key] ?? { checks: {}, at: now.toISOString() };
    index = Math.min(record.hints?.[check] ?? 0, last);
    record.hints = { ...record.hints, [check]: index + 1 };
    progress.places[key] = record;
  });
  return index;
}

/** The account that was last seen there, where the remembered target does not say. */
export function knownAccount(progress: Progress, kind: string, region: string | undefined): string | undefined {
  return Object.entries(progress.places)
    .map(([key, { at }]) => ({ parts: key.split('/'), at }))
    .filter(({ parts }) => parts[0] === kind && (region === undefined || parts[2] === region))
    .sort((a, b) => b.at.localeCompare(a.at))[0]?.parts[1];
}

/** A check at a place: passed at the last look, looked at, or never. */
export function checkMark(progress: Progress, place: ProgressPlace, id: string): Mark {
  const record = progress.places[placeKey(place)]?.checks[id];
  return record === undefined
    ? 'open'
    : record.status === 'pass'
      ? 'done'
      : record.status === 'waiting'
        ? 'open'
        : 'partly';
}

/** A lesson is done when its checks pass; one without checks when it was read to its end. */
export function lessonMark(progress: Progress, place: ProgressPlace, id: string, checks: readonly string[]): Mark {
  const marks = checks.map((check) => checkMark(progress, place, check));
  const record = progress.lessons[id];
  if (marks.length > 0 ? marks.every((mark) => mark === 'done') : record?.read !== undefined) return 'done';
  return record !== undefined || marks.some((mark) => mark !== 'open') ? 'partly' : 'open';
}
