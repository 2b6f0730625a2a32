import { type TableShape, tableShape } from '../../aws/tables.ts';
import { whereElse } from './elsewhere.ts';
import { probe } from './probe.ts';

interface TableExpected {
  table: string;
  /** `PK (S)`, in the order of the key */
  keys: string[];
  /** Keys that some index must have, whatever its name. */
  indexes?: string[][];
  /** Named indexes that the workshop's functions ask for. */
  named?: string[];
  /** Its stream must carry the new image. */
  stream?: boolean;
}

interface Seen {
  shape: TableShape | undefined;
  region: string;
  elsewhere: string[];
}

/** A table of the workshop is there, in the shape that its microservice and the workflow need. */
export const table = probe<Seen>({
  async observe(check, facts) {
    const { table: name } = check.expect as unknown as TableExpected;
    const shape = await facts.once(`table ${name}`, (connection) => tableShape(connection, name));
    const elsewhere = shape
      ? []
      : await facts.elsewhere(`table ${name}`, async (there) => (await tableShape(there, name)) !== undefined);
    return { shape, region: facts.region, elsewhere };
  },
  judge(check, { shape, region, elsewhere }) {
    const { table: name, keys, indexes = [], named = [], stream } = check.expect as unknown as TableExpected;
    const expected = `the table ${name} with the key ${keys.join(', ')}${stream ? ' and a stream of new images' : ''}`;
    const fail = (found: string, hint?: string) => ({
      status: 'fail' as const,
      expected,
      found,
      ...(hint ? { hint } : {}),
    });
    if (!shape) {
      const other = whereElse(elsewhere);
      return fail(`there is no table ${name} in ${region}${other.found}`, other.hint);
    }
    if (shape.status === 'CREATING' || shape.status === 'DELETING')
      return {
        status: 'error',
        expected,
        found: `the table ${name} is ${shape.status}`,
        hint: 'Ask again in a minute: presso verify setup',
      };
    if (shape.keys.join() !== keys.join()) return fail(`the key of ${name} is ${shape.keys.join(', ')}`);
    const missing = named.find((index) => !(index in shape.indexes));
    if (missing !== undefined) return fail(`the table ${name} has no index ${missing}`);
    const unindexed = indexes.find((key) => !Object.values(shape.indexes).some((other) => other.join() === key.join()));
    if (unindexed) return fail(`no index of ${name} has the key ${unindexed.join(', ')}`);
    if (stream && !/^NEW_(AND_OLD_)?IMAGES?$/.test(shape.stream ?? ''))
      return fail(
        shape.stream === undefined
          ? `the table ${name} has no stream`
          : `the stream of ${name} carries ${shape.stream}`,
      );
    return { status: 'pass', expected, found: `${name}, ${shape.keys.join(', ')}` };
  },
});
