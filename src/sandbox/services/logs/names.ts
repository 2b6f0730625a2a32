/** Names, ARNs and errors that the actions of CloudWatch Logs share, and who may write by resource policy. */
import { ServiceError } from '../../errors.ts';
import { type Field, must, readMembers, type Shape, text } from '../../members.ts';
import type { Context, Input, Permission } from '../../service.ts';
import { type GroupRecord, groups, type StreamRecord, streamKey, streams } from './storage.ts';

export const groupField = (): Field<string, true> =>
  must.text({ min: 1, max: 512, pattern: /[.\-_/#A-Za-z0-9]+/, shown: '[\\.\\-_/#A-Za-z0-9]+' });
export const groupOrNone = (): Field<string, false> =>
  text({ min: 1, max: 512, pattern: /[.\-_/#A-Za-z0-9]+/, shown: '[\\.\\-_/#A-Za-z0-9]+' });
export const identifierField = (): Field<string, false> => text({ min: 1, max: 2048, pattern: /[\w#+=/:,.@-]*/ });
export const streamField = (): Field<string, true> => must.text({ min: 1, max: 512, pattern: /[^:*]*/ });
export const tokenField = (): Field<string, false> => text({ min: 1 });

export const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message, 400);
export const invalidToken = (): ServiceError => invalid('The specified nextToken is invalid.');
export const missing = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message, 400);
/** CloudWatch Logs' name for a bad input is InvalidParameterException. */
export const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape, 'InvalidParameterException');

export function groupNamed(context: Context, name: string): GroupRecord {
  const group = groups(context).get(name);
  if (!group) throw missing('The specified log group does not exist.');
  return group;
}

export function streamNamed(context: Context, group: string, name: string): StreamRecord {
  groupNamed(context, group);
  const stream = streams(context).get(streamKey(group, name));
  if (!stream) throw missing('The specified log stream does not exist.');
  return stream;
}

export const groupArn = (context: Context, name: string): string => context.arn(`log-group:${name}`);

/** The group that is meant by name or by identifier (name or ARN); exactly one of the two is given. */
export function groupMeant(
  context: Context,
  wanted: { logGroupName?: string | undefined; logGroupIdentifier?: string | undefined },
): GroupRecord {
  const { logGroupName, logGroupIdentifier } = wanted;
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined))
    throw invalid('The request must contain either logGroupName or logGroupIdentifier, but not both.');
  if (logGroupName !== undefined) return groupNamed(context, logGroupName);
  const own = groupArn(context, '');
  const identifier = logGroupIdentifier ?? '';
  if (identifier.startsWith('arn:') && !identifier.startsWith(own))
    throw missing('The specified log group does not exist.');
  return groupNamed(
    context,
    identifier.startsWith(own) ? identifier.slice(own.length).replace(/:\*$/, '') : identifier,
  );
}

/** The name in `logGroupName` or `logGroupIdentifier`, for a permission. */
function groupAsked(input: Input): string {
  const asked = String(input['logGroupName'] ?? input['logGroupIdentifier'] ?? '');
  return asked.replace(/^arn:aws:logs:[^:]*:\d*:log-group:/, '').replace(/:\*$/, '');
}

/** Service Authorization Reference: what concerns a group or its streams is decided on the ARN with its stream part. */
export const onGroup =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    { action, resource: `${groupArn(context, groupAsked(input))}:log-stream:` },
  ];

export interface ResourcePolicyRecord {
  policyName: string;
  policyDocument: string;
  lastUpdatedTime: number;
}

export const resourcePolicies = (context: Context) => context.table<ResourcePolicyRecord>('resource-policies');

/** Writing into a stream: allowed by the caller's role or by the Region's resource policies, which services need. */
export const onStream =
  (action: string) =>
  (input: Input, context: Context): Permission[] => {
    const statements = [...resourcePolicies(context).values()].flatMap(({ policyDocument }): unknown[] => {
      const { Statement } = JSON.parse(policyDocument) as { Statement: object | object[] };
      // Sids are unique within a policy, not among policies.
      return (Array.isArray(Statement) ? Statement : [Statement]).map((one) => ({ ...one, Sid: undefined }));
    });
    return [
      {
        action,
        resource: `${groupArn(context, groupAsked(input))}:log-stream:${String(input['logStreamName'] ?? '')}`,
        ...(statements.length > 0
          ? { resourcePolicy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }
          : {}),
      },
    ];
  };
