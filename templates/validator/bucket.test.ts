import { expect, test } from 'vitest';
import { bucketAt, newCode } from './bucket.mjs';

test('time falls into stretches that touch and do not overlap', () => {
  const length = 5 * 60_000;
  const bucket = bucketAt(1_760_000_123_456, 5);
  expect(bucket.end - bucket.start).toBe(length);
  expect(bucketAt(bucket.start, 5)).toEqual(bucket);
  expect(bucketAt(bucket.end - 1, 5)).toEqual(bucket);
  expect(bucketAt(bucket.end, 5)).toEqual({ id: bucket.id + 1, start: bucket.end, end: bucket.end + length });
  expect(bucketAt(bucket.start - 1, 5).id).toBe(bucket.id - 1);
});

test('codes are ten characters that nobody mixes up, and differ', () => {
  const codes = Array.from({ length: 200 }, () => newCode());
  for (const code of codes) expect(code).toMatch(/^[A-HJ-NP-Za-km-z2-9]{10}$/);
  expect(new Set(codes).size).toBe(codes.length);
});
