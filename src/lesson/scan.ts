/**
 * Where the tags of a page stand, to the column. Markdoc gives lines only, and swallows the rest of the page when a tag is
 * closed by a wrong name, so opening and closing are matched here. Pure.
 */

export interface TagPlace {
  kind: 'open' | 'close' | 'self';
  name: string;
  /** Both from 1. */
  line: number;
  column: number;
  /** What stands between the braces. */
  inner: string;
}

/** Tags in the order of the text; those in code spans, comments and blocks that are not processed are left out. */
export function scanTags(text: string): TagPlace[] {
  const found: TagPlace[] = [];
  let fence: { mark: string; processed: boolean } | undefined;
  let comment = false;
  const lines = text.split('\n');
  for (let number = 0; number < lines.length; number++) {
    const row = lines[number] ?? '';
    const edge = /^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}|~{3,})(.*)$/.exec(row);
    if (fence) {
      if (edge && (edge[1] ?? '').startsWith(fence.mark) && (edge[2] ?? '').trim() === '') fence = undefined;
      else if (fence.processed) scanRow(row, number, found, lines, false);
    } else if (edge && !(edge[1]?.startsWith('`') && edge[2]?.includes('`'))) {
      fence = { mark: edge[1] ?? '```', processed: !/process\s*=\s*false/.test(edge[2] ?? '') };
    } else {
      if (row.includes('<!--')) comment = true;
      if (!comment) scanRow(row, number, found, lines, true);
      if (row.includes('-->')) comment = false;
    }
  }
  return found;
}

function scanRow(row: string, number: number, found: TagPlace[], lines: string[], spans: boolean): void {
  if (!row.includes('{%')) return;
  const blanked = spans ? row.replace(/(`+)(?:(?!\1)[^`]|(?!\1)`)*?\1(?!`)/g, (code) => ' '.repeat(code.length)) : row;
  for (let at = blanked.indexOf('{%'); at >= 0; at = blanked.indexOf('{%', at + 2)) {
    let inner = innerOf(blanked, at + 2);
    // A tag may go on over a few lines.
    if (inner === undefined)
      inner = innerOf([blanked.slice(at + 2), ...lines.slice(number + 1, number + 20)].join('\n'), 0);
    if (inner === undefined) continue;
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
