/** A room set up through CloudFormation StackSets: looked at, deployed set after set, seeded. */
import type { Connection } from '../aws/connection.ts';
import { isDenied } from '../aws/failure.ts';
import { getRole } from '../aws/roles.ts';
import { describeSet, runningOperation, type SetHub } from '../aws/stack-sets.ts';
import {
  type Attended,
  type Attendee,
  deploySets,
  EXECUTION_ROLE,
  findSet,
  type Finding,
  type FleetEvent,
  planSet,
  readReason,
  type Result,
  runFleet,
  type SetEvent,
  type SetPlan,
  type SetWanted,
  type Tools,
} from '../fleet/index.ts';
import type { FleetOptions } from '../fleet/run.ts';
import { diagnose } from '../setup/diagnose.ts';
import { observeSetup } from '../setup/observe.ts';
import { planSetup } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { count, line } from '../text.ts';
import { seedMissing, type Work } from './fleet-operations.ts';
import { setOptions, type SetsAim, wantedSets } from './fleet-stack-sets-hub.ts';

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
      wanted.map(async (one) => planSet(one, await findSet(run.hub, one.set), here(), run.hub, gone)),
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
  const work = deploySets(attendees, wanted, { ...setOptions(run.hub, run.aim, run.options), gone }, (event) => {
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
