/**
 * The real binary in a real terminal: `script` of util-linux (essential on Debian) opens the pty, keys go in by its standard
 * input, and what comes out is drawn on a small screen, so that a test sees what a person would see.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import stringWidth from 'string-width';

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const SCRIPT = '/usr/bin/script';

export interface PtyOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
  /** Where it runs and keeps what it remembers. */
  home: string;
  /** What the terminal answers when it is asked for its ground; by default it does not answer. */
  ground?: string;
}

interface Drawn {
  rows: string[][];
  x: number;
  y: number;
}

/** What a terminal shows after the bytes that it was sent: the two screens, cursor moves, erasing, scrolling; looks are left out. */
class Screen {
  columns: number;
  rows: number;
  /** How often a line ran over the edge. */
  overruns = 0;
  #main: Drawn = { rows: [], x: 0, y: 0 };
  #alternate: Drawn | undefined;
  #rest = '';

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  get onAlternate(): boolean {
    return this.#alternate !== undefined;
  }

  /** The rows that are seen, without spaces at their ends. */
  lines(): string[] {
    const { rows } = this.#alternate ?? this.#main;
    return Array.from({ length: this.rows }, (_, at) => (rows[at] ?? []).join('').trimEnd());
  }

  write(bytes: string): void {
    const text = this.#rest + bytes;
    const token =
      /\u001b\[([?>=]?)([\d;]*)([@-~])|\u001b[\]P_^][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[^[\]P_^]|[\r\n\b\u0007]|[^\u001b\r\n\b\u0007]+/gy;
    let end = 0;
    for (let match = token.exec(text); match; match = token.exec(text)) {
      end = token.lastIndex;
      this.#take(match[0], match[1] ?? '', match[2] ?? '', match[3]);
    }
    // An escape sequence that came only half.
    this.#rest = text.slice(end);
  }

  #take(token: string, mark: string, numbers: string, final: string | undefined): void {
    const on = this.#alternate ?? this.#main;
    if (final !== undefined) {
      const [first, second] = numbers.split(';').map(Number);
      if (mark === '?' && numbers === '1049') {
        if (final === 'h') this.#alternate = { rows: [], x: 0, y: 0 };
        else this.#alternate = undefined;
      } else if (final === 'H') {
        on.y = Math.min(this.rows, first || 1) - 1;
        on.x = Math.min(this.columns, second || 1) - 1;
      } else if (final === 'A') on.y = Math.max(0, on.y - (first || 1));
      else if (final === 'K') on.rows[on.y] = (on.rows[on.y] ?? []).slice(0, first === 2 ? 0 : on.x);
      else if (final === 'J')
        on.rows = first === 2 ? [] : [...on.rows.slice(0, on.y), (on.rows[on.y] ?? []).slice(0, on.x)];
    } else if (token === '\r') on.x = 0;
    else if (token === '\n') this.#down(on);
    else if (token === '\b') on.x = Math.max(0, on.x - 1);
    else if (!token.startsWith('\u001b') && token !== '\u0007')
      for (const letter of token) {
        const wide = stringWidth(letter);
        if (on.x + wide > this.columns) {
          this.overruns++;
          on.x = 0;
          this.#down(on);
        }
        on.rows[on.y] ??= [];
        const row = on.rows[on.y] as string[];
        while (row.length < on.x) row.push(' ');
        row[on.x] = letter;
        if (wide === 2) row[on.x + 1] = '';
        on.x += wide;
      }
  }

  #down(on: Drawn): void {
    if (on.y < this.rows - 1) on.y++;
    else on.rows = Array.from({ length: this.rows }, (_, at) => on.rows[at + 1] ?? []);
  }
}

/** `presso …` in a terminal of its own. Every wait ends as soon as the screen shows what it waits for. */
export class Pty {
  readonly screen: Screen;
  /** Every byte that came out. */
  raw = '';
  readonly ended: Promise<number>;
  #child: ChildProcess;
  #changed: (() => void)[] = [];
  #ttyFile: string;

  constructor(args: readonly string[], options: PtyOptions) {
    if (!existsSync(SCRIPT))
      throw new Error(`${SCRIPT} is missing: it opens the terminal of this test (Debian: apt install bsdutils).`);
    const { columns = 80, rows = 24, home } = options;
    this.screen = new Screen(columns, rows);
    this.#ttyFile = path.join(mkdtempSync(path.join(tmpdir(), 'presso-pty-')), 'tty');
    const quoted = [process.execPath, BINARY, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const inside = `tty > '${this.#ttyFile}'; stty rows ${rows} cols ${columns}; echo before; ${quoted}; code=$?; echo "ended $code, $(stty | tr '\\n' ' ' | grep -o -- '-icanon\\|-echo\\b' | tr '\\n' ' ')after"; exit $code`;
    const kept = Object.entries(process.env).filter(
      ([name]) =>
        !/^(AWS_|PRESSO_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST|DEBUG$|CI$|TERM|COLORFGBG$|KITTY|WEZTERM|VTE|TMUX|STY$)/.test(
          name,
        ),
    );
    this.#child = spawn(SCRIPT, ['-qfec', inside, '/dev/null'], {
      cwd: home,
      env: { ...Object.fromEntries(kept), TERM: 'xterm-256color', SHELL: '/bin/sh', PRESSO_HOME: home, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let asked = false;
    const take = (text: string): void => {
      this.raw += text;
      if (options.ground && !asked && this.raw.includes('\u001b[c')) {
        asked = true;
        this.type(`\u001b]11;rgb:${options.ground}\u001b\\\u001b[?62;22c`);
      }
      this.screen.write(text);
      for (const look of this.#changed.splice(0)) look();
    };
    this.#child.stdout?.setEncoding('utf8').on('data', take);
    this.#child.stderr?.setEncoding('utf8').on('data', take);
    this.ended = new Promise((done, fail) => {
      this.#child.once('error', fail);
      this.#child.once('close', (code) => {
        done(code ?? -1);
        for (const look of this.#changed.splice(0)) look();
      });
    });
  }

  /** What is seen, as one text. */
  text(): string {
    return this.screen.lines().join('\n').trimEnd();
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Until the screen shows it; after 20 s an error that shows the screen. */
  async until(what: string | RegExp | ((text: string) => boolean)): Promise<string> {
    const fits = (): boolean => {
      const text = this.text();
      return typeof what === 'string' ? text.includes(what) : what instanceof RegExp ? what.test(text) : what(text);
    };
    const end = Date.now() + 20_000;
    while (!fits()) {
      const left = end - Date.now();
      if (left <= 0 || this.#child.exitCode !== null)
        throw new Error(
          `The screen never showed ${String(what)}${left > 0 ? ', and presso ended' : ''}:\n${this.text()}`,
        );
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left);
        this.#changed.push(() => {
          clearTimeout(timer);
          done();
        });
      });
    }
    return this.text();
  }

  /** Types, and waits until the screen shows what should come of it. */
  press(keys: string, then: string | RegExp | ((text: string) => boolean)): Promise<string> {
    this.type(keys);
    return this.until(then);
  }

  /** As when a person pulls at the window's corner. */
  resize(columns: number, rows: number): void {
    this.screen.columns = columns;
    this.screen.rows = rows;
    const tty = readFileSync(this.#ttyFile, 'utf8').trim();
    execFileSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)]);
  }

  close(): void {
    this.#child.kill('SIGKILL');
    rmSync(path.dirname(this.#ttyFile), { recursive: true, force: true });
  }
}
