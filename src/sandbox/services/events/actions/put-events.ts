/** PutEvents and TestEventPattern. */
import { matchesText } from '../../../../event-pattern/index.ts';
import { ServiceError } from '../../../errors.ts';
import { type Field, list, must, readMembers, structure, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { type AcceptedEvent, dispatchEvent } from '../delivery.ts';
import { validPattern } from '../patterns.ts';
import { busArn, findBus } from '../records.ts';
import { busNameOrArnMember } from './buses.ts';

/** "PutEvents": entries a request; "Calculating PutEvents event entry size": bytes of all of them. */
const MOST_ENTRIES = 10;
const MOST_BYTES = 1024 * 1024;

interface Entry {
  Time?: number | string;
  Source?: string;
  Resources?: string[];
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
  TraceHeader?: string;
}

const timestamp: Field<number | string, false> = {
  required: false,
  read(value) {
    if (typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))) return value;
    throw new ServiceError('SerializationException', `${JSON.stringify(value)} can not be converted to a Timestamp`);
  },
};

const members = {
  Entries: must.list(
    structure({
      Time: timestamp,
      Source: text(),
      Resources: list(text()),
      DetailType: text(),
      Detail: text(),
      EventBusName: busNameOrArnMember,
      TraceHeader: text({ min: 1, max: 500 }),
    }),
    { min: 1 },
  ),
};

/** AWS prints entries that are too many as its own code holds them. */
function printed(entry: Entry): string {
  const or = (member: unknown): string => (member === undefined || member === null ? 'null' : String(member));
  return `PutEventsRequestEntry(time=${or(entry.Time)}, source=${or(entry.Source)}, resources=${entry.Resources ? `[${entry.Resources.join(', ')}]` : 'null'}, detailType=${or(entry.DetailType)}, detail=${or(entry.Detail)}, eventBusName=${or(entry.EventBusName)}, traceHeader=${or(entry.TraceHeader)}, kmsKeyIdentifier=null, internalMetadata=null)`;
}

function permissions(input: Input, context: Context): Permission[] {
  const found = new Map<string, Permission>();
  const entries = Array.isArray(input['Entries']) ? (input['Entries'] as (Entry | null)[]) : [];
  for (const entry of entries) {
    const resource = busArn(context, entry?.EventBusName);
    const source = String(entry?.Source ?? '');
    const detailType = String(entry?.DetailType ?? '');
    const key = `${resource} ${source} ${detailType}`;
    if (!found.has(key))
      found.set(key, {
        action: 'events:PutEvents',
        resource,
        resourcePolicy: findBus(context, entry?.EventBusName)?.policy,
        context: { 'events:source': source, 'events:detail-type': detailType },
      });
  }
  return [...found.values()];
}

const putEvents: Action = {
  permissions,
  run(input, context) {
    const { Entries: entries } = readMembers(input, members) as { Entries: Entry[] };
    if (entries.length > MOST_ENTRIES)
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value '[${entries.map(printed).join(', ')}]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MOST_ENTRIES}`,
      );
    if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MOST_BYTES)
      throw new ServiceError('ValidationException', 'Total size of the entries in the request is over the limit.');
    const results = entries.map((entry) => accept(context, entry));
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  },
};

function sizeOf(entry: Entry): number {
  const bytes = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text));
  return (
    (entry.Time === undefined ? 0 : 14) +
    bytes(entry.Source) +
    bytes(entry.DetailType) +
    bytes(entry.Detail) +
    (entry.Resources ?? []).reduce((sum, resource) => sum + bytes(resource), 0)
  );
}

type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

function accept(context: Context, entry: Entry): Result {
  for (const member of ['Source', 'DetailType', 'Detail'] as const)
    if (!entry[member])
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${member} is not valid. Reason: ${member} is a required argument.`,
      };
  const { Source: source = '', DetailType: detailType = '', Detail: detailText = '' } = entry;
  if (source.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  const detail = objectOf(detailText);
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const id = context.world.uuid();
  // An event for a bus that is not there is taken and lost, as on AWS; the log at least says so.
  const bus = findBus(context, entry.EventBusName);
  if (!bus) {
    context.world.log(
      'delivery',
      `Event ${id} (${source}, ${detailType}) was accepted for the event bus ${entry.EventBusName}, which does not exist: it is lost.`,
    );
    return { EventId: id };
  }
  const time =
    entry.Time === undefined
      ? context.now()
      : typeof entry.Time === 'number'
        ? entry.Time * 1000
        : Date.parse(entry.Time);
  const envelope = {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: context.account,
    time: `${new Date(time).toISOString().slice(0, 19)}Z`,
    region: context.region,
    resources: entry.Resources ?? [],
  };
  const event: AcceptedEvent = {
    id,
    // The detail goes on as it was written: large numbers would not survive being read and written again.
    text: `${JSON.stringify(envelope).slice(0, -1)},"detail":${detailText.trim()}}`,
    value: { ...envelope, detail } as AcceptedEvent['value'],
  };
  dispatchEvent(context, bus.name, event);
  return { EventId: id };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (value && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said by the caller in AWS's words
  }
  return undefined;
}

/** Recorded answers: `resources` may be missing, whatever "TestEventPattern" says. */
const REQUIRED = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

const testEventPattern: Action = {
  permissions: () => [{ action: 'events:TestEventPattern', resource: '*' }],
  run(input) {
    readMembers(input, {
      EventPattern: must.text({ max: 4096 }),
      Event: must.text(),
    });
    const text = String(input['Event']);
    const event = objectOf(text);
    if (!event)
      throw new ServiceError('ValidationException', 'Parameter Event is not valid. Reason: it is not a JSON object.');
    for (const member of REQUIRED)
      if (!Object.hasOwn(event, member))
        throw new ServiceError(
          'ValidationException',
          `Parameter Event is not valid. Reason: ${member} is a required field.`,
        );
    return { Result: matchesText(validPattern(String(input['EventPattern'])), text) };
  },
};

export const events: Record<string, Action> = { PutEvents: putEvents, TestEventPattern: testEventPattern };
