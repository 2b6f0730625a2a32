import { getItem, type Item, type Plain } from '../../aws/items.ts';
import { probe } from './probe.ts';

interface ItemExpected {
  table: string;
  /** Its partition key PK. */
  key: string;
  /** attribute → its type: text, number, boolean, list */
  attributes: Record<string, string>;
  /** attribute → what it must be */
  values?: Record<string, Plain>;
  /** attribute → what to do where it is of another type */
  mend?: Record<string, string>;
}

type Seen = { item?: Item; tableMissing?: boolean };

/** An item that the workshop reads is there, its attributes of the right types. */
export const tableItem = probe<Seen>({
  observe(check, facts) {
    const { table, key } = check.expect as unknown as ItemExpected;
    return facts.once(`item ${table} ${key}`, (connection) => getItem(connection, table, { PK: key }));
  },
  judge(check, { item, tableMissing }) {
    const { table, key, attributes, values = {}, mend = {} } = check.expect as unknown as ItemExpected;
    const expected = `the item ${key} of ${table} with ${[
      ...Object.entries(attributes).map(([name, type]) => `${name} (${type})`),
      ...Object.entries(values).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
    ].join(', ')}`;
    if (tableMissing) return { status: 'waiting', expected, found: `there is no table ${table}` };
    if (!item) return { status: 'fail', expected, found: `there is no item ${key} in ${table}` };
    for (const [name, type] of Object.entries(attributes)) {
      const value = item[name];
      if (value === undefined)
        return { status: 'fail', expected, found: `the item ${key} of ${table} has no ${name}${misspelt(item, name)}` };
      if (typeOf(value) !== type)
        return {
          status: 'fail',
          expected,
          found: `${name} of the item ${key} is the ${typeOf(value)} ${shown(value)}, not a ${type}`,
          ...(mend[name] === undefined ? {} : { hint: mend[name] }),
        };
    }
    for (const [name, value] of Object.entries(values))
      if (JSON.stringify(item[name]) !== JSON.stringify(value))
        return { status: 'fail', expected, found: `${name} is ${shown(item[name])}` };
    return {
      status: 'pass',
      expected,
      found: Object.keys({ ...attributes, ...values })
        .map((name) => `${name} ${shown(item[name])}`)
        .join(', '),
    };
  },
});

const typeOf = (value: Plain): string =>
  Array.isArray(value) ? 'list' : typeof value === 'string' ? 'text' : value === null ? 'null' : typeof value;

const shown = (value: Plain | undefined): string =>
  Array.isArray(value) ? `${value.length} entries` : (JSON.stringify(value) ?? 'missing').slice(0, 60);

const misspelt = (item: Item, name: string): string => {
  const near = Object.keys(item).find((other) => other.toLowerCase().trim() === name.toLowerCase());
  return near === undefined ? '' : `; it has ${JSON.stringify(near)}`;
};
