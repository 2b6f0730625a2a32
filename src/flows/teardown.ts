/** `presso teardown`: the plan, the account's number typed, the sweep, and the proof that nothing is left. */
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import { showProgress } from '../progress.ts';
import { leftLines, lookedLines, removalLines } from '../report/reset.ts';
import type { Target } from '../target/index.ts';
import { ask, interrupted, paint, say, sayJson } from '../terminal.ts';
import { clean, count, line } from '../text.ts';
import { interruptible } from './reset.ts';
import { confirmedByFlags, confirmWords, meansAccount } from './confirm-account.ts';
import type { ResetOutcome } from './reset-account.ts';
import { PASSES, planAccountTeardown, runTeardown, teardownId, type TeardownPlan } from './teardown-account.ts';

export interface TeardownRun {
  connection: Connection;
  target: Target;
  dryRun: boolean;
  yes: boolean;
  account: string | undefined;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function teardown(run: TeardownRun): Promise<void> {
  const { connection } = run;
  const plan = await planAccountTeardown(connection);
  const { account } = plan.identity;
  const c = paint();
  if (run.json && (run.dryRun || plan.removals.length === 0)) return sayJson(document(plan, [], plan.removals.length));
  if (!run.json) {
    for (const text of removalLines(plan.removals, plan.region, (words) => c.dim(words))) say(text);
    for (const text of leftLines(plan.left, plan.region, (words) => c.dim(words))) say(text);
  }
  if (plan.removals.length === 0) return clean1(plan, 'Nothing of the workshop is');
  if (run.dryRun)
    return say(`${count(plan.removals.length, 'thing')} would be removed, nothing was done.\n  Next: ${run.command}`);
  if (!confirmedByFlags(run, account, run.command) && !(await typed(plan, run.command)))
    return say('Nothing was changed.');
  const { after, trouble } = await carryOut(run, plan);
  if (run.json) sayJson(document(after, trouble, after.removals.length));
  else for (const { id, reason } of trouble) say(`${c.red('✗')} ${line(id)} is still there: ${line(reason)}`);
  if (after.removals.length > 0)
    throw new PressoError(
      run.json ? 'quiet' : 'left-over',
      `${count(after.removals.length, 'thing')} of the workshop could not be removed.`,
      { hint: `${run.command}   (goes on where this ended)`, exit: EXIT.no },
    );
  if (!run.json) clean1(after, 'Looked again: nothing of the workshop is left');
}

function clean1(plan: TeardownPlan, sentence: string): void {
  const c = paint();
  for (const text of lookedLines(plan.looked, plan.unlisted)) say(c.dim(text));
  say(`${c.green('✓')} ${sentence} in account ${plan.identity.account}.\n  ${c.dim('Next:')} presso setup`);
}

const document = (plan: TeardownPlan, trouble: ResetOutcome['trouble'], left: number): Record<string, unknown> => ({
  account: plan.identity.account,
  region: plan.region,
  clean: left === 0,
  removals: plan.removals,
  left: plan.left,
  kept: trouble,
  looked: plan.looked.map(({ region, off, found, looked, unseen }) => ({
    region,
    off: off ?? false,
    found,
    looked,
    unseen,
  })),
  ...(plan.unlisted === undefined ? {} : { unlisted: plan.unlisted }),
});

async function typed({ identity, removals, region }: TeardownPlan, command: string): Promise<boolean> {
  const { account } = identity;
  const answer = await ask(
    `Remove ${count(removals.length, 'thing')} from account ${account}, Region ${region}${removals.some((one) => one.region !== region) ? ' and others' : ''}? Type ${confirmWords(identity)}:`,
    {
      sentence: 'This removes things and there is no terminal to ask at; nothing was done.',
      hint: `${command} --yes --account ${account}`,
    },
  );
  return meansAccount(answer, identity);
}

/** Sweeps and looks again until nothing is left, or a pass frees nothing more. */
async function carryOut(
  run: TeardownRun,
  first: TeardownPlan,
): Promise<{ after: TeardownPlan; trouble: ResetOutcome['trouble'] }> {
  const { connection } = run;
  const { options, stop } = interruptible();
  let plan = first;
  let trouble: ResetOutcome['trouble'] = [];
  try {
    for (let pass = 0; pass < PASSES && plan.removals.length > 0; pass++) {
      const outcome: ResetOutcome = { trouble: [], done: 0 };
      const steps = plan.removals.map((removal) => ({
        id: teardownId(removal, connection.region),
        title: clean(teardownId(removal, connection.region)),
      }));
      await showProgress(steps, runTeardown(connection, plan, options, outcome), Date.now, run.json);
      if (options.signal.aborted)
        throw interrupted(
          'presso stopped; what CloudFormation has begun to delete goes on.',
          `${run.command}   (goes on where this ended)`,
        );
      plan = await planAccountTeardown(connection);
      trouble = outcome.trouble;
      if (outcome.done === 0) break;
    }
  } finally {
    stop();
  }
  return { after: plan, trouble: plan.removals.length > 0 ? trouble : [] };
}
