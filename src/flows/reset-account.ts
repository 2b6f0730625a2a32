/**
 * One account put back, without a word to the terminal: what `presso reset` shows and asks about, and what a fleet does to
 * many. Reset, setup, seed and solve are rooms that do not know each other; here they meet, and in one file, so that what is
 * planned and how it is carried out are read side by side.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Identity, whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { preloadClients } from '../aws/preload.ts';
import { standing } from '../aws/standing.ts';
import { PressoError } from '../errors.ts';
import type { StepNews } from '../progress.ts';
import { deployNews } from '../report/setup.ts';
import { type ChangedCode, type CodeFound, inlineCode, observeCode, restoreCode } from '../reset/code.ts';
import { observeDrift } from '../reset/core.ts';
import { observeLeftData, observePresent } from '../reset/observe.ts';
import {
  type Kept,
  type Left,
  planHandMade,
  planLeftData,
  planStackRemovals,
  type Removal,
  worthDoing,
} from '../reset/plan.ts';
import { type SweepOptions, sweep } from '../reset/sweep.ts';
import { applySeed, type Change, difference, observeSeed, readSeed } from '../seed/index.ts';
import { deploy } from '../setup/deploy.ts';
import { observeSetup } from '../setup/observe.ts';
import { changes, planSetup, type PlanStep, type StackWanted, stackName } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { applySteps } from '../solve/apply.ts';
import { type Build, readBuild } from '../solve/build.ts';
import { planBuild, type SolveStep } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import { BUS_NAME, MODULES } from '../workshop.ts';

export interface ResetAim {
  /** `setup`, or the module that is to begin. */
  to: string;
  templates: string;
  checks: string;
  /** Look up whether the Region has the services: on AWS only. */
  checkRegion: boolean;
}

export interface ResetPlan {
  identity: Identity;
  region: string;
  to: string;
  removals: Removal[];
  left: Left[];
  /** Stacks to make, change or make anew. */
  stacks: PlanStep[];
  /** Functions whose code is not what their template carries. */
  codes: ChangedCode[];
  /** Seed changes; undefined while a table is not there: it is seeded when it is. */
  seed: Change[] | undefined;
  /** Undefined when nothing is to be built; `later` when that is known only once the core stands. */
  build: SolveStep[] | 'later' | undefined;
}

/** The build whose making is the state in which `to` begins: that of the module before it. */
export function buildFor({ to, checks }: Pick<ResetAim, 'to' | 'checks'>): Build | undefined {
  const at = MODULES.indexOf(to as never);
  const before = MODULES[at - 1];
  if (to === 'setup' || before === 'setup') return undefined;
  if (
    at < 0 ||
    to === 'cleanup' ||
    before === undefined ||
    !existsSync(path.join(checks, before, 'solution', 'build.yaml'))
  )
    throw new PressoError(
      'no-such-state',
      before === undefined || at < 0 || to === 'cleanup'
        ? `There is no module "${to}" to go back to.`
        : `presso cannot go to the beginning of ${to} yet: ${before} has no solution to build.`,
      { hint: 'presso reset --to module-2 --dry-run' },
    );
  return readBuild(path.join(checks, before, 'solution'));
}

function keptBy(build: Build | undefined): Kept {
  const names = (kind: string): string[] =>
    (build?.resources ?? []).flatMap((one) => (one.kind === kind && 'name' in one ? [one.name] : []));
  return {
    workflows: names('workflow'),
    roles: names('role'),
    functions: names('function'),
    users: names('user'),
    groups: names('group'),
    rules: (build?.resources ?? []).flatMap((one) => (one.kind === 'rule' ? [`${one.bus}/${one.name}`] : [])),
  };
}

/** The core; and module 4's own stacks, where that is where it goes. */
const wantedFor = (aim: Pick<ResetAim, 'to' | 'templates'>): StackWanted[] =>
  aim.to === 'module-4' ? [...stacksOf(aim).core, ...stacksOf(aim).metrics] : stacksOf(aim).core;
const laterStacks = (aim: Pick<ResetAim, 'to' | 'templates'>): StackWanted[] =>
  aim.to === 'module-4' ? [] : stacksOf(aim).metrics;

/** Templates are read once for an aim, which a whole room may share. */
const read = new WeakMap<object, { core: StackWanted[]; metrics: StackWanted[] }>();
function stacksOf(aim: Pick<ResetAim, 'templates'>): { core: StackWanted[]; metrics: StackWanted[] } {
  const found = read.get(aim) ?? {
    core: wantedStacks(aim.templates),
    metrics: wantedStacks(aim.templates, 'module-4'),
  };
  read.set(aim, found);
  return found;
}

/** Gets ready what every account's plan takes, while the first answers are on their way. */
export async function prepareReset(aim: ResetAim): Promise<void> {
  await preloadClients();
  for (const { body } of wantedFor(aim)) {
    inlineCode(body);
    await setImmediate();
  }
}

/** What a reset would do. Only reads. */
export async function planReset(
  account: Connection,
  aim: ResetAim,
  options: { pause: (ms: number) => Promise<void> },
): Promise<ResetPlan> {
  const connection = standing(account);
  const build = buildFor(aim);
  const wanted = wantedFor(aim);
  const [identity, present, facts] = await Promise.all([
    whoAmI(connection),
    observePresent(connection),
    observeSetup(connection, wanted, { checkRegion: aim.checkRegion }),
  ]);
  refuseForeignCore(present.loose);
  const setup = planSetup(wanted, facts);
  const [drift, data] = await Promise.all([
    observeDrift(
      connection,
      setup.steps.map(({ stack, ofASet }) => {
        const own = ofASet ?? stackName(stack);
        return { name: stack, stack: own, status: present.stacks.find(({ name }) => name === own)?.status ?? '' };
      }),
      options,
    ),
    observeLeftData(connection, present),
  ]);
  const later = laterStacks(aim).filter(({ name }) => present.stacks.some((stack) => stack.name === stackName(name)));
  const anew = planStackRemovals(
    [
      // The stacks of a set are the hub's to make anew.
      ...setup.steps
        .filter(({ ofASet }) => ofASet === undefined)
        .map(({ stack, after, action, why }) => ({
          name: stack,
          after,
          why: drift.get(stack) ?? (action === 'recreate' ? why : undefined),
        })),
      ...later.map(({ name, after, module }) => ({ name, after, why: `it belongs to ${module}` })),
    ],
    connection.region,
  );
  const goes = new Set(anew.map(({ id }) => id));
  const handMade = planHandMade(present, keptBy(build));
  const gone = new Set(goes.size > 0 ? await heldBy(connection, goes) : []);
  const removals = [
    ...handMade.removals.filter((removal) => !('function' in removal && gone.has(removal.function))),
    ...planLeftData(data, connection.region, keptBy(build)).filter((removal) => !goesWithStack(removal, gone)),
    ...iotPoliciesFirst(present.iotPolicies, goes, connection.region),
    ...anew,
  ];
  // A name that something made by hand has taken stands in the way of the stack that is to have it.
  const stacks = setup.steps
    .filter(({ action, stack }) => action !== 'keep' || goes.has(stackName(stack)))
    .map((step) =>
      goes.has(stackName(step.stack))
        ? { ...step, action: 'recreate' as const, why: drift.get(step.stack) ?? step.why }
        : step,
    );
  const ofASet = setup.steps.find((step) => step.ofASet !== undefined && drift.has(step.stack));
  if (ofASet)
    throw new PressoError(
      'refused',
      `The stack ${stackName(ofASet.stack)} was made by StackSets and differs from its template: ${drift.get(ofASet.stack)}.`,
      {
        hint: 'presso fleet teardown --only ACCOUNT, then presso fleet setup --engine stacksets   (from the account that has the sets)',
      },
    );
  const refused = stacks.find(({ action }) => action === 'refuse');
  if (refused)
    throw new PressoError('refused', `The stack ${stackName(refused.stack)} cannot be used: ${refused.why}.`, {
      hint: 'presso teardown --dry-run',
    });
  const whole = stacks.length === 0;
  const steady = setup.steps.filter(({ action, stack }) => action === 'keep' && !goes.has(stackName(stack)));
  const codes = await observeCode(connection, codeStacks(wanted, steady), present.coreFunctions);
  return {
    identity,
    region: connection.region,
    to: aim.to,
    removals: worthDoing(removals) || stacks.length > 0 ? removals : [],
    left: [...handMade.left, ...notCompared(codes.blind, connection.region)],
    stacks,
    codes: codes.changed,
    seed: whole ? await seedChanges(connection, aim) : undefined,
    build: build && (whole ? await buildSteps(connection, build, identity.account) : 'later'),
  };
}

/** One line for what has one reason: where archives cannot be fetched, none can. */
function notCompared(blind: CodeFound['blind'], region: string): Left[] {
  const reasons = new Map<string, string[]>();
  for (const { function: name, why } of blind) reasons.set(why, [...(reasons.get(why) ?? []), name]);
  return [...reasons].map(([why, names]) => {
    const [name = ''] = names.sort();
    return {
      kind: 'code',
      id: names.length === 1 ? name : `of ${name} and ${names.length - 1} more`,
      why: `it was not compared: ${why}`,
      region,
    };
  });
}

/** Nothing at all would change. */
export const isNothing = (plan: ResetPlan): boolean =>
  plan.removals.length === 0 &&
  plan.stacks.length === 0 &&
  plan.codes.length === 0 &&
  plan.seed?.length === 0 &&
  (plan.build === undefined || (plan.build !== 'later' && plan.build.length === 0));

function refuseForeignCore(loose: { kind: string; id: string; owner?: string }[]): void {
  const owner = loose.find(({ kind, id }) => kind === 'event bus' && id === BUS_NAME)?.owner;
  if (owner === undefined) return;
  throw new PressoError(
    'not-ours',
    `The core here belongs to the stack ${owner}, which presso did not make, so presso does not put it back.`,
    { hint: 'presso solve module-1 --dry-run   (builds over what is there)' },
  );
}

async function heldBy(connection: Connection, stacks: ReadonlySet<string>): Promise<string[]> {
  const { stackResources } = await import('../aws/cloudformation.ts');
  return (await Promise.all([...stacks].map((name) => stackResources(connection, name))))
    .flat()
    .map(({ physicalId }) => physicalId);
}

function goesWithStack(removal: Removal, gone: ReadonlySet<string>): boolean {
  if (removal.kind === 'items') return gone.has(removal.table);
  if (removal.kind === 'user' || removal.kind === 'group') return gone.has(removal.pool);
  return removal.kind === 'log streams' && gone.has(removal.id);
}

const iotPoliciesFirst = (policies: string[], stacks: ReadonlySet<string>, region: string): Removal[] =>
  policies
    .filter((policy) => [...stacks].some((stack) => policy.startsWith(`${stack}-`)))
    .map((id) => ({ kind: 'IoT policy' as const, id, region, why: 'its stack cannot be deleted before it' }));

async function seedChanges(connection: Connection, { templates }: Pick<ResetAim, 'templates'>): Promise<Change[]> {
  const seed = readSeed(path.join(templates, 'seed'));
  return difference(seed, await observeSeed(connection), { storeOpen: true, counter: true });
}

async function buildSteps(connection: Connection, build: Build, account: string): Promise<SolveStep[]> {
  return planBuild(build.resources, await observeBuild(connection, account, build.resources)).steps;
}

export interface ResetOutcome {
  /** What would not go or could not be made, and why. */
  trouble: { id: string; reason: string }[];
  /** Things done. */
  done: number;
}

export const removalTitle = ({ kind, id }: Pick<Removal, 'kind' | 'id'>): string => `${kind} ${id}`;

/** The steps that a run will tell about. */
export function resetSteps(plan: ResetPlan): { id: string; title: string }[] {
  return [
    ...plan.removals.map((removal) => ({ id: removalTitle(removal), title: removalTitle(removal) })),
    ...plan.stacks.map(({ stack, action }) => ({ id: stack, title: `${action} ${stackName(stack)}` })),
    ...plan.codes.map(({ function: name }) => ({ id: codeId(name), title: codeId(name) })),
    ...(plan.seed?.length === 0 ? [] : [{ id: 'seed', title: 'menu, shop and counter' }]),
    ...(plan.build === undefined || plan.build.length === 0
      ? []
      : [{ id: 'build', title: `what ${plan.to} begins with` }]),
  ];
}

/** Carries the plan out; tells each step, and in `outcome` what went wrong. Stops soon after the signal. */
export async function* runReset(
  connection: Connection,
  aim: ResetAim,
  plan: ResetPlan,
  options: SweepOptions,
  outcome: ResetOutcome,
): AsyncGenerator<StepNews> {
  for await (const event of sweep(() => connection, plan.removals, options)) {
    const id = removalTitle(event.removal);
    if (event.kind === 'started') yield { id, state: 'started' };
    else if (event.kind === 'news') yield { id, state: 'news', text: event.text };
    else if (event.kind === 'gone') {
      outcome.done++;
      yield { id, state: 'done' };
    } else {
      outcome.trouble.push({ id, reason: event.reason });
      yield { id, state: 'failed', text: event.reason };
    }
  }
  if (options.signal.aborted) return;
  if (plan.stacks.length > 0) yield* makeStacks(connection, wantedFor(aim), options, outcome);
  if (options.signal.aborted) return;
  yield* restoreCodes(connection, aim, plan, options, outcome);
  if (options.signal.aborted) return;
  yield* step('seed', outcome, async () => {
    const rows = await seedChanges(connection, aim);
    await applySeed(connection, rows);
    return rows.length;
  });
  const build = buildFor(aim);
  if (!build || options.signal.aborted) return;
  yield* step('build', outcome, async () => {
    const steps = await buildSteps(connection, build, plan.identity.account);
    for await (const _ of applySteps(connection, steps, options)) if (options.signal.aborted) break;
    return steps.length;
  });
}

const codeId = (name: string): string => `code of ${name}`;

/** The stacks whose functions can be compared, by the templates of this presso. */
const codeStacks = (wanted: StackWanted[], steps: Pick<PlanStep, 'stack' | 'ofASet'>[]) =>
  steps.flatMap(({ stack: name, ofASet }) => {
    const body = wanted.find((one) => one.name === name)?.body;
    return body === undefined ? [] : [{ name, physical: ofASet ?? stackName(name), body }];
  });

/** Looks again where stacks were changed: an update leaves the code of a function whose template stayed the same. */
async function* restoreCodes(
  connection: Connection,
  aim: ResetAim,
  plan: ResetPlan,
  { pause, signal }: SweepOptions,
  outcome: ResetOutcome,
): AsyncGenerator<StepNews> {
  let { codes } = plan;
  if (plan.stacks.some(({ action }) => action !== 'create' && action !== 'recreate')) {
    const wanted = wantedFor(aim);
    const { steps } = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: false }));
    const steady = steps.filter(({ action }) => action === 'keep');
    codes = (await observeCode(connection, codeStacks(wanted, steady))).changed;
  }
  for (const code of codes) {
    if (signal.aborted) return;
    yield* step(codeId(code.function), outcome, async () => {
      await restoreCode(connection, code, pause);
      return 1;
    });
  }
}

async function* step(id: string, outcome: ResetOutcome, work: () => Promise<number>): AsyncGenerator<StepNews> {
  yield { id, state: 'started' };
  try {
    outcome.done += await work();
    yield { id, state: 'done' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    outcome.trouble.push({ id, reason });
    yield { id, state: 'failed', text: reason };
  }
}

/** Looks again, since what the sweep took away is now to be created. */
async function* makeStacks(
  connection: Connection,
  wanted: StackWanted[],
  options: SweepOptions,
  outcome: ResetOutcome,
): AsyncGenerator<StepNews> {
  const setup = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: false }));
  const refused = setup.trouble.find(({ severity }) => severity === 'refused');
  if (refused) {
    outcome.trouble.push({ id: 'stacks', reason: refused.sentence });
    return;
  }
  const { signal, now, pause } = options;
  for await (const event of deploy(connection, wanted, changes(setup), { signal, now, pause })) {
    const news = deployNews(event);
    if (event.kind === 'failed') outcome.trouble.push({ id: stackName(event.stack), reason: event.cause.sentence });
    if (event.kind === 'stack' && event.state === 'skipped')
      outcome.trouble.push({ id: stackName(event.stack), reason: event.why ?? 'skipped' });
    if (event.kind === 'stack' && event.state === 'done') outcome.done++;
    yield news;
  }
}
