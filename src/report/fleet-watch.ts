/** A watched fleet: what is known of each, as a screen, as lines of change, as a summary. Pure. */
import type { Attendee, FleetEvent, Result } from '../fleet/index.ts';
import { cut, duration, line } from '../text.ts';
import { MARKS, type ModulesDetail, resultLine, stoppers, totals, whereabouts } from './fleet.ts';

export interface Watched {
  fleet: string;
  total: number;
  /** By account, what the last visit found. */
  results: Map<string, Result>;
  /** By account, since when it stands where it stands (epoch milliseconds). */
  since: Map<string, number>;
  /** By account, what is being looked at now. */
  running: Map<string, { attendee: Attendee; since: number }>;
  visits: number;
}

export const startWatched = (fleet: string, total: number): Watched => ({
  fleet,
  total,
  results: new Map(),
  since: new Map(),
  running: new Map(),
  visits: 0,
});

/** Where somebody stands, in a few words: `module-1 7/12`, `done`, `unknown: AWS refused …`. */
export function placeOf(result: Result): string {
  if (result.outcome !== 'done' && result.outcome !== 'failed') return `${result.outcome}: ${line(result.summary)}`;
  const { modules = [] } = (result.detail as ModulesDetail | undefined) ?? {};
  const at = modules.find(({ passed, total }) => passed < total);
  return at ? `${at.module} ${at.passed}/${at.total}` : 'done';
}

export interface Change {
  result: Result;
  /** Where it stood; undefined at the first visit. */
  from: string | undefined;
  to: string;
}

/** Takes an event in; answers with what changed by it. A visit that was cut off by the end says nothing. */
export function note(watched: Watched, event: FleetEvent): Change | undefined {
  const { account } = event.attendee;
  if (event.kind === 'started') watched.running.set(account, { attendee: event.attendee, since: event.at });
  if (event.kind !== 'ended') return undefined;
  watched.running.delete(account);
  const { result } = event;
  if (result.outcome === 'stopped') return undefined;
  const before = watched.results.get(account);
  watched.visits++;
  watched.results.set(account, result);
  const from = before && placeOf(before);
  const to = placeOf(result);
  if (from === to) return undefined;
  watched.since.set(account, result.ended);
  return { result, from, to };
}

/** `14:05:09`, in the facilitator's own time. */
export type Clock = (ms: number) => string;

export function changeLine({ result, from, to }: Change, clock: Clock): string {
  const mark = result.outcome === 'failed' ? ' ' : MARKS[result.outcome];
  return `${clock(result.ended)}  ${mark} ${result.account}  ${line(result.name)}: ${from === undefined ? '' : `${from} → `}${to}`;
}

/** `setup 3 · module-1 61 · done 20` and how many are not known yet. */
export function whereLine({ results, total }: Watched): string {
  const known = [...results.values()];
  const where = [...whereabouts(known)].map(([module, people]) => `${module} ${people.length}`);
  const blind = known.filter(isBlind).length;
  if (blind > 0) where.push(`${blind} not to be seen`);
  if (results.size < total) where.push(`${total - results.size} still to be looked at`);
  return where.join(' · ');
}

const isBlind = ({ outcome }: Result): boolean => outcome !== 'done' && outcome !== 'failed';

export interface ScreenOptions {
  columns: number;
  rows: number;
  /** epoch milliseconds */
  now: number;
  clock: Clock;
  /** milliseconds between two visits */
  every: number;
  /** Where a browser finds the same. */
  address: string;
  strong: (text: string) => string;
  faint: (text: string) => string;
  alarm: (text: string) => string;
}

/** The whole screen, never more than `rows` lines of `columns`: totals, what stops most, who needs a look first. */
export function screen(watched: Watched, options: ScreenOptions): string[] {
  const { columns, rows, now, clock, every, address, strong, faint, alarm } = options;
  const known = [...watched.results.values()];
  const short = (text: string): string => cut(text, columns);
  const head = [
    strong(short(`${line(watched.fleet)}  ${clock(now)}  ${watched.results.size} of ${watched.total} looked at`)),
    faint(short(`${address}  every ${every / 1_000} s  Ctrl-C ends`)),
    '',
  ];
  const where = bars(watched, columns);
  const room = Math.max(0, rows - head.length - where.length - 2);
  const stops = stoppers(known).slice(0, Math.min(5, Math.floor(room / 3)));
  const stopLines =
    stops.length === 0
      ? []
      : [
          '',
          strong('What stops most of them'),
          ...stops.map(({ id, title, people }) =>
            short(`  ${String(people.length).padStart(4)}  ${id}  ${line(title)}`),
          ),
        ];
  const left = Math.max(0, rows - head.length - where.length - stopLines.length - 2);
  const people = attention(watched, now, columns, alarm);
  const shown = people.slice(0, people.length > left ? left - 1 : left);
  const more = people.length - shown.length;
  return [
    ...head,
    ...where,
    ...stopLines,
    ...(people.length > 0 && left > 1
      ? ['', strong('Who to look at first'), ...shown, ...(more > 0 ? [faint(short(`  … and ${more} more`))] : [])]
      : []),
  ].slice(0, rows);
}

function bars({ results, total }: Watched, columns: number): string[] {
  const known = [...results.values()];
  const widest = Math.max(10, columns - 24);
  const row = (name: string, n: number): string =>
    `  ${name.padEnd(12)} ${String(n).padStart(4)}  ${'█'.repeat(n === 0 ? 0 : Math.max(1, Math.round((n / Math.max(1, total)) * widest)))}`;
  const rows = [...whereabouts(known)].map(([module, people]) => row(module, people.length));
  const blind = known.filter(isBlind).length;
  if (blind > 0) rows.push(row('not seen', blind));
  return rows;
}

/** A visit that takes longer than this is told of (milliseconds). */
const SLOW_MS = 20_000;

/** Those that cannot be seen, then whose visit is slow, then who has stood longest at the same place. */
function attention(watched: Watched, now: number, columns: number, alarm: (text: string) => string): string[] {
  const known = [...watched.results.values()];
  const blind = known.filter(isBlind).map((result) => alarm(cut(`  ${resultLine(result)}`, columns)));
  const slow = [...watched.running.values()]
    .filter(({ since }) => now - since > SLOW_MS)
    .sort((a, b) => a.since - b.since)
    .map(({ attendee, since }) =>
      alarm(cut(`  ! ${attendee.account}  ${line(attendee.name)}: slow, for ${duration(now - since)} now`, columns)),
    );
  const standing = known
    .filter(({ outcome }) => outcome === 'failed')
    .sort((a, b) => minutesAt(watched, b.account, now) - minutesAt(watched, a.account, now) || passed(a) - passed(b))
    .map((result) =>
      cut(
        `    ${result.account}  ${line(result.name)}: ${placeOf(result)}  ${standsFor(watched, result.account, now)}`,
        columns,
      ),
    );
  return [...blind, ...slow, ...standing];
}

const minutesAt = ({ since }: Watched, account: string, now: number): number =>
  Math.floor((now - (since.get(account) ?? now)) / 60_000);

const passed = ({ detail }: Result): number =>
  ((detail as ModulesDetail | undefined)?.modules ?? []).reduce((sum, one) => sum + one.passed, 0);

/** `for 12 min`; minutes, so that a page need not change each second. */
export function standsFor(watched: Watched, account: string, now: number): string {
  const minutes = minutesAt(watched, account, now);
  return minutes < 1 ? 'just now' : `for ${minutes} min`;
}

/** What the watch has seen, once it ends. */
export const watchSummary = (watched: Watched): string =>
  watched.results.size === 0
    ? 'nobody was looked at yet'
    : `${totals([...watched.results.values()], 0, 0, 'watch')}; ${whereLine(watched)}`;
