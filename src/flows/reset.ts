/** `presso reset`: the plan, the account's number typed, the way back, and a second look. */
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import { checksDir, templatesDir } from '../paths.ts';
import { showProgress } from '../progress.ts';
import { leftLines, removalLines } from '../report/reset.ts';
import { stepLine } from '../report/solve.ts';
import type { SweepOptions } from '../reset/sweep.ts';
import { ask, interrupted, onInterrupt, paint, say, sayJson } from '../terminal.ts';
import type { Target } from '../target/index.ts';
import { count, line } from '../text.ts';
import { confirmedByFlags, confirmWords, meansAccount } from './confirm-account.ts';
import { pauseUntil } from './pause.ts';
import {
  isNothing,
  planReset,
  type ResetAim,
  type ResetOutcome,
  type ResetPlan,
  resetSteps,
  runReset,
} from './reset-account.ts';

export interface ResetRun {
  connection: Connection;
  target: Target;
  to: string;
  dryRun: boolean;
  yes: boolean;
  account: string | undefined;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function reset(run: ResetRun): Promise<void> {
  const { connection, to, command } = run;
  const aim: ResetAim = {
    to,
    templates: templatesDir(),
    checks: checksDir(),
    checkRegion: run.target.endpoint === undefined,
  };
  const { options, stop } = interruptible();
  try {
    const plan = await planReset(connection, aim, options);
    const c = paint();
    const { account } = plan.identity;
    if (run.json && (run.dryRun || isNothing(plan)))
      return sayJson({ ...plan, codes: plan.codes.map(({ code: _, ...rest }) => rest), done: false });
    if (!run.json) for (const text of planText(plan)) say(text);
    const state = to === 'setup' ? 'just set up' : `where ${to} begins`;
    if (isNothing(plan))
      return say(`${c.green('✓')} Account ${account}, Region ${plan.region}, is ${state}; nothing was changed.`);
    if (run.dryRun) return say(`Nothing was done.\n  ${c.dim('Next:')} ${command}`);
    if (!confirmedByFlags(run, account, command) && !(await typed(plan, command))) return say('Nothing was changed.');
    const outcome: ResetOutcome = { trouble: [], done: 0 };
    await showProgress(resetSteps(plan), runReset(connection, aim, plan, options, outcome), Date.now, run.json);
    if (options.signal.aborted)
      throw interrupted(
        'presso stopped; what CloudFormation has begun goes on.',
        `${command}   (goes on where this ended)`,
      );
    const after = outcome.trouble.length > 0 ? undefined : await planReset(connection, aim, options);
    const fine = after !== undefined && isNothing(after);
    if (run.json) sayJson({ account, region: plan.region, to, done: fine, trouble: outcome.trouble });
    for (const { id, reason } of outcome.trouble) if (!run.json) say(`${c.red('✗')} ${line(id)}: ${line(reason)}`);
    if (!fine)
      throw new PressoError(
        run.json ? 'quiet' : 'left-over',
        outcome.trouble.length > 0
          ? `${count(outcome.trouble.length, 'thing')} could not be put back; everything else was.`
          : 'A second look found something changed again.',
        { hint: `${command}   (goes on where this ended)`, exit: EXIT.no },
      );
    if (!run.json)
      say(
        `${c.green('✓')} Looked again: account ${account}, Region ${plan.region}, is ${state}.\n  ${c.dim('Next:')} presso verify`,
      );
  } finally {
    stop();
  }
}

async function typed({ identity, region }: ResetPlan, command: string): Promise<boolean> {
  const { account } = identity;
  const answer = await ask(`Put account ${account}, Region ${region}, back? Type ${confirmWords(identity)}:`, {
    sentence: 'This takes things away and there is no terminal to ask at; nothing was done.',
    hint: `${command} --yes --account ${account}`,
  });
  return meansAccount(answer, identity);
}

function planText(plan: ResetPlan): string[] {
  const dim = (text: string): string => paint().dim(text);
  return [
    ...removalLines(plan.removals, plan.region, dim),
    ...plan.stacks.map(({ stack, action, why }) => `  ~ ${action.padEnd(13)} ${stack}  ${dim(line(why))}`),
    ...plan.codes.map(
      ({ function: name, logicalId }) =>
        `  ~ ${'code'.padEnd(13)} ${line(name)}  ${dim(`${logicalId} was changed by hand`)}`,
    ),
    ...(plan.seed ?? []).flatMap(({ lines }) => lines.map((text) => `  ~ ${line(text)}`)),
    ...(plan.seed === undefined ? [`  ~ menu, shop and counter ${dim('once the tables stand')}`] : []),
    ...(plan.build === 'later'
      ? [`  ~ what ${plan.to} begins with ${dim('once the core stands')}`]
      : (plan.build ?? []).map((step) => `  ${stepLine(step)}`)),
    ...leftLines(plan.left, plan.region, dim),
  ];
}

/** Ctrl-C ends the calls under way and begins nothing more. */
export function interruptible(): { options: SweepOptions; stop: () => void } {
  const control = new AbortController();
  const ended = onInterrupt(() => control.abort());
  const { signal } = control;
  return {
    options: { signal, pause: pauseUntil(signal), now: Date.now },
    stop: ended,
  };
}
