import { randomInt } from 'node:crypto';

/** The stretch of time that `now` (epoch ms) is in; one code is good for one stretch of `minutes`. */
export function bucketAt(now, minutes) {
  const length = minutes * 60_000;
  const id = Math.floor(now / length);
  return { id, start: id * length, end: (id + 1) * length };
}

// Without the letters and digits that people mix up when they type a code from a screen.
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

export const newCode = () => Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
