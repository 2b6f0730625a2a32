/** Is there somebody who may serve: in the group of those who do, and able to sign in? */
import type { Connection } from '../../aws/connection.ts';
import { isDenied } from '../../aws/failure.ts';
import {
  groupMembers,
  listGroups,
  someUsers,
  temporaryPasswordDays,
  type User,
  userPoolsNamed,
} from '../../aws/user-pools.ts';
import { nearest } from '../../text.ts';
import { ADMIN_GROUP, USER_POOL_NAME } from '../../workshop.ts';
import { appSettings, poolOf } from '../apps/settings.ts';
import type { Facts } from '../facts.ts';
import type { Verdict } from '../types.ts';
import { whereElse } from './elsewhere.ts';
import { probe } from './probe.ts';

interface Seen {
  region: string;
  /** The pool that the apps sign in to. */
  pool: string | undefined;
  /** undefined: the pool has no such group */
  members: User[] | undefined;
  /** For how many days a password that somebody else has set is good; read where it matters. */
  temporaryDays: number;
  /** Epoch milliseconds at which this was seen. */
  at: number;
  /** Only read where nobody can serve. */
  instead: Instead;
  /** How a command of the AWS CLI begins that reaches this place. */
  cli: string;
}

interface Instead {
  /** Groups of the pool. */
  groups: string[];
  /** Members of a group of nearly that name. */
  nearMembers: User[];
  /** The first users of the pool. */
  users: User[];
  /** A pool of the same name that the apps do not use, and in which somebody is in the group. */
  otherPool: string | undefined;
  /** Regions in which somebody is. */
  elsewhere: string[];
}

const NOTHING: Instead = { groups: [], nearMembers: [], users: [], otherPool: undefined, elsewhere: [] };

async function lookAround(facts: Facts, connection: Connection, pool: string, pools: string[]): Promise<Instead> {
  const [groups, users, others, elsewhere] = await Promise.all([
    orNone(() => listGroups(connection, pool)),
    orNone(() => someUsers(connection, pool)),
    Promise.all(
      pools
        .filter((id) => id !== pool)
        .map(async (id) => ((await groupMembers(connection, id, ADMIN_GROUP))?.length ? [id] : [])),
    ),
    facts.elsewhere('admins', hasAdmins),
  ]);
  const near = groups.find((name) => name !== ADMIN_GROUP && isNear(name));
  const nearMembers = near === undefined ? [] : await groupMembers(connection, pool, near);
  return { groups, users, nearMembers: nearMembers ?? [], otherPool: others.flat()[0], elsewhere };
}

/** Only for the sentence: who may not list them is told without a name. */
async function orNone<T>(look: () => Promise<T[]>): Promise<T[]> {
  try {
    return await look();
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

const isNear = (group: string): boolean =>
  /admin/i.test(group) || nearest(group.toLowerCase(), [ADMIN_GROUP]) !== undefined;

async function hasAdmins(there: Connection): Promise<boolean> {
  const pools = await userPoolsNamed(there, USER_POOL_NAME);
  const members = await Promise.all(pools.map((pool) => groupMembers(there, pool, ADMIN_GROUP)));
  return members.some((one) => (one?.length ?? 0) > 0);
}

const DAY = 86_400_000;

/** Why somebody cannot sign in; undefined when they can, if only to choose a password of their own. */
function barred({ enabled, status, modified }: User, { temporaryDays, at }: Pick<Seen, 'temporaryDays' | 'at'>) {
  if (!enabled) return { why: 'is disabled', mend: 'enable' as const };
  if (status === 'FORCE_CHANGE_PASSWORD')
    return at - modified > temporaryDays * DAY
      ? {
          why: `never signed in, and the password given to them has expired after ${temporaryDays} days`,
          mend: 'password' as const,
        }
      : undefined;
  if (status === 'CONFIRMED' || status === 'EXTERNAL_PROVIDER') return undefined;
  if (status === 'UNCONFIRMED') return { why: 'has not been confirmed (UNCONFIRMED)', mend: 'confirm' as const };
  return { why: `has to have the password reset first (${status})`, mend: 'password' as const };
}

function mendLine(cli: string, pool: string, user: User, mend: 'enable' | 'confirm' | 'password'): string {
  const [action, more] = {
    enable: ['admin-enable-user', ''],
    confirm: ['admin-confirm-sign-up', ''],
    password: ['admin-set-user-password', ' --permanent --password …'],
  }[mend];
  return `${cli} cognito-idp ${action} --user-pool-id ${pool} --username ${user.name}${more}`;
}

/** Somebody of the group who serves can sign in; where nobody can, who comes nearest is named. */
export const adminUser = probe<Seen>({
  async observe(_check, facts) {
    const settings = await appSettings(facts);
    const pool = poolOf(settings);
    const base = {
      region: facts.region,
      pool,
      at: Date.now(),
      cli: `aws --region ${facts.region}${facts.connection?.endpoint ? ` --endpoint-url ${facts.connection.endpoint}` : ''}`,
    };
    if (pool === undefined)
      return {
        ...base,
        members: undefined,
        temporaryDays: 7,
        instead: {
          ...NOTHING,
          elsewhere: await facts.elsewhere(
            'pools',
            async (there) => (await userPoolsNamed(there, USER_POOL_NAME)).length > 0,
          ),
        },
      };
    const members = await facts.once(`members ${pool}`, (c) => groupMembers(c, pool, ADMIN_GROUP));
    const temporaryDays = members?.some(({ status }) => status === 'FORCE_CHANGE_PASSWORD')
      ? await facts.once(`password days ${pool}`, (c) => temporaryPasswordDays(c, pool))
      : 7;
    const instead =
      (members?.length ?? 0) > 0
        ? NOTHING
        : await facts.once(`instead of members ${pool}`, (c) => lookAround(facts, c, pool, settings.pools));
    return { ...base, members, temporaryDays, instead };
  },
  judge(_check, seen): Verdict {
    const expected = `a user in the group ${ADMIN_GROUP} of ${USER_POOL_NAME} who is enabled and can sign in`;
    const { pool, members, instead, cli } = seen;
    const say = (status: Verdict['status'], found: string, hint?: string): Verdict => ({
      status,
      expected,
      found,
      ...(hint ? { hint } : {}),
    });
    if (pool === undefined) {
      const other = whereElse(instead.elsewhere);
      return say(
        'waiting',
        `there is no user pool ${USER_POOL_NAME} in ${seen.region}${other.found}`,
        other.hint ?? 'presso setup',
      );
    }
    const able = (members ?? []).filter((user) => !barred(user, seen));
    const [first, ...more] = able;
    if (first) {
      const later = first.status === 'FORCE_CHANGE_PASSWORD' ? ', who chooses a password at the first sign-in' : '';
      return say('pass', `${first.shown}${later}${more.length > 0 ? ` and ${more.length} more` : ''}`);
    }
    const [unable] = members ?? [];
    const bar = unable && barred(unable, seen);
    if (unable && bar)
      return say(
        'fail',
        `${unable.shown} is in the group ${ADMIN_GROUP} and ${bar.why}`,
        mendLine(cli, pool, unable, bar.mend),
      );
    const join = (user: User): string =>
      `${cli} cognito-idp admin-add-user-to-group --user-pool-id ${pool} --username ${user.name} --group-name ${ADMIN_GROUP}`;
    const near = instead.groups.find((name) => name !== ADMIN_GROUP && isNear(name));
    const [misled] = instead.nearMembers;
    if (misled)
      return say(
        'fail',
        `${misled.shown} is in the group "${near}", and the apps ask for "${ADMIN_GROUP}"`,
        join(misled),
      );
    if (members === undefined)
      return say(
        'fail',
        `the user pool ${pool} has no group ${ADMIN_GROUP}${near === undefined ? '' : `, only "${near}"`}`,
        `${cli} cognito-idp create-group --user-pool-id ${pool} --group-name ${ADMIN_GROUP}`,
      );
    if (instead.otherPool !== undefined)
      return say(
        'fail',
        `somebody is in the group ${ADMIN_GROUP} of the user pool ${instead.otherPool}; the apps sign in to ${pool}`,
        `Make the user in the pool ${pool}.`,
      );
    const [user, ...others] = instead.users;
    if (user)
      return say(
        'fail',
        `nobody is in the group ${ADMIN_GROUP}; ${user.shown}${others.length > 0 ? ` and ${others.length} more` : ''} of the pool ${others.length > 0 ? 'are' : 'is'} not`,
        join(user),
      );
    const [region] = instead.elsewhere;
    if (region !== undefined)
      return say(
        'fail',
        `nobody is in the user pool ${pool} of ${seen.region}; in ${instead.elsewhere.join(' and ')} somebody is`,
        `This is ${seen.region}: work in one Region only, the one that has the core and your workflow.`,
      );
    return say('fail', `nobody is in the user pool ${pool} yet`);
  },
});
