import type { Json, JsonObject } from '../types.ts';
import type { Report } from './diagnostics.ts';
import { JSONATA_ONLY, JSONPATH_ONLY } from './fields.ts';
import { element, member } from './json-text.ts';
import { dynamicFault, expressionFault, pathFault, referencePathFault, textualFault } from './syntax.ts';

export type QueryLanguage = 'JSONPath' | 'JSONata';

/** Where a check stands. */
export interface Place {
  report: Report;
  location: string;
  language: QueryLanguage;
  /** Inside a Catch, where `$states.errorOutput` exists. */
  caught?: boolean;
  /** In Output or Assign of a Task, Parallel or Map, where `$states.result` exists. */
  answered?: boolean;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const type = (place: Place, name: string, wanted: string): void =>
  place.report.schema(member(place.location, name), `Expected value of type ${wanted}`);

/** RFC 3339 with an upper-case T, and Z where there is no offset (States Language, "Timestamps"). */
export function isTimestamp(text: string): boolean {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(text);
  if (!match) return false;
  const [, year = '', month = '', day = ''] = match;
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
}

export const isExpression = (value: Json | undefined): value is string =>
  typeof value === 'string' && (value.startsWith('{%') || value.endsWith('%}'));

/** One JSONata string, `{% … %}`. Strings of any other form are plain text. */
export function checkExpression(place: Place, location: string, text: string): void {
  if (!isExpression(text)) return;
  if (!text.startsWith('{%') || !text.endsWith('%}') || text.length < 4) {
    place.report.schema(location, 'JSONata string must start with {% and end with %}');
    return;
  }
  const fault = expressionFault(text.slice(2, -2), place);
  if (fault) place.report.error(fault.code, fault.message, location);
}

/** Every `{% … %}` anywhere inside a value (States Language, "JSONata expressions"). */
export function checkExpressions(place: Place, location: string, value: Json | undefined): void {
  if (typeof value === 'string') checkExpression(place, location, value);
  else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) checkExpressions(place, element(location, at), item);
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) checkExpressions(place, member(location, name), item);
  }
}

/**
 * A Payload Template (States Language, "Payload Template"): fields whose name ends with `.$` hold a path or a function.
 * The finding is placed at the template's own field, as AWS does.
 */
export function checkTemplate(place: Place, location: string, value: Json | undefined): void {
  if (place.language === 'JSONata') {
    checkExpressions(place, location, value);
    return;
  }
  const walk = (node: Json | undefined): void => {
    if (Array.isArray(node)) node.forEach(walk);
    if (!isObject(node)) return;
    for (const [name, item] of Object.entries(node)) {
      if (name.endsWith('.$')) {
        if (typeof item !== 'string' || dynamicFault(item) !== undefined)
          place.report.schema(
            location,
            `The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`,
          );
        if (Object.hasOwn(node, name.slice(0, -2)))
          place.report.schema(
            location,
            `The field '${name.slice(0, -2)}' and the field '${name}' cannot both be given`,
          );
        continue;
      }
      if (typeof item === 'string' && looksDynamic(item))
        place.report.warning(
          'NO_DOLLAR',
          `No .$ on a field that appears to be a JSONPath or Intrinsic Function`,
          member(location, name),
        );
      walk(item);
    }
  };
  walk(value);
}

export const looksDynamic = (text: string): boolean =>
  /^(\$\$?[.[]|States\.[A-Za-z0-9]+\()/.test(text) && dynamicFault(text) === undefined;

/** Refuses what is not in `allowed`, and what belongs to the other query language. */
export function checkFields(place: Place, object: JsonObject, allowed: Iterable<string>): void {
  const known = new Set(allowed);
  for (const name of Object.keys(object)) {
    if (!known.has(name)) place.report.schema(place.location, `Field '${name}' is not supported`);
    else checkLanguage(place, name);
  }
}

export function checkLanguage(place: Place, name: string): void {
  const other = place.language === 'JSONata' ? 'JSONPath' : 'JSONata';
  if ((place.language === 'JSONata' ? JSONPATH_ONLY : JSONATA_ONLY).has(name))
    place.report.schema(
      place.location,
      `The QueryLanguage is set to '${place.language}', but field '${name}' is only supported for the '${other}' QueryLanguage`,
    );
}

export function checkRequired(place: Place, object: JsonObject, names: string[]): void {
  const missing = names.filter((name) => !Object.hasOwn(object, name));
  if (missing.length) place.report.schema(place.location, `These fields are required: [${missing.join(', ')}]`);
}

/** At most one of `names`; with `need`, exactly one. */
export function checkOneOf(place: Place, object: JsonObject, names: string[], need = false): void {
  const given = names.filter((name) => Object.hasOwn(object, name));
  if (given.length > 1)
    place.report.schema(place.location, `There should only be one of the following fields: [${names.join(', ')}]`);
  if (given.length === 0 && need)
    place.report.schema(
      place.location,
      `This object should have only one of the following fields: [${names.join(', ')}]`,
    );
}

export function checkString(
  place: Place,
  object: JsonObject,
  name: string,
  options: { nonEmpty?: boolean } = {},
): void {
  const value = object[name];
  if (value === undefined) return;
  if (typeof value !== 'string') type(place, name, 'String');
  else if (options.nonEmpty && value === '') place.report.schema(member(place.location, name), 'Value cannot be empty');
}

export function checkEnum(place: Place, object: JsonObject, name: string, values: string[]): void {
  const value = object[name];
  if (value === undefined) return;
  if (typeof value !== 'string') type(place, name, 'String');
  else if (!values.includes(value))
    place.report.schema(member(place.location, name), `Value should be one of the following: [${values.join(', ')}]`);
}

export function checkObject(place: Place, object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  if (value === undefined) return;
  if (isObject(value)) return value;
  type(place, name, 'Object');
  return;
}

export function checkArray(
  place: Place,
  object: JsonObject,
  name: string,
  options: { nonEmpty?: boolean } = {},
): Json[] | undefined {
  const value = object[name];
  if (value === undefined) return;
  if (!Array.isArray(value)) {
    type(place, name, 'Array');
    return;
  }
  if (options.nonEmpty && value.length === 0)
    place.report.schema(member(place.location, name), 'Value cannot be empty');
  return value;
}

export interface Range {
  min?: number;
  max?: number;
  /** Fractions allowed. */
  fraction?: boolean;
  /** In a JSONata state an expression may stand here. */
  expression?: boolean;
}

export function checkNumber(place: Place, object: JsonObject, name: string, range: Range): void {
  const value = object[name];
  if (value === undefined) return;
  const location = member(place.location, name);
  if (range.expression && place.language === 'JSONata' && isExpression(value)) {
    checkExpression(place, location, value);
    return;
  }
  if (typeof value !== 'number' || (!range.fraction && !Number.isInteger(value))) {
    type(place, name, range.fraction ? 'Number' : 'Integer');
    return;
  }
  if (range.min !== undefined && value < range.min) place.report.schema(location, `Minimum value is ${range.min}`);
  if (range.max !== undefined && value > range.max) place.report.schema(location, `Maximum value is ${range.max}`);
}

/** A JSONPath; `intrinsic`: a function that returns a text may stand here too, `nullable`: null is a value (InputPath, OutputPath). */
export function checkPath(
  place: Place,
  object: JsonObject,
  name: string,
  options: { nullable?: boolean; intrinsic?: boolean } = {},
): void {
  const value = object[name];
  if (value === undefined || (value === null && options.nullable)) return;
  if (typeof value !== 'string') {
    type(place, name, 'String');
    return;
  }
  const fault = options.intrinsic ? textualFault(value) : pathFault(value);
  if (fault === undefined) return;
  place.report.schema(
    member(place.location, name),
    options.intrinsic
      ? `The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`
      : 'Value must be a valid JSONPath.',
  );
}

/** A path that points at one place; `target`: a place in the state's own output (ResultPath), so no `$$` and no variable. */
export function checkReferencePath(
  place: Place,
  object: JsonObject,
  name: string,
  options: { nullable?: boolean; target?: boolean } = {},
): void {
  const value = object[name];
  if (value === undefined || (value === null && options.nullable)) return;
  if (typeof value !== 'string') {
    type(place, name, 'String');
    return;
  }
  const fault =
    referencePathFault(value) ??
    (options.target && !/^\$($|[.[])/.test(value) ? "Reference path must start with '$.' or '$['" : undefined);
  if (fault) place.report.schema(member(place.location, name), `Value is not a Reference Path: ${fault}`);
}

/** Names of variables (developer guide, "Passing data between states with variables"). */
export function checkAssign(place: Place, object: JsonObject): void {
  const assign = checkObject(place, object, 'Assign');
  if (!assign) return;
  const location = member(place.location, 'Assign');
  for (const field of Object.keys(assign)) {
    const name = place.language === 'JSONPath' && field.endsWith('.$') ? field.slice(0, -2) : field;
    const wrong = (why: string): void =>
      place.report.error('INVALID_VARIABLE_NAME', `Invalid variable name '${name}': ${why}`, member(location, field));
    if (name === 'states')
      place.report.error('RESERVED_VARIABLE_NAME', "Cannot assign to reserved variable '$states'.", location);
    else if (name === '') wrong('the variable name is empty.');
    else if ([...name].length > 80) wrong('the variable name is longer than 80 characters.');
    else if (!/^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name))
      wrong('the variable name contains invalid characters.');
  }
  checkTemplate(place, location, assign);
}
