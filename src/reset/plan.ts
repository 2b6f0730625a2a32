/** What goes, in which order, and why each thing is believed to be the workshop's. Pure. */
import { planRoles } from './plan-roles.ts';
import { MARKED, marked } from './marker.ts';
export type { Traces } from '../aws/traces.ts';
import { BUS_NAME, LOG_GROUP, STACK_PREFIX, WORKFLOW_NAME } from '../workshop.ts';

export interface Present {
  region: string;
  /** All Regions are looked into, and everything of the workshop goes. */
  everywhere?: boolean;
  stacks: { name: string; status: string; tags: Record<string, string> }[];
  /** The log groups of the core's functions, which its stacks hold. */
  logGroups: string[];
  /** Ids of the resources that the workshop's stacks hold: whatever is among them goes with its stack. */
  heldByStacks: string[];
  /** Functions of the workshop's stacks that are there. */
  coreFunctions: { stack: string; logicalId: string; function: string }[];
  rules: { name: string; bus: string; arn: string; targets: string[]; roles: string[] }[];
  stateMachines: { name: string; arn: string; tags: Record<string, string>; roleArn: string; running: number }[];
  /** Only those that no stack of the workshop holds. */
  functions: { name: string; tags: Record<string, string> }[];
  /** Statements in the policies of the stacks' functions that no stack put there. */
  permissions: { function: string; statementId: string; rule: string | undefined }[];
  roles: {
    name: string;
    arn: string;
    path: string;
    tags: Record<string, string>;
    resources: string[];
    policies: { arn: string; path: string }[];
    /** The workshop's stack in another Region that holds it. */
    heldIn?: string;
  }[];
  /** Policies under /service-role/ that are attached to nothing. */
  loosePolicies: { name: string; arn: string; resources: string[] }[];
  iotPolicies: string[];
  iotAttachments: { policy: string; target: string }[];
  /** Things with the workshop's own names that none of its stacks holds; `owner` is a stack of somebody else. */
  loose: { kind: LooseKind; id: string; name?: string; owner?: string }[];
  /** Things called like the workshop's, or as others may be called as well, without its marker, and in none of its stacks. */
  alike: { kind: string; id: string; name?: string }[];
}

export type LooseKind =
  | 'event bus'
  | 'table'
  | 'parameter'
  | 'function'
  | 'state machine'
  | 'log group'
  | 'log policy'
  | 'user pool'
  | 'identity pool'
  | 'IoT policy'
  | 'HTTP API'
  | 'queue'
  | 'dashboard';

/** What people and orders left in the tables, the pool and the logs of the core. */
export interface LeftData {
  items: { table: string; keys: Record<string, string | number>[] }[];
  users: { pool: string; name: string /** the mail address, where it has one */; shown: string }[];
  /** Groups of the pool that no stack holds. */
  groups: { pool: string; name: string }[];
  streams: { group: string; names: string[] }[];
}

export type Removal = { id: string; why: string; region: string /** It carries the marker. */; marked?: boolean } & (
  | { kind: 'executions'; arn: string; running: number }
  | { kind: 'rule'; bus: string }
  | { kind: 'state machine'; arn: string }
  | { kind: 'permission'; function: string; statementId: string }
  | { kind: 'role' }
  | { kind: 'policy'; arn: string }
  | { kind: 'IoT policy attachment'; policy: string; target: string }
  | { kind: 'stack'; after: string[] }
  | { kind: 'items'; table: string; keys: Record<string, string | number>[] }
  | { kind: 'user' | 'group'; pool: string }
  /** `incidental`: the core itself fills it again, so alone it is nothing to do. */
  | { kind: 'log streams'; names: string[]; incidental: boolean }
  | { kind: Exclude<LooseKind, 'state machine'> }
);

export interface Left {
  kind: string;
  id: string;
  why: string;
  region: string;
}

export interface SweepPlan {
  removals: Removal[];
  /** Looks like the workshop's but is not known to be. */
  left: Left[];
}

/** Which of a learner's things a build has too: they are changed in place instead of being taken away. */
export interface Kept {
  workflows: string[];
  /** `bus/name` */
  rules: string[];
  roles: string[];
  functions: string[];
  /** mail addresses */
  users: string[];
  groups: string[];
}
const NOTHING: Kept = { workflows: [], rules: [], roles: [], functions: [], users: [], groups: [] };

/** Everything that is there beside the core's stacks. */
export function planHandMade(present: Present, kept: Kept = NOTHING): SweepPlan {
  const plan: SweepPlan = { removals: [], left: [] };
  const { region } = present;
  const held = new Set(present.heldByStacks);
  const leave = (kind: string, id: string, why: string): void => void plan.left.push({ kind, id, why, region });

  const machines = present.stateMachines.filter(({ arn }) => !held.has(arn));
  const ours = machines.filter(({ name, tags }) => name === WORKFLOW_NAME || marked(tags));
  for (const { name } of machines.filter((machine) => !ours.includes(machine)))
    if (/order[-_ ]?processor/i.test(name))
      leave('state machine', name, 'its name is only like the workshop’s and it has no marker');
  const going = ours.filter(({ name }) => !kept.workflows.includes(name));

  const rolesInUse = new Set<string>();
  const rulesGoing = new Set<string>();
  for (const rule of present.rules) {
    if (held.has(rule.arn) || held.has(`${rule.bus}|${rule.name}`) || held.has(rule.name)) continue;
    if (rule.bus === BUS_NAME) {
      for (const role of rule.roles) rolesInUse.add(role);
      if (kept.rules.includes(`${rule.bus}/${rule.name}`)) continue;
      rulesGoing.add(rule.arn);
      plan.removals.push({ kind: 'rule', id: rule.name, bus: rule.bus, region, why: `it is on the bus ${BUS_NAME}` });
    } else if (rule.targets.some((target) => going.some(({ arn }) => arn === target)))
      leave('rule', `${rule.bus}/${rule.name}`, 'it is on another bus; its target goes');
  }
  for (const { name, arn, running } of ours)
    if (running > 0)
      plan.removals.push({
        kind: 'executions',
        id: name,
        arn,
        running,
        region,
        why: `${running} of ${name} still ${running === 1 ? 'runs' : 'run'}`,
      });
  for (const { name, arn, tags, roleArn } of ours) {
    rolesInUse.add(roleArn);
    if (!going.some((machine) => machine.arn === arn)) continue;
    const why = marked(tags) ? MARKED : 'it has the workshop’s name';
    plan.removals.push({ kind: 'state machine', id: name, arn, region, why, marked: marked(tags) });
  }
  for (const { name, tags } of present.functions)
    if (marked(tags) && !kept.functions.includes(name))
      plan.removals.push({ kind: 'function', id: name, region, why: MARKED, marked: true });
  for (const { function: target, statementId, rule } of present.permissions) {
    if (rule !== undefined && kept.rules.includes(rule)) continue;
    plan.removals.push({
      kind: 'permission',
      id: `${target}/${statementId}`,
      function: target,
      statementId,
      region,
      why: 'no stack put it on the workshop’s function',
    });
  }

  const roles = planRoles(present, kept.roles, rolesInUse);
  plan.removals.push(...roles.removals);
  plan.left.push(...roles.left);
  for (const { policy, target } of present.iotAttachments)
    plan.removals.push({
      kind: 'IoT policy attachment',
      id: `${policy} → ${target}`,
      policy,
      target,
      region,
      why: 'the workshop’s policy lets it listen',
    });
  return plan;
}

/** A reset's own part: what people left in the core, which itself stays. */
export function planLeftData(data: LeftData, region: string, kept: Kept = NOTHING): Removal[] {
  const removals: Removal[] = [];
  for (const { table, keys } of data.items)
    if (keys.length > 0)
      removals.push({
        kind: 'items',
        id: table,
        table,
        keys,
        region,
        why: `${keys.length} ${keys.length === 1 ? 'item that was' : 'items that were'} written since the set-up`,
      });
  for (const { pool, name, shown } of data.users)
    if (!kept.users.includes(shown))
      removals.push({
        kind: 'user',
        id: name,
        pool,
        region,
        // In a pool of mail addresses the name is an id, which tells nobody who it is.
        why: `${shown === name ? '' : `${shown}; `}the set-up makes no users`,
      });
  for (const { pool, name } of data.groups)
    if (!kept.groups.includes(name))
      removals.push({ kind: 'group', id: name, pool, region, why: 'the set-up makes no other group than admin' });
  for (const { group, names } of data.streams)
    if (names.length > 0)
      removals.push({
        kind: 'log streams',
        id: group,
        names,
        // Where a rule logs, seeding the tables already writes: the config's own change is an event.
        incidental: group !== LOG_GROUP || kept.rules.length > 0,
        region,
        why: `${names.length} ${names.length === 1 ? 'stream' : 'streams'} of earlier orders`,
      });
  return removals;
}

/** Stacks that are taken down to be made anew, and what rests on them with them. */
export function planStackRemovals(
  stacks: { name: string; after: string[]; why: string | undefined }[],
  region: string,
): Removal[] {
  const going = new Map<string, string>();
  for (const { name, why } of stacks) if (why !== undefined) going.set(name, why);
  // Those that rest on one that goes: they took its names over when they were made.
  for (let grown = true; grown; ) {
    grown = false;
    for (const { name, after } of stacks) {
      const below = after.find((other) => going.has(other));
      if (below === undefined || going.has(name)) continue;
      going.set(name, `it rests on ${STACK_PREFIX}${below}, which is made anew`);
      grown = true;
    }
  }
  return [...going].map(([name, why]) => ({
    kind: 'stack' as const,
    id: `${STACK_PREFIX}${name}`,
    region,
    why,
    after: stacks
      .filter((other) => going.has(other.name) && other.after.includes(name))
      .map((other) => `${STACK_PREFIX}${other.name}`),
  }));
}

/** Alone in a plan these are nothing to do. */
export const worthDoing = (removals: Removal[]): boolean =>
  removals.some((removal) => !(removal.kind === 'log streams' && removal.incidental));
