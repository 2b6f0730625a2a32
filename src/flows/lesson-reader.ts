/** `presso learn`: the reader's screen. Keys come in, the pure reader says what to show and what to do. */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import {
  lessonMark,
  markSign,
  readProgress,
  recordChecks,
  recordLesson,
  toTerminal,
  updateProgress,
} from '../lesson/index.ts';
import { atEnd, draw, type Effect, press, type ReaderState, type ReaderView, startState } from '../lesson/reader.ts';
import { packageRoot } from '../paths.ts';
import { interactive, isTerminal, paint } from '../terminal.ts';
import { line } from '../text.ts';
import { type CourseFlags, type Desk, lessonNamed, openDesk, treeOf } from './lesson.ts';
import { terminalLooks } from './lesson-page.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

export async function learn(
  flags: CourseFlags,
  name: string | undefined,
  connection: () => Promise<Connection>,
): Promise<void> {
  const { stdin, stdout } = process;
  if (!interactive() || !isTerminal())
    throw new PressoError('no-terminal', 'The reader needs a terminal on both sides.', {
      hint: `presso lesson ${name ?? 'next'}`,
    });
  const desk = openDesk(flags);
  const colour = paint().red('x') !== 'x';
  const looks = terminalLooks(colour);
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
    };
  }

  const show = (): void => {
    // A key that ends the reader is followed by no picture: it would stand on the shell's screen.
    if (gone) return;
    const rows = draw(state, view, colour);
    stdout.write(`\u001b[H${rows.map((row) => `${row}\u001b[K`).join('\r\n')}\u001b[J`);
  };
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
      case 'suspend':
        leave();
        process.once('SIGCONT', () => {
          enter();
          view = look();
          show();
        });
        process.kill(process.pid, 'SIGTSTP');
        return;
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
      if (!effect && atEnd(state, view) && desk.progress.lessons[entry.id]?.read === undefined) seen('read');
    }
    show();
  };
  const onResize = (): void => {
    const anchor = view.page.things.findLast(({ line: at }) => at <= state.top);
    const index = anchor ? view.page.things.indexOf(anchor) : -1;
    view = look();
    // What was at the top stays there, though lines have moved.
    const moved = view.page.things[index]?.line;
    state = { ...state, top: Math.min(moved ?? state.top, Math.max(0, view.page.lines.length - view.rows + 1)) };
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

/** Keys that came in one piece: a pasted text is many, an escape sequence is one. What the terminal answers late is no key. */
function splitKeys(text: string): string[] {
  const keys =
    text.match(/\u001b(?:\[[?>=0-9;]*[A-Za-z~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|O[A-Z])?|[^\u001b]/gu) ?? [];
  return keys.filter((key) => !/^\u001b(?:\]|\[\?)/.test(key));
}

function openInBrowser(href: string): void {
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return;
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', href]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', href]
        : ['xdg-open', href];
  const child = spawn(program as string, args, { stdio: 'ignore', detached: true });
  // Without such a program the address stays in the status line.
  child.on('error', () => {});
  child.unref();
}

/** Runs a block in the learner's folder and shell; its output stays on the ordinary screen until a key is pressed. */
async function runBlock(text: string, desk: Desk): Promise<string> {
  const env = { ...process.env };
  if (desk.place.kind === 'sandbox')
    Object.assign(env, {
      AWS_ACCESS_KEY_ID: desk.target.account,
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_REGION: desk.target.region,
      AWS_ENDPOINT_URL: desk.target.endpoint,
      AWS_PAGER: '',
    });
  process.stdout.write(`${paint().dim(`$ ${text.replaceAll('\n', '\n$ ')}`)}\n`);
  // The program that is run gets Ctrl-C; the reader must outlive it.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  const code = await new Promise<number>((resolve) => {
    const child = spawn(`${thisPresso()}${text}`, { shell: true, stdio: 'inherit', env });
    child.once('error', () => resolve(127));
    child.once('close', (status) => resolve(status ?? 130));
  });
  process.off('SIGINT', ignore);
  process.stdin.setRawMode(true);
  forgetTypedAhead();
  process.stdout.write(`${paint().dim(`── ended with ${code} · any key: back to the lesson `)}`);
  process.stdin.resume();
  await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
  process.stdout.write('\n');
  return code === 0 ? 'The commands ran.' : `The last command ended with ${code}.`;
}

/** `presso` in a block is the one that shows it, installed or not. */
function thisPresso(): string {
  if (process.platform === 'win32') return '';
  const quoted = [process.execPath, path.join(packageRoot(), 'bin', 'run.js')]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  return `presso() { ${quoted} "$@"; }\n`;
}

/**
 * Keys that were pressed while a command ran are still in the terminal's hands; taken for the key that is asked for, they
 * would take the output away before it was read (a slow `aws` that fails was seen to "not wait").
 */
function forgetTypedAhead(): void {
  let tty: number;
  try {
    tty = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return;
  }
  try {
    while (readSync(tty, Buffer.alloc(1_024)) > 0);
  } catch {
    // EAGAIN: nothing is left.
  } finally {
    closeSync(tty);
  }
}

/** Runs some checks and those that they need; what is wrong is said below each. */
async function judge(
  ids: string[],
  desk: Desk,
  flags: CourseFlags,
  connection: () => Promise<Connection>,
): Promise<{ results: Map<string, string[]>; message: string }> {
  const [{ explainAwsError }, { factsOf, KINDS, readChecklists, verify }, { MODULES }] = await Promise.all([
    import('../aws/failure.ts'),
    import('../verify/index.ts'),
    import('../workshop.ts'),
  ]);
  const lists = readChecklists(flags.checks ?? desk.checks, MODULES, KINDS);
  const all = new Map(lists.flatMap(({ checks }) => checks.map((check) => [check.id, check] as const)));
  const wanted = new Set<string>();
  const need = (id: string): void => {
    const check = all.get(id);
    if (!check || wanted.has(id)) return;
    wanted.add(id);
    for (const one of check.needs) need(one);
  };
  for (const id of ids) need(id);
  const facts = factsOf(await connection());
  const account = await facts.account();
  const chosen = lists.map((list) => ({ ...list, checks: list.checks.filter(({ id }) => wanted.has(id)) }));
  const results = new Map<string, string[]>();
  let passed = 0;
  const explain = (error: unknown): { found: string; hint: string } => {
    const told = explainAwsError(error, { sandbox: desk.place.kind === 'sandbox' });
    if (!(told instanceof PressoError)) throw told;
    return { found: told.message, hint: told.hint };
  };
  for await (const { checks } of verify(
    chosen.filter(({ checks: some }) => some.length > 0),
    facts,
    explain,
  )) {
    recordChecks(desk.home, { ...desk.place, account }, checks, new Date());
    for (const { id, status, expected, found, hint } of checks) {
      if (!ids.includes(id)) continue;
      if (status === 'pass') passed++;
      else
        results.set(id, [`expected: ${expected}`, `found: ${found}`, hint === '' ? '' : `→ ${hint}`].filter(Boolean));
    }
  }
  desk.place = { ...desk.place, account };
  return { results, message: passed === ids.length ? `✓ All ${ids.length} pass.` : `${passed} of ${ids.length} pass.` };
}
