/** Asks what roles may do: IAM itself where it may be asked, else by their policies. Only reads. */
import type { Connection } from '../../aws/connection.ts';
import { rolePolicies, type RoleTrust, roleTrust, simulateRole } from '../../aws/permissions.ts';
import type { Facts } from '../facts.ts';
import { type Ask, judgeByPolicies, type RoleSeen } from './judge.ts';

/** What a role may do of `asks`, and whom it trusts. */
export async function askRole(facts: Facts, arn: string, asks: Ask[]): Promise<RoleSeen> {
  const role = await facts.once(`role ${arn}`, (connection) => roleTrust(connection, arn));
  if (!role) return { arn, exists: false, trust: undefined, refused: [] };
  const refused = await facts.once(`may ${arn} ${JSON.stringify(asks)}`, (connection) =>
    refusedOf(facts, connection, role, asks),
  );
  return { arn, exists: true, trust: role.trust, refused };
}

async function refusedOf(facts: Facts, connection: Connection, role: RoleTrust, asks: Ask[]): Promise<Ask[]> {
  if (asks.length === 0) return [];
  const unique = (values: string[]): string[] => [...new Set(values)];
  // What all calls bring along alike can be told at once.
  const [context] = asks.map((ask) => ask.context);
  const alike = asks.every((ask) => JSON.stringify(ask.context) === JSON.stringify(context));
  const plain = await simulateRole(
    connection,
    role.arn,
    unique(asks.map(({ action }) => action)),
    unique(asks.map(({ resource }) => resource)),
    alike ? context : undefined,
  );
  if (!plain) return byPolicies(facts, role, asks);
  const allowed = (ask: Ask, by: typeof plain): boolean =>
    by.some((one) => one.action === ask.action && one.resource === ask.resource && one.allowed);
  const denied = asks.filter((ask) => !allowed(ask, plain));
  if (alike) return denied;
  // A policy may allow events of one source or detail-type only: such a condition is met only when the call tells them.
  const again = await Promise.all(
    denied.map(async (ask) => {
      if (!ask.context) return ask;
      const told = await simulateRole(connection, role.arn, [ask.action], [ask.resource], ask.context);
      return told && allowed(ask, told) ? undefined : ask;
    }),
  );
  return again.filter((ask) => ask !== undefined);
}

async function byPolicies(facts: Facts, role: RoleTrust, asks: Ask[]): Promise<Ask[]> {
  const policies = await facts.once(`policies ${role.arn}`, (connection) => rolePolicies(connection, role));
  return judgeByPolicies(role.arn, policies, asks, facts.region);
}
