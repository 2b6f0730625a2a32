/**
 * A whole room in all sorts of states, on bad days, and runs that are killed: after `fleet reset` every account is as
 * `setup` leaves it, resource by resource, the look-alikes are untouched byte for byte, and the bad ones are told.
 * Seeded: PRESSO_SEED=7 repeats a run; PRESSO_ROOM and PRESSO_KILLS change its size, and PRESSO_FROM=40 begins with the
 * fortieth state, so that it can be run in slices.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HAVOC, openRoom, type Room } from '../testing/room.ts';
import { havocAndReset, killAndConverge, silentAccount } from '../testing/room-scenes.ts';

const share = (name: string, usual: number): number => Number(process.env[name] ?? usual);
const ROOM = share('PRESSO_ROOM', 200);
const KILLS = share('PRESSO_KILLS', 50);
const SEED = share('PRESSO_SEED', 1);
/** Accounts beside the room's own: for the kills, for the silent one, and as a measure. */
const BESIDE = 4;

let room: Room;

beforeAll(async () => {
  room = await openRoom(ROOM + BESIDE, {
    throttle: share('PRESSO_THROTTLE', 0.1),
    fault: share('PRESSO_FAULT', 0.05),
    drop: share('PRESSO_DROP', 0.02),
    seed: SEED,
  });
});
afterAll(() => room.close());

test(`a room of ${ROOM} is put back, whatever was done to it`, async () => {
  const names = Object.keys(HAVOC);
  // Every state comes once before any comes twice; a slice with another seed begins elsewhere.
  const from = process.env['PRESSO_FROM'];
  const first = from === undefined ? Math.floor(room.roll() * names.length) : Number(from);
  const done = new Map(
    room.accounts
      .slice(BESIDE)
      .map((account, i) => [account, names[(first + i) % names.length] ?? 'untouched'] as const),
  );
  console.log(`havoc: ${[...new Set(done.values())].join(', ')}`);
  await havocAndReset(room, done, expect);
});

test(`${KILLS} kills, each followed by a run that converges`, async () => {
  await killAndConverge(room, room.accounts.slice(1, 3), KILLS, expect, {
    say: (line) => console.log(line),
  });
});

test('an account that never answers holds up nobody', async () => {
  await silentAccount(room, room.accounts.slice(0, 2), room.accounts[3] ?? '', expect);
});
