/** AWS Step Functions: the States Language engine behind its API. What is promised stands in BEHAVIOUR.md. */
import type { Service } from '../../service.ts';
import { activities } from './actions/activities.ts';
import { callbacks } from './actions/callbacks.ts';
import { executions } from './actions/executions.ts';
import { machines } from './actions/machines.ts';
import { tags } from './actions/tags.ts';
import { testState } from './actions/test-state.ts';
import { driverOf } from './driver.ts';
import { machinesOf } from './records.ts';

export const states: Service = {
  name: 'states',
  protocol: 'json-1.0',
  targetPrefix: 'AWSStepFunctions',
  actions: { ...machines, ...executions, ...callbacks, ...activities, ...tags, TestState: testState },
  wakeOn: ['machines', 'running', 'inputs'],
  wake(context) {
    const driver = driverOf(context);
    driver.wake();
    for (const machine of machinesOf(context).values())
      if (machine.status === 'DELETING') driver.removeWhenIdle(machine.arn);
  },
};
