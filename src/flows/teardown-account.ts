/** One account taken down in every Region that is enabled, without a word to the terminal. */
import { type Identity, whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { tracesElsewhere } from '../aws/regions.ts';
import type { Traces } from '../aws/traces.ts';
import type { StepNews } from '../progress.ts';
import { observePresent } from '../reset/observe.ts';
import type { Removal, SweepPlan } from '../reset/plan.ts';
import { planTeardown } from '../reset/plan-teardown.ts';
import { type SweepOptions, sweep } from '../reset/sweep.ts';
import { removalTitle, type ResetOutcome } from './reset-account.ts';

export interface TeardownPlan extends SweepPlan {
  identity: Identity;
  region: string;
  /** What was looked at, a Region a line. */
  looked: Traces[];
  /** Why the enabled Regions could not be listed; those of the workshop were looked into instead. */
  unlisted?: string;
}

/** Looks in the connection's Region and in all others that are enabled. Only reads. */
export async function planAccountTeardown(connection: Connection): Promise<TeardownPlan> {
  const [identity, here, { traces: there, ...unlisted }] = await Promise.all([
    whoAmI(connection),
    observePresent(connection, { everywhere: true }),
    tracesElsewhere(connection),
  ]);
  const others = [];
  for (const { region, found } of there)
    if (found.length > 0) others.push(await observePresent(connection.inRegion(region), { everywhere: true }));
  // Roles, their policies and dashboards belong to no Region: planned once, but for those that stacks take along wherever.
  const held = new Set([here, ...others].flatMap(({ heldByStacks }) => heldByStacks));
  const plans = [
    planTeardown({
      ...here,
      roles: here.roles.filter(({ name }) => !held.has(name)),
      loose: here.loose.filter(({ kind, id }) => kind !== 'dashboard' || !held.has(id)),
    }),
    ...others.map((other) =>
      planTeardown({
        ...other,
        roles: [],
        loosePolicies: [],
        loose: other.loose.filter(({ kind }) => kind !== 'dashboard'),
      }),
    ),
  ];
  return {
    identity,
    region: connection.region,
    looked: [here.traces, ...there],
    ...unlisted,
    removals: plans.flatMap(({ removals }) => removals),
    left: plans.flatMap(({ left }) => left),
  };
}

export const teardownId = (removal: Removal, here: string): string =>
  `${removalTitle(removal)}${removal.region === here ? '' : ` in ${removal.region}`}`;

/** Carries the plan out; tells each step, and in `outcome` what would not go. */
export async function* runTeardown(
  connection: Connection,
  plan: SweepPlan,
  options: SweepOptions,
  outcome: ResetOutcome,
): AsyncGenerator<StepNews> {
  const connections = new Map<string, Connection>([[connection.region, connection]]);
  const at = (region: string): Connection => {
    const found = connections.get(region) ?? connection.inRegion(region);
    connections.set(region, found);
    return found;
  };
  for await (const event of sweep(at, plan.removals, options)) {
    const id = teardownId(event.removal, connection.region);
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
}

/** Passes over an account: what one pass frees, the next can take. More than these and nothing new would happen. */
export const PASSES = 3;
