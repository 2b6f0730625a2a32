// One file because it is one account: the core is deployed once, and each build is taken away after its test.
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listStateMachines } from '../aws/find.ts';
import { deleteItem, putItem, setAttributes } from '../aws/items.ts';
import { listExecutions } from '../aws/states.ts';
import { checksDir } from '../paths.ts';
import { readBuild, type Wanted } from '../solve/build.ts';
import { runPresso } from '../testing/presso.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { factsOf, KINDS, type LiveStep, readChecklists, type Result, verify, withLiveChecks } from '../verify/index.ts';
import { sweepOld } from '../verify/live/tidy.ts';
import { TABLES } from '../workshop.ts';
import { withBuild } from './prove.ts';
import { liveOrders } from './verify-live.ts';

let workshop: Workshop;
let dynamodb: DynamoDB;
const lists = withLiveChecks(checksDir(), readChecklists(checksDir(), ['module-1', 'module-2'], KINDS), KINDS);
const build = (module: string, name: string) => readBuild(path.join(checksDir(), module, name)).resources;
const solution = build('module-2', 'solution');

beforeAll(async () => {
  workshop = await openWorkshop();
  dynamodb = new DynamoDB(clientConfig(workshop.sandbox));
});
afterAll(async () => {
  dynamodb.destroy();
  await workshop.close();
});

type Row = Record<string, { N?: string; S?: string }>;

/** Every row of every table, the counter apart. A code that nobody has used is as good as none. */
async function rows(): Promise<{ tables: Record<string, Row[]>; counter: number }> {
  const read = async (TableName: string) => ((await dynamodb.scan({ TableName })).Items ?? []) as Row[];
  const [config = [], order = [], validator = [], counting = []] = await Promise.all(
    [TABLES.config, TABLES.order, TABLES.validator, TABLES.counting].map(read),
  );
  const used = validator.filter((row) => row['availableTokens']?.N !== '10' || row['last_id']?.S !== '');
  return { tables: { config, order, used }, counter: Number(counting[0]?.['IDvalue']?.N) };
}

async function running(): Promise<number> {
  const machines = (await listStateMachines(workshop.connection)).filter(({ type }) => type === 'STANDARD');
  const all = await Promise.all(machines.map(({ arn }) => listExecutions(workshop.connection, arn, 10, 'RUNNING')));
  return all.flat().length;
}

/** For what never comes: waiting for it longer shows nothing more. */
const HASTY = 900;

interface Seen {
  results: Map<string, Result>;
  steps: LiveStep[];
}

/** Builds, places the test orders that are asked for, and takes the build away; nothing but the counter may have changed. */
async function live(
  resources: Wanted[],
  options: { only: string[]; stopAt?: RegExp; counted?: number; patience?: number; alone?: boolean } = { only: [] },
): Promise<Seen> {
  const before = await rows();
  const stop = new AbortController();
  const steps: LiveStep[] = [];
  const wanted = lists
    .map((list) => ({
      ...list,
      checks: list.checks
        .filter(({ kind, id }) => kind !== 'live-order' || options.only.length === 0 || options.only.includes(id))
        .map((check) => ({ ...check, needs: options.alone ? [] : check.needs.filter((id) => !id.includes('live')) })),
    }))
    .filter(({ checks }) => checks.length > 0);
  const seen: Seen = { results: new Map(), steps };
  await withBuild(workshop.connection, { resources }, async () => {
    const news = (step: LiveStep): void => {
      steps.push(step);
      if (options.stopAt?.test(step.text)) stop.abort();
    };
    const limits = { patience: options.patience ?? 20_000, settle: 300 };
    const facts = factsOf(workshop.connection, liveOrders(workshop.connection, stop.signal, news, limits));
    const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });
    for await (const { checks } of verify(wanted, facts, explain))
      for (const result of checks) seen.results.set(result.id, result);
    expect(await running()).toBe(0);
  });
  const after = await rows();
  expect(after.tables).toEqual(before.tables);
  if (options.counted !== undefined) expect(after.counter - before.counter).toBe(options.counted);
  return seen;
}

test('a build that works serves its test orders and is left as it was, but for the order numbers', async () => {
  const { results, steps } = await live(solution, { only: [], counted: 3 });
  expect([...results.values()].filter(({ status }) => status !== 'pass')).toEqual([]);
  expect([...results.keys()].filter((id) => id.includes('live'))).toEqual([
    'module-1b.live-order',
    'module-2.live-order',
    'module-2.live-cancel',
  ]);
  const served = steps.filter(({ path: way, kind }) => way === 'served' && kind === 'done').map(({ text }) => text);
  for (const event of ['Validator.NewOrder', 'OrderProcessor.WorkflowStarted', 'OrderManager.OrderCompleted'])
    expect(served.some((text) => text.startsWith(event))).toBe(true);
  expect(served.at(-1)).toMatch(/orderFinished: 7 of its events are in the log/);
  expect(JSON.stringify(steps)).not.toMatch(/[A-Za-z0-9+/=]{60}/);
});

/** The workflow of a build of module 1, with the routing of the solution. */
const routed = (name: string): Wanted[] => {
  const own = build('module-1', name);
  const ids = new Set(own.map((one) => `${one.kind} ${'name' in one ? one.name : ''}`));
  return [...own, ...solution.filter((one) => !ids.has(`${one.kind} ${'name' in one ? one.name : ''}`))];
};

/** The same with roles that may start the other workflow, so that it really is started. */
const mayStart = (workflow: string, resources: Wanted[]): Wanted[] =>
  JSON.parse(
    JSON.stringify(resources).replaceAll('${workflow.OrderProcessorWorkflow.arn}', `$\{workflow.${workflow}.arn}`),
  ) as Wanted[];

test.each([
  {
    what: 'a rule that asks for another detail-type',
    resources: () => build('module-2', 'mistakes/new-order-in-other-case'),
    patience: HASTY,
    found:
      /no execution of the workflow started within [\d.]+ m?s after Validator\.NewOrder was sent: .*upper and lower case/,
    lesson: 'module-2/new-order',
  },
  {
    what: 'a rule that starts another workflow',
    // With a role that may do so, or nothing would be started at all.
    resources: () => mayStart('Tryout', build('module-2', 'mistakes/new-order-starts-another-workflow')),
    patience: HASTY,
    found: /the workflow .* was started instead/,
    lesson: 'module-2/new-order',
  },
  {
    what: 'a function that does not let the rule in',
    resources: () => build('module-2', 'mistakes/function-without-permission'),
    patience: HASTY,
    found: /OrderProcessor\.\w+ had no effect within [\d.]+ m?s: .*(permission|allow|invoke)/i,
    lesson: /module-2\/(workflow-started|waiting-completion)/,
  },
  {
    what: 'a rule that is disabled',
    resources: () => build('module-2', 'mistakes/waiting-disabled'),
    patience: HASTY,
    found:
      /OrderProcessor\.WaitingCompletion had no effect .*the order got no number .*"WaitingCompletion" is disabled/,
    lesson: 'module-2/waiting-completion',
  },
  {
    what: 'a workflow that does not wait for the customer',
    resources: () => routed('mistakes/started-does-not-wait'),
    found: /the workflow (came to its end|ended as FAILED)/,
    lesson: /module-(1|2)\//,
  },
  {
    what: 'a role that may not count',
    resources: () => routed('mistakes/role-without-update-item'),
    found:
      /the workflow ended as FAILED, in the state ".*", after the customer had ordered.*(AccessDenied|not authorized)/,
    lesson: 'module-1/create-the-workflow',
  },
  {
    what: 'an order that is started twice',
    resources: () => build('module-2', 'mistakes/every-order-starts-twice'),
    found: /one order started 2 executions/,
    lesson: 'module-2/new-order',
  },
])(
  '$what: it is said where the order stopped, and nothing of it is left',
  async ({ resources, patience, found, lesson }) => {
    const { results, steps } = await live(resources(), {
      only: ['module-2.live-order'],
      ...(patience ? { patience } : {}),
    });
    const result = results.get('module-2.live-order');
    expect(result).toMatchObject({ status: 'fail', found: expect.stringMatching(found) });
    expect(result?.lesson).toMatch(lesson);
    expect(result?.hint).not.toBe('');
    expect(steps.some(({ kind }) => kind === 'trouble')).toBe(true);
  },
);

test('without any rule the workflow by itself is followed; where it fails, its error and cause are told', async () => {
  const good = await live(build('module-1', 'solution'), { only: ['module-1b.live-order'], counted: 1 });
  expect(good.results.get('module-1b.live-order')?.status).toBe('pass');
  const bad = await live(build('module-1', 'mistakes/role-without-update-item'), { only: ['module-1b.live-order'] });
  expect(bad.results.get('module-1b.live-order')).toMatchObject({
    status: 'fail',
    found: expect.stringMatching(/ended as FAILED, in the state "[^"]+"/),
    lesson: 'module-1/create-the-workflow',
  });
});

test('what a function answers is not in the definition: real orders show it, and then the checks can be judged', async () => {
  const { results } = await live(build('module-1', 'variants/function-takes-number'), {
    only: ['module-1b.live-order'],
  });
  const ofModule1 = [...results.values()].filter(({ id }) => id.startsWith('module-1'));
  expect(ofModule1.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(ofModule1.map(({ id }) => id)).toContain('module-1b.number-unique');
});

test('a closed shop is not opened: the check waits and says what to type', async () => {
  const shop = (storeOpen: boolean) =>
    setAttributes(workshop.connection, TABLES.config, { PK: 'config' }, { storeOpen });
  await shop(false);
  const { results } = await live(solution, { only: ['module-2.live-order'], counted: 0 });
  expect(results.get('module-2.live-order')).toMatchObject({
    status: 'waiting',
    found: expect.stringMatching(/the shop is closed/),
    hint: expect.stringMatching(/presso shop open/),
  });
  await shop(true);
});

test.each([
  ['no workflow', (): Wanted[] => [], /there is no workflow/],
  ['a workflow that cannot wait', () => build('module-1', 'mistakes/express'), /of type EXPRESS/],
])('with %s nothing is placed', async (_what, resources, found) => {
  // As when the module is judged by itself: nothing else says that there is no workflow.
  const { results, steps } = await live(resources(), { only: ['module-2.live-order'], counted: 0, alone: true });
  expect(results.get('module-2.live-order')).toMatchObject({ status: 'waiting', found: expect.stringMatching(found) });
  expect(steps.map(({ kind }) => kind)).toEqual(['trouble']);
});

test("an order of an earlier test that came back is taken away; nobody else's is", async () => {
  const order = (SK: string, USERID: string, TS: number) => ({ PK: 'orders', SK, USERID, TS, ORDERSTATE: 'CREATED' });
  const hour = Date.now() - 2 * 3_600_000;
  await putItem(workshop.connection, TABLES.order, order('old', 'presso-test-1', hour));
  await putItem(workshop.connection, TABLES.order, order('at-work', 'presso-test-2', Date.now()));
  await putItem(workshop.connection, TABLES.order, order('ann', 'ann', hour));
  expect(await sweepOld(workshop.connection, Date.now())).toBe('1 order of an earlier test');
  expect((await rows()).tables['order']?.map(({ SK }) => SK?.S).sort()).toEqual(['ann', 'at-work']);
  for (const SK of ['ann', 'at-work']) await deleteItem(workshop.connection, TABLES.order, { PK: 'orders', SK });
});

test.each([/token and sent/, /waits for its customer/, /waits for a barista/])(
  'Ctrl-C after "%s" takes the order away again',
  async (stopAt) => {
    const { results, steps } = await live(solution, { only: ['module-2.live-order'], stopAt });
    expect(results.get('module-2.live-order')).toMatchObject({ status: 'error', found: 'Stopped.' });
    expect(steps.at(-1)).toMatchObject({ kind: 'tidy', text: expect.stringMatching(/the code has its token back/) });
  },
);

test('the command asks, and without anybody to ask does nothing; its document carries the live checks', async () => {
  const presso = (...args: string[]) =>
    runPresso(['verify', ...args, '--endpoint-url', workshop.sandbox.endpoint], {
      env: { AWS_ACCESS_KEY_ID: workshop.account },
    });
  const before = await rows();
  expect(await presso('module-2', '--live')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('presso verify module-2 --live --yes'),
  });
  expect(await presso('setup', '--live', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('presso verify module-2 --live'),
  });
  expect(await rows()).toEqual(before);
  await withBuild(workshop.connection, { resources: solution }, async () => {
    const { code, stdout } = await presso('module-2', '--live', '--yes', '--json');
    const [module] = (JSON.parse(stdout) as { modules: { passed: number; checks: Result[] }[] }).modules;
    expect(code).toBe(0);
    expect(module?.checks.filter(({ id }) => id.includes('live')).map(({ status }) => status)).toEqual([
      'pass',
      'pass',
    ]);
    const plain = await presso('module-2', '--json');
    expect(plain.stdout).not.toContain('live');
  });
  const after = await rows();
  expect(after.tables).toEqual(before.tables);
  expect(after.counter).toBe(before.counter + 2);
});
