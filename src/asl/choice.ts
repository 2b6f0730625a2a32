/** The rules of a Choice state in JSONPath (States Language "Choice State", "Data-test expression"). */
import { StatesError } from './errors.ts';
import { isObject } from './json.ts';
import { parsePath } from './path.ts';
import { lookPath, type Scene } from './scene.ts';
import { parseTimestamp } from './timestamp.ts';
import type { Json, JsonObject } from './types.ts';

type Comparison = (left: Json, right: Json) => boolean;

const strings =
  (test: (a: string, b: string) => boolean): Comparison =>
  (a, b) =>
    typeof a === 'string' && typeof b === 'string' && test(a, b);

const numbers =
  (test: (a: number, b: number) => boolean): Comparison =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' && test(a, b);

const timestamps =
  (test: (a: bigint, b: bigint) => boolean): Comparison =>
  (a, b) => {
    const left = typeof a === 'string' ? parseTimestamp(a) : undefined;
    const right = typeof b === 'string' ? parseTimestamp(b) : undefined;
    return left !== undefined && right !== undefined && test(left, right);
  };

const COMPARISONS: Record<string, Comparison> = {
  BooleanEquals: (a, b) => typeof a === 'boolean' && a === b,
  StringMatches: strings((text, pattern) => wildcard(pattern).test(text)),
};
for (const [type, make] of [
  ['String', strings],
  ['Numeric', numbers],
  ['Timestamp', timestamps],
] as const) {
  const compare = make as (test: (a: never, b: never) => boolean) => Comparison;
  COMPARISONS[`${type}Equals`] = compare((a, b) => a === b);
  COMPARISONS[`${type}LessThan`] = compare((a, b) => a < b);
  COMPARISONS[`${type}GreaterThan`] = compare((a, b) => a > b);
  COMPARISONS[`${type}LessThanEquals`] = compare((a, b) => a <= b);
  COMPARISONS[`${type}GreaterThanEquals`] = compare((a, b) => a >= b);
}

const TYPES: Record<string, (value: Json) => boolean> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => typeof value === 'string' && parseTimestamp(value) !== undefined,
};

const wildcards = new Map<string, RegExp>();

/**
 * `*` stands for any run of characters, `\*` for a star and `\\` for a backslash.
 * @throws StatesError where a backslash stands before anything else
 */
function wildcard(pattern: string): RegExp {
  let known = wildcards.get(pattern);
  if (!known) {
    if (/\\(?![\\*])/.test(pattern.replace(/\\[\\*]/g, '')))
      throw new StatesError('States.Runtime', `Invalid escape in the StringMatches value '${pattern}'.`);
    const source = pattern.replace(/\\[\\*]|\*+|[\s\S]/g, (part) =>
      part.startsWith('*') ? '[\\s\\S]*' : part.slice(-1).replace(/[.*+?^${}()|[\]\\/-]/, '\\$&'),
    );
    known = new RegExp(`^${source}$`);
    if (wildcards.size > 1000) wildcards.clear();
    wildcards.set(pattern, known);
  }
  return known;
}

function valueAt(path: string, scene: Scene, input: Json): Json {
  const value = lookPath(path, scene, input);
  if (value !== undefined) return value;
  throw new StatesError(
    'States.Runtime',
    `Invalid path '${path}': The choice state's condition path references an invalid value.`,
  );
}

/** A path that may find many (a filter, a wildcard) is there when it finds something. */
function isPresent(path: string, scene: Scene, input: Json): boolean {
  const value = lookPath(path, scene, input);
  return value !== undefined && (parsePath(path).definite || !Array.isArray(value) || value.length > 0);
}

/** Whether a rule holds for the input of the state. */
export function ruleHolds(rule: JsonObject, scene: Scene, input: Json): boolean {
  const holds = (inner: Json) => isObject(inner) && ruleHolds(inner, scene, input);
  if (Array.isArray(rule.And)) return rule.And.every(holds);
  if (Array.isArray(rule.Or)) return rule.Or.some(holds);
  if (isObject(rule.Not)) return !holds(rule.Not);
  const variable = typeof rule.Variable === 'string' ? rule.Variable : '$';
  for (const [operator, expected] of Object.entries(rule)) {
    if (operator === 'IsPresent') return isPresent(variable, scene, input) === expected;
    if (Object.hasOwn(TYPES, operator)) return TYPES[operator]?.(valueAt(variable, scene, input)) === expected;
    const byPath = operator.endsWith('Path');
    const comparison = COMPARISONS[byPath ? operator.slice(0, -4) : operator];
    if (!comparison) continue;
    const actual = valueAt(variable, scene, input);
    return comparison(actual, byPath ? valueAt(String(expected), scene, input) : expected);
  }
  return false;
}
