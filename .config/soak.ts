import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/**/*.soak.ts'],
    globalSetup: ['src/testing/build-once.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 3_600_000,
    maxWorkers: 1,
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
});
