/** A long text at a terminal, a screen at a time; into a pipe all at once. */
import { isTerminal, paint, say } from '../terminal.ts';

/** What this terminal can show: colours, on which ground, and links to click. */
export function terminalLooks(colour: boolean): { colour: boolean; theme: 'dark' | 'light'; links: boolean } {
  const { env } = process;
  // COLORFGBG is `foreground;background`; 7 and 15 are the light grounds of the sixteen colours.
  const ground = (env['COLORFGBG'] ?? '').split(';').at(-1);
  const theme =
    env['PRESSO_THEME'] === 'light' || (env['PRESSO_THEME'] !== 'dark' && /^(7|15)$/.test(ground ?? ''))
      ? 'light'
      : 'dark';
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
  return { colour, theme, links };
}

/** Shows `lines`; true when they were seen to the end. */
export async function page(lines: string[]): Promise<boolean> {
  const { stdin, stdout } = process;
  const height = () => (stdout.rows || 24) - 1;
  if (!isTerminal() || !stdin.isTTY || process.env['CI'] || lines.length <= height()) {
    // One write, so that a reader that goes away ends it once.
    say(lines.join('\n'));
    return true;
  }
  let at = 0;
  const show = (count: number): void => {
    for (const line of lines.slice(at, at + count)) say(line);
    at += count;
  };
  show(height());
  stdin.setRawMode(true);
  stdin.resume();
  try {
    while (at < lines.length) {
      const percent = Math.round((at / lines.length) * 100);
      stdout.write(paint().dim(`── ${percent} % · space: on · enter: a line · G: all · q: stop `));
      const key = await keyPress();
      stdout.write('\r\u001b[2K');
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
    process.stdin.once('data', (data: Buffer) => done(data.toString('utf8')));
  });
}
