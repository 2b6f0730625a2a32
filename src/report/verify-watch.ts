/** A watched verdict, as a screen and as one line a change. Pure. */
import { line } from '../text.ts';
import type { ModuleResult, Result, Status } from '../verify/types.ts';
import { moduleLines, scoreLine } from './verify.ts';

/** What is to be said about the last look. */
export interface Round {
  /** `14:03:22` */
  at: string;
  modules: ModuleResult[];
  /** What changed before it; empty at the first. */
  what: string[];
}

export interface ScreenLook {
  rows: number;
  /** Breaks a line where it is too wide. */
  broken: (text: string) => string[];
  paint: (status: Status, text: string) => string;
  strong: (text: string) => string;
  faint: (text: string) => string;
}

/** `changed: the rule "NewOrder", the workflow OrderProcessorWorkflow` */
export const changedWords = (what: readonly string[]): string =>
  `changed: ${what.slice(0, 4).map(line).join(', ')}${what.length > 4 ? ` and ${what.length - 4} more` : ''}`;

/**
 * The whole screen, never more rows than there are: what passes is left out first, then it is cut. `status`: what goes on.
 */
export function watchScreen(round: Round | undefined, title: string, status: string, look: ScreenLook): string[] {
  const { rows, broken, paint, strong, faint } = look;
  const head = [
    ...broken(
      `${strong(title)}  ${round ? `${scoreLine(round.modules)}  ${faint(`judged ${round.at}`)}` : ''}`.trimEnd(),
    ),
    ...broken(faint(status)),
    '',
  ];
  if (!round) return head.slice(0, rows);
  const changed = round.what.length > 0 ? [...broken(changedWords(round.what)), ''] : [];
  const body = (keep: (result: Result) => boolean): string[] =>
    round.modules.flatMap((result) =>
      moduleLines({ ...result, checks: result.checks.filter(keep) }, paint, result.checks.length).flatMap(broken),
    );
  const room = rows - head.length - changed.length;
  const all = body(() => true);
  const shown = all.length <= room ? all : body(({ status: one }) => one !== 'pass');
  const cut =
    shown.length <= room ? shown : [...shown.slice(0, Math.max(0, room - 1)), faint('… (a taller window shows more)')];
  return [...head, ...changed, ...cut].slice(0, rows);
}

/** One line: what changed, the score, and which checks are now judged otherwise. */
export function changeLine({ at, modules, what }: Round, before: ModuleResult[]): string {
  const old = new Map(before.flatMap(({ checks }) => checks.map(({ id, status }) => [id, status])));
  const other = modules.flatMap(({ checks }) => checks).filter(({ id, status }) => old.get(id) !== status);
  const words: Record<Status, string> = {
    pass: 'now passes',
    fail: 'now fails',
    waiting: 'now waits',
    error: 'cannot be judged now',
  };
  const news = (['pass', 'fail', 'waiting', 'error'] as const).flatMap((status) => {
    const some = other.filter((result) => result.status === status);
    const told = some.map(({ id, found }) => (status === 'fail' || status === 'error' ? `${id} (${line(found)})` : id));
    return some.length === 0 ? [] : [`${words[status]}: ${told.join(', ')}`];
  });
  const verdict = news.length > 0 ? news.join('; ') : 'judged as before';
  return `${at}  ${what.length > 0 ? changedWords(what) : 'judged again'} · ${scoreLine(modules)} · ${verdict}`;
}
