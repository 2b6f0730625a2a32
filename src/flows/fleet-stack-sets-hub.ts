/** The administrator's side of a room's stack sets: whose account, which permissions, which sets. */
import { type Connection, inRegion } from '../aws/connection.ts';
import { errorName, isDenied } from '../aws/failure.ts';
import { findUnit, managementAccount, organizationRoot } from '../aws/organizations.ts';
import { describeSet, type Pace, type Permissions, type SetHub, setNames } from '../aws/stack-sets.ts';
import { PressoError } from '../errors.ts';
import type { SetRunOptions, SetWanted } from '../fleet/index.ts';
import type { FleetOptions } from '../fleet/run.ts';
import { stackName } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { line } from '../text.ts';
import { WORKSHOP_REGIONS } from '../workshop.ts';
import { pauseUntil } from './pause.ts';

/** What the flags of `--engine stacksets` say. */
export interface SetsAim {
  permissions: Permissions;
  tolerance: Pace['tolerance'];
  administrationRole?: string | undefined;
  executionRole?: string | undefined;
}

/** `5` accounts, or `10%` of them. */
export function toleranceOf(text: string): Pace['tolerance'] {
  const found = /^(\d{1,6})(%?)$/.exec(text.trim());
  const number = Number(found?.[1]);
  if (!found || (found[2] === '%' && number > 100))
    throw new PressoError('usage', `"${line(text)}" is neither a number of accounts nor a percentage of them.`, {
      hint: '--failure-tolerance 5   (or 10%)',
    });
  return found[2] === '%' ? { percentage: number } : { count: number };
}

/** The administrator's side. Service-managed permissions need the organization: its root, and whose account this is. */
export async function openHub(
  connection: Connection,
  aim: Pick<SetsAim, 'permissions' | 'administrationRole' | 'executionRole'>,
  room: { own: string; organization?: string | undefined },
): Promise<SetHub> {
  const { permissions, administrationRole, executionRole } = aim;
  if (permissions === 'self-managed') return { connection, permissions, administrationRole, executionRole };
  try {
    const management = await managementAccount(connection);
    if (management === undefined)
      throw new PressoError('no-organization', `The account ${room.own} is in no organization.`, {
        hint: 'presso fleet setup --engine stacksets --permissions self-managed',
      });
    const answer = room.organization === undefined ? undefined : await findUnit(connection, room.organization);
    const unit = answer && 'unit' in answer ? answer.unit.id : await organizationRoot(connection);
    return { connection, permissions, delegated: management !== room.own, unit };
  } catch (error) {
    if (!isDenied(error)) throw error;
    throw new PressoError(
      'denied',
      `The account ${room.own} may not read the organization, and service-managed permissions need it.`,
      { hint: 'presso fleet setup --engine stacksets --permissions self-managed', cause: error },
    );
  }
}

/** The core as stack sets: one for each template, named as its stack is without them. */
export const wantedSets = (templates: string): SetWanted[] =>
  wantedStacks(templates).map(({ name, after, description, body, parameters }) => ({
    template: name,
    set: stackName(name),
    after,
    description,
    body,
    parameters,
  }));

export const setOptions = (
  hub: SetHub,
  { tolerance }: Pick<SetsAim, 'tolerance'>,
  { signal, concurrency }: Pick<FleetOptions, 'signal' | 'concurrency'>,
): SetRunOptions => ({ hub, pace: { concurrency, tolerance }, signal, pause: pauseUntil(signal) });

/** Sets lie in one Region of the hub, and the flag that said which may have been another then. */
export async function findHub(connection: Connection, names: string[], own: string): Promise<SetHub | undefined> {
  const regions = [connection.region, ...WORKSHOP_REGIONS.filter((region) => region !== connection.region)];
  const found = await Promise.all(regions.map((region) => hubIn(inRegion(connection, region), names, own)));
  return found.find((hub) => hub !== undefined);
}

async function hubIn(connection: Connection, names: string[], own: string): Promise<SetHub | undefined> {
  const hubs: (() => Promise<SetHub>)[] = [
    async () => ({ connection, permissions: 'self-managed' }),
    () => openHub(connection, { permissions: 'service-managed' }, { own }),
  ];
  for (const open of hubs)
    try {
      const hub = await open();
      const [first] = (await setNames(hub)).filter((name) => names.includes(name));
      if (first === undefined) continue;
      const found = await describeSet(hub, first);
      if (found) return found.permissions === hub.permissions ? hub : await openHub(connection, found, { own });
    } catch (error) {
      // Who may not look at sets, or is in no organization, has none to take anybody out of; a Region may be switched off.
      if (!isDenied(error) && !(error instanceof PressoError) && !NOT_HERE.test(errorName(error))) throw error;
    }
  return undefined;
}

const NOT_HERE = /^(ValidationError|InvalidClientTokenId|UnrecognizedClientException|OptInRequired)$/;
