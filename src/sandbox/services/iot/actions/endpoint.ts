/** DescribeEndpoint: where the data plane is, which is here. */
import { text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { invalid, read } from '../records.ts';

const describeEndpoint: Action = {
  permissions: () => [{ action: 'iot:DescribeEndpoint', resource: '*' }],
  run(input, context) {
    const { endpointType } = read(input, { endpointType: text({ max: 128 }) });
    if (endpointType !== undefined && endpointType !== 'iot:Data-ATS' && endpointType !== 'iot:Data')
      throw invalid(
        /^iot:(?:CredentialProvider|Jobs)$/.test(endpointType)
          ? `The sandbox does not carry the endpoint type ${endpointType}.`
          : 'Endpoint type must be one of: iot:Data, iot:Data-ATS, iot:CredentialProvider, iot:Jobs.',
      );
    return { endpointAddress: context.world.endpoint.replace(/^https?:\/\//, '') };
  },
};

export const endpointActions: Record<string, Action> = { DescribeEndpoint: describeEndpoint };
