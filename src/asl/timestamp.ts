const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/**
 * States Language "Timestamps": the RFC3339 profile of ISO 8601, with an upper-case T and an upper-case Z where no
 * offset is given. Answers with nanoseconds since 1970, as AWS compares fractions of any length; undefined for anything else.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  let seconds = date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (zone !== 'Z') {
    const offset = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4)) * 60;
    if (offset > 18 * 3600) return undefined;
    seconds -= zone.startsWith('-') ? -offset : offset;
  }
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** An instant as the context object shows it: without a fraction where there is none ("Timestamp format with fractional seconds"). */
export const writeTimestamp = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');
