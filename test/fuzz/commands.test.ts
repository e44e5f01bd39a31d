import { expect, test } from 'vitest';
import { runFuzz } from './run-fuzz.ts';

test('10,000 inputs of command, registry and node.yaml bytes break nothing, and none of it stays in memory', async () => {
  const reports = await runFuzz(10_000, 20_260_101);
  expect(reports).toHaveLength(4);
  for (const { target, inputs, accepted, grownBytes } of reports) {
    expect(inputs).toBe(2_500);
    // Both sides of the border are seen.
    expect(accepted, target).toBeGreaterThan(10);
    expect(grownBytes, target).toBeLessThan(8 * 1024 * 1024);
  }
});
