/** Texts that pages put in: those that are not there, lie outside the course, or lead back to themselves. Touches the disk. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { nearest } from '../../text.ts';
import { partialFile } from '../library.ts';
import { at, type CourseText, type Finding, placeOf, type Source } from './finding.ts';

export function* partials(course: CourseText): Generator<Finding> {
  for (const source of course.sources)
    for (const node of source.page?.ast.walk() ?? []) {
      const file: unknown = node.tag === 'partial' ? node.attributes['file'] : undefined;
      if (typeof file === 'string') yield* missingPartial(course, source, node, file);
    }
  yield* circles(course);
}

function* missingPartial(course: CourseText, source: Source, node: Node, file: string): Generator<Finding> {
  if (partialFile(course.dir, file) || (course.foreign && partialOf(course, source, file))) return;
  const place = placeOf(source, node, file);
  const outside = ['partials', '../partials', '../_partials', '../markdoc/partials', path.dirname(source.file)]
    .map((folder) => path.resolve(course.dir, folder, file))
    .find((one) => path.relative(course.dir, one).startsWith('..') && existsSync(one));
  if (outside || path.isAbsolute(file)) {
    yield at(source, place.line, place.column, {
      rule: 'partial',
      message: `the partial "${file}" stands outside the course; nothing is put in here`,
      suggestion: 'move it into partials/, and name it from there',
    });
    return;
  }
  const partials = course.sources
    .filter(({ partial }) => partial)
    .map((one) => one.file.replace(/^.*?_?partials\//, ''));
  const near = nearest(file, partials) ?? partials.find((one) => path.basename(one) === path.basename(file));
  yield at(source, place.line, place.column, {
    rule: 'partial',
    message: `there is no partial "${file}"; Markdoc leaves it out without a word`,
    suggestion: near ? `did you mean "${near}"?` : 'write it in partials/',
  });
}

/** The text that a partial tag puts in: from partials/, from the folder of the course, or (elsewhere) from the page. */
function partialOf(course: CourseText, source: Source, file: string): Source | undefined {
  const from = path.posix.normalize(path.posix.join(path.posix.dirname(source.file), file));
  const ends = ['', '.md'].map((ending) => `partials/${file}${ending}`);
  return course.sources.find(
    (one) =>
      ends.some((end) => one.file === end || one.file.endsWith(`/${end}`) || one.file === `_${end}`) ||
      one.file === file ||
      (course.foreign && (one.file === from || (one.partial && one.file.endsWith(`/${file}`)))),
  );
}

/** Partials that lead back to themselves, each circle once. */
function* circles(course: CourseText): Generator<Finding> {
  const asks = (source: Source): [Node, Source][] =>
    [...(source.page?.ast.walk() ?? [])].flatMap((node): [Node, Source][] => {
      const file: unknown = node.tag === 'partial' ? node.attributes['file'] : undefined;
      const next = typeof file === 'string' ? partialOf(course, source, file) : undefined;
      return next ? [[node, next]] : [];
    });
  const told = new Set<Source>();
  for (const source of course.sources) {
    if (told.has(source)) continue;
    // The shortest way back, by breadth.
    const ways: [Node, Source[]][] = asks(source).map(([node, next]) => [node, [source, next]]);
    const seen = new Set<Source>();
    for (let way = ways.shift(); way; way = ways.shift()) {
      const [node, steps] = way;
      const last = steps.at(-1) as Source;
      if (last === source) {
        for (const step of steps) told.add(step);
        yield at(source, ...pair(placeOf(source, node)), {
          rule: 'partial',
          message: `this partial leads back to itself: ${steps.map(({ file }) => file).join(' → ')}`,
          suggestion: 'take one of the {% partial %} tags out',
        });
        break;
      }
      if (seen.has(last)) continue;
      seen.add(last);
      for (const [, next] of asks(last)) ways.push([node, [...steps, next]]);
    }
  }
}

const pair = ({ line, column }: { line: number; column: number }): [number, number] => [line, column];
