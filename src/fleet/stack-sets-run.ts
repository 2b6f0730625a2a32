/**
 * Deploys the core's sets into a room, and takes a room out of them: one operation at a time for each set, as AWS has it,
 * sets that do not rest on each other side by side. Changes the administrator's account and, through StackSets, the others.
 */
import {
  createInstances,
  createSet,
  deleteInstances,
  deleteSet,
  describeSet,
  type InstanceState,
  isBusy,
  isUnderWay,
  operationResults,
  type OperationState,
  type Pace,
  type Places,
  type ResultState,
  runningOperation,
  type SetHub,
  setInstances,
  setOperation,
  updateInstances,
  updateSet,
} from '../aws/stack-sets.ts';
import { isDenied } from '../aws/failure.ts';
import { PressoError } from '../errors.ts';
import { MARKER } from '../workshop.ts';
import type { Attendee } from './roster.ts';
import {
  ADMINISTRATION_ROLE,
  levels,
  places,
  planSet,
  type SetFound,
  type SetPlan,
  type SetWanted,
} from './stack-sets.ts';

export interface SetRunOptions {
  hub: SetHub;
  pace: Pace;
  /** Stops watching; what StackSets have begun goes on by itself. */
  signal: AbortSignal;
  /** Resolves after that many milliseconds, or at once when the signal fires. */
  pause: (ms: number) => Promise<void>;
  /** Whoever has looked into the account did not find the template's stack there. */
  gone?: (account: string, template: string) => boolean;
}

export type SetEvent =
  /** Of the whole room. */
  | { kind: 'set'; set: string; text: string }
  | { kind: 'news'; account: string; text: string }
  | { kind: 'failed'; account: string; set: string; reason: string };

/** What there is of a set. */
export async function findSet(hub: SetHub, name: string): Promise<SetFound | undefined> {
  const state = await describeSet(hub, name);
  return state && { ...state, instances: await setInstances(hub, name) };
}

type Emit = (event: SetEvent) => void;

/** Deploys set after set; whoever fails in one is left out of those that come later. Throws for what concerns everybody. */
export async function deploySets(
  attendees: Attendee[],
  wanted: SetWanted[],
  options: SetRunOptions,
  emit: Emit,
): Promise<void> {
  const failed = new Set<string>();
  const note: Emit = (event) => {
    if (event.kind === 'failed') failed.add(event.account);
    emit(event);
  };
  for (const level of levels(wanted)) {
    const ready = attendees.filter(({ account }) => !failed.has(account));
    if (ready.length === 0 || options.signal.aborted) return;
    await everyone(level.map((set) => deploySet(set, ready, options, note)));
  }
}

/** All of them come to their end before the first failure is told: nothing goes on unseen. */
async function everyone(work: Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const bad = ended.find((one) => one.status === 'rejected');
  if (bad) throw bad.reason;
}

async function deploySet(wanted: SetWanted, attendees: Attendee[], options: SetRunOptions, emit: Emit): Promise<void> {
  const { hub, pace, signal } = options;
  await rest(wanted.set, options, emit);
  if (signal.aborted) return;
  const found = await findSet(hub, wanted.set);
  const plan = planSet(wanted, found, attendees, hub, options.gone);
  if (plan.action === 'refuse') throw refused(plan);
  const input = {
    name: wanted.set,
    description: wanted.description,
    body: wanted.body,
    parameters: wanted.parameters,
    tags: { [MARKER.key]: MARKER.value },
  };
  const inRoom = new Set(attendees.map(({ account }) => account));
  const run = async (what: string, where: Places, start: () => Promise<string>): Promise<void> => {
    emit({ kind: 'set', set: wanted.set, text: `${what} ${where.accounts.length} in ${where.region}` });
    for (const { account, status, reason } of await operate(wanted.set, start, options, emit))
      if (inRoom.has(account) && (status === 'FAILED' || status === 'CANCELLED'))
        emit({ kind: 'failed', account, set: wanted.set, reason: reason ?? status });
  };
  if (plan.action === 'create') {
    emit({ kind: 'set', set: wanted.set, text: 'making the set' });
    await createSet(hub, input);
  }
  for (const where of plan.replace) {
    if (signal.aborted) return;
    await takeOut(wanted.set, where, options, emit);
  }
  let renew = plan.renew;
  if (plan.action === 'update' && !signal.aborted) {
    // The definition goes with the first Region's accounts; who is in no roster of ours is not touched.
    const [first, ...later] = renew;
    await run('updating', first ?? { accounts: [], region: hub.connection.region }, () =>
      updateSet(withRolesOf(found, hub), input, first, pace),
    );
    renew = later;
  }
  for (const where of renew) {
    if (signal.aborted) return;
    await run('updating', where, () => updateInstances(hub, wanted.set, where, pace));
  }
  for (const where of [...plan.add, ...plan.replace]) {
    if (signal.aborted) return;
    await run('adding', where, () => createInstances(hub, wanted.set, where, pace));
  }
}

/** AWS wants a role of one's own named again at every update (API Reference, "UpdateStackSet"); its own name needs no word. */
function withRolesOf(found: SetFound | undefined, hub: SetHub): SetHub {
  const role = found?.administrationRole;
  return hub.administrationRole !== undefined || role === undefined || role.endsWith(`/${ADMINISTRATION_ROLE}`)
    ? hub
    : { ...hub, administrationRole: role };
}

const refused = ({ set, why }: SetPlan): PressoError =>
  new PressoError('refused', `The stack set ${set} cannot be used: ${why}.`, {
    hint: 'presso fleet setup --help   (or without --engine stacksets)',
  });

/** Waits until the set has no operation; somebody else's may be under way, or that of an earlier run. */
async function rest(set: string, options: SetRunOptions, emit: Emit): Promise<void> {
  const { hub, signal } = options;
  while (!signal.aborted) {
    if ((await describeSet(hub, set)) === undefined) return;
    const operation = await runningOperation(hub, set);
    if (!operation) return;
    emit({ kind: 'set', set, text: `waiting for the operation that is under way (${operation.action})` });
    await follow(set, operation.id, options, emit);
  }
}

/** Starts an operation as soon as the set rests, and follows it to its end. None when the watching was stopped. */
async function operate(
  set: string,
  start: () => Promise<string>,
  options: SetRunOptions,
  emit: Emit,
): Promise<ResultState[]> {
  while (!options.signal.aborted) {
    try {
      return await follow(set, await start(), options, emit);
    } catch (error) {
      if (!isBusy(error)) throw error;
      await rest(set, options, emit);
    }
  }
  return [];
}

const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 5_000;
/** Looks in a row that may fail (a network that is away, a sign-in that is renewed): the operation goes on without us. */
const PATIENCE = 10;
/** Looks at results after the operation's end, until none is under way. */
const LATE = 6;

async function follow(set: string, id: string, options: SetRunOptions, emit: Emit): Promise<ResultState[]> {
  const { hub, signal, pause } = options;
  const seen = new Map<string, string>();
  let wait = FIRST_POLL_MS;
  let failed = 0;
  let late = 0;
  while (!signal.aborted) {
    let operation: OperationState;
    let results: ResultState[];
    try {
      operation = await setOperation(hub, set, id);
      results = await operationResults(hub, set, id);
      failed = 0;
    } catch (error) {
      if (isDenied(error) || ++failed >= PATIENCE) throw error;
      await pause(LONGEST_POLL_MS);
      continue;
    }
    let changed = false;
    for (const { account, region, status } of results) {
      const key = `${account} ${region}`;
      if (seen.get(key) === status) continue;
      seen.set(key, status);
      changed = true;
      if (status !== 'PENDING') emit({ kind: 'news', account, text: `${set}: ${status.toLowerCase()}` });
    }
    // What is told of the accounts may lag behind the operation (API Reference, "ListStackSetOperationResults").
    const settled = results.every(({ status }) => !/^(PENDING|RUNNING)$/.test(status));
    if (!isUnderWay(operation) && (settled || ++late > LATE)) return results;
    wait = changed ? FIRST_POLL_MS : Math.min(wait * 1.5, LONGEST_POLL_MS);
    await pause(wait);
  }
  return [];
}

/**
 * Takes instances out of a set, their stacks with them. A stack that cannot be deleted that way (its account does not let
 * StackSets in, it was deleted by hand) is let go of: the set forgets it, and it stays where it is.
 */
async function takeOut(set: string, where: Places, options: SetRunOptions, emit: Emit): Promise<Map<string, string>> {
  const { hub, pace, signal } = options;
  const kept = new Map<string, string>();
  const results = await operate(set, () => deleteInstances(hub, set, where, pace, false), options, emit);
  for (const { account, status, reason } of results) if (status !== 'SUCCEEDED') kept.set(account, reason ?? status);
  const accounts = where.accounts.filter((account) => kept.has(account));
  if (accounts.length > 0 && !signal.aborted)
    await operate(set, () => deleteInstances(hub, set, { ...where, accounts }, pace, true), options, emit);
  return kept;
}

/** Which of these accounts the core's sets hold: account → sets. Sets that presso did not make are nobody's. */
export async function heldBySets(
  hub: SetHub,
  sets: string[],
): Promise<Map<string, { set: string; instance: InstanceState }[]>> {
  const held = new Map<string, { set: string; instance: InstanceState }[]>();
  for (const set of sets) {
    const found = await findSet(hub, set);
    if (!found || found.tags[MARKER.key] !== MARKER.value) continue;
    for (const instance of found.instances)
      held.set(instance.account, [...(held.get(instance.account) ?? []), { set, instance }]);
  }
  return held;
}

/**
 * Takes accounts out of the sets, those that rest on others first. Answers with what would not go: account → a reason a
 * set; their stacks stay where they are, for whoever enters the account by its role.
 */
export async function leaveSets(
  accounts: string[],
  wanted: SetWanted[],
  options: SetRunOptions,
  emit: Emit,
): Promise<Map<string, string[]>> {
  const stayed = new Map<string, string[]>();
  for (const level of levels(wanted).reverse())
    await everyone(
      level.map(async ({ set }) => {
        await rest(set, options, emit);
        const found = await findSet(options.hub, set);
        if (!found || found.tags[MARKER.key] !== MARKER.value) return;
        // In whatever Region: a roster may have changed since.
        const inSet = found.instances.filter((one) => accounts.includes(one.account));
        for (const where of places(inSet)) {
          if (options.signal.aborted) return;
          for (const [account, reason] of await takeOut(set, where, options, emit))
            stayed.set(account, [...(stayed.get(account) ?? []), `${set}: ${reason}`]);
        }
      }),
    );
  return stayed;
}

/** Deletes the sets that nobody is in any more; answers with their names. */
export async function deleteEmptySets(hub: SetHub, sets: string[]): Promise<string[]> {
  const gone: string[] = [];
  for (const set of sets) {
    const found = await describeSet(hub, set);
    if (found?.tags[MARKER.key] === MARKER.value && (await deleteSet(hub, set))) gone.push(set);
  }
  return gone;
}
