/**
 * Resolves intrinsic functions (CloudFormation reference, "Intrinsic function reference"). Pure: what the world knows
 * comes in through the scope. Functions of the language extensions transform are refused, as AWS does without it.
 */
import { invalid, isObject, type JsonObject, type Template } from './model.ts';

/** Stands where a value will only be known once something else was made; used while planning. */
export const UNKNOWN: unique symbol = Symbol('known after the change');
const NO_VALUE = Symbol('AWS::NoValue');

export interface Scope {
  template: Template;
  parameters: Record<string, string | string[] | typeof UNKNOWN>;
  /** `AWS::Region` and its like */
  pseudo: Record<string, string | string[] | typeof UNKNOWN>;
  conditions: Record<string, boolean>;
  /** What Ref gives for a resource; undefined when there is none. */
  ref(logicalId: string): unknown;
  attribute(logicalId: string, name: string): unknown;
  importValue(name: string): unknown;
}

const SUPPORTED =
  '[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]';

export function resolve(value: unknown, scope: Scope): unknown {
  const result = evaluate(value, scope);
  return result === NO_VALUE ? undefined : result;
}

function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope)).filter((item) => item !== NO_VALUE);
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  const [key] = keys;
  if (keys.length === 1 && key !== undefined) {
    if (key === 'Ref') return reference(value[key], scope);
    if (key === 'Condition' && typeof value[key] === 'string' && Object.hasOwn(scope.template.conditions, value[key]))
      return condition(value[key], scope);
    if (key.startsWith('Fn::')) {
      const run = Object.hasOwn(FUNCTIONS, key) ? FUNCTIONS[key] : undefined;
      if (!run)
        throw invalid(`Template error: Encountered unsupported function: ${key} Supported functions are: ${SUPPORTED}`);
      return run(value[key], scope);
    }
  }
  const result: JsonObject = {};
  for (const name of keys) {
    const item = evaluate(value[name], scope);
    if (item !== NO_VALUE) result[name] = item;
  }
  return result;
}

function reference(name: unknown, scope: Scope): unknown {
  if (typeof name !== 'string') throw invalid('Template format error: All Ref references must be a string');
  if (name === 'AWS::NoValue') return NO_VALUE;
  if (Object.hasOwn(scope.pseudo, name)) return scope.pseudo[name];
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name];
  const found = scope.ref(name);
  if (found === undefined)
    throw invalid(
      `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
    );
  return found;
}

function condition(name: unknown, scope: Scope): boolean {
  const known = typeof name === 'string' && Object.hasOwn(scope.conditions, name) ? scope.conditions[name] : undefined;
  if (known !== undefined) return known;
  const definition = typeof name === 'string' ? scope.template.conditions[name] : undefined;
  if (definition === undefined)
    throw invalid(
      `Template format error: Unresolved condition dependency ${String(name)} in the Resources block of the template`,
    );
  return truth(evaluate(definition, scope), String(name));
}

function truth(value: unknown, where: string): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw invalid(`Template error: every ${where} must evaluate to a boolean`);
}

function list(name: string, argument: unknown, least: number, most: number, what: string): unknown[] {
  if (!Array.isArray(argument) || argument.length < least || argument.length > most)
    throw invalid(`Template error: ${name} ${what}`);
  return argument;
}

/** A number or boolean of the template is its text where a function wants text. */
function text(value: unknown, fault: string): string | typeof UNKNOWN {
  if (value === UNKNOWN) return UNKNOWN;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(fault);
}

const FUNCTIONS: Record<string, (argument: unknown, scope: Scope) => unknown> = {
  'Fn::GetAtt'(argument, scope) {
    const parts = typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : [];
    const [name, ...rest] = parts;
    const named = rest.map((part) => evaluate(part, scope));
    if (named.includes(UNKNOWN)) return UNKNOWN;
    const attribute = named.join('.');
    if (typeof name !== 'string' || attribute === '')
      throw invalid(
        'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute',
      );
    return scope.attribute(name, attribute);
  },
  'Fn::Sub'(argument, scope) {
    const [body, variables = {}] = Array.isArray(argument) ? argument : [argument];
    if (typeof body !== 'string' || !isObject(variables))
      throw invalid(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string",
      );
    let unknown = false;
    const result = body.replace(/\$\{([^}]*)\}/g, (_whole, inner: string) => {
      const name = inner.trim();
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      if (!/^[A-Za-z0-9_.:]+$/.test(name))
        throw invalid(
          'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons',
        );
      const dot = name.indexOf('.');
      const found = Object.hasOwn(variables, name)
        ? evaluate(variables[name], scope)
        : dot < 0
          ? reference(name, scope)
          : scope.attribute(name.slice(0, dot), name.slice(dot + 1));
      const shown = text(
        found,
        Object.hasOwn(variables, name)
          ? 'Template error: every value of the context object of every Fn::Sub object must be a string or a function that returns a string'
          : `Template error: variable ${name} in Fn::Sub expression does not resolve to a string`,
      );
      if (shown === UNKNOWN) unknown = true;
      return shown === UNKNOWN ? '' : shown;
    });
    return unknown ? UNKNOWN : result;
  },
  'Fn::Join'(argument, scope) {
    const fault =
      'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.';
    if (!Array.isArray(argument) || argument.length !== 2 || typeof argument[0] !== 'string') throw invalid(fault);
    const items = evaluate(argument[1], scope);
    if (items === UNKNOWN) return UNKNOWN;
    if (!Array.isArray(items)) throw invalid(fault);
    const texts = items.map((item) => text(item, fault));
    return texts.includes(UNKNOWN) ? UNKNOWN : texts.join(argument[0]);
  },
  'Fn::Split'(argument, scope) {
    const fault =
      'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.';
    if (!Array.isArray(argument) || argument.length !== 2 || typeof argument[0] !== 'string') throw invalid(fault);
    const source = text(evaluate(argument[1], scope), fault);
    return source === UNKNOWN ? UNKNOWN : source.split(argument[0]);
  },
  'Fn::Select'(argument, scope) {
    const fault =
      'Template error: every Fn::Select object requires two non-empty parameters, an integer index and a list';
    if (!Array.isArray(argument) || argument.length !== 2) throw invalid(fault);
    const position = evaluate(argument[0], scope);
    const items = evaluate(argument[1], scope);
    if (position === UNKNOWN || items === UNKNOWN) return UNKNOWN;
    const index = Number(position);
    if (!Array.isArray(items) || !Number.isInteger(index)) throw invalid(fault);
    if (index < 0 || index >= items.length)
      throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${index}`);
    return items[index];
  },
  'Fn::FindInMap'(argument, scope) {
    const parts = list(
      'Fn::FindInMap',
      argument,
      3,
      3,
      'object requires three parameters, the map name, map key and the attribute for return value',
    );
    const [map, top, second] = parts.map((part) => evaluate(part, scope));
    if (map === UNKNOWN) return UNKNOWN;
    const { mappings } = scope.template;
    const rows = Object.hasOwn(mappings, String(map)) ? mappings[String(map)] : undefined;
    if (!rows)
      throw invalid(
        `Template error: Mapping named '${String(map)}' is not present in the 'Mappings' section of template.`,
      );
    if (top === UNKNOWN || second === UNKNOWN) return UNKNOWN;
    const row = Object.hasOwn(rows, String(top)) ? rows[String(top)] : undefined;
    if (!row || !Object.hasOwn(row, String(second)))
      throw invalid(`Template error: Unable to get mapping for ${String(map)}::${String(top)}::${String(second)}`);
    return row[String(second)];
  },
  'Fn::Base64'(argument, scope) {
    const source = text(
      evaluate(argument, scope),
      'Template error: every Fn::Base64 object must have a String-typed value.',
    );
    return source === UNKNOWN ? UNKNOWN : Buffer.from(source).toString('base64');
  },
  'Fn::GetAZs'(argument, scope) {
    const region = evaluate(argument, scope) || scope.pseudo['AWS::Region'];
    if (region === UNKNOWN) return UNKNOWN;
    return ['a', 'b', 'c'].map((zone) => `${String(region)}${zone}`);
  },
  'Fn::ImportValue'(argument, scope) {
    const name = evaluate(argument, scope);
    if (name === UNKNOWN) return UNKNOWN;
    if (typeof name !== 'string')
      throw invalid(
        'Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs',
      );
    return scope.importValue(name);
  },
  'Fn::If'(argument, scope) {
    const [name, yes, no] = list('Fn::If', argument, 3, 3, 'requires a list argument with three elements');
    return evaluate(condition(name, scope) ? yes : no, scope);
  },
  'Fn::Equals'(argument, scope) {
    const [a, b] = list('Fn::Equals', argument, 2, 2, 'requires a list argument with two elements').map((part) =>
      evaluate(part, scope),
    );
    return isObject(a) || isObject(b) ? JSON.stringify(a) === JSON.stringify(b) : String(a) === String(b);
  },
  'Fn::And'(argument, scope) {
    return list(
      'Fn::And',
      argument,
      2,
      10,
      'object requires a list of at least 2 and at most 10 boolean parameters.',
    ).every((part) => truth(evaluate(part, scope), 'Fn::And object'));
  },
  'Fn::Or'(argument, scope) {
    return list(
      'Fn::Or',
      argument,
      2,
      10,
      'object requires a list of at least 2 and at most 10 boolean parameters.',
    ).some((part) => truth(evaluate(part, scope), 'Fn::Or object'));
  },
  'Fn::Not'(argument, scope) {
    const [part] = list('Fn::Not', argument, 1, 1, 'object requires exactly one boolean parameter.');
    return !truth(evaluate(part, scope), 'Fn::Not object');
  },
};

/** Every condition of the template, evaluated. */
export function evaluateConditions(scope: Omit<Scope, 'conditions'>): Record<string, boolean> {
  const decided: Record<string, boolean> = {};
  for (const name of Object.keys(scope.template.conditions))
    decided[name] = condition(name, { ...scope, conditions: {} });
  return decided;
}

/** Is there a value in here that is not known yet? */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

const DYNAMIC = /\{\{resolve:([^:{}]+):([^{}]*)\}\}/g;

/** Replaces `{{resolve:ssm:NAME:VERSION}}` in every text (guide, "Get values stored in other services using dynamic references"). */
export async function resolveDynamic(
  value: unknown,
  fetch: (service: string, key: string) => Promise<string>,
): Promise<unknown> {
  if (typeof value === 'string') {
    let result = value;
    for (const [whole, service, key] of value.matchAll(DYNAMIC))
      result = result.replaceAll(whole, await fetch(service ?? '', key ?? ''));
    return result;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolveDynamic(item, fetch)));
  if (!isObject(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await resolveDynamic(item, fetch)] as const),
  );
  return Object.fromEntries(entries);
}
