/** AWS Systems Manager Parameter Store: parameters with versions and tags. Touches only the account's records. */
import type { Service } from '../../service.ts';
import { readActions } from './actions/read.ts';
import { writeActions } from './actions/write.ts';

export const ssm: Service = {
  name: 'ssm',
  protocol: 'json-1.1',
  targetPrefix: 'AmazonSSM',
  actions: { ...readActions, ...writeActions },
};
