import { expect, test } from 'vitest';
import {
  formatAge,
  formatByteRate,
  formatBytes,
  formatCount,
  formatLatency,
  plural,
} from '../../source/view/format.ts';

test.each([
  [0, '0B'],
  [999, '999B'],
  [1_000, '1.0K'],
  [64 * 2 ** 20, '64.0M'],
  [268 * 2 ** 20, '268M'],
  [2 ** 30 * 1.9, '1.9G'],
  [2 ** 60, '1024P'],
  [-1, '-'],
  [Number.NaN, '-'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 B/s'],
  [999, '999 B/s'],
  [740_400, '740 kB/s'],
  [1_500, '1.5 kB/s'],
  [1_000_000, '1 MB/s'],
  [999_900, '1.0 MB/s'],
  [12_340_000, '12 MB/s'],
  [Number.POSITIVE_INFINITY, '-'],
])('%d bytes a second are %s', (rate, text) => {
  expect(formatByteRate(rate)).toBe(text);
});

test.each([
  [-5, '0s'],
  [8_400, '8s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_600_000 * 3 + 720_000, '3h12m'],
  [86_400_000 * 3 + 3_600_000 * 4, '3d04h'],
  [86_400_000 * 400, '400d'],
  [Number.NaN, '-'],
])('%d ms are %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

test('counts, latencies and plurals stay short', () => {
  expect([0, 7.25, 312, 3_100, 12_100, 2_400_000].map(formatCount)).toEqual([
    '0',
    '7.3',
    '312',
    '3.1k',
    '12.1k',
    '2.4M',
  ]);
  expect([0.42, 12, 1_200].map(formatLatency)).toEqual(['0.4 ms', '12 ms', '1.2 s']);
  expect([plural(1, 'node'), plural(0, 'node'), plural(2, 'node')]).toEqual(['1 node', '0 nodes', '2 nodes']);
});
