/** The list of lessons and what content check found, in words and as JSON. Pure. */
import type { Finding } from '../lesson/check/index.ts';
import type { CourseModule, LessonEntry, Mark, ProgressPlace } from '../lesson/index.ts';
import { clean, count, line as oneLine } from '../text.ts';

interface Paints {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  middling(text: string): string;
}

type Shown = Omit<CourseModule, 'lessons'> & { lessons: (LessonEntry & { mark: Mark; checks: string[] })[] };

const SIGN: Record<Mark, string> = { done: '✓', partly: '◐', open: '○' };

export function lessonsLines(
  modules: Shown[],
  next: string | undefined,
  title: string,
  width: number,
  paints: Paints,
): string[] {
  const lines: string[] = [];
  const all = modules.flatMap(({ lessons }) => lessons);
  const done = all.filter(({ mark }) => mark === 'done').length;
  const left = all.filter(({ mark }) => mark !== 'done').reduce((sum, { minutes }) => sum + minutes, 0);
  lines.push(
    `${paints.bold(clean(title) || 'Lessons')} · ${done} of ${count(all.length, 'lesson')} done${left > 0 ? ` · ${time(left)} to go` : ''}`,
  );
  const nameOf = (id: string): string => id.split('/').slice(1).join('/');
  const idWidth = Math.max(0, ...all.map(({ id }) => nameOf(id).length));
  const titleWidth = Math.max(0, ...all.map(({ title: text }) => text.length));
  for (const { name, title: heading, lessons } of modules) {
    lines.push('', `${paints.bold(clean(heading))} ${paints.dim(clean(name))}`);
    for (const { id, title: text, minutes, mark } of lessons) {
      const sign =
        mark === 'done'
          ? paints.good(SIGN.done)
          : mark === 'partly'
            ? paints.middling(SIGN.partly)
            : paints.dim(SIGN.open);
      const here = id === next ? '➜' : ' ';
      const span = minutes > 0 ? `${minutes} min`.padStart(7) : '       ';
      // Too narrow for columns: the name below the title.
      if (width < idWidth + titleWidth + 14)
        lines.push(
          `${here} ${sign} ${clean(text)}${minutes > 0 ? paints.dim(` · ${minutes} min`) : ''}`,
          paints.dim(`    ${nameOf(id)}`),
        );
      else lines.push(`${here} ${sign} ${nameOf(id).padEnd(idWidth)} ${paints.dim(span)}  ${clean(text)}`);
    }
  }
  if (next !== undefined) lines.push('', `  ${paints.dim('Next:')} presso lesson ${next}`);
  return lines;
}

const time = (minutes: number): string =>
  minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h${minutes % 60 > 0 ? ` ${minutes % 60} min` : ''}`;

export function lessonsDocument(
  title: string,
  target: ProgressPlace,
  modules: Shown[],
  next: string | undefined,
): unknown {
  return {
    title,
    target,
    next: next ?? null,
    modules: modules.map(({ name, title: heading, lessons }) => ({
      module: name,
      title: heading,
      lessons: lessons.map(({ id, title: text, minutes, summary, mark, checks, part }) => ({
        id,
        title: text,
        minutes,
        summary,
        ...(part === undefined ? {} : { part }),
        state: mark,
        checks,
      })),
    })),
  };
}

interface CheckPaints {
  bold(text: string): string;
  dim(text: string): string;
  bad(text: string): string;
  middling(text: string): string;
  good(text: string): string;
}

/** `file:line:column  rule`, the sentence, and what to do. */
export function findingLines(pages: number, findings: Finding[], base: string, paints: CheckPaints): string[] {
  const lines: string[] = [];
  for (const { file, line, column, rule, level, message, suggestion } of findings) {
    const where = `${base === '' ? '' : `${base}/`}${file}:${line}:${column}`;
    lines.push(`${paints.bold(clean(where))} ${level === 'error' ? paints.bad(rule) : paints.middling(rule)}`);
    lines.push(`  ${oneLine(message)}`, `  ${paints.dim('→')} ${oneLine(suggestion)}`);
  }
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.length - errors;
  if (findings.length > 0) lines.push('');
  lines.push(
    errors === 0
      ? `${paints.good('✓')} ${count(pages, 'page')} checked, no errors${warnings > 0 ? `, ${count(warnings, 'warning')}` : ''}`
      : `${paints.bad('✗')} ${count(pages, 'page')} checked: ${count(errors, 'error')}${warnings > 0 ? `, ${count(warnings, 'warning')}` : ''}`,
  );
  return lines;
}

export const findingsDocument = (pages: number, findings: Finding[]): unknown => ({
  pages,
  errors: findings.filter(({ level }) => level === 'error').length,
  warnings: findings.filter(({ level }) => level === 'warning').length,
  findings,
});
