/** What is there of what a build wants. Only reads. */
import type { Connection } from '../aws/connection.ts';
import { listRules, type Rule } from '../aws/events.ts';
import { listFunctions, listRoles, listStateMachines } from '../aws/find.ts';
import { functionArn, functionPolicy, type PolicyStatement } from '../aws/functions.ts';
import { getRole, type Role } from '../aws/roles.ts';
import { describeStateMachine, type StateMachine } from '../aws/states.ts';
import { meant, type Wanted } from './build.ts';

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
}

export async function observeBuild(connection: Connection, account: string, wanted: Wanted[]): Promise<Seen> {
  const buses = [...new Set(wanted.flatMap((resource) => (resource.kind === 'rule' ? [resource.bus] : [])))];
  const [machines, roleNames, functionNames, rules] = await Promise.all([
    listStateMachines(connection),
    listRoles(connection),
    listFunctions(connection),
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
  };
}
