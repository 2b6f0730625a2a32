/** `presso verify`: which checklists, which facts, and how the result is shown. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Connection } from '../aws/connection.ts';
import { explainAwsError } from '../aws/failure.ts';
import { PressoError } from '../errors.ts';
import { recordChecks } from '../lesson/progress.ts';
import { exitOf, junit, liveStepLine, moduleLines, scoreLine, verifyDocument } from '../report/verify.ts';
import { homeFolder, type Target } from '../target/index.ts';
import { interrupted, onInterrupt, paint, say, sayJson, tell } from '../terminal.ts';
import { nearest, word } from '../text.ts';
import {
  type Checklist,
  type Facts,
  factsOf,
  factsOfDefinition,
  Interrupted,
  KINDS,
  metricsThere,
  type ModuleResult,
  offlineChecks,
  readChecklists,
  type Status,
  verify,
  withLiveChecks,
} from '../verify/index.ts';
import { verifyPolicy } from '../verify/policy.ts';
import { MODULES } from '../workshop.ts';
import { courseChecks } from './course-checks.ts';
import { notWritable, refuseUnwritable } from './writable.ts';

export interface VerifyOptions {
  module: string | undefined;
  checks: string | undefined;
  junit: string | undefined;
  json: boolean;
}

export interface LiveOptions extends VerifyOptions {
  /** Place real test orders as well. */
  live: boolean;
  yes: boolean;
}

const BY_DEFAULT = MODULES.filter((module) => module !== 'cleanup');

/** The checklists asked for: all, a module's, or one part's (`module-1b`). */
export function chosenChecks(module: string | undefined, dir: string): Checklist[] {
  const all = readChecklists(dir, MODULES, KINDS);
  if (module === undefined) return all.filter((list) => BY_DEFAULT.includes(list.module as never));
  const whole = all.find((list) => list.module === module);
  if (whole) return [whole];
  const part = /^(module-\d+)([a-z])$/.exec(module);
  const base = all.find((list) => list.module === part?.[1]);
  const checks = base?.checks.filter((check) => check.part === part?.[2]) ?? [];
  if (base && checks.length > 0) return [{ module, checks }];
  const names = all.flatMap((list) => [
    list.module,
    ...new Set(list.checks.flatMap((check) => (check.part ? [`${list.module}${check.part}`] : []))),
  ]);
  throw new PressoError('no-module', `There are no checks for "${module}".`, {
    hint: `presso verify ${nearest(module, names) ?? names[0] ?? ''}`,
  });
}

/** `connect` is called once it is agreed what may be done. */
export async function verifyTarget(
  connect: () => Promise<Connection>,
  target: Target,
  options: LiveOptions,
): Promise<void> {
  const dir = courseChecks(options.checks, 'presso verify');
  const chosen = chosenChecks(options.module, dir);
  refuseUnwritable(options.junit, 'presso verify --junit FILE');
  if (!options.live) {
    const connection = await connect();
    const facts = factsOf(connection);
    return show(
      await begun(chosen, facts, options.module),
      facts,
      await placeOf(target, facts),
      options,
      explainFor(target),
    );
  }
  const { agreeToLive, liveOrders } = await import('./verify-live.ts');
  const withOrders = withLiveChecks(dir, chosen, KINDS);
  if (!(await agreeToLive(withOrders, options))) {
    tell('No test order is placed; the other checks only read.');
    return verifyTarget(connect, target, { ...options, live: false });
  }
  const connection = await connect();
  const stop = new AbortController();
  const ended = onInterrupt(() => {
    tell('  stopping: the order is taken away first (Ctrl-C again leaves it behind) …');
    stop.abort();
  });
  // A window that is closed, a job that is cancelled: the order is taken away all the same.
  const leave = (): void => stop.abort();
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, leave);
  try {
    const colour = colours();
    let left = false;
    const facts = factsOf(
      connection,
      liveOrders(connection, stop.signal, (step) => {
        left ||= step.kind === 'left';
        tell(liveStepLine(step, colour));
      }),
    );
    const explain = explainFor(target);
    const lists = await begun(withOrders, facts, options.module);
    await show(
      lists,
      facts,
      await placeOf(target, facts),
      options,
      (error) => (error instanceof Interrupted ? { found: 'stopped', hint: 'presso verify --live' } : explain(error)),
      {
        signal: stop.signal,
        words: () => (left ? 'Stopped; what is named above is still there.' : 'Stopped; no test order is left behind.'),
      },
    );
  } finally {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, leave);
    ended();
  }
}

/** The policy for what this would judge; needs no account. */
export function printPolicy({ module, checks }: VerifyOptions, live: boolean): void {
  // A part needs what its module needs.
  const modules = chosenChecks(module, courseChecks(checks, 'presso verify')).map((list) =>
    list.module.replace(/^(module-\d+)[a-z]$/, '$1'),
  );
  sayJson(verifyPolicy(modules, live));
}

/** Module 4 is extra: unasked it is judged only where somebody has begun it. */
export async function begun(lists: Checklist[], facts: Facts, module: string | undefined): Promise<Checklist[]> {
  const extra = module === undefined && !(await metricsThere(facts));
  return extra ? lists.filter((list) => list.module !== 'module-4') : lists;
}

export const placeOf = async (target: Target, facts: Facts): Promise<Place> => ({
  kind: target.kind,
  account: await facts.account(),
  region: facts.region,
});

export interface Place {
  kind: string;
  account: string;
  region: string;
}

/** What AWS refuses, in words; anything else goes on as it is. */
export const explainFor =
  (target: Target) =>
  (error: unknown): { found: string; hint: string; code: string } => {
    const told = explainAwsError(error, {
      sandbox: target.kind === 'sandbox',
      endpoint: target.endpoint,
      profile: target.profile,
    });
    if (!(told instanceof PressoError)) throw told;
    return { found: told.message, hint: told.hint, code: told.code };
  };

export function colours(): (status: Status, text: string) => string {
  const c = paint();
  return (status, text) => ({ pass: c.green, fail: c.red, waiting: c.dim, error: c.yellow })[status](text);
}

export async function verifyDefinition(file: string, options: VerifyOptions): Promise<void> {
  refuseUnwritable(options.junit, 'presso verify --definition FILE --junit FILE');
  const { lists, facts, place } = readDefinition(file, options);
  await show(lists, facts, place, options, (error) => {
    throw error;
  });
}

/** What can be judged of a workflow file; refused with the reason when it is none. */
export function readDefinition(
  file: string,
  options: Pick<VerifyOptions, 'module' | 'checks'>,
): { lists: Checklist[]; facts: Facts; place: Place } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PressoError(
      'no-file',
      `The definition ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      { hint: 'presso workflow pull' },
    );
  }
  if (text.length > 1_048_576)
    throw new PressoError('too-large', `${file} is larger than the 1 MB that AWS takes for a definition.`, {
      hint: 'presso verify --definition FILE',
    });
  try {
    JSON.parse(text);
  } catch (error) {
    throw new PressoError('not-json', `${file} is not JSON: ${(error as Error).message}.`, {
      hint: `presso verify --definition ${word(file)}   (once it is mended)`,
    });
  }
  const lists = offlineChecks(
    chosenChecks(options.module ?? 'module-1', courseChecks(options.checks, 'presso verify')),
  );
  if (lists.length === 0)
    throw new PressoError('no-offline', `Nothing of ${options.module} can be judged from a definition alone.`, {
      hint: 'presso verify module-1 --definition FILE',
    });
  const place = { kind: 'definition', account: '123456789012', region: 'us-east-1' };
  return { lists, facts: factsOfDefinition(text), place };
}

async function show(
  lists: Checklist[],
  facts: Facts,
  place: Place,
  options: VerifyOptions,
  explain: (error: unknown) => { found: string; hint: string },
  /** With test orders: Ctrl-C, and what is to be said of it. */
  stop?: { signal: AbortSignal; words: () => string },
): Promise<void> {
  const modules: ModuleResult[] = [];
  const colour = colours();
  for await (const result of verify(lists, facts, explain)) {
    modules.push(result);
    // Not between the steps of a test order, nor to a reader who may go away in the middle of one.
    if (!options.json && !stop) for (const text of moduleLines(result, colour)) say(text);
  }
  if (stop?.signal.aborted) throw interrupted(stop.words(), 'presso verify');
  if (place.kind !== 'definition') remember(place, modules);
  if (options.json) sayJson(verifyDocument(place, modules));
  else if (stop) sayResult(modules);
  else say(scoreLine(modules));
  if (options.junit !== undefined) writeJunit(options.junit, modules);
  const exit = exitOf(modules);
  if (exit !== 0) throw new PressoError('quiet', 'Not everything passes.', { hint: 'presso verify', exit });
}

/** All modules and the score, for people. */
export function sayResult(modules: ModuleResult[]): void {
  const colour = colours();
  for (const result of modules) for (const text of moduleLines(result, colour)) say(text);
  say(scoreLine(modules));
}

export function writeJunit(file: string, modules: ModuleResult[]): void {
  try {
    writeFileSync(file, junit(modules));
  } catch (error) {
    throw notWritable(file, (error as NodeJS.ErrnoException).code, 'presso verify --junit FILE');
  }
}

/** Lessons show what was seen here. A judgement is not lost because it cannot be remembered. */
export function remember(place: Place, modules: ModuleResult[]): void {
  try {
    recordChecks(
      homeFolder(process.env),
      place,
      modules.flatMap(({ checks }) => checks),
      new Date(),
    );
  } catch (error) {
    tell(error instanceof PressoError ? `  ! ${error.message}` : `  ! Progress was not kept: ${String(error)}`);
  }
}
