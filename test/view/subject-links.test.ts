import { expect, test } from 'vitest';
import { changesBetween } from '../../source/fleet/changes.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import type { FleetState } from '../../source/fleet/state.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { formatTime } from '../../source/view/format.ts';
import { Desk, fleetNode, fleetState, NOW_MS, ROUTER } from '../support/screen-input.ts';

const begin = fleetState({
  machines: { jetson_1: [fleetNode({ name: 'cam' })], jetson_10: [fleetNode({ name: 'arm' })] },
});

function answered(state: FleetState, machine: string, nodes: readonly ReturnType<typeof fleetNode>[]): FleetState {
  return reduce(state, {
    type: 'answers',
    atMs: NOW_MS + 1_000,
    nodes: [{ machine, hostname: machine, ips: [], nodes }],
    manifests: [],
    ledgers: [],
    bad: [],
  });
}

/** A desk that has seen one state become the other. */
function deskAfter(after: FleetState): Desk {
  const timeline = new Timeline();
  timeline.add(NOW_MS, changesBetween(begin, after, false));
  const desk = new Desk(after, { columns: 120, rows: 40 });
  desk.events = timeline.entries;
  return desk;
}

function labels(desk: Desk): readonly string[] {
  return desk.scene().links.map(({ label }) => label);
}

function follow(desk: Desk, label: string): void {
  const index = labels(desk).indexOf(label);
  if (index < 0) throw new Error(`no ${label} in ${labels(desk).join(', ')}`);
  desk.press(String(index + 1));
}

const down = answered(begin, 'jetson_1', [
  fleetNode({ name: 'cam', status: 'failed', pid: undefined, lastExit: 'exit 1' }),
]);

test('from an alert a digit goes to its node, the log, the machine, and Esc comes back', () => {
  const desk = deskAfter(down);
  desk.press('8', 'enter');
  expect(labels(desk)).toEqual(['node cam', 'log', 'machine jetson_1', 'shared memory', 'events']);
  expect(desk.text()).toMatch(/1 node cam {2}2 log {2}3 machine jetson_1/);
  desk.press('1');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes', key: 'jetson_1/cam' });
  desk.press('escape');
  expect(desk.ui).toMatchObject({ pane: 'alerts', overlay: { kind: 'details', pane: 'alerts' } });
  expect(desk.press('2')).toEqual([{ kind: 'logs', targets: [{ machine: 'jetson_1', node: 'cam' }] }]);
  desk.press('escape');
  follow(desk, 'shared memory');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'shm', key: 'jetson_1' });
});

test('an event of a node leads to it and to what is wrong with it now', () => {
  const desk = deskAfter(down);
  desk.press('9', 'enter');
  expect(labels(desk)).toEqual(['node cam', 'alert', 'log', 'machine jetson_1', 'shared memory', 'events']);
  follow(desk, 'alert');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'alerts' });
  desk.press('escape');
  follow(desk, 'events');
  expect(desk.ui).toMatchObject({ pane: 'events', overlay: { kind: 'none' } });
  expect(desk.ui.views.events.filter).toBe('subject=jetson_1/cam');
  expect(desk.content('events').rows).toHaveLength(1);
});

test('the events of a machine are its own and its nodes’, not those of one whose name begins alike', () => {
  const desk = deskAfter(answered(down, 'jetson_10', [fleetNode({ name: 'arm', version: '2.0.0' })]));
  expect(desk.content('events').totalCount).toBe(2);
  desk.press('5', 'enter');
  follow(desk, 'events');
  expect(desk.content('events').filterProblem).toBeUndefined();
  expect(desk.content('events').rows.map((row) => 'entry' in row && row.entry.subject)).toEqual(['jetson_1/cam']);
});

test('events of routers and sessions lead there; what has gone has no link', () => {
  const [first, second] = ROUTER.sessions;
  const router = {
    ...ROUTER,
    version: '2.0.0',
    sessions: [first, { ...second, zid: 'dd44' }] as typeof ROUTER.sessions,
  };
  const desk = deskAfter(reduce(begin, { type: 'routers', atMs: NOW_MS, routers: [router], bad: [] }));
  desk.press('9', '/', ...'dd44', 'enter', 'enter');
  expect(labels(desk)).toEqual(['session dd44', 'router central', 'sessions', 'in the tree', 'events']);
  desk.press('1');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'peers', key: `${ROUTER.zid}/dd44` });
  const gone = deskAfter(answered(begin, 'jetson_1', []));
  gone.press('9', 'enter');
  expect(labels(gone)).toEqual(['machine jetson_1', 'shared memory', 'events']);
});

test('an alert about a machine or a router leads to that', () => {
  const lost = reduce(begin, { type: 'tick', atMs: NOW_MS + 90_000, lostAfterMs: 5_000, forgetAfterMs: 900_000 });
  const desk = deskAfter(lost);
  desk.nowMs += 90_000;
  desk.press('8', '/', ...'rule=machine-lost machine=jetson_1', 'enter', 'enter');
  expect(labels(desk)).toEqual(['machine jetson_1', 'nodes', 'shared memory', 'events']);
  desk.press('escape', '/', 'ctrl-u', ...'rule=router-lost', 'enter', 'enter');
  expect(labels(desk)[0]).toBe('router central');
});

test('in a replay an event and an alert lead to their moment', () => {
  const desk = deskAfter(down);
  desk.press('9', 'enter');
  expect(labels(desk)[0]).toBe('node cam');
  desk.press('escape');
  desk.replay = { file: 'x.rec', startMs: 0, endMs: 0, atMs: 0, isPaused: true, speed: 1, problem: '' };
  desk.press('enter');
  expect(labels(desk).slice(0, 2)).toEqual([`at ${formatTime(NOW_MS)}`, 'node cam']);
  expect(desk.press('1')).toEqual([{ kind: 'seek', atMs: NOW_MS }]);
  expect(desk.ui).toMatchObject({ pane: 'events', overlay: { kind: 'none' }, trail: [] });
  desk.press('8', 'enter');
  expect(desk.press('1')).toMatchObject([{ kind: 'seek' }]);
});
