/** Log groups and streams: make, list, retain, tag, delete. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, list, must, page, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { tagsField } from './tags.ts';
import {
  groupArn,
  groupField,
  groupMeant,
  groupNamed,
  groupOrNone,
  identifierField,
  invalid,
  invalidToken,
  onGroup,
  onStream,
  read,
  streamField,
  streamNamed,
  tokenField,
} from '../names.ts';
import {
  type GroupRecord,
  groups,
  ID_LENGTH,
  removeStream,
  type StreamRecord,
  streamKey,
  streams,
  streamsOf,
} from '../storage.ts';

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const exists = (what: string): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', `The specified log ${what} already exists`, 400);

const createLogGroup: Action = {
  permissions: (input, context) => [
    ...onGroup('logs:CreateLogGroup')(input, context),
    ...(input['tags']
      ? [{ action: 'logs:TagResource', resource: groupArn(context, String(input['logGroupName'] ?? '')) }]
      : []),
  ],
  run(input, context) {
    const wanted = read(input, {
      logGroupName: groupField(),
      tags: { ...tagsField(), required: false },
      logGroupClass: text({ oneOf: ['STANDARD'] }),
    });
    if (/^aws\//i.test(wanted.logGroupName)) throw invalid('Log groups starting with AWS/ are reserved for AWS.');
    if (groups(context).has(wanted.logGroupName)) throw exists('group');
    groups(context).put(wanted.logGroupName, {
      name: wanted.logGroupName,
      created: context.now(),
      tags: wanted.tags ?? {},
      streamsMade: 0,
    });
    return {};
  },
};

const deleteLogGroup: Action = {
  permissions: onGroup('logs:DeleteLogGroup'),
  run(input, context) {
    const group = groupNamed(context, read(input, { logGroupName: groupField() }).logGroupName);
    for (const stream of streamsOf(context, group.name)) removeStream(context, stream);
    groups(context).delete(group.name);
    return {};
  },
};

function groupOut(context: Context, group: GroupRecord, bytes: number): Record<string, unknown> {
  const arn = groupArn(context, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.created,
    retentionInDays: group.retentionInDays,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: bytes,
    logGroupClass: 'STANDARD',
    logGroupArn: arn,
  };
}

const describeLogGroups: Action = {
  permissions: (_input, context) => [
    { action: 'logs:DescribeLogGroups', resource: `${groupArn(context, '')}:log-stream:` },
  ],
  run(input, context) {
    const wanted = read(input, {
      logGroupNamePrefix: groupOrNone(),
      logGroupNamePattern: text({ max: 512 }),
      logGroupIdentifiers: list(must.text({ min: 1, max: 2048 }), { min: 1, max: 50 }),
      logGroupClass: text({ oneOf: ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY'] }),
      includeLinkedAccounts: boolean(),
      limit: integer({ min: 1, max: 50 }),
      nextToken: tokenField(),
    });
    if (wanted.logGroupNamePrefix !== undefined && wanted.logGroupNamePattern !== undefined)
      throw invalid('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
    if (wanted.includeLinkedAccounts === true) throw invalid('The sandbox does not carry linked accounts.');
    const pattern = wanted.logGroupNamePattern?.toLowerCase();
    const meant = wanted.logGroupIdentifiers?.map((identifier) =>
      identifier.replace(groupArn(context, ''), '').replace(/:\*$/, ''),
    );
    const found = [...groups(context).values()]
      .filter(
        (group) =>
          group.name.startsWith(wanted.logGroupNamePrefix ?? '') &&
          (pattern === undefined || group.name.toLowerCase().includes(pattern)) &&
          (meant === undefined || meant.includes(group.name)) &&
          (wanted.logGroupClass ?? 'STANDARD') === 'STANDARD',
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const kind = `groups ${wanted.logGroupNamePrefix ?? ''} ${pattern ?? ''}`;
    const { items, next } = page(found, wanted.nextToken, wanted.limit ?? 50, kind, invalidToken);
    const bytes = new Map<string, number>();
    for (const stream of streams(context).values())
      bytes.set(stream.group, (bytes.get(stream.group) ?? 0) + stream.storedBytes);
    return {
      logGroups: items.map((group) => groupOut(context, group, bytes.get(group.name) ?? 0)),
      nextToken: next,
    };
  },
};

const putRetentionPolicy: Action = {
  permissions: onGroup('logs:PutRetentionPolicy'),
  run(input, context) {
    const wanted = read(input, { logGroupName: groupField(), retentionInDays: must.integer() });
    if (!RETENTION_DAYS.includes(wanted.retentionInDays))
      throw invalid(
        `1 validation error detected: Value '${wanted.retentionInDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${RETENTION_DAYS.join(', ')}]`,
      );
    const group = groupNamed(context, wanted.logGroupName);
    groups(context).put(group.name, { ...group, retentionInDays: wanted.retentionInDays });
    return {};
  },
};

const deleteRetentionPolicy: Action = {
  permissions: onGroup('logs:DeleteRetentionPolicy'),
  run(input, context) {
    const group = groupNamed(context, read(input, { logGroupName: groupField() }).logGroupName);
    const { retentionInDays: _gone, ...rest } = group;
    groups(context).put(group.name, rest);
    return {};
  },
};

const createLogStream: Action = {
  permissions: onStream('logs:CreateLogStream'),
  run(input, context) {
    const wanted = read(input, { logGroupName: groupField(), logStreamName: streamField() });
    const group = groupNamed(context, wanted.logGroupName);
    const key = streamKey(group.name, wanted.logStreamName);
    if (streams(context).has(key)) throw exists('stream');
    groups(context).put(group.name, { ...group, streamsMade: group.streamsMade + 1 });
    streams(context).put(key, {
      group: group.name,
      name: wanted.logStreamName,
      created: context.now(),
      ordinal: group.streamsMade,
      storedBytes: 0,
      sequence: 0,
      batches: { from: 0, to: 0, bytes: 0 },
      chunks: { from: 0, to: 0 },
    });
    return {};
  },
};

const deleteLogStream: Action = {
  permissions: onStream('logs:DeleteLogStream'),
  run(input, context) {
    const wanted = read(input, { logGroupName: groupField(), logStreamName: streamField() });
    removeStream(context, streamNamed(context, wanted.logGroupName, wanted.logStreamName));
    return {};
  },
};

function streamOut(context: Context, stream: StreamRecord): Record<string, unknown> {
  return {
    logStreamName: stream.name,
    creationTime: stream.created,
    firstEventTimestamp: stream.firstEvent,
    lastEventTimestamp: stream.lastEvent,
    lastIngestionTime: stream.lastIngestion,
    uploadSequenceToken: String(stream.sequence).padStart(ID_LENGTH, '0'),
    arn: `${groupArn(context, stream.group)}:log-stream:${stream.name}`,
    storedBytes: 0,
  };
}

const describeLogStreams: Action = {
  permissions: onGroup('logs:DescribeLogStreams'),
  run(input, context) {
    const wanted = read(input, {
      logGroupName: groupOrNone(),
      logGroupIdentifier: identifierField(),
      logStreamNamePrefix: text({ min: 1, max: 512, pattern: /[^:*]*/ }),
      orderBy: text({ oneOf: ['LogStreamName', 'LastEventTime'] }),
      descending: boolean(),
      limit: integer({ min: 1, max: 50 }),
      nextToken: tokenField(),
    });
    const byTime = wanted.orderBy === 'LastEventTime';
    if (byTime && wanted.logStreamNamePrefix !== undefined)
      throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
    const group = groupMeant(context, wanted);
    const sign = wanted.descending === true ? -1 : 1;
    const found = streamsOf(context, group.name)
      .filter((stream) => stream.name.startsWith(wanted.logStreamNamePrefix ?? ''))
      .sort((a, b) => {
        const times = byTime ? (a.lastEvent ?? a.created) - (b.lastEvent ?? b.created) : 0;
        return sign * (times || (a.name < b.name ? -1 : 1));
      });
    const kind = `streams ${group.name} ${wanted.orderBy ?? ''} ${sign} ${wanted.logStreamNamePrefix ?? ''}`;
    const { items, next } = page(found, wanted.nextToken, wanted.limit ?? 50, kind, invalidToken);
    return { logStreams: items.map((stream) => streamOut(context, stream)), nextToken: next };
  },
};

export const groupActions: Record<string, Action> = {
  CreateLogGroup: createLogGroup,
  DeleteLogGroup: deleteLogGroup,
  DescribeLogGroups: describeLogGroups,
  PutRetentionPolicy: putRetentionPolicy,
  DeleteRetentionPolicy: deleteRetentionPolicy,
  CreateLogStream: createLogStream,
  DeleteLogStream: deleteLogStream,
  DescribeLogStreams: describeLogStreams,
};
