/** The functions of JSONata that are given functions: the same promises as in jsonata's documentation, without promises. */
import { fault, isFunction, type Lambda, type Native, sequence } from './ast.ts';
import { plain, signatureOf } from './library.ts';

/** A function as it reaches another function: a plain closure over the evaluator. */
export type Callback = ((...args: unknown[]) => unknown) & { arity?: number };

/** How many arguments a function wants to be given. */
export function arityOf(value: unknown): number {
  const known = value as { arity?: number; implementation?: { length: number }; length?: number } & Partial<Lambda>;
  if (typeof known.arity === 'number') return known.arity;
  if (typeof known.implementation === 'function') return known.implementation.length;
  if (typeof known.length === 'number') return known.length;
  return known.arguments?.length ?? 0;
}

const truthy = (value: unknown): boolean => plain('boolean', value) === true;

const keysOf = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

/** A callback is told the place and the whole only if it asks for them. */
function invoke(callback: Callback, item: unknown, place: unknown, whole: unknown): unknown {
  return callback(...[item, place, whole].slice(0, Math.min(3, Math.max(1, arityOf(callback)))));
}

interface Match {
  match: string;
  start: number;
  end: number;
  groups: (string | undefined)[];
  next: () => Match | undefined;
}

function firstMatch(matcher: Callback, text: string): Match | undefined {
  return checked(matcher(text));
}

function checked(found: unknown): Match | undefined {
  if (!found) return undefined;
  const match = found as Match;
  if (
    typeof match.start !== 'number' &&
    typeof match.end !== 'number' &&
    !Array.isArray(match.groups) &&
    !isFunction(match.next)
  )
    throw fault('T1010');
  return match;
}

function* matches(matcher: Callback, text: string, limit: unknown): Generator<Match> {
  let found = firstMatch(matcher, text);
  for (let count = 0; found && (limit === undefined || count < (limit as number)); count++) {
    yield found;
    found = checked(found.next());
  }
}

function limited(limit: unknown, code: string, index: number): void {
  if (typeof limit === 'number' && limit < 0) throw fault(code, { value: limit, index });
}

function contains(text: unknown, token: unknown): unknown {
  if (text === undefined || token === undefined) return undefined;
  if (typeof token === 'string') return (text as string).includes(token);
  return firstMatch(token as Callback, text as string) !== undefined;
}

function match(text: unknown, matcher: unknown, limit?: unknown): unknown {
  if (text === undefined) return undefined;
  limited(limit, 'D3040', 3);
  const found = sequence();
  for (const { match, start, groups } of matches(matcher as Callback, text as string, limit))
    found.push({ match, index: start, groups });
  return found;
}

/** `$0` is the whole match, `$1` … its groups, `$$` a dollar sign. */
function expand(template: string, { match, groups }: Match): string {
  let result = '';
  for (let at = 0; at < template.length; at++) {
    const c = template.charAt(at);
    if (c !== '$') {
      result += c;
      continue;
    }
    const next = template.charAt(at + 1);
    if (next === '$' || next === '0') {
      result += next === '$' ? '$' : match;
      at++;
      continue;
    }
    let digits = /^\d+/.exec(template.slice(at + 1))?.[0].slice(0, Math.max(1, String(groups.length).length)) ?? '';
    if (digits.length > 1 && Number(digits) > groups.length) digits = digits.slice(0, -1);
    if (digits === '') result += '$';
    else result += groups[Number(digits) - 1] ?? '';
    at += digits.length;
  }
  return result;
}

function replace(text: unknown, pattern: unknown, replacement: unknown, limit?: unknown): unknown {
  if (text === undefined) return undefined;
  if (pattern === '') throw fault('D3010', { value: pattern, index: 2 });
  limited(limit, 'D3011', 4);
  const source = text as string;
  let result = '';
  let at = 0;
  if (typeof pattern === 'string') {
    let found = source.indexOf(pattern);
    for (let count = 0; found !== -1 && (limit === undefined || count < (limit as number)); count++) {
      result += source.slice(at, found) + String(replacement);
      at = found + pattern.length;
      found = source.indexOf(pattern, at);
    }
    return result + source.slice(at);
  }
  for (const found of matches(pattern as Callback, source, limit)) {
    const value = typeof replacement === 'string' ? expand(replacement, found) : (replacement as Callback)(found);
    if (typeof value !== 'string') throw fault('D3012', { value });
    result += source.slice(at, found.start) + value;
    at = found.start + found.match.length;
  }
  return result + source.slice(at);
}

function split(text: unknown, separator: unknown, limit?: unknown): unknown {
  if (text === undefined) return undefined;
  limited(limit, 'D3020', 3);
  if (limit !== undefined && !((limit as number) > 0)) return [];
  const source = text as string;
  if (typeof separator === 'string') return source.split(separator, limit as number | undefined);
  const parts: string[] = [];
  let at = 0;
  let more = true;
  for (const found of matches(separator as Callback, source, limit)) {
    parts.push(source.slice(at, found.start));
    at = found.end;
    more = limit === undefined || parts.length < (limit as number);
  }
  return more ? [...parts, source.slice(at)] : parts;
}

function map(items: unknown, callback: unknown): unknown {
  if (items === undefined) return undefined;
  const results = sequence();
  (items as unknown[]).forEach((item, at) => {
    const result = invoke(callback as Callback, item, at, items);
    if (result !== undefined) results.push(result);
  });
  return results;
}

function filter(items: unknown, callback: unknown): unknown {
  if (items === undefined) return undefined;
  return sequence(...(items as unknown[]).filter((item, at) => truthy(invoke(callback as Callback, item, at, items))));
}

function single(items: unknown, callback?: unknown): unknown {
  if (items === undefined) return undefined;
  const found = (items as unknown[]).filter(
    (item, at) => callback === undefined || truthy(invoke(callback as Callback, item, at, items)),
  );
  if (found.length > 1) throw fault('D3138');
  if (found.length === 0) throw fault('D3139');
  return found[0];
}

function reduce(items: unknown, callback: unknown, initial?: unknown): unknown {
  if (items === undefined) return undefined;
  const list = items as unknown[];
  const arity = arityOf(callback);
  if (arity < 2) throw fault('D3050', { index: 1 });
  const from = initial === undefined && list.length > 0 ? 1 : 0;
  let result = from === 1 ? list[0] : initial;
  for (let at = from; at < list.length; at++)
    result = (callback as Callback)(...[result, list[at], at, list].slice(0, Math.max(2, Math.min(4, arity))));
  return result;
}

function each(object: unknown, callback: unknown): unknown {
  const results = sequence();
  for (const key of keysOf(object)) {
    const result = invoke(callback as Callback, (object as Record<string, unknown>)[key], key, object);
    if (result !== undefined) results.push(result);
  }
  return results;
}

function sift(object: unknown, callback: unknown): unknown {
  const kept = keysOf(object).filter((key) =>
    truthy(invoke(callback as Callback, (object as Record<string, unknown>)[key], key, object)),
  );
  if (kept.length === 0) return undefined;
  return Object.fromEntries(kept.map((key) => [key, (object as Record<string, unknown>)[key]]));
}

/** A stable merge sort: `after(a, b)` says that a belongs behind b. */
export function mergeSort(items: unknown[], after: (a: unknown, b: unknown) => unknown): unknown[] {
  if (items.length <= 1) return items;
  const middle = Math.floor(items.length / 2);
  const left = mergeSort(items.slice(0, middle), after);
  const right = mergeSort(items.slice(middle), after);
  const merged: unknown[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) merged.push(after(left[l], right[r]) ? right[r++] : left[l++]);
  return [...merged, ...left.slice(l), ...right.slice(r)];
}

function sort(items: unknown, comparator?: unknown): unknown {
  if (items === undefined) return undefined;
  const list = items as unknown[];
  if (list.length <= 1) return list;
  if (comparator !== undefined) return mergeSort(list, comparator as Callback);
  if (!list.every((item) => typeof item === 'number') && !list.every((item) => typeof item === 'string'))
    throw fault('D3070', { index: 1 });
  return mergeSort(list, (a, b) => (a as number) > (b as number));
}

const BODIES = { contains, match, replace, split, map, filter, single, reduce, each, sift, sort };

export const higherOrderFunctions: ReadonlyMap<string, Native> = new Map(
  Object.entries(BODIES).map(([name, implementation]) => [
    name,
    {
      _jsonata_function: true,
      implementation: implementation as Native['implementation'],
      signature: signatureOf(name),
    } satisfies Native,
  ]),
);
