import { expect, test } from 'vitest';
import { fuzzyScore } from '../../source/view/palette.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

function desk(): Desk {
  return new Desk(
    fleetState({
      machines: {
        jetson_1: [fleetNode({ name: 'front_door' }), fleetNode({ name: 'lidar' })],
        jetson_2: [fleetNode({ name: 'gripper' })],
      },
    }),
  );
}

test('whole words before beginnings of words before letters in order', () => {
  const score = (name: string) => fuzzyScore(name, 'fd') ?? Number.NEGATIVE_INFINITY;
  expect(score('x_fd')).toBeGreaterThan(score('front_door'));
  expect(score('front_door')).toBeGreaterThan(score('profound'));
  expect(fuzzyScore('lidar', 'fd')).toBeUndefined();
  expect(fuzzyScore('anything', '')).toBe(0);
});

test('goes to a pane, to a machine’s nodes, to a node', () => {
  const at = desk();
  at.press(':', ...'rout');
  expect(at.text()).toContain('pane Routers');
  expect(at.text()).toContain(':rout');
  at.press('enter');
  expect(at.ui.pane).toBe('routers');
  at.press(':', ...'jetson_2', 'enter');
  expect(at.ui.pane).toBe('nodes');
  expect(at.content('nodes').rows.map(({ key }) => key)).toEqual(['jetson_2/gripper']);
  at.press(':', ...'fdoor', 'enter');
  expect(at.ui.views.nodes).toMatchObject({ key: 'jetson_1/front_door', filter: '' });
  at.scene();
  expect(at.ui.views.nodes.index).toBe(0);
});

test('does what a key does, with its questions and its reasons', () => {
  const at = desk();
  at.press(':', ...'restart', 'enter');
  expect(at.text()).toContain('Restart front_door on jetson_1?');
  at.press('escape', ':', ...'start');
  expect(at.text()).toContain('front_door is already running.');
  at.readOnly = true;
  at.press('escape', ':', ...'stop', 'enter');
  expect(at.ui.overlay.kind).toBe('none');
  expect(at.text()).toContain('--read-only');
  expect(at.press(':', ...'quit', 'enter')).toEqual([{ kind: 'quit' }]);
});

test('Tab completes, arrows choose, Esc and an empty Backspace close, nothing that fits says so', () => {
  const at = desk();
  at.press(':', ...'peer', 'tab');
  expect(at.ui.overlay).toMatchObject({ kind: 'palette', text: 'peers' });
  at.press('ctrl-u', 'down', 'down', 'up');
  expect(at.ui.overlay).toMatchObject({ index: 1 });
  at.press(...'zzzz');
  expect(at.text()).toContain('Nothing has such a name.');
  at.press('enter');
  expect(at.ui.overlay.kind).toBe('none');
  at.press(':', 'backspace', ':', 'escape');
  expect(at.ui.overlay.kind).toBe('none');
});

test('of 10,000 nodes a bounded list is shown, in every size', () => {
  const nodes = Array.from({ length: 20 }, (_, index) => fleetNode({ name: `node_${index}` }));
  const machines = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, nodes]));
  for (const [columns, rows] of [
    [60, 16],
    [200, 60],
  ] as const) {
    const at = new Desk(fleetState({ machines }), { columns, rows });
    at.press(':', ...'node_1', ...Array.from({ length: 15 }, () => 'down'));
    expect(at.text()).toContain('16 of 50 or more');
    at.press('enter');
    expect(at.ui.pane).toBe('nodes');
  }
});
