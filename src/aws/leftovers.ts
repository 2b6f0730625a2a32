/** Looks for what the workshop leaves in an account, and takes single things away. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { iamClient } from './find.ts';

const logsClient = (connection: Connection) =>
  connection.client(
    'logs',
    async (config) => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(config),
  );
const iotClient = (connection: Connection) =>
  connection.client('iot', async (config) => new (await import('@aws-sdk/client-iot')).IoT(config));

export async function logGroupsUnder(connection: Connection, prefix: string): Promise<string[]> {
  const logs = await logsClient(connection);
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.describeLogGroups({ logGroupNamePrefix: prefix, nextToken });
    names.push(...(page.logGroups ?? []).map(({ logGroupName }) => logGroupName ?? ''));
    nextToken = page.nextToken;
  } while (nextToken);
  return names;
}

export async function deleteLogGroup(connection: Connection, name: string): Promise<void> {
  const logs = await logsClient(connection);
  try {
    await logs.deleteLogGroup({ logGroupName: name });
  } catch (error) {
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
}

/** IoT policies with that beginning and whom each is attached to (Cognito identities, certificates). */
export async function iotAttachments(
  connection: Connection,
  prefix: string,
): Promise<{ policy: string; target: string }[]> {
  const iot = await iotClient(connection);
  const found: { policy: string; target: string }[] = [];
  let marker: string | undefined;
  do {
    const page = await iot.listPolicies({ marker });
    for (const { policyName } of page.policies ?? []) {
      if (!policyName?.startsWith(prefix)) continue;
      let next: string | undefined;
      do {
        const targets = await iot.listTargetsForPolicy({ policyName, marker: next });
        found.push(...(targets.targets ?? []).map((target) => ({ policy: policyName, target })));
        next = targets.nextMarker;
      } while (next);
    }
    marker = page.nextMarker;
  } while (marker);
  return found;
}

export async function detachIotPolicy(connection: Connection, policyName: string, target: string): Promise<void> {
  const iot = await iotClient(connection);
  await iot.detachPolicy({ policyName, target });
}

/** Does the role carry this tag? */
export async function roleTags(connection: Connection, name: string): Promise<Record<string, string>> {
  const iam = await iamClient(connection);
  const { Tags } = await iam.listRoleTags({ RoleName: name });
  return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

export async function stateMachineTags(connection: Connection, arn: string): Promise<Record<string, string>> {
  const sfn = await connection.client('sfn', async (config) => new (await import('@aws-sdk/client-sfn')).SFN(config));
  const { tags } = await sfn.listTagsForResource({ resourceArn: arn });
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}
