/** A roster that nobody wrote: the members of a unit of AWS Organizations. Pure. */
import { PressoError } from '../errors.ts';
import { count } from '../text.ts';
import { type Attendee, DEFAULT_ROLE, type Roster } from './roster.ts';

export interface UnitMember {
  id: string;
  name: string;
  state: string;
  /** Names of the units between the one that was asked for and the account's own. */
  below: string[];
}

export interface UnitRosterOptions {
  /** The unit's own name: the fleet's name, typed to confirm. */
  unit: string;
  region: string;
  role?: string;
  externalId?: string;
  /** The account presso acts from. */
  own: string;
  management: string | undefined;
}

const STATES: Record<string, string> = {
  SUSPENDED: 'it is suspended',
  CLOSED: 'it is closed',
  PENDING_CLOSURE: 'it is being closed',
  PENDING_ACTIVATION: 'it is not active yet',
};

/**
 * Members of the unit and of all units below it; the group is the path of the unit below. The management account, the one
 * presso acts from and those that are not active are left out, and `leftOut` names each with the reason.
 */
export function rosterOfUnit(members: UnitMember[], options: UnitRosterOptions): Roster {
  const leftOut: NonNullable<Roster['leftOut']> = [];
  const attendees: Attendee[] = [];
  for (const { id, name, state, below } of members) {
    const why =
      id === options.management
        ? 'it is the organization’s management account'
        : id === options.own
          ? 'it is the account presso acts from'
          : state === 'ACTIVE'
            ? undefined
            : (STATES[state] ?? `its state is ${state}`);
    if (why !== undefined) leftOut.push({ account: id, name, why });
    else
      attendees.push({
        account: id,
        name: name || id,
        region: options.region,
        role: options.role ?? DEFAULT_ROLE,
        ...(options.externalId ? { externalId: options.externalId } : {}),
        ...(below.length > 0 ? { group: below.join('/') } : {}),
      });
  }
  if (attendees.length === 0)
    throw new PressoError(
      'bad-roster',
      members.length === 0
        ? `The unit ${options.unit} holds no accounts.`
        : `The unit ${options.unit} holds no account to work in: ${count(leftOut.length, 'account')} left out (${leftOut
            .slice(0, 3)
            .map(({ account, why }) => `${account}: ${why}`)
            .join('; ')}${leftOut.length > 3 ? '; …' : ''}).`,
      { hint: 'aws organizations list-accounts' },
    );
  return {
    name: options.unit,
    attendees,
    protect: [],
    protectedWords: [],
    leftOut,
    ...(options.management === undefined ? {} : { management: options.management }),
  };
}
