/** `presso learn`: the reader's screen. Keys come in, the pure reader says what to show and what to do. */
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import {
  lessonMark,
  loadWidths,
  markSign,
  readProgress,
  readText,
  recordLesson,
  toTerminal,
  updateProgress,
} from '../lesson/index.ts';
import {
  arrived,
  atEnd,
  type Effect,
  press,
  type ReaderState,
  type ReaderView,
  startState,
  stillAt,
} from '../lesson/reader.ts';
import { draw } from '../lesson/screen.ts';
import { interactive, isTerminal, paint } from '../terminal.ts';
import { line } from '../text.ts';
import { type CourseFlags, type Desk, lessonNamed, openDesk, pictures, treeOf } from './lesson.ts';
import { judge, openInBrowser, runBlock } from './lesson-acts.ts';
import { pictureProtocol, terminalLooks } from './lesson-page.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

export async function learn(
  flags: CourseFlags,
  name: string | undefined,
  connection: () => Promise<Connection>,
): Promise<void> {
  const { stdin, stdout } = process;
  // A screen that is drawn anew with each key cannot be read aloud.
  if (process.env['TERM'] === 'dumb' || process.env['PRESSO_PLAIN'])
    throw new PressoError(
      'plain-terminal',
      'The reader draws a whole screen, which this terminal was said not to want.',
      {
        hint: `presso lesson ${name ?? 'next'} --plain`,
      },
    );
  if (!interactive() || !isTerminal())
    throw new PressoError('no-terminal', 'The reader needs a terminal on both sides.', {
      hint: `presso lesson ${name ?? 'next'}`,
    });
  const desk = openDesk(flags);
  const colour = paint().red('x') !== 'x';
  await loadWidths();
  const looks = await terminalLooks(colour);
  let entry = lessonNamed(desk, name);
  let tree = treeOf(desk, entry);
  let reasons = new Map<string, string[]>();
  let state: ReaderState = startState(desk.progress.way);
  let view = look();
  let busy = false;
  let gone = false;
  let done: (exit?: number) => void = () => {};
  const over = new Promise<number>((resolve) => {
    done = (exit = EXIT.yes) => {
      gone = true;
      resolve(exit);
    };
  });

  function look(): ReaderView {
    const columns = Math.max(20, stdout.columns || 80);
    const page = toTerminal(tree, {
      ...looks,
      width: Math.min(columns, 104) - 2,
      plain: false,
      switchable: true,
      ...(state.way === undefined ? {} : { way: state.way }),
      open: state.open,
      openWith: 'h',
      reasons,
      ...pictures(desk, entry),
    });
    return {
      page,
      rows: Math.max(2, stdout.rows || 24),
      columns,
      title: tree.title,
      contents: desk.lessons.map((one) => ({
        id: one.id,
        title: one.title,
        sign: markSign(lessonMark(desk.progress, desk.place, one.id, desk.checksOf(one.id))),
      })),
      at: Math.max(
        0,
        desk.lessons.findIndex(({ id }) => id === entry.id),
      ),
      elsewhere: (query) => lessonWith(desk, entry.id, query),
    };
  }

  const show = (): void => {
    // A key that ends the reader is followed by no picture: it would stand on the shell's screen.
    if (gone) return;
    const rows = draw(state, view, colour);
    const screen = rows.map((row) => `${row}\u001b[K`).join('\r\n');
    stdout.write(
      `${forgetPictures}\u001b[H${screen}\u001b[J${state.mode === 'contents' || state.mode === 'help' ? '' : drawn()}`,
    );
  };
  // The kitty protocol keeps pictures apart from the text; with the others the text goes over them.
  const forgetPictures = pictureProtocol() === 'kitty' ? '\u001b_Ga=d\u001b\\' : '';
  /** Pictures all of whose lines are on the screen. */
  const drawn = (): string =>
    view.page.things
      .filter((thing) => thing.kind === 'picture')
      .filter(({ line: from, end }) => from >= state.top && end < state.top + view.rows)
      .map(({ draw, column, line: from }) => `\u001b[${from - state.top + 1};${column + 3}H${draw}`)
      .join('');
  const seen = (how: 'opened' | 'read'): void => {
    recordLesson(desk.home, entry.id, how, new Date());
    desk.progress = readProgress(desk.home);
  };
  const open = (at: number): void => {
    const next = desk.lessons[at];
    if (!next) return;
    entry = next;
    tree = treeOf(desk, entry);
    reasons = new Map();
    seen('opened');
  };
  const enter = (): void => {
    stdin.setRawMode(true);
    stdin.resume();
    stdout.write(ENTER);
  };
  const leave = (): void => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.write(LEAVE);
  };

  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case 'quit':
        done(effect.interrupted ? EXIT.interrupted : EXIT.yes);
        return;
      case 'suspend': {
        leave();
        // Signals alone do not keep a process alive.
        const alive = setInterval(() => {}, 60_000);
        await new Promise<void>((resume) => {
          process.once('SIGCONT', resume);
          process.kill(process.pid, 'SIGTSTP');
        });
        clearInterval(alive);
        enter();
        return;
      }
      case 'redraw':
        stdout.write('\u001b[2J');
        return;
      case 'lesson':
        open(effect.at);
        return;
      case 'copy':
        // OSC 52: the terminal itself puts it on the clipboard, over ssh too.
        stdout.write(`\u001b]52;c;${Buffer.from(effect.text).toString('base64')}\u0007`);
        return;
      case 'open':
        openInBrowser(effect.href);
        return;
      case 'way':
        desk.progress = updateProgress(desk.home, (progress) => {
          progress.way = effect.way;
        });
        return;
      case 'run':
        leave();
        state = { ...state, message: await runBlock(effect.block.text, desk) };
        enter();
        return;
      case 'verify': {
        const { results, message } = await judge(effect.checks, desk, flags, connection);
        reasons = results;
        desk.progress = readProgress(desk.home);
        tree = treeOf(desk, entry);
        state = { ...state, message };
      }
    }
  };

  const onKey = (data: Buffer): void => {
    void keys(data.toString('utf8')).catch((error: unknown) => {
      busy = false;
      state = { ...state, message: line(error instanceof Error ? error.message : String(error)) };
      view = look();
      show();
    });
  };
  const keys = async (text: string): Promise<void> => {
    for (const key of splitKeys(text)) {
      if (busy) {
        if (key === '\u0003') done(EXIT.interrupted);
        continue;
      }
      const before = state;
      const { state: next, effect } = press(state, key, view);
      state = next;
      if (effect) {
        if (effect.kind === 'verify') show();
        busy = true;
        await perform(effect);
        busy = false;
      }
      // Scrolling and the like need no new page.
      if (effect || state.open !== before.open || state.way !== before.way) view = look();
      if (effect?.kind === 'lesson') state = arrived(state, view);
      if (!effect && atEnd(state, view) && desk.progress.lessons[entry.id]?.read === undefined) seen('read');
    }
    show();
  };
  const onResize = (): void => {
    const before = view;
    view = look();
    state = { ...state, top: stillAt(state.top, before, view) };
    show();
  };
  const onSignal = (): void => done();

  seen('opened');
  view = look();
  enter();
  stdin.on('data', onKey);
  stdout.on('resize', onResize);
  process.once('SIGTERM', onSignal);
  process.once('SIGHUP', onSignal);
  process.once('exit', leave);
  try {
    show();
    const exit = await over;
    if (exit !== EXIT.yes) throw new PressoError('quiet', 'Left by Ctrl-C.', { hint: '', exit });
  } finally {
    stdin.off('data', onKey);
    stdout.off('resize', onResize);
    process.off('SIGTERM', onSignal);
    process.off('SIGHUP', onSignal);
    process.off('exit', leave);
    leave();
  }
}

/** The next lesson after this one whose text has these words, as they stand in its file. */
function lessonWith(desk: Desk, id: string, query: string): number | undefined {
  const { lessons } = desk;
  const here = lessons.findIndex((one) => one.id === id);
  const wanted = query.toLowerCase().replace(/\s+/g, ' ');
  for (let step = 1; step < lessons.length; step++) {
    const at = (here + step) % lessons.length;
    const { file, title } = lessons[at] as (typeof lessons)[number];
    try {
      const text = `${title} ${readText(file)}`
        .toLowerCase()
        .replace(/[*`_]|\s+/g, (mark) => (mark.trim() === '' ? ' ' : ''));
      if (text.includes(wanted)) return at;
    } catch {
      // What cannot be read has no words.
    }
  }
  return undefined;
}

/** Keys that came in one piece: a pasted text is many, an escape sequence is one. What the terminal answers late is no key. */
function splitKeys(text: string): string[] {
  const keys =
    text.match(/\u001b(?:\[[?>=0-9;]*[A-Za-z~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|O[A-Z])?|[^\u001b]/gu) ?? [];
  return keys.filter((key) => !/^\u001b(?:\]|\[\?)/.test(key));
}
