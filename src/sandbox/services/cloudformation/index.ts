/**
 * AWS CloudFormation: templates become resources by calling the sandbox's own services as the stack's caller. The engine
 * is in engine/, what it knows of each resource type in resources/ (one file a type), reading templates in template/.
 */
import type { Service } from '../../service.ts';
import { changeSetActions, prepare } from './actions/change-sets.ts';
import { detect, driftActions } from './actions/drift.ts';
import { exportActions } from './actions/exports.ts';
import { readActions } from './actions/read.ts';
import { policyActions } from './actions/stack-policy.ts';
import { stackActions } from './actions/stacks.ts';
import { templateActions } from './actions/templates.ts';
import { resume } from './engine/operation.ts';
import { changeSets, drifts, operations } from './records.ts';
import { resumeSets, stackSetActions } from './stack-sets/index.ts';

export const cloudformation: Service = {
  name: 'cloudformation',
  protocol: 'query',
  xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  actions: {
    ...stackActions,
    ...readActions,
    ...templateActions,
    ...changeSetActions,
    ...driftActions,
    ...policyActions,
    ...exportActions,
    ...stackSetActions,
  },
  wakeOn: ['operations', 'change-sets', 'drifts', 'stack-sets-under-way'],
  wake(context) {
    for (const operation of [...operations(context).values()]) resume(context, operation.stackId);
    for (const change of [...changeSets(context).values()])
      if (/PENDING|IN_PROGRESS/.test(change.status)) prepare(context, change.id);
    for (const drift of [...drifts(context).values()])
      if (drift.detection === 'DETECTION_IN_PROGRESS') detect(context, drift.id);
    resumeSets(context);
  },
};
