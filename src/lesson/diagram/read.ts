/** A diagram's file → its data; what is wrong in it is said in a sentence. Pure. */
import { LineCounter, parseDocument } from 'yaml';
import { nearest } from '../../text.ts';
import type { BoxKind, Diagram } from '../tree.ts';

const KINDS: BoxKind[] = ['person', 'app', 'service', 'function', 'table', 'queue', 'bus', 'workflow', 'yours'];

export type Drawn = { value: Diagram } | { problem: string; line: number };

/** Reads the text of diagrams/<name>.yaml (content/README.md, "diagram"). */
export function readDiagram(source: string): Drawn {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const [error] = document.errors;
  if (error)
    return { problem: `this is not YAML (${error.message.split('\n')[0]})`, line: lines.linePos(error.pos[0]).line };
  const lineOf = (...keys: (string | number)[]): number => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    return node?.range ? lines.linePos(node.range[0]).line : 1;
  };
  const value = document.toJS({ maxAliasCount: 10 }) as Record<string, unknown> | null;
  if (!value || typeof value !== 'object')
    return { problem: 'a diagram has title, alt, rows, boxes and arrows', line: 1 };
  const title = value['title'];
  const alt = value['alt'];
  if (typeof title !== 'string' || title === '') return { problem: 'a diagram needs a title', line: 1 };
  if (typeof alt !== 'string' || alt === '')
    return { problem: 'a diagram needs alt: what it says to somebody who cannot see it', line: 1 };
  const given = value['boxes'];
  if (!given || typeof given !== 'object') return { problem: 'a diagram needs boxes', line: 1 };
  const boxes: Diagram['boxes'] = {};
  for (const [id, box] of Object.entries(given as Record<string, unknown>)) {
    const { label, kind = 'service' } = (typeof box === 'string' ? { label: box } : (box ?? {})) as Record<
      string,
      unknown
    >;
    if (typeof label !== 'string') return { problem: `the box "${id}" has no label`, line: lineOf('boxes', id) };
    if (!KINDS.includes(kind as BoxKind)) {
      const near = nearest(String(kind), KINDS);
      return {
        problem: `"${String(kind)}" is not a kind of box; ${near ? `did you mean ${near}?` : `there are ${KINDS.join(', ')}`}`,
        line: lineOf('boxes', id),
      };
    }
    boxes[id] = { label, kind: kind as BoxKind };
  }
  const unknownBox = (id: string): string => {
    const near = nearest(id, Object.keys(boxes));
    return `there is no box "${id}"${near ? `; did you mean ${near}?` : ''}`;
  };
  const rows: Diagram['rows'] = [];
  for (const [at, row] of (Array.isArray(value['rows']) ? value['rows'] : []).entries()) {
    const ids = (Array.isArray(row) ? row : [row]).map((id) =>
      id === null || id === undefined ? undefined : String(id),
    );
    const wrong = ids.find((id) => id !== undefined && !(id in boxes));
    if (wrong !== undefined) return { problem: unknownBox(wrong), line: lineOf('rows', at) };
    rows.push(ids);
  }
  const placed = rows.flat().filter((id) => id !== undefined);
  const twice = placed.find((id, at) => placed.indexOf(id) !== at);
  if (twice !== undefined) return { problem: `the box "${twice}" stands twice in rows`, line: lineOf('rows') };
  const lost = Object.keys(boxes).find((id) => !placed.includes(id));
  if (lost !== undefined) return { problem: `the box "${lost}" stands in no row`, line: lineOf('boxes', lost) };
  const arrows: Diagram['arrows'] = [];
  for (const [at, arrow] of (Array.isArray(value['arrows']) ? value['arrows'] : []).entries()) {
    const [from, to, label] = Array.isArray(arrow) ? arrow : [];
    for (const id of [from, to])
      if (typeof id !== 'string' || !(id in boxes))
        return { problem: unknownBox(String(id)), line: lineOf('arrows', at) };
    arrows.push({ from: String(from), to: String(to), ...(label ? { label: String(label) } : {}) });
  }
  return { value: { title, alt: alt.trim(), rows, boxes, arrows } };
}
