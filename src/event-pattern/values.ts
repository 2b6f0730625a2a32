/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The number a JSON number stands for, or undefined where it cannot be compared: outside the range of a 64-bit float, or with
 * more digits than one can hold. Such a number matches only another written the same way.
 */
export function comparable(text: string): number | undefined {
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  const written = digits(text);
  if (written.significant.length > 15 || number === 0 || Math.abs(number) < 1e-300) {
    const kept = digits(String(number));
    if (kept.significant !== written.significant || kept.exponent !== written.exponent) return undefined;
  }
  return number === 0 ? 0 : number;
}

/** A decimal as its significant digits and the power of ten of the last; sign left out, zero as no digits at all. */
function digits(text: string): { significant: string; exponent: number } {
  const [mantissa = '', power = '0'] = text
    .replace('-', '')
    .toLowerCase()
    .split(/e(?=[+-]?\d)/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  if (significant === '') return { significant, exponent: 0 };
  const sign = text.toLowerCase().split('e')[1]?.startsWith('-') ? -1 : 1;
  const exponent = sign * Number(power.replace(/^[+-]/, '')) - fraction.length + (all.length - significant.length);
  return { significant, exponent };
}

const IPV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
const IPV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;

/** Whether a text has the outline of an IP address; it may still not be one (`08:23`). */
export const looksLikeAddress = (text: string): boolean => IPV4.test(text) || IPV6.test(text);

/** The 4 or 16 bytes of an IP address as upper-case hexadecimal, or undefined. An IPv4 address written as IPv6 is IPv4. */
export function addressBytes(text: string): string | undefined {
  if (IPV4.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((part) => part < 256) ? parts.map((part) => hex(part, 2)).join('') : undefined;
  }
  if (!IPV6.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (groups.flat().some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const [head = [], tail] = groups;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<string>(tail ? missing : 0).fill('0'), ...(tail ?? [])];
  const bytes = all.map((group) => group.padStart(4, '0').toUpperCase()).join('');
  return bytes.startsWith(`${'0'.repeat(20)}FFFF`) ? bytes.slice(24) : bytes;
}

/**
 * First and last address of a block, in hexadecimal.
 * @throws Error with AWS's sentence where the block is not one.
 */
export function addressBlock(cidr: string): { first: string; last: string } {
  const parts = cidr.split('/');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  const [address, mask] = parts;
  if (parts.length !== 2 || address === undefined || mask === undefined)
    throw new Error("Malformed CIDR, one '/' required");
  if (!/^[+-]?\d+$/.test(mask) || Math.abs(Number(mask)) > 0x7fffffff)
    throw new Error('Malformed CIDR, mask bits must be an integer');
  const bits = Number(mask);
  if (bits < 0) throw new Error('Malformed CIDR, mask bits must not be negative');
  if (!looksLikeAddress(address)) throw new Error(`Nonstandard IP address: ${address}`);
  const bytes = addressBytes(address);
  if (bytes === undefined) throw new Error(`Invalid IP address: ${address}`);
  const width = bytes.length * 4;
  if (bits >= width) throw new Error(width === 32 ? 'IPv4 mask bits must be < 32' : 'IPv6 mask bits must be < 128');
  const host = (1n << BigInt(width - bits)) - 1n;
  const number = BigInt(`0x${bytes}`);
  return { first: hex(number & ~host, bytes.length), last: hex(number | host, bytes.length) };
}

const hex = (number: number | bigint, width: number): string => number.toString(16).toUpperCase().padStart(width, '0');

const ASCII = /^[\x00-\x7f]*$/;

/**
 * A test for texts equal but for case. Each character of the pattern stands for its own lower and upper case only, so that
 * `K` does not stand for the Kelvin sign, and `ß` also stands for `SS`.
 */
export function sameButCase(wanted: string, where: 'all' | 'start' | 'end' = 'all'): (text: string) => boolean {
  const choices = [...wanted].map((char) => [...new Set([char.toLowerCase(), char.toUpperCase()])]);
  const lower = wanted.toLowerCase();
  const simple = ASCII.test(wanted);
  return (text) => {
    if (simple) {
      const part =
        where === 'all'
          ? text
          : where === 'start'
            ? text.slice(0, wanted.length)
            : text.slice(-wanted.length || text.length);
      if (part.length !== wanted.length) return false;
      return part === wanted || (ASCII.test(part) && part.toLowerCase() === lower);
    }
    if (where !== 'end') return ends(text, 0).some((end) => where === 'start' || end === text.length);
    for (let start = 0; start <= text.length; start++) if (ends(text, start).includes(text.length)) return true;
    return false;
  };

  function ends(text: string, start: number): number[] {
    let reached = [start];
    for (const options of choices) {
      reached = reached.flatMap((at) =>
        options.filter((option) => text.startsWith(option, at)).map((option) => at + option.length),
      );
      if (reached.length === 0) return [];
    }
    return reached;
  }
}

/**
 * The literal parts between the stars of a wildcard pattern.
 * @throws Error with AWS's sentence; the position counts UTF-8 bytes from the opening quote.
 */
export function wildcardParts(wildcard: string): string[] {
  const parts = [''];
  const position = (index: number) => 1 + new TextEncoder().encode(wildcard.slice(0, index)).length;
  for (let i = 0; i < wildcard.length; i++) {
    const char = wildcard.charAt(i);
    if (char === '*') {
      if (wildcard[i + 1] === '*') throw new Error(`Consecutive wildcard characters at pos ${position(i)}`);
      parts.push('');
    } else if (char === '\\') {
      const escaped = wildcard.charAt(i + 1);
      if (escaped !== '*' && escaped !== '\\') throw new Error(`Invalid escape character at pos ${position(i)}`);
      parts[parts.length - 1] += escaped;
      i++;
    } else parts[parts.length - 1] += char;
  }
  return parts;
}

/** Whether a text has these parts in this order, the first at its start and the last at its end. */
export function matchesParts(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] ?? '';
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * How many beginnings of these wildcard patterns one text can match at once, at worst ("Wildcard matching complexity" in the
 * EventBridge User Guide). Stops counting above `limit`.
 */
export function wildcardComplexity(wildcards: readonly string[], limit: number): number {
  const patterns = [...new Set(wildcards)].map((wildcard) => {
    const parts = wildcardParts(wildcard);
    return ['"', ...parts.flatMap((part, i) => (i === 0 ? [...part] : [STAR, ...part])), '"'];
  });
  const alphabet = new Set(patterns.flat().filter((token) => token !== STAR));
  alphabet.add('');
  let worst = 0;
  // A place is "pattern:tokens behind"; a star may be behind with nothing read for it.
  const settle = (places: Set<string>) => {
    for (const place of places) {
      const [pattern = 0, behind = 0] = place.split(':').map(Number);
      if (patterns[pattern]?.[behind] === STAR) places.add(`${pattern}:${behind + 1}`);
    }
    return places;
  };
  const start = settle(new Set(patterns.map((_, i) => `${i}:0`)));
  const seen = new Set<string>();
  const waiting = [start];
  for (let places = waiting.pop(); places && seen.size < 20_000; places = waiting.pop()) {
    for (const char of alphabet) {
      const next = new Set<string>();
      for (const place of places) {
        const [pattern = 0, behind = 0] = place.split(':').map(Number);
        const tokens = patterns[pattern] ?? [];
        if (behind > 0 && tokens[behind - 1] === STAR) next.add(place);
        if (char !== '' && tokens[behind] === char) next.add(`${pattern}:${behind + 1}`);
      }
      settle(next);
      if (next.size > worst) worst = next.size;
      if (worst > limit) return worst;
      const key = [...next].sort().join(' ');
      if (next.size > 0 && !seen.has(key)) {
        seen.add(key);
        waiting.push(next);
      }
    }
  }
  return worst;
}

const STAR = '**';
