/** What a solve replaced, kept so that `--undo` can put it back. Touches the disk: one file an account and Region. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import type { UndoStep } from './difference.ts';

export interface Saved {
  /** Newest last; each is one solve. */
  solves: { module: string; at: string; undo: UndoStep[] }[];
}

const fileOf = (home: string, place: { kind: string; account: string; region: string }): string =>
  path.join(home, 'undo', `${place.kind}-${place.account}-${place.region}.json`);

export function readSaved(home: string, place: { kind: string; account: string; region: string }): Saved {
  const file = fileOf(home, place);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { solves: [] };
  }
  try {
    return JSON.parse(text) as Saved;
  } catch (error) {
    throw new PressoError('undo-unreadable', `What an earlier solve replaced cannot be read from ${file}.`, {
      hint: 'presso solve module-1 --dry-run',
      cause: error,
    });
  }
}

export function writeSaved(home: string, place: { kind: string; account: string; region: string }, saved: Saved): void {
  const file = fileOf(home, place);
  if (saved.solves.length === 0) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.part`, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
}
