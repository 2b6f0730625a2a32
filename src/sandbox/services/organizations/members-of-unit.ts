/** For services of the sandbox that act over an organization (StackSets): who is in a unit. */
import type { Input } from '../../service.ts';
import type { World } from '../../world.ts';

export interface UnitMember {
  id: string;
  name: string;
  email: string;
  /** ACTIVE, PENDING_CLOSURE, CLOSED, SUSPENDED */
  state: string;
  /** The root or unit the account lies in itself. */
  parent: string;
}

/**
 * Accounts in the root or unit `parent` and in every unit below it, asked as the administrator of `account` (the management
 * account or a delegated administrator), a unit's own before those below.
 * @throws ServiceError ParentNotFoundException, AWSOrganizationsNotInUseException, AccessDeniedException
 */
export async function membersOfUnit(world: World, account: string, parent: string): Promise<UnitMember[]> {
  const where = { account, region: 'us-east-1' };
  const all = async (action: string, member: string, ParentId: string): Promise<Input[]> => {
    const found: Input[] = [];
    let NextToken: string | undefined;
    do {
      const answer: Input = await world.call(
        'organizations',
        action,
        { ParentId, ...(NextToken === undefined ? {} : { NextToken }) },
        where,
      );
      found.push(...(answer[member] as Input[]));
      NextToken = answer['NextToken'] as string | undefined;
    } while (NextToken !== undefined);
    return found;
  };
  const own = await all('ListAccountsForParent', 'Accounts', parent);
  const found = own.map((one) => ({
    id: String(one['Id']),
    name: String(one['Name']),
    email: String(one['Email']),
    state: String(one['State']),
    parent,
  }));
  for (const unit of await all('ListOrganizationalUnitsForParent', 'OrganizationalUnits', parent))
    found.push(...(await membersOfUnit(world, account, String(unit['Id']))));
  return found;
}
