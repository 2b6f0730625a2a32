/** Open, close, or look at the shop: one attribute of the config item, set by itself. */
import type { Connection } from '../aws/connection.ts';
import { setAttributes } from '../aws/items.ts';
import { PressoError } from '../errors.ts';
import { observeSeed } from '../seed/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { TABLES } from '../workshop.ts';

export async function shop(connection: Connection, wish: 'open' | 'close' | 'status', json: boolean): Promise<void> {
  const { shop: now } = await observeSeed(connection);
  if (!now) throw new PressoError('no-shop', 'There is no shop state in the config table.', { hint: 'presso seed' });
  const wanted = wish === 'status' ? now['storeOpen'] === true : wish === 'open';
  const changed = wish !== 'status' && now['storeOpen'] !== wanted;
  if (changed) await setAttributes(connection, TABLES.config, { PK: 'config' }, { storeOpen: wanted });
  if (json) return sayJson({ ...now, storeOpen: wanted, changed });
  const c = paint();
  const state = wanted ? c.green('open') : c.yellow('closed');
  say(`The shop is ${state}${wish === 'status' || changed ? '' : ' already'}.`);
  if (wish === 'status')
    say(
      `  ${String(now['maxOrdersPerUser'] ?? '?')} open ${now['maxOrdersPerUser'] === 1 ? 'order' : 'orders'} a customer, a queue of ${String(now['maxOrdersInQueue'] ?? '?')} on the display`,
    );
  say(`  ${c.dim('Next:')} presso ${wanted ? 'order place' : 'shop open'}`);
}
