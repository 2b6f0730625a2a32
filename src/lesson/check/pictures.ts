/** Pictures that are missing, unused, or say nothing to who cannot see them. */
import path from 'node:path';
import { nearest } from '../../text.ts';
import { besideCourse, decode, fileOf } from './files.ts';
import { at, type CourseText, type Finding, placeOf, type Source } from './finding.ts';

const PICTURE = /\.(png|jpe?g|gif|svg|webp|avif|bmp)$/i;

/** What sites show without a page that names it. */
const OF_THE_SITE = /(^|\/)(favicon|logo|og|apple-touch|android-chrome|social|banner)[^/]*$/i;

interface Shown {
  src: unknown;
  alt: unknown;
  place(needle: string | undefined): { line: number; column: number };
  isTag: boolean;
  /** Without an alternative text at all its schema says so. */
  silent: boolean;
}

export function* pictures(course: CourseText): Generator<Finding> {
  const used = new Set<string>();
  for (const source of course.sources) {
    for (const node of source.page?.ast.walk() ?? []) {
      const { src, href } = node.attributes as { src?: unknown; href?: unknown };
      if (typeof href === 'string') mark(fileOf(course, source, href));
      if (
        node.type === 'image' ||
        node.tag === 'figure' ||
        (node.type === 'tag' && typeof src === 'string' && PICTURE.test(src.replace(/[?#].*$/, '')))
      )
        yield* picture(source, {
          src,
          alt: node.attributes['alt'] as unknown,
          place: (needle) => placeOf(source, node, needle),
          isTag: node.type === 'tag',
          silent: node.tag === 'figure',
        });
    }
    if (course.foreign) for (const shown of htmlPictures(source)) yield* picture(source, shown);
    for (const word of source.text.split(/[^\w./%@~-]+/)) if (PICTURE.test(word)) mark(fileOf(course, source, word));
  }
  for (const file of course.files)
    if (PICTURE.test(file) && !used.has(file) && !(course.foreign && OF_THE_SITE.test(file)))
      yield at(file, 1, 1, {
        rule: 'image-unused',
        level: 'warning',
        message: 'no page shows this picture',
        suggestion: 'show it, or take the file out',
      });

  function* picture(source: Source, { src, alt, place, isTag, silent }: Shown): Generator<Finding> {
    if (typeof alt === 'string' ? alt.trim() === '' : alt === undefined && !silent)
      yield at(source, ...pair(place(typeof src === 'string' ? src : undefined)), {
        rule: 'image-alt',
        message: 'this picture has no alternative text',
        suggestion: isTag ? 'write alt="what it shows"' : 'write what it shows between the square brackets',
      });
    else if (
      typeof alt === 'string' &&
      /^(image|screenshot|picture|diagram|photo|img|\S+\.(png|jpe?g|gif|svg|webp))\W*\d*$/i.test(alt.trim())
    )
      yield at(source, ...pair(place(alt)), {
        rule: 'image-alt',
        message: `"${alt}" does not say what the picture shows`,
        suggestion: 'say what somebody would miss who cannot see it',
      });
    if (typeof src !== 'string' || /^(https?:|data:|\/\/)/i.test(src)) return;
    if (course.foreign && (/\{\{|\$\{/.test(src) || src.trim() === '')) return;
    const file = fileOf(course, source, src);
    mark(file);
    if (file !== undefined || (course.foreign && besideCourse(course, source, src))) return;
    const names = [...course.files].filter((name) => PICTURE.test(name));
    const bare = path.posix.basename(decode(src.replace(/[?#].*$/, '')));
    const near =
      names.find((name) => path.posix.basename(name) === bare) ??
      nearest(
        bare,
        names.map((name) => path.posix.basename(name)),
      );
    yield at(source, ...pair(place(src)), {
      rule: 'image-missing',
      message: `there is no picture ${src}`,
      suggestion: near ? `did you mean ${near}?` : 'add the file, or take the picture out',
    });
  }

  function mark(file: string | undefined): void {
    if (file !== undefined) used.add(file);
  }
}

/** Pictures written as HTML, which Markdoc leaves to the site. */
function* htmlPictures(source: Source): Generator<Shown> {
  for (const [index, row] of source.lines.entries()) {
    if (source.scan.code.has(index + 1) || source.scan.comments.has(index + 1) || row.length > 20_000) continue;
    const shown = row.replace(/`[^`]*`/g, (span) => ' '.repeat(span.length));
    for (const hit of shown.matchAll(/<img\b([^<>]*)>/gi)) {
      const [, inner = ''] = hit;
      const value = (name: string): string | undefined =>
        new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i')
          .exec(inner)
          ?.slice(1)
          .find((one) => one !== undefined);
      const alt = value('alt');
      yield {
        src: value('src'),
        // An empty one says that the picture is only decoration.
        alt: alt === '' ? 'decoration' : alt,
        place: (needle) => ({
          line: index + 1,
          column: hit.index + 1 + Math.max(0, needle === undefined ? 0 : hit[0].indexOf(needle)),
        }),
        isTag: true,
        silent: false,
      };
    }
  }
}

const pair = ({ line, column }: { line: number; column: number }): [number, number] => [line, column];
