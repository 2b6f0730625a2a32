/**
 * Menu, shop state and counter: reads seed files, compares with the tables, writes only what differs.
 * rows.ts is pure; this file reads the disk and the tables, `applySeed` alone writes.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Connection } from '../aws/connection.ts';
import { getItem, type Item, putItem, setAttributes } from '../aws/items.ts';
import { PressoError } from '../errors.ts';
import { TABLES } from '../workshop.ts';
import { type Change, type Drink, parseSeed, type Seed, type Seeded } from './rows.ts';

export { type Change, difference, type Drink, type Seed } from './rows.ts';

/** The seed of the workshop, or of one file of a person's own. */
export function readSeed(seedDir: string, file?: string): Seed {
  if (file === undefined)
    return Object.assign(
      {},
      ...['menu.yaml', 'shop.yaml', 'counter.yaml'].map((name) => readSeed(seedDir, path.join(seedDir, name))),
    );
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PressoError(
      'no-file',
      `The seed file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      { hint: 'presso seed --dry-run   (shows the menu that presso brings)' },
    );
  }
  return parseSeed(text, file);
}

/** What the tables hold. Refused with the next command where a table is not there. */
export async function observeSeed(connection: Connection): Promise<Seeded> {
  const [menu, shop, counter] = await Promise.all([
    getItem(connection, TABLES.config, { PK: 'menu' }),
    getItem(connection, TABLES.config, { PK: 'config' }),
    getItem(connection, TABLES.counting, { PK: 'orderID' }),
  ]);
  if (menu.tableMissing || counter.tableMissing)
    throw new PressoError(
      'no-tables',
      `The table ${menu.tableMissing ? TABLES.config : TABLES.counting} is not there.`,
      { hint: 'presso setup' },
    );
  const { PK: _, ...settings } = shop.item ?? {};
  return {
    ...(menu.item ? { drinks: menu.item['value'] } : {}),
    ...(shop.item ? { shop: settings } : {}),
    ...(counter.item ? { orderNumber: counter.item['IDvalue'] } : {}),
  };
}

/** Writes the changes; single attributes only, so that nothing beside them is touched. */
export async function applySeed(connection: Connection, changes: Change[]): Promise<void> {
  for (const { table, key, kind, attributes } of changes) {
    if (kind === 'create') await putItem(connection, TABLES[table], { PK: key, ...(attributes as Item) });
    else await setAttributes(connection, TABLES[table], { PK: key }, attributes as Item);
  }
}

/** The menu as it stands in the table, or undefined when it was never seeded. */
export const menuOf = (seeded: Seeded): Drink[] | undefined =>
  Array.isArray(seeded.drinks) ? (seeded.drinks as Drink[]) : undefined;
