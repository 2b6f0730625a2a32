import type { JsonObject } from '../types.ts';
import { member } from './json-text.ts';
import { type Pattern, type Resource, readResource, requestOf } from './resources.ts';
import {
  checkObject,
  checkOneOf,
  checkNumber,
  checkReferencePath,
  checkRequired,
  checkTemplate,
  isExpression,
  isObject,
  type Place,
} from './values.ts';

/** A Task State (States Language, "Task State"; developer guide, "Task workflow state"). */
export function checkTask(place: Place, state: JsonObject, type: 'STANDARD' | 'EXPRESS'): void {
  checkRequired(place, state, ['Resource']);
  for (const name of ['TimeoutSeconds', 'HeartbeatSeconds']) {
    checkOneOf(place, state, [name, `${name}Path`]);
    checkNumber(place, state, name, { min: 1, max: 99_999_999, expression: true });
    checkReferencePath(place, state, `${name}Path`);
  }
  const { TimeoutSeconds: timeout, HeartbeatSeconds: heartbeat } = state;
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout)
    place.report.schema(
      member(place.location, 'HeartbeatSeconds'),
      'HeartbeatSeconds must be smaller than TimeoutSeconds',
    );
  const resource = checkResource(place, state, type);
  checkCredentials(place, state, resource);
  if (resource?.kind === 'integration' || resource?.kind === 'sdk') checkRequest(place, state, resource);
}

function checkResource(place: Place, state: JsonObject, type: 'STANDARD' | 'EXPRESS'): Resource | undefined {
  const { Resource: text } = state;
  const location = member(place.location, 'Resource');
  if (text === undefined) return;
  if (typeof text !== 'string') {
    place.report.schema(location, 'Expected value of type String');
    return;
  }
  const resource = readResource(text);
  if (resource.kind === 'bad') place.report.schema(location, resource.message);
  else if (resource.kind === 'foreign')
    place.report.warning('INVALID_RESOURCE', `The resource ${text} is none that AWS Step Functions can call`, location);
  else if (type === 'EXPRESS' && resource.kind === 'activity')
    place.report.schema(location, 'Express state machine does not support Activity ARN');
  else if (type === 'EXPRESS' && 'pattern' in resource && resource.pattern)
    place.report.schema(
      location,
      `Express state machine does not support '${express(resource.pattern)}' service integration`,
    );
  return resource;
}

const express = (pattern: Pattern): string => (pattern === 'waitForTaskToken' ? '.waitForTaskToken' : '.sync');

/** Developer guide, "Accessing resources in other AWS accounts in Step Functions". */
function checkCredentials(place: Place, state: JsonObject, resource: Resource | undefined): void {
  const location = member(place.location, 'Credentials');
  const { Credentials: given } = state;
  if (given === undefined) return;
  if (place.language === 'JSONata' && isExpression(given)) {
    checkTemplate(place, location, given);
    return;
  }
  const credentials = checkObject(place, state, 'Credentials');
  if (!credentials) return;
  checkTemplate(place, location, credentials);
  if (resource?.kind === 'activity')
    place.report.schema(location, "The field 'Credentials' is not supported for activities");
  // What another interpreter's credentials hold is its own business (States Language, "Task State").
  else if (resource?.kind !== 'foreign') {
    const names = place.language === 'JSONPath' ? ['RoleArn', 'RoleArn.$'] : ['RoleArn'];
    if (!names.some((name) => Object.hasOwn(credentials, name)))
      place.report.schema(location, "The field 'RoleArn' is required but was missing");
  }
}

/** The request of an integration is known when the definition is made: AWS checks its field names. */
function checkRequest(place: Place, state: JsonObject, integration: Resource & { kind: 'integration' | 'sdk' }): void {
  const field = place.language === 'JSONata' ? 'Arguments' : 'Parameters';
  const { [field]: parameters } = state;
  if (parameters === undefined || (place.language === 'JSONata' && typeof parameters === 'string')) return;
  const location = member(place.location, field);
  if (!isObject(parameters)) {
    place.report.schema(location, 'Expected value of type Object');
    return;
  }
  const names = Object.keys(parameters).map((name) =>
    place.language === 'JSONPath' && name.endsWith('.$') ? name.slice(0, -2) : name,
  );
  const request = requestOf(integration);
  for (const name of request?.required ?? [])
    if (!names.includes(name)) place.report.schema(location, `The field '${name}' is required but was missing`);
  for (const name of names) {
    const known = !request || name === 'Comment' || request.required.includes(name) || request.optional.includes(name);
    // Parameters are written in PascalCase whatever the service's own API does.
    if (!known || (integration.kind === 'sdk' && /^[a-z]/.test(name)))
      place.report.schema(location, `The field '${name}' is not supported by Step Functions`);
  }
}
