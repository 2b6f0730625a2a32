/** The reader's state as the rows of a screen. Pure. */
import { clean } from '../text.ts';
import { atEnd, body, lastTop, type ReaderState, type ReaderView } from './reader.ts';
import { findAll, markPieces, type Piece } from './search.ts';
import { columns as columnsOf, graphemes } from './spans.ts';

const HELP: [keys: string, what: string][] = [
  ['↑ ↓  j k', 'a line'],
  ['space b', 'a screen'],
  ['g G', 'top, end'],
  ['n p', 'next, previous lesson'],
  ['l', 'contents'],
  ['/', 'search, here and in the others'],
  ['n N', 'next, previous place, after it'],
  ['Tab', 'choose what to act on; Shift-Tab back'],
  ['Enter', 'do what it is for'],
  ['Esc', 'let go of it'],
  ['w ← →', 'switch tabs'],
  ['o', 'open the link'],
  ['c', 'copy the code'],
  ['r', 'run the commands, after asking'],
  ['v', 'run the checks'],
  ['h', 'open or close the hint'],
  ['q', 'leave; Ctrl-Z for a while'],
];

/** In two columns where they fit, else one below the other. */
function helpRows(view: ReaderView): string[] {
  const said = HELP.map(([keys, what]) => `${keys.padEnd(10)}${what}`);
  if (view.columns < 84) return said.map((text) => cut(`  ${text}`, view.columns));
  const half = Math.ceil(said.length / 2);
  return said
    .slice(0, half)
    .map((text, at) => `  ${text.padEnd(50 - (columnsOf(text) - text.length))}${said[at + half] ?? ''}`.trimEnd());
}

/** The rows of the screen, each at most `columns` wide. */
export function draw(state: ReaderState, view: ReaderView, colour: boolean): string[] {
  const height = body(view);
  const inverse = (text: string): string => (colour ? `\u001b[7m${text}\u001b[27m` : text);
  const rows: string[] = [];
  if (state.mode === 'contents') {
    const first = Math.max(0, Math.min(state.chosen - Math.floor(height / 2), view.contents.length - height));
    for (const [index, { title, sign }] of view.contents.entries()) {
      if (index < first || rows.length >= height) continue;
      const text = cut(`${index === state.chosen ? '❯' : ' '} ${sign} ${clean(title)}`, view.columns);
      rows.push(index === state.chosen ? inverse(text) : text);
    }
  } else if (state.mode === 'help') rows.push(...helpRows(view).slice(0, height));
  else {
    const focus = state.focus === undefined ? undefined : view.page.things[state.focus];
    const hits = findAll(view.page.lines, state.query);
    const current = state.mode === 'search' ? undefined : hits[Math.min(state.hit, hits.length - 1)];
    const byLine = new Map<number, Piece[]>();
    for (const piece of hits.flat()) byLine.set(piece.line, [...(byLine.get(piece.line) ?? []), piece]);
    for (let at = state.top; at < Math.min(view.page.lines.length, state.top + height); at++) {
      const marked = focus && at >= focus.line && at < focus.end;
      const pieces = byLine.get(at) ?? [];
      // Without colours the edge alone says where it stands.
      const edge = marked
        ? at === focus.line
          ? '❯ '
          : '┊ '
        : current?.[0]?.line === at
          ? '» '
          : pieces[0]
            ? '› '
            : '  ';
      const text = view.page.lines[at] ?? '';
      rows.push(`${edge}${colour ? markPieces(text, pieces) : text}`);
    }
  }
  while (rows.length < height) rows.push('');
  rows.push(inverse(statusLine(state, view)));
  return rows.slice(0, view.rows);
}

function statusLine(state: ReaderState, view: ReaderView): string {
  const fill = (text: string): string => {
    const shown = cut(text, view.columns);
    return shown + ' '.repeat(Math.max(0, view.columns - columnsOf(shown)));
  };
  if (state.mode === 'search') return fill(`/${state.query}▏`);
  if (state.mode === 'confirm') {
    const [first = '', ...more] = (state.asked?.text ?? '').split('\n').filter(Boolean);
    // However long the command is, how to answer stays in sight.
    const answer = `${more.length > 0 ? ` and ${more.length} more` : ''}? ${view.columns < 60 ? 'y/n' : 'y: yes, any other key: no'}`;
    return fill(` Run ${cut(first, Math.max(1, view.columns - columnsOf(answer) - 5))}${answer}`);
  }
  if (state.mode === 'contents') return fill(' Contents · ↑ ↓ choose · Enter: read · Esc: back');
  if (state.mode === 'help') return fill(' Any key: back');
  const percent = atEnd(state, view) ? 'end' : `${Math.round((state.top / Math.max(1, lastTop(view))) * 100)} %`;
  const left = ` ${state.message || clean(view.title)}`;
  const right = `${percent} · ${view.at + 1}/${view.contents.length} · ?: keys `;
  const space = view.columns - columnsOf(left) - columnsOf(right);
  return space > 0 ? left + ' '.repeat(space) + right : fill(left);
}

function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const grapheme of graphemes(text)) {
    const wide = columnsOf(grapheme);
    if (used + wide > width - 1) break;
    out += grapheme;
    used += wide;
  }
  return `${out}…`;
}
