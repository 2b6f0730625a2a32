import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRuleFile } from './rule-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'presso-rule-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rule = (text: string): string => {
  const file = path.join(folder, 'rule.yaml');
  writeFileSync(file, text);
  return file;
};

test('brings the role that a workflow as target asks for, and the permission that a function does', () => {
  const workflow = readRuleFile(rule('name: A\npattern: {source: [x]}\ntarget: {workflow: W}\n'));
  expect(workflow.map(({ kind }) => kind)).toEqual(['role', 'rule']);
  expect(JSON.stringify(workflow[0])).toContain('${workflow.W.arn}');
  const called = readRuleFile(rule('{"name": "B", "pattern": {"source": ["x"]}, "target": {"function": "F"}}'));
  expect(called).toEqual([
    {
      kind: 'rule',
      name: 'B',
      bus: 'Serverlesspresso',
      state: 'ENABLED',
      pattern: '{"source":["x"]}',
      targets: [{ id: 'function', function: { contains: 'F' } }],
    },
    { kind: 'permission', function: { contains: 'F' }, rule: 'B' },
  ]);
  expect(readRuleFile(rule('name: C\npattern: {source: [x]}\ntarget: {logGroup: /g}\n'))).toHaveLength(1);
});

test.each([
  ['name: A\npatern: {source: [x]}\n', /rule\.yaml:2:1: "patern" is not a field of a rule; did you mean pattern/],
  ['name: A\npattern: {source: x}\ntarget: {logGroup: g}\n', /rule\.yaml:2:10: EventBridge would refuse the pattern/],
  ['name: A b\npattern: {source: [x]}\ntarget: {logGroup: g}\n', /rule\.yaml:1:7: name is 1 to 64/],
  ['name: A\npattern: {source: [x]}\ntarget: {lambda: g}\n', /rule\.yaml:3:9: "lambda" is not a target; there are/],
  ['name: A\npattern: {source: [x]}\ntarget: {workflow: a, function: b}\n', /one target/],
  ['name: A\npattern: {source: [x]}\n', /target holds one of workflow, function, logGroup/],
  ['name: [\n', /rule\.yaml:\d+:\d+: this is not YAML/],
  ['- name\n', /a rule is written as name, pattern and target/],
])('refuses %j where it is wrong', (text, what) => {
  expect(() => readRuleFile(rule(text))).toThrow(what);
});
