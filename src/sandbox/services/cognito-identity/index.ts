/**
 * Amazon Cognito identity pools: the pools, the roles of their identities, and which claims become tags of a session.
 * Nobody gets credentials here yet. Touches only the account's records.
 */
import type { Service } from '../../service.ts';
import { poolActions } from './actions/pools.ts';
import { roleActions } from './actions/roles.ts';

export const cognitoIdentity: Service = {
  name: 'cognito-identity',
  protocol: 'json-1.1',
  targetPrefix: 'AWSCognitoIdentityService',
  actions: { ...poolActions, ...roleActions },
};
