/** Every event of the workshop as it may stand on the bus, in more than one form: a rule must take them all. Pure. */
import type { Json } from '../../event-pattern/index.ts';
import { EVENTS, sampleEvent } from '../../workshop.ts';

export const ALL_EVENTS: readonly string[] = Object.values(EVENTS);

export interface Place {
  account: string;
  region: string;
  /** ARN of the learner's workflow, when it is known: Step Functions names it in the resources of its events. */
  workflow?: string | undefined;
}

type Event = { [key: string]: Json };

/**
 * The event as the workshop's facts give it, and again with everything different that may differ between two orders: who,
 * which, when, and the texts that a learner writes freely.
 */
export function samplesOf(detailType: string, place: Place): Event[] {
  const first = sampleEvent(detailType, place) as Event;
  if (place.workflow && detailType.startsWith('OrderProcessor.'))
    first['resources'] = [place.workflow, `${place.workflow.replace(':stateMachine:', ':execution:')}:order-1`];
  const detail = Object.fromEntries(
    Object.entries(first['detail'] as Event).map(([name, value]): [string, Json] => [name, other(name, value)]),
  );
  const second: Event = {
    ...first,
    id: 'f3e2d1c0-1111-4222-8333-444455556666',
    time: '2026-03-14T15:09:26Z',
    detail,
  };
  return [first, second];
}

const OTHERS: Record<string, Json> = {
  orderId: '9f0e1d2c-3b4a-4958-8776-655443322110',
  userId: '7a1c9d52-40b1-4f3e-a6d8-0f2b5c7e9a13',
  bucket: 5_912_345,
  TaskToken: 'AAAAKgAAAAIAAAAAAAAAAZanother',
  // As DynamoDB writes a number, which is how most workflows hand it on.
  orderNumber: '57',
  drinkOrder: '{"drink":"Espresso"}',
  robot: true,
  TS: 1_781_000_000_000,
  baristaUserId: '',
  cause: 'Barista timedout',
  Message: 'Another text of the workflow',
};

function other(name: string, value: Json): Json {
  if (name === 'NewImage') return { PK: { S: 'menu' }, value: { L: [] } };
  return OTHERS[name] ?? value;
}

/** Events that are none of the workshop's, however much they look like one of it. */
export function nearMisses(detailType: string, place: Place): { what: string; event: Event }[] {
  const event = sampleEvent(detailType, place) as Event;
  return [
    { what: 'another source', event: { ...event, source: 'somebody.else' } },
    { what: 'another case', event: { ...event, 'detail-type': detailType.toLowerCase() } },
    { what: 'a longer detail-type', event: { ...event, 'detail-type': `${detailType}.Copy` } },
  ];
}
