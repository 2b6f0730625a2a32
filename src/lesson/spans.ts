/** Text with looks, wrapped to a width in columns: wide characters, emoji and links count as they are seen. Pure. */

export type Style =
  | 'bold'
  | 'italic'
  | 'strike'
  | 'underline'
  | 'dim'
  | 'code'
  | 'link'
  | 'title'
  | 'heading'
  | 'key'
  | 'string'
  | 'number'
  | 'comment'
  | 'keyword'
  | 'variable'
  | 'good'
  | 'middling'
  | 'bad'
  | 'note'
  | 'inverse';

export interface Span {
  text: string;
  styles?: readonly Style[];
  href?: string;
}

export interface Looks {
  colour: boolean;
  theme: 'dark' | 'light';
  /** Links that a terminal can open (OSC 8). */
  links: boolean;
}

type Sgr = readonly [number, number];
const PLAIN: Partial<Record<Style, Sgr>> = {
  bold: [1, 22],
  italic: [3, 23],
  strike: [9, 29],
  underline: [4, 24],
  dim: [2, 22],
  title: [1, 22],
  inverse: [7, 27],
};
const FOREGROUND: Record<Looks['theme'], Partial<Record<Style, number>>> = {
  dark: {
    code: 36,
    link: 94,
    heading: 96,
    key: 94,
    string: 32,
    number: 33,
    comment: 90,
    keyword: 95,
    variable: 33,
    good: 32,
    middling: 33,
    bad: 91,
    note: 96,
  },
  // Yellow and the bright colours cannot be read on white.
  light: {
    code: 34,
    link: 34,
    heading: 34,
    key: 34,
    string: 32,
    number: 35,
    comment: 90,
    keyword: 35,
    variable: 31,
    good: 32,
    middling: 35,
    bad: 31,
    note: 36,
  },
};

/** Latin letters, and the marks, arrows, lines and shapes of lessons that take one column each, whatever stands beside them. */
const NARROW =
  /^[\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u25aa\u25b2\u25b6\u25b8\u25be\u25c0\u25cb-\u25d3\u2713\u2717\u2726\u276f]*$/;

let measure: ((text: string) => number) | undefined;
let missed = false;

/** Columns that a text takes. What is wide is known once `loadWidths` has been awaited; until then it is guessed, and noted. */
export function columns(text: string): number {
  if (NARROW.test(text)) return text.length;
  if (measure) return measure(text);
  missed = true;
  return text.length;
}

/** The tables of wide characters and emoji: a fifth of the time that it takes to show a lesson, and few lessons have any. */
export async function loadWidths(): Promise<void> {
  measure ??= (await import('string-width')).default;
}

/** Lays out without the tables, and again with them where something needed them. */
export async function withWidths<T>(work: () => T): Promise<T> {
  missed = false;
  const first = work();
  if (!missed) return first;
  await loadWidths();
  return work();
}

export const widthOf = (spans: readonly Span[]): number => spans.reduce((sum, { text }) => sum + columns(text), 0);

/** One line of spans as a terminal takes it; every line closes what it opens. */
export function paintLine(spans: readonly Span[], looks: Looks): string {
  let out = '';
  let href: string | undefined;
  for (const span of spans) {
    if (span.text === '') continue;
    const wanted = looks.links ? span.href : undefined;
    if (wanted !== href) {
      if (href !== undefined) out += '\u001b]8;;\u001b\\';
      if (wanted !== undefined) out += `\u001b]8;;${wanted}\u001b\\`;
      href = wanted;
    }
    out += looks.colour && span.styles ? painted(span.text, span.styles, looks.theme) : span.text;
  }
  return href === undefined ? out : `${out}\u001b]8;;\u001b\\`;
}

function painted(text: string, styles: readonly Style[], theme: Looks['theme']): string {
  let before = '';
  let after = '';
  for (const style of styles) {
    const plain = PLAIN[style];
    const colour = FOREGROUND[theme][style];
    if (plain) {
      before += `\u001b[${plain[0]}m`;
      after = `\u001b[${plain[1]}m${after}`;
    }
    if (colour !== undefined) {
      before += `\u001b[${colour}m`;
      after = `\u001b[39m${after}`;
    }
  }
  return before + text + after;
}

let segments: Intl.Segmenter | undefined;
export function graphemes(text: string): string[] {
  if (NARROW.test(text)) return [...text];
  // The first one takes 25 ms.
  segments ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return [...segments.segment(text)].map(({ segment }) => segment);
}

/** Scripts without spaces may break between any two characters, but not before a closing mark. */
const WIDE = /[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;
const CLOSING = /^[、。，．・：；？！」』）】〉》〕ー\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f]/;

/** What must stay on one line: pieces of a word that differ in their looks. */
interface Unit {
  spans: Span[];
  width: number;
  space: boolean;
}

function units(spans: readonly Span[]): Unit[] {
  const out: Unit[] = [];
  let glued = false;
  for (const span of spans)
    for (const word of span.text.split(/(\s+)/)) {
      if (word === '') continue;
      if (/^\s/.test(word)) {
        out.push({ spans: [{ ...span, text: ' ' }], width: 1, space: true });
        glued = false;
        continue;
      }
      for (const [at, piece] of (WIDE.test(word) ? splitWide(word) : [word]).entries()) {
        const unit = out.at(-1);
        const width = columns(piece);
        if (unit && glued && at === 0 && !unit.space && !(WIDE.test(piece) && !CLOSING.test(piece))) {
          unit.spans.push({ ...span, text: piece });
          unit.width += width;
        } else out.push({ spans: [{ ...span, text: piece }], width, space: false });
        glued = true;
      }
    }
  return out;
}

function splitWide(word: string): string[] {
  const pieces: string[] = [];
  for (const grapheme of graphemes(word)) {
    const last = pieces.at(-1);
    const joins = last !== undefined && (CLOSING.test(grapheme) || (!WIDE.test(grapheme) && !WIDE.test(last)));
    if (joins) pieces[pieces.length - 1] = last + grapheme;
    else pieces.push(grapheme);
  }
  return pieces;
}

/** Lines of at most `width` columns; a word that is longer is broken. */
export function wrap(spans: readonly Span[], width: number): Span[][] {
  const lines: Span[][] = [];
  let line: Span[] = [];
  let used = 0;
  const next = (): void => {
    const last = line.at(-1);
    if (last && last.text === ' ') line.pop();
    lines.push(line);
    line = [];
    used = 0;
  };
  const put = (span: Span): void => {
    const last = line.at(-1);
    if (last && last.styles === span.styles && last.href === span.href)
      line[line.length - 1] = { ...last, text: last.text + span.text };
    else line.push(span);
    used += columns(span.text);
  };
  for (const unit of units(spans)) {
    if (unit.space) {
      if (used > 0 && used < width) put(unit.spans[0] as Span);
      continue;
    }
    if (used > 0 && used + unit.width > width) next();
    if (unit.width <= width) {
      for (const span of unit.spans) put(span);
      continue;
    }
    for (const span of unit.spans)
      for (const grapheme of graphemes(span.text)) {
        if (used > 0 && used + columns(grapheme) > width) next();
        put({ ...span, text: grapheme });
      }
  }
  if (line.length > 0 || lines.length === 0) next();
  for (const one of lines) trimEnd(one);
  return lines;
}

function trimEnd(line: Span[]): void {
  for (let last = line.at(-1); last; last = line.at(-1)) {
    const text = last.text.trimEnd();
    if (text === last.text) return;
    line.pop();
    if (text !== '') line.push({ ...last, text });
  }
}
