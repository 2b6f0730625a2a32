/**
 * AWS Organizations: one organization of a management account, its tree of units, and the accounts in it. What there is
 * lies with the management account; a member keeps only whose member it is. Touches only the accounts' records.
 */
import type { Service } from '../../service.ts';
import { accountActions, resumeCreation } from './actions/accounts.ts';
import { delegationActions } from './actions/delegation.ts';
import { invitationActions } from './actions/invitations.ts';
import { organizationActions } from './actions/organization.ts';
import { unitActions } from './actions/units.ts';
import { creations } from './records.ts';

export const organizations: Service = {
  name: 'organizations',
  protocol: 'json-1.1',
  targetPrefix: 'AWSOrganizationsV20161128',
  global: true,
  actions: { ...organizationActions, ...unitActions, ...accountActions, ...invitationActions, ...delegationActions },
  wakeOn: ['creations'],
  wake(context) {
    for (const creation of creations(context.store).values())
      if (creation.state === 'IN_PROGRESS') resumeCreation(context, creation.id);
  },
};
