/** Checks and lessons belong together: every check has its lesson, every checkpoint its checks. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { nearest } from '../../text.ts';
import { checkModules, readChecks } from '../library.ts';
import { at, type CourseText, type Finding, placeOf, type Source } from './finding.ts';
import { anchorsOf } from './links.ts';

export function* checks(course: CourseText): Generator<Finding> {
  if (!course.checks) return;
  const { dir, own } = course.checks;
  const all = checkModules(dir).flatMap((module) => readChecks(dir, module).map((check) => ({ ...check, module })));
  const ids = new Set(all.map(({ id }) => id));
  const pointed = new Map<string, Source[]>();
  for (const source of course.sources)
    for (const node of source.page?.ast.walk() ?? []) {
      if (node.tag !== 'checkpoint') continue;
      const wanted: unknown = node.attributes['checks'];
      if (!Array.isArray(wanted)) continue;
      if (wanted.length === 0) {
        const place = placeOf(source, node);
        yield at(source, place.line, place.column, {
          rule: 'checkpoint-without-check',
          message: 'this checkpoint names no check',
          suggestion: 'write checks=["module-1a.open"]',
        });
      }
      for (const [index, one] of wanted.entries()) {
        const id = String(one);
        if (wanted.indexOf(one) < index) {
          const place = placeOf(source, node);
          yield at(source, place.line, place.column, {
            rule: 'checkpoint-without-check',
            message: `this checkpoint names "${id}" twice`,
            suggestion: 'take one of them out',
          });
          continue;
        }
        pointed.set(id, [...(pointed.get(id) ?? []), source]);
        if (ids.has(id)) continue;
        const place = placeOf(source, node, `"${id}"`);
        const near = nearest(id, ids);
        yield at(source, place.line, place.column, {
          rule: 'checkpoint-without-check',
          message: `there is no check "${id}"`,
          suggestion: near ? `did you mean "${near}"?` : 'its ids stand in checks/<module>/checks.yaml',
        });
      }
    }
  if (!own) return;
  const lessons = new Map(course.sources.filter(({ partial }) => !partial).map((source) => [source.id, source]));
  const lines = new Map<string, string[]>();
  const unseen = new Map<Source, string[]>();
  for (const { id, lesson, module } of all) {
    const file = path.join(dir, module, 'checks.yaml');
    if (!lines.has(file)) lines.set(file, readFileSync(file, 'utf8').split('\n'));
    const rows = lines.get(file) ?? [];
    const first = rows.findIndex((row) => row.includes(`id: ${id}`) || row.includes(`id: "${id}"`));
    const row = rows.findIndex((text, index) => index >= first && /\blesson:/.test(text));
    const shown = path.relative(course.dir, file).replaceAll(path.sep, '/');
    const said = (rule: string, message: string, suggestion: string): Finding =>
      at(shown, (row < 0 ? first : row) + 1, Math.max(0, (rows[row] ?? '').indexOf('lesson:')) + 1, {
        rule,
        message,
        suggestion,
      });
    const [name = '', anchor] = lesson.split('#', 2);
    const target = lessons.get(name);
    if (!target) {
      const near = nearest(name, lessons.keys());
      yield said(
        'check-without-lesson',
        `the check ${id} has no lesson: there is no "${name}"`,
        near ? `did you mean ${near}?` : 'name the lesson that teaches it',
      );
      continue;
    }
    if (anchor && !anchorsOf(course, target).has(anchor)) {
      const near = nearest(anchor, anchorsOf(course, target));
      yield said(
        'anchor',
        `${name} has no heading #${anchor}`,
        near ? `did you mean #${near}?` : 'take the anchor out',
      );
    }
    // A name that was mistyped there was said there.
    const mistyped = [...pointed].some(
      ([other, where]) => !ids.has(other) && where.includes(target) && nearest(other, ids) === id,
    );
    if (!pointed.get(id)?.includes(target) && !mistyped) unseen.set(target, [...(unseen.get(target) ?? []), id]);
  }
  for (const [target, missing] of unseen)
    yield at(target, target.lines.length, 1, {
      rule: 'check-without-checkpoint',
      message: `${missing.length === 1 ? `the check ${missing[0]} belongs` : `the checks ${missing.join(', ')} belong`} to this lesson, which has no checkpoint for ${missing.length === 1 ? 'it' : 'them'}`,
      suggestion: `write {% checkpoint checks=[${missing.map((id) => `"${id}"`).join(', ')}] /%} where it can be passed`,
    });
}
