/** Sessions of roles in other accounts: asked for when needed, renewed before they end, kept in memory only. */
import type { Connection, Session } from './connection.ts';

export interface RoleWanted {
  roleArn: string;
  externalId?: string;
  /** Shown in the account's CloudTrail: letters, digits and `=,.@-` (API page "AssumeRole"). */
  sessionName: string;
}

/** A session is renewed this long before its end (milliseconds). */
const EARLY_MS = 5 * 60_000;

export interface Sessions {
  provide: () => Promise<Session>;
  /** Forget the session: the next call asks for a new one. */
  renew: () => void;
}

/** One session for all clients of an account. `now` is in epoch milliseconds. */
export function sessionsOf(base: Connection, role: RoleWanted, now: () => number): Sessions {
  let current: Promise<Session> | undefined;
  let ends = Number.POSITIVE_INFINITY;
  const ask = async (): Promise<Session> => {
    const sts = await base.client('sts', async (config) => new (await import('@aws-sdk/client-sts')).STS(config));
    const { Credentials } = await sts.assumeRole({
      RoleArn: role.roleArn,
      RoleSessionName: role.sessionName,
      // Chained sessions are cut to an hour (IAM page "Roles terms and concepts").
      DurationSeconds: 3_600,
      ...(role.externalId ? { ExternalId: role.externalId } : {}),
    });
    ends = Credentials?.Expiration?.getTime() ?? now();
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
      expiration: Credentials?.Expiration ?? new Date(now()),
    };
  };
  return {
    provide() {
      if (current === undefined || now() > ends - EARLY_MS) {
        ends = Number.POSITIVE_INFINITY;
        current = ask();
        // A refusal is not remembered: the next call asks again.
        current.catch(() => {
          current = undefined;
        });
      }
      return current;
    },
    renew() {
      current = undefined;
    },
  };
}
