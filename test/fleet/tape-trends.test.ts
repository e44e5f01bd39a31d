import { expect, test } from 'vitest';
import { History, type TrendName } from '../../source/fleet/history.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import type { FleetState } from '../../source/fleet/state.ts';
import type { Tape } from '../../source/fleet/tape.ts';
import { tellStory } from '../support/fleet-story.ts';
import { RecordingSheet, tapeOf } from '../support/recording-sheet.ts';
import { fleetNode, fleetState, NOW_MS, SHM } from '../support/screen-input.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SERIES: readonly (readonly [TrendName, string])[] = [
  ['cpu', 'jetson_0'],
  ['memory', 'jetson_0'],
  ['shm', 'jetson_0'],
  ['shm', 'jetson_1'],
  ['rate', 'jetson_0/cam'],
  ['rate', 'jetson_0/node_1'],
  ['rate', 'jetson_1/node_0'],
];

function allOf(trends: Pick<Tape, 'trendsAt'> | History, atMs: number): unknown {
  const at = trends instanceof History ? trends : trends.trendsAt(atMs);
  return SERIES.map(([name, key]) => at.trend(name, key));
}

/** A fleet of which each second tells another figure. */
function busyState(second: number): FleetState {
  const cam = fleetNode({ name: 'cam', outputs: 'flowing', outputRateHz: 5 + (second % 30) });
  const usedBytes = second * 1_000_000;
  const state = fleetState({
    machines: { jetson_0: [cam] },
    shm: { ...SHM, usedBytes, freeBytes: SHM.freeBytes - usedBytes },
  });
  const load = { cpuPercent: second % 100, memoryUsedBytes: second, memoryTotalBytes: 10_000 };
  return reduce(state, { type: 'loads', atMs: NOW_MS, loads: [{ machine: 'jetson_0', load }] });
}

test('at any moment, in any order, figures had gone as the screen showed them then', () => {
  const sheet = new RecordingSheet(4 << 20);
  const live = new History();
  const shown: { readonly atMs: number; readonly trends: unknown }[] = [];
  // Long enough for shared memory to be told in longer steps, twice.
  for (let second = 0; second < 900; second += 1) {
    const atMs = NOW_MS + second * 1_000;
    const state = busyState(second);
    live.take(state, atMs, () => []);
    sheet.writer.record(state, atMs);
    if (second % 3 === 0) sheet.flush();
    shown.push({ atMs, trends: allOf(live, atMs) });
  }
  sheet.end();
  const tape = tapeOf(sheet.file);
  const random = seededRandom(3);
  for (let look = 0; look < 200; look += 1) {
    const { atMs, trends } = random.pick(shown as [(typeof shown)[number]]);
    expect(allOf(tape, atMs)).toEqual(trends);
  }
  // From one second to the next, and back.
  for (const { atMs, trends } of shown.slice(-80)) expect(allOf(tape, atMs)).toEqual(trends);
  for (const { atMs, trends } of shown.slice(400, 500).reverse()) expect(allOf(tape, atMs)).toEqual(trends);
});

test('whoever stops on the way, or comes from elsewhere, sees the same', () => {
  for (let seed = 1; seed <= 4; seed += 1) {
    const sheet = new RecordingSheet(256 * 1024);
    tellStory({ machines: 3, nodes: 4, steps: 500, seed, stepMs: 700 }, (state, atMs) => {
      sheet.writer.record(state, atMs);
      sheet.flush();
    });
    sheet.end();
    const random = seededRandom(seed);
    const wanderer = tapeOf(sheet.file);
    for (let look = 0; look < 40; look += 1) {
      const atMs = wanderer.startMs + random.below(wanderer.endMs - wanderer.startMs + 5_000);
      // It never was anywhere else.
      expect(allOf(wanderer, atMs)).toEqual(allOf(tapeOf(sheet.file), atMs));
    }
  }
}, 60_000);

test('what was not recorded is a gap, however long one stands in it', () => {
  const sheet = new RecordingSheet(1 << 20);
  const put = (second: number): void => {
    sheet.writer.record(busyState(second), NOW_MS + second * 1_000);
    sheet.flush();
  };
  for (let second = 0; second < 100; second += 1) put(second);
  for (let second = 1_000; second < 1_040; second += 1) put(second);
  sheet.end();
  const direct = tapeOf(sheet.file);
  const known = (tape: Tape, second: number): number => {
    const values = tape.trendsAt(NOW_MS + second * 1_000).trend('cpu', 'jetson_0')?.values ?? [];
    return values.filter((value) => !Number.isNaN(value)).length;
  };
  expect(known(direct, 99)).toBe(19);
  // For a while a figure holds that nothing has contradicted.
  expect(known(direct, 125)).toBe(24);
  expect(known(direct, 350)).toBeLessThan(24);
  expect(known(direct, 900)).toBe(0);
  const through = tapeOf(sheet.file);
  for (let second = 90; second < 1_040; second += 7) known(through, second);
  expect(allOf(through, NOW_MS + 1_039_000)).toEqual(allOf(tapeOf(sheet.file), NOW_MS + 1_039_000));
  expect(known(direct, 1_039)).toBe(8);
});
