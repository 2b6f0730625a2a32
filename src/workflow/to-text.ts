/** A graph as an indented text: what follows stands below, what branches off stands to the right. Pure. */
import type { Edge, Graph, Node } from './graph.ts';
import { unreached } from './graph.ts';

/** One line a state, one a way that branches off; a state that was drawn above is only named (`→`). */
export function toText(graph: Graph): string[] {
  const lines: string[] = [];
  draw(graph, '', lines);
  return lines;
}

/** What stands behind a state's name. */
export function nodeWords({ type, does, waits, limit, ends }: Node): string {
  return [
    does || type,
    waits ? `waits for its token${limit === undefined ? '' : `, at most ${limit}`}` : '',
    ends ? 'end' : '',
  ]
    .filter((word) => word !== '')
    .join(' · ');
}

function draw(graph: Graph, margin: string, lines: string[]): void {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const drawn = new Set<string>();
  // A list of its own instead of recursion along `Next`: a long chain of states is common, a deep one of branches is not.
  const chain = (first: string, indent: string): void => {
    let name: string | undefined = first;
    while (name !== undefined) {
      const node = nodes.get(name);
      if (!node || drawn.has(name)) {
        lines.push(`${indent}→ ${name}${node ? '' : ' (there is no such state)'}`);
        return;
      }
      drawn.add(name);
      lines.push(`${indent}${node.type === 'Choice' ? '◆' : '●'} ${name} · ${nodeWords(node)}`);
      for (const [i, inner] of node.inside.entries()) {
        lines.push(`${indent}  ├ ${node.type === 'Map' ? 'for each item' : `branch ${i + 1}`}`);
        draw(inner, `${indent}  │ `, lines);
      }
      const ways: Edge[] = graph.edges.filter((edge) => edge.from === node.name);
      const next = ways.find(({ kind }) => kind === 'next');
      const aside = ways.filter((way) => way !== next);
      for (const [i, way] of aside.entries()) {
        const last = i === aside.length - 1;
        lines.push(`${indent}  ${last ? '╰' : '├'} ${way.label}`);
        chain(way.to, `${indent}  ${last ? ' ' : '│'}   `);
      }
      name = next?.to;
    }
  };
  if (graph.start !== '') chain(graph.start, margin);
  for (const name of unreached(graph)) if (!drawn.has(name)) lines.push(`${margin}○ ${name} · no way leads here`);
}
