/** Links to lessons and anchors, pictures that are missing, unused, or say nothing to who cannot see them. */
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { nearest } from '../../text.ts';
import { nameOf, PAGE } from '../library.ts';
import { slug } from '../tree.ts';
import { at, type CourseText, type Finding, placeOf, type Source } from './finding.ts';

const PICTURE = /\.(png|jpe?g|gif|svg|webp|avif|bmp)$/i;

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

/** Anchors of a page, those of its partials among them. */
export function anchorsOf(course: CourseText, source: Source): Set<string> {
  const used = new Map<string, number>();
  const anchors = new Set<string>();
  const collect = (from: Source, depth: number): void => {
    for (const node of from.page?.ast.walk() ?? []) {
      const { id, file } = node.attributes as { id?: unknown; file?: unknown };
      if (node.type === 'heading') {
        const wanted = typeof id === 'string' ? id : slug(wordsOf(node));
        const times = used.get(wanted) ?? 0;
        used.set(wanted, times + 1);
        anchors.add(times === 0 ? wanted : `${wanted}-${times}`);
      } else if (typeof id === 'string') anchors.add(id);
      if (node.tag === 'partial' && typeof file === 'string' && depth < 8) {
        const partial = course.sources.find(
          (one) => one.partial && (one.file.endsWith(`/${file}`) || one.file === file),
        );
        if (partial && partial !== from) collect(partial, depth + 1);
      }
    }
  };
  collect(source, 0);
  return anchors;
}

export function* links(course: CourseText): Generator<Finding> {
  const pages = course.sources.filter(({ partial }) => !partial);
  const byName = new Map<string, Source>();
  for (const page of pages) for (const name of namesOf(page)) if (!byName.has(name)) byName.set(name, page);
  const anchors = new Map<Source, Set<string>>();
  const anchorsIn = (source: Source): Set<string> => {
    let known = anchors.get(source);
    if (!known) {
      known = anchorsOf(course, source);
      anchors.set(source, known);
    }
    return known;
  };
  for (const source of course.sources)
    for (const node of source.page?.ast.walk() ?? []) {
      const { href } = node.attributes as { href?: unknown };
      if (typeof href !== 'string') continue;
      if (!(node.type === 'link' || node.type === 'tag')) continue;
      yield* linkFindings(course, source, node, href, byName, anchorsIn);
    }
}

/** Everything by which a page may be linked, without leading slash. */
function namesOf({ file }: Source): string[] {
  const bare = file.replace(PAGE, '');
  const unnumbered = bare
    .split('/')
    .map((part) => part.replace(/^\d+[-_.]/, ''))
    .join('/');
  const names = [file, bare, unnumbered, file.split('/').slice(0, -1).concat(nameOf(file)).join('/')];
  for (const name of [bare, unnumbered])
    if (/(^|\/)_?index$/.test(name)) names.push(name.replace(/(^|\/)_?index$/, '') || '.');
  return names;
}

function* linkFindings(
  course: CourseText,
  source: Source,
  node: Node,
  href: string,
  byName: Map<string, Source>,
  anchorsIn: (source: Source) => Set<string>,
): Generator<Finding> {
  const place = placeOf(source, node, href === '' ? undefined : href);
  const said = (rule: string, message: string, suggestion: string): Finding =>
    at(source, place.line, place.column, { rule, message, suggestion });
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
    // A folder with a slash at its end counts from the page itself, as sites do that give each page a folder.
    variants.push(path.posix.normalize(path.posix.join(source.file.replace(PAGE, ''), clean)).replace(/\/$/, ''));
    target = variants.map((name) => byName.get(name || '.')).find(Boolean);
    if (!target) {
      if (variants.some((name) => fileOf(course, source, name) ?? course.files.has(name))) return;
      if (fileOf(course, source, before)) return;
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
  if (known.has(word) || word === 'top') return;
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A file of the course by an address in a page: from the page, from the course, or from where sites keep such files. */
function fileOf(course: CourseText, source: Source, address: string): string | undefined {
  const clean = decode(address.replace(/[?#].*$/, ''));
  const bare = clean.replace(/^\/+/, '');
  return [
    ...(clean.startsWith('/') ? [] : [path.posix.normalize(path.posix.join(path.posix.dirname(source.file), clean))]),
    path.posix.normalize(bare),
    ...['static', 'public', 'assets', 'images'].map((folder) => path.posix.join(folder, bare)),
  ].find((file) => course.files.has(file));
}

export function* pictures(course: CourseText): Generator<Finding> {
  const used = new Set<string>();
  for (const source of course.sources) {
    for (const node of source.page?.ast.walk() ?? []) {
      const { src, alt, href } = node.attributes as { src?: unknown; alt?: unknown; href?: unknown };
      if (typeof href === 'string') mark(fileOf(course, source, href));
      if (
        node.type !== 'image' &&
        node.tag !== 'figure' &&
        !(node.type === 'tag' && typeof src === 'string' && PICTURE.test(src))
      )
        continue;
      const isTag = node.type === 'tag';
      if (typeof alt === 'string' ? alt.trim() === '' : alt === undefined && !(isTag && node.tag === 'figure'))
        yield at(source, ...pair(placeOf(source, node, typeof src === 'string' ? src : undefined)), {
          rule: 'image-alt',
          message: 'this picture has no alternative text',
          suggestion: isTag ? 'write alt="what it shows"' : 'write what it shows between the square brackets',
        });
      else if (
        typeof alt === 'string' &&
        /^(image|screenshot|picture|diagram|photo|img|\S+\.(png|jpe?g|gif|svg|webp))\W*\d*$/i.test(alt.trim())
      )
        yield at(source, ...pair(placeOf(source, node, alt)), {
          rule: 'image-alt',
          message: `"${alt}" does not say what the picture shows`,
          suggestion: 'say what somebody would miss who cannot see it',
        });
      if (typeof src !== 'string' || /^(https?:|data:|\/\/)/i.test(src)) continue;
      const file = fileOf(course, source, src);
      mark(file);
      if (file === undefined) {
        const names = [...course.files].filter((name) => PICTURE.test(name));
        const near = nearest(
          path.posix.basename(src),
          names.map((name) => path.posix.basename(name)),
        );
        yield at(source, ...pair(placeOf(source, node, src)), {
          rule: 'image-missing',
          message: `there is no picture ${src}`,
          suggestion: near ? `did you mean ${near}?` : 'add the file, or take the picture out',
        });
      }
    }
    for (const match of source.text.matchAll(/[\w./-]+\.(?:png|jpe?g|gif|svg|webp|avif)\b/gi))
      mark(fileOf(course, source, match[0]));
  }
  for (const file of course.files)
    if (PICTURE.test(file) && !used.has(file))
      yield at(file, 1, 1, {
        rule: 'image-unused',
        message: 'no page shows this picture',
        suggestion: 'show it, or take the file out',
      });

  function mark(file: string | undefined): void {
    if (file !== undefined) used.add(file);
  }
}

const pair = ({ line, column }: { line: number; column: number }): [number, number] => [line, column];
