/** What StackSets would do for a room, from what there is; and what a stack instance's reason means to a person. Pure. */
import type { InstanceState, Places, SetHub, SetState } from '../aws/stack-sets.ts';
import { MARKER } from '../workshop.ts';
import type { Attendee } from './roster.ts';

/** AWS's own names for the two roles (AWS page "Grant self-managed permissions"). */
export const ADMINISTRATION_ROLE = 'AWSCloudFormationStackSetAdministrationRole';
export const EXECUTION_ROLE = 'AWSCloudFormationStackSetExecutionRole';

/** A core template and the set that deploys it. */
export interface SetWanted {
  /** `events` */
  template: string;
  /** `serverlesspresso-events` */
  set: string;
  /** Templates whose stacks have to be there before. */
  after: string[];
  description: string;
  body: string;
  parameters: Record<string, string>;
}

export interface SetFound extends SetState {
  instances: InstanceState[];
}

export interface SetPlan {
  set: string;
  template: string;
  action: 'create' | 'update' | 'keep' | 'refuse';
  why: string;
  /** Not in the set yet. */
  add: Places[];
  /** In the set, with an older or a failed stack. */
  renew: Places[];
  /** Their instance is inoperable, or its stack is gone: taken out of the set and put in again. */
  replace: Places[];
  /** Accounts that are as they should be. */
  current: string[];
  /** Instances that belong to nobody of this roster. */
  others: number;
}

/** By Region, in the order of the roster. */
export function places(attendees: Pick<Attendee, 'account' | 'region'>[]): Places[] {
  const found = new Map<string, string[]>();
  for (const { account, region } of attendees) found.set(region, [...(found.get(region) ?? []), account]);
  return [...found].map(([region, accounts]) => ({ region, accounts }));
}

/** `gone`: the set believes in a stack that is not in the account; StackSets themselves learn it from an operation. */
export function planSet(
  wanted: SetWanted,
  found: SetFound | undefined,
  attendees: Pick<Attendee, 'account' | 'region'>[],
  hub: Pick<SetHub, 'permissions' | 'administrationRole' | 'executionRole'>,
  gone: (account: string, template: string) => boolean = () => false,
): SetPlan {
  const plan = { set: wanted.set, template: wanted.template };
  const none = { add: [], renew: [], replace: [], current: [], others: 0 };
  if (!found) return { ...plan, ...none, action: 'create', why: 'there is no such set yet', add: places(attendees) };
  if (found.tags[MARKER.key] !== MARKER.value)
    return {
      ...plan,
      ...none,
      action: 'refuse',
      why: `a stack set of that name is there that presso did not make (no tag ${MARKER.key})`,
    };
  if (found.permissions !== hub.permissions)
    return {
      ...plan,
      ...none,
      action: 'refuse',
      why: `it was made with ${found.permissions} permissions; say --permissions ${found.permissions}`,
    };
  const why = differs(wanted, found, hub);
  const at = new Map(found.instances.map((one) => [`${one.account} ${one.region}`, one]));
  const instanceOf = ({ account, region }: Pick<Attendee, 'account' | 'region'>): InstanceState | undefined =>
    at.get(`${account} ${region}`);
  const inRoom = attendees.filter((one) => instanceOf(one) !== undefined);
  const others = found.instances.length - inRoom.length;
  // An update of the definition that names no instance would go to all of them.
  const isBroken = (one: Pick<Attendee, 'account' | 'region'>): boolean =>
    instanceOf(one)?.status === 'INOPERABLE' ||
    (instanceOf(one)?.status === 'CURRENT' && gone(one.account, wanted.template));
  const able = inRoom.some((one) => !isBroken(one));
  if (why !== undefined && !able && others > 0)
    return {
      ...plan,
      ...none,
      others,
      action: 'refuse',
      why: `${why}, and it holds ${others} instances of other rooms: the set-up of their roster brings it up to date first`,
    };
  const outdated = why === undefined ? (one: InstanceState): boolean => one.status === 'OUTDATED' : () => true;
  const broken = inRoom.filter(isBroken);
  const old = inRoom.filter((one) => {
    const instance = instanceOf(one);
    return instance !== undefined && !isBroken(one) && outdated(instance);
  });
  return {
    ...plan,
    action: why === undefined ? 'keep' : 'update',
    why: why ?? 'it is as it should be',
    add: places(attendees.filter((one) => instanceOf(one) === undefined)),
    renew: places(old),
    replace: places(broken),
    current: inRoom.filter((one) => !broken.includes(one) && !old.includes(one)).map(({ account }) => account),
    others,
  };
}

function differs(
  wanted: SetWanted,
  found: SetState,
  hub: Pick<SetHub, 'administrationRole' | 'executionRole'>,
): string | undefined {
  if (found.body !== wanted.body) return 'its template differs from this version of presso';
  for (const role of ['administrationRole', 'executionRole'] as const)
    if (hub[role] !== undefined && hub[role] !== found[role]) return `its role is ${found[role] ?? 'not set'}`;
  const parameter = Object.entries(wanted.parameters).find(([key, value]) => found.parameters[key] !== value);
  return parameter && `its parameter ${parameter[0]} is ${found.parameters[parameter[0]] ?? 'not set'}`;
}

/** Sets that may go side by side, after those they rest on. */
export function levels<T extends { template: string; after: string[] }>(wanted: T[]): T[][] {
  const left = [...wanted];
  const done = new Set<string>();
  const found: T[][] = [];
  while (left.length > 0) {
    const ready = left.filter(({ after }) =>
      after.every((name) => done.has(name) || !wanted.some((one) => one.template === name)),
    );
    // A circle cannot be (the templates' own test); should one slip in, the rest goes in its order.
    const level = ready.length > 0 ? ready : left.slice(0, 1);
    for (const one of level) {
      left.splice(left.indexOf(one), 1);
      done.add(one.template);
    }
    found.push(level);
  }
  return found;
}

export type Reason =
  /** The account lets StackSets not in. */
  | { kind: 'execution-role'; role: string; by: string }
  /** The administrator's own role is missing: everybody's trouble. */
  | { kind: 'administration-role'; role: string }
  | { kind: 'cancelled' }
  | { kind: 'resource'; logicalId: string; type: string; text: string }
  | { kind: 'other'; text: string };

/** A stack instance's status reason, taken apart (guide, "Troubleshooting StackSets"). */
export function readReason(reason: string): Reason {
  const execution = /should have '([^']+)' role with trust relationship to Role '([^']+)'/.exec(reason);
  if (execution) return { kind: 'execution-role', role: execution[1] ?? '', by: execution[2] ?? '' };
  const administration = /should have '([^']+)' role with trust relationship to CloudFormation/.exec(reason);
  if (administration) return { kind: 'administration-role', role: administration[1] ?? '' };
  if (/^Cancelled since/i.test(reason)) return { kind: 'cancelled' };
  const resource = /^ResourceLogicalId:(.*?), ResourceType:(.*?), ResourceStatusReason:([\s\S]*?)\.?$/.exec(reason);
  if (resource)
    return { kind: 'resource', logicalId: resource[1] ?? '', type: resource[2] ?? '', text: resource[3] ?? '' };
  return { kind: 'other', text: reason };
}
