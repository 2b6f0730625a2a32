/** Is it this account that is meant? Typed, or given by flags. */
import type { Identity } from '../aws/account.ts';
import { EXIT, PressoError } from '../errors.ts';
import { clean } from '../text.ts';

/** An alias that can be told from an account's number: anybody may have taken the number of another account as an alias. */
const aliasOf = ({ alias }: Pick<Identity, 'alias'>): string | undefined =>
  alias === undefined || /^\d{12}$/.test(alias.trim()) ? undefined : alias;

/** What may be typed to mean this account. */
export const confirmWords = (identity: Identity): string => {
  const alias = aliasOf(identity);
  return `${alias ? `its alias (${clean(alias)}) or ` : ''}its number`;
};

/** Does what was typed mean this account? */
export const meansAccount = (typed: string, identity: Identity): boolean =>
  typed === identity.account || (aliasOf(identity) !== undefined && typed === aliasOf(identity));

/** The account's alias or number is typed; `--yes` only together with `--account`. */
export function confirmedByFlags(
  given: { yes: boolean; account: string | undefined },
  account: string,
  command: string,
): boolean {
  if (!given.yes) return false;
  if (given.account === account) return true;
  throw new PressoError(
    'not-confirmed',
    `These credentials act in account ${account}${given.account ? `, not in ${given.account}` : ''}; nothing was done.`,
    { hint: `${command} --yes --account ${account}`, exit: EXIT.unknown },
  );
}
