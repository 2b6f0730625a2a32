import type { Json, JsonObject } from '../types.ts';
import { element, member } from './json-text.ts';
import {
  checkArray,
  checkAssign,
  checkEnum,
  checkExpressions,
  checkFields,
  checkNumber,
  checkReferencePath,
  checkRequired,
  checkString,
  isObject,
  type Place,
} from './values.ts';

const RETRIER = 'ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment'.split(' ');
const CATCHER = 'ErrorEquals Next ResultPath Output Assign Comment'.split(' ');

/** Retry and Catch (States Language, "Errors"; developer guide, "Handling errors in Step Functions workflows"). */
export function checkErrorHandling(place: Place, state: JsonObject): void {
  each(place, state, 'Retry', (at, retrier) => {
    checkFields(at, retrier, RETRIER);
    // 0 is taken for IntervalSeconds, though the States Language asks for a positive integer.
    checkNumber(at, retrier, 'IntervalSeconds', { min: 0, max: 99_999_999 });
    checkNumber(at, retrier, 'MaxAttempts', { min: 0, max: 99_999_999 });
    checkNumber(at, retrier, 'BackoffRate', { min: 1, fraction: true });
    checkNumber(at, retrier, 'MaxDelaySeconds', { min: 1, max: 31_622_400 });
    checkEnum(at, retrier, 'JitterStrategy', ['NONE', 'FULL']);
    const { IntervalSeconds: interval, MaxDelaySeconds: most } = retrier;
    if (typeof interval === 'number' && typeof most === 'number' && most <= interval)
      at.report.schema(member(at.location, 'MaxDelaySeconds'), 'MaxDelaySeconds must be greater than IntervalSeconds');
  });
  each(place, state, 'Catch', (here, catcher) => {
    const at = { ...here, caught: true };
    checkFields(at, catcher, CATCHER);
    checkRequired(at, catcher, ['Next']);
    checkString(at, catcher, 'Next');
    checkReferencePath(at, catcher, 'ResultPath', { nullable: true, target: true });
    checkAssign(at, catcher);
    if (at.language === 'JSONata') checkExpressions(at, member(at.location, 'Output'), catcher.Output);
  });
}

function each(place: Place, state: JsonObject, field: string, check: (at: Place, entry: JsonObject) => void): void {
  const list = checkArray(place, state, field) ?? [];
  for (const [index, entry] of list.entries()) {
    const at = { ...place, location: element(member(place.location, field), index) };
    if (!isObject(entry)) {
      at.report.schema(at.location, 'Expected value of type Object');
      continue;
    }
    checkRequired(at, entry, ['ErrorEquals']);
    checkString(at, entry, 'Comment');
    checkErrorNames(at, entry.ErrorEquals, index === list.length - 1);
    check(at, entry);
  }
}

function checkErrorNames(place: Place, names: Json | undefined, last: boolean): void {
  if (names === undefined) return;
  const location = member(place.location, 'ErrorEquals');
  if (!Array.isArray(names)) place.report.schema(location, 'Expected value of type Array');
  else if (names.length === 0) place.report.schema(location, 'Value cannot be empty');
  else {
    for (const [at, name] of names.entries())
      if (typeof name !== 'string') place.report.schema(element(location, at), 'Expected value of type String');
    if (names.includes('States.ALL') && (names.length > 1 || !last))
      place.report.schema(location, 'States.ALL must appear alone and at end of list');
  }
}
