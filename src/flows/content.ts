/** `presso content check`: every rule over a folder, said for a person or as JSON. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXIT, PressoError } from '../errors.ts';
import { type CommandShape, checkCourse } from '../lesson/check/index.ts';
import { checksDir, contentDir } from '../paths.ts';
import { findingLines, findingsDocument } from '../report/lesson.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { courseChecks } from './course-checks.ts';

export interface ContentOptions {
  dir: string | undefined;
  checks: string | undefined;
  commands: CommandShape[];
  json: boolean;
}

export function contentCheck({ dir, checks, commands, json }: ContentOptions): void {
  const given = path.resolve(dir ?? contentDir());
  // Of one page the whole course is read, for its links and partials; only what is wrong in the page is said.
  const page = statSync(given, { throwIfNoEntry: false })?.isFile() ? given : undefined;
  if (page && !/\.(md|mdoc|markdoc)$/i.test(page))
    throw new PressoError('no-page', `${dir} is no page of Markdoc.`, {
      hint: 'presso content check DIR   (or a file that ends in .md, .mdoc or .markdoc)',
    });
  const folder = page === undefined ? given : courseOf(page);
  const { pages, findings: all } = checkCourse(folder, {
    checks: checks === undefined ? undefined : path.resolve(courseChecks(checks, 'presso content check DIR')),
    packagedChecks: checksDir(),
    packagedContent: contentDir(),
    commands,
  });
  // A folder that was mistyped must not look like a course without faults.
  if (pages === 0)
    throw new PressoError('no-page', `There is no page of Markdoc in ${folder}.`, {
      hint: 'presso content check DIR   (with files that end in .md, .mdoc or .markdoc)',
    });
  const own = page && path.relative(folder, page).replaceAll(path.sep, '/');
  const findings = own === undefined ? all : all.filter(({ file }) => file === own);
  const shown = path.relative(process.cwd(), folder);
  const base = shown.startsWith('..') || path.isAbsolute(shown) ? folder : shown;
  if (json) sayJson(findingsDocument(page ? 1 : pages, findings));
  else {
    const c = paint();
    for (const text of findingLines(page ? 1 : pages, findings, base, {
      bold: c.bold,
      dim: c.dim,
      bad: c.red,
      middling: c.yellow,
      good: c.green,
    }))
      say(text);
  }
  if (findings.some(({ level }) => level === 'error'))
    throw new PressoError('quiet', 'The course has errors.', { hint: 'presso content check', exit: EXIT.no });
}

/** The folder of the course that a page belongs to: the nearest one upwards with a course.yaml, else its own. */
function courseOf(page: string): string {
  for (let dir = path.dirname(page); dir !== path.dirname(dir); dir = path.dirname(dir))
    if (existsSync(path.join(dir, 'course.yaml'))) return dir;
  return path.dirname(page);
}
