/** What every rule is given, and what it says. */
import type { Node } from '@markdoc/markdoc';
import type { CourseFile } from '../library.ts';
import type { Page } from '../parse.ts';
import type { Scan, TagPlace } from '../scan.ts';

export interface Finding {
  /** From the folder that was checked, with forward slashes. */
  file: string;
  /** Both from 1. */
  line: number;
  column: number;
  /** Stable name of the rule. */
  rule: string;
  level: 'error' | 'warning';
  message: string;
  suggestion: string;
}

/** A text of the course: a lesson, or a partial. */
export interface Source {
  /** From the folder that was checked, with forward slashes. */
  file: string;
  /** Without line endings of Windows and a mark at its start. */
  text: string;
  lines: string[];
  partial: boolean;
  /** Lines in which shortcodes of another tool were blanked out. */
  blanked: ReadonlySet<number>;
  /** Some of its bytes are not UTF-8. */
  invalid: boolean;
  /** `module-1/is-the-shop-open`; for a partial its file. */
  id: string;
  module: string;
  /** Missing where the text is too much to be parsed. */
  page?: Page;
  tags: TagPlace[];
  /** Its blocks of code and its comments. */
  scan: Scan;
  /** Where each tag of the tree begins. */
  places: Map<Node, { line: number; column: number }>;
}

export interface CommandShape {
  /** `workflow push` */
  name: string;
  flags: Record<string, { char?: string; value: boolean }>;
}

export interface CourseText {
  /** As given; absolute. */
  dir: string;
  described: CourseFile;
  hasCourseFile: boolean;
  /** Of course.yaml. */
  courseLines: string[];
  /** Laid out by another tool, as far as can be told: no course.yaml. Its tags, attributes and addresses may be its own. */
  foreign: boolean;
  sources: Source[];
  /** Every file below `dir`, from there, with forward slashes. */
  files: Set<string>;
  /** The folder of checks and whether it belongs to this course. */
  checks: { dir: string; own: boolean } | undefined;
  /** Commands of presso, where they are known. */
  commands: CommandShape[];
}

export type Rule = (course: CourseText) => Iterable<Finding>;

type Said = Omit<Finding, 'file' | 'line' | 'column' | 'level'> & { level?: Finding['level'] };

export const at = (source: Source | string, line: number, column: number, said: Said): Finding => ({
  file: typeof source === 'string' ? source : source.file,
  line: Math.max(1, line),
  column: Math.max(1, column),
  level: 'error',
  ...said,
});

/** Line and column of a node: of its tag where it is one, else where `needle` first stands within its lines. */
export function placeOf(source: Source, node: Node, needle?: string): { line: number; column: number } {
  const own = source.places.get(node);
  const from = own?.line ?? (node.location?.start.line ?? node.lines[0] ?? 0) + 1;
  const to = Math.max(from, (node.location?.end.line ?? node.lines[1] ?? from) + 0);
  if (needle)
    for (let line = from; line <= Math.min(to, from + 400); line++) {
      const column = (source.lines[line - 1] ?? '').indexOf(needle, line === own?.line ? own.column - 1 : 0);
      if (column >= 0) return { line, column: column + 1 };
    }
  return own ?? { line: from, column: /\S/.exec(source.lines[from - 1] ?? '')?.index ?? 0 };
}

/** Line and column of an offset into a text. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
