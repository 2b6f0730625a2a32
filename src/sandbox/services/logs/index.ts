/**
 * Amazon CloudWatch Logs: groups, streams, events, resource policies. What functions print and rules deliver ends here.
 * Touches the account's records, and its archive for events that are no longer new.
 */
import type { Service } from '../../service.ts';
import { eventActions } from './actions/events.ts';
import { groupActions } from './actions/groups.ts';
import { resourcePolicyActions } from './actions/resource-policies.ts';
import { tagActions } from './actions/tags.ts';

export const logs: Service = {
  name: 'logs',
  protocol: 'json-1.1',
  targetPrefix: 'Logs_20140328',
  actions: { ...groupActions, ...tagActions, ...eventActions, ...resourcePolicyActions },
};
