import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IAMClient, CreateRoleCommand } from '@aws-sdk/client-iam';
import { DescribeStateMachineCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { expect, test, vi } from 'vitest';
import { runPresso } from '../testing/presso.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';
import { diffLines, graphOf, lint, shortened, toDot, toMermaid, toText } from './index.ts';

// Each command is a process of its own, which takes its time on a machine that is busy.
vi.setConfig({ testTimeout: 120_000 });

const solution = readFileSync(
  new URL('../../checks/module-1/solution/order-processor.asl.json', import.meta.url),
  'utf8',
);

test('the reference solution is drawn with both waits, both ways out of the shop, and no state left over', () => {
  const drawn = toText(graphOf(JSON.parse(solution)));
  expect(drawn.filter((text) => text.includes('waits for its token, at most 900 s'))).toHaveLength(2);
  expect(drawn.filter((text) => text.includes('sends OrderProcessor.ShopUnavailable'))).toHaveLength(1);
  expect(drawn.some((text) => text.includes('→ Emit shop unavailable'))).toBe(true);
  expect(drawn.some((text) => text.includes('no way leads here'))).toBe(false);
  expect(drawn[0]).toBe('● Read shop state · dynamodb:getItem');
});

test('a half-built definition is drawn as far as it goes: targets that are not there and states nobody reaches are named', () => {
  const drawn = toText(
    graphOf({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'Nowhere' }, B: { Type: 'Succeed' }, C: 'no state' } }),
  );
  expect(drawn).toEqual(['● A · Pass', '→ Nowhere (there is no such state)', '○ B · no way leads here']);
});

test('a loop is drawn once and then named', () => {
  const drawn = toText(
    graphOf({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } } }),
  );
  expect(drawn).toEqual(['● A · Pass', '● B · Pass', '→ A']);
});

test('choices are put into words, in either query language', () => {
  const choice = (rule: object) =>
    graphOf({
      StartAt: 'C',
      States: { C: { Type: 'Choice', Choices: [{ ...rule, Next: 'D' }] }, D: { Type: 'Succeed' } },
    }).edges[0]?.label;
  expect(choice({ Variable: '$.a', BooleanEquals: false })).toBe('$.a = false');
  expect(choice({ Variable: '$.a', StringEquals: 'x' })).toBe('$.a = "x"');
  expect(choice({ Variable: '$.a', NumericGreaterThanEqualsPath: '$.b' })).toBe('$.a ≥ $.b');
  expect(choice({ Variable: '$.a[20]', IsPresent: false })).toBe('$.a[20] is not present');
  expect(choice({ Not: { Variable: '$.a', IsNull: true } })).toBe('not ($.a is null)');
  expect(
    choice({ Or: [{ And: [{ Variable: '$.a', IsPresent: true }] }, { Variable: '$.b', BooleanEquals: true }] }),
  ).toBe('($.a is present) or $.b = true');
  expect(choice({ Condition: '{% $states.input.open %}' })).toBe('$states.input.open');
});

test('branches stand inside their state in all three drawings', () => {
  const graph = graphOf({
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        End: true,
        Branches: [
          { StartAt: 'L', States: { L: { Type: 'Pass', End: true } } },
          { StartAt: 'R', States: { R: { Type: 'Pass', End: true } } },
        ],
      },
    },
  });
  expect(toText(graph)).toEqual([
    '● Both · Parallel · end',
    '  ├ branch 1',
    '  │ ● L · Pass · end',
    '  ├ branch 2',
    '  │ ● R · Pass · end',
  ]);
  expect(toMermaid(graph).filter((line) => line.includes('subgraph'))).toHaveLength(2);
  expect(toDot(graph).filter((line) => line.includes('subgraph "cluster Both/'))).toHaveLength(2);
});

test('names that mean something to Mermaid or Graphviz are only names in the drawing', () => {
  const graph = graphOf({ StartAt: 'say "hi" <b>', States: { 'say "hi" <b>': { Type: 'Pass', End: true } } });
  expect(toMermaid(graph)[1]).toContain('say #quot;hi#quot; #lt;b#gt;');
  expect(toDot(graph).join('\n')).toContain('say \\"hi\\" <b>');
});

test('what the lesson leaves to fill in is found with its line and column', () => {
  const text =
    '{\n  "StartAt": "A",\n  "States": { "A": { "Type": "Pass", "Comment": "YOUR_STATE_MACHINE_ARN", "End": true } }\n}';
  expect(lint(text, 'STANDARD')).toEqual([
    expect.objectContaining({ severity: 'error', code: 'PLACEHOLDER', line: 3, column: 50 }),
  ]);
  expect(lint(text.replace('YOUR_STATE_MACHINE_ARN', 'fine'), 'STANDARD')).toEqual([]);
});

test('a definition that was copied with the bars of a lesson is told how to copy it without', () => {
  const text = '{\n  ▎ "StartAt": "A",\n  ▎ "States": { "A": { "Type": "Pass", "End": true } }\n}';
  expect(lint(text, 'STANDARD')).toMatchObject([
    { severity: 'error', line: 2, column: 3, message: expect.stringContaining('presso learn') as string },
  ]);
  expect(lint(text.replaceAll('▎', ''), 'STANDARD')).toEqual([]);
});

test('a difference gives both texts back, whatever they are', () => {
  const words = ['a', 'b', 'c'];
  const texts = [[], ['a'], ['a', 'b'], ['b', 'a'], ['a', 'b', 'c', 'a'], ['c', 'c', 'b', 'a', 'b'], words];
  for (const before of texts)
    for (const after of texts) {
      const lines = diffLines(before, after);
      expect(lines.filter(({ kind }) => kind !== '+').map(({ text }) => text)).toEqual(before);
      expect(lines.filter(({ kind }) => kind !== '-').map(({ text }) => text)).toEqual(after);
    }
  expect(
    diffLines(['a', 'b', 'c'], ['a', 'x', 'c'])
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual([' ', ' ', '+', '-']);
});

test('a long text that changes in one place is shown by that place', () => {
  const before = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const after = before.with(10, 'other');
  expect(shortened(diffLines(before, after), 1)).toEqual(['…', '  line 9', '- line 10', '+ other', '  line 11', '…']);
});

test('push makes the workflow as the prepared role, pull brings it back, a change is shown and pushed, a mistake is not', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-workflow-'));
  try {
    await withSandbox(async (sandbox) => {
      const config = clientConfig(sandbox, '000000000000');
      const sfn = new SFNClient(config);
      const presso = (...args: string[]) => runPresso([...args, '--endpoint-url', sandbox.endpoint], { home });
      const definition = async () => {
        const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
        const [{ stateMachineArn } = { stateMachineArn: undefined }] = stateMachines;
        return stateMachineArn === undefined
          ? undefined
          : sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
      };
      const file = path.join(home, 'order.asl.json');
      writeFileSync(file, solution);

      const noRole = await presso('workflow', 'push', 'order.asl.json');
      expect(noRole).toMatchObject({ code: 2, stderr: expect.stringContaining('01OrderProcessorRole') });
      await new IAMClient(config).send(
        new CreateRoleCommand({
          RoleName: 'core-01OrderProcessorRole-x',
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' }],
          }),
        }),
      );

      expect((await presso('workflow', 'push', 'order.asl.json', '--dry-run')).code).toBe(0);
      expect(await definition()).toBeUndefined();
      expect((await presso('workflow', 'push', 'order.asl.json')).code).toBe(0);
      expect(await definition()).toMatchObject({
        name: 'OrderProcessorWorkflow',
        type: 'STANDARD',
        roleArn: expect.stringContaining('01OrderProcessorRole'),
      });

      expect((await presso('workflow', 'pull', 'pulled.asl.json')).code).toBe(0);
      expect(JSON.parse(readFileSync(path.join(home, 'pulled.asl.json'), 'utf8'))).toEqual(JSON.parse(solution));
      expect((await presso('workflow', 'push', 'pulled.asl.json')).stdout).toContain('nothing was changed');

      const changed = solution.replace('"HeartbeatSeconds": 900', '"HeartbeatSeconds": 600');
      writeFileSync(file, changed);
      writeFileSync(path.join(home, 'pulled.asl.json'), '{}');
      expect(await presso('workflow', 'pull', 'pulled.asl.json')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--force'),
      });
      expect(readFileSync(path.join(home, 'pulled.asl.json'), 'utf8')).toBe('{}');
      const pushed = await presso('workflow', 'push', 'order.asl.json');
      expect(pushed.stdout).toMatch(/-\s+"HeartbeatSeconds": 900[\s\S]*\+\s+"HeartbeatSeconds": 600/);
      expect((await definition())?.definition).toBe(changed);

      writeFileSync(file, changed.replace('"Next": "Take order number"', '"Next": "Take order nmber"'));
      const refused = await presso('workflow', 'push', 'order.asl.json');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/order\.asl\.json:\d+:\d+ error: .*Take order nmber/);
      expect((await definition())?.definition).toBe(changed);

      const shown = JSON.parse((await presso('workflow', 'show', '--json')).stdout) as {
        states: unknown[];
        definition?: string;
      };
      expect(shown.states).toHaveLength(12);
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test('graph draws a file without any target, and says where a broken one breaks', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-graph-'));
  try {
    writeFileSync(path.join(home, 'good.json'), solution);
    writeFileSync(path.join(home, 'bad.json'), '{"StartAt":\n}');
    expect(await runPresso(['workflow', 'graph', 'good.json', '--format', 'mermaid'], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^flowchart TD\n/),
    });
    expect(await runPresso(['workflow', 'graph', 'bad.json'], { home })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('bad.json:2:'),
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
