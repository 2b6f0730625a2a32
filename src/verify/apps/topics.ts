/** Which topics a publisher's function sends to, and which events must get there (workshop pages "Events", "Topics"). Pure. */
import { EVENTS, TOPIC_PREFIX } from '../../workshop.ts';

export type Topic = 'admin' | 'config' | 'user';
export const TOPICS: readonly Topic[] = ['admin', 'config', 'user'];

/** `serverlesspresso-user-…`, for a sentence. */
export const topicName = (topic: Topic): string => `${TOPIC_PREFIX}-${topic}${topic === 'user' ? '-…' : ''}`;

const { newOrder, configChanged, ...ORDER } = EVENTS;

/** The least that each topic gets. Official set-ups do not tell a customer of an order that has only been scanned. */
export const EVENTS_OF: Record<Topic, readonly string[]> = {
  admin: [newOrder, ...Object.values(ORDER)],
  user: Object.values(ORDER),
  config: [configChanged],
};

/**
 * What a function sends to, by what its environment says: a whole topic (as official set-ups have it), or the beginning of
 * all three, of which its code chooses by the event. AppSync Events has channels of the same names.
 */
export function topicsOf(environment: Record<string, string>): Topic[] {
  const values = Object.values(environment);
  if (values.includes(TOPIC_PREFIX)) return [...TOPICS];
  const found = TOPICS.filter((topic) =>
    values.some((value) => new RegExp(`(^|/)${TOPIC_PREFIX}[-/]${topic}(-|/|$)`).test(value)),
  );
  if (found.length > 0) return found;
  return values.some((value) => /\.appsync-api\./.test(value)) ? [...TOPICS] : [];
}

/** Does it publish through AppSync Events, which asks for another right than AWS IoT? */
export const byAppSync = (environment: Record<string, string>): boolean =>
  Object.entries(environment).some(([key, value]) => /\.appsync-api\./.test(value) || /appsync/i.test(key));

/** A topic as IAM knows it; the one of a user stands for all of them. */
export const topicArn = (
  topic: Topic,
  { account, region }: { account: string; region: string },
  user: string,
): string => `arn:aws:iot:${region}:${account}:topic/${TOPIC_PREFIX}-${topic}${topic === 'user' ? `-${user}` : ''}`;
