/** `presso verify`: which checklists, which facts, and how the result is shown. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Connection } from '../aws/connection.ts';
import { explainAwsError } from '../aws/failure.ts';
import { PressoError } from '../errors.ts';
import { recordChecks } from '../lesson/progress.ts';
import { checksDir } from '../paths.ts';
import { exitOf, junit, moduleLines, verifyDocument } from '../report/verify.ts';
import { homeFolder, type Target } from '../target/index.ts';
import { paint, say, sayJson, tell } from '../terminal.ts';
import { nearest } from '../text.ts';
import {
  type Checklist,
  type Facts,
  factsOf,
  factsOfDefinition,
  KINDS,
  metricsThere,
  type ModuleResult,
  offlineChecks,
  readChecklists,
  type Status,
  verify,
} from '../verify/index.ts';
import { MODULES } from '../workshop.ts';

export interface VerifyOptions {
  module: string | undefined;
  checks: string | undefined;
  junit: string | undefined;
  json: boolean;
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

export async function verifyTarget(connection: Connection, target: Target, options: VerifyOptions): Promise<void> {
  const facts = factsOf(connection);
  const chosen = chosenChecks(options.module, options.checks ?? checksDir());
  const account = await facts.account();
  // Module 4 is extra: unasked it is judged only where somebody has begun it.
  const extra = options.module === undefined && !(await metricsThere(facts));
  const lists = extra ? chosen.filter(({ module }) => module !== 'module-4') : chosen;
  await show(lists, facts, { kind: target.kind, account, region: connection.region }, options, (error) => {
    const told = explainAwsError(error, {
      sandbox: target.kind === 'sandbox',
      endpoint: target.endpoint,
      profile: target.profile,
    });
    if (!(told instanceof PressoError)) throw told;
    return { found: told.message, hint: told.hint };
  });
}

export async function verifyDefinition(file: string, options: VerifyOptions): Promise<void> {
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
      hint: `presso verify --definition ${file}   (once it is mended)`,
    });
  }
  const lists = offlineChecks(chosenChecks(options.module ?? 'module-1', options.checks ?? checksDir()));
  if (lists.length === 0)
    throw new PressoError('no-offline', `Nothing of ${options.module} can be judged from a definition alone.`, {
      hint: 'presso verify module-1 --definition FILE',
    });
  await show(
    lists,
    factsOfDefinition(text),
    { kind: 'definition', account: '123456789012', region: 'us-east-1' },
    options,
    (error) => {
      throw error;
    },
  );
}

async function show(
  lists: Checklist[],
  facts: Facts,
  target: { kind: string; account: string; region: string },
  options: VerifyOptions,
  explain: (error: unknown) => { found: string; hint: string },
): Promise<void> {
  const modules: ModuleResult[] = [];
  const c = paint();
  const colour = (status: Status, text: string): string =>
    ({ pass: c.green, fail: c.red, waiting: c.dim, error: c.yellow })[status](text);
  for await (const result of verify(lists, facts, explain)) {
    modules.push(result);
    if (!options.json) for (const text of moduleLines(result, colour)) say(text);
  }
  if (target.kind !== 'definition') remember(target, modules);
  if (options.json) sayJson(verifyDocument(target, modules));
  if (options.junit !== undefined) {
    try {
      writeFileSync(options.junit, junit(modules));
    } catch (error) {
      throw new PressoError(
        'not-writable',
        `The file ${options.junit} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
        { hint: 'presso verify --junit FILE' },
      );
    }
  }
  const exit = exitOf(modules);
  if (exit !== 0) throw new PressoError('quiet', 'Not everything passes.', { hint: 'presso verify', exit });
}

/** Lessons show what was seen here. A judgement is not lost because it cannot be remembered. */
function remember(place: { kind: string; account: string; region: string }, modules: ModuleResult[]): void {
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
