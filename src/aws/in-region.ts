import type { Connection } from './connection.ts';

/** The same account in a Region that may be the same. */
export const inRegion = (connection: Connection, region: string): Connection =>
  region === connection.region ? connection : connection.inRegion(region);
