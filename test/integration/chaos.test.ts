import { expect, test } from 'vitest';
import { chaosRounds } from '../support/chaos-rounds.ts';

test('a daemon that is killed under load leaves every node as it was last acknowledged', {
  timeout: 300_000,
}, async () => {
  const result = await chaosRounds(5);
  expect(result.problems).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(0);
});
