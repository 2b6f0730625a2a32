/** `presso fleet watch`: how far everybody is, kept up to date in the terminal and in the browser. Only reads. */
import type { Sessions } from '../aws/assume.ts';
import type { Connection } from '../aws/connection.ts';
import { isThrottled } from '../aws/failure.ts';
import { EXIT, PressoError } from '../errors.ts';
import { attend, openJournal, type Operation, watchFleet } from '../fleet/index.ts';
import { checksDir } from '../paths.ts';
import { courseLines, fleetDocument, toHtml, toHtmlMain } from '../report/fleet.ts';
import {
  changeLine,
  note,
  screen,
  standsFor,
  startWatched,
  type Watched,
  watchSummary,
  whereLine,
} from '../report/fleet-watch.ts';
import { homeFolder, type Target } from '../target/index.ts';
import { interrupted, isTerminal, onInterrupt, paint, say, sayJson, tell, width } from '../terminal.ts';
import { count, line } from '../text.ts';
import { chooseAmong, explainOf, inRosterOrder } from './fleet.ts';
import { verifyWork } from './fleet-operations.ts';
import { servePage } from './fleet-page.ts';
import { openRoster, type Room, roomWords, tellRoster } from './fleet-roster.ts';
import { chosenChecks } from './verify.ts';

export interface WatchRun {
  connection: Connection;
  target: Target;
  room: Room;
  only: string[];
  group: string | undefined;
  module: string | undefined;
  concurrency: number;
  /** seconds between two visits of one account */
  every: number;
  /** undefined: the usual one, or any other when that is taken */
  port: number | undefined;
  json: boolean;
}

export const WATCH_PORT = 4590;
/** One visit may take so long (milliseconds); the next one tries again. */
const VISIT_MS = 120_000;
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const REDRAW_MS = 250;

export async function watch(run: WatchRun): Promise<void> {
  const { roster, own, unguarded } = await openRoster(run.connection, run.room, 'watch');
  if (!run.json) tellRoster(roster, unguarded);
  const chosen = chooseAmong(roster, { only: run.only, group: run.group, room: run.room });
  const lists = chosenChecks(run.module, checksDir());
  const watched = startWatched(roster.name, chosen.length);
  const known = () => inRosterOrder([...watched.results.values()], roster);
  const pageOptions = () => ({
    when: new Date().toLocaleString(),
    ...(watched.results.size < watched.total
      ? { note: `${count(watched.total - watched.results.size, 'account')} still to be looked at` }
      : {}),
    since: (account: string) => standsFor(watched, account, Date.now()),
  });
  const content = {
    page: (script: string) => toHtml(roster.name, 'watch', known(), { ...pageOptions(), script }),
    main: () => toHtmlMain(roster.name, 'watch', known(), pageOptions()),
  };
  const page = await servePage(content, run.port ?? WATCH_PORT).catch((error: unknown) => {
    if (run.port !== undefined || !(error instanceof PressoError) || error.code !== 'port-in-use') throw error;
    return servePage(content, 0);
  });
  const journal = openJournal(homeFolder(process.env), {
    fleet: roster.name,
    operation: 'verify',
    what: { module: run.module ?? '', watch: true },
    started: new Date().toISOString(),
    accounts: chosen.length,
  });
  const stop = new AbortController();
  const over = onInterrupt(() => stop.abort());
  const view = viewOf(watched, run, page.address, stop.signal);
  const sessions = new Map<string, Sessions>();
  const throttled = new Set<string>();
  const explain = explainOf(run);
  const operation: Operation = async (attendee, tools) => {
    const { account } = attendee;
    throttled.delete(account);
    const heard = (error: unknown): unknown => {
      if (isThrottled(error)) throttled.add(account);
      return error;
    };
    const told = (error: unknown) => ({ found: explain(heard(error)).summary, hint: 'presso fleet list' });
    const work = verifyWork(lists, told, run.module === undefined);
    const options = { base: run.connection, roster, own, now: Date.now, sessions };
    try {
      return await attend(attendee, false, options, tools.signal, (attended) => work(attended, tools));
    } catch (error) {
      throw heard(error);
    }
  };
  try {
    const events = watchFleet(chosen, operation, {
      concurrency: run.concurrency,
      every: run.every * 1_000,
      timeLimit: VISIT_MS,
      signal: stop.signal,
      now: Date.now,
      timer: (ms, fire) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      explain,
      throttled: (account) => throttled.has(account),
    });
    for await (const event of events) {
      const before = watched.results.size;
      const change = note(watched, event);
      if (change) {
        journal.end(change.result);
        page.changed();
      }
      view.saw(change, before);
    }
    journal.finish();
  } finally {
    view.end();
    page.close();
    over();
  }
  if (run.json) sayJson(fleetDocument(roster.name, 'watch', known()));
  else for (const text of courseLines(known())) say(text);
  const ended = interrupted(
    `The watch of ${line(roster.name)} has ended after ${count(watched.visits, 'visit')}: ${watchSummary(watched)}.`,
    `presso fleet report ${roomWords(run.room)}   (tells it again)`,
  );
  // The document stands already; a second one would make it unreadable.
  throw run.json ? new PressoError('quiet', ended.message, { hint: ended.hint, exit: EXIT.interrupted }) : ended;
}

interface View {
  saw(change: ReturnType<typeof note>, before: number): void;
  end(): void;
}

const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

function viewOf(watched: Watched, run: WatchRun, address: string, signal: AbortSignal): View {
  if (run.json) return { saw() {}, end() {} };
  const live = isTerminal() && Boolean(process.stderr.isTTY) && !process.env['CI'];
  return live ? screenView(watched, run, address, signal) : lineView(watched, address);
}

/** Redraws one screen in place. */
function screenView(watched: Watched, run: WatchRun, address: string, signal: AbortSignal): View {
  const { stdout } = process;
  const c = paint();
  let drawn = 0;
  const draw = (): void => {
    drawn = Date.now();
    const rows = screen(watched, {
      columns: width() - 1,
      rows: Math.max(4, (stdout.rows || 24) - 1),
      now: drawn,
      clock,
      every: run.every * 1_000,
      address,
      strong: (text) => c.bold(text),
      faint: (text) => c.dim(text),
      alarm: (text) => c.yellow(text),
    });
    if (signal.aborted) rows[1] = 'Stopping: what is under way finishes its calls …';
    stdout.write(`\u001b[H${rows.map((row) => `${row}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  stdout.write(ENTER);
  draw();
  const tick = setInterval(draw, 1_000);
  signal.addEventListener('abort', draw, { once: true });
  stdout.on('resize', draw);
  // However the process ends, the terminal is given back.
  const leave = (): void => void stdout.write(LEAVE);
  process.once('exit', leave);
  return {
    saw() {
      if (Date.now() - drawn > REDRAW_MS) draw();
    },
    end() {
      clearInterval(tick);
      stdout.off('resize', draw);
      signal.removeEventListener('abort', draw);
      process.off('exit', leave);
      leave();
    },
  };
}

/** One line a change; the first round in quarters, so that a room is not 160 lines. */
function lineView(watched: Watched, address: string): View {
  say(address);
  let told = 0;
  return {
    saw(change, before) {
      const now = watched.results.size;
      const first = change !== undefined && change.from === undefined;
      if (change && (!first || change.result.outcome !== 'failed' || watched.total <= 20))
        tell(changeLine(change, clock));
      if (now === before) return;
      const quarter = Math.floor((4 * now) / watched.total);
      if (now > 1 && quarter === told) return;
      told = quarter;
      tell(`${clock(Date.now())}  ${whereLine(watched)}`);
    },
    end() {},
  };
}
