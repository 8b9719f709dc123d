import { defineConfig } from 'vitest/config';

const conditions = ['source', 'module', 'node', 'development|production'];
/** How long a condition may take that is waited for: a bound, not a measure, as all time-outs here: a machine may do other things too. */
const expectations = { poll: { timeout: 30_000 } };
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source', 'node'] } },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          environment: 'node',
          expect: expectations,
          include: ['packages/*/src/**/*.test.ts', 'bench/src/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          environment: 'node',
          expect: expectations,
          include: ['e2e/src/**/*.test.ts', 'bench/e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'browser',
          environment: 'node',
          expect: expectations,
          include: ['e2e/browser/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A browser, a server and agents keep two cores busy.
          fileParallelism: false,
        },
      },
    ],
  },
});
