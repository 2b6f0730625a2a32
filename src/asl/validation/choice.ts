import type { Json, JsonObject } from '../types.ts';
import { COMPARISONS } from './fields.ts';
import { element, member } from './json-text.ts';
import { pathFault } from './syntax.ts';
import {
  checkArray,
  checkAssign,
  checkExpression,
  checkExpressions,
  checkFields,
  checkLanguage,
  checkRequired,
  checkString,
  isExpression,
  isObject,
  isTimestamp,
  type Place,
} from './values.ts';

const SELECTORS = ['And', 'Or', 'Not', 'Variable', 'Condition'];

/** A Choice State's rules (States Language, "Choice State"). */
export function checkChoice(place: Place, state: JsonObject): void {
  checkRequired(place, state, ['Choices']);
  checkString(place, state, 'Default');
  const choices = checkArray(place, state, 'Choices', { nonEmpty: true });
  for (const [at, rule] of (choices ?? []).entries())
    checkRule({ ...place, location: element(member(place.location, 'Choices'), at) }, rule, true);
}

function checkRule(place: Place, rule: Json | undefined, top: boolean): void {
  const { report, location } = place;
  if (!isObject(rule)) {
    report.schema(location, 'Expected value of type Object');
    return;
  }
  const given = SELECTORS.filter((name) => Object.hasOwn(rule, name));
  const outer = top ? ['Next', 'Comment', 'Assign', 'Output'] : ['Comment'];
  const compares = given.includes('Variable') ? Object.keys(COMPARISONS) : [];
  checkFields(place, rule, [...SELECTORS, ...outer, ...compares]);
  if (top) {
    checkRequired(place, rule, ['Next']);
    checkString(place, rule, 'Next');
    checkAssign(place, rule);
    if (place.language === 'JSONata') checkExpressions(place, member(location, 'Output'), rule.Output);
  }
  checkString(place, rule, 'Comment');
  if (place.language === 'JSONata') {
    checkRequired(place, rule, ['Condition']);
    for (const name of ['And', 'Or', 'Not'])
      if (Object.hasOwn(rule, name))
        report.schema(
          location,
          `The QueryLanguage is set to 'JSONata', but field '${name}' is only supported for the 'JSONPath' QueryLanguage`,
        );
    checkCondition(place, rule.Condition);
    return;
  }
  if (given.length !== 1) {
    if (!given.includes('Condition'))
      report.schema(location, `The object must have only one of the following fields, [${SELECTORS.join(', ')}]`);
    return;
  }
  for (const name of ['And', 'Or'])
    for (const [at, inner] of (checkArray(place, rule, name, { nonEmpty: true }) ?? []).entries())
      checkRule({ ...place, location: element(member(location, name), at) }, inner, false);
  if (Object.hasOwn(rule, 'Not')) checkRule({ ...place, location: member(location, 'Not') }, rule.Not, false);
  if (Object.hasOwn(rule, 'Variable')) checkComparison(place, rule);
}

function checkCondition(place: Place, condition: Json | undefined): void {
  if (condition === undefined || typeof condition === 'boolean') return;
  const location = member(place.location, 'Condition');
  if (typeof condition !== 'string') place.report.schema(location, 'Expected value of type String');
  else if (!isExpression(condition)) place.report.schema(location, 'JSONata string must start with {% and end with %}');
  else checkExpression(place, location, condition);
}

/** AWS calls it a Reference Path, and takes every path: filters are how people look into arrays here. */
function checkSubject(place: Place, rule: JsonObject, name: string): void {
  const path = rule[name];
  const location = member(place.location, name);
  if (typeof path !== 'string') place.report.schema(location, 'Expected value of type String');
  else if (!path.startsWith('$'))
    place.report.schema(location, "Value is not a Reference Path: Reference path didn't start with '$'");
  else if (pathFault(path)) place.report.schema(location, 'Value must be a valid JSONPath.');
}

function checkComparison(place: Place, rule: JsonObject): void {
  checkSubject(place, rule, 'Variable');
  const operators = Object.keys(COMPARISONS);
  const given = operators.filter((name) => Object.hasOwn(rule, name));
  if (given.length !== 1) {
    place.report.schema(
      place.location,
      `${given.length ? 'There should only be one of the following fields' : 'This object should have only one of the following fields'}: [${operators.join(', ')}]`,
    );
    return;
  }
  const [name = ''] = given;
  const value = rule[name];
  const location = member(place.location, name);
  const wanted = COMPARISONS[name];
  checkLanguage(place, name);
  if (wanted === 'Path') checkSubject(place, rule, name);
  else if (typeof value !== (wanted === 'Timestamp' ? 'string' : wanted?.toLowerCase()))
    place.report.schema(location, `Expected value of type ${wanted === 'Timestamp' ? 'String' : wanted}`);
  else if (wanted === 'Timestamp' && !isTimestamp(String(value)))
    place.report.schema(location, 'String does not match RFC3339 timestamp');
}
