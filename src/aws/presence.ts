/**
 * What of the workshop's fixed names exists in this account and Region, and how full the quotas are that a set-up needs:
 * one read each, so that a set-up can say beforehand what would fail halfway.
 */
import { lookup } from 'node:dns/promises';
import { BUS_NAME, LOG_GROUP, PARAMETER_PREFIX, TABLES } from '../workshop.ts';
import type { Connection } from './connection.ts';
import { errorName, isDenied } from './failure.ts';

export interface NamedThing {
  /** `event bus Serverlesspresso` */
  what: string;
  /** As CloudFormation knows it. */
  physicalId: string;
}

async function exists(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (/NotFound|NoSuch/i.test(errorName(error))) return false;
    throw error;
  }
}

/** The workshop's fixed names that are taken here, whoever took them. */
export async function takenNames(connection: Connection): Promise<NamedThing[]> {
  const [events, dynamodb, logs, ssm] = await Promise.all([
    connection.client(
      'eventbridge',
      async (config) => new (await import('@aws-sdk/client-eventbridge')).EventBridge(config),
    ),
    connection.client('dynamodb', async (config) => new (await import('@aws-sdk/client-dynamodb')).DynamoDB(config)),
    connection.client(
      'logs',
      async (config) => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(config),
    ),
    connection.client('ssm', async (config) => new (await import('@aws-sdk/client-ssm')).SSM(config)),
  ]);
  const looks: Promise<NamedThing[]>[] = [
    exists(() => events.describeEventBus({ Name: BUS_NAME })).then((yes) =>
      yes ? [{ what: `event bus ${BUS_NAME}`, physicalId: BUS_NAME }] : [],
    ),
    ...Object.values(TABLES).map(async (name) =>
      (await exists(() => dynamodb.describeTable({ TableName: name })))
        ? [{ what: `table ${name}`, physicalId: name }]
        : [],
    ),
    logs
      .describeLogGroups({ logGroupNamePrefix: LOG_GROUP })
      .then(({ logGroups }) =>
        logGroups?.some((group) => group.logGroupName === LOG_GROUP)
          ? [{ what: `log group ${LOG_GROUP}`, physicalId: LOG_GROUP }]
          : [],
      ),
    ssm
      .getParametersByPath({ Path: PARAMETER_PREFIX.replace(/\/$/, ''), Recursive: true })
      .then(({ Parameters }) =>
        (Parameters ?? []).map(({ Name }) => ({ what: `parameter ${Name}`, physicalId: Name ?? '' })),
      ),
  ];
  return (await Promise.all(looks)).flat();
}

export interface Quotas {
  /** log resource policies in this Region; ten are allowed */
  logPolicies: { count: number; names: string[] };
  /** concurrent executions of functions that the account may have; undefined when it may not be read */
  lambdaConcurrency?: number;
}

export async function quotas(connection: Connection): Promise<Quotas> {
  const [logs, lambda] = await Promise.all([
    connection.client(
      'logs',
      async (config) => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(config),
    ),
    connection.client('lambda', async (config) => new (await import('@aws-sdk/client-lambda')).Lambda(config)),
  ]);
  const [policies, settings] = await Promise.all([
    logs.describeResourcePolicies({}),
    lambda.getAccountSettings({}).catch((error: unknown) => {
      if (isDenied(error)) return undefined;
      throw error;
    }),
  ]);
  const names = (policies.resourcePolicies ?? []).map(({ policyName }) => policyName ?? '');
  const concurrency = settings?.AccountLimit?.ConcurrentExecutions;
  return {
    logPolicies: { count: names.length, names },
    ...(concurrency === undefined ? {} : { lambdaConcurrency: concurrency }),
  };
}

/** Services of the workshop that a Region does not have: their endpoint has no address. */
export async function missingServices(region: string): Promise<string[]> {
  const hosts: Record<string, string> = {
    'AWS IoT Core': `iot.${region}.amazonaws.com`,
    'Amazon Cognito': `cognito-idp.${region}.amazonaws.com`,
    'Amazon API Gateway': `apigateway.${region}.amazonaws.com`,
    'AWS Step Functions': `states.${region}.amazonaws.com`,
  };
  const missing = await Promise.all(
    Object.entries(hosts).map(async ([name, host]) => {
      try {
        await lookup(host);
        return undefined;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ENOTFOUND' ? name : undefined;
      }
    }),
  );
  return missing.filter((name) => name !== undefined);
}
