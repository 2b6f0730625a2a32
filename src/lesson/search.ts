/** Finding words on a page as it is laid out, over the ends of lines too, and marking them within their looks. Pure. */
import { clean } from '../text.ts';

/** A piece of a hit that stands on one line: columns of the text that is seen, from 0, `to` behind the last. */
export interface Piece {
  line: number;
  from: number;
  to: number;
}

interface Flat {
  /** All lines in small letters, joined by a space. */
  text: string;
  /** Where each line begins in it, and how many letters (bars, indents) stand before it on its line. */
  starts: { at: number; lead: number }[];
}

const FRAME = /^[\s┃│▎┊]*/;
const flats = new WeakMap<readonly string[], Flat>();

function flat(lines: readonly string[]): Flat {
  const known = flats.get(lines);
  if (known) return known;
  const starts: Flat['starts'] = [];
  const parts: string[] = [];
  let at = 0;
  for (const raw of lines) {
    const text = clean(raw);
    const lead = FRAME.exec(text)?.[0].length ?? 0;
    // A shell's backslash at the end of a line was put there by the layout.
    const part = small(text.slice(lead).replace(/ \\$/, ''));
    starts.push({ at, lead });
    parts.push(part);
    at += part.length + 1;
  }
  const made = { text: parts.join(' '), starts };
  flats.set(lines, made);
  return made;
}

/** Small letters, each as long as before, so that places stay the same. */
function small(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length
    ? lower
    : [...text]
        .map((letter) => (letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter))
        .join('');
}

/** Every place where `query` stands, in reading order; one that goes over the end of a line has several pieces. */
export function findAll(lines: readonly string[], query: string): Piece[][] {
  const wanted = small(query.replace(/\s+/g, ' '));
  if (wanted.trim() === '') return [];
  const { text, starts } = flat(lines);
  const hits: Piece[][] = [];
  let line = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    while (line + 1 < starts.length && (starts[line + 1]?.at ?? 0) <= at) line++;
    const pieces: Piece[] = [];
    const end = at + wanted.length;
    for (let on = line; on < starts.length && (starts[on]?.at ?? end) < end; on++) {
      const { at: start, lead } = starts[on] ?? { at: 0, lead: 0 };
      const next = starts[on + 1]?.at ?? text.length + 1;
      const from = Math.max(at, start) - start;
      const to = Math.min(end, next - 1) - start;
      if (to > from) pieces.push({ line: on, from: from + lead, to: to + lead });
    }
    if (pieces.length > 0) hits.push(pieces);
  }
  return hits;
}

const LOOKS = /\u001b\[[\d;]*m|\u001b\]8;[^\u001b\u0007]*(?:\u001b\\|\u0007)/y;

/** The line with these pieces of its text shown the other way round. */
export function markPieces(line: string, pieces: readonly Pick<Piece, 'from' | 'to'>[]): string {
  if (pieces.length === 0) return line;
  let out = '';
  let seen = 0;
  let inside = false;
  for (let at = 0; at < line.length; ) {
    LOOKS.lastIndex = at;
    const look = LOOKS.exec(line)?.[0];
    if (look !== undefined) {
      out += inside && look.startsWith('\u001b[') ? `${look}\u001b[7m` : look;
      at += look.length;
      continue;
    }
    const now = pieces.some(({ from, to }) => seen >= from && seen < to);
    if (now !== inside) out += now ? '\u001b[7m' : '\u001b[27m';
    inside = now;
    out += line[at];
    at++;
    seen++;
  }
  return inside ? `${out}\u001b[27m` : out;
}
