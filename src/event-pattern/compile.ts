// One file because it is one grammar: every rule of what an event pattern may say stands here, in the order it is read.
import { JsonFault, JsonReader, type Token } from './json-reader.ts';
import {
  addressBlock,
  addressBytes,
  comparable,
  matchesParts,
  sameButCase,
  wildcardComplexity,
  wildcardParts,
} from './values.ts';

/** One scalar of an event: a string, or a literal as it was written (a number, true, false, null). */
export interface Leaf {
  text: string;
  isString: boolean;
  /** The number it stands for, where it can be compared as one. */
  number: number | undefined;
  /** Which element of which arrays it stands in; undefined outside of objects in arrays. */
  element: Element | undefined;
}

/** One element of one array of the event, and the element around that array. */
export interface Element {
  array: number;
  index: number;
  around: Element | undefined;
}

/** One thing a field may be. `absent`: the field must not be there at all. */
export interface Wanted {
  operator: string;
  /** The operand as the pattern has it, for explanations. */
  operand: readonly string[];
  absent: boolean;
  accepts(leaf: Leaf): boolean;
}

export interface Field {
  path: string;
  slot: number;
  wanted: readonly Wanted[];
}

/** A pattern in the form it is decided in. Made by `parsePattern`. */
export interface Pattern {
  readonly source: string;
  /** All alternatives; `$or` multiplies them. Each holds its fields in the order of their names. */
  readonly branches: readonly (readonly Field[])[];
  readonly steps: Step;
  readonly slots: number;
}

/** Where in an event the pattern's fields are, name by name. */
export interface Step {
  slot: number;
  next: Map<string, Step>;
}

/** Thrown for a pattern that EventBridge refuses (InvalidEventPatternException); the message is EventBridge's. */
export class InvalidEventPattern extends Error {
  override name = 'InvalidEventPattern';
  readonly reason: string;

  constructor(reason: string) {
    super(`Event pattern is not valid. Reason: ${reason}`);
    this.reason = reason;
  }
}

const OR = '$or';
/** "Using comparison operators in event patterns": names that cannot be fields inside of `$or`. */
const RESERVED = new Set(
  'exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= >= > regex not-wildcard not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range ip-address-not-in-range'.split(
    ' ',
  ),
);
const MOST_BRANCHES = 1000;
const MOST_COMPLEX = 10;

type Rule = Map<string, readonly Wanted[]>;

/**
 * Reads an event pattern.
 * @param text the pattern as JSON text: duplicate keys (the last counts) and the writing of numbers matter.
 * @throws InvalidEventPattern with EventBridge's sentence.
 */
export function parsePattern(text: string): Pattern {
  try {
    return assembled(text, new Grammar(text, false).rules());
  } catch (error) {
    if (!(error instanceof JsonFault || error instanceof RuleFault)) throw error;
    const legacy = text.includes(`"${OR}"`) ? withoutOr(text) : undefined;
    if (legacy) return legacy;
    throw new InvalidEventPattern(error.message);
  }
}

/** Event Ruler, "The backward compatibility of using $or as field name": what cannot be an alternative is a field named $or. */
function withoutOr(text: string): Pattern | undefined {
  try {
    return assembled(text, new Grammar(text, true).rules());
  } catch (error) {
    if (error instanceof JsonFault || error instanceof RuleFault) return undefined;
    throw error;
  }
}

/** A complaint that carries no place in the text. */
class RuleFault extends Error {}

function assembled(source: string, rules: readonly Rule[]): Pattern {
  const steps: Step = { slot: -1, next: new Map() };
  let slots = 0;
  const slotOf = (path: string): number => {
    let step = steps;
    for (const name of path.split('.')) {
      let next = step.next.get(name);
      if (!next) {
        next = { slot: -1, next: new Map() };
        step.next.set(name, next);
      }
      step = next;
    }
    if (step.slot < 0) step.slot = slots++;
    return step.slot;
  };
  const branches = rules.map((rule) =>
    [...rule.keys()].sort().map((path): Field => ({ path, slot: slotOf(path), wanted: rule.get(path) ?? [] })),
  );
  for (const branch of branches)
    for (const field of branch) {
      const wildcards = field.wanted.flatMap((one) => (one.operator.endsWith('wildcard') ? one.operand : []));
      if (wildcards.length > 0 && wildcardComplexity(wildcards, MOST_COMPLEX) > MOST_COMPLEX)
        throw new RuleFault(
          'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
        );
    }
  return { source, branches, steps, slots };
}

const isNumeric = (token: Token): boolean => token === 'number';

class Grammar {
  private readonly reader: JsonReader;
  private readonly orIsField: boolean;

  constructor(text: string, orIsField: boolean) {
    this.reader = new JsonReader(text);
    this.orIsField = orIsField;
  }

  rules(): Rule[] {
    const rules: Rule[] = [];
    if (this.reader.next() !== '{') throw this.reader.fault('Filter is not an object');
    this.object(rules, '', false);
    return rules;
  }

  private object(rules: Rule[], path: string, insideOr: boolean): void {
    const { reader } = this;
    let empty = true;
    while (reader.next() !== '}') {
      empty = false;
      const name = reader.name;
      if (name === OR && !this.orIsField) {
        this.alternatives(rules, path);
        continue;
      }
      if (insideOr && RESERVED.has(name))
        throw reader.fault(`${name} is Ruler reserved fieldName which cannot be used inside ${OR}.`);
      const full = path === '' ? name : `${path}.${name}`;
      switch (reader.next()) {
        case '{':
          this.object(rules, full, insideOr);
          break;
        case '[': {
          const wanted = this.values();
          if (rules.length === 0) rules.push(new Map());
          for (const rule of rules) rule.set(full, wanted);
          break;
        }
        default:
          throw reader.fault(`"${name}" must be an object or an array`);
      }
    }
    if (empty) throw reader.fault('Empty objects are not allowed');
  }

  private alternatives(rules: Rule[], path: string): void {
    const { reader } = this;
    const before = rules.splice(0);
    if (before.length === 0) before.push(new Map());
    if (reader.next() !== '[') throw reader.fault(`It must be an Array followed with ${OR}.`);
    let count = 0;
    while (reader.next() !== ']') {
      count++;
      if (reader.token !== '{') throw reader.fault(`Only JSON object is allowed in array of ${OR} relationship.`);
      const branch = before.map((rule): Rule => new Map(rule));
      this.object(branch, path, true);
      rules.push(...branch);
      if (rules.length > MOST_BRANCHES)
        throw new RuleFault(
          `Rule has more than ${MOST_BRANCHES} combinations - try using fewer values in ${OR} relationships`,
        );
    }
    if (count < 2) throw reader.fault(`There must have at least 2 Objects in ${OR} relationship.`);
  }

  private values(): Wanted[] {
    const { reader } = this;
    const wanted: Wanted[] = [];
    while (reader.next() !== ']')
      switch (reader.token) {
        case '{':
          wanted.push(this.expression());
          break;
        case 'string':
          wanted.push(equals(reader.text()));
          break;
        case 'number':
          wanted.push(equalsNumber(reader.text()));
          break;
        case 'true':
        case 'false':
        case 'null':
          wanted.push(literal(reader.token));
          break;
        default:
          throw reader.fault('Match value must be String, number, true, false, or null');
      }
    if (wanted.length === 0) throw reader.fault('Empty arrays are not allowed');
    return wanted;
  }

  private expression(): Wanted {
    const { reader } = this;
    if (reader.next() !== 'name') throw reader.fault('Match expression name not found');
    const operator = reader.name;
    switch (operator) {
      case 'exactly':
        return this.only(exactly(this.string('exact match pattern must be a string')));
      case 'prefix':
      case 'suffix':
        return this.edge(operator);
      case 'numeric': {
        if (reader.next() !== '[') throw reader.fault('Value of numeric must be an array.');
        const range = this.range();
        if (reader.next() !== '}') throw this.tooMany();
        return range;
      }
      case 'anything-but':
        return this.anythingBut();
      case 'exists': {
        const token = reader.next();
        if (token !== 'true' && token !== 'false')
          throw reader.fault('exists match pattern must be either true or false.');
        return this.only(exists(token === 'true'));
      }
      case 'cidr': {
        const block = this.string('prefix match pattern must be a string');
        return this.only(
          within(
            block,
            plainly(() => addressBlock(block)),
          ),
        );
      }
      case 'equals-ignore-case': {
        const text = this.string('equals-ignore-case match pattern must be a string');
        return this.only(onString(operator, [text], sameButCase(text)));
      }
      case 'wildcard': {
        const text = this.string('wildcard match pattern must be a string');
        const parts = this.wildcard(text);
        return this.only(onString(operator, [text], (value) => matchesParts(parts, value)));
      }
      default:
        throw reader.fault(`Unrecognized match type ${operator}`);
    }
  }

  private edge(operator: 'prefix' | 'suffix'): Wanted {
    const { reader } = this;
    if (reader.next() !== '{') {
      if (reader.token !== 'string') throw reader.fault(`${operator} match pattern must be a string`);
      return this.only(edgeOf(operator, reader.text()));
    }
    const title = operator === 'prefix' ? 'Prefix' : 'Suffix';
    if (reader.next() !== 'name') throw reader.fault(`${title} expression name not found`);
    if (reader.name !== 'equals-ignore-case') throw reader.fault(`Unsupported ${operator} pattern: ${reader.name}`);
    const text = this.string('equals-ignore-case match pattern must be a string');
    const test = sameButCase(text, operator === 'prefix' ? 'start' : 'end');
    return this.only(this.only(onString(`${operator} equals-ignore-case`, [text], test)));
  }

  private range(): Wanted {
    const { reader } = this;
    if (reader.next() !== 'string') throw reader.fault(`Invalid member in numeric match: ${reader.text()}`);
    const first = reader.text();
    const token = reader.next();
    if (!['=', '>=', '>', '<=', '<'].includes(first))
      throw reader.fault(`Unrecognized numeric range operator: ${first}`);
    if (!isNumeric(token)) throw reader.fault(`Value of ${first === '=' ? 'equals' : first} must be numeric`);
    const bound = reader.text();
    const after = reader.next();
    if (first === '=' || first.startsWith('<') || after === ']') {
      if (after !== ']') throw this.tooMany();
      const number = this.located(() => comparableOrFault(bound));
      return numeric([first, bound], (value) => compares(value, first, number));
    }
    if (after !== 'string') throw reader.fault(`Bad value in numeric range: ${reader.text()}`);
    const second = reader.text();
    if (second !== '<' && second !== '<=') throw reader.fault(`Bad numeric range operator: ${second}`);
    if (!isNumeric(reader.next())) throw reader.fault(`Value of ${second} must be numeric`);
    const top = reader.text();
    if (reader.next() !== ']') throw reader.fault('Too many terms in numeric range expression');
    const [low, high] = this.located(() => {
      const both = [comparableOrFault(bound), comparableOrFault(top)] as const;
      if (both[0] >= both[1]) throw new RuleFault('Bottom must be less than top');
      return both;
    });
    return numeric(
      [first, bound, second, top],
      (value) => compares(value, first, low) && compares(value, second, high),
    );
  }

  private anythingBut(): Wanted {
    const { reader } = this;
    let kind: string | undefined;
    let token = reader.next();
    if (token === '{') {
      if (reader.next() !== 'name') throw reader.fault('Anything-But expression name not found');
      kind = reader.name;
      if (!['equals-ignore-case', 'prefix', 'suffix', 'wildcard'].includes(kind))
        throw reader.fault(`Unsupported anything-but pattern: ${kind}`);
      token = reader.next();
    }
    if (token !== '[' && token !== 'string' && !isNumeric(token))
      throw reader.fault('Value of anything-but must be an array or single string/number value.');
    const wanted = kind === undefined ? this.noneOf(token) : this.noneLike(kind, token);
    if (reader.next() !== '}') throw this.tooMany();
    if (kind !== undefined && reader.next() !== '}') throw this.tooMany();
    return wanted;
  }

  private noneOf(token: Token): Wanted {
    const { reader } = this;
    const strings: string[] = [];
    const numbers: number[] = [];
    const operand: string[] = [];
    const take = () => {
      operand.push(reader.text());
      if (reader.token === 'string') strings.push(reader.text());
      else numbers.push(comparableOrFault(reader.text()));
    };
    if (token !== '[') plainly(take);
    else {
      this.twiceTold(() => {
        while (reader.next() !== ']') {
          if (reader.token !== 'string' && reader.token !== 'number')
            throw reader.fault('Inside anything but list, start|null|boolean is not supported.');
          take();
        }
      });
      if (strings.length > 0 === numbers.length > 0)
        throw reader.fault(
          'Inside anything but list, either all values are number or string, mixed type is not supported',
        );
    }
    if (numbers.length > 0)
      return onLeaf(
        'anything-but number',
        operand,
        (leaf) => leaf.number === undefined || !numbers.includes(leaf.number),
      );
    const refused = new Set(strings);
    return onLeaf('anything-but', operand, (leaf) => !leaf.isString || !refused.has(leaf.text));
  }

  private noneLike(kind: string, token: Token): Wanted {
    const { reader } = this;
    const texts: string[] = [];
    const take = () => {
      if (reader.token !== 'string')
        throw reader.fault(
          kind === 'equals-ignore-case'
            ? 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'
            : kind === 'wildcard'
              ? 'wildcard match pattern must be a string'
              : 'prefix/suffix match pattern must be a string',
        );
      const text = reader.text();
      if (text === '' && (kind === 'prefix' || kind === 'suffix')) throw reader.fault('Null prefix/suffix not allowed');
      texts.push(text);
    };
    if (token !== '[') take();
    else
      this.twiceTold(() => {
        while (reader.next() !== ']') take();
      });
    const refused = texts.map((text): ((value: string) => boolean) => {
      if (kind === 'equals-ignore-case') return sameButCase(text);
      if (kind === 'prefix') return (value) => value.startsWith(text);
      if (kind === 'suffix') return (value) => value.endsWith(text);
      const parts = this.wildcard(text);
      return (value) => matchesParts(parts, value);
    });
    return onLeaf(
      `anything-but ${kind}`,
      texts,
      (leaf) => !leaf.isString || !refused.some((refuses) => refuses(leaf.text)),
    );
  }

  private string(complaint: string): string {
    if (this.reader.next() !== 'string') throw this.reader.fault(complaint);
    return this.reader.text();
  }

  private only(wanted: Wanted): Wanted {
    if (this.reader.next() !== '}') throw this.reader.fault('Only one key allowed in match expression');
    return wanted;
  }

  private wildcard(text: string): string[] {
    try {
      return wildcardParts(text);
    } catch (error) {
      throw this.reader.fault((error as Error).message);
    }
  }

  private tooMany(): JsonFault {
    return this.reader.fault('Too many elements in numeric expression');
  }

  /** A complaint about a value, told with the place. */
  private located<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof RuleFault) throw this.reader.fault(error.message);
      throw error;
    }
  }

  /** Inside the lists of anything-but EventBridge tells the place twice. */
  private twiceTold(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof RuleFault || error instanceof JsonFault) throw this.reader.fault(error.message);
      throw error;
    }
  }
}

/** A complaint about a value, told without a place. */
function plainly<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new RuleFault((error as Error).message);
  }
}

function comparableOrFault(text: string): number {
  const number = comparable(text);
  if (number === undefined) throw new RuleFault(`Cannot compare number : ${text}`);
  return number;
}

function compares(value: number, operator: string, bound: number): boolean {
  switch (operator) {
    case '=':
      return value === bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    default:
      return value >= bound;
  }
}

function onLeaf(operator: string, operand: readonly string[], accepts: (leaf: Leaf) => boolean): Wanted {
  return { operator, operand, absent: false, accepts };
}

const onString = (operator: string, operand: readonly string[], accepts: (text: string) => boolean): Wanted =>
  onLeaf(operator, operand, (leaf) => leaf.isString && accepts(leaf.text));

const numeric = (operand: readonly string[], accepts: (number: number) => boolean): Wanted =>
  onLeaf('numeric', operand, (leaf) => leaf.number !== undefined && accepts(leaf.number));

const exactly = (text: string): Wanted => onLeaf('equals', [text], (leaf) => leaf.isString && leaf.text === text);

/** A string that is an IP address stands for the address, however it is written. */
function equals(text: string): Wanted {
  const address = addressBytes(text);
  if (address === undefined) return exactly(text);
  return onString('equals', [text], (value) => value === text || addressBytes(value) === address);
}

function equalsNumber(text: string): Wanted {
  const number = comparable(text);
  return onLeaf(
    'equals number',
    [text],
    (leaf) => !leaf.isString && (leaf.text === text || (number !== undefined && leaf.number === number)),
  );
}

const literal = (word: string): Wanted =>
  onLeaf('equals literal', [word], (leaf) => !leaf.isString && leaf.text === word);

const exists = (there: boolean): Wanted => ({
  operator: 'exists',
  operand: [String(there)],
  absent: !there,
  accepts: () => there,
});

const edgeOf = (operator: 'prefix' | 'suffix', text: string): Wanted =>
  onString(
    operator,
    [text],
    operator === 'prefix' ? (value) => value.startsWith(text) : (value) => value.endsWith(text),
  );

const within = (block: string, range: { first: string; last: string }): Wanted =>
  onString('cidr', [block], (value) => {
    const address = addressBytes(value);
    return (
      address !== undefined && address.length === range.first.length && address >= range.first && address <= range.last
    );
  });
