import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPresso } from '../testing/presso.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-start-'));
const presso = (...args: string[]) => runPresso(args, { home });
beforeAll(async () => {
  expect(await presso('setup', '--sandbox', '--yes')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await presso('sandbox', 'stop');
  rmSync(home, { recursive: true, force: true });
});

interface Told {
  execution: string;
  orderId: string;
  states: string[];
  status: string;
  waits?: { state: string; event: string; limit: string };
  next: string;
}

test('an order started by hand is followed to where it waits or ends, and what comes next is said', async () => {
  const none = await presso('workflow', 'start');
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toContain('There is no state machine OrderProcessorWorkflow yet.');

  await presso('solve', 'module-1', '--yes');
  const waits = await presso('workflow', 'start', '--execution', 'first');
  expect(waits).toMatchObject({ code: 0 });
  expect(waits.stdout).toContain('execution:OrderProcessorWorkflow:first\n');
  expect(waits.stdout).toMatch(/Read shop state\n(.*\n)*.*Is there capacity\?\n/);
  expect(waits.stdout).toContain(
    '◐ It waits in Emit workflow started, at most 900 s; it has sent OrderProcessor.WorkflowStarted.',
  );
  expect(waits.stdout).toContain('No rule carries OrderProcessor.WorkflowStarted to anybody yet');
  expect(waits.stdout).toContain('Next: presso sandbox clock advance 15m');

  // The same name with another order is AWS's ExecutionAlreadyExists.
  const again = await presso('workflow', 'start', '--execution', 'first');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('presso workflow start --execution first-2');

  await presso('shop', 'close');
  const closed = JSON.parse((await presso('workflow', 'start', '--json')).stdout) as Told;
  expect(closed).toMatchObject({
    status: 'SUCCEEDED',
    states: ['Read shop state', 'Is the shop open?', 'Emit shop unavailable'],
  });
  await presso('shop', 'open');

  // Something is in the order that the workflow does not find: it fails, and says in which state.
  writeFileSync(path.join(home, 'order.json'), '{"detail": {"userId": "me"}}');
  const fails = await presso('workflow', 'start', '--input', 'order.json');
  expect(fails.code).toBe(1);
  expect(fails.stdout).toContain('✗ FAILED in Emit workflow started');
  expect(fails.stdout).toContain("'$.detail.orderId'");

  await presso('solve', 'module-2', '--yes');
  const kept = JSON.parse((await presso('workflow', 'start', '--json')).stdout) as Told;
  expect(kept).toMatchObject({ status: 'RUNNING', waits: { state: 'Emit workflow started', limit: '900 s' } });
  expect(kept.next).toBe(`presso order submit ${kept.orderId.slice(0, 8)} --drink Latte`);
});

test.each<[string[], string]>([
  [['--event', 'orderFinishd'], 'presso workflow start --event OrderProcessor.orderFinished'],
  [['--input', 'nowhere.json'], 'nowhere.json cannot be read (ENOENT)'],
  [['--input', 'broken.json'], 'broken.json is not JSON'],
  [['--input', 'list.json'], 'list.json holds something else'],
  [['--execution', 'not a name'], 'cannot be the name of an execution'],
  [['--input', 'list.json', '--event', 'Validator.NewOrder'], 'presso workflow start --help'],
  [['--name', 'OrderProcesorWorkflow'], 'There is no state machine "OrderProcesorWorkflow"'],
])('%s is refused before anything is started', async (args, sentence) => {
  writeFileSync(path.join(home, 'broken.json'), '{"detail": ');
  writeFileSync(path.join(home, 'list.json'), '[1]');
  const { code, stdout, stderr } = await presso('workflow', 'start', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(sentence);
});
