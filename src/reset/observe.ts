/** What of the workshop is in an account and Region. Only reads. */
import { listStacks, stackOfResource, stackResources } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { listRules } from '../aws/events.ts';
import { isDenied } from '../aws/failure.ts';
import { listFunctions, listStateMachines } from '../aws/find.ts';
import { functionPolicy } from '../aws/functions.ts';
import { handMadeRoles, looseServiceRolePolicies, policyResources } from '../aws/hand-made-roles.ts';
import { functionTags, iotAttachments, logStreams, stateMachineTags } from '../aws/leftovers.ts';
import { allKeys } from '../aws/left-data.ts';
import { describeStateMachine, listExecutions } from '../aws/states.ts';
import { rolesHeldElsewhere } from '../aws/regions.ts';
import { isGeneratedName, type Traces, tracesIn } from '../aws/traces.ts';
import { listGroups, listUsers, userPoolsNamed } from '../aws/user-pools.ts';
import { BUS_NAME, coreStackName, MARKER, TABLES, USER_POOL_NAME, WORKFLOW_NAME } from '../workshop.ts';
import type { LeftData, LooseKind, Present } from './plan.ts';

/** Running executions beyond this many are found when the first are stopped. */
const EXECUTIONS = 10_000;

/** `everywhere`: the caller looks into every Region, so that nobody else's roles need to be told apart. */
export async function observePresent(
  connection: Connection,
  { everywhere = false } = {},
): Promise<Present & { traces: Traces }> {
  const [stacks, rules, machines, traces, functions] = await Promise.all([
    listStacks(connection),
    Promise.all([BUS_NAME, 'default'].map((bus) => listRules(connection, bus))),
    listStateMachines(connection),
    tracesIn(connection),
    listFunctions(connection),
  ]);
  const ours = stacks.filter(({ name, status }) => coreStackName(name) !== undefined && status !== 'DELETE_COMPLETE');
  const resources = (
    await Promise.all(
      ours.map(async ({ name }) => (await stackResources(connection, name)).map((one) => ({ ...one, stack: name }))),
    )
  ).flat();
  const held = resources.filter(({ status }) => status !== 'DELETE_COMPLETE').map(({ physicalId }) => physicalId);
  const heldSet = new Set(held);
  const loose = await Promise.all(
    traces.found
      .filter(({ kind, id }) => kind !== 'stack' && !heldSet.has(id))
      .map(async ({ kind, id, name }) => {
        const owner = id.startsWith('/aws/lambda/') ? undefined : await stackOfResource(connection, id);
        return { kind: kind as LooseKind, id, ...(name ? { name } : {}), ...(owner ? { owner } : {}) };
      }),
  );
  // In an account of an event the official stacks hold the bus, and what they put on it is theirs.
  const foreign = loose.some(({ kind, owner }) => kind === 'event bus' && owner !== undefined);
  if (foreign)
    for (const { name, bus } of rules.flat())
      if (bus === BUS_NAME && (await stackOfResource(connection, `${bus}|${name}`)) !== undefined)
        heldSet.add(`${bus}|${name}`);
  const coreFunctions = resources
    .filter(({ type, status }) => type === 'AWS::Lambda::Function' && status !== 'DELETE_COMPLETE')
    .map(({ stack, logicalId, physicalId }) => ({ stack, logicalId, function: physicalId }))
    .filter((one) => functions.includes(one.function));
  const iotPolicies = traces.found.filter(({ kind }) => kind === 'IoT policy').map(({ id }) => id);
  const [stateMachines, freeFunctions, permissions, roles, loosePolicies, attachments] = await Promise.all([
    Promise.all(machines.filter(({ arn }) => !heldSet.has(arn)).map((machine) => readMachine(connection, machine))),
    Promise.all(
      functions
        .filter((name) => !heldSet.has(name))
        .map(async (name) => ({ name, tags: await orNone(() => functionTags(connection, name)) })),
    ),
    Promise.all(coreFunctions.map((one) => strayPermissions(connection, one.function, heldSet))),
    handMadeRoles(connection, heldSet),
    looseServiceRolePolicies(connection),
    iotAttachments(connection, iotPolicies),
  ]);
  const elsewhere =
    !everywhere && roles.some(({ name, tags }) => isGeneratedName(name) || tags[MARKER.key] === MARKER.value)
      ? await rolesHeldElsewhere(connection)
      : new Map<string, string>();
  return {
    region: connection.region,
    everywhere,
    traces,
    stacks: ours.map(({ name, status, tags }) => ({ name, status, tags })),
    heldByStacks: [...heldSet],
    coreFunctions,
    logGroups: resources
      .filter(({ type, status }) => type === 'AWS::Logs::LogGroup' && status !== 'DELETE_COMPLETE')
      .map(({ physicalId }) => physicalId),
    rules: rules.flat().map(({ name, bus, arn, targets }) => ({
      name,
      bus,
      arn,
      targets: targets.map((target) => target.arn),
      roles: targets.flatMap(({ roleArn }) => roleArn ?? []),
    })),
    stateMachines: stateMachines.filter((machine) => machine !== undefined),
    functions: freeFunctions,
    permissions: permissions.flat(),
    roles: roles.map((role) => {
      const heldIn = elsewhere.get(role.name);
      return heldIn === undefined ? role : { ...role, heldIn };
    }),
    loosePolicies: await Promise.all(
      loosePolicies.map(async ({ name, arn }) => ({ name, arn, resources: await policyResources(connection, arn) })),
    ),
    iotPolicies,
    iotAttachments: attachments,
    loose,
    alike: traces.alike.filter(({ id }) => !heldSet.has(id)),
  };
}

async function readMachine(
  connection: Connection,
  machine: { name: string; arn: string; type: string },
): Promise<Present['stateMachines'][number] | undefined> {
  const { name, arn, type } = machine;
  const tags = await orNone(() => stateMachineTags(connection, arn));
  const wanted = name === WORKFLOW_NAME || Object.keys(tags).some((key) => key.startsWith('presso:'));
  if (!wanted) return { name, arn, tags, roleArn: '', running: 0 };
  const found = await describeStateMachine(connection, arn);
  if (!found || found.status === 'DELETING') return undefined;
  // EXPRESS executions cannot be listed, and end by themselves.
  const running = type === 'EXPRESS' ? [] : await listExecutions(connection, arn, EXECUTIONS, 'RUNNING');
  return { name, arn, tags, roleArn: found.roleArn, running: running.length };
}

/** What was deleted between the list and the look has no tags; neither has what may not be read. */
async function orNone(look: () => Promise<Record<string, string>>): Promise<Record<string, string>> {
  try {
    return await look();
  } catch (error) {
    if (isDenied(error) || (error instanceof Error && /NotFound|DoesNotExist/.test(error.name))) return {};
    throw error;
  }
}

async function strayPermissions(
  connection: Connection,
  name: string,
  held: ReadonlySet<string>,
): Promise<Present['permissions']> {
  const statements = await functionPolicy(connection, name);
  return statements
    .filter(({ Sid }) => Sid !== undefined && !held.has(Sid))
    .map(({ Sid, Condition }) => {
      const source = Object.values(Condition ?? {})
        .flatMap((keys) => Object.entries(keys))
        .find(([key]) => /^aws:sourcearn$/i.test(key))?.[1];
      return { function: name, statementId: Sid ?? '', rule: /:rule\/(.+)$/.exec(source ?? '')?.[1] };
    });
}

/** Items that the set-up itself puts there. */
const SEEDED: Record<string, string[]> = {
  [TABLES.config]: ['config', 'menu'],
  [TABLES.counting]: ['orderID'],
};
const KEYS: Record<string, string[]> = {
  [TABLES.config]: ['PK'],
  [TABLES.counting]: ['PK'],
  [TABLES.order]: ['PK', 'SK'],
  [TABLES.validator]: ['PK'],
};

/** What people and orders left in the core. */
export async function observeLeftData(
  connection: Connection,
  { heldByStacks: held, logGroups }: Pick<Present, 'heldByStacks' | 'logGroups'>,
): Promise<LeftData> {
  const [items, pools, streams] = await Promise.all([
    Promise.all(
      Object.entries(KEYS).map(async ([table, names]) => ({
        table,
        keys: (await allKeys(connection, table, names)).filter((key) => !SEEDED[table]?.includes(String(key['PK']))),
      })),
    ),
    userPoolsNamed(connection, USER_POOL_NAME),
    Promise.all(logGroups.map(async (group) => ({ group, names: await logStreams(connection, group) }))),
  ]);
  const people = await Promise.all(
    pools
      .filter((pool) => held.includes(pool))
      .map(async (pool) => {
        const [users, groups] = await Promise.all([listUsers(connection, pool), listGroups(connection, pool)]);
        return {
          users: users.map(({ name, shown }) => ({ pool, name, shown })),
          groups: groups.filter((name) => !held.includes(name)).map((name) => ({ pool, name })),
        };
      }),
  );
  return {
    items,
    users: people.flatMap(({ users }) => users),
    groups: people.flatMap(({ groups }) => groups),
    streams,
  };
}
