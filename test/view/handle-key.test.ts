import { expect, test } from 'vitest';
import { reduce } from '../../source/fleet/reduce.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { holdSelection } from '../../source/view/select-row.ts';
import { selectedIndex } from '../../source/view/ui-state.ts';
import { Desk, fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const names = Array.from({ length: 40 }, (_, index) => `node_${String(index).padStart(2, '0')}`);

function desk(): Desk {
  return new Desk(fleetState({ machines: { jetson_1: names.map((name) => fleetNode({ name })) } }));
}

function order(action: string, machine: string, node: string) {
  return { kind: 'order', action, mode: 'rolling', targets: [{ machine, node }] };
}

function selected(at: Desk): string | undefined {
  at.scene();
  const { key, drawnKey } = at.ui.views[at.ui.pane];
  return key ?? drawnKey;
}

test('arrows and vi keys move, stop at the ends, and scroll', () => {
  const at = desk();
  expect(selected(at)).toBe('jetson_1/node_00');
  at.press('up', 'k');
  expect(selected(at)).toBe('jetson_1/node_00');
  at.press('down', 'j', 'j');
  expect(selected(at)).toBe('jetson_1/node_03');
  at.press('G');
  expect(selected(at)).toBe('jetson_1/node_39');
  expect(at.text()).toContain('▸ jetson_1');
  at.press('down');
  expect(selected(at)).toBe('jetson_1/node_39');
  at.press('g');
  expect(selected(at)).toBe('jetson_1/node_00');
  at.press('pagedown');
  const page = Number(selected(at)?.slice(-2));
  expect(page).toBeGreaterThan(3);
  at.press('pageup');
  expect(selected(at)).toBe('jetson_1/node_00');
  at.press('ctrl-d', 'ctrl-u', 'end', 'home');
  expect(selected(at)).toBe('jetson_1/node_00');
});

test('the selection stays on its node when others come and go', () => {
  const at = desk();
  at.press('down', 'down');
  expect(selected(at)).toBe('jetson_1/node_02');
  const rest = ['a_new_one', ...names.slice(1)];
  at.fleet = fleetState({
    machines: { another: [fleetNode({ name: 'x' })], jetson_1: rest.map((name) => fleetNode({ name })) },
  });
  expect(selected(at)).toBe('jetson_1/node_02');
  at.fleet = fleetState({ machines: { jetson_1: names.slice(5).map((name) => fleetNode({ name })) } });
  expect(selected(at)).toBe('jetson_1/node_08');
  at.fleet = fleetState({ machines: {} });
  at.scene();
  at.press('down', 'up', 'G', 'enter', 'x', 'l');
  expect(at.ui.overlay.kind).toBe('none');
});

test('until a row is chosen the first one is selected, whichever comes to be that', () => {
  const at = desk();
  const withAnother = fleetState({
    machines: { an_early_one: [fleetNode({ name: 'x' })], jetson_1: names.map((name) => fleetNode({ name })) },
  });
  expect(selected(at)).toBe('jetson_1/node_00');
  const first = at.fleet;
  at.fleet = withAnother;
  // A key that is pressed before the next screen means the row that was drawn; then it is chosen.
  expect(at.ui.views.nodes.drawnKey).toBe('jetson_1/node_00');
  at.scene();
  expect(selected(at)).toBe('an_early_one/x');
  at.fleet = first;
  at.press('enter', 'escape');
  at.fleet = withAnother;
  expect(selected(at)).toBe('jetson_1/node_00');
  at.press('j', 'k');
  expect(selected(at)).toBe('jetson_1/node_00');
  // The key for the first row takes that back.
  at.press('g');
  expect(selected(at)).toBe('an_early_one/x');
  at.fleet = first;
  expect(selected(at)).toBe('jetson_1/node_00');
  at.fleet = withAnother;
  expect(selected(at)).toBe('an_early_one/x');
});

test('a key means the row that was drawn, not the one that has come above it since', () => {
  const at = desk();
  at.scene();
  const { ui } = at;
  const fleet = fleetState({
    machines: { an_early_one: [fleetNode({ name: 'x' })], jetson_1: names.map((name) => fleetNode({ name })) },
  });
  const rows = new Desk(fleet).content('nodes').rows;
  expect(rows[selectedIndex(ui.views.nodes, rows)]?.key).toBe('jetson_1/node_00');
  expect(rows[selectedIndex(holdSelection(ui, rows).views.nodes, rows)]?.key).toBe('jetson_1/node_00');
});

test('the Events pane shows the newest until somebody goes down, and again when he is back at the top', () => {
  const at = desk();
  const timeline = new Timeline();
  const happens = (text: string): void => {
    timeline.add(NOW_MS, [{ kind: 'node', tone: 'info', subject: 'm/a', text }]);
    at.events = timeline.entries;
  };
  for (let count = 0; count < 50; count += 1) happens(`event ${count}`);
  at.press('9');
  expect(at.text()).toContain('event 49');
  happens('event 50');
  expect(at.text()).toMatch(/▸.*event 50/);
  at.press('j');
  for (let count = 51; count < 60; count += 1) happens(`event ${count}`);
  expect(at.text()).toMatch(/▸.*event 49/);
  at.press(...'k'.repeat(12));
  happens('event 60');
  expect(at.text()).toMatch(/▸.*event 60/);
});

test('panes by number, Tab, arrows and h', () => {
  const at = desk();
  const visited = ['2', '3', '4', '1', 'tab', 'tab', 'shift-tab', 'right', 'left', 'h'].map((key) => {
    at.press(key);
    return at.ui.pane;
  });
  expect(visited).toEqual(['shm', 'routers', 'peers', 'nodes', 'shm', 'routers', 'shm', 'routers', 'shm', 'nodes']);
});

test('stop asks first, and Enter alone does not stop', () => {
  const at = desk();
  expect(at.press('j', 'x')).toEqual([]);
  expect(at.text()).toContain('Stop node_01 on jetson_1?');
  expect(at.press('enter')).toEqual([]);
  expect(at.ui.overlay.kind).toBe('none');
  for (const key of ['escape', 'n', 'q']) {
    at.press('x');
    expect(at.press(key)).toEqual([]);
    expect(at.ui.overlay.kind).toBe('none');
  }
  const stop = order('stop', 'jetson_1', 'node_01');
  at.press('x');
  expect(at.press('tab', 'enter')).toEqual([stop]);
  at.press('x');
  expect(at.press('y')).toEqual([stop]);
  at.press('x');
  expect(at.press('right', 'left', 'enter')).toEqual([]);
});

test('the dialog keeps its node while the list below it changes', () => {
  const at = desk();
  at.press('x');
  at.fleet = fleetState({ machines: { aaa: [fleetNode({ name: 'other' })] } });
  expect(at.press('y')).toEqual([order('stop', 'jetson_1', 'node_00')]);
});

test('restart asks, start does not', () => {
  const at = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a', status: 'stopped' })] } }));
  expect(at.press('s')).toEqual([order('start', 'm', 'a')]);
  at.press('r');
  expect(at.text()).toContain('Restart a on m?');
  expect(at.press('y')).toEqual([order('restart', 'm', 'a')]);
});

test('a key that cannot work says why on the last line, until the next key', () => {
  const at = desk();
  at.readOnly = true;
  for (const key of ['s', 'x', 'r']) {
    expect(at.press(key)).toEqual([]);
    expect(at.text()).toContain('--read-only');
  }
  at.press('down');
  expect(at.ui.notice).toBeUndefined();
  at.readOnly = false;
  at.press('s');
  expect(at.text()).toContain('node_01 is already running.');
  at.press('2', 'x');
  expect(at.text()).toContain('Select a node first');
  at.fleet = reduce(at.fleet, {
    type: 'link',
    link: { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'gone' },
    zid: '',
  });
  expect(at.press('1', 'x')).toEqual([]);
  expect(at.text()).toContain('no link to the router');
});

test('the filter works as it is typed; Enter keeps it, Escape clears it', () => {
  const at = desk();
  at.press('/', ...'node_3');
  expect(at.content('nodes').rows).toHaveLength(10);
  expect(at.text()).toContain(' /node_3');
  at.press('down', 'backspace', '0');
  expect(at.content('nodes').rows).toHaveLength(10);
  at.press('enter');
  expect(at.ui.overlay.kind).toBe('none');
  expect(at.text()).toContain('/node_0');
  // Letters are keys again.
  at.press('j');
  expect(at.ui.views.nodes.filter).toBe('node_0');
  at.press('escape');
  expect(at.content('nodes').rows).toHaveLength(40);
  at.press('/', ...'zzz', 'ctrl-u', ...'node_1 x', 'ctrl-w');
  expect(at.ui.views.nodes.filter).toBe('node_1 ');
  at.press('escape');
  expect(at.ui.views.nodes.filter).toBe('');
  at.press('/', 'backspace');
  expect(at.ui.overlay.kind).toBe('none');
});

test('logs are asked for and scrolled; following ends when scrolled up and begins again at the end', () => {
  const at = desk();
  expect(at.press('l')).toEqual([{ kind: 'logs', targets: [{ machine: 'jetson_1', node: 'node_00' }] }]);
  expect(at.text()).toContain('Asking jetson_1 for the log of node_00');
  if (at.ui.overlay.kind !== 'logs') throw new Error('no logs');
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index} \x1b[2J`);
  at.ui = { ...at.ui, overlay: { kind: 'logs', logs: { ...at.ui.overlay.logs, phase: 'ready', lines } } };
  expect(at.text()).toContain('line 99');
  expect(at.text()).toContain('following');
  at.press('k');
  expect(at.text()).not.toContain('line 99');
  expect(at.text()).toContain('held');
  at.press('g');
  expect(at.text()).toContain('line 0');
  at.press('G');
  expect(at.text()).toContain('following');
  at.press('escape');
  expect(at.ui.overlay.kind).toBe('none');
});

test('details and help open, scroll and close', () => {
  const at = desk();
  at.size = { columns: 80, rows: 24 };
  at.press('enter');
  const before = at.scene().screen;
  if (before.kind !== 'full') throw new Error('a sentence');
  expect(before.details?.table.rows[0]).toEqual({ what: 'Status', value: 'running' });
  at.press('j');
  const after = at.scene().screen;
  if (after.kind !== 'full') throw new Error('a sentence');
  expect(after.details?.table.rows[0]).toEqual({ what: 'Health', value: 'healthy' });
  at.press('q');
  expect(at.ui.overlay.kind).toBe('none');
  at.press('?', 'G');
  expect(at.text()).toContain('a regular expression');
  at.press('?');
  expect(at.ui.overlay.kind).toBe('none');
});

test('q and Ctrl-C quit, Ctrl-C from anywhere', () => {
  const at = desk();
  expect(at.press('q')).toEqual([{ kind: 'quit' }]);
  for (const opening of ['x', '/', 'l', '?', 'enter']) {
    const busy = desk();
    busy.press(opening);
    expect(busy.press('ctrl-c')).toEqual([{ kind: 'quit' }]);
    expect(busy.press('ctrl-z')).toEqual([{ kind: 'suspend' }]);
  }
});
