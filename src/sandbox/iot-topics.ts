/**
 * The topics of IoT's message broker inside one process: who publishes (services/iotdata, later an MQTT side) and who
 * listens meet here, by account and Region. Nothing is kept: a message reaches who listens when it is published.
 */
import type { World } from './world.ts';

export interface TopicMessage {
  account: string;
  region: string;
  topic: string;
  payload: Buffer;
  qos: 0 | 1;
  retain: boolean;
}

export type TopicListener = (message: TopicMessage) => void;

interface Subscription {
  account: string;
  region: string;
  filter: string;
  listener: TopicListener;
}

const subscriptions = new WeakMap<World, Set<Subscription>>();

/**
 * Calls `listener` with every message published from now on whose topic matches `filter` (MQTT: `+` for one level, `#`
 * for the rest).
 * @returns ends the subscription
 */
export function subscribe(
  world: World,
  where: { account: string; region: string },
  filter: string,
  listener: TopicListener,
): () => void {
  let all = subscriptions.get(world);
  if (!all) {
    all = new Set();
    subscriptions.set(world, all);
  }
  const subscription: Subscription = { account: where.account, region: where.region, filter, listener };
  all.add(subscription);
  return () => void all.delete(subscription);
}

/** Hands a message to everyone who listens; one listener's failure is not the publisher's. */
export function publish(world: World, message: TopicMessage): void {
  for (const { account, region, filter, listener } of subscriptions.get(world) ?? []) {
    if (account !== message.account || region !== message.region || !matchesFilter(filter, message.topic)) continue;
    try {
      listener(message);
    } catch (error) {
      world.log('sandbox', `A listener on ${filter} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** MQTT 3.1.1, section 4.7: does the topic match the filter? Wildcards at the start do not reach topics that begin with `$`. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
