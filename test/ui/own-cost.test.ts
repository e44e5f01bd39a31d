import { expect, test } from 'vitest';
import { OwnCostMeter } from '../../source/ui/own-cost.ts';
import { costWords } from '../../source/view/own-cost.ts';

test('figures are means over some seconds, and stand as long', () => {
  let nowMs = 0;
  let cpuUs = 1_000_000;
  let sentBytes = 5_000;
  const meter = new OwnCostMeter({
    now: () => nowMs,
    cpuUs: () => cpuUs,
    sentBytes: () => sentBytes,
    memoryBytes: () => 71 * 2 ** 20,
  });
  expect(meter.view()).toBeUndefined();
  nowMs = 2_000;
  expect(meter.view()).toBeUndefined();
  nowMs = 4_000;
  cpuUs += 24_000;
  sentBytes += 1_160;
  const first = meter.view();
  expect(first).toEqual({ cpuPercent: 0.6, memoryBytes: 71 * 2 ** 20, bytesPerSecond: 290 });
  expect(first && costWords(first)).toBe('top 0.6% 71M 290 B/s');
  nowMs = 13_000;
  sentBytes += 100_000;
  expect(meter.view()).toBe(first);
  nowMs = 14_000;
  cpuUs += 1_500_000;
  expect(meter.view()).toMatchObject({ cpuPercent: 15, bytesPerSecond: 10_000 });
});

test('of this very process', () => {
  let nowMs = 0;
  const meter = new OwnCostMeter({ sentBytes: () => 0, now: () => nowMs });
  nowMs = 5_000;
  const cost = meter.view();
  expect(cost?.memoryBytes).toBeGreaterThan(10 * 2 ** 20);
  expect(cost?.cpuPercent).toBeGreaterThanOrEqual(0);
});

test.each([
  [{ cpuPercent: 0.04, memoryBytes: 0, bytesPerSecond: 4 }, 'top 0.0% 0M 0 B/s'],
  [{ cpuPercent: 34.4, memoryBytes: 200 * 2 ** 20, bytesPerSecond: 1_200 }, 'top 34% 200M 1.2 kB/s'],
  [{ cpuPercent: 9.96, memoryBytes: 1, bytesPerSecond: 996 }, 'top 10% 0M 1 kB/s'],
])('%j is told as %s', (cost, words) => {
  expect(costWords(cost)).toBe(words);
});
