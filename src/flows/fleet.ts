/** `presso fleet …`: the roster, who is asked, the run, the journal, and what is shown at the end. */
import { writeFileSync } from 'node:fs';
import type { Connection } from '../aws/connection.ts';
import { explainAwsError } from '../aws/failure.ts';
import { EXIT, PressoError } from '../errors.ts';
import {
  attend,
  type Attendee,
  continueJournal,
  halfDone,
  type Finding,
  type FleetEvent,
  openJournal,
  type Outcome,
  type PastRun,
  pastRuns,
  type Result,
  type Roster,
  runFleet,
  type Tools,
} from '../fleet/index.ts';
import { checksDir, templatesDir } from '../paths.ts';
import { courseLines, fleetDocument, PLANNED, tableLines, toCsv, toHtml, totals } from '../report/fleet.ts';
import { homeFolder, type Target } from '../target/index.ts';
import { ask, interrupted, onInterrupt, paint, say, sayJson, tell } from '../terminal.ts';
import { clean, count, line, word } from '../text.ts';
import {
  type Entitled,
  listWork,
  type Releases,
  resetWork,
  setupWork,
  teardownWork,
  verifyWork,
  type Work,
} from './fleet-operations.ts';
import { openRoster, readRoster, type Room, roomWords, tellRoster } from './fleet-roster.ts';
import type { SetsAim } from './fleet-stack-sets-hub.ts';
import { showFleet, showsLive } from './fleet-view.ts';
import { chosenChecks } from './verify.ts';
import { notWritable, refuseUnwritable } from './writable.ts';

export type FleetOperation = 'list' | 'setup' | 'verify' | 'reset' | 'teardown';

export interface FleetRun {
  connection: Connection;
  target: Target;
  operation: FleetOperation;
  room: Room;
  only: string[];
  group: string | undefined;
  failed: boolean;
  resume: boolean;
  concurrency: number;
  /** minutes for one account */
  timeLimit: number;
  /** Where the operation goes: the module of a verify, the state of a reset. */
  module: string | undefined;
  /** Plan only. `reset` and `teardown` act only when asked to. */
  dryRun: boolean;
  /** Set up through CloudFormation StackSets instead of the role. */
  sets?: SetsAim | undefined;
  yes: boolean;
  fleet: string | undefined;
  csv: string | undefined;
  html: string | undefined;
  json: boolean;
  /** The command as it was typed, without what confirms it and without the flags named. */
  again: (...without: string[]) => string;
}

export async function fleet(run: FleetRun): Promise<void> {
  refuseFiles(run);
  const { roster, own, unguarded } = await openRoster(run.connection, run.room, run.operation);
  if (!run.json) tellRoster(roster, unguarded);
  const home = homeFolder(process.env);
  const { chosen, earlier } = choose(run, roster, home);
  const changing =
    !run.dryRun && (run.operation === 'setup' || run.operation === 'reset' || run.operation === 'teardown');
  const sets = run.sets && (await openSets(run, run.sets, own));
  if (changing) await confirmFleet(run, roster, chosen);
  const begun = changing ? halfDone(pastRuns(home, roster.name)) : new Set<string>();
  const done = new Map([...(earlier?.results ?? [])].filter(([, { outcome }]) => outcome === 'done'));
  const journal =
    earlier !== undefined
      ? continueJournal(earlier.file)
      : openJournal(home, {
          fleet: roster.name,
          operation: run.operation,
          what: whatOf(run),
          ...(chosen.length < roster.attendees.length ? { chosen: chosen.map(({ account }) => account) } : {}),
          started: new Date().toISOString(),
          accounts: chosen.length,
        });
  const stop = new AbortController();
  const ended = onInterrupt(() => {
    if (!run.json) tell('Stopping: what is under way finishes its calls …');
    stop.abort();
  });
  try {
    const options = {
      concurrency: run.concurrency,
      timeLimit: run.timeLimit * 60_000,
      signal: stop.signal,
      now: Date.now,
      timer: (ms: number, fire: () => void) => {
        const timer = setTimeout(fire, ms);
        return () => clearTimeout(timer);
      },
      explain: explainOf(run),
      ...(earlier ? { done } : {}),
    };
    const enter = (attendee: Attendee, tools: Tools, work: Work): Promise<Finding> =>
      // Who is protected is no target of a stack set, and a dry run says so.
      attend(
        attendee,
        changing || run.sets !== undefined,
        { base: run.connection, roster, own, now: Date.now },
        tools.signal,
        (attended) => work(attended, tools),
      );
    const releases =
      run.operation === 'teardown'
        ? await (await import('./fleet-stack-sets-teardown.ts')).openReleases(
            run.connection,
            templatesDir(),
            own,
            options,
          )
        : undefined;
    const entitled = { begun: (account: string) => begun.has(account), entitle: journal.entitle };
    const work = workOf(run, entitled, releases);
    const room = (text: string): void => {
      if (!showsLive(run.json) && !run.json) tell(paint().dim(text));
    };
    const events =
      sets !== undefined
        ? sets.setupBySets(chosen, {
            hub: sets.hub,
            aim: sets.aim,
            templates: templatesDir(),
            checkRegion: run.target.endpoint === undefined,
            dryRun: run.dryRun,
            options,
            enter,
            tell: room,
          })
        : runFleet(chosen, (attendee, tools) => enter(attendee, tools, work), options);
    const results = await showFleet(events, chosen.length, run.json, (event: FleetEvent) => {
      if (event.kind === 'started') journal.begin(event.attendee.account);
      if (event.kind === 'ended' && !event.again) journal.end(event.result);
    });
    if (!stop.signal.aborted) journal.finish();
    if (!run.dryRun && !stop.signal.aborted)
      for (const set of (await releases?.deleteEmpty()) ?? []) room(`the stack set ${set} was empty and is gone`);
    finish(run, roster, inRosterOrder(results, roster));
    if (stop.signal.aborted) {
      const stopped = interrupted(
        `presso stopped; ${totals(results)}.`,
        run.sets
          ? `${run.again()}   (waits for what is under way, and goes on)`
          : `${run.again('only', 'group', 'failed')}${acts(run)} --resume   (goes on, and repeats nothing that is done)`,
      );
      // The document stands already; a second one would make it unreadable.
      throw run.json
        ? new PressoError('quiet', stopped.message, { hint: stopped.hint, exit: EXIT.interrupted })
        : stopped;
    }
    exitOf(run, results);
  } finally {
    ended();
  }
}

/** The flag without which a run that takes away does nothing. */
const acts = ({ operation, dryRun }: FleetRun): string =>
  !dryRun && (operation === 'reset' || operation === 'teardown') ? ' --run' : '';

/** The other engine, loaded only for those who ask for it. */
async function openSets(run: FleetRun, aim: SetsAim, own: string) {
  const [{ setupBySets }, { openHub }] = await Promise.all([
    import('./fleet-stack-sets.ts'),
    import('./fleet-stack-sets-hub.ts'),
  ]);
  return { setupBySets, aim, hub: await openHub(run.connection, aim, { own, organization: run.room.organization }) };
}

/** What makes two runs the same work, so that one may go on with the other. */
const whatOf = ({ module, dryRun, room, sets }: FleetRun): Record<string, unknown> => ({
  module: module ?? '',
  dryRun,
  ...(sets ? { engine: 'stacksets' } : {}),
  roster: room.roster ?? room.organization ?? '',
});

/** Those that --only and --group mean; everybody without them. */
export function chooseAmong(
  roster: Roster,
  { only, group, room }: { only: string[]; group: string | undefined; room: Room },
): Attendee[] {
  let chosen = roster.attendees;
  for (const wanted of only)
    if (!chosen.some(({ account, name }) => account === wanted || name === wanted))
      throw new PressoError('usage', `Nobody called "${line(wanted)}" is in the roster.`, {
        hint: `presso fleet list ${roomWords(room)}`,
      });
  if (only.length > 0) chosen = chosen.filter(({ account, name }) => only.includes(account) || only.includes(name));
  if (group !== undefined) {
    chosen = chosen.filter((attendee) => attendee.group === group);
    if (chosen.length === 0)
      throw new PressoError('usage', `Nobody in the roster is in the group "${line(group)}".`, {
        hint: `presso fleet list ${roomWords(room)}`,
      });
  }
  return chosen;
}

function choose(run: FleetRun, roster: Roster, home: string): { chosen: Attendee[]; earlier: PastRun | undefined } {
  let chosen = chooseAmong(roster, { only: run.only, group: run.group, room: run.room });
  if (run.failed) {
    const [last] = pastRuns(home, roster.name);
    if (!last)
      throw new PressoError('no-run', `There is no earlier run of the fleet ${line(roster.name)}.`, {
        hint: `presso fleet ${run.operation} ${roomWords(run.room)}`,
      });
    chosen = chosen.filter(
      ({ account }) =>
        (last.results.get(account)?.outcome ?? 'stopped') !== 'done' &&
        (last.begun.has(account) || last.results.has(account)),
    );
    if (chosen.length === 0)
      throw new PressoError('nothing-failed', `Nobody failed in the last run of the fleet ${line(roster.name)}.`, {
        hint: `presso fleet ${run.operation} ${roomWords(run.room)}`,
        exit: EXIT.yes,
      });
  }
  let earlier: PastRun | undefined;
  if (run.resume) {
    const same = JSON.stringify(whatOf(run));
    earlier = pastRuns(home, roster.name, run.operation).find(
      ({ what, finished }) => !finished && JSON.stringify(what) === same,
    );
    if (!earlier)
      throw new PressoError(
        'nothing-to-resume',
        `No ${run.operation} of the fleet ${line(roster.name)} with these options was interrupted.`,
        { hint: `presso fleet ${run.operation} ${roomWords(run.room)}` },
      );
    const meant = earlier.chosen;
    // What was begun for some is not gone on with for everybody.
    if (meant) chosen = chosen.filter(({ account }) => meant.includes(account));
  }
  return { chosen, earlier };
}

/** The fleet's name is typed; unattended it is given by a flag beside --yes. */
async function confirmFleet(run: FleetRun, roster: Roster, chosen: Attendee[]): Promise<void> {
  const command = `${run.again()}${acts(run)}`;
  const what = { setup: 'Set up', reset: 'Put back', teardown: 'Take down', list: '', verify: '' }[run.operation];
  if (run.yes) {
    if (run.fleet === roster.name) return;
    throw new PressoError(
      'not-confirmed',
      `The roster is of the fleet "${line(roster.name)}"${run.fleet === undefined ? '' : `, not of "${line(run.fleet)}"`}; nothing was done.`,
      { hint: `${command} --yes --fleet ${word(roster.name)}` },
    );
  }
  const regions = [...new Set(chosen.map(({ region }) => region))];
  const answer = await ask(
    `${what} ${count(chosen.length, 'account')} in ${regions.join(', ')}? Type the fleet’s name (${clean(roster.name)}):`,
    {
      sentence: `This changes ${count(chosen.length, 'account')} and there is no terminal to ask at; nothing was done.`,
      hint: `${command} --yes --fleet ${word(roster.name)}`,
    },
  );
  if (answer !== roster.name)
    throw new PressoError('not-confirmed', 'That is not the fleet’s name; nothing was done.', { hint: command });
}

function workOf(run: FleetRun, entitled: Entitled, releases: Releases | undefined): Work {
  const checkRegion = run.target.endpoint === undefined;
  const templates = templatesDir();
  switch (run.operation) {
    case 'list':
      return listWork();
    case 'setup':
      return setupWork({ templates, checkRegion, dryRun: run.dryRun });
    case 'verify':
      return verifyWork(
        chosenChecks(run.module, checksDir()),
        (error) => {
          const { summary } = explainOf(run)(error);
          return { found: summary, hint: 'presso fleet list' };
        },
        run.module === undefined,
      );
    case 'reset':
      return resetWork({
        to: run.module ?? 'setup',
        templates,
        checks: checksDir(),
        checkRegion,
        dryRun: run.dryRun,
        ...entitled,
      });
    case 'teardown':
      return teardownWork({ dryRun: run.dryRun, ...entitled, releases });
  }
}

export const explainOf =
  ({ target }: Pick<FleetRun, 'target'>) =>
  (error: unknown): { outcome: Outcome; summary: string } => {
    const told = explainAwsError(error, {
      sandbox: target.kind === 'sandbox',
      endpoint: target.endpoint,
      profile: target.profile,
    });
    const summary = told instanceof Error ? told.message : String(told);
    return { outcome: told instanceof PressoError && told.code === 'refused' ? 'refused' : 'unknown', summary };
  };

export function inRosterOrder(results: Result[], roster: Roster): Result[] {
  const place = new Map(roster.attendees.map(({ account }, i) => [account, i]));
  return [...results].sort((a, b) => (place.get(a.account) ?? 0) - (place.get(b.account) ?? 0));
}

/** The table, or the document; and the files that were asked for. */
export function finish(
  run: Pick<FleetRun, 'operation' | 'json' | 'csv' | 'html' | 'dryRun' | 'again'>,
  roster: Roster,
  results: Result[],
): void {
  const planned = run.dryRun && run.operation !== 'list';
  const operation = planned ? `${run.operation} ${PLANNED}` : run.operation;
  if (run.csv !== undefined) write(run.csv, toCsv(results), filesAgain(run).csv);
  if (run.html !== undefined)
    write(run.html, toHtml(roster.name, operation, results, { when: new Date().toISOString() }), filesAgain(run).html);
  if (run.json) {
    sayJson(fleetDocument(roster.name, run.operation, results, roster.leftOut));
    return;
  }
  const c = paint();
  const colour = (outcome: Outcome, text: string): string =>
    outcome === 'done' ? c.green(text) : outcome === 'failed' ? c.red(text) : c.yellow(text);
  say('');
  for (const text of tableLines(results, colour)) say(text);
  for (const text of courseLines(results)) say(text);
  say('');
  say(`${c.bold(clean(roster.name))}, ${operation}: ${totals(results, 0, 0, operation)}`);
  if (planned && run.operation !== 'setup') say(`  ${c.dim('Next:')} ${run.again()} --run`);
}

type Files = Pick<FleetRun, 'csv' | 'html' | 'again'>;
const filesAgain = ({ again }: Files) => ({ csv: `${again('csv')} --csv FILE`, html: `${again('html')} --html FILE` });

function refuseFiles(run: Files): void {
  refuseUnwritable(run.csv, filesAgain(run).csv);
  refuseUnwritable(run.html, filesAgain(run).html);
}

function write(file: string, text: string, again: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw notWritable(file, (error as NodeJS.ErrnoException).code, again);
  }
}

/** 0 everybody · 1 somebody's work failed · 2 somebody's account could not be looked into. */
function exitOf(run: FleetRun, results: Result[]): void {
  const blind = results.some(({ outcome }) => outcome !== 'done' && outcome !== 'failed');
  const failed = results.some(({ outcome }) => outcome === 'failed');
  if (!blind && !failed) return;
  throw new PressoError('quiet', 'Not every account is done.', {
    hint: `presso fleet ${run.operation} ${roomWords(run.room)} --failed`,
    exit: blind ? EXIT.unknown : EXIT.no,
  });
}

/** `presso fleet report`: the last verify, told again; no account is asked, but for who is in a unit. */
export async function report(
  run: Pick<FleetRun, 'room' | 'json' | 'csv' | 'html' | 'again'> & {
    region: string;
    connection: () => Promise<Connection>;
  },
): Promise<void> {
  const { room, region } = run;
  refuseFiles(run);
  const roster =
    room.roster === undefined
      ? (await openRoster(await run.connection(), room, 'report')).roster
      : readRoster(room.roster, region);
  const [last] = pastRuns(homeFolder(process.env), roster.name, 'verify');
  if (!last || last.results.size === 0)
    throw new PressoError('no-run', `The fleet ${line(roster.name)} has not been verified yet.`, {
      hint: `presso fleet verify ${roomWords(run.room)}`,
    });
  if (!run.json) tell(paint().dim(`the verify of ${last.started}`));
  finish({ ...run, operation: 'verify', dryRun: false }, roster, inRosterOrder([...last.results.values()], roster));
}
