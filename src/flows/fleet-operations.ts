/** What a fleet can do to one account: each an operation of the fleet room, made of the rooms that do it for one. */
import path from 'node:path';
import { listStacks } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { type Attended, type Finding, NO_MARKER, refusal, type Tools } from '../fleet/index.ts';
import { deployNews } from '../report/setup.ts';
import type { Removal } from '../reset/plan.ts';
import { applySeed, difference, observeSeed, readSeed } from '../seed/index.ts';
import { deploy } from '../setup/deploy.ts';
import { observeSetup } from '../setup/observe.ts';
import { changes, planSetup, stackName } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { count } from '../text.ts';
import { type Checklist, factsOf, metricsThere, type ModuleResult, verify } from '../verify/index.ts';
import { coreStackName, isOfASet, MARKER } from '../workshop.ts';
import { pauseUntil } from './pause.ts';
import { isNothing, planReset, prepareReset, type ResetAim, type ResetOutcome, runReset } from './reset-account.ts';
import { PASSES, planAccountTeardown, runTeardown, type TeardownPlan } from './teardown-account.ts';

/** One operation on an opened account. `dryRun` plans and changes nothing. */
export type Work = (attended: Attended, tools: Tools) => Promise<Finding>;

const optionsOf = ({ signal }: Tools) => ({ signal, pause: pauseUntil(signal), now: Date.now });

/** What an interrupted run has left to go by, when it took the marker away with the rest. */
export interface Entitled {
  /** An earlier run found the marker here, began to change the account, and was not done. */
  begun: (account: string) => boolean;
  /** Told before anything is changed, once the marker was found. */
  entitle?: (account: string) => void;
}

/** Refuses an account that carries no marker, unless an earlier run had found it there. */
async function insistOnMarker(
  connection: Connection,
  account: string,
  { begun }: Entitled,
  removals: Removal[],
): Promise<void> {
  if (begun(account) || removals.some(({ marked }) => marked)) return;
  const stacks = await listStacks(connection);
  if (!stacks.some(({ name, tags }) => coreStackName(name) !== undefined && tags[MARKER.key] === MARKER.value))
    throw refusal(NO_MARKER);
}

export function setupWork(aim: { templates: string; checkRegion: boolean; dryRun: boolean }): Work {
  const wanted = wantedStacks(aim.templates);
  return async ({ connection }, tools) => {
    const plan = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: aim.checkRegion }));
    const refused = plan.trouble.filter(({ severity }) => severity === 'refused').map(({ sentence }) => sentence);
    const warnings = plan.trouble.filter(({ severity }) => severity === 'warning').map(({ sentence }) => sentence);
    const todo = changes(plan);
    if (refused.length > 0)
      return { outcome: 'failed', summary: refused[0] ?? '', trouble: [...refused.slice(1), ...warnings] };
    if (aim.dryRun)
      return {
        outcome: 'done',
        summary: todo.length === 0 ? 'is set up' : `would ${inActions(todo)}`,
        trouble: warnings,
      };
    const trouble: string[] = [];
    for await (const event of deploy(connection, wanted, todo, optionsOf(tools))) {
      if (event.kind === 'failed') trouble.push(`${stackName(event.stack)}: ${event.cause.sentence}`);
      if (event.kind === 'stack' && event.state !== 'kept') tools.news(`${event.stack}: ${deployNews(event).state}`);
    }
    if (tools.signal.aborted) return { outcome: 'stopped', summary: 'CloudFormation finishes what it has begun' };
    if (trouble.length > 0)
      return {
        outcome: 'failed',
        summary: `${count(trouble.length, 'stack')} failed`,
        trouble: [...trouble, ...warnings],
      };
    const changed = todo.length + (await seedMissing(connection, aim.templates));
    return {
      outcome: 'done',
      summary: changed === 0 ? 'was set up already' : `set up (${count(todo.length, 'stack')})`,
      trouble: warnings,
    };
  };
}

/** Rows that are not there yet; what people have changed stays. Answers with how many were put. */
export async function seedMissing(connection: Connection, templates: string): Promise<number> {
  const rows = difference(readSeed(path.join(templates, 'seed')), await observeSeed(connection), {});
  const missing = rows.filter(({ kind }) => kind === 'create');
  await applySeed(connection, missing);
  return missing.length;
}

function inActions(steps: { action: string }[]): string {
  const numbers = new Map<string, number>();
  for (const { action } of steps) numbers.set(action, (numbers.get(action) ?? 0) + 1);
  return [...numbers].map(([action, n]) => `${action} ${count(n, 'stack')}`).join(', ');
}

export interface VerifyDetail {
  modules: { module: string; passed: number; total: number; error: number; open: { id: string; title: string }[] }[];
}

/** `unasked`: no module was named, so that module 4, which is extra, is judged only where somebody has begun it. */
export function verifyWork(
  lists: Checklist[],
  explain: (error: unknown) => { found: string; hint: string },
  unasked = false,
): Work {
  return async ({ connection }, tools) => {
    const modules: ModuleResult[] = [];
    const facts = factsOf(connection);
    const short = unasked && !(await metricsThere(facts));
    const asked = short ? lists.filter(({ module }) => module !== 'module-4') : lists;
    for await (const result of verify(asked, facts, explain)) {
      if (tools.signal.aborted) break;
      modules.push(result);
    }
    // Half a judgement would look better than the account is.
    if (modules.length < asked.length) return { outcome: 'stopped', summary: 'it was not judged to the end' };
    const detail: VerifyDetail = {
      modules: modules.map(({ module, passed, error, checks }) => ({
        module,
        passed,
        total: checks.length,
        error,
        open: checks.filter(({ status }) => status === 'fail').map(({ id, title }) => ({ id, title })),
      })),
    };
    const errors = modules.flatMap(({ checks }) => checks.filter(({ status }) => status === 'error'));
    const all = modules.every(({ passed, checks }) => passed === checks.length);
    return {
      outcome: errors.length > 0 ? 'unknown' : all ? 'done' : 'failed',
      summary: modules.map(({ module, passed, checks }) => `${module} ${passed}/${checks.length}`).join(' · '),
      trouble: errors.slice(0, 3).map(({ id, found }) => `${id}: ${found}`),
      detail,
    };
  };
}

export function resetWork(aim: ResetAim & Entitled & { dryRun: boolean }): Work {
  // What is wrong with the templates comes up where they are needed.
  prepareReset(aim).catch(() => {});
  return async ({ connection, facts }, tools) => {
    const options = optionsOf(tools);
    const plan = await planReset(connection, aim, options);
    const state = aim.to === 'setup' ? 'is just set up' : `is where ${aim.to} begins`;
    if (isNothing(plan)) return { outcome: 'done', summary: state };
    await insistOnMarker(connection, facts.actsIn, aim, plan.removals);
    const things = [
      ...(plan.removals.length > 0 ? [`remove ${count(plan.removals.length, 'thing')}`] : []),
      ...(plan.stacks.length > 0 ? [inActions(plan.stacks)] : []),
      ...(plan.codes.length > 0 ? [`put the code of ${count(plan.codes.length, 'function')} back`] : []),
      ...(plan.seed === undefined || plan.seed.length > 0 ? ['put menu, shop and counter back'] : []),
      ...(plan.build === undefined || plan.build.length === 0 ? [] : [`build up to ${aim.to}`]),
    ].join(', ');
    if (aim.dryRun)
      return { outcome: 'done', summary: `would ${things}`, detail: { removals: plan.removals, left: plan.left } };
    aim.entitle?.(facts.actsIn);
    const outcome: ResetOutcome = { trouble: [], done: 0 };
    for await (const { id, state: now, text } of runReset(connection, aim, plan, options, outcome))
      if (now !== 'news' || text) tools.news(`${id}: ${text ?? now}`);
    if (tools.signal.aborted) return { outcome: 'stopped', summary: 'CloudFormation finishes what it has begun' };
    const trouble = outcome.trouble.map(({ id, reason }) => `${id}: ${reason}`);
    const fine = trouble.length === 0 && isNothing(await planReset(connection, aim, options));
    return {
      outcome: fine ? 'done' : 'failed',
      summary: fine
        ? `${state} (${count(outcome.done, 'change')})`
        : `${count(Math.max(1, trouble.length), 'thing')} could not be put back`,
      trouble,
    };
  };
}

/** StackSets that hold stacks in the accounts: those go with their instances, before anything else deletes them. */
export interface Releases {
  /** How many instances the hub has in this account. */
  held(account: string): number;
  /** Takes the account out of the sets; its stacks go with that. Answers with why some would not. */
  release(account: string, tools: Tools): Promise<string[]>;
}

export function teardownWork(aim: Entitled & { dryRun: boolean; releases?: Releases | undefined }): Work {
  return async ({ connection, facts }, tools) => {
    const options = optionsOf(tools);
    const held = aim.releases?.held(facts.actsIn) ?? 0;
    let plan = await planAccountTeardown(connection);
    if (plan.removals.length === 0 && held === 0)
      return { outcome: 'done', summary: 'holds nothing of the workshop', trouble: partlyLooked(plan) };
    if (plan.removals.length > 0) await insistOnMarker(connection, facts.actsIn, aim, plan.removals);
    if (aim.dryRun)
      return {
        outcome: 'done',
        summary: [
          ...(plan.removals.length > 0 ? [`would remove ${count(plan.removals.length, 'thing')}`] : []),
          ...(held > 0 ? [`would take it out of ${count(held, 'stack set')}, the stacks with it`] : []),
        ].join('; '),
        detail: { removals: plan.removals, left: plan.left },
      };
    aim.entitle?.(facts.actsIn);
    let trouble: string[] = [];
    let done = 0;
    let out = 0;
    if (held > 0) {
      // What was made by hand stands in the way of the stacks (rules on the bus, listeners), so it goes first.
      const first = { ...plan, removals: plan.removals.filter(({ kind, id }) => kind !== 'stack' || !isOfASet(id)) };
      const outcome: ResetOutcome = { trouble: [], done: 0 };
      for await (const { id, state, text } of runTeardown(connection, first, options, outcome))
        tools.news(`${id}: ${text ?? state}`);
      if (!tools.signal.aborted) trouble = (await aim.releases?.release(facts.actsIn, tools)) ?? [];
      if (tools.signal.aborted) return { outcome: 'stopped', summary: 'StackSets finish what they have begun' };
      done += outcome.done;
      out = held - trouble.length;
      plan = await planAccountTeardown(connection);
    }
    for (let pass = 0; pass < PASSES && plan.removals.length > 0; pass++) {
      const outcome: ResetOutcome = { trouble: [], done: 0 };
      for await (const { id, state, text } of runTeardown(connection, plan, options, outcome))
        tools.news(`${id}: ${text ?? state}`);
      if (tools.signal.aborted) return { outcome: 'stopped', summary: 'CloudFormation finishes what it has begun' };
      trouble = outcome.trouble.map(({ id, reason }) => `${id}: ${reason}`);
      done += outcome.done;
      plan = await planAccountTeardown(connection);
      if (outcome.done === 0) break;
    }
    return plan.removals.length === 0
      ? {
          outcome: 'done',
          summary: [
            ...(out > 0 ? [`taken out of ${count(out, 'stack set')}`] : []),
            ...(done > 0 || out === 0 ? [`removed ${count(done, 'thing')}`] : []),
            'looked again: nothing is left',
          ].join('; '),
          trouble: partlyLooked(plan),
        }
      : {
          outcome: 'failed',
          summary: `${count(plan.removals.length, 'thing')} would not go`,
          trouble: [...trouble, ...partlyLooked(plan)],
        };
  };
}

/** Where not every enabled Region was looked into: which were, and why. */
const partlyLooked = ({ looked, unlisted }: TeardownPlan): string[] =>
  unlisted === undefined
    ? []
    : [
        `looked into ${looked.map(({ region }) => region).join(', ')} only; the enabled Regions could not be listed: ${unlisted}`,
      ];

/** Who is behind the role, and what of the workshop is there: `fleet list`. */
export function listWork(): Work {
  return async ({ connection }) => {
    const stacks = (await listStacks(connection)).filter(({ name }) => coreStackName(name) !== undefined);
    const ours = stacks.filter(({ tags }) => tags[MARKER.key] === MARKER.value);
    const broken = ours.filter(({ status }) => !/^(CREATE|UPDATE)_COMPLETE$/.test(status));
    const summary =
      stacks.length === 0
        ? 'can be entered; nothing of the workshop'
        : `can be entered; ${count(ours.length, 'stack')}${broken.length > 0 ? `, ${broken.length} not at rest` : ''}${stacks.length > ours.length ? `, ${stacks.length - ours.length} not presso’s` : ''}`;
    return { outcome: 'done', summary, trouble: broken.map(({ name, status }) => `${name}: ${status}`) };
  };
}
