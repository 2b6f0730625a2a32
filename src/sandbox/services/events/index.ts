/** Amazon EventBridge: buses, rules, targets, events and their delivery. What is promised stands in BEHAVIOUR.md. */
import type { Service } from '../../service.ts';
import { buses } from './actions/buses.ts';
import { events as putting } from './actions/put-events.ts';
import { rules } from './actions/rules.ts';
import { targets } from './actions/targets.ts';
import { resumeDeliveries } from './delivery.ts';
import { tags } from './tags.ts';

export const events: Service = {
  name: 'events',
  protocol: 'json-1.1',
  targetPrefix: 'AWSEvents',
  actions: { ...buses, ...rules, ...targets, ...putting, ...tags },
  wakeOn: ['deliveries'],
  wake: resumeDeliveries,
};
