import { remember } from './remember.ts';

/** Who makes a call. */
export type Principal =
  /** The default caller: the account's administrator (the root user). */
  | { kind: 'admin'; account: string }
  /** A session of a role; acts in the role's account. */
  | { kind: 'role'; account: string; roleArn: string; sessionName: string }
  /** An AWS service on its own behalf (a rule that invokes a function); only resource policies can allow it. */
  | { kind: 'service'; account: string; service: string; sourceArn?: string; sourceAccount?: string };

/** The ARN GetCallerIdentity and error messages show. */
export function principalArn(principal: Principal): string {
  if (principal.kind === 'admin') return `arn:aws:iam::${principal.account}:root`;
  if (principal.kind === 'service') return principal.service;
  const name = principal.roleArn.split('/').at(-1) ?? '';
  return `arn:aws:sts::${principal.account}:assumed-role/${name}/${principal.sessionName}`;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const DEFAULT_ACCOUNT = '000000000000';

/** A temporary access key that carries its account, as AWS's own do: ASIA, the account in 8 characters, 8 more. */
export function sessionAccessKey(account: string, random: Uint8Array): string {
  let number = BigInt(account);
  let text = '';
  for (let i = 0; i < 8; i++) {
    text = BASE32[Number(number & 31n)] + text;
    number >>= 5n;
  }
  for (let i = 0; i < 8; i++) text += BASE32[(random[i] ?? 0) & 31];
  return `ASIA${text}`;
}

function readAccount(accessKey: string): string {
  if (/^\d{12}$/.test(accessKey)) return accessKey;
  if (/^ASIA[A-Z2-7]{16}$/.test(accessKey)) {
    let number = 0n;
    for (const letter of accessKey.slice(4, 12)) number = (number << 5n) | BigInt(BASE32.indexOf(letter));
    if (number < 10n ** 12n) return number.toString().padStart(12, '0');
  }
  return DEFAULT_ACCOUNT;
}

/** The account an access key acts in: the key itself when it is 12 digits, the one a session key carries, else the default. */
export const accountOfAccessKey = remember(2_000, readAccount);
