/**
 * Finds what is wrong in a folder of Markdoc before a learner does. A rule is a function from the course to what it finds:
 * one file a family, one line below. load.ts, files.ts, partials.ts, code.ts and checks.ts read the disk; nothing is ever run or written.
 */
import { checks } from './checks.ts';
import { code } from './code.ts';
import type { CommandShape, Finding, Rule } from './finding.ts';
import { links } from './links.ts';
import { loadCourse } from './load.ts';
import { frontMatter } from './front-matter.ts';
import { markup } from './markup.ts';
import { partials } from './partials.ts';
import { pictures } from './pictures.ts';
import { duplicates, headings, order } from './structure.ts';
import { words } from './text.ts';

export type { CommandShape, Finding } from './finding.ts';

const RULES: Rule[] = [
  markup,
  partials,
  frontMatter,
  headings,
  links,
  pictures,
  order,
  duplicates,
  words,
  code,
  checks,
];

export interface CheckOptions {
  /** The folder of checks; without it the one beside the course. */
  checks?: string | undefined;
  packagedChecks: string;
  packagedContent: string;
  commands: CommandShape[];
}

/** Everything found in `dir`, by file and place; `pages` is how many texts were read. Errors: there is no such folder. */
export function checkCourse(dir: string, options: CheckOptions): { pages: number; findings: Finding[] } {
  const { course, findings } = loadCourse(dir, options);
  for (const rule of RULES) findings.push(...rule(course));
  const seen = new Set<string>();
  const once = findings.filter((one) => {
    const key = `${one.file}:${one.line}:${one.column}:${one.rule}:${one.message}`;
    return !seen.has(key) && seen.add(key);
  });
  once.sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1));
  return { pages: course.sources.length, findings: once };
}
