/** Into an attendee's account by its role, after the guards that need no look inside. Only reads. */
import { accountAliases, callerAccount } from '../aws/account.ts';
import { type Sessions, sessionsOf } from '../aws/assume.ts';
import type { Connection } from '../aws/connection.ts';
import { isExpired } from '../aws/failure.ts';
import { PressoError } from '../errors.ts';
import { type AccountFacts, refuseChanging, refuseLooking } from './guard.ts';
import { type Attendee, type Roster, roleArn } from './roster.ts';

export interface Attended {
  connection: Connection;
  facts: AccountFacts;
}

/** A refusal of the guards: the account is not touched. */
export const refusal = (reason: string): PressoError =>
  new PressoError('refused', reason, { hint: 'presso fleet list' });

export interface AttendOptions {
  base: Connection;
  roster: Roster;
  /** The account presso acts from. */
  own: string;
  /** epoch milliseconds */
  now: () => number;
  /** Kept from visit to visit, where accounts are visited again and again. */
  sessions?: Map<string, Sessions>;
}

/**
 * Opens the account, asks whether it may be looked into (or `changing`), and works in it. A session that ended in the
 * middle is renewed and the work, which goes on where it was, is begun once more.
 */
export async function attend<T>(
  attendee: Attendee,
  changing: boolean,
  { base, roster, own, now, sessions: kept }: AttendOptions,
  signal: AbortSignal,
  work: (attended: Attended) => Promise<T>,
): Promise<T> {
  const no = refuseLooking(attendee.account, roster, own);
  if (no) throw refusal(no);
  const sessions =
    kept?.get(attendee.account) ??
    sessionsOf(
      base,
      {
        roleArn: roleArn(attendee),
        sessionName: 'presso-fleet',
        ...(attendee.externalId ? { externalId: attendee.externalId } : {}),
      },
      now,
    );
  kept?.set(attendee.account, sessions);
  await sessions.provide();
  for (let tries = 0; ; tries++) {
    try {
      return await inside(attendee, changing, { base, roster, own, now }, signal, sessions, work);
    } catch (error) {
      if (!isExpired(error) || tries >= 3 || signal.aborted) throw error;
      sessions.renew();
    }
  }
}

async function inside<T>(
  attendee: Attendee,
  changing: boolean,
  { base, roster, own }: AttendOptions,
  signal: AbortSignal,
  sessions: Sessions,
  work: (attended: Attended) => Promise<T>,
): Promise<T> {
  const connection = base.as(sessions.provide, attendee.region);
  // A call that hangs is cut off with the account's time, not with the process.
  const close = (): void => void setTimeout(() => connection.close(), CLOSE_MS).unref();
  signal.addEventListener('abort', close, { once: true });
  try {
    const [actsIn, aliases] = await Promise.all([
      callerAccount(connection),
      changing ? accountAliases(connection) : Promise.resolve([]),
    ]);
    const facts: AccountFacts = { actsIn, own, aliases };
    const no = changing
      ? refuseChanging(attendee.account, roster, facts)
      : actsIn === attendee.account
        ? undefined
        : `its role acts in account ${actsIn} instead`;
    if (no) throw refusal(no);
    return await work({ connection, facts });
  } finally {
    signal.removeEventListener('abort', close);
    connection.close();
  }
}

/** Calls under way may end by themselves for this long after a stop (milliseconds). */
const CLOSE_MS = 8_000;
