/** `presso setup`, after its flags: who and where, the plan, the question, the deployment, the seed, what is next. */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { PressoError } from '../errors.ts';
import { recordChecks } from '../lesson/progress.ts';
import { templatesDir } from '../paths.ts';
import { showProgress } from '../progress.ts';
import { deployNews, planLines } from '../report/setup.ts';
import { applySeed, difference, observeSeed, readSeed } from '../seed/index.ts';
import { type DeployEvent, deploy } from '../setup/deploy.ts';
import { observeSetup } from '../setup/observe.ts';
import { changes, type Facts, planSetup, type SetupPlan, type StackWanted, stackName } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { asksFirst, homeFolder, rememberTarget, resolveTarget, type Target, type TargetKind } from '../target/index.ts';
import {
  choose,
  confirm,
  interrupted,
  isTerminal,
  onInterrupt,
  paint,
  say,
  sayJson,
  tell,
  width,
} from '../terminal.ts';
import { clean } from '../text.ts';
import { pauseUntil } from './pause.ts';

/** Asks where the workshop runs, unless it is remembered or said. */
export async function chooseKind(flags: {
  region?: string | undefined;
  profile?: string | undefined;
  endpointUrl?: string | undefined;
}): Promise<TargetKind | undefined> {
  if (resolveTarget({ flags, env: process.env, cwd: process.cwd() })) return undefined;
  return choose<TargetKind>(
    'Where does the workshop run?',
    [
      { name: 'sandbox', message: 'Sandbox      on this laptop, no account needed' },
      { name: 'self-hosted', message: 'Self-hosted  in your own AWS account' },
      { name: 'aws-hosted', message: 'AWS-hosted   in the account an event gave you' },
    ],
    {
      sentence: 'Nothing says where the workshop runs and there is no terminal to ask at.',
      hint: 'presso setup --sandbox   (or --self-hosted, --aws-hosted)',
    },
  );
}

export interface SetupRun {
  connection: Connection;
  target: Target;
  module: string;
  /** Not where an endpoint was given for this one run: the kind alone would lead elsewhere next time. */
  remember: boolean;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function runSetup(run: SetupRun): Promise<'done' | 'failed'> {
  const { connection, target } = run;
  const c = paint();
  const identity = await whoAmI(connection);
  const who = `account ${c.bold(identity.account)}${identity.alias ? ` (${clean(identity.alias)})` : ''} · Region ${c.bold(connection.region)} · as ${clean(identity.arn)}`;
  tell(who);
  const wanted = wantedStacks(templatesDir(), run.module);
  if (target.kind === 'aws-hosted' && run.module !== 'setup')
    throw new PressoError('hosted', 'presso deploys nothing into the account of an event; build the module by hand.', {
      hint: `presso verify ${run.module}`,
    });
  if (target.kind === 'aws-hosted') {
    const { checkHosted } = await import('./hosted.ts');
    return checkHosted(run, identity.account);
  }
  const core = run.module === 'setup' ? [] : wantedStacks(templatesDir());
  const observed = await observeSetup(connection, [...core, ...wanted], { checkRegion: target.endpoint === undefined });
  const facts = onTopOf(core, observed, target);
  const plan = planSetup(wanted, facts);
  if (!run.json || run.dryRun) showPlan(plan, run.json && run.dryRun);
  const refused = plan.trouble.find(({ severity }) => severity === 'refused');
  if (refused) throw new PressoError('refused', refused.sentence, { hint: refused.hint });
  if (run.dryRun) return 'done';
  const steps = changes(plan);
  if (steps.length > 0) {
    const command = again(run);
    const answer = await confirm(`Deploy into account ${identity.account}, Region ${connection.region}?`, {
      yes: run.yes || !asksFirst(target, 'create'),
      command,
    });
    if (answer === 'no') {
      tell('Nothing was changed.');
      return 'done';
    }
  }
  if (run.remember) {
    rememberTarget(target, process.env, process.cwd());
    // Lessons fill in the account's number without asking AWS for it.
    const place = { kind: target.kind, account: identity.account, region: connection.region };
    recordChecks(homeFolder(process.env), place, [], new Date());
  }
  const result = await watch(connection, wanted, plan, run);
  if (result.failed.length > 0) {
    if (run.json) sayJson({ failed: result.failed });
    for (const { stack, cause } of result.failed)
      tell(`${c.red('✗')} ${stackName(stack)}: ${clean(cause.sentence)}\n  ${c.dim('Next:')} ${cause.hint}`);
    return 'failed';
  }
  const seeded = run.module === 'setup' ? await seedNow(connection) : 0;
  report(wanted, result.outputs, steps.length + seeded, run);
  return 'done';
}

/** The command that goes on with this run. */
const again = ({ command, target }: SetupRun): string =>
  command.split(' ').includes(`--${target.kind}`) ? command : `${command} --${target.kind}`;

/** A module that adds to the core needs all of it, and the names that the core holds are not in its way. */
function onTopOf(core: StackWanted[], facts: Facts, target: Target): Facts {
  const ready = new Set(
    facts.stacks
      .filter(({ status }) => /^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(status))
      .map(({ name }) => name),
  );
  const missing = core.filter(({ name }) => !ready.has(stackName(name)));
  if (missing.length > 0)
    throw new PressoError(
      'no-core',
      missing.length === core.length
        ? `The core of the coffee bar is not in account ${facts.account}, Region ${facts.region}, and this module adds to it.`
        : `The core of the coffee bar is not complete: ${missing.map(({ name }) => name).join(', ')} is missing or unfinished.`,
      { hint: `presso setup --${target.kind}` },
    );
  const own = new Set(core.map(({ name }) => stackName(name)));
  return { ...facts, taken: facts.taken.filter(({ stack }) => stack === undefined || !own.has(stack)) };
}

function showPlan(plan: SetupPlan, json: boolean): void {
  if (json) {
    sayJson(plan);
    return;
  }
  tell('');
  for (const text of planLines(plan)) tell(text);
  tell('');
}

interface Watched {
  outputs: Map<string, Record<string, string>>;
  failed: { stack: string; cause: { sentence: string; hint: string } }[];
}

async function watch(connection: Connection, wanted: StackWanted[], plan: SetupPlan, run: SetupRun): Promise<Watched> {
  const watched: Watched = { outputs: new Map(), failed: [] };
  const stop = new AbortController();
  const ended = onInterrupt(() => stop.abort());
  try {
    const { signal } = stop;
    const events = deploy(connection, wanted, plan.steps, { signal, now: Date.now, pause: pauseUntil(signal) });
    const titles = plan.steps.map(({ stack, description }) => ({
      id: stack,
      title: `${stack.padEnd(18)} ${description}`,
    }));
    await showProgress(titles, news(events, watched), Date.now, run.json);
  } finally {
    ended();
  }
  if (stop.signal.aborted)
    throw interrupted(
      'presso stopped watching; CloudFormation finishes the stacks it has begun.',
      `${again(run)}   (picks it up)`,
    );
  return watched;
}

async function* news(events: AsyncIterable<DeployEvent>, watched: Watched) {
  for await (const event of events) {
    if (event.kind === 'outputs') watched.outputs.set(event.stack, event.outputs);
    if (event.kind === 'failed') watched.failed.push({ stack: event.stack, cause: event.cause });
    yield deployNews(event);
  }
}

/** First rows for empty tables; whatever is there already is left to `presso seed`. */
async function seedNow(connection: Connection): Promise<number> {
  const now = await observeSeed(connection);
  const missing = difference(readSeed(`${templatesDir()}/seed`), now, {}).filter(({ kind }) => kind === 'create');
  await applySeed(connection, missing);
  return missing.length;
}

function report(
  wanted: StackWanted[],
  outputs: Map<string, Record<string, string>>,
  changed: number,
  run: SetupRun,
): void {
  if (run.json) {
    sayJson({ changed: changed > 0, outputs: Object.fromEntries(outputs) });
    return;
  }
  const c = paint();
  const rows = wanted.flatMap(({ name, outputs: keys }) =>
    keys.map(({ key, why }) => ({ key, why, value: outputs.get(name)?.[key] ?? '' })),
  );
  const widest = Math.max(...rows.map(({ key }) => key.length));
  say('');
  for (const { key, why, value } of rows) {
    if (!value) continue;
    const text = clean(value);
    // What does not fit beside its name gets a line of its own: an ARN or an address is there to be copied.
    const fits = !isTerminal() || widest + text.length + why.length + 4 <= width();
    if (fits) say(`${key.padEnd(widest)}  ${text}  ${c.dim(why)}`);
    else say(`${key.padEnd(widest)}  ${c.dim(why)}\n  ${text}`);
  }
  say('');
  say(
    changed > 0
      ? run.module === 'setup'
        ? `${c.green('✓')} The core of the coffee bar is ready: menu on the wall, shop open.`
        : `${c.green('✓')} The stacks of ${run.module} are ready.`
      : `${c.green('✓')} Everything is as it should be; nothing was changed.`,
  );
  say(
    run.module === 'setup'
      ? `  ${c.dim('Next:')} presso solve module-1 --dry-run   (or build the workflow yourself)`
      : `  ${c.dim('Next:')} presso rush   (then see what was counted: presso verify ${run.module})`,
  );
}
