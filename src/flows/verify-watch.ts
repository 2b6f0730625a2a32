/** `presso verify --watch`: judges again when something changed, on one screen or one line a change. Only reads. */
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import { verifyDocument } from '../report/verify.ts';
import { changeLine, type Round, watchScreen } from '../report/verify-watch.ts';
import type { Target } from '../target/index.ts';
import { fitted, interrupted, isTerminal, onInterrupt, paint, say, tell, width } from '../terminal.ts';
import { duration } from '../text.ts';
import { type Checklist, type Facts, factsOf, type ModuleResult, verify } from '../verify/index.ts';
import { type Pace, watchAccount, watchFile } from '../verify/watch/watch.ts';
import {
  begun,
  chosenChecks,
  colours,
  explainFor,
  type Place,
  placeOf,
  readDefinition,
  remember,
  sayResult,
  type VerifyOptions,
  writeJunit,
} from './verify.ts';
import { courseChecks } from './course-checks.ts';
import { pauseUntil } from './pause.ts';
import { refuseUnwritable } from './writable.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const JUDGING = 'judging …';
const WAITING = 'Waits for a change; Ctrl-C ends it.';
const clock = (): string => new Date().toTimeString().slice(0, 8);

/** What one look needs; thrown as a PressoError when it cannot be judged at all just now. */
interface Subject {
  lists: Checklist[];
  facts: Facts;
  place: Place;
}
type Explain = (error: unknown) => { found: string; hint: string };

/** Watches the account until Ctrl-C. */
export async function watchTarget(
  connection: Connection,
  target: Target,
  options: VerifyOptions,
  pace?: Pace,
): Promise<void> {
  const chosen = chosenChecks(options.module, courseChecks(options.checks, 'presso verify --watch'));
  refuseUnwritable(options.junit, 'presso verify --watch --junit FILE');
  const explain = explainFor(target);
  await watching(options, async (round, status, signal) => {
    for await (const seen of watchAccount(connection, timeOf(signal), signal, pace)) {
      if (seen.kind === 'well') {
        status(WAITING);
        continue;
      }
      if (seen.kind === 'trouble') {
        const { code, message, hint } = told(seen.error, explain);
        // Nothing will get better by waiting.
        if (/^(expired|no-credentials|bad-credentials)$/.test(code)) throw new PressoError(code, message, { hint });
        status(`${message} Next look in ${duration(seen.pause)}.`);
        continue;
      }
      await round(
        seen.what,
        async () => {
          const facts = factsOf(connection);
          const lists = await begun(chosen, facts, options.module);
          return { lists, facts, place: await placeOf(target, facts) };
        },
        explain,
      );
    }
  });
}

const told = (error: unknown, explain: Explain): { code: string; message: string; hint: string } => {
  const { found, hint, code = '' } = explain(error) as ReturnType<Explain> & { code?: string };
  return { code, message: found, hint };
};

/** Watches a workflow file until Ctrl-C; one that is no definition just now is said to be none. */
export async function watchDefinition(file: string, options: VerifyOptions): Promise<void> {
  // What cannot be judged at the start is refused, as without --watch.
  readDefinition(file, options);
  let first = true;
  await watching(options, async (round, _status, signal) => {
    for await (const _ of watchFile(file, timeOf(signal), signal)) {
      await round(
        first ? [] : [file],
        () => Promise.resolve(readDefinition(file, options)),
        (error) => {
          throw error;
        },
      );
      first = false;
    }
  });
}

type RoundOf = (what: string[], subject: () => Promise<Subject>, explain: Explain) => Promise<void>;

/** Runs a watch and shows its rounds; ends with Ctrl-C, and then with 130. */
async function watching(
  options: VerifyOptions,
  work: (round: RoundOf, status: (text: string) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const over = onInterrupt(() => stop.abort());
  const view = viewOf(options);
  let last: Round | undefined;
  let rounds = 0;
  try {
    const round: RoundOf = async (what, subject, explain) => {
      view.status(JUDGING);
      let place: Place;
      const modules: ModuleResult[] = [];
      try {
        const { lists, facts, place: at } = await subject();
        place = at;
        for await (const result of verify(lists, facts, explain)) modules.push(result);
      } catch (error) {
        if (!(error instanceof PressoError)) throw error;
        return view.trouble(what, error);
      }
      if (stop.signal.aborted) return;
      rounds++;
      const before = last;
      last = { at: clock(), modules, what };
      view.judged(last, before, place);
      if (place.kind !== 'definition') remember(place, modules);
      if (options.junit !== undefined) writeJunit(options.junit, modules);
    };
    await work(round, (text) => view.status(text), stop.signal);
  } finally {
    view.end();
    over();
  }
  if (!options.json && isTerminal() && last) sayResult(last.modules);
  throw options.json
    ? new PressoError('quiet', 'The watch has ended.', { hint: '', exit: EXIT.interrupted })
    : interrupted(`The watch has ended; it was judged ${rounds === 1 ? 'once' : `${rounds} times`}.`, 'presso verify');
}

const timeOf = (signal: AbortSignal) => ({ now: () => Date.now(), sleep: pauseUntil(signal) });

interface View {
  status(text: string): void;
  judged(round: Round, before: Round | undefined, place: Place): void;
  trouble(what: string[], error: PressoError): void;
  end(): void;
}

function viewOf(options: VerifyOptions): View {
  if (options.json) return jsonView();
  return isTerminal() && !process.env['CI'] ? screenView(options) : lineView();
}

/** One document a line, each as `presso verify --json` has it, with the time and what changed. */
function jsonView(): View {
  return {
    status() {},
    judged: ({ modules, what }, _before, place) =>
      say(JSON.stringify({ at: new Date().toISOString(), changed: what, ...verifyDocument(place, modules) })),
    trouble: (what, { code, message, hint }) =>
      say(JSON.stringify({ at: new Date().toISOString(), changed: what, error: { code, message, hint } })),
    end() {},
  };
}

/** Everything at first, then one line a change. */
function lineView(): View {
  let said = '';
  return {
    status(text) {
      if (text !== JUDGING && text !== WAITING && text !== said) tell(`${clock()}  ${text}`);
      said = text;
    },
    judged(round, before) {
      if (!before) sayResult(round.modules);
      else if (round.what.length > 0 || changeLine(round, before.modules).endsWith('judged as before') === false)
        say(changeLine(round, before.modules));
    },
    trouble: (_what, { message }) => say(`${clock()}  ${message}`),
    end() {},
  };
}

/** Redraws one screen in place. */
function screenView({ module }: VerifyOptions): View {
  const { stdout } = process;
  const c = paint();
  const title = ['presso verify', module, '--watch'].filter(Boolean).join(' ');
  let round: Round | undefined;
  let status = JUDGING;
  const draw = (): void => {
    const columns = width();
    const rows = watchScreen(round, title, status, {
      rows: Math.max(4, stdout.rows || 24),
      broken: (text) => fitted(text, columns).split('\n'),
      paint: colours(),
      strong: (text) => c.bold(text),
      faint: (text) => c.dim(text),
    });
    stdout.write(`\u001b[H${rows.map((row) => `${row}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  // However the process ends, the terminal is given back.
  const leave = (): void => void stdout.write(LEAVE);
  process.once('exit', leave);
  stdout.write(ENTER);
  stdout.on('resize', draw);
  draw();
  const show = (text: string): void => {
    status = text;
    draw();
  };
  return {
    status: show,
    judged(next) {
      // A change stays on the screen until the next one.
      round = next.what.length > 0 || !round ? next : { ...next, what: round.what };
      show(WAITING);
    },
    trouble: (_what, { message }) => show(message),
    end() {
      stdout.off('resize', draw);
      process.off('exit', leave);
      leave();
    },
  };
}
