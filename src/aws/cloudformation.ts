/** AWS CloudFormation, as plain values. */
import { randomUUID } from 'node:crypto';
import type { Stack, StackEvent as SdkStackEvent } from '@aws-sdk/client-cloudformation';
import type { Connection } from './connection.ts';

const load = (connection: Connection) =>
  connection.client('cloudformation', async (config) => {
    const { CloudFormation } = await import('@aws-sdk/client-cloudformation');
    return new CloudFormation(config);
  });

export interface StackState {
  name: string;
  id: string;
  status: string;
  reason?: string;
  parameters: Record<string, string>;
  outputs: Record<string, string>;
  tags: Record<string, string>;
  /** epoch milliseconds */
  changed: number;
}

export interface StackEvent {
  id: string;
  /** epoch milliseconds */
  at: number;
  logicalId: string;
  physicalId: string;
  type: string;
  status: string;
  reason?: string;
}

export interface StackResource {
  logicalId: string;
  physicalId: string;
  type: string;
  status: string;
  reason?: string;
}

function toState(stack: Stack): StackState {
  return {
    name: stack.StackName ?? '',
    id: stack.StackId ?? '',
    status: stack.StackStatus ?? '',
    ...(stack.StackStatusReason ? { reason: stack.StackStatusReason } : {}),
    parameters: Object.fromEntries((stack.Parameters ?? []).map((p) => [p.ParameterKey ?? '', p.ParameterValue ?? ''])),
    outputs: Object.fromEntries((stack.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue ?? ''])),
    tags: Object.fromEntries((stack.Tags ?? []).map((t) => [t.Key ?? '', t.Value ?? ''])),
    changed: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? 0,
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);

/** Every stack of this account and Region that is not deleted. */
export async function listStacks(connection: Connection): Promise<StackState[]> {
  const client = await load(connection);
  const found: StackState[] = [];
  let token: string | undefined;
  do {
    const page = await client.describeStacks({ NextToken: token });
    found.push(...(page.Stacks ?? []).map(toState));
    token = page.NextToken;
  } while (token);
  return found;
}

/** A stack by name or id; undefined when there is none (deleted ones are found by id only). */
export async function describeStack(connection: Connection, nameOrId: string): Promise<StackState | undefined> {
  const client = await load(connection);
  try {
    const [stack] = (await client.describeStacks({ StackName: nameOrId })).Stacks ?? [];
    return stack && toState(stack);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The template as it was given. */
export async function stackTemplate(connection: Connection, name: string): Promise<string> {
  const client = await load(connection);
  return (await client.getTemplate({ StackName: name, TemplateStage: 'Original' })).TemplateBody ?? '';
}

export interface StackInput {
  name: string;
  body: string;
  parameters: Record<string, string>;
  tags: Record<string, string>;
}

const toSdk = ({ name, body, parameters, tags }: StackInput) => ({
  StackName: name,
  TemplateBody: body,
  Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  Capabilities: ['CAPABILITY_IAM' as const],
});

/**
 * A request's own name: when the answer is lost on the way and the SDK asks again, CloudFormation knows the request and does
 * not refuse it as a second one (API page "CreateStack", ClientRequestToken).
 */
const once = (): { ClientRequestToken: string } => ({ ClientRequestToken: `presso-${randomUUID()}` });

/** Starts the creation; answers with the stack's id. */
export async function createStack(connection: Connection, input: StackInput): Promise<string> {
  const client = await load(connection);
  return (await client.createStack({ ...toSdk(input), ...once(), DisableRollback: false })).StackId ?? '';
}

/** Starts the update; false when there was nothing to update. */
export async function updateStack(connection: Connection, input: StackInput): Promise<boolean> {
  const client = await load(connection);
  try {
    await client.updateStack({ ...toSdk(input), ...once() });
    return true;
  } catch (error) {
    if (error instanceof Error && /No updates are to be performed/.test(error.message)) return false;
    throw error;
  }
}

export async function deleteStack(connection: Connection, name: string, retain: string[] = []): Promise<void> {
  const client = await load(connection);
  await client.deleteStack({ StackName: name, ...once(), ...(retain.length > 0 ? { RetainResources: retain } : {}) });
}

export async function continueUpdateRollback(connection: Connection, name: string): Promise<void> {
  const client = await load(connection);
  await client.continueUpdateRollback({ StackName: name, ...once() });
}

const toEvent = (event: SdkStackEvent): StackEvent => ({
  id: event.EventId ?? '',
  at: event.Timestamp?.getTime() ?? 0,
  logicalId: event.LogicalResourceId ?? '',
  physicalId: event.PhysicalResourceId ?? '',
  type: event.ResourceType ?? '',
  status: event.ResourceStatus ?? '',
  ...(event.ResourceStatusReason ? { reason: event.ResourceStatusReason } : {}),
});

/** Events newer than the one called `after`, oldest first; all of the last operation when `after` is not given. */
export async function stackEvents(connection: Connection, nameOrId: string, after?: string): Promise<StackEvent[]> {
  const client = await load(connection);
  const found: StackEvent[] = [];
  let token: string | undefined;
  do {
    const page = await client.describeStackEvents({ StackName: nameOrId, NextToken: token });
    for (const event of (page.StackEvents ?? []).map(toEvent)) {
      if (event.id === after) return found.reverse();
      found.push(event);
      const started = event.physicalId === nameOrId || event.type === 'AWS::CloudFormation::Stack';
      if (
        after === undefined &&
        started &&
        /^(CREATE|UPDATE|DELETE)_IN_PROGRESS$/.test(event.status) &&
        event.reason === 'User Initiated'
      )
        return found.reverse();
    }
    token = page.NextToken;
  } while (token);
  return found.reverse();
}

export async function stackResources(connection: Connection, name: string): Promise<StackResource[]> {
  const client = await load(connection);
  const page = await client.describeStackResources({ StackName: name });
  return (page.StackResources ?? []).map((resource) => ({
    logicalId: resource.LogicalResourceId ?? '',
    physicalId: resource.PhysicalResourceId ?? '',
    type: resource.ResourceType ?? '',
    status: resource.ResourceStatus ?? '',
    ...(resource.ResourceStatusReason ? { reason: resource.ResourceStatusReason } : {}),
  }));
}

/** The stack that holds a resource, by its physical id; undefined when none does. */
export async function stackOfResource(connection: Connection, physicalId: string): Promise<string | undefined> {
  const client = await load(connection);
  try {
    return (await client.describeStackResources({ PhysicalResourceId: physicalId })).StackResources?.[0]?.StackName;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
