import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../types.ts';
import { createReport } from '../validation/diagnostics.ts';
import { type Diagnostic, invalidDefinitionMessage, validateDefinition } from '../validation/index.ts';
import { parseText } from '../validation/json-text.ts';
import { checkSingleState } from '../validation/machine.ts';
import { type Resource, readResource } from '../validation/resources.ts';
import { checkMock } from './mock.ts';
import { refuse, TestStateError } from './refusal.ts';

/** The request of the TestState API, in the API's own shape (API reference, "TestState"). */
export interface TestStateRequest {
  definition: string;
  roleArn?: string;
  input?: string;
  inspectionLevel?: string;
  revealSecrets?: boolean;
  variables?: string;
  stateName?: string;
  mock?: { result?: string; errorOutput?: { error?: string; cause?: string }; fieldValidationMode?: string };
  context?: string;
  stateConfiguration?: {
    retrierRetryCount?: number;
    errorCausedByState?: string;
    mapIterationFailureCount?: number;
    mapItemReaderData?: string;
  };
}

/** A Map or Parallel state around the tested one. */
export interface Around {
  state: JsonObject;
  language: Test['language'];
}

/** A request that has been read and found good. */
export interface Test {
  name: string;
  state: JsonObject;
  type: string;
  language: 'JSONPath' | 'JSONata';
  resource: Resource | undefined;
  /** The Map and Parallel states around it, innermost first. */
  around: Around[];
  /** As written, for inspectionData.input. */
  inputText: string;
  input: Json;
  level: 'INFO' | 'DEBUG' | 'TRACE';
  variables: JsonObject;
  context: JsonObject | undefined;
  mock: { result: Json } | { error: string; cause: string | undefined } | undefined;
  retries: number | undefined;
  failedIterations: number | undefined;
  readerData: string | undefined;
}

const MAX_LENGTH = 262_144;
const MAX_DEFINITION = 1_048_576;

/** Reads a request. @throws TestStateError for everything the API refuses before it plays the state */
export function readRequest(request: TestStateRequest): Test {
  checkShape(request);
  const found = findState(request);
  const { state } = found;
  const type = String(state.Type);
  const resource = type === 'Task' && typeof state.Resource === 'string' ? readResource(state.Resource) : undefined;
  const mock = readMock(request, type, state, resource);
  checkConfiguration(request, type, found);
  if (!mock && type === 'Task' && request.roleArn === undefined)
    refuse('RoleArn must be specified when testing a Task state without a mock');
  if (request.context !== undefined && !mock) refuse('Context can only be specified when a mock is specified');
  if (request.revealSecrets && mock) refuse('RevealSecrets cannot be specified when a mock is specified');
  const inputText = request.input ?? '{}';
  const { retrierRetryCount, mapIterationFailureCount, mapItemReaderData } = request.stateConfiguration ?? {};
  const context = readContext(request.context);
  return {
    ...found,
    type,
    resource,
    inputText,
    input: readInput(inputText),
    level: (request.inspectionLevel ?? 'INFO') as Test['level'],
    variables: readObject(request.variables, 'variables') ?? {},
    context,
    mock,
    retries: retrierRetryCount ?? retriesIn(context),
    failedIterations: mapIterationFailureCount,
    readerData: mapItemReaderData,
  };
}

/** Presence, lengths and fixed words (API reference, "TestState", request parameters). */
function checkShape(request: TestStateRequest): void {
  const constraint = (name: string, value: unknown, rule: string): never =>
    refuse(`1 validation error detected: Value '${String(value)}' at '${name}' failed to satisfy constraint: ${rule}`);
  if (typeof request.definition !== 'string') constraint('definition', request.definition, 'Member must not be null');
  const length = (name: string, value: string | undefined, max: number, min = 0): void => {
    if (value === undefined) return;
    if (value.length > max) constraint(name, '', `Member must have length less than or equal to ${max}`);
    if (value.length < min) constraint(name, value, `Member must have length greater than or equal to ${min}`);
  };
  length('definition', request.definition, MAX_DEFINITION, 1);
  length('input', request.input, MAX_LENGTH);
  length('variables', request.variables, MAX_LENGTH);
  length('context', request.context, MAX_LENGTH);
  length('stateName', request.stateName, 80, 1);
  length('mock.result', request.mock?.result, MAX_LENGTH);
  length('mock.errorOutput.error', request.mock?.errorOutput?.error, 256);
  length('mock.errorOutput.cause', request.mock?.errorOutput?.cause, 32_768);
  length('stateConfiguration.errorCausedByState', request.stateConfiguration?.errorCausedByState, 80, 1);
  length('stateConfiguration.mapItemReaderData', request.stateConfiguration?.mapItemReaderData, MAX_LENGTH);
  const oneOf = (name: string, value: string | undefined, values: string[]): void => {
    if (value !== undefined && !values.includes(value))
      constraint(name, value, `Member must satisfy enum value set: [${values.join(', ')}]`);
  };
  oneOf('inspectionLevel', request.inspectionLevel, ['INFO', 'DEBUG', 'TRACE']);
  oneOf('mock.fieldValidationMode', request.mock?.fieldValidationMode, ['PRESENT', 'STRICT', 'NONE']);
  for (const name of ['retrierRetryCount', 'mapIterationFailureCount'] as const) {
    const value = request.stateConfiguration?.[name];
    if (value !== undefined && (!Number.isInteger(value) || value < 0))
      constraint(`stateConfiguration.${name}`, value, 'Member must have value greater than or equal to 0');
  }
  if (request.roleArn !== undefined && !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(request.roleArn))
    throw new TestStateError('InvalidArn', `Invalid Role Arn: '${request.roleArn}'`);
}

type Found = Pick<Test, 'name' | 'state' | 'language' | 'around'>;

/** The state under test: the definition itself, or the one that stateName picks out of a whole definition. */
function findState({ definition, stateName }: TestStateRequest): Found {
  const invalid = (found: Diagnostic[]): void => {
    if (found.some(({ severity }) => severity === 'ERROR'))
      throw new TestStateError('InvalidDefinition', invalidDefinitionMessage(found));
  };
  if (stateName !== undefined) {
    invalid(validateDefinition(definition, { type: 'STANDARD' }));
    const root = JSON.parse(definition) as JsonObject;
    const found = search(root, stateName);
    if (!found) return refuse(`State '${stateName}' is not found in the definition`);
    const languageOf = (state: JsonObject) =>
      (state.QueryLanguage ?? root.QueryLanguage ?? 'JSONPath') as Test['language'];
    return {
      name: stateName,
      state: found.state,
      language: languageOf(found.state),
      around: found.around.map((state) => ({ state, language: languageOf(state) })),
    };
  }
  const parsed = parseText(definition);
  const report = createReport();
  if (!parsed.ok) report.error('INVALID_JSON_DESCRIPTION', parsed.message);
  else if (!isObject(parsed.value)) report.schema('/', 'Expected value of type Object');
  else checkSingleState(report, parsed.value);
  invalid(report.found);
  const state = (parsed as { value: Json }).value as JsonObject;
  // The name AWS gives a state that has none of its own.
  return { name: 'StateName', state, language: (state.QueryLanguage ?? 'JSONPath') as Test['language'], around: [] };
}

/** A state by its name, however deep, and the states around it, innermost first. */
function search(
  machine: Json | undefined,
  name: string,
  around: JsonObject[] = [],
): { state: JsonObject; around: JsonObject[] } | undefined {
  const states = isObject(machine) && isObject(machine.States) ? machine.States : {};
  for (const [own, state] of Object.entries(states)) {
    if (!isObject(state)) continue;
    if (own === name) return { state, around };
    const inside = [
      ...(Array.isArray(state.Branches) ? state.Branches : []),
      state.ItemProcessor ?? state.Iterator,
    ].map((inner) => search(inner, name, [state, ...around]));
    const found = inside.find((one) => one !== undefined);
    if (found) return found;
  }
  return;
}

const CONTAINERS = ['Map', 'Parallel'];

/** Developer guide, "Mocking service integrations". */
function readMock(
  request: TestStateRequest,
  type: string,
  state: JsonObject,
  resource: Resource | undefined,
): Test['mock'] {
  const { mock } = request;
  if (!mock) {
    const waits = resource && 'pattern' in resource && resource.pattern !== '';
    if (CONTAINERS.includes(type)) refuse(`State type '${type}' is not supported when a mock is not specified`);
    if (waits || resource?.kind === 'activity')
      refuse(`Resource '${String(state.Resource)}' is not supported when a mock is not specified`);
    return;
  }
  if (type !== 'Task' && !CONTAINERS.includes(type))
    refuse(`State type '${type}' is not supported when a mock is specified`);
  const { result, errorOutput } = mock;
  if (result !== undefined && errorOutput !== undefined)
    refuse('A test mock should have only one of the following fields: [result, errorOutput]');
  if (errorOutput !== undefined) {
    if (errorOutput.error === undefined || errorOutput.error === '')
      return refuse('The field error is required if mock.errorOutput is specified');
    return { error: errorOutput.error, cause: errorOutput.cause };
  }
  if (result === undefined) return refuse('A test mock should have one of the following fields: [result, errorOutput]');
  let value: Json;
  try {
    value = JSON.parse(result) as Json;
  } catch {
    return refuse('Mocked result must be valid JSON');
  }
  checkMock(value, mock.fieldValidationMode ?? 'STRICT', state, resource);
  return { result: value };
}

function checkConfiguration(request: TestStateRequest, type: string, { state, around }: Found): void {
  const { errorCausedByState, mapIterationFailureCount, mapItemReaderData } = request.stateConfiguration ?? {};
  if (errorCausedByState !== undefined) {
    if (!CONTAINERS.includes(type)) refuse("ErrorCausedByState can only be specified for a 'Map' or 'Parallel' state");
    const inside = { States: { [type]: state } } as JsonObject;
    if (!search(inside, errorCausedByState) || errorCausedByState === type)
      refuse(`State '${errorCausedByState}' specified in errorCausedByState is not found in the ${type} state`);
  }
  // Of the Map itself, or of the one around the tested state ("Testing Distributed Map states", note).
  if (mapIterationFailureCount !== undefined && ![state, ...around.map((one) => one.state)].some(isDistributed))
    refuse("MapIterationFailureCount can only be specified for a distributed 'Map' state");
  if (mapItemReaderData !== undefined && !isObject(state.ItemReader))
    refuse("MapItemReaderData can only be specified for a 'Map' state with an ItemReader");
}

/** Whether a state is a Map that runs its iterations as child executions. */
export function isDistributed(state: JsonObject): boolean {
  const processor = state.ItemProcessor ?? state.Iterator;
  return isObject(processor) && isObject(processor.ProcessorConfig) && processor.ProcessorConfig.Mode === 'DISTRIBUTED';
}

function readInput(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const parsed = parseText(text);
    throw new TestStateError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${parsed.ok ? (error as Error).message : parsed.message}'`,
    );
  }
}

function readObject(text: string | undefined, name: string): JsonObject | undefined {
  if (text === undefined) return;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return refuse(`The ${name} must be a valid JSON object`);
  }
  return isObject(value) ? value : refuse(`The ${name} must be a valid JSON object`);
}

/** What each member of a context object holds (developer guide, "Accessing execution data from the Context object"). */
const CONTEXT: Record<string, Record<string, 'string' | 'number' | 'any'>> = {
  Execution: {
    Id: 'string',
    Input: 'any',
    Name: 'string',
    RoleArn: 'string',
    StartTime: 'string',
    RedriveCount: 'number',
    RedriveTime: 'string',
  },
  State: { EnteredTime: 'string', Name: 'string', RetryCount: 'number' },
  StateMachine: { Id: 'string', Name: 'string' },
  Task: { Token: 'string' },
};

/** "You can also test what happens when all retry attempts are exhausted by increasing RetryCount values in your context object." */
function retriesIn(context: JsonObject | undefined): number | undefined {
  const state = context?.State;
  return isObject(state) && typeof state.RetryCount === 'number' ? state.RetryCount : undefined;
}

function readContext(text: string | undefined): JsonObject | undefined {
  const context = readObject(text, 'context');
  for (const [part, members] of Object.entries(CONTEXT)) {
    const given = context?.[part];
    if (given === undefined) continue;
    if (!isObject(given)) return refuse(`The context is not a valid Context object: ${part} must be an object`);
    for (const [name, type] of Object.entries(members))
      if (given[name] !== undefined && type !== 'any' && typeof given[name] !== type)
        refuse(`The context is not a valid Context object: ${part}.${name} must be a ${type}`);
  }
  return context;
}
