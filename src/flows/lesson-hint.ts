/** `presso hint CHECK`: a hint more each time, at last the shape of the solution. */
import { PressoError } from '../errors.ts';
import { type CheckFacts, checkModules, nextHint, readChecks, solutionShape } from '../lesson/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { clean, nearest } from '../text.ts';
import { withLiveChecks } from '../verify/checklist.ts';
import { type CourseFlags, openDesk } from './lesson.ts';

export function hint(flags: CourseFlags, wanted: string, json: boolean): void {
  const desk = openDesk(flags);
  const modules = checkModules(desk.checks);
  const live = withLiveChecks(
    desk.checks,
    modules.map((module) => ({ module, checks: [] })),
    new Set(['live-order']),
  );
  const all: CheckFacts[] = [
    ...modules.flatMap((module) => readChecks(desk.checks, module)),
    ...live.flatMap(({ checks }) => checks),
  ];
  const check = all.find(({ id }) => id === wanted) ?? only(all.filter(({ id }) => id.endsWith(`.${wanted}`)));
  if (!check) {
    // The end of an id is enough where only one ends so: what is named here is the whole.
    const short = (id: string): string => id.replace(/^.*\./, '');
    const ids = all.map(({ id }) => id);
    const near = nearest(wanted, ids) ?? ids.find((id) => short(id) === nearest(wanted, ids.map(short)));
    throw new PressoError('no-check', `There is no check "${wanted}".`, {
      hint: near ? `presso hint ${near}` : 'presso verify   (lists them)',
    });
  }
  const shape = solutionShape(desk.checks, check.id);
  const texts = [
    ...check.hints.map(clean),
    ...(shape.length > 0 ? [['The solution is built like this:', ...shape].join('\n')] : []),
  ];
  const index = nextHint(desk.home, desk.place, check.id, texts.length - 1, new Date());
  const text = texts[index] ?? check.title;
  if (json) {
    sayJson({
      check: check.id,
      title: check.title,
      hint: text,
      number: index + 1,
      of: texts.length,
      lesson: check.lesson,
    });
    return;
  }
  const c = paint();
  say(`${c.bold(clean(check.title))} ${c.dim(check.id)}`);
  say(`  ${text.replaceAll('\n', '\n  ')}`);
  say(
    c.dim(
      `  ${index + 1} of ${texts.length}${index + 1 < texts.length ? '; ask again for the next' : ', there are no more'}`,
    ),
  );
  say(`  ${c.dim('Next:')} presso lesson ${check.lesson.replace(/#.*$/, '')}`);
}

const only = (found: CheckFacts[]): CheckFacts | undefined => (found.length === 1 ? found[0] : undefined);
