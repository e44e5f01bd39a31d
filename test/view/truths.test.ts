import { expect, test } from 'vitest';
import { NO_TRENDS } from '../../source/fleet/history.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import type { FleetNode, FleetState, MachineLoad } from '../../source/fleet/state.ts';
import { detailsOf } from '../../source/view/details.ts';
import { DEFAULT_KEYMAP } from '../../source/view/keymap.ts';
import { helpLines } from '../../source/view/overlays.ts';
import { NODE_COLUMNS } from '../../source/view/pane-nodes.ts';
import { SHM_COLUMNS } from '../../source/view/pane-shm.ts';
import { PANES } from '../../source/view/panes.ts';
import { createRowMaker } from '../../source/view/row-maker.ts';
import type { FleetRows } from '../../source/view/rows.ts';
import { textWidth } from '../../source/view/text.ts';
import { PLAIN_THEME } from '../../source/view/theme.ts';
import { NO_USUAL_VERSIONS } from '../../source/view/versions.ts';
import { alertsOf, Desk, fleetNode, fleetState, NOW_MS, SHM } from '../support/screen-input.ts';

const context = { nowMs: NOW_MS, glyphs: PLAIN_THEME.glyphs, trends: NO_TRENDS, usual: NO_USUAL_VERSIONS };
const rowsOf = (state: FleetState): FleetRows => createRowMaker()(state);
const one = (change: Partial<FleetNode>): FleetState =>
  fleetState({ machines: { m: [fleetNode({ name: 'cam', ...change })] } });

/** A cell of the first node, with its style. */
function nodeCell(id: string, change: Partial<FleetNode>, seen: (state: FleetState) => FleetState = (state) => state) {
  const row = rowsOf(seen(one(change))).nodes[0];
  const span = row && NODE_COLUMNS.find((column) => column.id === id)?.cell(row, context);
  return `${span?.text} ${span?.style}`;
}

test.each([
  ['15.0 Hz plain', { outputs: 'flowing', outputRateHz: 15 }],
  ['1.2 kHz plain', { outputs: 'flowing', outputRateHz: 1_234 }],
  // It sends seldom, or does not count.
  ['● plain', { outputs: 'flowing', outputRateHz: 0 }],
  ['● plain', { outputs: 'flowing' }],
  ['✗ no data bad', { outputs: 'quiet', outputRateHz: 0 }],
  ['no reader dim', { outputs: 'unwanted' }],
  ['? dim', { outputs: 'unknown' }],
  ['- dim', { outputs: 'none' }],
  ['- dim', {}],
] as const)('DATA is "%s" for %j', (cell, change) => {
  expect(nodeCell('data', change)).toBe(cell);
});

test('ALIVE takes the daemon’s word where the screen itself has seen nothing, and gives a program time', () => {
  expect(nodeCell('alive', { onZenoh: true })).toBe('● good');
  expect(nodeCell('alive', { onZenoh: false })).toBe('✗ warn');
  expect(nodeCell('alive', { onZenoh: false, upSinceMs: NOW_MS - 5_000 })).toBe('? dim');
  expect(nodeCell('alive', {})).toBe('? dim');
  expect(nodeCell('alive', { onZenoh: false, status: 'stopped' })).toBe('- dim');
  const beats = (state: FleetState) =>
    reduce(state, { type: 'heartbeats', atMs: NOW_MS - 1_000, beats: [{ machine: 'm', node: 'cam' }] });
  expect(nodeCell('alive', { onZenoh: false }, beats)).toBe('● good');
  // On a small screen there is no HEALTH: what hangs must not look well without it.
  expect(nodeCell('alive', { onZenoh: true, health: 'unhealthy' })).toBe('✗ bad');
  expect(nodeCell('alive', { onZenoh: true, health: 'unhealthy' }, beats)).toBe('● good');
});

test('silence of an earlier run, or from before the link, is not held against a node', () => {
  const beat = (state: FleetState, atMs: number) =>
    reduce(state, { type: 'heartbeats', atMs, beats: [{ machine: 'm', node: 'cam' }] });
  const long = NOW_MS - 50_000;
  expect(nodeCell('alive', {}, (state) => beat(state, long))).toBe('✗ 50s bad');
  expect(nodeCell('alive', { upSinceMs: NOW_MS - 5_000 }, (state) => beat(state, long))).toBe('● good');
  const relinked = (state: FleetState): FleetState => {
    const heard = beat(state, long);
    return { ...heard, link: { state: 'connected', sinceMs: NOW_MS - 1_000, zid: 'aa11' } };
  };
  expect(nodeCell('alive', { onZenoh: true }, relinked)).toBe('● good');
});

test('what is not heard now has a sign in every pane, and no uptime that goes on', () => {
  const live = reduce(one({}), { type: 'heartbeats', atMs: NOW_MS, beats: [{ machine: 'm', node: 'cam' }] });
  const link = { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'refused' } as const;
  const text = (state: FleetState, pane: string): string => {
    const desk = new Desk(state, { columns: 100, rows: 20 });
    desk.press(pane);
    return desk.text();
  };
  const stale = reduce(live, { type: 'link', link, zid: '' });
  expect(text(live, '1')).toContain('3d00h');
  expect(text(stale, '1')).not.toContain('3d00h');
  for (const [pane, sign] of [
    ['1', '? running'],
    ['2', '? m '],
    ['3', '? central'],
    ['4', '? bb22'],
    ['5', '? not heard'],
  ] as const) {
    expect(text(live, pane)).not.toContain(sign);
    expect(text(stale, pane)).toContain(sign);
    expect(text(stale, pane).split('\n').slice(3).join('\n')).not.toContain('●');
  }
});

test('a node that runs, is on zenoh and sends nothing that is wanted raises an alert; the others do not', () => {
  const alerts = (change: Partial<FleetNode>) => alertsOf(one(change));
  expect(alerts({ outputs: 'quiet', onZenoh: true })).toEqual([
    'bad m/cam runs and is on zenoh, but sends no data though somebody listens: is what it reads from there?',
  ]);
  // One alert a node, the worst.
  expect(alerts({ outputs: 'quiet', onZenoh: true, health: 'unhealthy' })).toHaveLength(1);
  for (const quiet of [
    { outputs: 'unwanted', onZenoh: true },
    { outputs: 'flowing', onZenoh: true },
    { outputs: 'quiet', onZenoh: false },
    { outputs: 'quiet', onZenoh: true, status: 'stopped' },
  ] as const) {
    expect(alerts(quiet)).toEqual([]);
  }
});

const GROWTH = {
  node: 'cam',
  runs: 3,
  liveBytes: 35 * 2 ** 20,
  firstRunPeakBytes: 35 * 2 ** 20,
  lastRunPeakBytes: 45 * 2 ** 20,
  leftSegments: 2,
  leftBytes: 70 * 2 ** 20,
};
const LOAD: MachineLoad = {
  model: 'NVIDIA Jetson Orin Nano',
  cpuPercent: 97,
  cpuCount: 6,
  memoryUsedBytes: 2 * 2 ** 30,
  memoryTotalBytes: 8 * 2 ** 30,
  diskPercent: 40,
  hottestCelsius: 86,
};
const loaded = reduce(
  fleetState({
    machines: { m: [fleetNode({ name: 'cam', outputs: 'quiet' })] },
    shm: { ...SHM, lockedBytes: 2 ** 20, growth: [GROWTH] },
  }),
  { type: 'loads', atMs: NOW_MS, loads: [{ machine: 'm', load: LOAD }] },
);

test('the shared memory pane tells locked and grown memory, and how busy the machine is', () => {
  const row = rowsOf(loaded).shm[0];
  const cells = SHM_COLUMNS.map((column) => [column.id, row && column.cell(row, context)]);
  expect(Object.fromEntries(cells)).toMatchObject({
    grown: { text: '▲ 80.0M', style: 'warn' },
    locked: { text: '1.0M' },
    cpu: { text: '97%▲', style: 'warn' },
    memory: { text: '25%' },
    temp: { text: '86C▲', style: 'warn' },
  });
  const without = rowsOf(one({})).shm[0];
  for (const id of ['locked', 'cpu', 'memory', 'temp']) {
    expect(without && SHM_COLUMNS.find((column) => column.id === id)?.cell(without, context).text).toBe('-');
  }
  const text = new Desk(loaded, { columns: 240, rows: 40 }).text();
  expect(text).toMatch(/m +256M +12\.0G +25% .* 97%▲ +25% +86C▲/);
});

test('the details of a node and of a machine say all of it in words', () => {
  const context = { state: loaded, rows: rowsOf(loaded), nowMs: NOW_MS };
  const node = detailsOf(PANES.nodes, context, 'm/cam', 300);
  const values = Object.fromEntries(node?.rows.map((row) => [row.what, row.value]) ?? []);
  expect(values).toMatchObject({
    Data: 'NONE, though somebody listens',
    'Shared memory':
      '35.0M now, most 35.0M in the first run, 45.0M in the last of 3; ended runs left 2 segments of 70.0M',
    Load: 'CPU 97% of 6, memory 2.0G of 8.0G, disk 40%, 86C, NVIDIA Jetson Orin Nano',
  });
  const machine = detailsOf(PANES.shm, context, 'm', 300);
  expect(machine?.title).toContain('256M by zenoh (1.0M locked), 12.0G of 16.0G free; CPU 97% of 6');
  expect(machine?.rows).toMatchObject([
    { segment: 'runs of cam', size: '35.0M', owner: '3 runs', orphan: 'left 2, 70.0M' },
  ]);
});

test('on a narrow screen a long value of the details goes on below: nowhere else is all of it', () => {
  const context = { state: loaded, rows: rowsOf(loaded), nowMs: NOW_MS };
  const rows = detailsOf(PANES.nodes, context, 'm/cam', 60)?.rows ?? [];
  for (const { what = '', value = '' } of rows) expect(textWidth(what) + textWidth(value)).toBeLessThan(60);
  const from = rows.findIndex(({ what }) => what === 'Shared memory');
  const next = rows.findIndex(({ what }, index) => index > from && what !== '');
  expect(
    rows
      .slice(from, next)
      .map(({ value }) => value)
      .join(' '),
  ).toBe('35.0M now, most 35.0M in the first run, 45.0M in the last of 3; ended runs left 2 segments of 70.0M');
});

test('on a narrow screen the help says all that it says on a wide one', () => {
  const words = (width: number): string =>
    helpLines(width, DEFAULT_KEYMAP)
      .flatMap(({ line }) => line.map(({ text }) => text))
      .join(' ')
      .replaceAll(/\s+/g, ' ');
  expect(words(56)).toBe(words(500));
});
