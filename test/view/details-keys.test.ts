import { expect, test } from 'vitest';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

function desk(): Desk {
  const nodes = [
    fleetNode({ name: 'cam', status: 'failed', pid: undefined, lastExit: 'exit 1' }),
    fleetNode({ name: 'arm', health: 'unhealthy' }),
    fleetNode({ name: 'lidar' }),
  ];
  return new Desk(fleetState({ machines: { m: nodes } }), { columns: 120, rows: 32 });
}

function footer(at: Desk): string {
  return at.text().split('\n').at(-1) ?? '';
}

test('an alert’s node can be told what any node can, and its log is one key away', () => {
  const at = desk();
  at.press('8');
  expect(footer(at)).toMatch(/ s start {2}x stop {2}r restart {2}l logs /);
  expect(at.press('l')).toEqual([{ kind: 'logs', targets: [{ machine: 'm', node: 'cam' }] }]);
  at.press('escape');
  expect(at.press('s')).toEqual([
    { kind: 'order', action: 'start', mode: 'rolling', targets: [{ machine: 'm', node: 'cam' }] },
  ]);
  at.press('*', 'r');
  expect(at.text()).toContain('Restart 2 nodes on 1 machine?');
  expect(at.text()).toContain('m: cam, arm');
});

test('an alert about no node says what to select', () => {
  const at = desk();
  at.nowMs += 90_000;
  at.fleet = { ...at.fleet, problems: ['an answer that cannot be read'] };
  at.press('8', 'G', 'r');
  expect(footer(at)).toContain('Select a node first');
});

test.each([['1'], ['8'], ['7']])(
  'from pane %s: in the details of a node its keys work, and the log comes back there',
  (pane) => {
    const at = desk();
    at.press(pane, 'g');
    if (pane === '7') at.press(...'jj');
    if (pane === '7' || pane === '1') while (!/cam/.test(selectedKey(at))) at.press('j');
    at.press('enter');
    expect(at.ui.overlay.kind).toBe('details');
    expect(footer(at)).toMatch(/ Esc back .* s start {2}x stop {2}r restart {2}l logs /);
    expect(at.press('l')).toEqual([{ kind: 'logs', targets: [{ machine: 'm', node: 'cam' }] }]);
    at.press('escape');
    expect(at.ui.overlay.kind).toBe('details');
    expect(at.press('s')).toMatchObject([{ action: 'start', targets: [{ machine: 'm', node: 'cam' }] }]);
    expect(at.ui.overlay.kind).toBe('details');
    at.press('r');
    expect(at.text()).toContain('Restart cam on m?');
    at.press('escape');
    expect(at.ui.overlay.kind).toBe('none');
    expect(at.ui.trail).toEqual([]);
  },
);

function selectedKey(at: Desk): string {
  at.scene();
  const { key, drawnKey } = at.ui.views[at.ui.pane];
  return key ?? drawnKey ?? '';
}

test('why a key does nothing is said in the details, too', () => {
  const at = desk();
  at.readOnly = true;
  at.press('8', 'enter', 'r');
  expect(footer(at)).toContain('--read-only');
  expect(at.ui.overlay.kind).toBe('details');
  at.press('j');
  expect(footer(at)).toContain('Esc back');
});

test('details of what is no node, or beside others that are chosen, take no orders', () => {
  const at = desk();
  at.press('5', 'enter');
  expect(footer(at)).not.toContain('restart');
  expect(at.press('r', 'l')).toEqual([]);
  expect(at.ui.overlay.kind).toBe('details');
  at.press('escape', '1', ' ', 'enter');
  expect(footer(at)).not.toContain('restart');
  expect(at.press('r')).toEqual([]);
  expect(at.ui.overlay.kind).toBe('details');
});
