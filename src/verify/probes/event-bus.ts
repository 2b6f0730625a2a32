import type { Connection } from '../../aws/connection.ts';
import { busArn } from '../../aws/events.ts';
import { BUS_NAME } from '../../workshop.ts';
import { whereElse } from './elsewhere.ts';
import { probe } from './probe.ts';

const busElsewhere = async (there: Connection): Promise<boolean> => (await busArn(there, BUS_NAME)) !== undefined;

/** The workshop's bus is in this Region; where it is not, the Region that has it is named. */
export const eventBus = probe<{ arn: string | undefined; region: string; elsewhere: string[] }>({
  async observe(_check, facts) {
    const arn = await facts.once('bus', (connection) => busArn(connection, BUS_NAME));
    return {
      arn,
      region: facts.region,
      elsewhere: arn === undefined ? await facts.elsewhere('bus', busElsewhere) : [],
    };
  },
  judge(_check, { arn, region, elsewhere }) {
    const expected = `an event bus ${BUS_NAME}, of the kind that the console calls Classic`;
    if (arn !== undefined) return { status: 'pass', expected, found: arn };
    const other = whereElse(elsewhere);
    return {
      status: 'fail',
      expected,
      found: `there is no event bus ${BUS_NAME} in ${region}${other.found}`,
      ...(other.hint ? { hint: other.hint } : {}),
    };
  },
});
