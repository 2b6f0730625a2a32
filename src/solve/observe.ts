/** What is there of what a build wants. Only reads. */
import type { Connection } from '../aws/connection.ts';
import { inRegion } from '../aws/in-region.ts';
import { listRules, type Rule } from '../aws/events.ts';
import { listFunctions, listRoles, listStateMachines } from '../aws/find.ts';
import { functionArn, functionPolicy, type PolicyStatement } from '../aws/functions.ts';
import { getRole, type Role } from '../aws/roles.ts';
import { readParameter } from '../aws/parameters.ts';
import { describeStateMachine, type StateMachine } from '../aws/states.ts';
import { findUser, groupExists, workshopPool, userPoolsNamed } from '../aws/user-pools.ts';
import { meant, type Wanted } from './build.ts';
import { otherKey, type PeopleSeen } from './people.ts';

export interface Seen {
  account: string;
  region: string;
  /** Workflows of the build that exist, by name. */
  workflows: Record<string, StateMachine>;
  roles: Record<string, Role>;
  /** Every rule on the buses that the build uses. */
  rules: Rule[];
  /** Names of every role and function, for references by a part of a name. */
  roleNames: { name: string; arn: string }[];
  functions: { name: string; arn: string; policy: PolicyStatement[] }[];
  functionNames: string[];
  people: PeopleSeen;
  /** Parameters of the build that exist, by name. */
  parameters: Record<string, string>;
}

export async function observeBuild(connection: Connection, account: string, wanted: Wanted[]): Promise<Seen> {
  const buses = [
    ...new Set(
      wanted.flatMap((resource) => (/^(core )?rule$/.test(resource.kind) && 'bus' in resource ? [resource.bus] : [])),
    ),
  ];
  const [machines, roleNames, functionNames, people, parameters, rules] = await Promise.all([
    listStateMachines(connection),
    listRoles(connection),
    listFunctions(connection),
    observePeople(connection, wanted),
    observeParameters(connection, wanted),
    Promise.all(buses.map((bus) => listRules(connection, bus))),
  ]);
  const references = wanted.flatMap((resource) => {
    if (resource.kind === 'permission') return [resource.function];
    return resource.kind === 'rule' ? resource.targets.flatMap(({ function: ref }) => (ref ? [ref] : [])) : [];
  });
  const needed = functionNames.filter((name) => references.some((ref) => meant(ref, [{ name, arn: '' }]).length > 0));
  const [workflows, roles, functions] = await Promise.all([
    Promise.all(
      machines
        .filter(({ name }) => wanted.some((resource) => resource.kind === 'workflow' && resource.name === name))
        .map(({ arn }) => describeStateMachine(connection, arn)),
    ),
    Promise.all(
      roleNames
        .filter(({ name }) => wanted.some((resource) => resource.kind === 'role' && resource.name === name))
        .map(({ name }) => getRole(connection, name)),
    ),
    Promise.all(
      needed.map(async (name) => {
        const [arn, policy] = await Promise.all([functionArn(connection, name), functionPolicy(connection, name)]);
        return { name, arn, policy };
      }),
    ),
  ]);
  return {
    account,
    region: connection.region,
    workflows: Object.fromEntries(workflows.filter((found) => found !== undefined).map((found) => [found.name, found])),
    roles: Object.fromEntries(roles.filter((found) => found !== undefined).map((found) => [found.name, found])),
    rules: rules.flat(),
    roleNames,
    functions,
    functionNames,
    people,
    parameters,
  };
}

async function observeParameters(connection: Connection, wanted: Wanted[]): Promise<Record<string, string>> {
  const names = wanted.flatMap((resource) => (resource.kind === 'parameter' ? [resource.name] : []));
  const read = await Promise.all(names.map(async (name) => [name, await readParameter(connection, name)] as const));
  return Object.fromEntries(read.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function observePeople(connection: Connection, wanted: Wanted[]): Promise<PeopleSeen> {
  const seen: PeopleSeen = { region: connection.region, pool: undefined, others: {}, groups: {}, users: {} };
  const people = wanted.flatMap((one) =>
    one.kind === 'pool' || one.kind === 'group' || one.kind === 'user' ? [one] : [],
  );
  if (people.length === 0) return seen;
  seen.pool = await workshopPool(connection);
  for (const { pool, region = connection.region } of people) {
    if (pool === undefined || seen.others[otherKey(region, pool)] !== undefined) continue;
    const [id] = await userPoolsNamed(inRegion(connection, region), pool);
    if (id !== undefined) seen.others[otherKey(region, pool)] = id;
  }
  await Promise.all(
    people.map(async ({ kind, name, pool, region = connection.region }) => {
      const id = pool === undefined ? seen.pool : seen.others[otherKey(region, pool)];
      if (id === undefined || kind === 'pool') return;
      const there = inRegion(connection, region);
      if (kind === 'group') seen.groups[`${id} ${name}`] = await groupExists(there, id, name);
      const user = kind === 'user' ? await findUser(there, id, name) : undefined;
      if (user) seen.users[`${id} ${name}`] = user;
    }),
  );
  return seen;
}
