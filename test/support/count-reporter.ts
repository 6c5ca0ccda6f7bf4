import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with the plain count, for machines that read only the last line. */
// biome-ignore lint/style/noDefaultExport: vitest loads reporters by their default export
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1
      // A file that could not be loaded has no tests to fail.
      if (module.state() === 'failed' && count.failed === 0) count.failed += module.errors().length
    }
    const skipped = count.skipped + count.pending
    process.on('exit', () => {
      console.log(`${count.passed} passed, ${count.failed} failed, ${skipped} skipped`)
    })
  }
}
