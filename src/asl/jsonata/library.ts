/**
 * What is taken from the jsonata package as it is: its parser, its table of messages, and those of its functions that
 * need no callback. Its evaluator answers with promises, ours must not, so the evaluator is our own (evaluate.ts) and
 * so are the functions that call functions (higher-order.ts).
 */
import jsonata from 'jsonata';
import { AslSyntaxError } from '../errors.ts';
import { type Fault, isFault, type Native, type Node, type Signature } from './ast.ts';

const PROBE = Symbol.for('jsonata.__evaluate_entry');

/**
 * Looks jsonata's own functions up. The package exports none of them, but offers a hook that is called with the
 * frame at the start of an evaluation, before anything is awaited.
 */
function builtIns(): (name: string) => Native {
  const probe = jsonata('1');
  let frame: { lookup(name: string): unknown } | undefined;
  (probe.assign as (name: unknown, value: unknown) => void)(
    PROBE,
    (_node: unknown, _input: unknown, environment: { lookup(name: string): unknown }) => {
      frame = environment;
    },
  );
  void probe.evaluate(undefined);
  return (name) => {
    const found = frame?.lookup(name) as Native | undefined;
    if (!found) throw new Error(`This version of jsonata has no function $${name}`);
    return found;
  };
}

const builtIn = builtIns();

/** The functions of JSONata 2.0.6 that take no function as an argument. $eval is not part of Step Functions. */
const PLAIN = `sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim
  pad join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power boolean not zip keys
  lookup append exists spread merge reverse error assert type distinct base64encode base64decode encodeUrlComponent
  encodeUrl decodeUrlComponent decodeUrl toMillis fromMillis clone`.split(/\s+/);

export const plainFunctions: ReadonlyMap<string, Native> = new Map(PLAIN.map((name) => [name, builtIn(name)]));

/** The signature jsonata gives to one of its functions, for those that are written anew here. */
export const signatureOf = (name: string): Signature | undefined => builtIn(name).signature;

/** Calls one of jsonata's plain functions from the evaluator itself. */
export function plain(name: string, ...args: unknown[]): unknown {
  return (plainFunctions.get(name) as Native).implementation.apply({ createSequence: sequenceOf }, args);
}

function sequenceOf(...items: unknown[]): unknown[] {
  return Object.assign(items, { sequence: true });
}

/** What jsonata's functions make their results with; they find it on `this`. */
export const createSequence = sequenceOf;

/**
 * Fills in the message of a fault from jsonata's table. The package fills messages in only where it parses or
 * evaluates; a text whose first character cannot be read takes that way at once.
 */
export function describe(error: Fault): string {
  if (error.message === undefined || error.message === '') {
    const unreadable = {
      length: 1,
      charAt() {
        throw error;
      },
    };
    try {
      jsonata(unreadable as unknown as string);
    } catch {
      // The message is in the fault now.
    }
  }
  return error.message ?? error.code;
}

/** Where the newer jsonata reads more than the 2.0.6 that Step Functions runs: `??` and `?:`. */
function refuseNewer(text: string, node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, position } = node as Node;
  if (type === 'condition' && position !== undefined) {
    const operator = text.slice(position - 2, position);
    if (operator === '??' || operator === '?:')
      throw new AslSyntaxError(
        `S0211: The symbol ${JSON.stringify(operator.charAt(1))} cannot be used as a unary operator`,
        position - 1,
      );
  }
  for (const child of Object.values(node)) refuseNewer(text, child);
}

const cache = new Map<string, Node | AslSyntaxError>();

/**
 * Reads a JSONata expression (without the `{%` and `%}` around it).
 * @throws AslSyntaxError with jsonata's code and message, and the position
 */
export function parseJsonata(text: string): Node {
  let known = cache.get(text);
  if (known === undefined) {
    try {
      known = jsonata(text).ast() as unknown as Node;
      if (text.includes('??') || text.includes('?:')) refuseNewer(text, known);
    } catch (error) {
      if (error instanceof AslSyntaxError) known = error;
      else if (isFault(error)) known = new AslSyntaxError(`${error.code}: ${describe(error)}`, error.position ?? 0);
      else if (error instanceof RangeError) known = new AslSyntaxError('The expression is nested too deeply', 0);
      else known = new AslSyntaxError(error instanceof Error ? error.message : String(error), 0);
    }
    if (cache.size > 5000) cache.clear();
    cache.set(text, known);
  }
  if (known instanceof AslSyntaxError) throw known;
  return known;
}
