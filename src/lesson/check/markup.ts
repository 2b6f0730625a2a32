/**
 * Markdoc itself: syntax, opening and closing, tags and attributes as their schemas want them, variables. One file because
 * each fault is said by one of these and kept back by the others.
 */
import Markdoc, { type Config, type Node, type ValidateError } from '@markdoc/markdoc';
import { nearest } from '../../text.ts';
import { targetValues } from '../facts.ts';
import { isShown, type TagPlace } from '../scan.ts';
import { TAGS } from '../tags/index.ts';
import { configOf } from '../to-tree.ts';
import { at, type CourseText, type Finding, placeOf, positionOf, type Source } from './finding.ts';
import { type Site, siteOf } from './site.ts';

const BUILT_IN = ['if', 'else', 'partial', 'table', 'slot'];
const FUNCTIONS = ['equals', 'and', 'or', 'not', 'default', 'debug'];
/** What Markdoc says of opening and closing is said better by `balance`. */
const SAID_BY_BALANCE = new Set(['missing-opening', 'missing-closing']);

export function* markup(course: CourseText): Generator<Finding> {
  const described = course.described as { tags?: unknown; variables?: unknown };
  const ownTags = namesOf(described.tags);
  const known = [...Object.keys(TAGS), ...BUILT_IN, ...ownTags];
  const variables = variablesOf(course, namesOf(described.variables));
  const site = siteOf(course, known, FUNCTIONS);
  for (const source of course.sources) {
    const unbalanced = [...unended(source), ...balance(source, known, site)];
    yield* unbalanced;
    if (!source.page) continue;
    yield* validated(source, known, ownTags, course, site);
    yield* usedVariables(source, variables, passedTo(course, source), site, course.foreign);
    yield* usedFunctions(source, site, course.foreign);
    // What stands inside what is not sure while a tag is open that should not be, or whose name is wrong.
    const isStrange = source.tags.some(({ kind, name }) => kind === 'open' && !known.includes(name) && !site.tag(name));
    if (unbalanced.length === 0 && !isStrange) yield* parents(source);
  }
}

/** Blocks of code, comments and tags that begin and never end: the rest of the page is something else than it looks. */
function* unended(source: Source): Generator<Finding> {
  for (const { from, column, to, mark } of source.scan.fences)
    if (to === undefined)
      yield at(source, from, column, {
        rule: 'code-not-closed',
        message: 'this block of code is never closed; the rest of the page is shown as code',
        suggestion: `write ${mark} on a line of its own where it ends`,
      });
  const { openComment } = source.scan;
  if (openComment)
    yield at(source, openComment.line, openComment.column, {
      rule: 'comment-not-closed',
      message: 'this comment is never closed',
      suggestion: 'write --> where it ends',
    });
  for (const tag of source.tags)
    if (tag.kind === 'unended')
      yield at(source, tag.line, tag.column, {
        rule: 'markdoc-syntax',
        message: tag.inner.includes('%}')
          ? `the tag {% ${tag.name} never ends: a quote in it is not closed`
          : `the tag {% ${tag.name} never ends`,
        suggestion: tag.inner.includes('%}') ? 'close the quote before %}' : 'write %} where it ends',
      });
}

const namesOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'object' && value !== null ? Object.keys(value) : [];

/** A tag closed by a wrong name swallows the rest of the page, so this names both places. */
function* balance(source: Source, known: string[], site: Site): Generator<Finding> {
  const open: { name: string; line: number; column: number }[] = [];
  // What is no tag to Markdoc is said there, and opens nothing.
  const unread = new Set<number>();
  for (const node of source.page?.ast.walk() ?? []) if (node.type === 'error') unread.add((node.lines[0] ?? 0) + 1);
  const broken: string[] = [];
  // Behind a block of code that never ends nothing is what it looks like.
  const end = source.scan.fences.find(({ to }) => to === undefined)?.from ?? Number.POSITIVE_INFINITY;
  for (const [index, tag] of source.tags.entries()) {
    if (tag.line > end) return;
    if (tag.kind === 'unended') broken.push(tag.name);
    if (tag.kind === 'self' || tag.kind === 'unended' || tag.name === 'else') continue;
    if (tag.kind === 'open' && unread.has(tag.line)) {
      broken.push(tag.name);
      continue;
    }
    if (tag.kind === 'open') {
      open.push(tag);
      continue;
    }
    const last = open.at(-1);
    if (last?.name === tag.name) {
      open.pop();
      continue;
    }
    const outer = open.findLastIndex(({ name }) => name === tag.name);
    if (!open.some(({ name }) => name === tag.name) && broken.includes(tag.name)) {
      broken.splice(broken.indexOf(tag.name), 1);
      continue;
    }
    const rest = source.tags.slice(index + 1);
    const names = open.map(({ name }) => name);
    // Either the open tag is closed by a wrong name, or this one was never opened: what leaves less to say of the rest.
    const stray = last && outer < 0 && faults(rest, names) < faults(rest, names.slice(0, -1));
    if (!last || stray) {
      const near = nearest(tag.name, known);
      yield at(source, tag.line, tag.column, {
        rule: 'tag-not-opened',
        message: `{% /${tag.name} %} closes a tag that is not open`,
        suggestion:
          near && near !== tag.name
            ? `did you mean {% /${near} %}? Or take it out`
            : 'take it out, or open the tag before it',
      });
    } else if (outer >= 0) {
      // The tag that it means is further out: those between were never closed.
      for (const lost of open.splice(outer + 1).reverse())
        yield at(source, lost.line, lost.column, {
          rule: 'tag-not-closed',
          message: `{% ${lost.name} %} is not closed before {% /${tag.name} %} in line ${tag.line}`,
          suggestion: `write {% /${lost.name} %} before line ${tag.line}`,
        });
      open.pop();
    } else if (!known.includes(last.name) && !site.tag(last.name) && known.includes(tag.name)) {
      // The name that is wrong is that of the opening tag, and is said there.
      open.pop();
    } else {
      yield at(source, tag.line, tag.column, {
        rule: 'tag-closed-wrong',
        message: `{% ${last.name} %} of line ${last.line} is closed as {% /${tag.name} %}; what follows is swallowed`,
        suggestion: `write {% /${last.name} %}`,
      });
      open.pop();
    }
  }
  for (const lost of open.reverse())
    yield at(source, lost.line, lost.column, {
      rule: 'tag-not-closed',
      message: `{% ${lost.name} %} is never closed; the rest of the page is swallowed`,
      suggestion: `write {% /${lost.name} %} where it ends, or {% ${lost.name} /%} if nothing stands inside`,
    });
}

/** How much would be said of these tags with those open. */
function faults(tags: readonly TagPlace[], names: readonly string[]): number {
  const open = [...names];
  let count = 0;
  for (const { kind, name } of tags) {
    if (kind === 'open' && name !== 'else') open.push(name);
    if (kind !== 'close') continue;
    const outer = open.lastIndexOf(name);
    if (outer < 0) {
      count++;
      open.pop();
    } else count += open.splice(outer).length - 1;
  }
  return count + open.length;
}

function* validated(
  source: Source,
  known: string[],
  ownTags: string[],
  course: CourseText,
  site: Site,
): Generator<Finding> {
  const base = configOf({}, { target: targetValues({ kind: 'sandbox' }) }, {});
  const config: Config = {
    ...base,
    tags: {
      ...base.tags,
      // Of tags that other tools add only the name is known.
      ...Object.fromEntries(ownTags.filter((name) => !(name in TAGS)).map((name) => [name, {}])),
      partial: {
        inline: false,
        selfClosing: true,
        attributes: { file: { type: String, required: true }, variables: { type: Object } },
      },
    },
    validation: { validateFunctions: true },
  };
  delete (config as { variables?: unknown }).variables;
  const page = source.page as NonNullable<Source['page']>;
  const loose = new Set(ownTags);
  for (const [node, errors] of everyNode(page.ast, config)) {
    for (const { error } of errors) {
      // A closing tag that stands alone is no tag of its own; functions are looked at where they stand within others, too.
      if (node.errors.some(({ id }) => id === 'missing-opening') || error.id === 'function-undefined') continue;
      if (SAID_BY_BALANCE.has(error.id) || (error.id === 'attribute-undefined' && loose.has(node.tag ?? ''))) continue;
      if (error.id === 'child-invalid' || error.id === 'slot-undefined') continue;
      if (site.allows(node, error)) continue;
      const finding = told(source, node, error, known);
      if (!(course.foreign && isShown(source.scan, finding.line))) yield finding;
    }
  }
}

/** Stands for the line of a child, which is looked at by itself. */
const ELSEWHERE = -1;

/** Every node with what the schemas say of it; parents are looked at by `parents`, so each is validated alone. */
function* everyNode(ast: Node, config: Config): Generator<[Node, ValidateError[]]> {
  for (const node of ast.walk()) {
    if (isPlain(node)) continue;
    const bare = Object.assign(Object.create(Object.getPrototypeOf(node) as object) as Node, node, {
      slots: node.slots,
    });
    const children = bare.children;
    bare.children = children.map((child) =>
      Object.assign(Object.create(Object.getPrototypeOf(child) as object) as Node, child, {
        children: [],
        slots: {},
        errors: [],
        lines: [ELSEWHERE],
      }),
    );
    const found = Markdoc.validate(bare, config).filter(({ lines }) => lines[0] !== ELSEWHERE);
    yield [node, dedupe(found)];
  }
}

/** Text, lists and the like that nothing is said of: most of a page, and nothing for a schema to judge. */
const isPlain = ({ type, errors, annotations, attributes }: Node): boolean =>
  type !== 'tag' &&
  type !== 'error' &&
  errors.length === 0 &&
  (annotations?.length ?? 0) === 0 &&
  Object.values(attributes as Record<string, unknown>).every((value) => typeof value !== 'object');

function dedupe(errors: ValidateError[]): ValidateError[] {
  const seen = new Set<string>();
  return errors.filter(({ error }) => !seen.has(error.message) && seen.add(error.message));
}

const pair = ({ line, column }: { line: number; column: number }): [number, number] => [line, column];

function told(source: Source, node: Node, error: ValidateError['error'], known: string[]): Finding {
  const name = /'([^']+)'/.exec(error.message)?.[1] ?? '';
  const tag = node.tag ?? node.type;
  const schema = (TAGS[tag]?.schema.attributes ?? {}) as Record<string, { matches?: unknown }>;
  switch (error.id) {
    case 'tag-undefined': {
      const near = nearest(tag, known);
      return at(source, ...pair(placeOf(source, node)), {
        rule: 'tag-unknown',
        message: `there is no tag "${tag}"`,
        suggestion: near
          ? `did you mean {% ${near} %}?`
          : `there are ${Object.keys(TAGS).join(', ')}; those of other tools are named in course.yaml under tags`,
      });
    }
    case 'attribute-undefined': {
      const near = nearest(name, Object.keys(schema));
      return at(source, ...pair(placeOf(source, node, `${name}=`)), {
        rule: 'attribute',
        message: `${tag} has no attribute "${name}"`,
        suggestion: near ? `did you mean ${near}=?` : `it has ${Object.keys(schema).join(', ') || 'none'}`,
      });
    }
    case 'attribute-missing-required':
      return at(source, ...pair(placeOf(source, node)), {
        rule: 'attribute',
        message: `${tag} needs the attribute "${name}"`,
        suggestion: `write {% ${tag} ${name}=… %}`,
      });
    case 'attribute-type-invalid':
    case 'attribute-value-invalid': {
      const { matches } = schema[name] ?? {};
      const value = node.attributes[name] as unknown;
      const near = Array.isArray(matches) ? nearest(String(value), matches.map(String)) : undefined;
      return at(source, ...pair(placeOf(source, node, `${name}=`)), {
        rule: 'attribute',
        message: Array.isArray(matches)
          ? `${tag}: ${name} is one of ${matches.join(', ')}, not ${JSON.stringify(value)}`
          : `${tag}: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
        suggestion: near
          ? `did you mean ${name}="${near}"?`
          : Array.isArray(matches)
            ? `write ${name}="${String(matches[0])}"`
            : exampleOf(name, /of '(\w+)'/.exec(error.message)?.[1]),
      });
    }
    case 'tag-placement-invalid':
      return at(source, ...pair(placeOf(source, node)), {
        rule: 'tag-placement',
        message: `{% ${tag} %} stands in the middle of a text`,
        suggestion: 'give it a line of its own, with an empty line before it',
      });
    case 'tag-selfclosing-has-children':
      return at(source, ...pair(placeOf(source, node)), {
        rule: 'tag-placement',
        message: `{% ${tag} %} has nothing inside`,
        suggestion: `write {% ${tag} … /%}`,
      });
    case 'parse-error': {
      // Markdoc counts from the start of the page here, or of a block of code.
      const offset = (error.location?.start as { offset?: number } | undefined)?.offset;
      const place = offset === undefined ? placeOf(source, node, '{%') : positionOf(source.text, offset);
      return at(source, place.line, place.column, {
        rule: 'markdoc-syntax',
        message: `this is not a tag: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
        suggestion:
          'values are "text", numbers, true, false, [lists] or $variables; text that has {% itself goes into a block with process=false',
      });
    }
    default:
      return at(source, ...pair(placeOf(source, node)), {
        rule: 'markdoc-syntax',
        message: `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
        suggestion: 'content/README.md of presso shows each tag',
      });
  }
}

const EXAMPLES: Record<string, string> = {
  String: '"…"',
  Array: '["…"]',
  Number: '1',
  Boolean: 'true',
  Object: '{name: "…"}',
};
const exampleOf = (name: string, type = ''): string =>
  type in EXAMPLES ? `write ${name}=${EXAMPLES[type]}` : 'content/README.md of presso shows each tag';

/** Tags that mean something only inside another one. */
const INSIDE: Record<string, string> = { tab: 'tabs', step: 'steps', answer: 'quiz', else: 'if' };

function* parents(source: Source): Generator<Finding> {
  if (!source.page || source.partial) return;
  const stack: [Node, string[]][] = [[source.page.ast, []]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, above] = next;
    const outer = node.tag ? INSIDE[node.tag] : undefined;
    // An `if` may stand around a tab.
    const nearestTag = above.findLast((tag) => tag !== 'if' || outer === 'if');
    if (outer && nearestTag !== outer)
      yield at(source, ...pair(placeOf(source, node)), {
        rule: 'tag-placement',
        message: `{% ${node.tag} %} stands outside {% ${outer} %}`,
        suggestion: `put it into {% ${outer} %} … {% /${outer} %}`,
      });
    const inner = node.tag ? [...above, node.tag] : above;
    for (const child of node.children) stack.push([child, inner]);
  }
}

interface Names {
  [name: string]: Names | true;
}

function variablesOf(course: CourseText, own: string[]): Names {
  const shape = (value: unknown): Names | true =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shape(one)]))
      : true;
  const names: Names = {
    target: shape(targetValues({ kind: 'sandbox' })),
    lesson: { id: true, title: true, module: true, minutes: true },
    frontmatter: true,
    markdoc: { frontmatter: true },
  };
  const { variables } = course.described as { variables?: unknown };
  for (const name of own) {
    const value = Array.isArray(variables) ? true : shape((variables as Record<string, unknown>)[name]);
    const [first = '', ...rest] = name.split('.');
    if (rest.length === 0) names[first] = value;
    else
      names[first] = typeof names[first] === 'object' ? { ...(names[first] as Names), [rest.join('.')]: true } : true;
  }
  return names;
}

/** Variables that pages hand to a partial. */
function passedTo(course: CourseText, source: Source): Set<string> {
  const names = new Set<string>();
  if (!source.partial) return names;
  for (const other of course.sources)
    for (const node of other.page?.ast.walk() ?? []) {
      const { file, variables } =
        node.tag === 'partial' ? (node.attributes as { file?: unknown; variables?: unknown }) : {};
      if (typeof file === 'string' && source.file.includes(file) && typeof variables === 'object' && variables !== null)
        for (const name of Object.keys(variables)) names.add(name);
    }
  return names;
}

function* usedVariables(
  source: Source,
  names: Names,
  passed: Set<string>,
  site: Site,
  foreign: boolean,
): Generator<Finding> {
  const nodes = source.page ? [source.page.ast, ...source.page.ast.walk()] : [];
  for (const node of nodes)
    for (const path of [...variablePaths(node.attributes), ...inCode(node)]) {
      let here: Names | true = names;
      let wrong: string | undefined;
      for (const key of path) {
        if (here === true) break;
        const next: Names | true | undefined = Object.hasOwn(here, key) ? here[key] : undefined;
        if (next === undefined) {
          wrong = key;
          break;
        }
        here = next;
      }
      if (wrong === undefined || passed.has(path[0] ?? '') || site.variable(path[0] ?? '')) continue;
      const near = here === true ? undefined : nearest(wrong, Object.keys(here));
      const written = `$${path.join('.')}`;
      const place = placeOf(source, node, written);
      if (foreign && isShown(source.scan, place.line)) continue;
      yield at(source, ...pair(place), {
        rule: 'variable',
        message: `there is no variable ${written}`,
        suggestion: near
          ? `did you mean $${[...path.slice(0, path.indexOf(wrong)), near].join('.')}?`
          : 'the variables are listed in content/README.md of presso; your own are named in course.yaml under variables',
      });
    }
}

function* usedFunctions(source: Source, site: Site, foreign: boolean): Generator<Finding> {
  for (const node of source.page?.ast.walk() ?? [])
    for (const name of functionNames(node.attributes)) {
      if (FUNCTIONS.includes(name) || site.calls(name)) continue;
      const near = nearest(name, FUNCTIONS);
      const place = placeOf(source, node, `${name}(`);
      if (foreign && isShown(source.scan, place.line)) continue;
      yield at(source, ...pair(place), {
        rule: 'function',
        message: `there is no function "${name}"`,
        suggestion: near ? `did you mean ${near}(…)?` : `there are ${FUNCTIONS.join(', ')}`,
      });
    }
}

function* functionNames(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  const { $$mdtype: type, name } = value as { $$mdtype?: string; name?: string };
  if (type === 'Function' && name !== undefined) yield name;
  for (const inner of Object.values(value)) yield* functionNames(inner);
}

/** Values of the learner that a code span is filled with. */
function* inCode({ type, attributes }: Node): Generator<string[]> {
  const content: unknown = type === 'code' ? attributes['content'] : undefined;
  if (typeof content !== 'string') return;
  for (const [, path = ''] of content.matchAll(/\{%\s*\$(target\.[\w.]+)\s*%\}/g)) yield path.split('.');
}

function* variablePaths(value: unknown): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  const { $$mdtype: type, path } = value as { $$mdtype?: string; path?: (string | number)[] };
  if (type === 'Variable' && path) yield path.map(String);
  else for (const inner of Object.values(value)) yield* variablePaths(inner);
}
