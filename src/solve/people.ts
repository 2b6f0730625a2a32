/** Users, their groups and the pools they are in: what a build wants of them, and the steps to it. Pure. */
import type { User } from '../aws/user-pools.ts';
import { PressoError } from '../errors.ts';
import type { GroupWanted, PoolPlace, PoolWanted, UserWanted } from './build.ts';

/** Where a step acts: a pool by its id, or one that an earlier step makes, by its name. */
export type PoolAt = { region: string } & ({ id: string } | { name: string });

export type PeopleStep =
  | { do: 'create-pool'; region: string; name: string }
  | { do: 'create-group'; at: PoolAt; name: string }
  | { do: 'create-user'; at: PoolAt; name: string; temporary: boolean }
  | { do: 'set-password'; at: PoolAt; name: string; because: string }
  | { do: 'enable-user' | 'disable-user'; at: PoolAt; name: string }
  | { do: 'join-group'; at: PoolAt; name: string; group: string };

export type PeopleUndo =
  | { do: 'delete-pool'; region: string; name: string }
  | { do: 'delete-group'; at: PoolAt; name: string }
  | { do: 'delete-user'; at: PoolAt; name: string }
  | { do: 'enable-user' | 'disable-user'; at: PoolAt; name: string }
  | { do: 'leave-group'; at: PoolAt; name: string; group: string };

/** What is there of the people of a build. */
export interface PeopleSeen {
  region: string;
  /** Id of the workshop's pool; undefined when there is none. */
  pool: string | undefined;
  /** By `region name`: ids of the other pools that the build names. */
  others: Record<string, string>;
  /** By `pool id group`. */
  groups: Record<string, boolean>;
  /** By `pool id name`. */
  users: Record<string, User & { groups: string[] }>;
}

/** Somebody with one of these can sign in, if only to choose another password. */
const SIGNS_IN = ['CONFIRMED', 'FORCE_CHANGE_PASSWORD', 'EXTERNAL_PROVIDER'];

export const otherKey = (region: string, name: string): string => `${region} ${name}`;

function placeOf(place: PoolPlace, seen: PeopleSeen): PoolAt {
  const region = place.region ?? seen.region;
  if (place.pool === undefined) {
    if (seen.pool === undefined)
      throw new PressoError('no-user-pool', 'The user pool of the workshop is not in this account and Region.', {
        hint: 'presso setup',
      });
    return { region, id: seen.pool };
  }
  const id = seen.others[otherKey(region, place.pool)];
  return id === undefined ? { region, name: place.pool } : { region, id };
}

export function peopleSteps(resource: PoolWanted | GroupWanted | UserWanted, seen: PeopleSeen): PeopleStep[] {
  const at = placeOf(resource, seen);
  const { name } = resource;
  if (resource.kind === 'pool') return 'id' in at ? [] : [{ do: 'create-pool', region: at.region, name }];
  const key = 'id' in at ? `${at.id} ${name}` : undefined;
  if (resource.kind === 'group') return key !== undefined && seen.groups[key] ? [] : [{ do: 'create-group', at, name }];
  const there = key === undefined ? undefined : seen.users[key];
  const steps: PeopleStep[] = [];
  if (!there) steps.push({ do: 'create-user', at, name, temporary: resource.status === 'FORCE_CHANGE_PASSWORD' });
  else if (!SIGNS_IN.includes(there.status))
    steps.push({ do: 'set-password', at, name, because: `it cannot sign in as it is (${there.status})` });
  for (const group of resource.groups)
    if (!there?.groups.includes(group)) steps.push({ do: 'join-group', at, name, group });
  if ((there?.enabled ?? true) !== resource.enabled)
    steps.push({ do: resource.enabled ? 'enable-user' : 'disable-user', at, name });
  return steps;
}

/** undefined where nothing can be put back: a password that was replaced is known to nobody. */
export function undoPeople(step: PeopleStep): PeopleUndo | undefined {
  switch (step.do) {
    case 'create-pool':
      return { do: 'delete-pool', region: step.region, name: step.name };
    case 'create-group':
      return { do: 'delete-group', at: step.at, name: step.name };
    case 'create-user':
      return { do: 'delete-user', at: step.at, name: step.name };
    case 'enable-user':
      return { do: 'disable-user', at: step.at, name: step.name };
    case 'disable-user':
      return { do: 'enable-user', at: step.at, name: step.name };
    case 'join-group':
      return { do: 'leave-group', at: step.at, name: step.name, group: step.group };
    case 'set-password':
      return undefined;
  }
}
