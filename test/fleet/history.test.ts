import { expect, test } from 'vitest';
import { History } from '../../source/fleet/history.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { resolveTheme } from '../../source/view/resolve-theme.ts';
import { sparkline } from '../../source/view/sparkline.ts';
import { createTheme } from '../../source/view/theme.ts';
import { fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const camera = fleetNode({ name: 'cam', outputs: 'flowing', outputRateHz: 15 });
const { glyphs } = createTheme('none');

function lastOf(history: History, name: Parameters<History['trend']>[0], key: string): number | undefined {
  return history.trend(name, key)?.values.findLast((value) => !Number.isNaN(value));
}

test('figures of machines and rates of nodes are noted, each some seconds', () => {
  const state = reduce(fleetState({ machines: { m: [camera, fleetNode({ name: 'idle', outputs: 'none' })] } }), {
    type: 'loads',
    atMs: NOW_MS,
    loads: [{ machine: 'm', load: { cpuPercent: 40, memoryUsedBytes: 1, memoryTotalBytes: 4 } }],
  });
  const history = new History();
  history.take(state, NOW_MS, () => []);
  for (let step = 1; step <= 12; step += 1) history.take(state, NOW_MS + step * 5_000, () => []);
  expect(lastOf(history, 'cpu', 'm')).toBe(40);
  expect(lastOf(history, 'memory', 'm')).toBe(25);
  expect(lastOf(history, 'shm', 'm')).toBe(25);
  expect(lastOf(history, 'rate', 'm/cam')).toBe(15);
  expect(history.trend('rate', 'm/idle')).toBeUndefined();
  expect(sparkline(history.trend('rate', 'm/cam'), 10, glyphs)).toBe('       ███');
  expect(sparkline(history.trend('cpu', 'm'), 10, glyphs, 100)).toBe('       ▃▃▃');
  expect(sparkline(history.trend('cpu', 'm'), 10, resolveTheme({ TERM: 'xterm', LANG: 'C' }).glyphs, 100)).toBe(
    '       ---',
  );
});

test('while there is no link nothing is noted: the gap shows', () => {
  const state = fleetState({ machines: { m: [camera] } });
  const lost = reduce(state, {
    type: 'link',
    link: { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'x' },
    zid: '',
  });
  const history = new History();
  for (let step = 0; step < 36; step += 1) {
    history.take(step >= 12 && step < 24 ? lost : state, NOW_MS + step * 5_000, () => []);
  }
  expect(sparkline(history.trend('rate', 'm/cam'), 10, glyphs)).toMatch(/^ +█+ +█+$/);
});

test('a fleet of any size takes the same memory: of many nodes those on the screen are followed', () => {
  const machines = Object.fromEntries(
    Array.from({ length: 1_200 }, (_, index) => [`m${index}`, [camera, { ...camera, name: 'cam2' }]]),
  );
  const state = fleetState({ machines });
  const history = new History();
  for (let step = 0; step < 3; step += 1) {
    history.take(state, NOW_MS + step * 5_000, () => [`m${step}/cam`, 'gone/cam', 'm7/cam2']);
  }
  expect(lastOf(history, 'rate', 'm7/cam2')).toBe(15);
  expect(history.trend('rate', 'm9/cam')).toBeUndefined();
  expect(history.seriesCount).toBeLessThanOrEqual(1_000 + 3);
  expect(lastOf(history, 'shm', 'm999')).toBe(25);
});
