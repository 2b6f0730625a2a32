/** What pages say of themselves at their top. */
import { nearest } from '../../text.ts';
import { at, type CourseText, type Finding, type Source } from './finding.ts';

export function* frontMatter(course: CourseText): Generator<Finding> {
  for (const source of course.sources) yield* ofPage(source, course);
}

const FIELDS = ['title', 'minutes', 'summary', 'part', 'for', 'description', 'id'];
const KINDS = ['sandbox', 'self-hosted', 'aws-hosted'];

function* ofPage(source: Source, course: CourseText): Generator<Finding> {
  if (!source.page || source.partial) return;
  const { frontMatter: values, frontMatterProblem: problem } = source.page;
  if (problem) {
    yield at(source, problem.line, problem.column ?? 1, {
      rule: 'front-matter',
      message: `the front matter is not YAML: ${problem.message}`,
      suggestion: /unique/.test(problem.message)
        ? 'take one of the two out'
        : /tabs?\b/i.test(problem.message)
          ? 'indent with spaces'
          : /list of names/.test(problem.message)
            ? 'write title: … and the like, one a line'
            : 'a text with a colon in it goes into quotes',
    });
    return;
  }
  if (source.text.trim() === '') {
    yield at(source, 1, 1, {
      rule: 'empty-page',
      message: 'the page is empty',
      suggestion: 'write it, or take it out',
    });
    return;
  }
  const late = /^\s*\n---[ \t]*\n\s*[A-Za-z_-]+[ \t]*:/.test(source.text);
  if (late || (/^---[ \t]*\n/.test(source.text) && !/^---[ \t]*\n[\s\S]*?^---[ \t]*$/m.test(source.text))) {
    yield late
      ? at(source, source.lines.findIndex((line) => line.startsWith('---')) + 1, 1, {
          rule: 'front-matter',
          message: 'the front matter does not begin in the first line, so it is shown as text',
          suggestion: 'take out what stands before it',
        })
      : at(source, 1, 1, {
          rule: 'front-matter',
          message: 'the front matter is never closed',
          suggestion: 'write --- on a line of its own below it',
        });
    return;
  }
  // Hugo's own kind of front matter is read by Hugo.
  if (course.foreign && /^\+\+\+[ \t]*\n[\s\S]*?^\+\+\+[ \t]*$/m.test(source.text)) return;
  const lineOf = (field: string): number =>
    Math.max(1, source.lines.findIndex((line) => line.startsWith(`${field}:`)) + 1);
  const said = (field: string, message: string, suggestion: string): Finding =>
    at(source, lineOf(field), 1, { rule: 'front-matter', message, suggestion });
  const hasHeading =
    [...source.page.ast.walk()].some(({ type, attributes }) => type === 'heading' && attributes['level'] === 1) ||
    // Other tools take these for headings, too.
    (course.foreign && /<h1\b|^\S.*\n=+[ \t]*$/im.test(source.text));
  const title: unknown = values.title;
  if ((typeof title !== 'string' && typeof title !== 'number') || String(title).trim() === '') {
    if (title !== undefined || !hasHeading)
      yield said('title', 'the page has no title', 'write title: … between two lines of --- at its top');
  }
  // What a lesson of ours must say of itself is not asked of other courses.
  if (!course.hasCourseFile) return;
  if (typeof values.minutes !== 'number' || !(values.minutes > 0))
    yield said('minutes', 'the lesson does not say how many minutes it takes', 'write minutes: 10');
  if (typeof values.summary !== 'string' || values.summary.trim() === '')
    yield said('summary', 'the lesson has no summary', 'write summary: one sentence');
  for (const field of Object.keys(values)) {
    if (FIELDS.includes(field)) continue;
    const near = nearest(field, FIELDS);
    yield said(
      field,
      `"${field}" is not a field of the front matter`,
      near ? `did you mean ${near}?` : `there are ${FIELDS.slice(0, 5).join(', ')}`,
    );
  }
  if (values.for !== undefined && (!Array.isArray(values.for) || values.for.some((kind) => !KINDS.includes(kind))))
    yield said('for', `"for" is a list of ${KINDS.join(', ')}`, 'write for: [sandbox]');
}
