/** Who is in the room: a roster of a file, or the members of a unit; and whose accounts may not be among them. */
import { readFileSync } from 'node:fs';
import { callerAccount } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { errorName, isDenied } from '../aws/failure.ts';
import { accountsIn, findUnit, managementAccount } from '../aws/organizations.ts';
import { PressoError } from '../errors.ts';
import { parseRoster, type Roster, rosterOfUnit } from '../fleet/index.ts';
import { paint, tell } from '../terminal.ts';
import { line, nearest, word } from '../text.ts';

/** What the flags say: a file, or a unit of AWS Organizations with the role its accounts have. */
export interface Room {
  roster?: string | undefined;
  organization?: string | undefined;
  role?: string | undefined;
  externalId?: string | undefined;
}

export interface OpenedRoster {
  roster: Roster;
  /** The account presso acts from. */
  own: string;
  /** Why nobody knows which account manages the organization; undefined when that is known, or there is none. */
  unguarded?: string;
}

/** The room as it stands on a command line. */
export const roomWords = ({ roster, organization }: Room): string => {
  const [flag, value] = organization === undefined ? ['--roster', roster ?? 'FILE'] : ['--organization', organization];
  return `${flag} ${word(value)}`;
};

/** UTF-8, or the UTF-16 that spreadsheets call "Unicode text". */
function decode(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return bytes.toString('utf8');
}

/** The roster of a file, as it is written; asks nobody. */
export function readRoster(file: string, region: string): Roster {
  let text: string;
  try {
    text = decode(readFileSync(file));
  } catch (error) {
    throw new PressoError('no-file', `The roster ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso fleet list --roster FILE',
    });
  }
  return parseRoster(text, { fileName: file, region });
}

/**
 * Reads the roster, or asks AWS Organizations for the unit's members. Throws when it lists the account presso acts from or
 * the organization's management account; of a unit these are left out and named.
 */
export async function openRoster(connection: Connection, room: Room, operation: string): Promise<OpenedRoster> {
  const written = room.roster === undefined ? undefined : readRoster(room.roster, connection.region);
  const [own, { management, unguarded }] = await Promise.all([callerAccount(connection), whoManages(connection)]);
  if (written === undefined) return { roster: await unitRoster(connection, room, own, management), own };
  const roster = management === undefined ? written : { ...written, management };
  for (const { account, name } of roster.attendees) {
    const what =
      account === own
        ? 'the account presso acts from'
        : account === management
          ? 'the management account of the organization'
          : undefined;
    if (what !== undefined)
      throw new PressoError(
        account === own ? 'own-account' : 'management-account',
        `The roster lists ${account} (${line(name)}), which is ${what}.`,
        { hint: `presso fleet ${operation} ${roomWords(room)}   (without it)` },
      );
  }
  return { roster, own, ...(unguarded === undefined ? {} : { unguarded }) };
}

const TOLD = 8;

/** Who is left out and why, and what the guards could not find out. */
export function tellRoster({ name, leftOut = [] }: Roster, unguarded: string | undefined): void {
  const c = paint();
  for (const { account, name: whose, why } of leftOut.slice(0, TOLD))
    tell(
      c.dim(`left out of ${line(name)}: ${account}${whose && whose !== account ? ` (${line(whose)})` : ''}, ${why}`),
    );
  if (leftOut.length > TOLD) tell(c.dim(`and ${leftOut.length - TOLD} more left out (--json names them)`));
  if (unguarded !== undefined) tell(c.dim(unguarded));
}

async function whoManages(connection: Connection): Promise<{ management?: string; unguarded?: string }> {
  try {
    const management = await managementAccount(connection);
    return management === undefined ? {} : { management };
  } catch (error) {
    // Another endpoint than AWS's may not have organizations at all.
    if (/UnknownOperation|InvalidAction/.test(errorName(error))) return {};
    if (!isDenied(error)) throw error;
    return {
      unguarded:
        'AWS Organizations may not be asked which account manages the organization (organizations:DescribeOrganization); the roster alone keeps it out.',
    };
  }
}

async function unitRoster(
  connection: Connection,
  { organization: wanted = '', role, externalId }: Room,
  own: string,
  management: string | undefined,
): Promise<Roster> {
  try {
    const answer = await findUnit(connection, wanted);
    if ('missing' in answer) {
      const near = nearest(answer.missing, answer.instead);
      const there = answer.instead.slice(0, 8).map((name) => line(name));
      throw new PressoError(
        'no-unit',
        `There is no unit "${line(answer.missing)}" in the organization${near ? `; did you mean ${line(near)}` : there.length > 0 ? `; there ${there.length === 1 ? 'is' : 'are'} ${there.join(', ')}` : ''}.`,
        { hint: 'presso fleet list --organization Workshops/Monday   (names from the root down, or the id ou-…)' },
      );
    }
    return rosterOfUnit(await accountsIn(connection, answer.unit), {
      unit: answer.unit.name,
      region: connection.region,
      own,
      management,
      ...(role === undefined ? {} : { role }),
      ...(externalId === undefined ? {} : { externalId }),
    });
  } catch (error) {
    if (errorName(error) === 'AWSOrganizationsNotInUseException')
      throw new PressoError('no-organization', `The account ${own} is in no organization.`, {
        hint: 'presso fleet list --roster FILE',
        cause: error,
      });
    if (isDenied(error))
      throw new PressoError(
        'denied',
        `The account ${own} may not read the organization: that is for its management account and for delegated administrators.`,
        { hint: `presso fleet --print-policy --hub ${own}`, cause: error },
      );
    throw error;
  }
}
