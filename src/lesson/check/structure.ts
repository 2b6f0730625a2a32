/** Headings, the order of the lessons, and pages that stand twice. */
import { nearest } from '../../text.ts';
import { NOT_LESSONS } from '../library.ts';
import { at, type CourseText, type Finding, placeOf, type Source } from './finding.ts';

export function* headings(course: CourseText): Generator<Finding> {
  for (const source of course.sources) {
    // The title in the front matter is the heading of level 1; a partial starts where it is put.
    let level = source.partial ? undefined : source.page?.frontMatter.title === undefined ? 0 : 1;
    let firsts = 0;
    for (const node of source.page?.ast.walk() ?? []) {
      if (node.type !== 'heading') continue;
      const next = Number(node.attributes['level']);
      const place = placeOf(source, node, '#');
      if (level !== undefined && next > level + 1 && !(level === 0 && next === 2))
        yield at(source, place.line, place.column, {
          rule: 'heading-skip',
          message: `a heading of level ${next} follows level ${level || 'none'}`,
          suggestion: `write ${'#'.repeat(level + 1)}`,
        });
      if (next === 1 && ++firsts > 1)
        yield at(source, place.line, place.column, {
          rule: 'heading-skip',
          level: course.foreign ? 'warning' : 'error',
          message: 'the page has a second heading of level 1',
          suggestion: 'write ##',
        });
      level = next;
    }
  }
}

export function* order(course: CourseText): Generator<Finding> {
  const pages = course.sources.filter(({ partial }) => !partial);
  const listed = (course.described.modules ?? []) as { name: string; lessons?: unknown }[];
  const names = listed.map(({ name }) => name);
  const folders = [...new Set(pages.map(({ module }) => module))].filter(
    (name) => name !== '' && !NOT_LESSONS.has(name),
  );
  if (names.length > 0) {
    const empty = names.filter((name) => !folders.includes(name));
    const lost = folders.filter((folder) => !names.includes(folder));
    const lineOf = (name: string): { line: number; column: number } => {
      const line = course.courseLines.findIndex((row) => row.split(/[^\w.-]+/).includes(name));
      return { line: Math.max(0, line) + 1, column: Math.max(0, (course.courseLines[line] ?? '').indexOf(name)) + 1 };
    };
    for (const folder of lost) {
      const near = nearest(folder, empty);
      // Mistyped in course.yaml, and said there.
      if (near) continue;
      const first = pages.find(({ module }) => module === folder) as Source;
      yield at(first, 1, 1, {
        rule: 'order',
        message: `the module "${folder}" is not in the order of course.yaml`,
        suggestion: `add { name: ${folder}, title: … } to modules`,
      });
    }
    for (const name of empty) {
      const near = nearest(name, lost);
      const place = lineOf(name);
      yield at('course.yaml', place.line, place.column, {
        rule: 'order',
        message: `the module "${name}" has no lessons`,
        suggestion: near ? `did you mean ${near}?` : `write ${name}/01-….md, or take it out of modules`,
      });
    }
    for (const { name, lessons } of listed) {
      if (!Array.isArray(lessons)) continue;
      const wanted = lessons.map((one) =>
        String(one)
          .replace(/^.*\//, '')
          .replace(/^\d+[-_.]|\.(md|mdoc)$/g, ''),
      );
      const there = pages.filter(({ module }) => module === name);
      for (const page of there)
        if (!wanted.includes(page.id.replace(/^.*\//, '')))
          yield at(page, 1, 1, {
            rule: 'order',
            message: `this lesson is not in the order of "${name}"`,
            suggestion: `add ${page.id.replace(/^.*\//, '')} to its lessons in course.yaml`,
          });
      for (const one of wanted)
        if (!there.some(({ id }) => id.endsWith(`/${one}`)))
          yield at('course.yaml', lineOf(one).line, lineOf(one).column, {
            rule: 'order',
            message: `the lesson "${one}" of "${name}" has no file`,
            suggestion: 'write it, or take it out',
          });
    }
  }
  if (course.hasCourseFile)
    for (const page of pages)
      if (page.module === '' && !/^_?index\./.test(page.file))
        yield at(page, 1, 1, {
          rule: 'order',
          message: 'this page is in no module',
          suggestion: 'move it into the folder of a module',
        });
  const byFolder = new Map<string, Source[]>();
  for (const page of pages) {
    const folder = page.file.split('/').slice(0, -1).join('/');
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), page]);
  }
  for (const [folder, inside] of byFolder) {
    // With an order of its own a module needs no numbers.
    if (listed.some(({ name, lessons }) => name === folder && Array.isArray(lessons))) continue;
    yield* numbers(inside.filter(({ file }) => !INDEX.test(file)));
  }
}

/** The page of a folder itself; `index.en.md` is its English one. */
const INDEX = /(^|\/)(_?index|readme)(\.[a-z]{2}(-[A-Za-z]{2,4})?)?\.\w+$/i;

/** The numbers in the names of one folder's pages, or in their front matter: each once, and on every page. */
function* numbers(inside: Source[]): Generator<Finding> {
  const numbered = inside.filter(({ file }) => /(^|\/)\d+[-_.]/.test(file));
  const byNumber = new Map<string, Source>();
  for (const page of numbered) {
    // Other languages of a page have its number.
    const language = /\.([a-z]{2}(?:-[A-Za-z]{2,4})?)\.\w+$/.exec(page.file)?.[1] ?? '';
    const number = `${Number(/(?:^|\/)(\d+)[-_.][^/]*$/.exec(page.file)?.[1])}${language && `.${language}`}`;
    const other = byNumber.get(number);
    if (other)
      yield at(page, 1, 1, {
        rule: 'order',
        message: `number ${number} is taken by ${other.file}`,
        suggestion: `give it the number ${Math.max(...[...byNumber.keys()].map((key) => Number.parseInt(key, 10))) + 1}`,
      });
    else byNumber.set(number, page);
  }
  // A few numbered files may be anything; where most pages have one, it is their order.
  if (numbered.length > inside.length / 2)
    for (const page of inside)
      if (!numbered.includes(page) && !ORDERED.some((field) => page.page?.frontMatter[field] !== undefined))
        yield at(page, 1, 1, {
          rule: 'order',
          message: 'this lesson has no place in the order: its name has no number',
          suggestion: `call it ${String(numbered.length + 1).padStart(2, '0')}-${page.file.split('/').at(-1)}`,
        });
  const byWeight = new Map<string, Source>();
  for (const page of inside) {
    const weight = ORDERED.map((field) => page.page?.frontMatter[field]).find((value) => typeof value === 'number');
    if (weight === undefined) continue;
    const language = /\.([a-z]{2}(?:-[A-Za-z]{2,4})?)\.\w+$/.exec(page.file)?.[1] ?? '';
    const other = byWeight.get(`${String(weight)}.${language}`);
    if (other)
      yield at(
        page,
        Math.max(1, page.lines.findIndex((line) => /^(weight|order|nav_order|sidebar_position)\s*:/.test(line)) + 1),
        1,
        {
          rule: 'order',
          level: 'warning',
          message: `place ${String(weight)} is taken by ${other.file}`,
          suggestion: 'give each page a place of its own',
        },
      );
    else byWeight.set(`${String(weight)}.${language}`, page);
  }
}

const ORDERED = ['weight', 'order', 'nav_order', 'sidebar_position'];

const SHINGLE = 6;
const MOST_PAGES = 600;

export function* duplicates(course: CourseText): Generator<Finding> {
  const pages = course.sources.filter(({ text, page }) => page && text.trim() !== '');
  const texts = new Map<string, Source>();
  const ids = new Map<string, Source>();
  const different: { source: Source; shingles: Set<string> }[] = [];
  for (const source of pages) {
    const body = source.text.replace(/^---\n[\s\S]*?\n---\n/, '');
    const words = body
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
    const key = words.join(' ');
    const same = words.length > 3 ? texts.get(key) : undefined;
    const sameId = source.partial ? undefined : ids.get(source.id);
    if (sameId)
      yield at(source, 1, 1, {
        rule: 'duplicate-page',
        message: `${sameId.file} has the same id, ${source.id}`,
        suggestion: 'give one of them another name',
      });
    if (same)
      yield at(source, 1, 1, {
        rule: 'duplicate-page',
        message: `this page says the same as ${same.file}`,
        suggestion: 'take one of them out, or make what they share a partial',
      });
    else if (words.length >= 60 && pages.length <= MOST_PAGES) {
      const shingles = new Set<string>();
      for (let index = 0; index + SHINGLE <= words.length; index++)
        shingles.add(words.slice(index, index + SHINGLE).join(' '));
      const near = different.find(({ shingles: other }) => alike(shingles, other) > 0.85);
      if (near)
        yield at(source, 1, 1, {
          rule: 'duplicate-page',
          message: `this page says nearly the same as ${near.source.file}`,
          suggestion: 'make what they share a partial',
        });
      different.push({ source, shingles });
    }
    if (!texts.has(key)) texts.set(key, source);
    ids.set(source.id, source);
  }
}

function alike(one: Set<string>, other: Set<string>): number {
  if (Math.min(one.size, other.size) / Math.max(one.size, other.size) < 0.7) return 0;
  let shared = 0;
  for (const shingle of one) if (other.has(shingle)) shared++;
  return shared / (one.size + other.size - shared);
}
