/** Finds the workshop's resources by the fixed parts of their names, in presso's own stacks and the official ones alike. */
import type { Connection } from './connection.ts';

export interface Found {
  /** role names */
  roles: string[];
  /** function names */
  functions: string[];
  stateMachines: { name: string; arn: string; type: string }[];
}

export const lambdaClient = (connection: Connection) =>
  connection.client('lambda', async (config) => new (await import('@aws-sdk/client-lambda')).Lambda(config));
export const sfnClient = (connection: Connection) =>
  connection.client('sfn', async (config) => new (await import('@aws-sdk/client-sfn')).SFN(config));
export const iamClient = (connection: Connection) =>
  connection.client('iam', async (config) => new (await import('@aws-sdk/client-iam')).IAM(config));

export async function listFunctions(connection: Connection): Promise<string[]> {
  const lambda = await lambdaClient(connection);
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.listFunctions({ Marker });
    names.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName ?? ''));
    Marker = page.NextMarker;
  } while (Marker);
  return names;
}

export async function listStateMachines(connection: Connection): Promise<Found['stateMachines']> {
  const sfn = await sfnClient(connection);
  const found: Found['stateMachines'] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.listStateMachines({ nextToken });
    found.push(
      ...(page.stateMachines ?? []).map(({ name, stateMachineArn, type }) => ({
        name: name ?? '',
        arn: stateMachineArn ?? '',
        type: type ?? '',
      })),
    );
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}

export async function listRoles(connection: Connection): Promise<{ name: string; arn: string; path: string }[]> {
  const iam = await iamClient(connection);
  const found: { name: string; arn: string; path: string }[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listRoles({ Marker });
    found.push(
      ...(page.Roles ?? []).map(({ RoleName, Arn, Path }) => ({
        name: RoleName ?? '',
        arn: Arn ?? '',
        path: Path ?? '/',
      })),
    );
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return found;
}

export async function findByName(connection: Connection): Promise<Found> {
  const [roles, functions, stateMachines] = await Promise.all([
    listRoles(connection),
    listFunctions(connection),
    listStateMachines(connection),
  ]);
  return { roles: roles.map(({ name }) => name), functions, stateMachines };
}
