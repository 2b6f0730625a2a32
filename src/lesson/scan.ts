/**
 * Where the tags of a page stand, to the column. Markdoc gives lines only, and swallows the rest of the page when a tag is
 * closed by a wrong name, so opening and closing are matched here. Pure.
 */

export interface TagPlace {
  /** `unended` has no closing brace, or only one within a quote: text to Markdoc. */
  kind: 'open' | 'close' | 'self' | 'unended';
  name: string;
  /** Both from 1. */
  line: number;
  column: number;
  /** What stands between the braces. */
  inner: string;
}

export interface Scan {
  tags: TagPlace[];
  /** Blocks of code, by the lines of their marks; without `to` one is never closed. */
  fences: { from: number; column: number; to?: number; language: string; mark: string }[];
  /** Lines of code and of comments, from 1: nothing that stands there is prose. */
  code: ReadonlySet<number>;
  comments: ReadonlySet<number>;
  /** An HTML comment that is never closed. */
  openComment?: { line: number; column: number };
}

/** Languages whose blocks show Markdoc instead of being Markdoc; only where other tools than ours lay the pages out. */
const SHOWS_MARKDOC = /^(markdoc|mdoc|md|markdown)\b/;

/** Whether a line (from 1) stands in a block that shows Markdoc. */
export const isShown = ({ fences }: Scan, line: number): boolean =>
  fences.some(
    ({ from, to = Number.POSITIVE_INFINITY, language }) => line >= from && line <= to && SHOWS_MARKDOC.test(language),
  );

/** Tags in the order of the text; those in code spans, comments and blocks that are not processed are left out. */
export const scanTags = (text: string): TagPlace[] => scanText(text).tags;

export function scanText(text: string, options: { showsMarkdoc?: boolean } = {}): Scan {
  const tags: TagPlace[] = [];
  const fences: Scan['fences'] = [];
  const code = new Set<number>();
  const comments = new Set<number>();
  let fence: { mark: string; processed: boolean } | undefined;
  let comment: Scan['openComment'];
  const lines = text.split('\n');
  for (let number = 0; number < lines.length; number++) {
    const row = lines[number] ?? '';
    const edge = comment ? null : /^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}|~{3,})(.*)$/.exec(row);
    if (fence) {
      code.add(number + 1);
      if (edge && (edge[1] ?? '').startsWith(fence.mark) && (edge[2] ?? '').trim() === '') {
        fence = undefined;
        (fences.at(-1) as Scan['fences'][number]).to = number + 1;
      } else if (fence.processed) scanRow(row, number, tags, lines, false);
    } else if (edge && !(edge[1]?.startsWith('`') && edge[2]?.includes('`'))) {
      const [, mark = '```', about = ''] = edge;
      const language = /^\s*([^\s{]*)/.exec(about)?.[1] ?? '';
      fence = {
        mark,
        processed:
          !/process\s*=\s*false/.test(about) && !(options.showsMarkdoc && SHOWS_MARKDOC.test(about.trimStart())),
      };
      fences.push({ from: number + 1, column: row.indexOf(mark) + 1, language, mark });
      code.add(number + 1);
    } else {
      const before = comment;
      const [shown, after] = withoutComments(row, comment, number + 1);
      comment = after;
      if (before || comment || shown !== row) comments.add(number + 1);
      scanRow(shown, number, tags, lines, true);
    }
  }
  return { tags, fences, code, comments, ...(comment ? { openComment: comment } : {}) };
}

/** The row with spaces in place of what is commented out, and where a comment that goes on began. */
function withoutComments(
  row: string,
  open: Scan['openComment'],
  line: number,
): [shown: string, open: Scan['openComment']] {
  if (!open && !row.includes('<!--')) return [row, undefined];
  // What a code span shows is no comment.
  const spans = blankSpans(row);
  let shown = '';
  let at = 0;
  let inside = open;
  for (;;) {
    const next = inside ? row.indexOf('-->', at) : spans.indexOf('<!--', at);
    if (next < 0) break;
    const end = inside ? next + 3 : next;
    shown += inside ? ' '.repeat(end - at) : row.slice(at, end);
    inside = inside ? undefined : { line, column: next + 1 };
    at = end;
  }
  shown += inside ? ' '.repeat(row.length - at) : row.slice(at);
  return [shown, inside];
}

const blankSpans = (row: string): string =>
  row.replace(/(`+)(?:(?!\1)[^`]|(?!\1)`)*?\1(?!`)/g, (span) => ' '.repeat(span.length));

function scanRow(row: string, number: number, found: TagPlace[], lines: string[], spans: boolean): void {
  if (!row.includes('{%')) return;
  const blanked = spans ? blankSpans(row) : row;
  for (let at = blanked.indexOf('{%'); at >= 0; at = blanked.indexOf('{%', at + 2)) {
    let inner = innerOf(blanked, at + 2);
    // A tag may go on over a few lines.
    if (inner === undefined)
      inner = innerOf([blanked.slice(at + 2), ...lines.slice(number + 1, number + 20)].join('\n'), 0);
    if (inner === undefined) {
      const rest = blanked.slice(at + 2);
      const begun = /^\s*([A-Za-z][\w-]*)[\s%]/.exec(rest)?.[1];
      if (begun !== undefined && spans)
        found.push({ kind: 'unended', name: begun, line: number + 1, column: at + 1, inner: rest });
      continue;
    }
    const trimmed = inner.trim();
    const name = /^\/?\s*([A-Za-z][\w-]*)/.exec(trimmed)?.[1];
    // Variables, annotations (#id, .class, key=value) and functions are no tags.
    if (name === undefined || /^[A-Za-z][\w-]*\s*[=(]/.test(trimmed)) continue;
    const kind = trimmed.startsWith('/') ? 'close' : trimmed.endsWith('/') ? 'self' : 'open';
    found.push({ kind, name, line: number + 1, column: at + 1, inner: trimmed });
  }
}

/** Up to the closing brace, which does not count inside a string. */
function innerOf(row: string, from: number): string | undefined {
  let quoted = false;
  for (let at = from; at < row.length; at++) {
    if (quoted) {
      if (row[at] === '\\') at++;
      else if (row[at] === '"') quoted = false;
    } else if (row[at] === '"') quoted = true;
    else if (row[at] === '%' && row[at + 1] === '}') return row.slice(from, at);
  }
  return undefined;
}
