import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { pauseUntil } from './pause.ts';

test('a wait ends with its time or with Ctrl-C, leaves nobody listening, and many at once are no leak', async () => {
  const warned: Error[] = [];
  const hear = (warning: Error): void => void warned.push(warning);
  process.on('warning', hear);
  const stop = new AbortController();
  const pause = pauseUntil(stop.signal);
  await Promise.all(Array.from({ length: 30 }, () => pause(1)));
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  const long = Promise.all(Array.from({ length: 30 }, () => pause(3_600_000)));
  stop.abort();
  await long;
  await pause(3_600_000);
  await new Promise((done) => setImmediate(done));
  process.off('warning', hear);
  expect(warned.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
});
