/**
 * `aws-sdk:<service>:<action>` ("Learning to use AWS service SDK integrations in Step Functions"): parameters and answers in
 * Pascal case whatever the API has, dates as ISO texts, errors named as version 2 of the SDK for Java names them.
 */
import type { Json, JsonObject } from '../../../../asl/index.ts';
import { asObject, type Dialect, failureOf, plain, type Task, TaskFailure, type TaskOutcome } from './outcome.ts';

interface SdkService {
  /** The sandbox's service. */
  service: string;
  prefix: string;
  /** Members start with a small letter on the wire. */
  camel?: boolean;
  unmodelled?: readonly string[];
}

const WITHOUT_VALIDATION = [
  'AccessDeniedException',
  'SerializationException',
  'ThrottlingException',
  'UnknownOperationException',
];

const SERVICES: Record<string, SdkService> = {
  sfn: { service: 'states', prefix: 'Sfn', camel: true, unmodelled: WITHOUT_VALIDATION },
  eventbridge: { service: 'events', prefix: 'EventBridge' },
  dynamodb: { service: 'dynamodb', prefix: 'DynamoDb' },
  lambda: { service: 'lambda', prefix: 'Lambda' },
  ssm: { service: 'ssm', prefix: 'Ssm' },
  sqs: { service: 'sqs', prefix: 'Sqs' },
  iam: { service: 'iam', prefix: 'Iam' },
  sts: { service: 'sts', prefix: 'Sts' },
  cloudformation: { service: 'cloudformation', prefix: 'CloudFormation' },
  cloudwatchlogs: { service: 'logs', prefix: 'CloudWatchLogs', camel: true },
  iot: { service: 'iot', prefix: 'Iot', camel: true },
  iotdataplane: { service: 'iotdata', prefix: 'IotDataPlane', camel: true },
};

/** Members of APIs that are texts and that people fill with JSON: AWS does not turn it into a text for them. */
const TEXTS = /^(Input|Output|Cause|Error|Definition|Detail|MessageBody|EventPattern|TaskToken|Value)$/;

export async function sdkCall(task: Task, name: string, action: string): Promise<TaskOutcome> {
  const { world } = task.driver.context;
  const found = SERVICES[name];
  if (!found) throw new TaskFailure('States.TaskFailed', world.notBuilt(name, action).message);
  const dialect: Dialect = {
    prefix: found.prefix,
    base: `${found.prefix}Exception`,
    service: found.prefix,
    version: 2,
    ...(found.unmodelled ? { unmodelled: found.unmodelled } : {}),
  };
  const parameters = asObject(task.effect.parameters);
  const ofTables = found.service === 'dynamodb';
  const input = found.camel
    ? (recased(parameters, lower) as JsonObject)
    : ofTables
      ? (withBooleans(parameters, 'Bool', 'BOOL', true) as JsonObject)
      : parameters;
  if (!ofTables) checkTexts(parameters);
  if (name === 'lambda' && parameters['Payload'] !== undefined)
    Object.assign(input, {
      Payload: Buffer.from(
        typeof parameters['Payload'] === 'string' ? parameters['Payload'] : JSON.stringify(parameters['Payload']),
      ),
    });
  try {
    const answer = await task.call(found.service, `${action.charAt(0).toUpperCase()}${action.slice(1)}`, input);
    const { $status: _, Payload: payload, ...rest } = answer;
    const text = payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : payload;
    const output = plain(text === undefined ? rest : { ...rest, Payload: text }, (date) => date.toISOString());
    if (ofTables) return { output: withBooleans(output, 'BOOL', 'Bool', false) };
    return { output: found.camel ? recased(output, upper) : output };
  } catch (error) {
    throw failureOf(error, dialect, world.uuid());
  }
}

function checkTexts(parameters: JsonObject): void {
  const bad: string[] = [];
  const look = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) look(item);
    else if (value !== null && typeof value === 'object')
      for (const [key, item] of Object.entries(value)) {
        if (TEXTS.test(key) && item !== null && typeof item === 'object')
          bad.push(`The value for the field '${key}' must be a STRING`);
        else look(item);
      }
  };
  look(parameters);
  if (bad.length > 0)
    throw new TaskFailure(
      'States.Runtime',
      `The Parameters '${JSON.stringify(parameters)}' could not be used to start the Task: [${bad.join(', ')}]`,
    );
}

const lower = (key: string): string => key.charAt(0).toLowerCase() + key.slice(1);
const upper = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

function recased(value: Json, change: (key: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => recased(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), recased(item, change)]));
}

/** A boolean attribute under another name: instead of its own, or beside it (BEHAVIOUR.md). */
function withBooleans(value: Json, from: string, to: string, instead: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => withBooleans(item, from, to, instead));
  if (value === null || typeof value !== 'object') return value;
  const known = value[from];
  if (typeof known === 'boolean') return instead ? { [to]: known } : { ...value, [to]: known };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBooleans(item, from, to, instead)]));
}
