/** Looks for what the workshop leaves in an account, and takes single things away. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { lambdaClient } from './find.ts';

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
  await quietly(() => logs.deleteLogGroup({ logGroupName: name }));
}

/** Names of a group's streams; none when the group is not there. */
export async function logStreams(connection: Connection, group: string): Promise<string[]> {
  const logs = await logsClient(connection);
  const names: string[] = [];
  await quietly(async () => {
    let nextToken: string | undefined;
    do {
      const page = await logs.describeLogStreams({ logGroupName: group, nextToken });
      names.push(...(page.logStreams ?? []).map(({ logStreamName }) => logStreamName ?? ''));
      nextToken = page.nextToken;
    } while (nextToken);
  });
  return names;
}

export async function deleteLogStream(connection: Connection, group: string, stream: string): Promise<void> {
  const logs = await logsClient(connection);
  await quietly(() => logs.deleteLogStream({ logGroupName: group, logStreamName: stream }));
}

export async function deleteLogPolicy(connection: Connection, policyName: string): Promise<void> {
  const logs = await logsClient(connection);
  await quietly(() => logs.deleteResourcePolicy({ policyName }));
}

/** What is not there need not be deleted. */
export async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (
      !/^(ResourceNotFoundException|ResourceNotFound|NotFoundException|NoSuchEntity(Exception)?|ParameterNotFound|QueueDoesNotExist|DashboardNotFoundError)$/.test(
        errorName(error),
      )
    )
      throw error;
  }
}

export async function iotPolicyNames(connection: Connection, prefix: string): Promise<string[]> {
  const iot = await iotClient(connection);
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const page = await iot.listPolicies({ marker });
    names.push(
      ...(page.policies ?? []).map(({ policyName }) => policyName ?? '').filter((name) => name.startsWith(prefix)),
    );
    marker = page.nextMarker;
  } while (marker);
  return names;
}

/** Whom these IoT policies are attached to (Cognito identities, certificates). */
export async function iotAttachments(
  connection: Connection,
  policies: string[],
): Promise<{ policy: string; target: string }[]> {
  const iot = await iotClient(connection);
  const found = await Promise.all(
    policies.map(async (policyName) => {
      const targets: { policy: string; target: string }[] = [];
      let marker: string | undefined;
      do {
        const page = await iot.listTargetsForPolicy({ policyName, marker });
        targets.push(...(page.targets ?? []).map((target) => ({ policy: policyName, target })));
        marker = page.nextMarker;
      } while (marker);
      return targets;
    }),
  );
  return found.flat();
}

export async function detachIotPolicy(connection: Connection, policyName: string, target: string): Promise<void> {
  const iot = await iotClient(connection);
  await iot.detachPolicy({ policyName, target });
}

/** Deletes an IoT policy with its older versions; fine when it is already gone. */
export async function deleteIotPolicy(connection: Connection, policyName: string): Promise<void> {
  const iot = await iotClient(connection);
  await quietly(async () => {
    const { policyVersions } = await iot.listPolicyVersions({ policyName });
    for (const { versionId, isDefaultVersion } of policyVersions ?? [])
      if (!isDefaultVersion) await iot.deletePolicyVersion({ policyName, policyVersionId: versionId });
    await iot.deletePolicy({ policyName });
  });
}

export async function stateMachineTags(connection: Connection, arn: string): Promise<Record<string, string>> {
  const sfn = await connection.client('sfn', async (config) => new (await import('@aws-sdk/client-sfn')).SFN(config));
  const { tags } = await sfn.listTagsForResource({ resourceArn: arn });
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
}

export async function functionTags(connection: Connection, name: string): Promise<Record<string, string>> {
  const lambda = await lambdaClient(connection);
  const { Configuration, Tags } = await lambda.getFunction({ FunctionName: name });
  return Configuration ? (Tags ?? {}) : {};
}
