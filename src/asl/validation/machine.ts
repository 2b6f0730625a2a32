import type { Json, JsonObject } from '../types.ts';
import { checkChoice } from './choice.ts';
import type { Report } from './diagnostics.ts';
import { checkErrorHandling } from './error-handling.ts';
import { COMMON, FIELDS } from './fields.ts';
import { element, member } from './json-text.ts';
import { checkMap } from './map.ts';
import { checkTask } from './task.ts';
import { checkTransitions } from './transitions.ts';
import {
  checkArray,
  checkAssign,
  checkEnum,
  checkExpression,
  checkExpressions,
  checkFields,
  checkNumber,
  checkOneOf,
  checkPath,
  checkReferencePath,
  checkRequired,
  checkString,
  checkTemplate,
  isExpression,
  isObject,
  isTimestamp,
  looksDynamic,
  type Place,
  type QueryLanguage,
} from './values.ts';

type WorkflowType = 'STANDARD' | 'EXPRESS';

/** What one definition shares over all its nested machines. */
interface Definition {
  report: Report;
  language: QueryLanguage;
  /** Names of states seen so far: unique over the whole definition, nested machines included. */
  names: Set<string>;
  labels: Set<string>;
  /** Every machine, inner before outer: their transitions are looked at when the schema holds. */
  machines: { machine: JsonObject; states: JsonObject; location: string }[];
  /** Variables that the machines around the present one assign: no inner one may. */
  taken: ReadonlySet<string>;
  /** A state on its own: it need not say where it leads. */
  single?: boolean;
}

const MAX_NESTING = 20;

/** The top of a definition (States Language, "Top-level fields"). */
export function checkDefinition(report: Report, value: Json, type: WorkflowType): void {
  if (!isObject(value)) {
    report.schema('/', 'Expected value of type Object');
    return;
  }
  const definition: Definition = {
    report,
    language: languageOf(value),
    names: new Set(),
    labels: new Set(),
    machines: [],
    taken: new Set(),
  };
  const place: Place = { report, location: '/', language: definition.language };
  checkFields(place, value, ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version']);
  checkEnum(place, value, 'QueryLanguage', ['JSONPath', 'JSONata']);
  checkEnum(place, value, 'Version', ['1.0']);
  // 0 is taken here, though the States Language asks for a positive integer.
  checkNumber(place, value, 'TimeoutSeconds', { min: 0, max: 99_999_999 });
  checkMachine(definition, value, '/', type, 0);
  checkGraph(definition);
}

/** AWS walks the transitions only of a definition whose fields are right. */
function checkGraph({ report, machines }: Definition): void {
  if (report.found.some(({ severity }) => severity === 'ERROR')) return;
  for (const { machine, states, location } of machines.toReversed())
    checkTransitions(report, machine, states, location);
}

/** One state on its own, as TestState takes it: no neighbours, so its transitions lead anywhere. */
export function checkSingleState(report: Report, state: JsonObject, language: QueryLanguage = 'JSONPath'): void {
  const definition: Definition = {
    report,
    language,
    names: new Set(),
    labels: new Set(),
    machines: [],
    taken: assignedBy(state, language),
    single: true,
  };
  checkState(definition, state, '/', 'STANDARD', 0);
  checkGraph(definition);
}

/** Anything but the exact text JSONPath is read as JSONata; the value itself is reported on its own. */
const languageOf = (value: JsonObject, inherited: QueryLanguage = 'JSONPath'): QueryLanguage =>
  Object.hasOwn(value, 'QueryLanguage') ? (value.QueryLanguage === 'JSONPath' ? 'JSONPath' : 'JSONata') : inherited;

/** StartAt and States, of the definition or of a nested machine. */
function checkMachine(
  definition: Definition,
  machine: JsonObject,
  location: string,
  type: WorkflowType,
  depth: number,
): void {
  const { report } = definition;
  const place: Place = { report, location, language: definition.language };
  if (depth > MAX_NESTING) {
    report.error('TOO_DEEPLY_NESTED', 'The states are too deeply nested', location);
    return;
  }
  checkRequired(place, machine, ['StartAt', 'States']);
  checkString(place, machine, 'StartAt');
  checkString(place, machine, 'Comment');
  const { States: states } = machine;
  if (states === undefined) return;
  const at = member(location, 'States');
  if (!isObject(states)) {
    report.schema(at, 'Expected value of type Object');
    return;
  }
  if (Object.keys(states).length === 0) report.schema(at, 'Value cannot be empty');
  const { taken } = definition;
  const own = Object.values(states).flatMap((state) =>
    isObject(state) ? [...assignedBy(state, languageOf(state, definition.language))] : [],
  );
  for (const name of new Set(own))
    if (taken.has(name))
      report.error(
        'INVALID_VARIABLE_NAME',
        `Invalid variable name '${name}': a variable of this name is assigned in an outer scope.`,
        at,
      );
  definition.taken = new Set([...taken, ...own]);
  for (const [name, state] of Object.entries(states)) {
    const here = member(at, name);
    if (definition.names.has(name)) report.error('DUPLICATE_STATE_NAME', `Duplicate State name: ${name}`, here);
    definition.names.add(name);
    if (name === '' || [...name].length > 80 || /\p{Cc}/u.test(name))
      report.error(
        'INVALID_STATE_NAME',
        `Invalid State name: '${name}'. A name has 1 to 80 characters, none of them control characters`,
        here,
      );
    if (isObject(state)) checkState(definition, state, here, type, depth);
    else report.schema(here, 'Expected value of type Object');
  }
  definition.taken = taken;
  definition.machines.push({ machine, states, location });
}

/** The variables that a state assigns, by itself, by its Choice Rules or by its catchers. */
function assignedBy(state: JsonObject, language: QueryLanguage): Set<string> {
  const holders = [state.Choices, state.Catch].flatMap((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  const fields = [state, ...holders].flatMap(({ Assign: assign }) => (isObject(assign) ? Object.keys(assign) : []));
  return new Set(fields.map((field) => (language === 'JSONPath' ? field.replace(/\.\$$/, '') : field)));
}

function checkState(
  definition: Definition,
  state: JsonObject,
  location: string,
  type: WorkflowType,
  depth: number,
): void {
  const { report } = definition;
  const language = languageOf(state, definition.language);
  const place: Place = { report, location, language };
  checkRequired(place, state, ['Type']);
  checkEnum(place, state, 'Type', Object.keys(FIELDS));
  checkEnum(place, state, 'QueryLanguage', ['JSONPath', 'JSONata']);
  checkString(place, state, 'Comment');
  if (definition.language === 'JSONata' && state.QueryLanguage === 'JSONPath')
    report.schema(location, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
  const { Type: kind } = state;
  const allowed = typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined;
  if (!allowed) return;
  checkFields(place, state, [...COMMON, ...allowed]);

  if (allowed.includes('Next')) checkNext(place, state, !(definition.single && depth === 0));
  checkData(place, state);
  if (allowed.includes('Retry')) checkErrorHandling(place, state);
  switch (kind) {
    case 'Pass':
      checkPass(place, state);
      return;
    case 'Task':
      checkTask(place, state, type);
      return;
    case 'Choice':
      checkChoice(place, state);
      return;
    case 'Wait':
      checkWait(place, state);
      return;
    case 'Fail':
      checkFail(place, state);
      return;
    case 'Parallel':
      checkParallel(definition, place, state, type, depth);
      return;
    case 'Map': {
      const processing = checkMap(place, state, type, definition.labels);
      for (const field of ['ItemProcessor', 'Iterator']) {
        const inner = state[field];
        // The child executions of a distributed Map see no variables from outside.
        const scope = processing.distributed ? { ...definition, taken: new Set<string>() } : definition;
        if (isObject(inner))
          checkNested(scope, inner, member(location, field), processing.type, depth, ['ProcessorConfig']);
      }
      return;
    }
    default:
      return;
  }
}

/** A state ends or goes on, and never both (States Language, "Transitions"). */
function checkNext(place: Place, state: JsonObject, need: boolean): void {
  checkString(place, state, 'Next');
  const { End: end } = state;
  if (end !== undefined && typeof end !== 'boolean')
    place.report.schema(member(place.location, 'End'), 'Expected value of type Boolean');
  const given = { ...(Object.hasOwn(state, 'Next') ? { Next: true } : {}), ...(end === true ? { End: true } : {}) };
  checkOneOf(place, given, ['Next', 'End'], need);
}

/** The fields that carry data through a state (developer guide, "Processing input and output", "Transforming data"). */
function checkData(place: Place, state: JsonObject): void {
  const { language, location } = place;
  const after: Place = { ...place, answered: ['Task', 'Parallel', 'Map'].includes(String(state.Type)) };
  checkAssign(after, state);
  if (language === 'JSONata') {
    checkExpressions(place, member(location, 'Arguments'), state.Arguments);
    checkExpressions(after, member(location, 'Output'), state.Output);
    return;
  }
  checkPath(place, state, 'InputPath', { nullable: true });
  checkPath(place, state, 'OutputPath', { nullable: true });
  checkReferencePath(place, state, 'ResultPath', { nullable: true, target: true });
  for (const name of ['Parameters', 'ResultSelector']) checkTemplate(place, member(location, name), state[name]);
  if (state.ResultSelector !== undefined && !isObject(state.ResultSelector))
    place.report.schema(member(location, 'ResultSelector'), 'Expected value of type Object');
}

function checkPass(place: Place, state: JsonObject): void {
  const { Result: result } = state;
  if (result === undefined || place.language === 'JSONata') return;
  const dynamic = (value: Json): boolean =>
    typeof value === 'string'
      ? looksDynamic(value)
      : typeof value === 'object' && value !== null && Object.values(value).some(dynamic);
  if (dynamic(result))
    place.report.warning(
      'PASS_RESULT_IS_STATIC',
      'Attempt to use a path in the result of a pass state.',
      member(place.location, 'Result'),
    );
}

function checkWait(place: Place, state: JsonObject): void {
  const ways = ['SecondsPath', 'Seconds', 'TimestampPath', 'Timestamp'];
  checkOneOf(place, state, ways, true);
  checkNumber(place, state, 'Seconds', { min: 0, max: 99_999_999, expression: true });
  checkReferencePath(place, state, 'SecondsPath');
  checkReferencePath(place, state, 'TimestampPath');
  const { Timestamp: timestamp } = state;
  if (timestamp === undefined) return;
  const location = member(place.location, 'Timestamp');
  if (typeof timestamp !== 'string') place.report.schema(location, 'Expected value of type String');
  else if (place.language === 'JSONata' && isExpression(timestamp)) checkExpression(place, location, timestamp);
  else if (!isTimestamp(timestamp)) place.report.schema(location, 'String does not match RFC3339 timestamp');
}

function checkFail(place: Place, state: JsonObject): void {
  for (const name of ['Error', 'Cause']) {
    checkOneOf(place, state, [name, `${name}Path`]);
    checkString(place, state, name);
    checkPath(place, state, `${name}Path`, { intrinsic: true });
    const value = state[name];
    if (typeof value !== 'string') continue;
    if (place.language === 'JSONata') checkExpression(place, member(place.location, name), value);
    else if (looksDynamic(value))
      place.report.warning(
        'NO_PATH',
        "Field value looks like a path, but field name does not end with 'Path'.",
        member(place.location, name),
      );
  }
}

function checkParallel(
  definition: Definition,
  place: Place,
  state: JsonObject,
  type: WorkflowType,
  depth: number,
): void {
  checkRequired(place, state, ['Branches']);
  const branches = checkArray(place, state, 'Branches', { nonEmpty: true });
  for (const [at, branch] of (branches ?? []).entries()) {
    const location = element(member(place.location, 'Branches'), at);
    if (isObject(branch)) checkNested(definition, branch, location, type, depth, []);
    else place.report.schema(location, 'Expected value of type Object');
  }
}

function checkNested(
  definition: Definition,
  machine: JsonObject,
  location: string,
  type: WorkflowType,
  depth: number,
  more: string[],
): void {
  // Nested states inherit the definition's query language, not that of the state around them.
  const place: Place = { report: definition.report, location, language: definition.language };
  checkFields(place, machine, ['Comment', 'StartAt', 'States', ...more]);
  checkMachine(definition, machine, location, type, depth + 1);
}
