import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/**/*.test.ts', 'templates/**/*.test.ts'],
    globalSetup: ['src/testing/build-once.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'threads',
    // On two cores: a good part of the time somebody waits for a process or a clock.
    maxWorkers: 3,
    // Files share a worker's modules, so that the SDK is loaded and compiled three times instead of a hundred: no test may
    // leave a setting of the process changed.
    isolate: false,
  },
});
