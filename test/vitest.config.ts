import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest asks for it
export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Integration and terminal tests start real routers and daemons; on 2 cores more files at once only wait.
    maxWorkers: 2,
    // On a machine that others load, too, a real terminal or router may lose a race once; the last lines tell which test did.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
  },
});
