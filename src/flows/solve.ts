/** `presso solve`: observe, show the difference, ask, save what is replaced, apply. */
import path from 'node:path';
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { PressoError } from '../errors.ts';
import { checksDir } from '../paths.ts';
import { stepLine } from '../report/solve.ts';
import { applySteps } from '../solve/apply.ts';
import { readBuild } from '../solve/build.ts';
import { inverse, planBuild, type SolveStep, type UndoStep } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import { makePassword } from '../solve/password.ts';
import { readSaved, writeSaved } from '../solve/saved.ts';
import { asksFirst, homeFolder, type Target } from '../target/index.ts';
import { confirm, interrupted, onInterrupt, paint, say, sayJson, tell } from '../terminal.ts';
import { count } from '../text.ts';
import { newSignIns, signInLine } from './user.ts';

export interface SolveRun {
  connection: Connection;
  target: Target;
  module: string;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

const NEXT: Record<string, string> = {
  'module-1': 'presso solve module-2 --dry-run   (or build the rules yourself)',
  'module-2': 'presso order place',
  'module-3': 'presso verify module-3',
};

export async function solve(run: SolveRun): Promise<void> {
  const { connection, module } = run;
  const { account } = await whoAmI(connection);
  const build = readBuild(path.join(checksDir(), module, 'solution'));
  const plan = planBuild(build.resources, await observeBuild(connection, account, build.resources));
  if (run.json && (run.dryRun || plan.steps.length === 0)) return sayJson({ ...plan, applied: false });
  if (!run.json) for (const step of plan.steps) say(`  ${stepLine(step)}`);
  if (plan.steps.length === 0)
    return say(
      `${paint().green('✓')} ${module} is built as the solution has it; nothing was changed.\n  ${paint().dim('Next:')} ${NEXT[module]}`,
    );
  if (run.dryRun) return say(`${count(plan.steps.length, 'change')}, nothing was done.\n  Next: ${run.command}`);
  const yes =
    run.yes ||
    !asksFirst(run.target, plan.steps.every(({ do: what }) => /^(create|allow|join)/.test(what)) ? 'create' : 'remove');
  if (
    (await confirm(`Make ${count(plan.steps.length, 'change')} in account ${account}, Region ${connection.region}?`, {
      yes,
      command: run.command,
    })) === 'no'
  )
    return say('Nothing was changed.');
  const place = { kind: run.target.kind, account, region: connection.region };
  const saved = readSaved(homeFolder(process.env), place);
  saved.solves.push({ module, at: new Date().toISOString(), undo: inverse(plan.steps) });
  // Before the first change: whatever happens in the middle can be taken back.
  writeSaved(homeFolder(process.env), place, saved);
  const signIn = newSignIns(plan.steps);
  await apply(
    connection,
    plan.steps,
    run,
    (user) => signIn.find((one) => one.user === user)?.password ?? makePassword(),
  );
  if (run.json) sayJson({ ...plan, applied: true, ...(signIn.length > 0 ? { signIn } : {}) });
  else {
    for (const one of signIn) say(signInLine(one));
    say(`${paint().green('✓')} ${module} is built.\n  ${paint().dim('Next:')} ${NEXT[module]}`);
  }
}

export async function undo(run: SolveRun): Promise<void> {
  const { connection, module } = run;
  const { account } = await whoAmI(connection);
  const place = { kind: run.target.kind, account, region: connection.region };
  const saved = readSaved(homeFolder(process.env), place);
  const at = saved.solves.findLastIndex((solved) => solved.module === module);
  const entry = saved.solves[at];
  if (!entry)
    throw new PressoError(
      'nothing-to-undo',
      `presso has not solved ${module} here, so there is nothing to take back.`,
      { hint: `presso solve ${module} --dry-run` },
    );
  if (!run.json) for (const step of entry.undo) say(`  ${stepLine(step)}`);
  if (run.dryRun)
    return run.json
      ? sayJson({ undo: entry.undo, applied: false })
      : say(`${count(entry.undo.length, 'change')}, nothing was done.`);
  if (
    (await confirm(
      `Take back ${count(entry.undo.length, 'change')} in account ${account}, Region ${connection.region}?`,
      { yes: run.yes, command: run.command },
    )) === 'no'
  )
    return say('Nothing was changed.');
  await apply(connection, entry.undo, run);
  saved.solves.splice(at, 1);
  writeSaved(homeFolder(process.env), place, saved);
  if (run.json) sayJson({ undo: entry.undo, applied: true });
  else
    say(
      `${paint().green('✓')} ${module} is as it was before presso solved it.\n  ${paint().dim('Next:')} presso solve ${module} --dry-run`,
    );
}

async function apply(
  connection: Connection,
  steps: (SolveStep | UndoStep)[],
  run: SolveRun,
  password?: (user: string) => string,
): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  let asked = false;
  let done = 0;
  // A change that was begun comes to its end: a rule without its target would be neither the old nor the new.
  const ended = onInterrupt(() => {
    asked = true;
  });
  try {
    for await (const step of applySteps(connection, steps, { pause, ...(password ? { password } : {}) })) {
      if (!run.json) tell(`${paint().green('✓')} ${stepLine(step).slice(2)}`);
      done++;
      if (asked && done < steps.length)
        throw interrupted(
          `presso stopped after ${done} of ${count(steps.length, 'change')}.`,
          `${run.command}   (goes on where this ended)`,
        );
    }
  } finally {
    ended();
  }
}
