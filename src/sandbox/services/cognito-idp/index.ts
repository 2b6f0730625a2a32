/**
 * Amazon Cognito user pools: pools, app clients, groups, users. Nobody signs in here yet, and no mail is ever sent.
 * Touches only the account's records; of passwords only SRP's verifiers are kept.
 */
import type { Service } from '../../service.ts';
import { clientActions } from './actions/clients.ts';
import { groupActions } from './actions/groups.ts';
import { poolActions } from './actions/pools.ts';
import { tagActions } from './actions/tags.ts';
import { userActions } from './actions/users.ts';

export const cognitoIdp: Service = {
  name: 'cognito-idp',
  protocol: 'json-1.1',
  targetPrefix: 'AWSCognitoIdentityProviderService',
  actions: { ...poolActions, ...clientActions, ...groupActions, ...userActions, ...tagActions },
};
