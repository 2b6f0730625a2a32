import { expect, test } from 'vitest';
import { type Json, matches, matchesText, parsePattern } from '../event-pattern/index.ts';

const event: Json = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'OrderProcessor.WaitingCompletion',
  source: 'awsserverlessda.serverlesspresso',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: { Message: 'm', TaskToken: 'T'.repeat(700), orderId: '1', orderNumber: '7', userId: 'testuser' },
};
const patterns = [
  { source: ['awsserverlessda.serverlesspresso'] },
  { 'detail-type': ['OrderProcessor.WaitingCompletion'], source: ['awsserverlessda.serverlesspresso'] },
  { 'detail-type': ['OrderManager.WaitingCompletion'], source: ['awsserverlessda.serverlesspresso'] },
  { source: [{ prefix: 'awsserverlessda' }], detail: { orderId: [{ exists: true }], userId: [{ wildcard: 'test*' }] } },
  { $or: [{ source: ['other'] }, { detail: { orderNumber: [{ 'anything-but': ['8', '9'] }] } }] },
].map((pattern) => parsePattern(JSON.stringify(pattern)));

function perSecond(decide: (pattern: (typeof patterns)[number]) => boolean): number {
  const rounds = 40_000;
  let matched = 0;
  const run = (count: number) => {
    for (let i = 0; i < count; i++) for (const pattern of patterns) if (decide(pattern)) matched++;
  };
  run(rounds / 10);
  const start = performance.now();
  run(rounds);
  const seconds = (performance.now() - start) / 1000;
  expect(matched).toBe(4 * (rounds + rounds / 10));
  return Math.round((rounds * patterns.length) / seconds);
}

test('at least 100,000 pattern decisions a second', () => {
  const rate = perSecond((pattern) => matches(pattern, event));
  console.log(`event patterns: ${rate.toLocaleString('en')} decisions a second`);
  expect(rate).toBeGreaterThanOrEqual(100_000);
});

test('decisions over the event as text, for comparison', () => {
  const text = JSON.stringify(event);
  console.log(
    `event patterns, event as text: ${perSecond((pattern) => matchesText(pattern, text)).toLocaleString('en')} decisions a second`,
  );
});
