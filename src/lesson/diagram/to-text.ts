/** A diagram in letters: boxes in their places, arrows between neighbours drawn, the others in words. Pure. */
import { columns, graphemes } from '../spans.ts';
import type { BoxKind, Diagram } from '../tree.ts';

const BORDERS: Record<'plain' | 'round' | 'yours', string> = { plain: '┌─┐│└┘', round: '╭─╮│╰╯', yours: '╔═╗║╚╝' };
const borderOf = (kind: BoxKind): string =>
  kind === 'yours' ? BORDERS.yours : kind === 'person' || kind === 'app' ? BORDERS.round : BORDERS.plain;

export interface DrawnText {
  /** Empty where the boxes do not fit. */
  picture: string[];
  /** The arrows that the picture does not show, or all of them. */
  words: string[];
}

type Arrow = Diagram['arrows'][number];

export const inWords = (diagram: Diagram, { from, to, label }: Arrow): string =>
  `${diagram.boxes[from]?.label ?? from} → ${diagram.boxes[to]?.label ?? to}${label ? `: ${label}` : ''}`;

/** The picture at most `width` columns wide: with words on its arrows, else without, else only words. */
export function toText(diagram: Diagram, width: number): DrawnText {
  for (const [labels, most] of [
    [true, 24],
    [true, 14],
    [false, 14],
    [false, 10],
  ] as const) {
    const drawn = draw(diagram, labels, most);
    if (drawn.picture.every((row) => columns(row) <= width)) return drawn;
  }
  return { picture: [], words: diagram.arrows.map((arrow) => inWords(diagram, arrow)) };
}

/** A label in lines of at most `most` columns, broken at spaces. */
function linesOf(label: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of label.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && columns(last) + 1 + columns(word) <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

interface Placed {
  lines: string[];
  x: number;
  y: number;
  width: number;
  height: number;
  row: number;
  column: number;
}

function draw(diagram: Diagram, labels: boolean, most: number): DrawnText {
  const { rows, boxes, arrows } = diagram;
  const count = Math.max(...rows.map((row) => row.length), 0);
  const labelLines = new Map(Object.entries(boxes).map(([id, { label }]) => [id, linesOf(label, most)]));
  const at = new Map<string, { row: number; column: number }>();
  for (const [row, ids] of rows.entries())
    for (const [column, id] of ids.entries()) if (id !== undefined) at.set(id, { row, column });
  const beside = (arrow: Arrow): 'across' | 'down' | undefined => {
    const from = at.get(arrow.from);
    const to = at.get(arrow.to);
    if (!from || !to) return undefined;
    if (from.row === to.row && Math.abs(from.column - to.column) === 1) return 'across';
    if (from.column === to.column && Math.abs(from.row - to.row) === 1) return 'down';
    return undefined;
  };
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(
      0,
      ...rows.map((row) => {
        const id = row[column];
        return id === undefined ? 0 : Math.max(...(labelLines.get(id) ?? ['']).map(columns)) + 4;
      }),
    ),
  );
  const gaps = Array.from({ length: count }, (_, column) =>
    arrows
      .filter(
        (arrow) =>
          beside(arrow) === 'across' &&
          Math.min(at.get(arrow.from)?.column ?? 0, at.get(arrow.to)?.column ?? 0) === column,
      )
      .reduce((gap, { label }) => Math.max(gap, labels && label ? columns(label) + 4 : 5), 3),
  );
  const xs = widths.map((_, column) =>
    widths.slice(0, column).reduce((sum, width, index) => sum + width + (gaps[index] ?? 3), 0),
  );
  const placed = new Map<string, Placed>();
  let y = 0;
  for (const [row, ids] of rows.entries()) {
    const height = Math.max(0, ...ids.map((id) => (id === undefined ? 0 : (labelLines.get(id) ?? []).length + 2)));
    for (const [column, id] of ids.entries()) {
      if (id === undefined) continue;
      placed.set(id, {
        lines: labelLines.get(id) ?? [],
        x: xs[column] ?? 0,
        y,
        width: widths[column] ?? 0,
        height,
        row,
        column,
      });
    }
    y +=
      height +
      (arrows.some(
        (arrow) =>
          beside(arrow) === 'down' && Math.min(at.get(arrow.from)?.row ?? 0, at.get(arrow.to)?.row ?? 0) === row,
      )
        ? 3
        : 1);
  }
  const grid: string[][] = [];
  const put = (x: number, row: number, text: string): void => {
    const line = grid[row] ?? [];
    grid[row] = line;
    let column = x;
    for (const grapheme of graphemes(text)) {
      while (line.length < column) line.push(' ');
      line[column] = grapheme;
      for (let extra = 1; extra < columns(grapheme); extra++) line[column + extra] = '';
      column += Math.max(1, columns(grapheme));
    }
  };
  for (const [id, box] of placed) {
    const [topLeft = '', across = '', topRight = '', side = '', bottomLeft = '', bottomRight = ''] = [
      ...borderOf(boxes[id]?.kind ?? 'service'),
    ];
    put(box.x, box.y, topLeft + across.repeat(box.width - 2) + topRight);
    const blank = box.height - 2 - box.lines.length;
    const lines = [...Array.from({ length: Math.floor(blank / 2) }, () => ''), ...box.lines];
    for (let row = 0; row < box.height - 2; row++) {
      const text = lines[row] ?? '';
      const left = Math.floor((box.width - 2 - columns(text)) / 2);
      put(box.x, box.y + 1 + row, side + ' '.repeat(box.width - 2) + side);
      put(box.x + 1 + left, box.y + 1 + row, text);
    }
    put(box.x, box.y + box.height - 1, bottomLeft + across.repeat(box.width - 2) + bottomRight);
  }
  const words: string[] = [];
  const drawn = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const way = beside(arrow);
    const from = placed.get(arrow.from);
    const to = placed.get(arrow.to);
    if (!way || !from || !to) {
      words.push(inWords(diagram, arrow));
      continue;
    }
    const pair = [arrow.from, arrow.to].sort().join(' ');
    const other = drawn.get(pair);
    drawn.set(pair, arrow);
    if (arrow.label && (!labels || (other && other.label !== undefined))) words.push(inWords(diagram, arrow));
    if (way === 'across') {
      const left = from.column < to.column ? from : to;
      const right = left === from ? to : from;
      const x = left.x + left.width;
      const length = right.x - x;
      const row = left.y + 1 + Math.floor((Math.min(left.height, right.height) - 3) / 2);
      const label = labels && arrow.label && !other?.label ? arrow.label : '';
      if (!other || label) {
        const rest = length - columns(label) - 2;
        const before = Math.floor(rest / 2);
        put(x, row, label ? `${'─'.repeat(1 + before)}${label}${'─'.repeat(1 + rest - before)}` : '─'.repeat(length));
      }
      if (to === right) put(x + length - 1, row, '▶');
      else put(x, row, '◀');
      if (other) put(to === right ? x : x + length - 1, row, to === right ? '◀' : '▶');
    } else {
      const top = from.row < to.row ? from : to;
      const bottom = top === from ? to : from;
      const x = top.x + Math.floor(top.width / 2);
      for (let row = top.y + top.height; row < bottom.y; row++) put(x, row, '│');
      if (to === bottom) put(x, bottom.y - 1, '▼');
      else put(x, top.y + top.height, '▲');
      if (other) put(x, to === bottom ? top.y + top.height : bottom.y - 1, to === bottom ? '▲' : '▼');
      if (!labels || !arrow.label || other?.label) continue;
      // Beside the line, where it does not run into the line of the next column.
      const room = top.column === count - 1 ? Number.POSITIVE_INFINITY : (xs[top.column + 1] ?? 0) - x - 3;
      if (columns(arrow.label) <= room) put(x + 2, top.y + top.height + 1, arrow.label);
      else words.push(inWords(diagram, arrow));
    }
  }
  const picture = Array.from({ length: grid.length }, (_, row) => (grid[row] ?? []).join('').trimEnd());
  return { picture, words };
}
