/**
 * What a run has done, on disk while it happens, so that a killed run goes on and repeats nothing. One file a run, a line
 * of JSON a change; a torn last line is dropped. Never a credential. Touches the disk.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Result } from './run.ts';

export interface RunHead {
  fleet: string;
  operation: string;
  /** What makes two runs the same work: the operation's own options. */
  what: Record<string, unknown>;
  /** ISO 8601 */
  started: string;
  accounts: number;
  /** Whom it was for, where that was not the whole room. */
  chosen?: string[];
}

export interface PastRun extends RunHead {
  file: string;
  /** By account, the last word of each. */
  results: Map<string, Result>;
  /** Accounts that were begun, ended or not. */
  begun: Set<string>;
  /** Those of them in which the marker was found before they were changed. */
  entitled: Set<string>;
  finished: boolean;
}

export interface Journal {
  file: string;
  begin(account: string): void;
  /** On disk before the first change: what is taken away may be what says that it may be. */
  entitle(account: string): void;
  end(result: Result): void;
  finish(): void;
}

/** A fleet's name as a folder: what is not a plain letter is spelt, so that no two names share one. */
const folderOf = (home: string, fleet: string): string =>
  path.join(
    home,
    'fleets',
    fleet.replace(/[^A-Za-z0-9._-]|^\.+/g, (c) => `%${Buffer.from(c).toString('hex')}`),
  );

export function openJournal(home: string, head: RunHead): Journal {
  const dir = folderOf(home, head.fleet);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, `${head.started.replace(/[:.]/g, '-')}-${head.operation}.jsonl`);
  appendFileSync(file, `${JSON.stringify({ run: head })}\n`, { mode: 0o600 });
  return continueJournal(file);
}

/** Goes on with the file of an earlier run. */
export function continueJournal(file: string): Journal {
  const write = (line: unknown): void => appendFileSync(file, `${JSON.stringify(line)}\n`);
  return {
    file,
    begin: (account) => write({ begin: account }),
    entitle: (account) => write({ entitle: account }),
    end: (result) => write({ end: result }),
    finish: () => write({ finished: true }),
  };
}

/** Earlier runs of a fleet, newest first. */
export function pastRuns(home: string, fleet: string, operation?: string): PastRun[] {
  const dir = folderOf(home, fleet);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(operation === undefined ? '.jsonl' : `-${operation}.jsonl`))
    .sort()
    .reverse()
    .map((name) => readRun(path.join(dir, name)))
    .filter((run) => run !== undefined);
}

function readRun(file: string): PastRun | undefined {
  let run: PastRun | undefined;
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    let line: { run?: RunHead; begin?: string; entitle?: string; end?: Result; finished?: boolean };
    try {
      line = JSON.parse(text) as typeof line;
    } catch {
      // Torn by a kill: the account is done again, which finds nothing to do.
      continue;
    }
    if (line.run)
      run = { ...line.run, file, results: new Map(), begun: new Set(), entitled: new Set(), finished: false };
    if (!run) continue;
    if (line.begin) run.begun.add(line.begin);
    if (line.entitle) run.entitled.add(line.entitle);
    if (line.end) run.results.set(line.end.account, line.end);
    if (line.finished) run.finished = true;
  }
  return run;
}

/**
 * Accounts that an earlier run has found to be the workshop's, has begun to change, and has not done with: the last run that
 * changed an account decides. Without this a run that was killed when the marker was gone could not be gone on with.
 */
export function halfDone(runs: PastRun[]): Set<string> {
  const decided = new Set<string>();
  const found = new Set<string>();
  for (const { entitled, results } of runs)
    for (const account of entitled) {
      if (decided.has(account)) continue;
      decided.add(account);
      if (results.get(account)?.outcome !== 'done') found.add(account);
    }
  return found;
}
