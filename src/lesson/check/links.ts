/** Links to lessons and to anchors in them. */
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { nearest } from '../../text.ts';
import { nameOf, PAGE } from '../library.ts';
import { slug } from '../tree.ts';
import { at, type CourseText, type Finding, placeOf, positionOf, type Source } from './finding.ts';
import { besideCourse, decode, fileOf } from './files.ts';

/** The words of a heading as they stand in the source. */
export function wordsOf(node: Node): string {
  let words = '';
  for (const one of node.walk()) {
    const { content, alt } = one.attributes as { content?: unknown; alt?: unknown };
    if (one.type === 'text' || one.type === 'code') words += typeof content === 'string' ? content : '';
    else if (one.type === 'image') words += typeof alt === 'string' ? alt : '';
    else if (one.type === 'softbreak') words += ' ';
  }
  return words;
}

/** Stands among the anchors of a page whose headings are made of variables: any may be there. */
const ANY = '*';

/** Anchors of a page, those of its partials among them. */
export function anchorsOf(course: CourseText, source: Source): Set<string> {
  const used = new Map<string, number>();
  const anchors = new Set<string>();
  const heading = (wanted: string): void => {
    const times = used.get(wanted) ?? 0;
    used.set(wanted, times + 1);
    anchors.add(times === 0 ? wanted : `${wanted}-${times}`);
  };
  const collect = (from: Source, depth: number): void => {
    for (const node of from.page?.ast.walk() ?? []) {
      const { id, file } = node.attributes as { id?: unknown; file?: unknown };
      if (node.type === 'heading') {
        const words = wordsOf(node);
        if (typeof id === 'string') heading(id);
        else for (const name of course.foreign ? slugs(words) : [slug(words)]) heading(name);
        if (course.foreign && [...node.walk()].some(({ type, attributes }) => type === 'tag' || dynamic(attributes)))
          anchors.add(ANY);
      } else if (typeof id === 'string') anchors.add(id);
      if (node.tag === 'partial' && typeof file === 'string' && depth < 8) {
        const partial = course.sources.find(
          (one) => one.partial && (one.file.endsWith(`/${file}`) || one.file === file),
        );
        if (partial && partial !== from) collect(partial, depth + 1);
      }
    }
    // Other tools let HTML through.
    if (course.foreign)
      for (const [, name = ''] of from.text.matchAll(
        /<[a-z][^<>]{0,200}?\s(?:id|name)\s*=\s*["']([^"'<>]{1,100})["']/gi,
      ))
        anchors.add(name);
  };
  collect(source, 0);
  return anchors;
}

const dynamic = (attributes: Record<string, unknown>): boolean =>
  typeof attributes['content'] === 'object' && attributes['content'] !== null;

/** What different tools make of the words of a heading. */
function slugs(words: string): Set<string> {
  const own = /\{#([^}\s]+)\}\s*$/.exec(words)?.[1];
  const text = words
    .replace(/\{#[^}]*\}\s*$/, '')
    .trim()
    .toLowerCase();
  return new Set([
    ...(own ? [own] : []),
    slug(text),
    text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'),
    text.replace(/[^\p{L}\p{N}\s_.-]/gu, '').replace(/\s+/g, '-'),
    text.replace(/[?]/g, '').replace(/\s+/g, '-'),
    text.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, ''),
  ]);
}

export function* links(course: CourseText): Generator<Finding> {
  const pages = course.sources.filter(({ partial }) => !partial);
  const byName = new Map<string, Source>();
  for (const page of pages)
    for (const name of namesOf(page, course.foreign)) if (!byName.has(name)) byName.set(name, page);
  const anchors = new Map<Source, Set<string>>();
  const anchorsIn = (source: Source): Set<string> => {
    let known = anchors.get(source);
    if (!known) {
      known = anchorsOf(course, source);
      anchors.set(source, known);
    }
    return known;
  };
  for (const source of course.sources) {
    const placeIn = addressPlaces(source);
    for (const node of source.page?.ast.walk() ?? []) {
      if (node.type === 'text') yield* leftAsWritten(source, node);
      const { href } = node.attributes as { href?: unknown };
      if (typeof href !== 'string') continue;
      if (!(node.type === 'link' || node.type === 'tag')) continue;
      // Where another tool's code stood between the brackets, it makes the address.
      if (course.foreign && (/\{\{|\$\{/.test(href) || source.blanked.has((node.location?.start.line ?? 0) + 1)))
        continue;
      yield* linkFindings(course, source, placeIn(node, href), href, byName, anchorsIn);
    }
  }
}

/** `[words][name]` without an address for the name, and other marks that Markdown leaves as they are written. */
function* leftAsWritten(source: Source, node: Node): Generator<Finding> {
  const content: unknown = node.attributes['content'];
  if (typeof content !== 'string' || source.scan.code.has((node.lines[0] ?? 0) + 1)) return;
  for (const [written] of content.matchAll(/\]\s+\((?:https?:|\/|#|\.{1,2}\/)[^()\s]*\)/g))
    yield at(source, ...pair(placeOf(source, node, written)), {
      rule: 'link',
      message: 'a blank stands between the words of a link and its address, so it is shown as it is written',
      suggestion: 'write [words](address)',
    });
  for (const [written] of content.matchAll(/(?<![\w*])\*\*(?=[^\s*])|(?<=[^\s*])\*\*(?![\w*])/g))
    yield at(source, ...pair(placeOf(source, node, written)), {
      rule: 'emphasis',
      level: 'warning',
      message: 'these two stars have no partner, and are shown as they are',
      suggestion: 'write **words**',
    });
  if (!content.includes('][')) return;
  for (const [written, , name] of content.matchAll(/(?<![\w\])])\[([^[\]]+)\]\[([^[\]]*)\]/g))
    yield at(source, ...pair(placeOf(source, node, written)), {
      rule: 'link',
      message: `the link ${written} has no address`,
      suggestion: `write [${name || 'its words'}]: followed by the address on a line of its own`,
    });
}

/** Everything by which a page may be linked, without leading slash. */
function namesOf({ file }: Source, foreign: boolean): string[] {
  const names = new Set<string>();
  const bare = file.replace(PAGE, '');
  const unnumbered = (name: string): string =>
    name
      .split('/')
      .map((part) => part.replace(/^\d+[-_.]/, ''))
      .join('/');
  // `index.en.md` is the English page of its folder.
  const stems = foreign ? [bare, bare.replace(/\.[a-z]{2}(?:-[A-Za-z]{2,4})?$/, '')] : [bare];
  if (foreign)
    for (const stem of [...stems])
      if (/^(pages|content|docs|src)\//.test(stem)) stems.push(stem.replace(/^[^/]+\//, ''));
  for (const stem of stems)
    for (const name of [
      stem,
      unnumbered(stem),
      stem
        .split('/')
        .slice(0, -1)
        .concat(nameOf(`${stem}.md`))
        .join('/'),
    ]) {
      names.add(name);
      if (/(^|\/)(_?index|readme)$/i.test(name)) names.add(name.replace(/(^|\/)(_?index|readme)$/i, '') || '.');
    }
  names.add(file);
  return [...names];
}

function* linkFindings(
  course: CourseText,
  source: Source,
  placeOfHref: () => { line: number; column: number },
  href: string,
  byName: Map<string, Source>,
  anchorsIn: (source: Source) => Set<string>,
): Generator<Finding> {
  const said = (rule: string, message: string, suggestion: string): Finding => {
    const place = placeOfHref();
    return at(source, place.line, place.column, { rule, message, suggestion });
  };
  if (href.trim() === '') {
    yield said('link', 'this link leads nowhere', 'write the address between the brackets');
    return;
  }
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(href)) {
    if (/^https?:/i.test(href) && !URL.canParse(href))
      yield said('link', `"${href}" is not an address`, 'write https://…');
    else if (/^javascript:/i.test(href)) yield said('link', 'a link must not run a script', 'link to a page');
    return;
  }
  const [before = '', anchor] = href.split('#', 2);
  let target: Source | undefined = source;
  if (before !== '') {
    const clean = decode(before.replace(/[?].*$/, ''));
    const wanted = path.posix
      .normalize(clean.startsWith('/') ? clean.slice(1) : path.posix.join(path.posix.dirname(source.file), clean))
      .replace(/\/$/, '');
    const variants = [wanted, clean.replace(/^\/|\/$/g, ''), wanted.replace(PAGE, '').replace(/\.html?$/, '')];
    for (const name of [...variants]) if (/(^|\/)index$/.test(name)) variants.push(name.replace(/(^|\/)index$/, ''));
    // A folder with a slash at its end counts from the page itself, as sites do that give each page a folder.
    variants.push(path.posix.normalize(path.posix.join(source.file.replace(PAGE, ''), clean)).replace(/\/$/, ''));
    target = variants.map((name) => byName.get(name || '.')).find(Boolean);
    if (!target) {
      if (variants.some((name) => fileOf(course, source, name) ?? course.files.has(name))) return;
      if (fileOf(course, source, before) || (course.foreign && besideCourse(course, source, before))) return;
      if (/^www\.|^[\w-]+\.(com|org|net|io|dev|aws)(\/|$)/i.test(before)) {
        yield said('link', `"${before}" is no page of this course`, `write https://${before}`);
        return;
      }
      const names = [...byName.values()].map(({ id }) => id);
      const near = nearest(wanted.replace(PAGE, ''), names) ?? names.find((id) => id.endsWith(`/${nameOf(wanted)}`));
      yield said(
        'link',
        `"${before}" is no page of this course`,
        near ? `did you mean /${near}?` : 'link a lesson by its id, as in /module-1/review',
      );
      return;
    }
  }
  if (anchor === undefined || anchor === '' || target.partial) return;
  const known = anchorsIn(target);
  const word = decode(anchor);
  if (known.has(word) || known.has(ANY) || word === 'top') return;
  const near = nearest(word, known);
  yield said(
    'anchor',
    `${target === source ? 'this page' : target.id} has no heading #${anchor}`,
    near
      ? `did you mean #${near}?`
      : known.size > 0
        ? `it has ${[...known]
            .slice(0, 6)
            .map((one) => `#${one}`)
            .join(', ')}`
        : 'it has no headings',
  );
}

/** Where the addresses of a page stand, in the order in which they are asked for: the same one may stand there twice. */
function addressPlaces(source: Source): (node: Node, href: string) => () => { line: number; column: number } {
  const starts = [0];
  for (const line of source.lines) starts.push((starts.at(-1) ?? 0) + line.length + 1);
  const after = new Map<string, number>();
  return (node, href) => {
    const from = starts[node.location?.start.line ?? node.lines[0] ?? 0] ?? 0;
    const begin = Math.max(from, after.get(href) ?? 0);
    const needles =
      href.trim() === ''
        ? ['](', 'href=""']
        : [href, encodeURI(href), decode(href)].flatMap((one) => [`](${one}`, `](<${one}`, `"${one}"`]);
    let found: number | undefined;
    for (const needle of needles) {
      for (let at = source.text.indexOf(needle, begin); at >= 0; at = source.text.indexOf(needle, at + 1)) {
        // An empty address is a bracket that closes at once.
        if (href.trim() === '' && needle === '](' && !/^\]\(\s*\)/.test(source.text.slice(at, at + 20))) continue;
        found = at + (needle.startsWith('](<') ? 3 : needle.startsWith('](') ? 2 : 1);
        break;
      }
      if (found !== undefined) break;
    }
    if (found !== undefined) after.set(href, found + 1);
    return () => {
      if (found !== undefined) return positionOf(source.text, found);
      // A reference: its address stands further below.
      const row =
        href === '' ? -1 : source.lines.findIndex((text) => /^\s{0,3}\[[^\]]+\]:/.test(text) && text.includes(href));
      return row >= 0
        ? { line: row + 1, column: (source.lines[row] ?? '').indexOf(href) + 1 }
        : placeOf(source, node, href === '' ? undefined : href);
    };
  };
}

const pair = ({ line, column }: { line: number; column: number }): [number, number] => [line, column];
