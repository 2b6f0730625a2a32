/** What a fleet must go through, in the long run of 200 accounts and in the suite's handful alike. */
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import type { ExpectStatic } from 'vitest';
import { clientConfig } from './sandbox.ts';
import { between, HAVOC, lookAlikes, makeStuck, picture, type Room, shutDoor } from './room.ts';
import type { Ran } from './presso.ts';

interface Told {
  outcome: string;
  summary: string;
  trouble: string[];
}

/** What the document says of each account. */
function toldOf(ran: Ran): Map<string, Told> {
  const { accounts = [] } = JSON.parse(ran.stdout) as { accounts?: (Told & { account: string })[] };
  return new Map(accounts.map((one) => [one.account, one]));
}

const bad = (ran: Ran): string =>
  [...toldOf(ran)]
    .filter(([, { outcome }]) => outcome !== 'done')
    .map(([account, { outcome, summary, trouble }]) => `${account} ${outcome}: ${summary} (${trouble.join('; ')})`)
    .join('\n');

/** Sets up, with the account at the front, which is then left alone: what the others are measured by. */
async function setUp(room: Room, accounts: string[], expect: ExpectStatic): Promise<Record<string, string[]>> {
  const [first = ''] = room.accounts;
  const set = await room.fleet('setup', [first, ...accounts], '--json');
  expect(set.code, bad(set)).toBe(0);
  return picture(room, first);
}

/** Sets accounts up, does to each what its havoc says, resets them all, and looks at each. */
export async function havocAndReset(room: Room, havoc: Map<string, string>, expect: ExpectStatic): Promise<void> {
  const accounts = [...havoc.keys()];
  const wanted = await setUp(room, accounts, expect);
  for (const [account, name] of havoc) await HAVOC[name]?.(room, account);
  // Two of them are worse still: in one a rule will not go, into the other nobody is let.
  const [stuck, shut] = accounts.slice(-2);
  const alike = new Map<string, string>();
  for (const [account, name] of havoc)
    if (name === 'look-alikes' && account !== shut) alike.set(account, await lookAlikes(room, account));
  await makeStuck(room, stuck ?? '');
  await shutDoor(room, shut ?? '');
  const before = await picture(room, shut ?? '');

  const reset = await room.fleet('reset', accounts, '--run', '--json');
  const told = toldOf(reset);
  for (const [account, name] of havoc) {
    const what = `${account}, ${name}: ${JSON.stringify(told.get(account))}`;
    if (account === shut) {
      expect(told.get(account)?.outcome, what).toBe('unknown');
      expect(between(before, await picture(room, account)), what).toEqual([]);
      continue;
    }
    const now = await picture(room, account);
    if (account === stuck) {
      expect(told.get(account), what).toMatchObject({ outcome: 'failed' });
      expect(told.get(account)?.trouble.join(), what).toContain('rule stuck');
      const left = between(wanted, now);
      expect(left, what).toHaveLength(1);
      expect(left[0], what).toContain('"stuck"');
      continue;
    }
    // All of them are told, not only the first of two hundred.
    expect.soft(told.get(account)?.outcome, what).toBe('done');
    expect.soft(between(wanted, now), what).toEqual([]);
    if (alike.has(account)) expect(await lookAlikes(room, account), what).toBe(alike.get(account));
  }
  const again = await room.fleet('reset', accounts.slice(0, -2), '--json');
  for (const [account, { summary }] of toldOf(again)) expect([account, summary]).toEqual([account, 'is just set up']);
}

export interface KillOptions {
  say?: (line: string) => void;
  /** Begin with setup where the accounts are not set up yet. */
  operations?: ('setup' | 'reset' | 'teardown')[];
}

/** Operations in turn, each killed with -9 somewhere and then gone on with by the same command. */
export async function killAndConverge(
  room: Room,
  accounts: string[],
  kills: number,
  expect: ExpectStatic,
  { say = () => {}, operations = ['setup', 'reset', 'teardown'] }: KillOptions = {},
): Promise<void> {
  const wanted = await setUp(room, operations.includes('setup') ? [] : accounts, expect);
  const names = Object.keys(HAVOC).filter((name) => !name.startsWith('look-alikes'));
  const usual: Record<string, number> = { setup: 8_000, reset: 8_000, teardown: 8_000 };
  let killed = 0;
  for (let turn = 0; killed < kills; turn++) {
    const operation = operations[turn % operations.length] ?? 'reset';
    const flags = operation === 'setup' ? [] : ['--run'];
    const havoc: string[] = [];
    if (operation === 'reset')
      for (const account of accounts) {
        const name = names[Math.floor(room.roll() * names.length)] ?? 'untouched';
        havoc.push(name);
        await HAVOC[name]?.(room, account);
      }
    const after = Math.round(600 + room.roll() * (usual[operation] ?? 8_000));
    if (await room.killed(after, operation, accounts, ...flags)) killed++;
    const started = Date.now();
    const ran = await room.fleet(operation, accounts, ...flags, '--json');
    usual[operation] = Date.now() - started;
    const what = `${operation} killed after ${after} ms${havoc.length > 0 ? ` (${havoc.join(', ')})` : ''}`;
    say(`${killed}/${kills} ${what}, then ${usual[operation]} ms`);
    expect(ran.code, `${what}\n${ran.stderr}\n${bad(ran)}`).toBe(0);
    for (const account of accounts)
      if (operation === 'teardown') {
        const { Stacks } = await new CloudFormation(clientConfig(room.sandbox, account)).describeStacks({});
        expect(Stacks, what).toEqual([]);
        const left = await picture(room, account);
        for (const kind of ['functions', 'tables', 'parameters', 'groups', 'pools', 'iotPolicies', 'machines'])
          expect(left[kind], `${what}: ${kind}`).toEqual([]);
      } else expect(between(wanted, await picture(room, account)), `${what} ${account}`).toEqual([]);
  }
}

/** One account never answers: it is told when its minute is over, and the others were done long before. */
export async function silentAccount(room: Room, others: string[], silent: string, expect: ExpectStatic): Promise<void> {
  room.road.silence(silent);
  // It ends, too: a call that is never answered does not keep the process alive.
  const ran = await room.fleet('verify', [...others, silent], '--time-limit', '1', '--json');
  const told = toldOf(ran);
  expect(told.get(silent)).toMatchObject({ outcome: 'timed out' });
  for (const account of others) expect(['done', 'failed']).toContain(told.get(account)?.outcome);
}
