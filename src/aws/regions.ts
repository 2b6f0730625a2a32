/** Which Regions an account has enabled, and a look into all of them. Only reads. */
import { listStacks, stackResources } from './cloudformation.ts';
import type { Connection } from './connection.ts';
import { errorName, isDenied } from './failure.ts';
import { isSwitchedOff, type Traces, tracesIn } from './traces.ts';
import { coreStackName, WORKSHOP_REGIONS } from '../workshop.ts';

export interface RegionsFound {
  /** The connection's own first. */
  regions: string[];
  /** Why the enabled ones could not be listed; those of the workshop stand in for them. */
  unlisted?: string;
}

/** Every Region that is enabled, by default or by choice (AWS page "ListRegions" of Account Management). */
export async function enabledRegions(connection: Connection): Promise<RegionsFound> {
  const client = await connection.client(
    'account',
    async (config) => new (await import('@aws-sdk/client-account')).Account(config),
  );
  const own = connection.region;
  try {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.listRegions({
        MaxResults: 50,
        RegionOptStatusContains: ['ENABLED', 'ENABLED_BY_DEFAULT'],
        NextToken,
      });
      found.push(...(page.Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return { regions: [own, ...found.filter((region) => region !== own).sort()] };
  } catch (error) {
    // Another endpoint than AWS's may not know the API at all.
    if (!isDenied(error) && !/UnknownOperation|InvalidAction/.test(errorName(error))) throw error;
    return {
      regions: [own, ...WORKSHOP_REGIONS.filter((region) => region !== own)],
      unlisted: error instanceof Error ? error.message : String(error),
    };
  }
}

export interface Elsewhere {
  /** One for each Region but the connection's own. */
  traces: Traces[];
  unlisted?: string;
}

/** Regions looked into at the same time: each is a dozen lists, and a fleet does this in many accounts at once. */
const SIDE_BY_SIDE = 5;

/** Asks in every enabled Region but the connection's own; each connection ends with its look. */
async function everywhereElse<T>(
  connection: Connection,
  look: (there: Connection) => Promise<T>,
): Promise<{ found: T[]; unlisted?: string }> {
  const { regions, unlisted } = await enabledRegions(connection);
  const waiting = regions.slice(1);
  const answers = new Map<string, T>();
  const work = async (): Promise<void> => {
    for (let region = waiting.shift(); region !== undefined; region = waiting.shift()) {
      const there = connection.inRegion(region);
      try {
        answers.set(region, await look(there));
      } finally {
        there.close();
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return {
    found: regions.slice(1).flatMap((region) => (answers.has(region) ? [answers.get(region) as T] : [])),
    ...(unlisted === undefined ? {} : { unlisted }),
  };
}

/** What carries the workshop's names in every enabled Region but the connection's own. */
export async function tracesElsewhere(connection: Connection): Promise<Elsewhere> {
  const { found, ...rest } = await everywhereElse(connection, (there) => tracesIn(there, { elsewhere: true }));
  return { traces: found, ...rest };
}

/** Roles belong to no Region, the stacks that hold them do: name of a role → the workshop's stack elsewhere that holds it. */
export async function rolesHeldElsewhere(connection: Connection): Promise<Map<string, string>> {
  const { found } = await everywhereElse(connection, async (there) => {
    try {
      const stacks = (await listStacks(there)).filter(({ name }) => coreStackName(name) !== undefined);
      const held = await Promise.all(
        stacks.map(async ({ name }) =>
          (await stackResources(there, name))
            .filter(({ type, status }) => type === 'AWS::IAM::Role' && status !== 'DELETE_COMPLETE')
            .map(({ physicalId }): [string, string] => [physicalId, `${name} in ${there.region}`]),
        ),
      );
      return held.flat();
    } catch (error) {
      // A Region that is off or closed to this caller holds nothing that this caller set up.
      if (isDenied(error) || isSwitchedOff(error)) return [];
      throw error;
    }
  });
  return new Map(found.flat());
}
