/** A room's way out of its stack sets: many accounts in one operation, each told when its own stacks are gone. */
import type { Connection } from '../aws/connection.ts';
import { deleteEmptySets, heldBySets, leaveSets, type SetEvent, type Tools } from '../fleet/index.ts';
import type { FleetOptions } from '../fleet/run.ts';
import type { Releases } from './fleet-operations.ts';
import { findHub, setOptions, wantedSets } from './fleet-stack-sets-hub.ts';

/** A moment for others to come along: one operation takes many accounts out at once. */
const GATHER_MS = 150;

/**
 * The core's sets of this hub, to take accounts out of. Undefined where there are none, or where the hub may not ask: then
 * nothing of StackSets is this hub's, and stacks are deleted where they are.
 */
export async function openReleases(
  connection: Connection,
  templates: string,
  own: string,
  options: Pick<FleetOptions, 'signal' | 'concurrency'>,
): Promise<(Releases & { deleteEmpty: () => Promise<string[]> }) | undefined> {
  const wanted = wantedSets(templates);
  const names = wanted.map(({ set }) => set);
  const hub = await findHub(connection, names, own);
  if (!hub) return undefined;
  const held = await heldBySets(hub, names);
  const run = setOptions(hub, { tolerance: { percentage: 100 } }, options);
  interface Waiting {
    account: string;
    tools: Tools;
    done: (why: string[]) => void;
    failed: (error: unknown) => void;
  }
  const queue: Waiting[] = [];
  let busy = false;
  const flush = async (): Promise<void> => {
    busy = true;
    while (queue.length > 0) {
      await run.pause(GATHER_MS);
      const batch = queue.splice(0);
      try {
        const stayed = await leaveSets(
          batch.map(({ account }) => account),
          wanted,
          run,
          (event) => {
            if (event.kind !== 'set') batch.find(({ account }) => account === event.account)?.tools.news(text(event));
          },
        );
        for (const { account, done } of batch) done(stayed.get(account) ?? []);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    busy = false;
  };
  return {
    held: (account) => held.get(account)?.length ?? 0,
    release: (account, tools) =>
      new Promise((done, failed) => {
        queue.push({ account, tools, done, failed });
        if (!busy) void flush();
      }),
    deleteEmpty: () => deleteEmptySets(hub, names),
  };
}

const text = (event: Exclude<SetEvent, { kind: 'set' }>): string =>
  event.kind === 'news' ? event.text : `${event.set}: ${event.reason}`;
