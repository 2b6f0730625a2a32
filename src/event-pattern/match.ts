import type { Element, Field, Leaf, Pattern, Step } from './compile.ts';
import { JsonReader } from './json-reader.ts';
import { comparable, type Json } from './values.ts';

/** The scalars of an event that stand where the pattern has fields, by slot. */
export type Leaves = readonly (readonly Leaf[] | undefined)[];

type Found = (Leaf[] | undefined)[];

/**
 * Whether an event matches. The event's array structure counts as in "Arrays in event patterns": any element will do, but two
 * fields inside objects of one array must be in the same element.
 */
export function matches(pattern: Pattern, event: Json): boolean {
  return decide(pattern, leavesOf(pattern, event));
}

/**
 * The same for an event as JSON text, where it matters how numbers are written and whether a key stands twice.
 * @throws JsonFault where the text is not JSON, Error("Event must be a JSON object") where it is another value.
 */
export function matchesText(pattern: Pattern, event: string): boolean {
  return decide(pattern, leavesOfText(pattern, event));
}

export function decide(pattern: Pattern, leaves: Leaves): boolean {
  return pattern.branches.some((fields) => takesBranch(fields, leaves));
}

/** The leaves each field accepts, or undefined where some field accepts none. */
function candidates(fields: readonly Field[], leaves: Leaves): (readonly Leaf[])[] | undefined {
  const all: (readonly Leaf[])[] = [];
  for (const field of fields) {
    const good = acceptedBy(field, leaves[field.slot] ?? []);
    if (good.length === 0 && !field.wanted.some((one) => one.absent)) return undefined;
    all.push(good);
  }
  return all;
}

const NONE: readonly Leaf[] = [];

function acceptedBy(field: Field, leaves: readonly Leaf[]): readonly Leaf[] {
  if (leaves.length === 0) return NONE;
  const good = leaves.filter((leaf) => field.wanted.some((one) => one.accepts(leaf)));
  return good;
}

/** Whether all fields of one alternative are satisfied together. */
export function takesBranch(fields: readonly Field[], leaves: Leaves): boolean {
  const good = candidates(fields, leaves);
  if (!good) return false;
  const there = fields.map((field) => leaves[field.slot] ?? NONE);
  if (!there.some((all) => all.some((leaf) => leaf.element)))
    return good.every((some, i) => some.length > 0 || there[i]?.length === 0);

  // What is chosen matters only in the arrays that fields still to come stand in: without this, two long lists would multiply.
  const ahead: ReadonlySet<number>[] = [];
  for (let i = fields.length - 1; i >= 0; i--) {
    const arrays = new Set(ahead[i + 1]);
    for (const leaf of there[i] ?? NONE) for (let one = leaf.element; one; one = one.around) arrays.add(one.array);
    ahead[i] = arrays;
  }
  const goodIn = good.map(byElement);
  const thereIn = there.map(byElement);
  const failed = new Set<string>();
  return from(0, undefined);

  /** Fields are tried in the order of their names: `exists: false` looks only at the elements chosen before it. */
  function from(index: number, chosen: Chosen): boolean {
    const field = fields[index];
    if (!field) return true;
    let state = String(index);
    for (const [array, element] of chosen ?? []) if (ahead[index]?.has(array)) state += ` ${array}:${element}`;
    if (failed.has(state)) return false;
    const tried = new Set<Element | undefined>();
    for (const leaf of goodIn[index]?.(chosen) ?? NONE) {
      if (tried.has(leaf.element)) continue;
      tried.add(leaf.element);
      const next = together(chosen, leaf.element);
      if (next !== false && from(index + 1, next)) return true;
    }
    if (field.wanted.some((one) => one.absent)) {
      const present = thereIn[index]?.(chosen).some((leaf) => together(chosen, leaf.element) !== false) ?? false;
      if (!present && from(index + 1, chosen)) return true;
    }
    failed.add(state);
    return false;
  }
}

const FEW = 8;

/** Narrows many leaves to those in a chosen element, where they all stand in one array. */
function byElement(leaves: readonly Leaf[]): (chosen: Chosen) => readonly Leaf[] {
  if (leaves.length <= FEW) return () => leaves;
  const shared = leaves.reduce<number[] | undefined>((arrays, leaf) => {
    const own: number[] = [];
    for (let one = leaf.element; one; one = one.around) own.push(one.array);
    return arrays?.filter((array) => own.includes(array)) ?? own;
  }, undefined);
  const innermost = shared?.[0];
  if (innermost === undefined) return () => leaves;
  const groups = new Map<number, Leaf[]>();
  for (const leaf of leaves)
    for (let one = leaf.element; one; one = one.around)
      if (one.array === innermost) {
        const group = groups.get(one.index);
        if (group) group.push(leaf);
        else groups.set(one.index, [leaf]);
      }
  return (chosen) => {
    const index = chosen?.get(innermost);
    return index === undefined ? leaves : (groups.get(index) ?? NONE);
  };
}

/** Which element of each array the fields so far stand in. */
type Chosen = ReadonlyMap<number, number> | undefined;

function together(chosen: Chosen, element: Element | undefined): Chosen | false {
  let next: Map<number, number> | undefined;
  for (let one = element; one; one = one.around) {
    const index = chosen?.get(one.array);
    if (index === undefined) {
      next ??= new Map(chosen ?? []);
      next.set(one.array, one.index);
    } else if (index !== one.index) return false;
  }
  return next ?? chosen;
}

/** Scalars of an event given as a value. */
export function leavesOf(pattern: Pattern, event: Json): Leaves {
  const found: Found = new Array(pattern.slots);
  if (event !== null && typeof event === 'object' && !Array.isArray(event)) {
    let arrays = 0;
    const walk = (value: Json, step: Step, element: Element | undefined): void => {
      if (typeof value === 'object' && value !== null) {
        if (Array.isArray(value)) {
          const array = arrays++;
          for (let index = 0; index < value.length; index++) {
            const item = value[index] as Json;
            walk(item, step, typeof item === 'object' && item !== null ? { array, index, around: element } : element);
          }
          return;
        }
        for (const name in value) {
          const next = stepTo(step, name);
          if (next) walk(value[name] as Json, next, element);
        }
        return;
      }
      if (step.slot < 0) return;
      put(
        found,
        step.slot,
        typeof value === 'string'
          ? { text: value, isString: true, number: undefined, element }
          : {
              text: String(value),
              isString: false,
              number: typeof value === 'number' ? value || 0 : undefined,
              element,
            },
      );
    };
    walk(event, pattern.steps, undefined);
  }
  return found;
}

/** Scalars of an event given as text. */
export function leavesOfText(pattern: Pattern, event: string): Leaves {
  const found: Found = new Array(pattern.slots);
  const reader = new JsonReader(event);
  let arrays = 0;
  const value = (step: Step | undefined, element: Element | undefined): void => {
    switch (reader.token) {
      case '{':
        while (reader.next() !== '}') {
          const next = step && stepTo(step, reader.name);
          reader.next();
          value(next, element);
        }
        return;
      case '[': {
        const array = arrays++;
        for (let index = 0; ; index++) {
          const token = reader.next();
          if (token === ']') return;
          value(step, token === '{' || token === '[' ? { array, index, around: element } : element);
        }
      }
      default: {
        if (!step || step.slot < 0) return;
        const isString = reader.token === 'string';
        const isNumber = reader.token === 'number';
        const text = reader.text();
        put(found, step.slot, { text, isString, number: isNumber ? comparable(text) : undefined, element });
      }
    }
  };
  if (reader.next() !== '{') throw new Error('Event must be a JSON object');
  value(pattern.steps, undefined);
  return found;
}

/** Dots in an event's names join like nesting: `{"state.status": …}` is `{"state": {"status": …}}` (Event Ruler, "JSON keys with dots"). */
function stepTo(step: Step, name: string): Step | undefined {
  const next = step.next.get(name);
  if (next || !name.includes('.')) return next;
  let at: Step | undefined = step;
  for (const part of name.split('.')) at = at?.next.get(part);
  return at;
}

function put(found: Found, slot: number, leaf: Leaf): void {
  const leaves = found[slot];
  if (leaves) leaves.push(leaf);
  else found[slot] = [leaf];
}
