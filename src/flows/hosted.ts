/** `presso setup --aws-hosted`: deploys nothing, says exactly what an event's account lacks. */
import { takenNames } from '../aws/presence.ts';
import { findByName } from '../aws/find.ts';
import { observeSeed } from '../seed/index.ts';
import { rememberTarget } from '../target/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { BUS_NAME, FUNCTION_PARTS, LOG_GROUP, ORDER_MANAGER_PART, PROCESSOR_ROLE_PART, TABLES } from '../workshop.ts';
import type { SetupRun } from './setup.ts';

export async function checkHosted(run: SetupRun, account: string): Promise<'done' | 'failed'> {
  const { connection } = run;
  const [taken, found] = await Promise.all([takenNames(connection), findByName(connection)]);
  const there = new Set(taken.map(({ physicalId }) => physicalId));
  const wanted: { what: string; there: boolean }[] = [
    { what: `event bus ${BUS_NAME}`, there: there.has(BUS_NAME) },
    ...Object.values(TABLES).map((table) => ({ what: `table ${table}`, there: there.has(table) })),
    { what: `log group ${LOG_GROUP}`, there: there.has(LOG_GROUP) },
    { what: `role …${PROCESSOR_ROLE_PART}…`, there: found.roles.some((name) => name.includes(PROCESSOR_ROLE_PART)) },
    {
      what: `state machine …${ORDER_MANAGER_PART}…`,
      there: found.stateMachines.some(({ name }) => name.includes(ORDER_MANAGER_PART)),
    },
    ...Object.values(FUNCTION_PARTS).map((part) => ({
      what: `function …${part}…`,
      there: found.functions.some((name) => name.includes(part)),
    })),
  ];
  const tables = wanted.every(({ what, there: yes }) => yes || !what.startsWith('table'));
  if (tables) {
    const seeded = await observeSeed(connection);
    wanted.push(
      { what: 'menu in the config table', there: seeded.drinks !== undefined },
      { what: 'shop state in the config table', there: seeded.shop !== undefined },
      { what: 'counter in the counting table', there: seeded.orderNumber !== undefined },
    );
  }
  const missing = wanted.filter((thing) => !thing.there).map(({ what }) => what);
  if (run.remember && !run.dryRun && missing.length < wanted.length)
    rememberTarget(run.target, process.env, process.cwd());
  if (run.json) sayJson({ account, region: connection.region, missing });
  else {
    const c = paint();
    for (const { what, there: yes } of wanted) say(`${yes ? c.green('✓') : c.red('✗')} ${what}`);
    say('');
    if (missing.length === 0)
      say(`${c.green('✓')} The event has set everything up.\n  ${c.dim('Next:')} presso solve module-1 --dry-run`);
    else if (missing.length === wanted.length)
      say(
        `${c.red('✗')} Nothing of the workshop is in account ${account}, Region ${connection.region}: perhaps the Region is another one.\n  ${c.dim('Next:')} presso setup --aws-hosted --region us-west-2`,
      );
    else
      say(
        `${c.red('✗')} ${missing.length} of ${wanted.length} are missing: ask who runs the event.\n  ${c.dim('Next:')} presso setup --aws-hosted`,
      );
  }
  return missing.length === 0 ? 'done' : 'failed';
}
