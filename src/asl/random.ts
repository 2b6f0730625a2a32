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
    const head = Buffer.from('AQCIAAAAKgAAAAMAAAAAAAAAA', 'latin1').toString('latin1');
    return `${head}${Buffer.concat([this.#bytes(), this.#bytes(), this.#bytes()]).toString('base64')}`;
  }
}

/** The first number, 0 ≤ n < 1, that belongs to a seed the author wrote ($random(seed), States.MathRandom). */
export function seeded(seed: number): number {
  return createHash('sha256').update(String(seed)).digest().readUIntBE(0, 6) / 2 ** 48;
}
