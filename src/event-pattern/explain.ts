// One file because it is one sentence: finding the fault, what is nearest to it, and the words for it belong together.
import type { Field, Leaf, Pattern, Wanted } from './compile.ts';
import { decide, leavesOf, takesBranch } from './match.ts';
import type { Json } from './values.ts';

/** Why a field does not fit. `case` and `whitespace` are near misses of `value`; `together` is a fault of several fields. */
export type FaultKind =
  | 'missing'
  | 'elsewhere'
  | 'present'
  | 'object'
  | 'type'
  | 'case'
  | 'whitespace'
  | 'value'
  | 'together'
  | 'event';

/** One field of the event that the pattern does not accept. */
export interface Fault {
  /** The field, joined with dots: `detail.orderId`. Empty where the event as a whole is the fault. */
  path: string;
  /** What the pattern accepts there, in words, each already quoted as JSON where it is a value. */
  wanted: string[];
  /** What the event has there, as JSON texts; empty where it has nothing. */
  had: string[];
  kind: FaultKind;
  /** The wanted value, or the path, that is most like what the event has. */
  nearest?: string;
  /** A sentence for a person. */
  sentence: string;
}

export interface Explanation {
  matches: boolean;
  /** Faults of the alternative that comes nearest; empty where the event matches. */
  faults: Fault[];
  /** All of it in one text; for a match, what matched. */
  sentence: string;
}

/**
 * Says whether an event matches and, where not, which fields say no. Where the pattern has alternatives (`$or`), the one that
 * comes nearest is explained. Agrees with `matches` always, and never throws.
 */
export function explain(pattern: Pattern, event: Json): Explanation {
  const leaves = leavesOf(pattern, event);
  if (decide(pattern, leaves)) return { matches: true, faults: [], sentence: 'The event matches the pattern.' };
  if (event === null || typeof event !== 'object' || Array.isArray(event)) {
    const fault: Fault = {
      path: '',
      wanted: ['an object'],
      had: [shown(event)],
      kind: 'event',
      sentence: 'An event is a JSON object.',
    };
    return { matches: false, faults: [fault], sentence: fault.sentence };
  }
  let best: Fault[] | undefined;
  for (const fields of pattern.branches) {
    const faults = fields
      .filter((field) => !takesBranch([field], leaves))
      .map((field) => faultOf(field, leaves[field.slot] ?? [], event));
    const all = faults.length > 0 ? faults : [apart(fields, event)];
    if (!best || weight(all) < weight(best)) best = all;
  }
  const faults = best ?? [];
  return { matches: false, faults, sentence: faults.map((fault) => fault.sentence).join(' ') };
}

/** Near misses weigh less than values that have nothing in common. */
function weight(faults: readonly Fault[]): number {
  const near = new Set<FaultKind>(['case', 'whitespace', 'together']);
  return faults.reduce((sum, fault) => sum + (near.has(fault.kind) ? 2 : fault.nearest === undefined ? 4 : 3), 0);
}

function faultOf(field: Field, leaves: readonly Leaf[], event: Json): Fault {
  const { path } = field;
  const wanted = field.wanted.map(worded);
  const had = leaves.map((leaf) => (leaf.isString ? JSON.stringify(leaf.text) : leaf.text));
  const wants = `the pattern wants ${listed(wanted)}`;
  if (had.length === 0) return nothingThere(field, wanted, event);
  const has = `the event has ${listed(had)} at ${path}`;
  if (field.wanted.every((one) => one.absent))
    return { path, wanted, had, kind: 'present', sentence: sentence(`The pattern wants no ${path}, but ${has}`) };

  const exact = field.wanted.filter((one) => one.operator === 'equals').flatMap((one) => one.operand);
  for (const leaf of leaves) {
    if (!leaf.isString) continue;
    const trimmed = exact.find((text) => text.trim() === leaf.text.trim());
    if (trimmed !== undefined)
      return {
        path,
        wanted,
        had,
        kind: 'whitespace',
        nearest: trimmed,
        sentence: sentence(
          `At ${path} the event has ${JSON.stringify(leaf.text)} and the pattern ${JSON.stringify(trimmed)}: they differ only in white space${whose(trimmed, leaf.text)}`,
        ),
      };
  }
  for (const leaf of leaves) {
    if (!leaf.isString) continue;
    const cased = exact.find((text) => text.trim().toLowerCase() === leaf.text.trim().toLowerCase());
    if (cased !== undefined)
      return {
        path,
        wanted,
        had,
        kind: 'case',
        nearest: cased,
        sentence: sentence(
          `At ${path} the event has ${JSON.stringify(leaf.text)} and the pattern ${JSON.stringify(cased)}: they differ in upper and lower case, and patterns are exact`,
        ),
      };
  }
  const type = otherType(field.wanted, leaves);
  if (type) return { path, wanted, had, kind: 'type', sentence: sentence(`${wants} at ${path}, but ${has}: ${type}`) };
  const near = nearest(
    leaves.filter((leaf) => leaf.isString).map((leaf) => leaf.text),
    exact,
  );
  const fault: Fault = {
    path,
    wanted,
    had,
    kind: 'value',
    sentence: sentence(
      near
        ? `At ${path} the event has ${JSON.stringify(near.had)}, which is not ${JSON.stringify(near.wanted)}${wanted.length > 1 ? ` (${wants})` : ''}`
        : `${wants} at ${path}, but ${has}`,
    ),
  };
  if (near) fault.nearest = near.wanted;
  return fault;
}

function nothingThere(field: Field, wanted: string[], event: Json): Fault {
  const { path } = field;
  const wants = `the pattern wants ${listed(wanted)} at ${path}`;
  const there = at(event, path.split('.'));
  if (there !== undefined) {
    const what = Array.isArray(there) ? (there.length === 0 ? 'an empty list' : 'a list of objects') : 'an object';
    return {
      path,
      wanted,
      had: [],
      kind: 'object',
      sentence: sentence(
        `${wants}, but the event has ${what} there, and patterns compare only single values${Array.isArray(there) && there.length === 0 ? ', of which an empty list has none' : ''}`,
      ),
    };
  }
  const name = path.slice(path.lastIndexOf('.') + 1);
  const paths: string[] = [];
  gather(event, '', paths, 0);
  const same = paths.find((other) => other === name || other.endsWith(`.${name}`));
  const fold = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  const alike = same ?? paths.find((other) => fold(other) === fold(path)) ?? nearest([path], paths)?.wanted;
  const fault: Fault = {
    path,
    wanted,
    had: [],
    kind: same === undefined ? 'missing' : 'elsewhere',
    sentence: sentence(
      `${wants}, but the event has no ${path}${same !== undefined ? `; it has ${same}` : alike !== undefined ? `; nearest is ${alike}` : ''}`,
    ),
  };
  if (alike !== undefined) fault.nearest = alike;
  return fault;
}

/** Every field fits by itself, but not all within the same elements of the event's lists. */
function apart(fields: readonly Field[], event: Json): Fault {
  const paths = fields.filter((field) => insideList(event, field.path.split('.'))).map((field) => field.path);
  return {
    path: paths[0] ?? fields[0]?.path ?? '',
    wanted: paths,
    had: [],
    kind: 'together',
    sentence: sentence(
      `Each field fits by itself, but no one element of the event's lists has ${paths.length > 1 ? paths.join(' and ') : 'all of them'} as the pattern wants`,
    ),
  };
}

function insideList(value: Json | undefined, names: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null);
  if (value === null || typeof value !== 'object' || names.length === 0) return false;
  return names.some((_, i) => insideList(own(value, names.slice(0, i + 1).join('.')), names.slice(i + 1)));
}

const own = (value: { [key: string]: Json }, name: string): Json | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined;

function at(value: Json | undefined, names: readonly string[]): Json | undefined {
  if (names.length === 0) return value;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = at(item, names);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  for (let i = names.length; i > 0; i--) {
    const found = at(own(value, names.slice(0, i).join('.')), names.slice(i));
    if (found !== undefined) return found;
  }
  return undefined;
}

const DEEPEST = 20;
const MOST_PATHS = 500;

/** The paths of an event's scalars, as far as they help a person. */
function gather(value: Json, path: string, into: string[], depth: number): void {
  if (into.length >= MOST_PATHS || depth > DEEPEST) return;
  if (Array.isArray(value)) for (const item of value.slice(0, 10)) gather(item, path, into, depth + 1);
  else if (value !== null && typeof value === 'object')
    for (const name of Object.keys(value))
      gather(value[name] as Json, path === '' ? name : `${path}.${name}`, into, depth + 1);
  else if (path !== '' && !into.includes(path)) into.push(path);
}

/** Numbers are not strings and strings not numbers; learners quote what should not be, and the other way round. */
function otherType(wanted: readonly Wanted[], leaves: readonly Leaf[]): string | undefined {
  for (const leaf of leaves) {
    if (!leaf.isString && wanted.some((one) => one.operator === 'equals' && one.operand[0] === leaf.text))
      return `${leaf.text} is not the text ${JSON.stringify(leaf.text)}`;
    const bare = wanted.some((one) => /^equals (number|literal)$/.test(one.operator) && one.operand[0] === leaf.text);
    if (leaf.isString && bare) return `the text ${JSON.stringify(leaf.text)} is not ${leaf.text}`;
  }
  if (leaves.every((leaf) => leaf.isString) && wanted.every((one) => one.operator === 'numeric'))
    return 'a text is never compared as a number';
  if (leaves.every((leaf) => !leaf.isString) && wanted.every((one) => TEXT_ONLY.has(one.operator)))
    return 'only texts can match this';
  return undefined;
}

const TEXT_ONLY = new Set([
  'prefix',
  'suffix',
  'wildcard',
  'cidr',
  'equals-ignore-case',
  'prefix equals-ignore-case',
  'suffix equals-ignore-case',
]);

function whose(wanted: string, had: string): string {
  const side = (text: string) => text !== text.trim();
  if (side(wanted) && !side(had)) return ", which is the pattern's";
  if (!side(wanted) && side(had)) return ", which is the event's";
  return '';
}

/** The closest pair, where one is close enough to be meant: at most a third of it differs, or the part after the last dot is the same. */
function nearest(had: readonly string[], wanted: readonly string[]): { had: string; wanted: string } | undefined {
  let best: { had: string; wanted: string; distance: number } | undefined;
  for (const one of had)
    for (const other of wanted) {
      if (one.length > 200 || other.length > 200) continue;
      const distance = editDistance(one.toLowerCase(), other.toLowerCase());
      const tail = (text: string) => (text.includes('.') ? text.slice(text.lastIndexOf('.')) : undefined);
      const close =
        distance <= Math.max(one.length, other.length) / 3 || (tail(one) !== undefined && tail(one) === tail(other));
      if (close && (!best || distance < best.distance)) best = { had: one, wanted: other, distance };
    }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}

/** One thing wanted, in words. */
function worded(one: Wanted): string {
  const texts = one.operand.map((text) => JSON.stringify(text));
  switch (one.operator) {
    case 'equals':
      return texts.join();
    case 'equals number':
    case 'equals literal':
      return one.operand.join();
    case 'exists':
      return one.absent ? 'no such field' : 'any value';
    case 'numeric':
      return `a number ${one.operand.join(' ').replace(/ (?=<)/, ' and ')}`;
    case 'prefix':
      return `a text that starts with ${texts.join()}`;
    case 'suffix':
      return `a text that ends with ${texts.join()}`;
    case 'prefix equals-ignore-case':
      return `a text that starts with ${texts.join()} in any case`;
    case 'suffix equals-ignore-case':
      return `a text that ends with ${texts.join()} in any case`;
    case 'equals-ignore-case':
      return `${texts.join()} in any case`;
    case 'wildcard':
      return `a text like ${texts.join()}`;
    case 'cidr':
      return `an address in ${one.operand.join()}`;
    case 'anything-but':
      return `anything but ${listed(texts)}`;
    case 'anything-but number':
      return `anything but ${listed(one.operand)}`;
    default:
      return `anything but ${BUT[one.operator] ?? ''}${listed(texts)}`;
  }
}

const BUT: Record<string, string> = {
  'anything-but prefix': 'what starts with ',
  'anything-but suffix': 'what ends with ',
  'anything-but wildcard': 'what is like ',
  'anything-but equals-ignore-case': 'in any case ',
};

const MOST_LISTED = 6;

function listed(items: readonly string[]): string {
  const some = items.slice(0, MOST_LISTED).map((item) => (item.length > 120 ? `${item.slice(0, 117)}…` : item));
  return some.join(' or ') + (items.length > MOST_LISTED ? ` or one of ${items.length - MOST_LISTED} more` : '');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function shown(value: Json): string {
  return Array.isArray(value) ? 'a list' : JSON.stringify(value);
}
