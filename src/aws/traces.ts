/**
 * What in one Region carries the workshop's own names, whoever made it: a dozen lists, so that an account can be proven
 * clean. Only reads; a Region that is switched off or denied is told as such.
 */
import { listStacks } from './cloudformation.ts';
import type { Connection } from './connection.ts';
import { busArn } from './events.ts';
import { errorName, isDenied } from './failure.ts';
import { listFunctions, listStateMachines } from './find.ts';
import { iotPolicyNames, logGroupsUnder } from './leftovers.ts';
import { logPolicies } from './logs.ts';
import { listTables } from './tables.ts';
import { userPoolsNamed } from './user-pools.ts';
import {
  BUS_NAME,
  coreStackName,
  LOG_GROUP,
  METRICS,
  PARAMETER_PREFIX,
  SET_STACK_PREFIX,
  STACK_PREFIX,
  TABLES,
  USER_POOL_NAME,
  WORKFLOW_NAME,
} from '../workshop.ts';

export const TRACE_KINDS = [
  'stack',
  'event bus',
  'table',
  'parameter',
  'state machine',
  'function',
  'log group',
  'log policy',
  'user pool',
  'identity pool',
  'IoT policy',
] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];

export interface Trace {
  kind: TraceKind;
  /** As its own service and CloudFormation know it. */
  id: string;
  /** Where the id says nothing to a person. */
  name?: string;
}

export interface Traces {
  region: string;
  found: Trace[];
  /** Kinds that were looked at. */
  looked: TraceKind[];
  /** Kinds that could not be looked at, and why; all of them in a Region that is switched off. */
  unseen: { kind: TraceKind; why: string }[];
  /** The Region is not enabled in this account. */
  off?: boolean;
}

const IDENTITY_POOL = 'ServerlesspressoIdentityPool';
const LOG_POLICY = `${STACK_PREFIX}events-to-logs`;
/**
 * `<stack>-<LogicalId>-<12 letters and digits>`, as CloudFormation names what has no name of its own; of a stack that
 * StackSets made, the name is long and only its beginning is left.
 */
const GENERATED = new RegExp(
  `^(${STACK_PREFIX}[a-z][a-z0-9-]*|${SET_STACK_PREFIX}[a-z0-9-]*)-[A-Za-z0-9]+-[A-Za-z0-9]{10,13}$`,
);
/** What such names begin with. */
const PREFIXES = [STACK_PREFIX, SET_STACK_PREFIX];

/** A name that CloudFormation made up for one of our stacks. */
export const isGeneratedName = (name: string): boolean => GENERATED.test(name);

const LOOKS: Record<TraceKind, (connection: Connection) => Promise<Omit<Trace, 'kind'>[]>> = {
  stack: async (connection) =>
    (await listStacks(connection))
      .filter(({ name, status }) => coreStackName(name) !== undefined && status !== 'DELETE_COMPLETE')
      .map(({ name }) => ({ id: name })),
  'event bus': async (connection) => ((await busArn(connection, BUS_NAME)) ? [{ id: BUS_NAME }] : []),
  table: async (connection) => {
    const ours: readonly string[] = [...Object.values(TABLES), METRICS.table.table];
    return (await listTables(connection)).filter((name) => ours.includes(name)).map((id) => ({ id }));
  },
  parameter: async (connection) => {
    const ssm = await connection.client('ssm', async (config) => new (await import('@aws-sdk/client-ssm')).SSM(config));
    const found: { id: string }[] = [];
    let NextToken: string | undefined;
    do {
      const page = await ssm.getParametersByPath({
        Path: PARAMETER_PREFIX.replace(/\/$/, ''),
        Recursive: true,
        NextToken,
      });
      found.push(...(page.Parameters ?? []).map(({ Name }) => ({ id: Name ?? '' })));
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  },
  'state machine': async (connection) =>
    (await listStateMachines(connection))
      .filter(({ name }) => name === WORKFLOW_NAME || isGeneratedName(name))
      .map(({ name, arn }) => ({ id: arn, name })),
  function: async (connection) => (await listFunctions(connection)).filter(isGeneratedName).map((id) => ({ id })),
  'log group': async (connection) => {
    const under = async (prefixes: string[]): Promise<string[]> =>
      (await Promise.all(prefixes.map((prefix) => logGroupsUnder(connection, prefix)))).flat();
    const [lambda, own, events] = await Promise.all([
      under(PREFIXES.map((prefix) => `/aws/lambda/${prefix}`)),
      under(PREFIXES),
      logGroupsUnder(connection, LOG_GROUP),
    ]);
    return [
      ...lambda.filter((name) => isGeneratedName(name.slice('/aws/lambda/'.length))),
      ...own.filter(isGeneratedName),
      ...events.filter((name) => name === LOG_GROUP),
    ].map((id) => ({ id }));
  },
  'log policy': async (connection) =>
    (await logPolicies(connection)).filter(({ name }) => name === LOG_POLICY).map(({ name }) => ({ id: name })),
  'user pool': async (connection) =>
    (await userPoolsNamed(connection, USER_POOL_NAME)).map((id) => ({ id, name: USER_POOL_NAME })),
  'identity pool': async (connection) => {
    const client = await connection.client(
      'cognito-identity',
      async (config) => new (await import('@aws-sdk/client-cognito-identity')).CognitoIdentity(config),
    );
    const found: { id: string; name: string }[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.listIdentityPools({ MaxResults: 60, NextToken });
      for (const pool of page.IdentityPools ?? [])
        if (pool.IdentityPoolName === IDENTITY_POOL)
          found.push({ id: pool.IdentityPoolId ?? '', name: pool.IdentityPoolName });
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  },
  'IoT policy': async (connection) =>
    (await iotPolicyNames(connection, '')).filter(isGeneratedName).map((id) => ({ id })),
};

/** Everything in the connection's Region that carries the workshop's names. */
export async function tracesIn(connection: Connection): Promise<Traces> {
  const traces: Traces = { region: connection.region, found: [], looked: [], unseen: [] };
  await Promise.all(
    TRACE_KINDS.map(async (kind) => {
      try {
        const found = await LOOKS[kind](connection);
        traces.found.push(...found.map((one) => ({ kind, ...one })));
        traces.looked.push(kind);
      } catch (error) {
        if (isSwitchedOff(error)) traces.off = true;
        else if (!isDenied(error)) throw error;
        traces.unseen.push({ kind, why: error instanceof Error ? error.message : String(error) });
      }
    }),
  );
  traces.found.sort((a, b) => TRACE_KINDS.indexOf(a.kind) - TRACE_KINDS.indexOf(b.kind) || a.id.localeCompare(b.id));
  return traces;
}

/** A Region that an account has not enabled knows nobody's credentials (AWS page "Managing AWS Regions"). */
const isSwitchedOff = (error: unknown): boolean =>
  /UnrecognizedClient|InvalidClientTokenId|AuthFailure|InvalidToken|OptInRequired/.test(errorName(error)) ||
  (error as { code?: string }).code === 'ENOTFOUND';
