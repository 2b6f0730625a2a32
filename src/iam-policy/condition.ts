// One file because it is one table: what each condition operator compares, and what it answers where the key is not there.
import { arnParts, fits, type Language, type Lookup, type Template, template } from './pattern.ts';

/** One `"Operator": {"key": values}` of a Condition block. */
export interface Condition {
  /** As written: `ForAllValues:StringLikeIfExists`. */
  operator: string;
  key: string;
  values: readonly string[];
  holds(context: Context): boolean;
}

/** The request's context keys, lower-cased, each with its values. */
export type Context = ReadonlyMap<string, readonly string[]>;

type Compare = (wanted: string, had: string) => boolean;

const number = (text: string): number =>
  /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;

/** ISO 8601, or seconds since 1970. */
const moment = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text));

const ordered =
  (read: (text: string) => number, holds: (had: number, wanted: number) => boolean): Compare =>
  (wanted, had) =>
    holds(read(had), read(wanted));

const RELATIONS: Record<string, (had: number, wanted: number) => boolean> = {
  Equals: (had, wanted) => had === wanted,
  LessThan: (had, wanted) => had < wanted,
  LessThanEquals: (had, wanted) => had <= wanted,
  GreaterThan: (had, wanted) => had > wanted,
  GreaterThanEquals: (had, wanted) => had >= wanted,
};

/** Operators that compare a value with no wildcards of its own; by their name without `Not`. */
const COMPARES: Record<string, Compare> = {
  StringEquals: (wanted, had) => wanted === had,
  StringEqualsIgnoreCase: (wanted, had) => wanted.toLowerCase() === had.toLowerCase(),
  Bool: (wanted, had) => wanted.toLowerCase() === had.toLowerCase() && /^(true|false)$/i.test(had),
  BinaryEquals: (wanted, had) => wanted === had,
  IpAddress: inBlock,
  ...Object.fromEntries(
    Object.entries(RELATIONS).flatMap(([name, holds]) => [
      [`Numeric${name}`, ordered(number, holds)],
      [`Date${name}`, ordered(moment, holds)],
    ]),
  ),
};

const NEGATED: Record<string, string> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

/** What an operator's name says, or undefined where there is no such operator ("IAM JSON policy elements: Condition operators"). */
function reading(
  operator: string,
): { base: string; negated: boolean; set: '' | 'all' | 'any'; ifExists: boolean } | undefined {
  const [, prefix, name = ''] = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+)$/.exec(operator) ?? [];
  const ifExists = name.endsWith('IfExists');
  const plain = ifExists ? name.slice(0, -'IfExists'.length) : name;
  const base = NEGATED[plain] ?? plain;
  const known =
    base in COMPARES || ['StringLike', 'ArnEquals', 'ArnLike'].includes(base) || (base === 'Null' && !ifExists);
  if (!known) return undefined;
  return { base, negated: plain in NEGATED, set: prefix === 'ForAllValues' ? 'all' : prefix ? 'any' : '', ifExists };
}

/** Reads one condition; undefined where the operator is not one of IAM's. */
export function condition(
  operator: string,
  key: string,
  values: readonly string[],
  variables: boolean,
): Condition | undefined {
  const read = reading(operator);
  if (!read) return undefined;
  const { base, negated, set, ifExists } = read;
  const name = key.toLowerCase();
  if (base === 'Null') {
    const absent = values.some((value) => value.toLowerCase() === 'true');
    return { operator, key, values, holds: (context) => ((context.get(name)?.length ?? 0) === 0) === absent };
  }
  const accepts = acceptance(base, values, variables);
  return {
    operator,
    key,
    values,
    holds(context) {
      const had = context.get(name);
      if (had === undefined || had.length === 0) {
        if (set === 'all' || ifExists) return true;
        return set === 'any' ? false : negated;
      }
      const lookup = lookupIn(context);
      const good = (value: string) => accepts(value, lookup) !== negated;
      if (set === 'any') return had.some(good);
      if (set === 'all') return had.every(good);
      return negated ? had.every(good) : had.some(good);
    },
  };
}

/** Whether any of the policy's values takes a value of the request. */
function acceptance(
  base: string,
  values: readonly string[],
  variables: boolean,
): (had: string, lookup: Lookup) => boolean {
  const compare = COMPARES[base];
  if (compare && !base.startsWith('String')) return (had) => values.some((wanted) => compare(wanted, had));
  const wildcards = !compare;
  const language: Language = { wildcards, variables };
  if (base.startsWith('Arn')) {
    const wanted = values.map((value) =>
      value === '*' ? undefined : (arnParts(value) ?? []).map((part) => template(part, language)),
    );
    return (had, lookup) => {
      const parts = arnParts(had);
      return wanted.some((one) => one === undefined || (parts !== undefined && allFit(one, parts, lookup)));
    };
  }
  const wanted = values.map((value) => template(value, language));
  const fold = base === 'StringEqualsIgnoreCase';
  return (had, lookup) => wanted.some((one) => fits(one, had, lookup, 'anything', fold));
}

const allFit = (wanted: readonly Template[], parts: readonly string[], lookup: Lookup): boolean =>
  wanted.length === parts.length && wanted.every((part, i) => fits(part, parts[i] ?? '', lookup, 'anything'));

/** Variables stand for keys with exactly one value. */
export const lookupIn =
  (context: Context): Lookup =>
  (key) => {
    const values = context.get(key);
    return values?.length === 1 ? values[0] : undefined;
  };

function inBlock(block: string, address: string): boolean {
  const [base = '', mask] = block.split('/');
  const from = addressNumber(base);
  const had = addressNumber(address);
  if (!from || !had || from.bits !== had.bits) return false;
  const bits = mask === undefined ? from.bits : Number(mask);
  if (!Number.isInteger(bits) || bits < 0 || bits > from.bits) return false;
  const host = BigInt(from.bits - bits);
  return from.number >> host === had.number >> host;
}

function addressNumber(text: string): { number: bigint; bits: number } | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    return { number: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), bits: 32 };
  }
  if (!/^[0-9a-fA-F:]+$/.test(text) || !text.includes(':')) return undefined;
  const halves = text.split('::');
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = groups.flat();
  if (halves.length > 2 || given.some((group) => group === '' || group.length > 4)) return undefined;
  const missing = 8 - given.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...(groups[0] ?? []), ...Array<string>(missing).fill('0'), ...(groups[1] ?? [])];
  return { number: all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n), bits: 128 };
}
