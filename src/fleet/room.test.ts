/** A handful of what the soak does with 200 accounts and 50 kills, over the same bad road. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRoom, type Room, USUAL_HOLES } from '../testing/room.ts';
import { havocAndReset, killAndConverge } from '../testing/room-scenes.ts';

/** Seconds on a quiet machine, minutes on one that builds beside. */
const PATIENCE = 240_000;

let room: Room;
beforeAll(async () => {
  // Throttled less often than in the soak: the adaptive mode takes its time, which a suite has not.
  room = await openRoom(4, { ...USUAL_HOLES, throttle: 0.01 });
});
afterAll(() => room.close());

test(
  'accounts in a bad way are put back, look-alikes are left byte for byte, and the hopeless ones are told',
  async () => {
    const [, mistaken = '', alike = '', stuck = ''] = room.accounts;
    const havoc = new Map([
      [mistaken, 'module-2/mistakes/every-order-starts-twice'],
      [alike, 'look-alikes'],
      [stuck, 'a function is gone'],
    ]);
    await havocAndReset(room, havoc, expect);
  },
  PATIENCE,
);

test(
  'a reset that is killed goes on by the same command',
  async () => {
    await killAndConverge(room, room.accounts.slice(1, 2), 1, expect, { operations: ['reset'] });
  },
  PATIENCE,
);
