/** A graph in Graphviz's DOT language. Pure. */
import type { Graph, Node } from './graph.ts';
import { nodeWords } from './to-text.ts';

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

export function toDot(graph: Graph): string[] {
  return ['digraph workflow {', '  node [shape=box style=rounded];', ...draw(graph, '', '  '), '}'];
}

function draw(graph: Graph, prefix: string, indent: string): string[] {
  const id = (name: string): string => quoted(`${prefix}${name}`);
  const known = new Set(graph.nodes.map(({ name }) => name));
  const lines: string[] = [];
  if (known.has(graph.start))
    lines.push(
      `${indent}${quoted(`${prefix} start`)} [label="" shape=circle];`,
      `${indent}${quoted(`${prefix} start`)} -> ${id(graph.start)};`,
    );
  for (const node of graph.nodes) {
    lines.push(`${indent}${id(node.name)} [${attributes(node)}];`);
    for (const [i, inner] of node.inside.entries()) {
      const inside = `${prefix}${node.name}/${i}/`;
      lines.push(
        `${indent}subgraph ${quoted(`cluster ${inside}`)} {`,
        `${indent}  label=${quoted(node.type === 'Map' ? 'for each item' : `branch ${i + 1}`)};`,
        ...draw(inner, inside, `${indent}  `),
        `${indent}}`,
      );
      if (inner.start !== '')
        lines.push(`${indent}${id(node.name)} -> ${quoted(`${inside}${inner.start}`)} [style=dotted];`);
    }
  }
  for (const { from, to, kind, label } of graph.edges) {
    const style = [label === '' ? '' : `label=${quoted(label)}`, kind === 'catch' ? 'style=dashed' : ''].filter(
      Boolean,
    );
    lines.push(`${indent}${id(from)} -> ${id(to)}${style.length > 0 ? ` [${style.join(' ')}]` : ''};`);
  }
  return lines;
}

function attributes(node: Node): string {
  const label = `label=${quoted(node.type === 'Choice' ? node.name : `${node.name}\n${nodeWords(node)}`)}`;
  return node.type === 'Choice' ? `${label} shape=diamond` : node.ends ? `${label} peripheries=2` : label;
}
