import { expect, test } from 'vitest';
import { FigureRings } from '../../source/fleet/figure-rings.ts';

const seen = (rings: FigureRings, key: string): readonly number[] =>
  (rings.values(key) ?? []).filter((value) => !Number.isNaN(value));

test('a ring keeps its newest points, and what was not seen is a gap', () => {
  const rings = new FigureRings({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  for (const [atMs, value] of [
    [0, 1],
    [5, 2],
    [10, 3],
    [30, 4],
  ] as const) {
    rings.advance(atMs);
    rings.note('a', value);
  }
  expect(rings.values('a')).toEqual([2, 3, Number.NaN, 4]);
  rings.advance(45);
  expect(rings.values('a')).toEqual([3, Number.NaN, 4, Number.NaN]);
  rings.advance(1_000_000);
  expect(seen(rings, 'a')).toEqual([]);
  expect(rings.values('b')).toBeUndefined();
});

test('a clock that is set back adds no point and loses none', () => {
  const rings = new FigureRings({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  expect(rings.advance(1_000)).toBe(false);
  rings.note('a', 1);
  expect(rings.advance(1_010)).toBe(true);
  rings.note('a', 2);
  expect(rings.advance(0)).toBe(false);
  rings.note('a', 3);
  expect(seen(rings, 'a')).toEqual([1, 3]);
});

test('a full ring is folded until its step is long enough, then it rolls', () => {
  const rings = new FigureRings({ points: 4, stepMs: 10, maxStepMs: 40, keep: 'max', maxSeries: 2 });
  for (let atMs = 0; atMs < 160; atMs += 10) {
    rings.advance(atMs);
    rings.note('a', atMs / 10);
  }
  expect(rings.stepMs).toBe(40);
  expect(rings.values('a')).toEqual([3, 7, 11, 15]);
  rings.advance(160);
  rings.note('a', 16);
  expect(rings.stepMs).toBe(40);
  expect(rings.values('a')).toEqual([7, 11, 15, 16]);
});

test('one step over many leaves gaps, not old figures', () => {
  const rings = new FigureRings({ points: 4, stepMs: 10, maxStepMs: 40, keep: 'max', maxSeries: 2 });
  rings.advance(0);
  rings.note('a', 5);
  rings.advance(130);
  rings.note('a', 1);
  expect(rings.stepMs).toBe(40);
  expect(rings.values('a')).toEqual([5, Number.NaN, Number.NaN, 1]);
  rings.advance(10_000);
  expect(seen(rings, 'a')).toEqual([]);
});

test('of more series than it may have, the one that was noted least recently goes', () => {
  const rings = new FigureRings({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  rings.advance(0);
  rings.note('a', 1);
  rings.note('b', 2);
  rings.note('a', 3);
  rings.note('c', 4);
  expect(rings.seriesCount).toBe(2);
  expect(rings.values('b')).toBeUndefined();
  expect(seen(rings, 'a')).toEqual([3]);
});
