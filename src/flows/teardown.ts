/** `presso teardown`: the plan, the account's number typed, the sweep, and a second look. */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { EXIT, PressoError } from '../errors.ts';
import { showProgress, type StepNews } from '../progress.ts';
import { observePresent } from '../reset/observe.ts';
import { planTeardown, type Removal, type TeardownPlan } from '../reset/plan.ts';
import { type SweepEvent, sweep } from '../reset/sweep.ts';
import type { Target } from '../target/index.ts';
import { ask, interrupted, paint, say, sayJson } from '../terminal.ts';
import { clean, count, line } from '../text.ts';

export interface TeardownRun {
  connection: Connection;
  target: Target;
  dryRun: boolean;
  yes: boolean;
  account: string | undefined;
  json: boolean;
}

const idOf = ({ kind, id }: Removal): string => `${kind} ${id}`;

export async function teardown(run: TeardownRun): Promise<void> {
  const { connection } = run;
  const identity = await whoAmI(connection);
  const plan = planTeardown(await observePresent(connection));
  const c = paint();
  if (run.json && (run.dryRun || plan.removals.length === 0))
    return sayJson({ account: identity.account, region: connection.region, ...plan, removed: [] });
  if (!run.json) show(plan);
  if (plan.removals.length === 0)
    return say(
      `${c.green('✓')} Nothing of the workshop is in account ${identity.account}, Region ${connection.region}.\n  ${c.dim('Next:')} presso setup`,
    );
  if (run.dryRun)
    return say(`${count(plan.removals.length, 'thing')} would be removed, nothing was done.\n  Next: presso teardown`);
  if (!(await confirmed(run, identity.account, identity.alias, plan.removals.length)))
    return say('Nothing was changed.');
  const kept = await carryOut(run, plan);
  const left = planTeardown(await observePresent(connection)).removals;
  if (run.json)
    sayJson({
      account: identity.account,
      region: connection.region,
      kept: kept.map(({ removal, reason }) => ({ ...removal, reason })),
      left: left.map(idOf),
    });
  else if (left.length === 0)
    say(
      `${c.green('✓')} Looked again: nothing of the workshop is left in account ${identity.account}, Region ${connection.region}.`,
    );
  for (const { removal, reason } of kept)
    if (!run.json) say(`${c.red('✗')} ${line(idOf(removal))} is still there: ${line(reason)}`);
  if (left.length > 0)
    throw new PressoError('left-over', `${count(left.length, 'thing')} of the workshop could not be removed.`, {
      hint: 'presso teardown   (goes on where this ended)',
      exit: EXIT.no,
    });
}

function show(plan: TeardownPlan): void {
  for (const { kind, id, why } of plan.removals) say(`  - ${kind.padEnd(13)} ${clean(id)}  ${paint().dim(why)}`);
  if (plan.left.length > 0) say('Left alone:');
  for (const { kind, id, why } of plan.left) say(`    ${kind.padEnd(13)} ${clean(id)}  ${paint().dim(why)}`);
}

/** The alias or number of the account is typed; `--yes` only together with `--account`. */
async function confirmed(
  run: TeardownRun,
  account: string,
  alias: string | undefined,
  things: number,
): Promise<boolean> {
  if (run.yes) {
    if (run.account === account) return true;
    throw new PressoError(
      'not-confirmed',
      `These credentials act in account ${account}${run.account ? `, not in ${run.account}` : ''}; nothing was done.`,
      { hint: `presso teardown --yes --account ${account}` },
    );
  }
  const answer = await ask(
    `Remove ${count(things, 'thing')} from account ${account}, Region ${run.connection.region}? Type ${alias ? `its alias (${clean(alias)}) or ` : ''}its number:`,
    {
      sentence: 'This removes things and there is no terminal to ask at; nothing was done.',
      hint: `presso teardown --yes --account ${account}`,
    },
  );
  return answer === account || (alias !== undefined && answer === alias);
}

async function carryOut(run: TeardownRun, plan: TeardownPlan): Promise<{ removal: Removal; reason: string }[]> {
  const kept: { removal: Removal; reason: string }[] = [];
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  const pause = (ms: number): Promise<void> =>
    new Promise((done) => {
      const end = (): void => {
        clearTimeout(timer);
        done();
      };
      const timer = setTimeout(end, ms);
      stop.signal.addEventListener('abort', end, { once: true });
    });
  try {
    const events = sweep(run.connection, plan.removals, { signal: stop.signal, pause });
    const titles = plan.removals.map((removal) => ({ id: idOf(removal), title: clean(idOf(removal)) }));
    await showProgress(titles, news(events, kept), Date.now, run.json);
  } finally {
    process.removeListener('SIGINT', onSignal);
  }
  if (stop.signal.aborted)
    throw interrupted(
      'presso stopped; what CloudFormation has begun to delete goes on.',
      'presso teardown   (goes on where this ended)',
    );
  return kept;
}

async function* news(
  events: AsyncIterable<SweepEvent>,
  kept: { removal: Removal; reason: string }[],
): AsyncGenerator<StepNews> {
  for await (const event of events) {
    const id = idOf(event.removal);
    if (event.kind === 'started') yield { id, state: 'started' };
    else if (event.kind === 'news') yield { id, state: 'news', text: `${event.event.logicalId} ${event.event.status}` };
    else if (event.kind === 'gone') yield { id, state: 'done' };
    else {
      kept.push(event);
      yield { id, state: 'failed', text: event.reason };
    }
  }
}
