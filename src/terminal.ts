/**
 * The only writer. How presso speaks:
 * - Results go to standard output, everything about the way there to standard error: a pipe gets the result alone.
 * - An error is one sentence, then the next command to type. No stack unless DEBUG is set.
 * - Colour only for emphasis, never the only carrier of meaning; none with NO_COLOR, --no-color, or without a terminal.
 * - A question is asked only where there is a terminal on both sides; else the flag that answers it is named.
 */
import { Ansis } from 'ansis';
import { EXIT, PressoError } from './errors.ts';
import { clean, line } from './text.ts';

let colour = false;
let jsonWanted = false;
let measures: { width: (text: string) => number; wrap: (text: string, columns: number) => string } | undefined;

/** Loads what breaks lines, for a terminal only: `--version` and pipes start without it. */
export async function prepareLines(): Promise<void> {
  const [{ default: stringWidth }, { default: wrapAnsi }] = await Promise.all([
    import('string-width'),
    import('wrap-ansi'),
  ]);
  measures = { width: stringWidth, wrap: (text, columns) => wrapAnsi(text, columns, { hard: false, trim: true }) };
}

export function setUpTerminal(argv: readonly string[]): void {
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  jsonWanted = flags.includes('--json');
  colour =
    !flags.includes('--no-color') &&
    !process.env['NO_COLOR'] &&
    process.env['TERM'] !== 'dumb' &&
    (Boolean(process.stdout.isTTY) || Boolean(process.env['FORCE_COLOR']));
  // A reader that goes away (`presso lessons | head`) ends the command quietly.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      // A disk that is full: what was to be said is lost, and that is said.
      if (stream === process.stdout)
        process.stderr.write(`✗ The result cannot be written (${line(error.code ?? error.message)}).\n  Next: df -h\n`);
      process.exit(EXIT.unknown);
    });
}

export const paint = (): Ansis => new Ansis(colour ? 1 : 0);
export const interactive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY) && !process.env['CI'];
export const isTerminal = (): boolean => Boolean(process.stdout.isTTY);
export const width = (): number => Math.max(20, process.stdout.columns || 80);

/** A result, on standard output. */
export function say(text = ''): void {
  process.stdout.write(`${process.stdout.isTTY ? fitted(text, width()) : text}\n`);
}

/** News on the way, on standard error; nothing when --json was asked, so that logs stay clean. */
export function tell(text = ''): void {
  if (!jsonWanted)
    process.stderr.write(`${process.stderr.isTTY ? fitted(text, process.stderr.columns || 80) : text}\n`);
}

/**
 * Lines no wider than the terminal, broken between words; what follows is set under the last column of the line (the last
 * gap of two spaces or more in its first half). A word that is longer than a line stays whole, so that it can be copied.
 */
export function fitted(text: string, columns: number): string {
  if (!measures) return text;
  const { width: widthOf, wrap } = measures;
  return text
    .split('\n')
    .map((row) => {
      if (widthOf(row) <= columns) return row;
      const lead =
        /^.*[^ ] {2,}(?=[^ ])/.exec(row.slice(0, Math.floor(columns / 2)))?.[0] ?? /^ */.exec(row)?.[0] ?? '';
      const hang = widthOf(lead);
      const body = wrap(row.slice(lead.length), Math.max(20, columns - hang));
      return lead + body.split('\n').join(`\n${' '.repeat(hang)}`);
    })
    .join('\n');
}

export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export type Answer = 'yes' | 'no';

/**
 * Asks before something is changed. `--yes` answers; with nobody to ask the command is refused, and nothing has happened.
 */
export async function confirm(question: string, options: { yes: boolean; command: string }): Promise<Answer> {
  if (options.yes) return 'yes';
  if (!interactive())
    throw new PressoError(
      'not-confirmed',
      'This changes things and there is no terminal to ask at; nothing was done.',
      {
        hint: `${options.command} --yes`,
      },
    );
  const { default: enquirer } = await import('enquirer');
  const answer = await prompt(() =>
    enquirer.prompt<{ ok: boolean }>({ type: 'confirm', name: 'ok', message: question, initial: false }),
  );
  return answer.ok ? 'yes' : 'no';
}

/** Lets a person choose one of several; with nobody to ask the flags that choose are named. */
export async function choose<T extends string>(
  question: string,
  choices: { name: T; message: string }[],
  refusal: { sentence: string; hint: string },
): Promise<T> {
  if (!interactive()) throw new PressoError('not-chosen', refusal.sentence, { hint: refusal.hint });
  const { default: enquirer } = await import('enquirer');
  const answer = await prompt(() =>
    enquirer.prompt<{ choice: T }>({ type: 'select', name: 'choice', message: question, choices }),
  );
  return answer.choice;
}

/** Lets a person type a line (an account's alias before a teardown). */
export async function ask(question: string, refusal: { sentence: string; hint: string }): Promise<string> {
  if (!interactive()) throw new PressoError('not-confirmed', refusal.sentence, { hint: refusal.hint });
  const { default: enquirer } = await import('enquirer');
  const answer = await prompt(() =>
    enquirer.prompt<{ text: string }>({ type: 'input', name: 'text', message: question }),
  );
  return answer.text.trim();
}

/** Ctrl-C at a question rejects with an empty reason: that is a wish to stop, not an error. */
async function prompt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!error) throw interrupted('Stopped at the question; nothing was done.', 'presso status');
    throw error;
  }
}

export function interrupted(sentence: string, hint: string): PressoError {
  return new PressoError('interrupted', sentence, { hint, exit: EXIT.interrupted });
}

/**
 * Calls `stop` at the first Ctrl-C; a second one ends the process at once. The listener stays while it is needed: packages
 * that tidy up the terminal end the process themselves when nobody else listens. Answers with what takes it away.
 */
export function onInterrupt(stop: () => void): () => void {
  let asked = false;
  const listener = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    stop();
  };
  process.on('SIGINT', listener);
  return () => void process.removeListener('SIGINT', listener);
}

/** Writes an error as it should be seen and answers with the exit code. */
export function showError(error: unknown): number {
  const known = error instanceof PressoError ? error : fromStranger(error);
  if (known.code === 'quiet') return known.exit;
  const c = paint();
  if (jsonWanted) sayJson({ error: { code: known.code, message: known.message, hint: known.hint } });
  else tell(`${c.red('✗')} ${clean(known.message)}\n  ${c.dim('Next:')} ${clean(known.hint)}`);
  if (process.env['DEBUG'] && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n${error.cause ? String(error.cause) : ''}\n`);
  return known.exit;
}

function fromStranger(error: unknown): PressoError {
  const message = line(error instanceof Error ? error.message : String(error)).replace(/\.*$/, '.');
  return new PressoError('unexpected', `Something presso did not expect: ${message}`, {
    hint: 'DEBUG=1 presso …   (shows where)',
    cause: error,
  });
}
