/**
 * What in one Region carries the workshop's own names, whoever made it: a dozen lists, so that an account can be proven
 * clean. Only reads; a Region that is switched off or denied is told as such.
 */
import { listStacks } from './cloudformation.ts';
import type { Connection } from './connection.ts';
import { busArn } from './events.ts';
import { errorName, isDenied } from './failure.ts';
import { listFunctions, listStateMachines } from './find.ts';
import { httpApis } from './http-apis.ts';
import { iotPolicyNames, logGroupsUnder } from './leftovers.ts';
import { logPolicies } from './logs.ts';
import { queuesNamed } from './queues.ts';
import { dashboardExists } from './sales.ts';
import { listTables } from './tables.ts';
import { userPools } from './user-pools.ts';
import {
  BUS_NAME,
  coreStackName,
  EXCESS_QUEUE,
  LOG_GROUP,
  MARKER,
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
  'HTTP API',
  'queue',
  'dashboard',
] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];

/** "All dashboards in your account are global, not region-specific" (API page "ListDashboards"): asked for in one Region. */
const OF_NO_REGION: readonly TraceKind[] = ['dashboard'];

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
  /** With a name like the workshop's, or with one that others may use as well, and without its marker. */
  alike: Trace[];
  /** Kinds that were looked at. */
  looked: TraceKind[];
  /** Kinds that could not be looked at, and why; all of them in a Region that is switched off. */
  unseen: { kind: TraceKind; why: string }[];
  /** Kinds whose service the Region does not have, so that none can be there. */
  unoffered: TraceKind[];
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

/** Names that the templates give their APIs. */
const APIS = ['config', 'validator', 'order-manager'].map((name) => `${STACK_PREFIX}${name}`);
const QUEUES: readonly string[] = [METRICS.table.queue, METRICS.cloudwatch.queue, EXCESS_QUEUE];

type Seen = Omit<Trace, 'kind'> & { /** It may as well be somebody else's. */ alike?: boolean };

const LOOKS: Record<TraceKind, (connection: Connection) => Promise<Seen[]>> = {
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
    (await userPools(connection))
      .filter(({ name }) => /serverlesspresso/i.test(name))
      .map(({ id, name }) => ({ id, name, alike: name !== USER_POOL_NAME })),
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
  'HTTP API': async (connection) =>
    (await httpApis(connection))
      .filter(({ name }) => APIS.includes(name))
      .map(({ id, name, tags }) => ({ id, name, alike: tags[MARKER.key] !== MARKER.value })),
  queue: async (connection) =>
    (await queuesNamed(connection, QUEUES)).map(({ url, name, tags, policy }) => ({
      id: url,
      name,
      // Made by hand for module 4 it has no marker, but lets the workshop's rule in.
      alike: tags[MARKER.key] !== MARKER.value && !policy.includes(`:rule/${BUS_NAME}/`),
    })),
  dashboard: async (connection) =>
    (await dashboardExists(connection, METRICS.dashboard)) ? [{ id: METRICS.dashboard }] : [],
};

/**
 * Everything in the connection's Region that carries the workshop's names. `elsewhere`: what belongs to no Region has been
 * asked for in another one.
 */
export async function tracesIn(connection: Connection, { elsewhere = false } = {}): Promise<Traces> {
  const traces: Traces = { region: connection.region, found: [], alike: [], looked: [], unseen: [], unoffered: [] };
  let off: { kind: TraceKind; why: string }[] = [];
  await Promise.all(
    TRACE_KINDS.filter((kind) => !elsewhere || !OF_NO_REGION.includes(kind)).map(async (kind) => {
      try {
        for (const { alike, ...one } of await LOOKS[kind](connection))
          (alike ? traces.alike : traces.found).push({ kind, ...one });
        traces.looked.push(kind);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if ((error as { code?: string }).code === 'ENOTFOUND') traces.unoffered.push(kind);
        else if (isSwitchedOff(error)) off.push({ kind, why });
        else if (isDenied(error)) traces.unseen.push({ kind, why });
        else throw error;
      }
    }),
  );
  // A Region that is off knows no key at all; one that lacks a service answers for the others.
  if (traces.looked.length === 0 && traces.unseen.length === 0) {
    traces.off = true;
    off = TRACE_KINDS.map((kind) => off.find((one) => one.kind === kind) ?? { kind, why: 'it is not enabled' });
  }
  traces.unseen.push(...off);
  const order = ({ kind }: Trace): number => TRACE_KINDS.indexOf(kind);
  for (const list of [traces.found, traces.alike]) list.sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id));
  return traces;
}

/** A Region that an account has not enabled knows nobody's credentials (AWS page "Managing AWS Regions"). */
export const isSwitchedOff = (error: unknown): boolean =>
  /UnrecognizedClient|InvalidClientTokenId|AuthFailure|InvalidToken|OptInRequired/.test(errorName(error));
