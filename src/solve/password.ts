/** A password for somebody who is made by presso. Uses the dice of the machine. */
import { randomInt } from 'node:crypto';

/** Without what is easily mistaken for something else when it is read from a screen. */
const SETS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnpqrstuvwxyz', '23456789'] as const;
const ALL = SETS.join('');

const pick = (from: string): string => from[randomInt(from.length)] ?? '';

/** Four groups of four with a hyphen between: large, small, digit and symbol, as Cognito's default policy asks. */
export function makePassword(): string {
  const letters = [...SETS.map(pick), ...Array.from({ length: 13 }, () => pick(ALL))];
  for (let at = letters.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [letters[at], letters[other]] = [letters[other] ?? '', letters[at] ?? ''];
  }
  return [0, 4, 8, 12].map((at) => letters.slice(at, at + 4).join('')).join('-');
}
