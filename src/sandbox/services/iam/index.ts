/**
 * AWS IAM: roles, their policies, managed policies with versions, the account's alias.
 * What is written here is what authorize.ts decides by. Touches only the account's records.
 */
import type { Service } from '../../service.ts';
import { accountActions } from './actions/account.ts';
import { managedPolicyActions } from './actions/managed-policies.ts';
import { rolePolicyActions } from './actions/role-policies.ts';
import { roleActions } from './actions/roles.ts';
import { simulateActions } from './actions/simulate.ts';

export const iam: Service = {
  name: 'iam',
  protocol: 'query',
  xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  global: true,
  actions: {
    ...roleActions,
    ...rolePolicyActions,
    ...managedPolicyActions,
    ...accountActions,
    ...simulateActions,
  },
};
