/**
 * dynalite's parsers of expressions, with a memory. A function sends the same few expressions for ever, and to parse one
 * costs more than to carry out the request it stands in. What a parse gives depends on the text, the names and the types
 * of the values; the values themselves are put in their places each time.
 */

interface ParseContext {
  attrNames?: Record<string, string> | undefined;
  attrVals?: Record<string, object> | undefined;
  unusedAttrNames: Record<string, true>;
  unusedAttrVals: Record<string, true>;
}
export interface ExpressionParser {
  parse(text: string, options: { context: ParseContext }): unknown;
}

interface Remembered {
  parsed: unknown;
  /** Which name the value objects inside `parsed` had. */
  places: Map<unknown, string>;
  usedNames: string[];
  usedValues: string[];
}

const KEPT = 500;
/** What the parser itself compares by value: the bounds of BETWEEN, and a name of a type. */
const BY_VALUE = /between|attribute_type/i;

/** Makes `parser` remember what it parsed without a fault. */
export function remember(parser: ExpressionParser): void {
  const parse = parser.parse;
  const known = new Map<string, Remembered>();
  parser.parse = (text, options) => {
    const { context } = options;
    if (BY_VALUE.test(text)) return parse(text, options);
    const key = keyOf(text, context);
    let found = known.get(key);
    if (!found) {
      const names = Object.keys(context.unusedAttrNames);
      const values = Object.keys(context.unusedAttrVals);
      const parsed = parse(text, options);
      found = {
        parsed,
        places: new Map(Object.entries(context.attrVals ?? {}).map(([name, value]) => [value, name])),
        usedNames: names.filter((name) => !context.unusedAttrNames[name]),
        usedValues: values.filter((name) => !context.unusedAttrVals[name]),
      };
      if (known.size >= KEPT) known.delete(known.keys().next().value ?? '');
      known.set(key, found);
    }
    for (const name of found.usedNames) delete context.unusedAttrNames[name];
    for (const name of found.usedValues) delete context.unusedAttrVals[name];
    return filledIn(found.parsed, found.places, context.attrVals ?? {});
  };
}

/** What is unused is part of it: two expressions of one request share their names. */
function keyOf(text: string, { attrNames, attrVals, unusedAttrNames, unusedAttrVals }: ParseContext): string {
  let key = text;
  for (const name in attrNames) key += `\0${name}${unusedAttrNames[name] ? '?' : '='}${attrNames[name]}`;
  for (const name in attrVals)
    key += `\0${name}${unusedAttrVals[name] ? '?' : '='}${Object.keys(attrVals[name] ?? {}).join()}`;
  return key;
}

/** A copy, for dynalite turns comparisons round in place, with the values of this request. */
function filledIn(node: unknown, places: Map<unknown, string>, values: Record<string, object>): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const name = places.get(node);
  if (name !== undefined) return values[name];
  if (Array.isArray(node)) return node.map((part) => filledIn(part, places, values));
  const copy = Object.create(Object.getPrototypeOf(node) as object | null) as Record<string, unknown>;
  for (const [member, value] of Object.entries(node)) copy[member] = filledIn(value, places, values);
  return copy;
}
