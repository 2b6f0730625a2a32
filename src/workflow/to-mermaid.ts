/** A graph as a Mermaid flowchart. Pure. */
import type { Graph, Node } from './graph.ts';
import { nodeWords } from './to-text.ts';

/** Quotes and angle brackets would end a label or open a tag; Mermaid knows them as entities. */
const label = (text: string): string =>
  `"${text
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replace(/\s*\n\s*/g, ' ')}"`;

export function toMermaid(graph: Graph): string[] {
  const lines = ['flowchart TD'];
  draw(graph, 's', '  ', lines);
  return lines;
}

function draw(graph: Graph, prefix: string, indent: string, lines: string[]): void {
  const ids = new Map(graph.nodes.map(({ name }, i) => [name, `${prefix}${i}`]));
  for (const node of graph.nodes) {
    const id = ids.get(node.name) ?? '';
    lines.push(`${indent}${id}${shape(node)}`);
    for (const [i, inner] of node.inside.entries()) {
      const inside = `${id}_${i}_`;
      lines.push(`${indent}subgraph ${inside}g[${label(node.type === 'Map' ? 'for each item' : `branch ${i + 1}`)}]`);
      draw(inner, inside, `${indent}  `, lines);
      lines.push(`${indent}end`, `${indent}${id} --- ${inside}g`);
    }
  }
  if (ids.has(graph.start)) lines.push(`${indent}${prefix}_start((start)) --> ${ids.get(graph.start)}`);
  for (const { from, to, kind, label: words } of graph.edges) {
    if (!ids.has(to)) continue;
    const arrow = kind === 'catch' ? '-.->' : '-->';
    lines.push(`${indent}${ids.get(from)} ${arrow}${words === '' ? '' : `|${label(words)}|`} ${ids.get(to)}`);
  }
}

function shape(node: Node): string {
  const words = label(`${node.name}: ${nodeWords(node)}`);
  if (node.type === 'Choice') return `{${label(node.name)}}`;
  return node.ends ? `([${words}])` : `[${words}]`;
}
