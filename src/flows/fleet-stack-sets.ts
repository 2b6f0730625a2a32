/** A room through CloudFormation StackSets: looked at, deployed set after set, seeded; and taken down again. */
import type { Connection } from '../aws/connection.ts';
import { errorName, isDenied } from '../aws/failure.ts';
import { findUnit, managementAccount, organizationRoot } from '../aws/organizations.ts';
import { getRole } from '../aws/roles.ts';
import {
  describeSet,
  type Pace,
  type Permissions,
  runningOperation,
  type SetHub,
  setNames,
} from '../aws/stack-sets.ts';
import { PressoError } from '../errors.ts';
import {
  type Attended,
  type Attendee,
  deleteEmptySets,
  deploySets,
  EXECUTION_ROLE,
  findSet,
  type Finding,
  type FleetEvent,
  heldBySets,
  leaveSets,
  planSet,
  readReason,
  type Result,
  runFleet,
  type SetEvent,
  type SetPlan,
  type SetRunOptions,
  type SetWanted,
  type Tools,
} from '../fleet/index.ts';
import type { FleetOptions } from '../fleet/run.ts';
import { diagnose } from '../setup/diagnose.ts';
import { observeSetup } from '../setup/observe.ts';
import { planSetup, stackName } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { count, line } from '../text.ts';
import { pauseOf, type Releases, seedMissing, type Work } from './fleet-operations.ts';

/** What the flags of `--engine stacksets` say. */
export interface SetsAim {
  permissions: Permissions;
  tolerance: Pace['tolerance'];
  administrationRole?: string | undefined;
  executionRole?: string | undefined;
}

/** `5` accounts, or `10%` of them. */
export function toleranceOf(text: string): Pace['tolerance'] {
  const found = /^(\d{1,6})(%?)$/.exec(text.trim());
  const number = Number(found?.[1]);
  if (!found || (found[2] === '%' && number > 100))
    throw new PressoError('usage', `"${line(text)}" is neither a number of accounts nor a percentage of them.`, {
      hint: '--failure-tolerance 5   (or 10%)',
    });
  return found[2] === '%' ? { percentage: number } : { count: number };
}

/** The administrator's side. Service-managed permissions need the organization: its root, and whose account this is. */
export async function openHub(
  connection: Connection,
  aim: Pick<SetsAim, 'permissions' | 'administrationRole' | 'executionRole'>,
  room: { own: string; organization?: string | undefined },
): Promise<SetHub> {
  const { permissions, administrationRole, executionRole } = aim;
  if (permissions === 'self-managed') return { connection, permissions, administrationRole, executionRole };
  try {
    const management = await managementAccount(connection);
    if (management === undefined)
      throw new PressoError('no-organization', `The account ${room.own} is in no organization.`, {
        hint: 'presso fleet setup --engine stacksets --permissions self-managed',
      });
    const answer = room.organization === undefined ? undefined : await findUnit(connection, room.organization);
    const unit = answer && 'unit' in answer ? answer.unit.id : await organizationRoot(connection);
    return { connection, permissions, delegated: management !== room.own, unit };
  } catch (error) {
    if (!isDenied(error)) throw error;
    throw new PressoError(
      'denied',
      `The account ${room.own} may not read the organization, and service-managed permissions need it.`,
      { hint: 'presso fleet setup --engine stacksets --permissions self-managed', cause: error },
    );
  }
}

/** The core as stack sets: one for each template, named as its stack is without them. */
export const wantedSets = (templates: string): SetWanted[] =>
  wantedStacks(templates).map(({ name, after, description, body, parameters }) => ({
    template: name,
    set: stackName(name),
    after,
    description,
    body,
    parameters,
  }));

export interface SetsRun {
  hub: SetHub;
  aim: SetsAim;
  templates: string;
  checkRegion: boolean;
  dryRun: boolean;
  options: FleetOptions;
  /** Into an attendee's account, after the guards. */
  enter: (attendee: Attendee, tools: Tools, work: Work) => Promise<Finding>;
  /** A line about the whole room. */
  tell: (text: string) => void;
}

/** As `runFleet`, through StackSets: everybody is looked at first, then deployed together, then seeded one by one. */
export async function* setupBySets(attendees: Attendee[], run: SetsRun): AsyncGenerator<FleetEvent> {
  const wanted = wantedSets(run.templates);
  const { options } = run;
  // What an operation makes while the accounts are looked at is not missing.
  const busy = await busySets(run.hub, wanted);
  const ready = new Map<string, { attendee: Attendee; result: Result }>();
  const look = runFleet(attendees, (one, tools) => run.enter(one, tools, lookWork(run)), options);
  for await (const event of look) {
    if (event.kind !== 'ended' || event.again || event.result.outcome !== 'done') yield event;
    else ready.set(event.attendee.account, event);
  }
  const there = new Map([...ready].map(([account, { result }]) => [account, result.detail as string[]]));
  const gone = (account: string, template: string): boolean =>
    !busy.has(template) && there.get(account)?.includes(template) === false;
  const ended = (account: string, finding: Finding): FleetEvent[] => {
    const found = ready.get(account);
    if (!found) return [];
    ready.delete(account);
    const { attendee, result } = found;
    const { outcome, summary, trouble = [] } = finding;
    const { detail: _there, ...before } = result;
    const all = { ...before, outcome, summary, trouble: [...trouble, ...result.trouble], ended: options.now() };
    return [{ kind: 'ended', attendee, again: false, result: all }];
  };
  const here = (): Attendee[] => [...ready.values()].map(({ attendee }) => attendee);
  if (run.dryRun) {
    const plans = await Promise.all(
      wanted.map(async (one) => planSet(one, await findSet(run.hub, one.set), here(), run.hub.permissions, gone)),
    );
    for (const text of planWords(plans)) run.tell(text);
    for (const { account } of here()) yield* ended(account, wouldDo(account, plans));
    return;
  }
  if (ready.size > 0 && !options.signal.aborted) {
    const work = deployed(here(), wanted, run, gone);
    for await (const event of work) {
      if (event.kind === 'set') run.tell(`${event.set}: ${event.text}`);
      else if (event.kind === 'failed') yield* ended(event.account, failure(event));
      else {
        const found = ready.get(event.account);
        if (found) yield { kind: 'news', attendee: found.attendee, text: event.text, at: options.now() };
      }
    }
  }
  if (options.signal.aborted) {
    for (const { account } of here())
      yield* ended(account, { outcome: 'stopped', summary: 'StackSets go on with what they have begun' });
    return;
  }
  const { done: _done, ...fresh } = options;
  const seeds = runFleet(here(), (one, tools) => run.enter(one, tools, seedWork(run, wanted.length)), fresh);
  for await (const event of seeds)
    if (event.kind === 'ended') yield* ended(event.attendee.account, event.result);
    else if (event.kind === 'news') yield event;
}

async function busySets(hub: SetHub, wanted: SetWanted[]): Promise<Set<string>> {
  const found = await Promise.all(
    wanted.map(async ({ template, set }) =>
      (await describeSet(hub, set)) && (await runningOperation(hub, set)) ? [template] : [],
    ),
  );
  return new Set(found.flat());
}

/** Is the account ready for the sets? The guards have been asked by then. */
const lookWork =
  (run: SetsRun): Work =>
  async ({ connection }) => {
    const wanted = wantedStacks(run.templates);
    const plan = planSetup(
      wanted,
      await observeSetup(connection, wanted, { checkRegion: run.checkRegion }),
      'stack sets',
    );
    const of = (severity: string): string[] =>
      plan.trouble.filter((one) => one.severity === severity).map(({ sentence }) => sentence);
    const [refused, ...more] = [...of('refused'), ...(await noEntry(connection, run.hub))];
    if (refused !== undefined) return { outcome: 'failed', summary: refused, trouble: [...more, ...of('warning')] };
    const there = plan.steps.flatMap(({ stack, ofASet }) => (ofASet === undefined ? [] : [stack]));
    return { outcome: 'done', summary: 'is ready', trouble: of('warning'), detail: there };
  };

/** Found before the first operation rather than by it. Whom the role trusts only StackSets themselves can try. */
async function noEntry(
  connection: Connection,
  { permissions, executionRole = EXECUTION_ROLE }: SetHub,
): Promise<string[]> {
  if (permissions === 'service-managed') return [];
  try {
    return (await getRole(connection, executionRole)) ? [] : [notLetIn(`${executionRole} is not there`)];
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

const notLetIn = (why: string): string => `StackSets are not let in: the role ${why}`;

const seedWork =
  (run: SetsRun, stacks: number): Work =>
  async ({ connection }: Attended) => {
    const rows = await seedMissing(connection, run.templates);
    return {
      outcome: 'done',
      summary:
        rows === 0
          ? `is set up (${count(stacks, 'stack')} of StackSets)`
          : `set up through StackSets (${count(stacks, 'stack')})`,
    };
  };

/** `deploySets` as a stream of what happens. */
async function* deployed(
  attendees: Attendee[],
  wanted: SetWanted[],
  run: SetsRun,
  gone: (account: string, template: string) => boolean,
): AsyncGenerator<SetEvent> {
  const queue: SetEvent[] = [];
  let wake = (): void => {};
  let over = false;
  let failure: unknown;
  const work = deploySets(attendees, wanted, { ...optionsOf(run.hub, run.aim, run.options), gone }, (event) => {
    queue.push(event);
    wake();
  })
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      over = true;
      wake();
    });
  for (;;) {
    for (let event = queue.shift(); event; event = queue.shift()) yield event;
    if (over) break;
    await new Promise<void>((done) => {
      wake = done;
      if (queue.length > 0 || over) done();
    });
  }
  await work;
  if (failure !== undefined) throw failure;
}

const optionsOf = (
  hub: SetHub,
  { tolerance }: Pick<SetsAim, 'tolerance'>,
  { signal, concurrency }: Pick<FleetOptions, 'signal' | 'concurrency'>,
): SetRunOptions => ({ hub, pace: { concurrency, tolerance }, signal, pause: pauseOf({ signal }) });

/** A stack instance's reason, told to whoever looks after the person. */
function failure({ set, reason }: { set: string; reason: string }): Finding {
  const found = readReason(reason);
  switch (found.kind) {
    case 'execution-role':
      return {
        outcome: 'failed',
        summary: notLetIn(`${found.role} is not there, or does not trust the hub’s ${found.by}`),
        trouble: ['presso fleet --print-policy --engine stacksets prints both roles'],
      };
    case 'administration-role':
      return {
        outcome: 'failed',
        summary: `the hub’s role ${found.role} is not there, or does not trust CloudFormation`,
        trouble: ['presso fleet --print-policy --engine stacksets prints it'],
      };
    case 'cancelled':
      return {
        outcome: 'failed',
        summary: `${set} was not begun here: more accounts failed than --failure-tolerance allows`,
      };
    case 'resource': {
      const { logicalId, type, text } = found;
      const event = { id: '', at: 0, logicalId, physicalId: '', type, status: 'CREATE_FAILED', reason: text };
      return { outcome: 'failed', summary: `${set}: ${diagnose([event], '').sentence}` };
    }
    case 'other':
      return { outcome: 'failed', summary: `${set}: ${line(found.text)}` };
  }
}

function planWords(plans: SetPlan[]): string[] {
  return plans.map(({ set, action, why, add, renew, replace, others }) => {
    const sum = (places: { accounts: string[] }[]): number =>
      places.reduce((n, { accounts }) => n + accounts.length, 0);
    const parts = [
      action === 'keep' ? 'keep the set' : `${action} the set (${why})`,
      ...(sum(add) > 0 ? [`add ${count(sum(add), 'account')}`] : []),
      ...(sum(renew) > 0 ? [`update ${sum(renew)}`] : []),
      ...(sum(replace) > 0 ? [`make ${sum(replace)} anew`] : []),
      ...(others > 0 ? [`leave ${others} of other rooms`] : []),
    ];
    return `${set}: ${parts.join(', ')}`;
  });
}

function wouldDo(account: string, plans: SetPlan[]): Finding {
  const refused = plans.find(({ action }) => action === 'refuse');
  if (refused) return { outcome: 'failed', summary: `The stack set ${refused.set} cannot be used: ${refused.why}.` };
  const of = (key: 'add' | 'renew' | 'replace'): number =>
    plans.filter((plan) => plan[key].some(({ accounts }) => accounts.includes(account))).length;
  const parts = [
    ...(of('add') > 0 ? [`create ${count(of('add'), 'stack')}`] : []),
    ...(of('renew') > 0 ? [`update ${count(of('renew'), 'stack')}`] : []),
    ...(of('replace') > 0 ? [`make ${count(of('replace'), 'stack')} anew`] : []),
  ];
  return {
    outcome: 'done',
    summary: parts.length === 0 ? 'is set up' : `would ${parts.join(', ')} through StackSets`,
  };
}

/** A moment for others to come along: one operation takes many accounts out at once. */
const GATHER_MS = 150;

/**
 * The core's sets of this hub, to take accounts out of. Undefined where there are none, or where the hub may not ask: then
 * nothing of StackSets is this hub's, and stacks are deleted where they are.
 */
export async function openReleases(
  connection: Connection,
  templates: string,
  own: string,
  options: Pick<FleetOptions, 'signal' | 'concurrency'>,
): Promise<(Releases & { deleteEmpty: () => Promise<string[]> }) | undefined> {
  const wanted = wantedSets(templates);
  const names = wanted.map(({ set }) => set);
  const hub = await findHub(connection, names, own);
  if (!hub) return undefined;
  const held = await heldBySets(hub, names);
  const run = optionsOf(hub, { tolerance: { percentage: 100 } }, options);
  interface Waiting {
    account: string;
    tools: Tools;
    done: (why: string[]) => void;
    failed: (error: unknown) => void;
  }
  const queue: Waiting[] = [];
  let busy = false;
  const flush = async (): Promise<void> => {
    busy = true;
    while (queue.length > 0) {
      await run.pause(GATHER_MS);
      const batch = queue.splice(0);
      try {
        const stayed = await leaveSets(
          batch.map(({ account }) => account),
          wanted,
          run,
          (event) => {
            if (event.kind !== 'set') batch.find(({ account }) => account === event.account)?.tools.news(text(event));
          },
        );
        for (const { account, done } of batch) done(stayed.get(account) ?? []);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    busy = false;
  };
  return {
    held: (account) => held.get(account)?.length ?? 0,
    release: (account, tools) =>
      new Promise((done, failed) => {
        queue.push({ account, tools, done, failed });
        if (!busy) void flush();
      }),
    deleteEmpty: () => deleteEmptySets(hub, names),
  };
}

const text = (event: Exclude<SetEvent, { kind: 'set' }>): string =>
  event.kind === 'news' ? event.text : `${event.set}: ${event.reason}`;

async function findHub(connection: Connection, names: string[], own: string): Promise<SetHub | undefined> {
  const hubs: (() => Promise<SetHub>)[] = [
    async () => ({ connection, permissions: 'self-managed' }),
    () => openHub(connection, { permissions: 'service-managed' }, { own }),
  ];
  for (const open of hubs)
    try {
      const hub = await open();
      const [first] = (await setNames(hub)).filter((name) => names.includes(name));
      if (first === undefined) continue;
      const found = await describeSet(hub, first);
      if (found) return found.permissions === hub.permissions ? hub : await openHub(connection, found, { own });
    } catch (error) {
      // Who may not look at sets, or is in no organization, has none to take anybody out of.
      if (!isDenied(error) && !(error instanceof PressoError) && errorName(error) !== 'ValidationError') throw error;
    }
  return undefined;
}
