/** `presso content check`: every rule over a folder, said for a person or as JSON. */
import path from 'node:path';
import { EXIT, PressoError } from '../errors.ts';
import { type CommandShape, checkCourse } from '../lesson/check/index.ts';
import { checksDir, contentDir } from '../paths.ts';
import { findingLines, findingsDocument } from '../report/lesson.ts';
import { paint, say, sayJson } from '../terminal.ts';

export interface ContentOptions {
  dir: string | undefined;
  checks: string | undefined;
  commands: CommandShape[];
  json: boolean;
}

export function contentCheck({ dir, checks, commands, json }: ContentOptions): void {
  const folder = path.resolve(dir ?? contentDir());
  const { pages, findings } = checkCourse(folder, {
    checks: checks === undefined ? undefined : path.resolve(checks),
    packagedChecks: checksDir(),
    packagedContent: contentDir(),
    commands,
  });
  const shown = path.relative(process.cwd(), folder);
  const base = shown.startsWith('..') || path.isAbsolute(shown) ? folder : shown;
  if (json) sayJson(findingsDocument(pages, findings));
  else {
    const c = paint();
    for (const text of findingLines(pages, findings, base, {
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
