/** What the calls of a workflow need of its role: pairs of an IAM action and a resource. Pure. */
import type { Json, JsonObject, TaskEffect } from '../../asl/index.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS, TABLES } from '../../workshop.ts';
import { type Ask, sameAsk } from './judge.ts';

export interface Need extends Ask {
  /** The state that asks for it first. */
  state: string;
}

/** Where the workflow is: `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`. */
interface Place {
  partition: string;
  region: string;
  account: string;
}

export function needsOf(tasks: readonly TaskEffect[], workflowArn: string): Need[] {
  const [, partition = 'aws', , region = '', account = ''] = workflowArn.split(':');
  const needs: Need[] = [];
  for (const task of tasks) {
    // Under Credentials another role acts, perhaps another account's.
    if (task.credentials !== undefined) continue;
    for (const ask of asksOf(task, { partition, region, account })) {
      const need = { ...ask, state: task.stateName };
      if (!needs.some((one) => sameAsk(one, need) && JSON.stringify(one.context) === JSON.stringify(need.context)))
        needs.push(need);
    }
  }
  return needs;
}

/** The calls that part a of the module makes in a scene: up to the first event of part b. */
export function callsOfPartA(tasks: readonly TaskEffect[]): TaskEffect[] {
  const end = tasks.findIndex((task) =>
    entriesOf(task).some((entry) => entry['DetailType'] === EVENTS.workflowStarted),
  );
  return end < 0 ? [...tasks] : tasks.slice(0, end);
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const entriesOf = ({ parameters }: TaskEffect): JsonObject[] => {
  const entries = isObject(parameters) ? parameters['Entries'] : undefined;
  return Array.isArray(entries) ? entries.filter(isObject) : [];
};

/** IAM prefixes where they are not the name that Step Functions gives the service. */
const PREFIXES: Record<string, string> = { eventbridge: 'events', sfn: 'states' };

/**
 * Only what can be named surely. A resource that is wrong in itself (another account's, a table that is none of the
 * workshop's) is the business of the checks of behaviour: the role is not to blame for it.
 */
function asksOf(task: TaskEffect, place: Place): Ask[] {
  const parameters = isObject(task.parameters) ? task.parameters : {};
  if (/^arn:aws[\w-]*:lambda:/.test(task.resource)) return invoke(task.resource, undefined, place);
  const text = task.resource.replace(/\.(waitForTaskToken|sync(:2)?)$/, '');
  const [, named, called = ''] = /^arn:aws[\w-]*:states:[^:]*:[^:]*:(?:aws-sdk:)?([^:]+):([^:]+)$/.exec(text) ?? [];
  if (named === undefined) return [];
  const service = PREFIXES[named] ?? named;
  const action = `${service}:${called.charAt(0).toUpperCase()}${called.slice(1)}`;
  const string = (name: string): string | undefined => {
    const value = parameters[name];
    return typeof value === 'string' ? value : undefined;
  };
  const here = (resource: string | undefined): Ask[] =>
    resource !== undefined && isHere(resource, place) ? [{ action, resource }] : [];
  if (service === 'dynamodb') {
    const table = string('TableName')?.split(':table/').at(-1);
    return table !== undefined && (Object.values(TABLES) as string[]).includes(table)
      ? here(arnOf('dynamodb', `table/${table}`, place))
      : [];
  }
  if (action === 'events:PutEvents') return entriesOf(task).flatMap((entry) => putEvent(entry, place));
  if (service === 'states') return here(string('StateMachineArn') ?? string('ExecutionArn'));
  if (service === 'lambda') return invoke(string('FunctionName'), string('Qualifier'), place);
  if (action === 'sqs:SendMessage') {
    const [, account = '', name = ''] = /\/(\d{12})\/([^/]+)$/.exec(string('QueueUrl') ?? '') ?? [];
    return account === place.account ? here(arnOf('sqs', name, place)) : [];
  }
  if (action === 'sns:Publish') return here(string('TopicArn'));
  return [];
}

const arnOf = (service: string, rest: string, { partition, region, account }: Place): string =>
  `arn:${partition}:${service}:${region}:${account}:${rest}`;

function isHere(arn: string, { region, account }: Place): boolean {
  const [scheme, , , itsRegion, itsAccount] = arn.split(':');
  return scheme === 'arn' && itsRegion === region && itsAccount === account;
}

function putEvent(entry: JsonObject, place: Place): Ask[] {
  const { EventBusName: bus, Source: source, DetailType: detailType } = entry;
  const name = typeof bus === 'string' ? (bus.split(':event-bus/').at(-1) ?? '') : 'default';
  // An event of the workshop on the wrong bus is wrong whatever the role may do.
  if (name !== BUS_NAME && source === EVENT_SOURCE) return [];
  const resource =
    typeof bus === 'string' && bus.startsWith('arn:') ? bus : arnOf('events', `event-bus/${name}`, place);
  if (!isHere(resource, place)) return [];
  const context = {
    ...(typeof source === 'string' ? { 'events:source': source } : {}),
    ...(typeof detailType === 'string' ? { 'events:detail-type': detailType } : {}),
  };
  return [{ action: 'events:PutEvents', resource, context }];
}

/** A function by its name, its ARN, or `account:function:name`, each perhaps with a version or an alias. */
function invoke(text: string | undefined, qualifier: string | undefined, place: Place): Ask[] {
  const [, region = place.region, account = place.account, name, own] =
    /^(?:arn:aws[\w-]*:lambda:([^:]+):)?(?:(\d{12}):)?(?:function:)?([\w-]+)(?::([\w$-]+))?$/.exec(text ?? '') ?? [];
  if (name === undefined || region !== place.region || account !== place.account) return [];
  const version = qualifier ?? own;
  const suffix = version === undefined || version === '$LATEST' ? '' : `:${version}`;
  return [{ action: 'lambda:InvokeFunction', resource: arnOf('lambda', `function:${name}${suffix}`, place) }];
}
