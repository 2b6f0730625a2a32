/** What this terminal can show; and a long text on it a screen at a time, into a pipe all at once. */
import { EXIT } from '../errors.ts';
import type { Page, PictureProtocol } from '../lesson/index.ts';
import { isTerminal, paint, say } from '../terminal.ts';

export interface TerminalSkills {
  colour: boolean;
  theme: 'dark' | 'light';
  links: boolean;
}

/** What this terminal can show: colours, on which ground, and links to click. */
export async function terminalLooks(colour: boolean): Promise<TerminalSkills> {
  const { env } = process;
  const links =
    isTerminal() &&
    env['TERM'] !== 'dumb' &&
    Boolean(
      /^(iTerm\.app|WezTerm|vscode|ghostty|Hyper|rio)$/.test(env['TERM_PROGRAM'] ?? '') ||
        Number(env['VTE_VERSION'] ?? 0) >= 5000 ||
        env['WT_SESSION'] ||
        /kitty|alacritty|foot|ghostty/.test(env['TERM'] ?? '') ||
        env['KONSOLE_VERSION'],
    );
  return { colour, theme: colour ? await ground() : 'dark', links };
}

/** How this terminal shows pictures, as far as it says so by itself; unasked of any other, and never within a multiplexer. */
export function pictureProtocol(): PictureProtocol | undefined {
  const { TERM = '', TERM_PROGRAM = '', KITTY_WINDOW_ID, TMUX, STY } = process.env;
  if (!isTerminal() || TMUX || STY || /^(dumb|screen|tmux)/.test(TERM)) return undefined;
  if (KITTY_WINDOW_ID || /kitty|ghostty/.test(TERM) || TERM_PROGRAM === 'ghostty') return 'kitty';
  if (/^(iTerm\.app|WezTerm|mintty|rio)$/.test(TERM_PROGRAM)) return 'iterm';
  return /sixel|^(foot|mlterm|contour|yaft)/.test(TERM) ? 'sixel' : undefined;
}

/** Light or dark: as PRESSO_THEME says, as the terminal answers, as COLORFGBG says; else dark. */
async function ground(): Promise<'dark' | 'light'> {
  const { env } = process;
  const said = env['PRESSO_THEME'];
  if (said === 'light' || said === 'dark') return said;
  const answered = await askGround();
  if (answered) return answered;
  // COLORFGBG is `foreground;background`; 7 and 15 are the light grounds of the sixteen colours.
  return /^(7|15)$/.test((env['COLORFGBG'] ?? '').split(';').at(-1) ?? '') ? 'light' : 'dark';
}

/** How long a terminal may take to answer; one that never does costs as much. */
const PATIENCE_MS = 120;

/**
 * Asks the terminal for its ground (OSC 11), and then what it is (DA1), which every terminal answers: who answers only the
 * second does not know the first, and nobody has to wait. What was typed meanwhile is given back.
 */
async function askGround(): Promise<'dark' | 'light' | undefined> {
  const { stdin, stdout, env } = process;
  if (!isTerminal() || !stdin.isTTY || env['CI'] || /^(dumb|linux|screen)/.test(env['TERM'] ?? 'dumb'))
    return undefined;
  let heard = '';
  stdin.setRawMode(true);
  stdin.resume();
  const onData = (data: Buffer): void => {
    heard += data.toString('latin1');
    if (DEVICE.test(heard)) finish();
  };
  let finish: () => void = () => {};
  const answered = new Promise<void>((done) => {
    finish = done;
  });
  const timer = setTimeout(finish, PATIENCE_MS);
  stdin.on('data', onData);
  stdout.write('\u001b]11;?\u001b\\\u001b[c');
  await answered;
  clearTimeout(timer);
  stdin.off('data', onData);
  stdin.setRawMode(false);
  stdin.pause();
  const typed = heard.replace(ANSWERS, '');
  if (typed !== '') stdin.unshift(Buffer.from(typed, 'latin1'));
  const [, red, green, blue] = /\]11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(heard) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  const part = (hex: string): number => Number.parseInt(hex, 16) / (16 ** hex.length - 1);
  // Luma of ITU-R BT.601.
  return 0.299 * part(red) + 0.587 * part(green) + 0.114 * part(blue) > 0.5 ? 'light' : 'dark';
}

const DEVICE = /\u001b\[\?[\d;]*c/;
/** What terminals answer to the two questions, which is not typed by anybody. */
const ANSWERS = /\u001b(?:\]11;[^\u0007\u001b]*(?:\u0007|\u001b\\)|\[\?[\d;]*c)/g;

/** Shows `lines`; true when they were seen to the end. */
export async function page(lines: string[], things: Page['things'] = []): Promise<boolean> {
  const { stdin, stdout } = process;
  const height = () => (stdout.rows || 24) - 1;
  let at = 0;
  const show = (count: number): void => {
    for (const line of lines.slice(at, at + count)) {
      say(line);
      at++;
      drawPicture(at);
    }
  };
  /** Over the lines that were left free for it, as soon as the last of them is there. */
  const drawPicture = (end: number): void => {
    for (const thing of things)
      if (thing.kind === 'picture' && thing.end === end)
        stdout.write(
          `\u001b7\u001b[${thing.end - thing.line}A\r${thing.column > 0 ? `\u001b[${thing.column}C` : ''}${thing.draw}\u001b8`,
        );
  };
  if (!isTerminal() || !stdin.isTTY || process.env['CI'] || lines.length <= height()) {
    // One write, so that a reader that goes away ends it once.
    if (!isTerminal() || !things.some(({ kind }) => kind === 'picture')) say(lines.join('\n'));
    else show(lines.length);
    return true;
  }
  show(height());
  stdin.setRawMode(true);
  stdin.resume();
  try {
    while (at < lines.length) {
      const percent = Math.round((at / lines.length) * 100);
      stdout.write(paint().dim(`── ${percent} % · space: on · enter: a line · G: all · q: stop `));
      const key = await keyPress();
      stdout.write('\r\u001b[2K');
      if (key === '\u0003') process.exitCode = EXIT.interrupted;
      if (key === 'q' || key === '\u0003' || key === '\u001b') return false;
      if (key === '\r' || key === '\n' || key === 'j' || key === '\u001b[B') show(1);
      else if (key === 'G') show(lines.length);
      else show(Math.max(1, height() - 1));
    }
    return true;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

function keyPress(): Promise<string> {
  return new Promise((done) => {
    const onData = (data: Buffer): void => {
      const key = data.toString('utf8').replace(ANSWERS, '');
      if (key === '') return;
      process.stdin.off('data', onData);
      done(key);
    };
    process.stdin.on('data', onData);
  });
}
