/** Which accounts a request means, and the unit each was meant by. */
import { ServiceError } from '../../../errors.ts';
import type { Context } from '../../../service.ts';
import { membersOfUnit } from '../../organizations/members-of-unit.ts';
import { invalid } from '../template/model.ts';
import { TRUSTED_SERVICE } from './enter.ts';
import type { StackSetRecord, Targets } from './records.ts';

export interface Meant {
  account: string;
  unit?: string | undefined;
}

/**
 * Accounts of a request, in the order in which they were named; those of a unit as Organizations lists them. The
 * management account is never a target of a service-managed set (guide, "Considerations").
 */
export async function meantAccounts(
  context: Context,
  set: StackSetRecord,
  targets: Targets,
  delegated: boolean,
): Promise<Meant[]> {
  if (set.permissionModel === 'SELF_MANAGED') return [...new Set(targets.accounts)].map((account) => ({ account }));
  await insistOnOrganization(context, delegated);
  const { filter } = targets;
  const named = new Set(targets.accounts);
  if (named.size > 0 && filter === undefined && targets.units.length > 0)
    throw invalid('AccountFilterType should be specified when both OrganizationalUnitIds and Accounts are provided');
  if (filter !== undefined && filter !== 'NONE' && named.size === 0)
    throw invalid(`Accounts should be specified when ${filter} is specified as AccountFilterType`);
  if (filter === 'NONE' && named.size > 0)
    throw invalid('Accounts should not be specified when NONE is specified as AccountFilterType');
  const found = new Map<string, Meant>();
  for (const unit of targets.units) {
    let members: Awaited<ReturnType<typeof membersOfUnit>>;
    try {
      members = await membersOfUnit(context.world, context.account, unit);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'ParentNotFoundException')
        throw invalid(`The organizational unit ${unit} does not exist in the organization.`);
      throw error;
    }
    for (const { id, state } of members)
      if (id !== context.account && state === 'ACTIVE' && !found.has(id)) found.set(id, { account: id, unit });
  }
  if (filter === 'INTERSECTION') return [...found.values()].filter(({ account }) => named.has(account));
  if (filter === 'DIFFERENCE') return [...found.values()].filter(({ account }) => !named.has(account));
  for (const account of named) if (!found.has(account)) found.set(account, { account });
  return [...found.values()];
}

/** Trusted access is on: Organizations lets StackSets in. */
export async function isTrusted(context: Context): Promise<boolean> {
  const answer = await ask(context, 'ListAWSServiceAccessForOrganization');
  const enabled = (answer['EnabledServicePrincipals'] ?? []) as { ServicePrincipal: string }[];
  return enabled.some(({ ServicePrincipal }) => ServicePrincipal === TRUSTED_SERVICE);
}

const ask = (context: Context, action: string, input: Record<string, string> = {}) =>
  context.world.call('organizations', action, input, { account: context.account, region: context.region });

/**
 * Service-managed sets are for the management account, and for delegated administrators that say so (CallAs); and only when
 * the organization lets StackSets in.
 * @throws ServiceError ValidationError
 */
export async function insistOnOrganization(context: Context, delegated: boolean): Promise<void> {
  try {
    if (delegated) {
      const answer = await ask(context, 'ListDelegatedAdministrators', { ServicePrincipal: TRUSTED_SERVICE });
      const administrators = (answer['DelegatedAdministrators'] ?? []) as { Id: string }[];
      if (administrators.some(({ Id }) => Id === context.account)) return;
    } else {
      const { Organization } = (await ask(context, 'DescribeOrganization')) as {
        Organization?: { MasterAccountId?: string };
      };
      if (Organization?.MasterAccountId === context.account) {
        if (await isTrusted(context)) return;
        throw invalid('You must enable organizations access to operate a service managed stack set');
      }
    }
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === 'ValidationError') throw error;
  }
  throw invalid(
    'You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set',
  );
}
