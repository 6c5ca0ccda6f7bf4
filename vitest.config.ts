import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  resolve: {
    alias: { 'budan-simulator': join(import.meta.dirname, 'packages/simulator/src/index.ts') },
  },
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    reporters: ['default', './test/support/count-reporter.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/each-file.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // One more than the two cores of a small machine: some tests wait for a timeout, and their core is
    // free then. Each worker may hold an embedded database of some 400 MB.
    maxWorkers: 3,
    // A process imports the program, and starts a browser, once and not once a file.
    isolate: false,
    // No test measures time; a slow machine may take its own.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
