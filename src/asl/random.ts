import { createHash } from 'node:crypto';

/** Everything random of one execution, drawn from its seed: the same draws in the same order, always. */
export class Dice {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  #bytes(): Buffer {
    return createHash('sha512')
      .update(`${this.#seed}\n${this.#drawn++}`)
      .digest();
  }

  /** 0 ≤ n < 1 */
  number(): number {
    return this.#bytes().readUIntBE(0, 6) / 2 ** 48;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const bytes = this.#bytes();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString('hex', 0, 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** A task token, of the length and alphabet AWS uses. */
  token(): string {
    return `AQCIAAAAKgAAAAMAAAAAAAAAA${Buffer.concat([this.#bytes(), this.#bytes(), this.#bytes()]).toString('base64')}`;
  }
}

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

/**
 * The generator behind a seed the author wrote ($random(seed), States.MathRandom): the linear congruential one of
 * java.util.Random, whose formula its documentation gives.
 */
export class SeededDice {
  #state: bigint;

  constructor(seed: number) {
    this.#state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  }

  #next(bits: number): number {
    this.#state = (this.#state * MULTIPLIER + 0xbn) & MASK;
    return Number(BigInt.asIntN(bits, this.#state >> BigInt(48 - bits)));
  }

  /** 0 ≤ n < 1 */
  number(): number {
    const high = this.#next(32) >>> 6;
    const low = this.#next(32) >>> 5;
    return (high * 2 ** 27 + low) / 2 ** 53;
  }

  /** 0 ≤ n < bound, a whole number */
  below(bound: number): number {
    for (;;) {
      const bits = this.#next(32) >>> 1;
      if ((bound & -bound) === bound) return Math.floor((bound * bits) / 2 ** 31);
      const value = bits % bound;
      if (bits - value + (bound - 1) < 2 ** 31) return value;
    }
  }
}
