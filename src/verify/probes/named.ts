import { groupExists, userPoolsNamed } from '../../aws/user-pools.ts';
import { ADMIN_GROUP, ORDER_MANAGER_PART, USER_POOL_NAME } from '../../workshop.ts';
import { probe } from './probe.ts';

/** Functions that learners and rules look for by a part of their names. */
export const functions = probe<string[]>({
  observe: (_check, facts) => facts.functions(),
  judge(check, names) {
    const parts = (check.expect['contain'] ?? []) as string[];
    const expected = `functions whose names contain ${parts.join(', ')}`;
    const missing = parts.filter((part) => !names.some((name) => name.includes(part)));
    if (missing.length > 0)
      return {
        status: 'fail',
        expected,
        found: `no function's name contains ${missing.join(', nor ')}`,
      };
    return {
      status: 'pass',
      expected,
      found: parts.map((part) => names.find((name) => name.includes(part)) ?? '').join(', '),
    };
  },
});

/** The state machine behind the order manager. */
export const orderManager = probe<{ name: string; type: string }[]>({
  observe: (_check, facts) => facts.machines(),
  judge(_check, machines) {
    const expected = `a state machine whose name contains ${ORDER_MANAGER_PART}`;
    const found = machines.find(({ name }) => name.includes(ORDER_MANAGER_PART));
    return found
      ? { status: 'pass', expected, found: found.name }
      : {
          status: 'fail',
          expected,
          found:
            machines.length === 0
              ? 'there is no state machine'
              : `there is only ${machines.map(({ name }) => name).join(', ')}`,
        };
  },
});

/** The user pool of the apps, and in it the group of those who serve. */
export const userPool = probe<{ pools: string[]; group: boolean }>({
  async observe(_check, facts) {
    const pools = await facts.once('user pools', (connection) => userPoolsNamed(connection, USER_POOL_NAME));
    const groups = await Promise.all(
      pools.map((pool) => facts.once(`group ${pool}`, (connection) => groupExists(connection, pool, ADMIN_GROUP))),
    );
    return { pools, group: groups.includes(true) };
  },
  judge(check, { pools, group }) {
    const wantsGroup = check.expect['group'] === true;
    const expected = `the user pool ${USER_POOL_NAME}${wantsGroup ? ` with the group ${ADMIN_GROUP}` : ''}`;
    if (pools.length === 0) return { status: 'fail', expected, found: `there is no user pool ${USER_POOL_NAME}` };
    if (wantsGroup && !group)
      return { status: 'fail', expected, found: `the user pool ${pools[0]} has no group ${ADMIN_GROUP}` };
    return { status: 'pass', expected, found: pools.join(', ') };
  },
});
