/** What somebody changed or deleted behind CloudFormation's back. Only reads. */
import type { Connection } from './connection.ts';
import { type StackResource, stackResources } from './cloudformation.ts';
import { errorName } from './failure.ts';
import { lambdaClient } from './find.ts';
import { functionPolicy } from './functions.ts';
import { groupExists } from './user-pools.ts';

export interface Drifted {
  logicalId: string;
  physicalId: string;
  type: string;
  status: 'MODIFIED' | 'DELETED';
  /** Properties that differ, as JSON pointers; empty where the resource is gone. */
  where: string[];
}

const load = (connection: Connection) =>
  connection.client('cloudformation', async (config) => {
    const { CloudFormation } = await import('@aws-sdk/client-cloudformation');
    return new CloudFormation(config);
  });

/** Detection takes seconds to minutes; longer than this and it is told as a failure (milliseconds). */
const LONGEST_MS = 300_000;

/**
 * Resources of a stack at rest that are not as its template has them (AWS CloudFormation User Guide, "Detect unmanaged
 * configuration changes to stacks and resources with drift detection"), and those of types that detection leaves out which
 * are not there any more.
 */
export async function stackDrift(
  connection: Connection,
  name: string,
  { pause }: { pause: (ms: number) => Promise<void> },
): Promise<Drifted[]> {
  const client = await load(connection);
  const id = await begin(connection, name, pause);
  let wait = 50;
  for (let waited = 0; id !== undefined; waited += wait, wait = Math.min(wait * 2, 3_000)) {
    const { DetectionStatus, DetectionStatusReason } = await client.describeStackDriftDetectionStatus({
      StackDriftDetectionId: id,
    });
    // A detection that failed for some resources still tells of the others.
    if (DetectionStatus !== 'DETECTION_IN_PROGRESS') break;
    if (waited > LONGEST_MS) throw new Error(DetectionStatusReason ?? `drift detection of ${name} does not end`);
    await pause(wait);
  }
  const seen = new Set<string>();
  const found: Drifted[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.describeStackResourceDrifts({ StackName: name, NextToken });
    for (const drift of page.StackResourceDrifts ?? []) {
      seen.add(drift.LogicalResourceId ?? '');
      if (drift.StackResourceDriftStatus === 'MODIFIED' || drift.StackResourceDriftStatus === 'DELETED')
        found.push({
          logicalId: drift.LogicalResourceId ?? '',
          physicalId: drift.PhysicalResourceId ?? '',
          type: drift.ResourceType ?? '',
          status: drift.StackResourceDriftStatus,
          where: (drift.PropertyDifferences ?? []).map(({ PropertyPath }) => PropertyPath ?? ''),
        });
    }
    NextToken = page.NextToken;
  } while (NextToken);
  const all = await stackResources(connection, name);
  return [...found, ...(await goneOf(connection, all, seen))];
}

/** Starts a detection; one that somebody else has begun serves as well, once it has ended. */
async function begin(
  connection: Connection,
  name: string,
  pause: (ms: number) => Promise<void>,
): Promise<string | undefined> {
  const client = await load(connection);
  for (let tries = 0; ; tries++) {
    try {
      return (await client.detectStackDrift({ StackName: name })).StackDriftDetectionId;
    } catch (error) {
      if (tries >= 30 || !(error instanceof Error) || !/already in progress/.test(error.message)) throw error;
      await pause(Math.min(100 * 2 ** tries, 3_000));
    }
  }
}

/** Of types that drift detection does not carry everywhere: is the resource still there? */
async function goneOf(connection: Connection, all: StackResource[], seen: Set<string>): Promise<Drifted[]> {
  const rest = all.filter(({ logicalId }) => !seen.has(logicalId));
  const pool = all.find(({ type }) => type === 'AWS::Cognito::UserPool')?.physicalId ?? '';
  const statements = rest.some(({ type }) => type === 'AWS::Lambda::Permission')
    ? statementsOf(connection, all)
    : undefined;
  const looks: Record<string, (id: string) => Promise<boolean>> = {
    'AWS::Lambda::Permission': async (id) => (await statements)?.has(id) ?? true,
    'AWS::Lambda::EventSourceMapping': (id) => mappingIsThere(connection, id),
    'AWS::Cognito::IdentityPool': (id) => identityPoolIsThere(connection, id),
    'AWS::Cognito::UserPoolGroup': (id) => groupExists(connection, pool, id),
    'AWS::Cognito::UserPoolClient': (id) => clientIsThere(connection, pool, id),
  };
  const found = await Promise.all(
    rest.map(
      async ({ logicalId, physicalId, type }): Promise<Drifted | undefined> =>
        (await (looks[type]?.(physicalId) ?? true))
          ? undefined
          : { logicalId, physicalId, type, status: 'DELETED', where: [] },
    ),
  );
  return found.filter((one) => one !== undefined);
}

/** Ids of every statement in the policies of the stack's functions. */
async function statementsOf(connection: Connection, all: StackResource[]): Promise<Set<string>> {
  const functions = all.filter(({ type }) => type === 'AWS::Lambda::Function');
  const policies = await Promise.all(functions.map(({ physicalId }) => functionPolicy(connection, physicalId)));
  return new Set(policies.flat().map(({ Sid }) => Sid ?? ''));
}

const missing = (error: unknown): boolean => errorName(error) === 'ResourceNotFoundException';

async function mappingIsThere(connection: Connection, UUID: string): Promise<boolean> {
  const lambda = await lambdaClient(connection);
  try {
    const { State } = await lambda.getEventSourceMapping({ UUID });
    // One that somebody switched off delivers nothing, which is as good as gone.
    return !/^(Disabled|Disabling|Deleting)$/.test(State ?? '');
  } catch (error) {
    if (missing(error)) return false;
    throw error;
  }
}

async function identityPoolIsThere(connection: Connection, IdentityPoolId: string): Promise<boolean> {
  const client = await connection.client(
    'cognito-identity',
    async (config) => new (await import('@aws-sdk/client-cognito-identity')).CognitoIdentity(config),
  );
  try {
    await client.describeIdentityPool({ IdentityPoolId });
    return true;
  } catch (error) {
    if (missing(error)) return false;
    throw error;
  }
}

async function clientIsThere(connection: Connection, UserPoolId: string, ClientId: string): Promise<boolean> {
  const client = await connection.client(
    'cognito-idp',
    async (config) => new (await import('@aws-sdk/client-cognito-identity-provider')).CognitoIdentityProvider(config),
  );
  try {
    await client.describeUserPoolClient({ UserPoolId, ClientId });
    return true;
  } catch (error) {
    if (missing(error)) return false;
    throw error;
  }
}
