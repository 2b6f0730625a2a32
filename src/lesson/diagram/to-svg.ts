/** A diagram as SVG, from the same places as the drawing in letters; colours come from the page. Pure. */
import type { Diagram } from '../tree.ts';

const BOX = { width: 132, height: 52 };
const GAP = { x: 96, y: 64 };
const MARGIN = 12;

const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** An `svg` element with a title and a description for who cannot see it. */
export function toSvg(diagram: Diagram): string {
  const { rows, boxes, arrows, title, alt } = diagram;
  const count = Math.max(1, ...rows.map((row) => row.length));
  const width = 2 * MARGIN + count * BOX.width + (count - 1) * GAP.x;
  const height = 2 * MARGIN + rows.length * BOX.height + Math.max(0, rows.length - 1) * GAP.y;
  const at = new Map<string, { x: number; y: number }>();
  for (const [row, ids] of rows.entries())
    for (const [column, id] of ids.entries())
      if (id !== undefined)
        at.set(id, {
          x: MARGIN + column * (BOX.width + GAP.x) + BOX.width / 2,
          y: MARGIN + row * (BOX.height + GAP.y) + BOX.height / 2,
        });
  const parts: string[] = [];
  for (const { from, to, label } of arrows) {
    const [a, b] = [at.get(from), at.get(to)];
    if (!a || !b) continue;
    // One that goes both ways, or comes back, is moved aside so that neither hides the other.
    const back = arrows.some((other) => other.from === to && other.to === from);
    const shift = back ? (from < to ? -8 : 8) : 0;
    const start = edge(a, b);
    const end = edge(b, a);
    const across = Math.abs(a.x - b.x) >= Math.abs(a.y - b.y);
    const [dx, dy] = across ? [0, shift] : [shift, 0];
    parts.push(
      `<line class="arrow" x1="${round(start.x + dx)}" y1="${round(start.y + dy)}" x2="${round(end.x + dx)}" y2="${round(end.y + dy)}" marker-end="url(#arrow)"/>`,
    );
    if (label)
      parts.push(
        `<text class="label" x="${round((start.x + end.x) / 2 + dx + (across ? 0 : 8))}" y="${round((start.y + end.y) / 2 + dy - (across ? 6 : 0))}" text-anchor="${across ? 'middle' : 'start'}">${escapeXml(label)}</text>`,
      );
  }
  for (const [id, { x, y }] of at) {
    const { label = id, kind = 'service' } = boxes[id] ?? {};
    const corner = kind === 'person' || kind === 'app' ? 22 : 6;
    parts.push(
      `<g class="box ${kind}"><rect x="${x - BOX.width / 2}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="${corner}"/>${labelOf(label, x, y)}</g>`,
    );
  }
  return `<svg class="diagram" role="img" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg"><title>${escapeXml(title)}</title><desc>${escapeXml(alt)}</desc><defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 10 5 0 10z"/></marker></defs>${parts.join('')}</svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Where the line from the middle of `a` to `b` leaves the box of `a`. */
function edge(a: { x: number; y: number }, b: { x: number; y: number }): { x: number; y: number } {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const scale = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : (BOX.width / 2 + 2) / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : (BOX.height / 2 + 2) / Math.abs(dy),
  );
  return Number.isFinite(scale) ? { x: a.x + dx * scale, y: a.y + dy * scale } : a;
}

function labelOf(label: string, x: number, y: number): string {
  const lines: string[] = [];
  for (const word of label.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 18) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const first = y + 4 - ((lines.length - 1) * 15) / 2;
  return `<text text-anchor="middle">${lines
    .map((text, index) => `<tspan x="${x}" y="${round(first + index * 15)}">${escapeXml(text)}</tspan>`)
    .join('')}</text>`;
}
