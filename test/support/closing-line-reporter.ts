import type { Reporter, TestModule } from 'vitest/node';

/** Last lines of a run: tests that passed at the second try only, then, as any CI reads it, `12 passed, 0 failed, 0 skipped`. */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const testModule of testModules) {
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        count[state === 'pending' ? 'skipped' : state] += 1;
        if (test.diagnostic()?.flaky) process.stdout.write(`\npassed at the second try: ${test.fullName}`);
      }
      if (testModule.state() === 'failed' && testModule.children.allTests().next().done === true) count.failed += 1;
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
