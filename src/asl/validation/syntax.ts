import { AslSyntaxError } from '../errors.ts';
import { type Intrinsic, parseIntrinsic, pathsOf } from '../intrinsics.ts';
import { parseJsonata } from '../jsonata/index.ts';
import { isReferencePath, parsePath } from '../path.ts';

/** Runs a parser of the engine; what it cannot read comes back as the reason, anything else is a defect and thrown on. */
function reason(parse: () => unknown): string | undefined {
  try {
    parse();
    return;
  } catch (error) {
    if (error instanceof AslSyntaxError) return error.message;
    // The stack is at its end: whoever wrote this did not mean it.
    if (error instanceof RangeError) return 'The expression is nested too deeply';
    throw error;
  }
}

/** Why `text` is no JSONPath, or nothing. */
export function pathFault(text: string): string | undefined {
  return reason(() => parsePath(text));
}

/** Why `text` is no Reference Path (States Language, "Reference Paths"), or nothing. */
export function referencePathFault(text: string): string | undefined {
  if (!text.startsWith('$')) return "Reference path didn't start with '$'";
  const fault = pathFault(text);
  if (fault) return fault;
  return isReferencePath(parsePath(text)) ? undefined : `The path '${text}' may point at more than one place`;
}

/** Why `text` may not follow a field name that ends with `.$`, or nothing. */
export function dynamicFault(text: string): string | undefined {
  if (!text.startsWith('States.')) return pathFault(text);
  return reason(() => parseIntrinsic(text)) ?? intrinsicFault(parseIntrinsic(text));
}

/** Functions that answer with a text, which ErrorPath and CausePath need (developer guide, "Fail workflow state"). */
const TEXTUAL = ['Format', 'JsonToString', 'ArrayGetItem', 'Base64Encode', 'Base64Decode', 'Hash', 'UUID'];

/** As dynamicFault, where the answer has to be a text: one function's, or what stands at one place. */
export function textualFault(text: string): string | undefined {
  const fault = text.startsWith('States.') ? dynamicFault(text) : referencePathFault(text);
  if (fault || !text.startsWith('States.') || TEXTUAL.includes(parseIntrinsic(text).name)) return fault;
  return `States.${parseIntrinsic(text).name} does not return a string`;
}

const MAX_CALLS = 10;
const calls = (call: Intrinsic): number =>
  call.args.reduce((sum, argument) => sum + (argument.kind === 'call' ? calls(argument.call) : 0), 1);

/** What AWS minds in a call that can be read ("Intrinsic functions for JSONPath states in Step Functions"). */
function intrinsicFault(call: Intrinsic): string | undefined {
  if (calls(call) > MAX_CALLS) return `More than ${MAX_CALLS} intrinsic functions are nested`;
  // Unlike elsewhere, a dotted name with a hyphen is not understood here: it has to be written in brackets.
  const hyphenated = pathsOf(call).find(({ text }) => /\.[^.[\]'"()]*-/.test(text.replace(/\[[^\]]*\]/g, '[]')));
  return hyphenated ? `Invalid path '${hyphenated.text}'` : argumentFault(call);
}

/** Functions whose written-out arguments must be whole numbers, by the argument's position ("Intrinsics for JSONPath states"). */
const WHOLE: Record<string, number[]> = {
  MathAdd: [0, 1],
  MathRandom: [0, 1, 2],
  ArrayRange: [0, 1, 2],
  ArrayPartition: [1],
  ArrayGetItem: [1],
};

function argumentFault(call: Intrinsic): string | undefined {
  for (const [at, argument] of call.args.entries()) {
    if (argument.kind === 'call') {
      const inner = argumentFault(argument.call);
      if (inner) return inner;
    }
    if (!WHOLE[call.name]?.includes(at)) continue;
    if (argument.kind === 'string' || (argument.kind === 'literal' && typeof argument.value !== 'number'))
      return `Invalid arguments in States.${call.name}`;
  }
  return;
}

/** A node of jsonata's own tree; only what is looked at here. */
interface Node {
  type?: string;
  value?: unknown;
  [part: string]: unknown;
}

export interface ExpressionFault {
  code: 'INVALID_JSONATA_EXPRESSION' | 'UNSUPPORTED_JSONATA_EXPRESSION';
  message: string;
}

/** Which members of `$states` exist where an expression stands; elsewhere AWS refuses them ("Transforming data with JSONata"). */
type Where = { caught?: boolean; answered?: boolean };

/**
 * Why AWS refuses a JSONata expression (the text between `{%` and `%}`), or nothing: it does not parse, or it starts from
 * an input document, which Step Functions does not set ("Transforming data with JSONata in Step Functions").
 */
export function expressionFault(text: string, where: Where): ExpressionFault | undefined {
  const fault = reason(() => parseJsonata(text));
  // The parser's code goes before its message when an execution fails, but not here.
  if (fault !== undefined) return { code: 'INVALID_JSONATA_EXPRESSION', message: fault.replace(/^[A-Z]\d{4}: /, '') };
  let message: string | undefined;
  try {
    message = unsupported(parseJsonata(text) as unknown as Node, true, where);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { code: 'INVALID_JSONATA_EXPRESSION', message: 'The expression is nested too deeply' };
  }
  return message === undefined ? undefined : { code: 'UNSUPPORTED_JSONATA_EXPRESSION', message };
}

const topLevel = (name: string): string => `Reference to '${name}' at the top level is not supported.`;

/** Walks a tree. `top`: no step before this node has set a context, so a bare name or `$` would refer to nothing. */
function unsupported(node: Node | undefined, top: boolean, where: Where): string | undefined {
  if (!node || typeof node !== 'object') return;
  const each = (nodes: unknown, isTop = top): string | undefined => {
    for (const child of Array.isArray(nodes) ? nodes.flat(2) : [nodes]) {
      const found = unsupported(child as Node, isTop, where);
      if (found) return found;
    }
    return;
  };
  switch (node.type) {
    case 'path': {
      const steps = node.steps as Node[];
      const [first, second] = steps;
      if (first?.type === 'variable' && first.value === 'states') {
        if (second?.value === 'errorOutput' && !where.caught)
          return "'$states.errorOutput' can only be used in a Catch.";
        if (second?.value === 'result' && !where.answered)
          return "'$states.result' can only be used in Output or Assign of a Task, Parallel or Map.";
      }
      return each(steps[0]) ?? each(steps.slice(1), false) ?? each(group(node), false);
    }
    case 'name':
      return (top ? topLevel(String(node.value)) : undefined) ?? each(node.stages, false) ?? each(group(node), false);
    case 'wildcard':
    case 'descendant':
      return (top ? topLevel(String(node.value)) : undefined) ?? each(node.stages, false);
    case 'variable':
      if (node.value === '$') return "Reference to '$$' is not supported.";
      if (node.value === '' && top) return topLevel('$');
      return each(node.predicate, false) ?? each(node.stages, false) ?? each(group(node), false);
    case 'lambda':
      return each(node.body);
    case 'sort':
      return each(
        (node.terms as { expression: Node }[]).map((term) => term.expression),
        false,
      );
    case 'filter':
      return each(node.expr, false);
    case 'transform':
      return each(node.pattern, false) ?? each(node.update, false) ?? each(node.delete, false);
    default:
      return (
        each(node.lhs) ??
        each(node.rhs) ??
        each(node.expression) ??
        each(node.expressions) ??
        each(node.arguments) ??
        each(node.procedure) ??
        each(node.condition) ??
        each(node.then) ??
        each(node.else) ??
        each(node.predicate, false) ??
        each(node.stages, false) ??
        each(group(node), false)
      );
  }
}

const group = (node: Node): unknown => (node.group as { lhs?: unknown } | undefined)?.lhs;
