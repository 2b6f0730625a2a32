/** May this account be touched? Every no has its reason. Pure. */
import type { Roster } from './roster.ts';

/** Words that an account holds which nobody wants emptied. */
export const PROTECTED_WORDS = [
  'prod',
  'production',
  'live',
  'shared',
  'management',
  'master',
  'payer',
  'security',
  'audit',
  'log-archive',
  'backup',
  'billing',
] as const;

export interface AccountFacts {
  /** The account in which the role's session really acts. */
  actsIn: string;
  /** The account that presso acts from. */
  own: string;
  /** Its aliases; undefined when they may not be read. */
  aliases: string[] | undefined;
}

/** Why an account of the roster may not even be looked into; undefined when it may. */
export function refuseLooking(account: string, roster: Roster, own: string): string | undefined {
  if (!roster.attendees.some((attendee) => attendee.account === account)) return 'it is not in the roster';
  if (roster.protect.includes(account)) return 'it is on the roster’s protect list';
  if (account === own) return 'it is the account that presso acts from';
  if (account === roster.management) return 'it is the management account of the organization';
  return undefined;
}

/** Why an account may not be changed; undefined when it may. The marker is asked for apart, by what would be changed. */
export function refuseChanging(account: string, roster: Roster, facts: AccountFacts): string | undefined {
  const looking = refuseLooking(account, roster, facts.own);
  if (looking) return looking;
  if (facts.actsIn !== account) return `its role acts in account ${facts.actsIn || 'unknown'} instead`;
  if (facts.aliases === undefined)
    return 'its alias may not be read, so nothing says that it is not a protected account (iam:ListAccountAliases)';
  for (const alias of facts.aliases) {
    const word = protectedWord(alias, [...PROTECTED_WORDS, ...roster.protectedWords]);
    if (word) return `its alias ${alias} holds the protected word "${word}"`;
  }
  return undefined;
}

/** Anywhere in the alias: refusing `product-demo` costs a word with somebody, emptying `acmeprod` costs a company. */
function protectedWord(alias: string, words: readonly string[]): string | undefined {
  return words.find((word) => word !== '' && alias.toLowerCase().includes(word.toLowerCase()));
}

export const NO_MARKER =
  'nothing in it carries the tag presso:workshop, so nothing says that it is a workshop account (presso fleet setup puts it there)';
