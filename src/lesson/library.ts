/** The course on the disk: which lessons there are, in which order, and one of them with everything filled in. Touches the disk. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { parse } from 'yaml';
import { PressoError } from '../errors.ts';
import { nearest } from '../text.ts';
import { readDefinition } from './definition.ts';
import { readDiagram } from './diagram/read.ts';
import type { CheckFacts, LessonFacts, TargetValues } from './facts.ts';
import { type FrontMatter, PLAIN_VALUE, parsePage, readFrontMatter, tooMuch } from './parse.ts';
import { toTree } from './to-tree.ts';
import type { LessonTree, Mark } from './tree.ts';

export interface LessonEntry {
  /** `module-1/is-the-shop-open` */
  id: string;
  module: string;
  file: string;
  title: string;
  minutes: number;
  summary: string;
  part?: string;
  /** Kinds of target; none means all. */
  for: string[];
}

export interface CourseModule {
  name: string;
  title: string;
  lessons: LessonEntry[];
}

export interface Course {
  dir: string;
  title: string;
  modules: CourseModule[];
}

export interface CourseFile {
  title?: string;
  modules?: { name: string; title?: string }[];
  tags?: string[];
  variables?: string[];
}

export const PAGE = /\.(md|mdoc|markdoc)$/i;
/** Folders of a course that hold no lessons. */
export const NOT_LESSONS = new Set(['partials', '_partials', 'diagrams', 'images', 'static', 'assets', 'node_modules']);

/** course.yaml, as far as it can be read; content check says what is wrong in it. */
export function readCourseFile(dir: string): CourseFile {
  const file = path.join(dir, 'course.yaml');
  if (!existsSync(file)) return {};
  try {
    const value = parse(readFileSync(file, 'utf8')) as CourseFile | null;
    return value && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}

/** `02-is-the-shop-open.md` → `is-the-shop-open` */
export const nameOf = (file: string): string =>
  path
    .basename(file)
    .replace(PAGE, '')
    .replace(/^\d+[-_.]/, '');

/** The course in `dir`: modules in the order of course.yaml, then others by name; lessons by their number, then name. */
export function readCourse(dir: string): Course {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new PressoError('no-course', `There is no folder ${dir} with lessons.`, { hint: 'presso lessons' });
  const described = readCourseFile(dir);
  const wanted = (Array.isArray(described.modules) ? described.modules : []).filter((one) => one?.name);
  const folders = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NOT_LESSONS.has(entry.name))
    .map(({ name }) => name);
  const order = [
    ...wanted.map(({ name }) => name).filter((name) => folders.includes(name)),
    ...folders.filter((name) => !wanted.some((one) => one.name === name)).sort(byNumber),
  ];
  const modules = order.map((name) => ({
    name,
    title: wanted.find((one) => one.name === name)?.title ?? name.replace(/^\d+[-_.]/, ''),
    lessons: readdirSync(path.join(dir, name))
      .filter((file) => PAGE.test(file) && !/^(_|readme)/i.test(file))
      .sort(byNumber)
      .map((file) => entryOf(path.join(dir, name, file), name)),
  }));
  return { dir, title: described.title ?? '', modules: modules.filter(({ lessons }) => lessons.length > 0) };
}

const byNumber = (a: string, b: string): number =>
  (Number.parseInt(a, 10) || 1e9) - (Number.parseInt(b, 10) || 1e9) || a.localeCompare(b);

function entryOf(file: string, module: string): LessonEntry {
  let frontMatter: FrontMatter = {};
  try {
    frontMatter = readFrontMatter(readFileSync(file, 'utf8')).frontMatter;
  } catch {
    // It cannot be read: the list names it all the same, opening it says why.
  }
  const name = nameOf(file);
  return {
    id: `${module}/${name}`,
    module,
    file,
    title: String(frontMatter.title ?? name),
    minutes: Number(frontMatter.minutes ?? 0) || 0,
    summary: String(frontMatter.summary ?? ''),
    ...(frontMatter.part === undefined ? {} : { part: String(frontMatter.part) }),
    for: Array.isArray(frontMatter.for) ? frontMatter.for.map(String) : [],
  };
}

/** Those lessons that a learner on this kind of target reads, in order. */
export function lessonsFor(course: Course, kind: string): LessonEntry[] {
  return course.modules.flatMap(({ lessons }) =>
    lessons.filter((one) => one.for.length === 0 || one.for.includes(kind)),
  );
}

/** A lesson by its id, its name alone, its file, or its module (the first lesson); with the nearest id when there is none. */
export function findLesson(lessons: LessonEntry[], wanted: string): LessonEntry {
  const word = wanted.replace(/^\/+|\/+$/g, '').replace(/#.*$/, '');
  const id = word
    .split('/')
    .map((part) => nameOf(part))
    .join('/');
  const found =
    lessons.find((one) => one.id === word || one.id === id) ??
    lessons.find((one) => one.id.split('/')[1] === id) ??
    lessons.find((one) => one.module === word || `${one.module}${one.part ?? ''}` === word);
  if (found) return found;
  const names = lessons.flatMap((one) => [one.id, one.id.split('/')[1] ?? '']);
  const near = nearest(word, names) ?? lessons.find((one) => one.id.includes(word))?.id;
  throw new PressoError('no-lesson', `There is no lesson "${wanted}".`, {
    hint: near ? `presso lesson ${near}` : 'presso lessons',
  });
}

/** Text of a file of the course; refuses what is not text. */
export function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new PressoError('no-file', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso content check',
    });
  }
  if (bytes.subarray(0, 8_000).includes(0))
    throw new PressoError('not-text', `${file} is not a text.`, { hint: 'presso content check' });
  return bytes.toString('utf8');
}

export interface Filling {
  dir: string;
  checks: string;
  target: TargetValues;
  mark(id: string): Mark;
}

/** The lesson `entry` with everything filled in. */
export function openLesson(entry: Pick<LessonEntry, 'id' | 'module' | 'file'>, filling: Filling): LessonTree {
  const source = readText(entry.file);
  const much = tooMuch(source);
  if (much)
    throw new PressoError('page-too-large', `${entry.file}:${much.line}: ${much.message}.`, {
      hint: 'presso content check',
    });
  return toTree(parsePage(source, entry.file), entry, factsOf(filling), readPartials(filling.dir, source));
}

export function factsOf({ dir, checks, target, mark }: Filling): LessonFacts {
  const known = new Map<string, CheckName[]>();
  return {
    target,
    mark,
    check(id) {
      const module = id.replace(/\..*$/, '').replace(/^(module-\d+)[a-z]$/, '$1');
      let list = known.get(module);
      if (!list) {
        list = readCheckNames(checks, module);
        known.set(module, list);
      }
      return list.find((one) => one.id === id);
    },
    definition: (selector) => readDefinition(checks, selector),
    diagram(name) {
      const file = path.join(dir, 'diagrams', `${path.basename(name)}.yaml`);
      if (!existsSync(file)) return { problem: `there is no diagram "${name}"` };
      const drawn = readDiagram(readFileSync(file, 'utf8'));
      return 'problem' in drawn ? { problem: `diagrams/${name}.yaml:${drawn.line}: ${drawn.problem}` } : drawn;
    },
  };
}

/** Checks of a module with their hints; verify is stricter with the same file. */
export function readChecks(dir: string, module: string): CheckFacts[] {
  const text = checksText(dir, module);
  if (text === undefined) return [];
  try {
    const { checks } = (parse(text) ?? {}) as { checks?: Partial<CheckFacts>[] };
    return (Array.isArray(checks) ? checks : []).map(({ id, title, hints, lesson }) => ({
      id: String(id),
      title: String(title ?? id),
      hints: Array.isArray(hints) ? hints.map(String) : [],
      lesson: String(lesson ?? ''),
    }));
  } catch {
    return [];
  }
}

function checksText(dir: string, module: string): string | undefined {
  const file = path.join(dir, path.basename(module), 'checks.yaml');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export type CheckName = Omit<CheckFacts, 'hints'>;

/** Only ids, titles and lessons. As long as they are written plainly, no YAML is parsed: a lesson should open at once. */
export function readCheckNames(dir: string, module: string): CheckName[] {
  const text = checksText(dir, module);
  if (text === undefined) return [];
  const names: CheckName[] = [];
  for (const row of text.split('\n')) {
    const [, dash, key, value = ''] = /^ {2,4}(- )?(id|title|lesson): +(.*?) *$/.exec(row) ?? [];
    if (key === undefined) continue;
    if (!PLAIN_VALUE.test(value)) return readChecks(dir, module);
    if (dash) names.push({ id: '', title: '', lesson: '' });
    const last = names.at(-1);
    if (!last || last[key as 'id']) return readChecks(dir, module);
    last[key as 'id'] = value;
  }
  const complete = names.every(({ id, title, lesson }) => id && title && lesson);
  return complete && names.length > 0 ? names : readChecks(dir, module);
}

/** Modules that have checks. */
export const checkModules = (dir: string): string[] =>
  existsSync(dir) ? readdirSync(dir).filter((name) => existsSync(path.join(dir, name, 'checks.yaml'))) : [];

/** Partials that a page asks for, and those that they ask for, by the name that is used. */
export function readPartials(dir: string, source: string): Record<string, Node> {
  const found: Record<string, Node> = {};
  const wanted = [...partialNames(source)];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (found[name]) continue;
    const file = partialFile(dir, name);
    if (!file) continue;
    const text = readText(file);
    if (tooMuch(text)) continue;
    found[name] = parsePage(text, file).ast;
    wanted.push(...partialNames(text));
  }
  return withoutCircles(found);
}

function* partialNames(source: string): Generator<string> {
  for (const match of source.matchAll(/\{%\s*partial\b[^%]*?file\s*=\s*"([^"]+)"/g)) yield match[1] ?? '';
}

/** Where a partial is: in partials/ or _partials/, or by its path from the folder of the course. */
export function partialFile(dir: string, name: string): string | undefined {
  return ['partials', '_partials', '.']
    .flatMap((folder) => [path.join(dir, folder, name), path.join(dir, folder, `${name}.md`)])
    .find((file) => !path.relative(dir, file).startsWith('..') && statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** A partial that leads back to itself would be filled in for ever. */
function withoutCircles(partials: Record<string, Node>): Record<string, Node> {
  const asks = (node: Node): string[] =>
    [...node.walk()].filter((one) => one.tag === 'partial').map((one) => String(one.attributes['file']));
  const circular = (name: string, path: string[]): boolean =>
    path.includes(name) ||
    (partials[name] ? asks(partials[name]).some((next) => circular(next, [...path, name])) : false);
  return Object.fromEntries(Object.entries(partials).filter(([name]) => !circular(name, [])));
}
