/** A cheap look at what a learner changes: a dozen calls that read, so that every check need not be asked again. */
import { listStacks } from '../../aws/cloudformation.ts';
import type { Connection } from '../../aws/connection.ts';
import { type Rule, listRules, rulesOn } from '../../aws/events.ts';
import { isDenied } from '../../aws/failure.ts';
import { functionPolicy } from '../../aws/functions.ts';
import { getItem, type Item } from '../../aws/items.ts';
import { rolePolicies, roleTrust } from '../../aws/permissions.ts';
import { groupMembers, workshopPool } from '../../aws/user-pools.ts';
import { ADMIN_GROUP, BUS_NAME, TABLES } from '../../workshop.ts';
import { appSettings } from '../apps/settings.ts';
import { type Facts, factsOf } from '../facts.ts';
import { thingOf } from '../routing/reach.ts';
import type { Look } from './changes.ts';

type Things = [name: string, like: string][];

/** What changes most: workflows, rules and their targets, the shop's items, who may serve. About a dozen calls. */
export async function quickLook(connection: Connection): Promise<Look> {
  const facts = factsOf(connection);
  const parts = await Promise.all([
    workflows(facts),
    rules(connection),
    items(connection),
    orNothing(() => people(connection)),
  ]);
  return new Map(parts.flat());
}

async function workflows(facts: Facts): Promise<Things> {
  const [machines, found] = await Promise.all([facts.machines(), facts.workflow()]);
  return machines.map(({ name, arn, type }) => {
    const own = found.kind === 'found' && found.machine.arn === arn ? found.machine : undefined;
    return [`the workflow ${name}`, JSON.stringify([type, own?.definition, own?.roleArn, own?.status])];
  });
}

async function rules(connection: Connection): Promise<Things> {
  const [ours, strays] = await Promise.all([listRules(connection, BUS_NAME), rulesOn(connection, 'default')]);
  const like = (rule: Partial<Rule>): string => JSON.stringify([rule.pattern, rule.state, rule.targets]);
  return [
    ...ours.map((rule): Things[number] => [`the rule "${rule.name}"`, like(rule)]),
    ...strays.map((rule): Things[number] => [`the rule "${rule.name}" of the default bus`, like(rule)]),
  ];
}

async function items(connection: Connection): Promise<Things> {
  const there = async (name: string, table: string, PK: string, like: (item: Item) => unknown): Promise<Things> => {
    const { item } = await getItem(connection, table, { PK });
    return item ? [[name, JSON.stringify(like(item))]] : [];
  };
  const all = (item: Item) => Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  const found = await Promise.all([
    there('the shop', TABLES.config, 'config', all),
    there('the menu', TABLES.config, 'menu', all),
    // Every order changes the number; that it is one is what matters.
    there('the counter', TABLES.counting, 'orderID', (item) =>
      Object.entries(item).map(([key, value]) => [key, typeof value]),
    ),
  ]);
  return found.flat();
}

async function people(connection: Connection): Promise<Things> {
  const pool = await workshopPool(connection);
  const members = pool === undefined ? undefined : await groupMembers(connection, pool, ADMIN_GROUP);
  return (members ?? []).map(({ shown, enabled, status }) => [
    `the user ${shown} of the group ${ADMIN_GROUP}`,
    `${status} ${enabled}`,
  ]);
}

async function settings(facts: Facts): Promise<Things> {
  const { values } = await appSettings(facts);
  return Object.entries(values).map(([name, { value }]) => [`the setting ${name} of the apps`, value]);
}

/** What changes less often and costs more to ask: roles, who may invoke functions, settings, stacks. */
export async function deepLook(connection: Connection): Promise<Look> {
  const facts = factsOf(connection);
  const [found, ours] = await Promise.all([facts.workflow(), listRules(connection, BUS_NAME)]);
  const targets = ours.flatMap((rule) => rule.targets);
  const roleArns = new Set([
    ...(found.kind === 'found' ? [found.machine.roleArn] : []),
    ...targets.flatMap(({ roleArn }) => (roleArn ? [roleArn] : [])),
  ]);
  const functions = new Set(
    targets
      .map(({ arn }) => thingOf(arn))
      .flatMap(({ kind, name, region }) => (kind === 'function' && region === connection.region ? [name] : [])),
  );
  const parts = await Promise.all([
    orNothing(() => settings(facts)),
    ...[...roleArns].map((arn) => orNothing(() => role(connection, arn))),
    ...[...functions].map((name) =>
      orNothing(
        async (): Promise<Things> => [
          [`who may invoke the function ${name}`, JSON.stringify(await functionPolicy(connection, name))],
        ],
      ),
    ),
    orNothing(async (): Promise<Things> => {
      const stacks = (await listStacks(connection)).filter(({ name }) => /serverlesspresso/i.test(name));
      return stacks.map(({ name, status, changed }) => [`the stack ${name}`, `${status} ${changed}`]);
    }),
  ]);
  return new Map(parts.flat());
}

async function role(connection: Connection, arn: string): Promise<Things> {
  const trust = await roleTrust(connection, arn);
  return trust ? [[`the role ${trust.name}`, JSON.stringify([trust, await rolePolicies(connection, trust)])]] : [];
}

/** Who may not read something watches the rest. */
async function orNothing(look: () => Promise<Things>): Promise<Things> {
  try {
    return await look();
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}
