/**
 * What a course that another tool lays out may be taken to know: its tags, attributes, functions and variables stand in
 * code that is not here. What it uses twice or more, and not as a slip of something it uses more often, is its own. Pure.
 */
import type { Node, ValidateError } from '@markdoc/markdoc';
import { nearest } from '../../text.ts';
import { TAGS } from '../tags/index.ts';
import type { CourseText } from './finding.ts';

export interface Site {
  /** Whether what the schemas say of this node is no fault here. */
  allows(node: Node, error: ValidateError['error']): boolean;
  /** Whether the site has this function. */
  calls(name: string): boolean;
  /** Whether the site has this tag. */
  tag(name: string): boolean;
  /** Whether a variable that starts with this name is the site's own. */
  variable(root: string): boolean;
}

type Counts = Map<string, number>;
const add = (counts: Counts, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

interface Uses {
  times: number;
  attributes: Counts;
  /** `type\u0000check` */
  values: Counts;
}

/** Everything allowed: nothing is known of the site. Nothing: the course is ours. */
export function siteOf(course: CourseText, known: readonly string[], functions: readonly string[]): Site {
  if (!course.foreign) return { allows: () => false, calls: () => false, tag: () => false, variable: () => false };
  const tags = new Map<string, Uses>();
  const called: Counts = new Map();
  const roots: Counts = new Map();
  for (const { page } of course.sources)
    for (const node of page ? [page.ast, ...page.ast.walk()] : []) {
      for (const [name, value] of Object.entries(node.attributes as Record<string, unknown>)) count(name, value);
      if (node.type !== 'tag' || !node.tag || node.errors.some(({ id }) => id === 'missing-opening')) continue;
      const uses = tags.get(node.tag) ?? { times: 0, attributes: new Map(), values: new Map() };
      tags.set(node.tag, uses);
      uses.times++;
      for (const [name, value] of Object.entries(node.attributes as Record<string, unknown>)) {
        add(uses.attributes, name);
        if (typeof value !== 'object') add(uses.values, `${name}\u0000${String(value)}`);
      }
    }
  function count(_: string, value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const { $$mdtype: type, name, path } = value as { $$mdtype?: string; name?: string; path?: unknown[] };
    if (type === 'Function' && name !== undefined) add(called, name);
    if (type === 'Variable' && path) add(roots, String(path[0]));
    for (const [key, inner] of Object.entries(value)) count(key, inner);
  }

  /** A slip of the pen: one letter away from something that is known and used, and used more. */
  const slip = (name: string, all: Counts, others: readonly string[]): boolean =>
    [...all].some(([other, times]) => other !== name && times > (all.get(name) ?? 0) && oneApart(name, other)) ||
    others.some((other) => other !== name && oneApart(name, other));
  const used = new Map([...tags].map(([name, { times }]) => [name, times]));
  const unknown = [...used].filter(([name]) => !known.includes(name));
  const ours = known.filter((name) => used.has(name));
  const own = new Set(unknown.filter(([name, times]) => times > 1 && !slip(name, used, ours)).map(([name]) => name));
  const odd = unknown.filter(([name]) => !own.has(name) && !slip(name, used, ours));
  // Where it has tags of its own, others that are used once may be, too.
  if (own.size > 0 || odd.length > 2) for (const [name] of odd) own.add(name);

  /** Tags that have the name of one of ours and another schema. */
  const differs = new Set<string>();
  for (const [name, { attributes, times }] of tags) {
    const schema = TAGS[name]?.schema.attributes;
    if (!schema) continue;
    const names = Object.keys(schema);
    const strange = [...attributes].some(
      ([attribute, often]) => !names.includes(attribute) && (often > 1 || nearest(attribute, names) === undefined),
    );
    const lacking = Object.entries(schema).some(
      ([attribute, { required }]) => required && times - (attributes.get(attribute) ?? 0) > 1,
    );
    if (strange || lacking) differs.add(name);
  }

  return {
    tag: (name) => own.has(name),
    calls: (name) =>
      (called.get(name) ?? 0) > 1
        ? !slip(name, called, functions)
        : own.size > 0 && nearest(name, functions) === undefined,
    variable: (root) => root !== 'target' && (roots.get(root) ?? 0) > 1 && !slip(root, roots, []),
    allows(node, error) {
      const name = /'([^']+)'/.exec(error.message)?.[1] ?? '';
      if (error.id === 'tag-undefined') return own.has(node.tag ?? '');
      if (node.type !== 'tag') return error.id.startsWith('attribute-');
      const tag = node.tag ?? '';
      if (!(tag in TAGS)) return error.id.startsWith('attribute-') && !known.includes(tag);
      if (differs.has(tag)) return error.id !== 'parse-error';
      if (error.id !== 'attribute-value-invalid' && error.id !== 'attribute-type-invalid') return false;
      return hasOwnValues(tag, name, node.attributes[name]);
    },
  };

  function hasOwnValues(tag: string, attribute: string, value: unknown): boolean {
    const { matches } = (TAGS[tag]?.schema.attributes?.[attribute] ?? {}) as { matches?: unknown };
    if (!Array.isArray(matches) || typeof value !== 'string') return false;
    const wanted = matches.map(String);
    const values = tags.get(tag)?.values ?? new Map<string, number>();
    const others = [...values].filter(([key]) => {
      const [of, one = ''] = key.split('\u0000');
      return of === attribute && !wanted.includes(one) && !wanted.some((right) => oneApart(one, right));
    });
    return !wanted.some((right) => oneApart(value, right)) && others.reduce((sum, [, times]) => sum + times, 0) > 1;
  }
}

/** Whether one letter more, less, other or in the other place makes one of the other. */
function oneApart(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 3) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (
    (left.length <= 1 && right.length <= 1) ||
    (left.length === 2 && right.length === 2 && left === `${right[1]}${right[0]}`)
  );
}
