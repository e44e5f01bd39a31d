import { expect, test } from 'vitest';
import { Timeline } from '../../source/fleet/timeline.ts';

const seen = (timeline: Timeline, key: string): readonly number[] =>
  (timeline.values(key) ?? []).filter((value) => !Number.isNaN(value));

test('a ring keeps its newest points, and what was not seen is a gap', () => {
  const timeline = new Timeline({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  for (const [atMs, value] of [
    [0, 1],
    [5, 2],
    [10, 3],
    [30, 4],
  ] as const) {
    timeline.advance(atMs);
    timeline.note('a', value);
  }
  expect(timeline.values('a')).toEqual([2, 3, Number.NaN, 4]);
  timeline.advance(45);
  expect(timeline.values('a')).toEqual([3, Number.NaN, 4, Number.NaN]);
  timeline.advance(1_000_000);
  expect(seen(timeline, 'a')).toEqual([]);
  expect(timeline.values('b')).toBeUndefined();
});

test('a clock that is set back adds no point and loses none', () => {
  const timeline = new Timeline({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  expect(timeline.advance(1_000)).toBe(false);
  timeline.note('a', 1);
  expect(timeline.advance(1_010)).toBe(true);
  timeline.note('a', 2);
  expect(timeline.advance(0)).toBe(false);
  timeline.note('a', 3);
  expect(seen(timeline, 'a')).toEqual([1, 3]);
});

test('a full ring is folded until its step is long enough, then it rolls', () => {
  const timeline = new Timeline({ points: 4, stepMs: 10, maxStepMs: 40, keep: 'max', maxSeries: 2 });
  for (let atMs = 0; atMs < 160; atMs += 10) {
    timeline.advance(atMs);
    timeline.note('a', atMs / 10);
  }
  expect(timeline.stepMs).toBe(40);
  expect(timeline.values('a')).toEqual([3, 7, 11, 15]);
  timeline.advance(160);
  timeline.note('a', 16);
  expect(timeline.stepMs).toBe(40);
  expect(timeline.values('a')).toEqual([7, 11, 15, 16]);
});

test('one step over many leaves gaps, not old figures', () => {
  const timeline = new Timeline({ points: 4, stepMs: 10, maxStepMs: 40, keep: 'max', maxSeries: 2 });
  timeline.advance(0);
  timeline.note('a', 5);
  timeline.advance(130);
  timeline.note('a', 1);
  expect(timeline.stepMs).toBe(40);
  expect(timeline.values('a')).toEqual([5, Number.NaN, Number.NaN, 1]);
  timeline.advance(10_000);
  expect(seen(timeline, 'a')).toEqual([]);
});

test('of more series than it may have, the one that was noted least recently goes', () => {
  const timeline = new Timeline({ points: 4, stepMs: 10, keep: 'last', maxSeries: 2 });
  timeline.advance(0);
  timeline.note('a', 1);
  timeline.note('b', 2);
  timeline.note('a', 3);
  timeline.note('c', 4);
  expect(timeline.seriesCount).toBe(2);
  expect(timeline.values('b')).toBeUndefined();
  expect(seen(timeline, 'a')).toEqual([3]);
});
