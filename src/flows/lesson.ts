/** What the commands that read lessons share: where the learner is, what is remembered, and one lesson on the screen. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SANDBOX_PORT } from '../command.ts';
import { PressoError } from '../errors.ts';
import {
  type Course,
  checkMark,
  checkModules,
  findLesson,
  knownAccount,
  type LessonEntry,
  type LessonTree,
  lessonMark,
  lessonsFor,
  type Mark,
  openLesson,
  pictureOf,
  type Progress,
  type ProgressPlace,
  readCheckNames,
  readCourse,
  readProgress,
  recordLesson,
  type TerminalOptions,
  targetValues,
  toTerminal,
  walk,
  withWidths,
} from '../lesson/index.ts';
import { contentDir } from '../paths.ts';
import { lessonsDocument, lessonsLines } from '../report/lesson.ts';
import { homeFolder, resolveTarget, type Target } from '../target/index.ts';
import { paint, say, sayJson, tell, width } from '../terminal.ts';
import { line, nearest } from '../text.ts';
import { courseChecks } from './course-checks.ts';
import { page, pictureProtocol, terminalLooks } from './lesson-page.ts';

export interface CourseFlags {
  content?: string | undefined;
  checks?: string | undefined;
  region?: string | undefined;
  profile?: string | undefined;
  endpointUrl?: string | undefined;
}

/** Everything that lessons are read with. Nothing here asks the network. */
export interface Desk {
  course: Course;
  lessons: LessonEntry[];
  home: string;
  checks: string;
  place: ProgressPlace;
  target: ReturnType<typeof targetValues>;
  /** False where nobody has said yet where the workshop runs; lessons are then shown for the sandbox. */
  chosen: boolean;
  progress: Progress;
  checksOf(lesson: string): string[];
}

export function openDesk(flags: CourseFlags): Desk {
  const home = homeFolder(process.env);
  const { content, checks: given, ...where } = flags;
  const checks = courseChecks(given, 'presso lessons');
  const found = resolveTarget({ flags: where, env: process.env, cwd: process.cwd() });
  const target: Target = found ?? { kind: 'sandbox', region: 'us-east-1', account: '000000000000' };
  const progress = readProgress(home);
  const account = target.account ?? knownAccount(progress, target.kind, target.region);
  const endpoint = target.endpoint ?? (target.kind === 'sandbox' ? sandboxEndpoint(target, home) : undefined);
  const course = readCourse(path.resolve(content ?? contentDir()));
  let byLesson: Map<string, string[]> | undefined;
  return {
    course,
    lessons: lessonsFor(course, target.kind),
    home,
    checks,
    place: { kind: target.kind, account: account ?? 'unknown', region: target.region ?? 'unknown' },
    target: targetValues({ ...target, account, endpoint }),
    chosen: found !== undefined,
    progress,
    checksOf(lesson) {
      byLesson ??= checksByLesson(checks);
      return byLesson.get(lesson) ?? [];
    },
  };
}

/** The address that the sandbox's own file names; without one it is where the next start will put it. */
function sandboxEndpoint(target: Target, home: string): string {
  const file = path.join(target.data ?? path.join(home, 'sandbox'), 'sandbox.json');
  try {
    const { port } = JSON.parse(readFileSync(file, 'utf8')) as { port?: number };
    if (Number.isInteger(port)) return `http://127.0.0.1:${port}`;
  } catch {
    // Not started yet.
  }
  return `http://127.0.0.1:${SANDBOX_PORT}`;
}

function checksByLesson(dir: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const module of checkModules(dir))
    for (const { id, lesson } of readCheckNames(dir, module)) {
      const name = lesson.replace(/#.*$/, '');
      found.set(name, [...(found.get(name) ?? []), id]);
    }
  return found;
}

export const markOf = (desk: Desk, { id }: LessonEntry): Mark =>
  lessonMark(desk.progress, desk.place, id, desk.checksOf(id));

/** The first lesson after the one read last that is not done; the first of all when nothing was read. */
export function nextLesson(desk: Desk): LessonEntry | undefined {
  const { lessons, progress } = desk;
  const at = lessons.findIndex(({ id }) => id === progress.here);
  const here = lessons[at];
  if (here && markOf(desk, here) !== 'done') {
    // A lesson with checks is left only when they pass, one without when it was read.
    if (desk.checksOf(here.id).length > 0 || progress.lessons[here.id]?.read === undefined) return here;
  }
  return (
    lessons.slice(at + 1).find((one) => markOf(desk, one) !== 'done') ??
    lessons.find((one) => markOf(desk, one) !== 'done')
  );
}

export function lessonNamed(desk: Desk, name: string | undefined): LessonEntry {
  if (desk.lessons.length === 0)
    throw new PressoError('no-lessons', `There are no lessons in ${desk.course.dir}.`, {
      hint: 'presso content check',
    });
  if (name !== undefined && name !== 'next') {
    const all = desk.course.modules.flatMap(({ lessons }) => lessons);
    return findLesson(desk.lessons.some(({ id }) => id === name) ? desk.lessons : all, name);
  }
  return nextLesson(desk) ?? (desk.lessons.at(-1) as LessonEntry);
}

export const treeOf = (desk: Desk, entry: LessonEntry): LessonTree =>
  openLesson(entry, {
    dir: desk.course.dir,
    checks: desk.checks,
    target: desk.target,
    mark: (id) => checkMark(desk.progress, desk.place, id),
  });

export function listLessons(flags: CourseFlags, json: boolean): void {
  const desk = openDesk(flags);
  const next = nextLesson(desk);
  const modules = desk.course.modules.map(({ name, title, lessons }) => ({
    name,
    title,
    lessons: lessons
      .filter((one) => desk.lessons.includes(one))
      .map((one) => ({ ...one, mark: markOf(desk, one), checks: desk.checksOf(one.id) })),
  }));
  const shown = modules.filter(({ lessons }) => lessons.length > 0);
  if (json) {
    sayJson(lessonsDocument(desk.course.title, desk.place, shown, next?.id));
    return;
  }
  const c = paint();
  for (const text of lessonsLines(shown, next?.id, desk.course.title, width(), {
    bold: c.bold,
    dim: c.dim,
    good: c.green,
    middling: c.yellow,
  }))
    say(text);
}

export interface LessonOptions {
  plain: boolean;
  width: number | undefined;
  way: string | undefined;
  hints: boolean;
  json: boolean;
}

export async function showLesson(flags: CourseFlags, name: string | undefined, wished: LessonOptions): Promise<void> {
  // Who reads by ear says so once.
  const options = { ...wished, plain: wished.plain || Boolean(process.env['PRESSO_PLAIN']) };
  const desk = openDesk(flags);
  const entry = lessonNamed(desk, name);
  const tree = treeOf(desk, entry);
  const following = desk.lessons[desk.lessons.findIndex(({ id }) => id === entry.id) + 1];
  if (options.json) {
    sayJson({ ...tree, module: entry.module, target: desk.place, next: following?.id ?? null });
  } else {
    const ways = [
      ...WAYS,
      ...[...walk(tree.blocks)].flatMap((block) => (block.kind === 'tabs' ? block.tabs.map(({ way }) => way) : [])),
    ];
    if (options.way !== undefined && !ways.includes(options.way))
      throw new PressoError(
        'usage',
        `There is no way "${line(options.way)}"; there are ${[...new Set(ways)].join(', ')}.`,
        {
          hint: `presso lesson ${entry.id} --way ${nearest(options.way, ways) ?? 'presso'}`,
        },
      );
    const columns = options.width ?? (options.plain ? Number.POSITIVE_INFINITY : Math.min(width(), 100));
    const looks = await terminalLooks(paint().red('x') !== 'x');
    const layout: TerminalOptions = {
      ...looks,
      width: columns,
      plain: options.plain,
      ...(options.way === undefined ? {} : { way: options.way }),
      open: options.hints ? 'all' : new Set<number>(),
      openWith: `presso lesson ${entry.id} --hints`,
      ...pictures(desk, entry),
    };
    const rendered = await withWidths(() => toTerminal(tree, layout));
    if (!desk.chosen)
      tell(paint().dim('No target is chosen yet; this is how the lesson reads on the sandbox (presso setup).'));
    else if (desk.target.account === '‹account›')
      tell(paint().dim('Your account number is filled in once presso verify has seen it.'));
    const lines = following
      ? [...rendered.lines, '', `Next: ${following.title}   presso lesson ${following.id}`]
      : rendered.lines;
    if (!(await page(lines, rendered.things))) {
      recordLesson(desk.home, entry.id, 'opened', new Date());
      return;
    }
  }
  recordLesson(desk.home, entry.id, 'read', new Date());
}

/** The ways of presso's own course; another course may have its own beside them. */
const WAYS = ['console', 'cli', 'presso'];

/** Pictures where this terminal shows them, from files of the course only. */
export function pictures(desk: Desk, entry: LessonEntry): Pick<TerminalOptions, 'picture'> {
  const protocol = pictureProtocol();
  if (!protocol) return {};
  return {
    picture: (src, columns) => {
      const bare = decodeURI(src.replace(/[?#].*$/, ''));
      const file = bare.startsWith('/')
        ? path.join(desk.course.dir, bare)
        : path.resolve(path.dirname(entry.file), bare);
      if (path.relative(desk.course.dir, file).startsWith('..') || !existsSync(file)) return undefined;
      const rows = Math.max(3, (process.stdout.rows || 24) - 4);
      return pictureOf(readFileSync(file), protocol, { columns, rows });
    },
  };
}
