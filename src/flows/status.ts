/** `presso status`: one look at everything, and the next command. */
import { whoAmI } from '../aws/account.ts';
import { listStacks } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { listRules } from '../aws/events.ts';
import { listStateMachines } from '../aws/find.ts';
import { getItem } from '../aws/items.ts';
import type { Target } from '../target/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { clean, count } from '../text.ts';
import { BUS_NAME, coreStackName, RULES, TABLES, WORKFLOW_NAME } from '../workshop.ts';

export async function status(connection: Connection, target: Target, json: boolean): Promise<void> {
  const [identity, allStacks, machines, rules, shop, counter] = await Promise.all([
    whoAmI(connection),
    listStacks(connection),
    listStateMachines(connection),
    listRules(connection, BUS_NAME),
    getItem(connection, TABLES.config, { PK: 'config' }),
    getItem(connection, TABLES.counting, { PK: 'orderID' }),
  ]);
  const stacks = allStacks
    .filter(({ name }) => coreStackName(name) !== undefined)
    .map(({ name, status: state }) => ({ name, status: state }));
  const workflow = machines.find(({ name }) => name.includes(WORKFLOW_NAME));
  const built = RULES.filter((name) => rules.some((rule) => rule.name === name));
  const open = shop.item?.['storeOpen'] === true;
  const orders = counter.item?.['IDvalue'];
  const next = nextCommand({
    core: shop.item !== undefined,
    workflow: workflow !== undefined,
    rules: built.length === RULES.length,
    open,
    kind: target.kind,
  });
  if (json)
    return sayJson({
      target: { kind: target.kind, account: identity.account, region: connection.region },
      stacks,
      workflow: workflow ?? null,
      rules: rules.map(({ name, state }) => ({ name, state })),
      shop: shop.item ? { open, orders } : null,
      next,
    });
  const c = paint();
  const mark = (yes: boolean): string => (yes ? c.green('✓') : c.dim('○'));
  say(
    `${mark(true)} Target    ${target.kind}, account ${identity.account}${identity.alias ? ` (${clean(identity.alias)})` : ''}, Region ${connection.region}`,
  );
  const broken = stacks.filter(({ status: state }) => !/^(CREATE|UPDATE)_COMPLETE$/.test(state));
  say(
    `${mark(stacks.length > 0 && broken.length === 0)} Stacks    ${stacks.length === 0 ? 'none of presso’s own' : count(stacks.length, 'stack')}${broken.map(({ name, status: state }) => `\n            ${name}: ${state}`).join('')}`,
  );
  say(
    `${mark(open)} Shop      ${shop.item ? (open ? 'open' : 'closed') : 'not seeded'}${orders === undefined ? '' : `, ${count(Number(orders), 'order')} numbered`}`,
  );
  say(
    `${mark(workflow !== undefined)} Workflow  ${workflow ? `${clean(workflow.name)} (${workflow.type})` : 'not built yet'}`,
  );
  say(
    `${mark(built.length === RULES.length)} Rules     ${built.length} of ${RULES.length} by their names${rules.length > 0 ? `, ${count(rules.length, 'rule')} on the bus` : ''}`,
  );
  say(`  ${c.dim('Next:')} ${next}`);
}

function nextCommand(state: { core: boolean; workflow: boolean; rules: boolean; open: boolean; kind: string }): string {
  if (!state.core) return `presso setup --${state.kind}`;
  if (!state.workflow) return 'presso solve module-1 --dry-run   (or build the workflow yourself)';
  if (!state.rules) return 'presso solve module-2 --dry-run   (or build the rules yourself)';
  return state.open ? 'presso order place' : 'presso shop open';
}
