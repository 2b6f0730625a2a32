/** Amazon EventBridge, as plain values. */
import type { Target } from '@aws-sdk/client-eventbridge';
import type { Connection } from './connection.ts';
import { MARKER } from '../workshop.ts';
import { errorName, isDenied } from './failure.ts';

const load = (connection: Connection) =>
  connection.client(
    'eventbridge',
    async (config) => new (await import('@aws-sdk/client-eventbridge')).EventBridge(config),
  );

export interface RuleTarget {
  id: string;
  arn: string;
  roleArn?: string;
  input?: string;
  inputPath?: string;
  /** The members of the API that presso does not read, kept for writing back. */
  rest?: Record<string, unknown>;
}

export interface Rule {
  name: string;
  arn: string;
  bus: string;
  state: string;
  pattern?: string;
  schedule?: string;
  description?: string;
  managedBy?: string;
  targets: RuleTarget[];
}

function toTarget({ Id, Arn, RoleArn, Input, InputPath, ...rest }: Target): RuleTarget {
  return {
    id: Id ?? '',
    arn: Arn ?? '',
    ...(RoleArn ? { roleArn: RoleArn } : {}),
    ...(Input ? { input: Input } : {}),
    ...(InputPath ? { inputPath: InputPath } : {}),
    ...(Object.values(rest).some((value) => value !== undefined) ? { rest: rest as Record<string, unknown> } : {}),
  };
}

const toSdk = ({ id, arn, roleArn, input, inputPath, rest }: RuleTarget): Target => ({
  ...(rest as Partial<Target> | undefined),
  Id: id,
  Arn: arn,
  ...(roleArn ? { RoleArn: roleArn } : {}),
  ...(input ? { Input: input } : {}),
  ...(inputPath ? { InputPath: inputPath } : {}),
});

/** Every rule of a bus with its targets; none when the bus is not there. */
export async function listRules(connection: Connection, bus: string): Promise<Rule[]> {
  const rules = await rulesOn(connection, bus);
  return Promise.all(rules.map(async (rule) => ({ ...rule, targets: await listTargets(connection, bus, rule.name) })));
}

/** Every rule of a bus, its targets not asked for; none when the bus is not there. */
export async function rulesOn(connection: Connection, bus: string): Promise<Omit<Rule, 'targets'>[]> {
  const client = await load(connection);
  const rules: Omit<Rule, 'targets'>[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await client.listRules({ EventBusName: bus, NextToken });
      for (const rule of page.Rules ?? [])
        rules.push({
          name: rule.Name ?? '',
          arn: rule.Arn ?? '',
          bus,
          state: rule.State ?? '',
          ...(rule.EventPattern ? { pattern: rule.EventPattern } : {}),
          ...(rule.ScheduleExpression ? { schedule: rule.ScheduleExpression } : {}),
          ...(rule.Description ? { description: rule.Description } : {}),
          ...(rule.ManagedBy ? { managedBy: rule.ManagedBy } : {}),
        });
      NextToken = page.NextToken;
    } while (NextToken);
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return [];
    throw error;
  }
  return rules;
}

/** ARN of the bus of exactly this name; undefined when there is none. */
export async function busArn(connection: Connection, name: string): Promise<string | undefined> {
  const client = await load(connection);
  try {
    return (await client.describeEventBus({ Name: name })).Arn;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** Does the bus carry presso's marker? Not when its tags may not be read. */
export async function busIsMarked(connection: Connection, name: string): Promise<boolean> {
  const arn = await busArn(connection, name);
  if (arn === undefined) return false;
  const client = await load(connection);
  try {
    const { Tags } = await client.listTagsForResource({ ResourceARN: arn });
    return (Tags ?? []).some(({ Key, Value }) => Key === MARKER.key && Value === MARKER.value);
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

/** Names of the buses of this Region. */
export async function listBuses(connection: Connection): Promise<string[]> {
  const client = await load(connection);
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listEventBuses({ NextToken });
    names.push(...(page.EventBuses ?? []).map(({ Name }) => Name ?? ''));
    NextToken = page.NextToken;
  } while (NextToken);
  return names;
}

/** What EventBridge itself says of a pattern and an event; undefined for a pattern that it refuses. */
export async function testPattern(
  connection: Connection,
  pattern: string,
  event: unknown,
): Promise<boolean | undefined> {
  const client = await load(connection);
  try {
    return (await client.testEventPattern({ EventPattern: pattern, Event: JSON.stringify(event) })).Result;
  } catch (error) {
    if (errorName(error) === 'InvalidEventPatternException') return undefined;
    throw error;
  }
}

export async function listTargets(connection: Connection, bus: string, rule: string): Promise<RuleTarget[]> {
  const client = await load(connection);
  const targets: RuleTarget[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.listTargetsByRule({ EventBusName: bus, Rule: rule, NextToken });
    targets.push(...(page.Targets ?? []).map(toTarget));
    NextToken = page.NextToken;
  } while (NextToken);
  return targets;
}

/** Makes or changes a rule; answers with its ARN. */
export async function putRule(
  connection: Connection,
  rule: Pick<Rule, 'name' | 'bus' | 'pattern' | 'description'> & { state?: string; tags?: Record<string, string> },
): Promise<string> {
  const client = await load(connection);
  const { RuleArn } = await client.putRule({
    Name: rule.name,
    EventBusName: rule.bus,
    EventPattern: rule.pattern,
    State: rule.state === 'DISABLED' ? 'DISABLED' : 'ENABLED',
    ...(rule.description ? { Description: rule.description } : {}),
    ...(rule.tags ? { Tags: Object.entries(rule.tags).map(([Key, Value]) => ({ Key, Value })) } : {}),
  });
  return RuleArn ?? '';
}

export async function putTargets(
  connection: Connection,
  bus: string,
  rule: string,
  targets: RuleTarget[],
): Promise<void> {
  if (targets.length === 0) return;
  const client = await load(connection);
  const { FailedEntries } = await client.putTargets({ EventBusName: bus, Rule: rule, Targets: targets.map(toSdk) });
  const [failed] = FailedEntries ?? [];
  if (failed)
    throw Object.assign(new Error(failed.ErrorMessage ?? 'a target was refused'), {
      name: failed.ErrorCode ?? 'TargetRefused',
      $metadata: {},
    });
}

export async function removeTargets(connection: Connection, bus: string, rule: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const client = await load(connection);
  await client.removeTargets({ EventBusName: bus, Rule: rule, Ids: ids });
}

/** Removes a rule and its targets; fine when it is already gone. */
export async function deleteRule(connection: Connection, bus: string, rule: string): Promise<void> {
  const client = await load(connection);
  try {
    await removeTargets(
      connection,
      bus,
      rule,
      (await listTargets(connection, bus, rule)).map(({ id }) => id),
    );
    await client.deleteRule({ EventBusName: bus, Name: rule });
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
}

/** Sends one event; throws with the entry's own error when it was not taken. Answers with its id. */
export async function putEvent(
  connection: Connection,
  event: { bus: string; source: string; detailType: string; detail: string },
): Promise<string> {
  const client = await load(connection);
  const { Entries } = await client.putEvents({
    Entries: [{ EventBusName: event.bus, Source: event.source, DetailType: event.detailType, Detail: event.detail }],
  });
  const [entry] = Entries ?? [];
  if (entry?.ErrorCode)
    throw Object.assign(new Error(entry.ErrorMessage ?? ''), { name: entry.ErrorCode, $metadata: {} });
  return entry?.EventId ?? '';
}

/** PutEvents takes events for a bus that is not there and drops them without a word, so who sends asks first. */
export async function busExists(connection: Connection, bus: string): Promise<boolean> {
  const client = await load(connection);
  try {
    await client.describeEventBus({ Name: bus });
    return true;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return false;
    throw error;
  }
}
