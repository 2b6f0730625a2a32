import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checksDir, contentDir } from '../../paths.ts';
import { MODULES } from '../../workshop.ts';
import { readChecklist, readChecklists, withLiveChecks } from '../checklist.ts';
import { KINDS } from '../probes/index.ts';
import { judgeWalk, stopWords } from './judge.ts';
import { answerAgain, taughtBy } from './taught.ts';
import { numberIn, tokenIn } from './tokens.ts';
import type { Stop, Walk } from './types.ts';

const TOKEN = `AQCEAAAAKgAAAAMAAAAA${'x'.repeat(40)}`;
const walk = (over: Partial<Walk>): Walk => ({
  path: 'alone',
  userId: 'presso-test-1',
  tookMs: 900,
  left: [],
  ...over,
});

test('token and number are found however a task wraps them', () => {
  const detail = { TaskToken: TOKEN, orderNumber: '7' };
  for (const given of [
    { Entries: [{ Detail: detail }] },
    { Entries: [{ Detail: JSON.stringify(detail) }] },
    { FunctionName: 'tell', Payload: { token: TOKEN, orderNumber: 7 } },
  ]) {
    expect(tokenIn(given)).toBe(TOKEN);
    expect(numberIn(given)).toBe('7');
  }
  expect(tokenIn({ token: 'latte', note: TOKEN })).toBeUndefined();
  expect(tokenIn('{ no JSON')).toBeUndefined();
});

test('a task counts only where each of two orders got its own number from it', () => {
  const answer = (number: number, other: number) => ({ Payload: { n: `${number}`, of: other }, StatusCode: 200 });
  const taught = taughtBy([
    walk({ number: '7', answers: { Take: answer(7, 7), Look: { seven: 7 } } }),
    walk({ number: '8', answers: { Take: answer(8, 7), Look: { seven: 7 } } }),
  ]);
  expect(taught?.numbers).toEqual(['7', '8']);
  expect(taught?.answers['Take']?.counted).toEqual([['Payload', 'n']]);
  expect(taught?.answers['Look']?.counted).toEqual([]);
  const take = taught?.answers['Take'];
  expect(take && answerAgain(take, 42)).toEqual({ Payload: { n: '42', of: 7 }, StatusCode: 200 });
  expect(taughtBy([walk({ stop: { stage: 'known' } })])).toBeUndefined();
});

test('an order that stays behind is no pass, and a passing moment no fail', () => {
  expect(judgeWalk({ path: 'alone' }, walk({ number: '3' }))).toMatchObject({ status: 'pass' });
  expect(judgeWalk({ path: 'alone' }, walk({ left: ['order 1 (denied)'] }))).toMatchObject({
    status: 'error',
    found: expect.stringContaining('still there: order 1 (denied)'),
  });
  for (const now of ['closed', 'full', 'no-drink', 'dry'] as const)
    expect(judgeWalk({ path: 'served' }, walk({ stop: { stage: 'shop', now } })).status).toBe('waiting');
});

const run = { name: 'e', arn: 'arn:e', status: 'RUNNING', state: 'Emit' };
const rule = {
  name: 'NewOrder',
  status: 'fail' as const,
  found: 'the rule "NewOrder" is disabled',
  hint: 'Enable it.',
};

test.each<[string, Stop, RegExp]>([
  [
    'nothing starts',
    { stage: 'start', waitedMs: 20_000, rule },
    /no execution .* within 20\.0 s .*"NewOrder" is disabled/,
  ],
  [
    'a rule that looks right',
    { stage: 'start', waitedMs: 20_000, rule: { name: 'NewOrder', status: 'pass', found: 'the rule "NewOrder"' } },
    /the rule "NewOrder" ought to start the workflow/,
  ],
  [
    'nobody is told',
    { stage: 'known', run, waitedMs: 20_000, rule },
    /WorkflowStarted had no effect.*in the state "Emit"/,
  ],
  [
    'it ends too early',
    { stage: 'known', run: { ...run, status: 'SUCCEEDED' } },
    /came to its end, in the state "Emit"/,
  ],
  [
    'it fails',
    { stage: 'number', run: { ...run, status: 'FAILED', error: 'E', cause: 'because.' } },
    /ended as FAILED, in the state "Emit", after the customer had ordered.*: E: because$/,
  ],
  [
    'the shop refuses',
    { stage: 'drink', run, answer: { status: 409, message: 'No.' } },
    /refused the customer's drink: No$/,
  ],
  [
    'a wrong number',
    { stage: 'number', number: { got: '3', counter: 6 } },
    /got the number 3, and the counter stood at 6/,
  ],
  ['it hangs at the end', { stage: 'end', run }, /handed over, but the workflow still runs/],
  [
    'no last event',
    { stage: 'events', missing: ['OrderProcessor.orderFinished'] },
    /orderFinished never came into the log/,
  ],
  [
    'no token by hand',
    { stage: 'known', run, waitedMs: 20_000, alone: true },
    /gave out no task token for the customer/,
  ],
])('%s: a sentence says where and why', (_what, stop, sentence) => {
  expect(stopWords(stop)).toMatchObject({ status: 'fail', found: expect.stringMatching(sentence) });
});

test('what a learner named cannot move the cursor', () => {
  const stop: Stop = { stage: 'known', run: { ...run, status: 'FAILED', state: 'a\u001b[2Jb', cause: 'x\u0007y' } };
  expect(stopWords(stop).found).not.toMatch(/[\u0000-\u001f]/);
});

test('every lesson that a live check points to is there, and every check that it needs', () => {
  const lists = readChecklists(checksDir(), MODULES, KINDS);
  const ids = lists.flatMap(({ checks }) => checks.map(({ id }) => id));
  const all = withLiveChecks(checksDir(), lists, KINDS);
  const live = all.flatMap(({ checks }) => checks).filter(({ kind }) => kind === 'live-order');
  expect(live.length).toBeGreaterThan(2);
  const pages = new Set(
    MODULES.flatMap((module) =>
      readdirSync(path.join(contentDir(), module)).map((file) => `${module}/${file.replace(/^\d+-|\.md$/g, '')}`),
    ),
  );
  const pointed = live.flatMap(({ lesson, expect: { lessons } }) => [lesson, ...Object.values(lessons ?? {})]);
  expect(pointed.filter((page) => !pages.has(String(page)))).toEqual([]);
  // What stands in the file, not what is left of it for the modules that are asked for.
  const written = MODULES.flatMap((module) => {
    const file = path.join(checksDir(), module, 'live.yaml');
    return existsSync(file) ? readChecklist(file, module, KINDS).checks.flatMap(({ needs }) => needs) : [];
  });
  expect(written.filter((id) => !ids.includes(id) && !live.some((check) => check.id === id))).toEqual([]);
});
