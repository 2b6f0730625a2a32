/** A fleet at work, shown: totals, the failed and the slow where there is a terminal; else one line a change. */
import type { Attendee, FleetEvent, Result } from '../fleet/index.ts';
import { MARKS, resultLine, totals } from '../report/fleet.ts';
import { isTerminal, tell, width } from '../terminal.ts';
import { duration, line } from '../text.ts';

/** Lines under the totals: never as many as a room has people. */
const ROWS = 10;
const REDRAW_MS = 200;

/** One picture that is drawn anew, or a line a change? */
export const showsLive = (quiet: boolean): boolean =>
  !quiet && isTerminal() && process.stderr.isTTY === true && !process.env['CI'];

/** Passes the events on as results while they are shown. */
export async function showFleet(
  events: AsyncIterable<FleetEvent>,
  total: number,
  quiet: boolean,
  keep: (event: FleetEvent) => void,
): Promise<Result[]> {
  return showsLive(quiet) ? showLive(events, total, keep) : showLines(events, quiet, keep);
}

async function showLines(
  events: AsyncIterable<FleetEvent>,
  quiet: boolean,
  keep: (event: FleetEvent) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  for await (const event of events) {
    keep(event);
    if (event.kind !== 'ended') continue;
    results.push(event.result);
    if (!quiet) tell(`${resultLine(event.result)}${event.again ? ' (done by the earlier run)' : ''}`);
  }
  return results;
}

interface Running {
  attendee: Attendee;
  since: number;
  news: string;
}

async function showLive(
  events: AsyncIterable<FleetEvent>,
  total: number,
  keep: (event: FleetEvent) => void,
): Promise<Result[]> {
  const { Listr } = await import('listr2');
  const results: Result[] = [];
  const running = new Map<string, Running>();
  let drawn = 0;
  const list = new Listr(
    [
      {
        title: `${total} accounts`,
        // One entry, of many lines: of more entries the earlier pictures would stay on the screen.
        rendererOptions: { outputBar: 1 },
        task: async (_: unknown, task: { title: string; output: string }) => {
          const draw = (): void => {
            drawn = Date.now();
            task.title = totals(results, running.size, total - results.length - running.size);
            task.output = rows(results, [...running.values()], drawn).join('\n');
          };
          const tick = setInterval(draw, 1_000);
          try {
            for await (const event of events) {
              keep(event);
              note(event, results, running);
              if (Date.now() - drawn > REDRAW_MS) draw();
            }
          } finally {
            clearInterval(tick);
          }
          task.title = totals(results);
          task.output = '';
        },
      },
    ],
    {
      renderer: 'default',
      exitOnError: true,
      // Ctrl-C is answered by the run: it ends what is under way, writes the journal and says how to go on.
      registerSignalListeners: false,
    },
  );
  await list.run();
  return results;
}

function note(event: FleetEvent, results: Result[], running: Map<string, Running>): void {
  const { account } = event.attendee;
  if (event.kind === 'started') running.set(account, { attendee: event.attendee, since: event.at, news: '' });
  else if (event.kind === 'news') {
    const found = running.get(account);
    if (found) found.news = event.text;
  } else {
    running.delete(account);
    results.push(event.result);
  }
}

/** The failed, then those that take longest: always the same number of lines, so that the picture stands still. */
function rows(results: Result[], running: Running[], now: number): string[] {
  // Beside the list's own margins: a line that it breaks would push the picture down at every drawing.
  const wide = width() - 6;
  const bad = results.filter(({ outcome }) => outcome !== 'done').slice(-ROWS / 2);
  const slow = running.sort((a, b) => a.since - b.since).slice(0, ROWS - bad.length);
  const lines = [
    ...bad.map((result) => resultLine(result)),
    ...slow.map(
      ({ attendee, since, news }) =>
        `${MARKS.stopped} ${attendee.account}  ${line(attendee.name)}  ${duration(now - since)}  ${line(news)}`,
    ),
  ].map((text) => text.slice(0, wide));
  return [...lines, ...Array.from({ length: ROWS - lines.length }, () => ' ')];
}
