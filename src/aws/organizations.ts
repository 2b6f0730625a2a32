/** AWS Organizations: whose the organization is, and who is in a unit. Asked in the caller's own account; only reads. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client(
    'organizations',
    async (config) => new (await import('@aws-sdk/client-organizations')).Organizations(config),
  );

export interface Unit {
  /** `r-…` or `ou-…` */
  id: string;
  name: string;
}

export interface UnitAccount {
  id: string;
  name: string;
  /** ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED, PENDING_ACTIVATION */
  state: string;
  /** Names of the units between the one that was asked for and the account's own; none for a direct member. */
  below: string[];
}

/** The organization's management account; undefined where the caller's account is in no organization. */
export async function managementAccount(connection: Connection): Promise<string | undefined> {
  const client = await load(connection);
  try {
    return (await client.describeOrganization({})).Organization?.MasterAccountId;
  } catch (error) {
    if (errorName(error) === 'AWSOrganizationsNotInUseException') return undefined;
    throw error;
  }
}

/** The root of the caller's organization, which holds every account of it. */
export async function organizationRoot(connection: Connection): Promise<string | undefined> {
  return (await (await load(connection)).listRoots({})).Roots?.[0]?.Id;
}

/** The units directly in `parent`. */
async function unitsIn(connection: Connection, parent: string): Promise<Unit[]> {
  const client = await load(connection);
  const found: Unit[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listOrganizationalUnitsForParent({ ParentId: parent, NextToken });
    found.push(...(page.OrganizationalUnits ?? []).map(({ Id = '', Name = '' }) => ({ id: Id, name: Name })));
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

export type UnitAnswer = { unit: Unit } | { missing: string; instead: string[] };

/**
 * The unit that `wanted` means: its id (`ou-…`, `r-…`), or the names from the root down, as `Workshops/Monday`.
 * Where there is none: the part that was not found, and the names that stand there.
 */
export async function findUnit(connection: Connection, wanted: string): Promise<UnitAnswer> {
  const client = await load(connection);
  const roots = async (): Promise<Unit[]> =>
    ((await client.listRoots({})).Roots ?? []).map(({ Id = '', Name = '' }) => ({ id: Id, name: Name }));
  if (/^r-[0-9a-z]{4,32}$/.test(wanted)) {
    const root = (await roots()).find(({ id }) => id === wanted);
    return root ? { unit: root } : { missing: wanted, instead: (await roots()).map(({ id }) => id) };
  }
  if (/^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$/.test(wanted))
    try {
      const { OrganizationalUnit } = await client.describeOrganizationalUnit({ OrganizationalUnitId: wanted });
      return { unit: { id: OrganizationalUnit?.Id ?? wanted, name: OrganizationalUnit?.Name ?? wanted } };
    } catch (error) {
      if (errorName(error) !== 'OrganizationalUnitNotFoundException') throw error;
      return { missing: wanted, instead: [] };
    }
  const [root] = await roots();
  if (!root) return { missing: wanted, instead: [] };
  let at = root;
  for (const name of wanted.split('/')) {
    const there = await unitsIn(connection, at.id);
    const next = there.find((unit) => unit.name === name);
    if (!next) return { missing: name, instead: there.map((unit) => unit.name) };
    at = next;
  }
  return { unit: at };
}

/** Units asked about at the same time: AWS allows a few of these calls a second. */
const SIDE_BY_SIDE = 4;

/** The members of a unit and of every unit below it, a unit's own before those below. */
export async function accountsIn(connection: Connection, unit: Unit): Promise<UnitAccount[]> {
  const client = await load(connection);
  const members = async (parent: string, below: string[]): Promise<UnitAccount[]> => {
    const found: UnitAccount[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.listAccountsForParent({ ParentId: parent, NextToken });
      // Status went out of use on 2026-09-09; older endpoints know nothing else.
      for (const { Id = '', Name = '', State, Status } of page.Accounts ?? [])
        found.push({ id: Id, name: Name, state: State ?? Status ?? 'unknown', below });
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  };
  const found = await members(unit.id, []);
  let level = [{ id: unit.id, below: [] as string[] }];
  while (level.length > 0) {
    const next: typeof level = [];
    for (let at = 0; at < level.length; at += SIDE_BY_SIDE)
      for (const units of await Promise.all(
        level
          .slice(at, at + SIDE_BY_SIDE)
          .map(async ({ id, below }) =>
            (await unitsIn(connection, id)).map((one) => ({ id: one.id, below: [...below, one.name] })),
          ),
      ))
        next.push(...units);
    for (let at = 0; at < next.length; at += SIDE_BY_SIDE)
      found.push(
        ...(await Promise.all(next.slice(at, at + SIDE_BY_SIDE).map(({ id, below }) => members(id, below)))).flat(),
      );
    level = next;
  }
  return found;
}
