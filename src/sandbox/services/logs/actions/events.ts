/** Log events: put, get by stream, filter over a group. */
import { createHash } from 'node:crypto';
import { boolean, integer, list, must, text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { parseFilterPattern } from '../filter-pattern.ts';
import {
  groupField,
  groupMeant,
  groupOrNone,
  identifierField,
  invalid,
  invalidToken,
  missing,
  onGroup,
  onStream,
  read,
  streamField,
  streamNamed,
  tokenField,
} from '../names.ts';
import { append, EVENT_OVERHEAD, ID_LENGTH, LOWEST_ID, retainedSince, type Scan, scan, streamsOf } from '../storage.ts';

const LARGEST_BATCH = 1_048_576;
const DAY = 86_400_000;
const LARGEST_ANSWER = 1_048_576;

const putLogEvents: Action = {
  permissions: onStream('logs:PutLogEvents'),
  run(input, context) {
    const wanted = read(input, {
      logGroupName: groupField(),
      logStreamName: streamField(),
      logEvents: must.list(must.structure({ timestamp: must.integer({ min: 0 }), message: must.text({ min: 1 }) }), {
        min: 1,
        max: 10_000,
      }),
      // Sequence tokens mean nothing since 2023, but old clients send them.
      sequenceToken: text(),
    });
    const { logEvents } = wanted;
    let size = 0;
    let last = 0;
    for (const event of logEvents) {
      const bytes = Buffer.byteLength(event.message) + EVENT_OVERHEAD;
      if (bytes > LARGEST_BATCH) throw invalid(`Log event too large: ${bytes} bytes exceeds limit of ${LARGEST_BATCH}`);
      size += bytes;
      if (event.timestamp < last)
        throw invalid('Log events in a single PutLogEvents request must be in chronological order.');
      last = event.timestamp;
    }
    if (size > LARGEST_BATCH) throw invalid(`Upload too large: ${size} bytes exceeds limit of ${LARGEST_BATCH}`);
    if (last - (logEvents[0]?.timestamp ?? last) > DAY)
      throw invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
    const stream = streamNamed(context, wanted.logGroupName, wanted.logStreamName);
    const group = groupMeant(context, { logGroupName: stream.group });
    const now = context.now();
    const expired = logEvents.filter((event) => event.timestamp < retainedSince(group, now)).length;
    const tooOld = logEvents.filter((event) => event.timestamp < now - 14 * DAY).length;
    const tooNew = logEvents.filter((event) => event.timestamp > now + DAY / 12).length;
    const kept = logEvents.slice(Math.max(expired, tooOld), logEvents.length - tooNew);
    const after = kept.length > 0 ? append(context, stream, kept) : stream;
    return {
      nextSequenceToken: String(after.sequence).padStart(ID_LENGTH, '0'),
      ...(expired + tooOld + tooNew > 0
        ? {
            rejectedLogEventsInfo: {
              ...(tooNew > 0 ? { tooNewLogEventStartIndex: logEvents.length - tooNew } : {}),
              ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
              ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
            },
          }
        : {}),
    };
  },
};

const getLogEvents: Action = {
  permissions: onStream('logs:GetLogEvents'),
  async run(input, context) {
    const wanted = read(input, {
      logGroupName: groupOrNone(),
      logGroupIdentifier: identifierField(),
      logStreamName: streamField(),
      startTime: integer({ min: 0 }),
      endTime: integer({ min: 0 }),
      nextToken: tokenField(),
      limit: integer({ min: 1, max: 10_000 }),
      startFromHead: boolean(),
      unmask: boolean(),
    });
    const group = groupMeant(context, wanted);
    const stream = streamNamed(context, group.name, wanted.logStreamName);
    const token = wanted.nextToken === undefined ? undefined : /^([fb])\/(\d{56})\/s$/.exec(wanted.nextToken);
    if (token === null) throw invalidToken();
    const since = Math.max(wanted.startTime ?? 0, retainedSince(group, context.now()));
    const forward = token ? token[1] === 'f' : wanted.startFromHead === true;
    const { events } = await scan(context, [stream], {
      direction: forward ? 'forward' : 'backward',
      after: token && forward ? token[2] : undefined,
      before: token && !forward ? token[2] : undefined,
      since,
      // GetLogEvents: events at the end time itself are not included.
      until: wanted.endTime ?? Number.POSITIVE_INFINITY,
      accept: () => true,
      limit: wanted.limit ?? 10_000,
      bytes: LARGEST_ANSWER,
    });
    if (!forward) events.reverse();
    const here = token?.[2] ?? LOWEST_ID;
    const beside = (id: string, by: bigint): string => {
      const moved = BigInt(id) + by;
      return (moved < 0n ? 0n : moved).toString().padStart(ID_LENGTH, '0');
    };
    // An empty page stays where it is: the token of its direction is the one that was given, the other turns round.
    const first = events[0]?.id ?? (forward && token ? beside(here, 1n) : here);
    const last = events.at(-1)?.id ?? (!forward && token ? beside(here, -1n) : here);
    return {
      events: events.map(({ timestamp, message, ingestion }) => ({ timestamp, message, ingestionTime: ingestion })),
      nextForwardToken: `f/${last}/s`,
      nextBackwardToken: `b/${first}/s`,
    };
  },
};

const filterLogEvents: Action = {
  permissions: onGroup('logs:FilterLogEvents'),
  async run(input, context) {
    const wanted = read(input, {
      logGroupName: groupOrNone(),
      logGroupIdentifier: identifierField(),
      logStreamNames: list(streamField(), { min: 1, max: 100 }),
      logStreamNamePrefix: text({ min: 1, max: 512, pattern: /[^:*]*/ }),
      startTime: integer({ min: 0 }),
      endTime: integer({ min: 0 }),
      filterPattern: text({ max: 1024 }),
      nextToken: tokenField(),
      limit: integer({ min: 1, max: 10_000 }),
      // Events of several streams always come interleaved since 2019.
      interleaved: boolean(),
      unmask: boolean(),
    });
    const group = groupMeant(context, wanted);
    if (wanted.logStreamNames !== undefined && wanted.logStreamNamePrefix !== undefined)
      throw invalid('Both logStreamNames and logStreamNamePrefix cannot be specified in one request.');
    const all = streamsOf(context, group.name);
    const names = new Set(wanted.logStreamNames);
    for (const name of names)
      if (!all.some((stream) => stream.name === name)) throw missing('The specified log stream does not exist.');
    const chosen = all.filter(
      (stream) =>
        (wanted.logStreamNames === undefined || names.has(stream.name)) &&
        stream.name.startsWith(wanted.logStreamNamePrefix ?? ''),
    );
    const matches = parseFilterPattern(wanted.filterPattern ?? '');
    const { nextToken: _token, limit: _limit, ...query } = wanted;
    const mark = createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16);
    const after = wanted.nextToken === undefined ? undefined : afterToken(wanted.nextToken, mark);
    const since = Math.max(wanted.startTime ?? 0, retainedSince(group, context.now()));
    const asked: Scan = {
      direction: 'forward',
      after,
      since,
      // FilterLogEvents: events later than the end time are not returned, those at it are.
      until: wanted.endTime === undefined ? Number.POSITIVE_INFINITY : wanted.endTime + 1,
      accept: ({ message }) => matches(message),
      limit: wanted.limit ?? 10_000,
      bytes: LARGEST_ANSWER,
    };
    const { events, more } = await scan(context, chosen, asked);
    return {
      events: events.map(({ id, stream, timestamp, message, ingestion }) => ({
        logStreamName: stream,
        timestamp,
        message,
        ingestionTime: ingestion,
        eventId: id,
      })),
      searchedLogStreams: [],
      nextToken: more ? Buffer.from(`${mark}|${events.at(-1)?.id ?? LOWEST_ID}`).toString('base64url') : undefined,
    };
  },
};

/** A page's token holds for the query it came from only. */
function afterToken(token: string, mark: string): string {
  const [its, id] = Buffer.from(token, 'base64url').toString('utf8').split('|');
  if (its !== mark || !/^\d{56}$/.test(id ?? '')) throw invalidToken();
  return id ?? LOWEST_ID;
}

export const eventActions: Record<string, Action> = {
  PutLogEvents: putLogEvents,
  GetLogEvents: getLogEvents,
  FilterLogEvents: filterLogEvents,
};
